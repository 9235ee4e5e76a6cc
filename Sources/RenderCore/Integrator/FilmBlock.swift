/// The pixels of a rendered rectangle and the work that they took.
public struct FilmBlock: Sendable, Equatable {
    /// The width in pixels.
    public let width: Int
    /// The height in pixels.
    public let height: Int
    /// Linear RGB radiance, three numbers a pixel, row by row from the top.
    public let pixels: [Float]
    /// The work.
    public let work: WorkCounter

    init(width: Int, height: Int, pixels: [Float], work: WorkCounter) {
        self.width = width
        self.height = height
        self.pixels = pixels
        self.work = work
    }

    /// The bytes that a leaf hashes: pixels as little-endian binary32, then the five counters as little-endian 64-bit
    /// integers in the order of their declaration.
    ///
    /// The leaf is BLAKE2b-256 of "tessera-leaf-v1:" and these.
    public var payload: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.payloadSize(width: self.width, height: self.height))
        for value in self.pixels { bytes.append(littleEndian: value.bitPattern) }
        bytes.append(littleEndian: self.work.cameraRays)
        bytes.append(littleEndian: self.work.bounceRays)
        bytes.append(littleEndian: self.work.shadowRays)
        bytes.append(littleEndian: self.work.surfaceEvents)
        bytes.append(littleEndian: self.work.zeroedSamples)
        return bytes
    }

    /// Reads a payload, or nothing when its size is not that of the rectangle, or when a pixel is negative, infinite or
    /// not a number, which an honest renderer never writes.
    public init?(payload: [UInt8], width: Int, height: Int) {
        let edges = 1 ... RenderSettings.edgeMax
        guard edges.contains(width), edges.contains(height),
            payload.count == Self.payloadSize(width: width, height: height)
        else { return nil }
        let count = 3 * width * height
        var pixels = [Float](repeating: 0, count: count)
        for i in 0 ..< count {
            let value = Float(bitPattern: payload.littleEndian32(at: 4 * i))
            guard value.isFinite, value.sign == .plus else { return nil }
            pixels[i] = value
        }
        func counter(_ i: Int) -> UInt64 {
            let at = 4 * count + 8 * i
            return UInt64(payload.littleEndian32(at: at)) | UInt64(payload.littleEndian32(at: at + 4)) << 32
        }
        self.width = width
        self.height = height
        self.pixels = pixels
        self.work = WorkCounter(
            cameraRays: counter(0),
            bounceRays: counter(1),
            shadowRays: counter(2),
            surfaceEvents: counter(3),
            zeroedSamples: counter(4)
        )
    }

    /// The number of bytes of ``payload`` for a rectangle.
    public static func payloadSize(width: Int, height: Int) -> Int {
        12 * width * height + WorkCounter.encodedSize
    }
}
