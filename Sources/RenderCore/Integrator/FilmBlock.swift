/// The pixels of a rendered rectangle and the work that they took.
public struct FilmBlock: Sendable, Equatable {
    /// The width in pixels.
    public let width: Int
    /// The height in pixels.
    public let height: Int
    /// Linear RGB radiance, three numbers a pixel, row by row from the top.
    public let pixels: [Float]
    /// What was asked for beside the light.
    public let channels: FilmChannels
    /// The numbers of the channels that are there, row by row from the top; empty for others.
    public let auxiliary: Auxiliary
    /// The work.
    public let work: WorkCounter

    /// The channels beside the light; see ``FilmChannels`` for their meaning.
    public struct Auxiliary: Sendable, Equatable {
        /// Three numbers a pixel.
        public internal(set) var albedo: [Float] = []
        /// Three numbers a pixel.
        public internal(set) var normal: [Float] = []
        /// One number a pixel.
        public internal(set) var depth: [Float] = []
        /// One number a pixel.
        public internal(set) var object: [UInt32] = []
        /// One number a pixel.
        public internal(set) var sampleCount: [UInt32] = []
        /// Three numbers a pixel.
        public internal(set) var guideAlbedo: [Float] = []
        /// Three numbers a pixel.
        public internal(set) var guideNormal: [Float] = []

        init() {}

        /// Zeros for the channels of a rectangle.
        init(channels: FilmChannels, pixelCount: Int) {
            if channels.contains(.albedo) { self.albedo = [Float](repeating: 0, count: 3 * pixelCount) }
            if channels.contains(.normal) { self.normal = [Float](repeating: 0, count: 3 * pixelCount) }
            if channels.contains(.depth) { self.depth = [Float](repeating: 0, count: pixelCount) }
            if channels.contains(.object) { self.object = [UInt32](repeating: 0, count: pixelCount) }
            if channels.contains(.sampleCount) { self.sampleCount = [UInt32](repeating: 0, count: pixelCount) }
            if channels.contains(.guides) {
                self.guideAlbedo = [Float](repeating: 0, count: 3 * pixelCount)
                self.guideNormal = [Float](repeating: 0, count: 3 * pixelCount)
            }
        }
    }

    init(
        width: Int,
        height: Int,
        pixels: [Float],
        channels: FilmChannels,
        auxiliary: Auxiliary,
        work: WorkCounter
    ) {
        self.width = width
        self.height = height
        self.pixels = pixels
        self.channels = channels
        self.auxiliary = auxiliary
        self.work = work
    }

    /// The bytes that a leaf hashes, all little-endian: pixels as binary32, then albedo, normals, depths, objects,
    /// sample counts, and the guides' albedo and normals as far as there are any, then the six counters as 64-bit integers in the order of their declaration.
    ///
    /// The leaf is BLAKE2b-256 of "tessera-leaf-v1:" and these.
    public var payload: [UInt8] {
        var bytes: [UInt8] = []
        let size = Self.payloadSize(width: self.width, height: self.height, channels: self.channels)
        bytes.reserveCapacity(size)
        for numbers in [self.pixels, self.auxiliary.albedo, self.auxiliary.normal, self.auxiliary.depth] {
            for value in numbers { bytes.append(littleEndian: value.bitPattern) }
        }
        for numbers in [self.auxiliary.object, self.auxiliary.sampleCount] {
            for value in numbers { bytes.append(littleEndian: value) }
        }
        for numbers in [self.auxiliary.guideAlbedo, self.auxiliary.guideNormal] {
            for value in numbers { bytes.append(littleEndian: value.bitPattern) }
        }
        bytes.append(littleEndian: self.work.cameraRays)
        bytes.append(littleEndian: self.work.bounceRays)
        bytes.append(littleEndian: self.work.shadowRays)
        bytes.append(littleEndian: self.work.surfaceEvents)
        bytes.append(littleEndian: self.work.walkSteps)
        bytes.append(littleEndian: self.work.zeroedSamples)
        return bytes
    }

    /// Reads a payload.
    ///
    /// Nothing when its size is not that of the rectangle and channels, or when a number is not finite or not in its
    /// range, which an honest renderer never writes.
    public init?(payload: [UInt8], width: Int, height: Int, channels: FilmChannels = []) {
        let edges = 1 ... RenderSettings.edgeMax
        guard edges.contains(width), edges.contains(height),
            payload.count == Self.payloadSize(width: width, height: height, channels: channels)
        else { return nil }
        var reader = PayloadReader(payload: payload, pixelCount: width * height)
        var auxiliary = Auxiliary()
        guard let pixels = reader.floats(3, from: 0, to: .greatestFiniteMagnitude) else { return nil }
        if channels.contains(.albedo) {
            guard let values = reader.floats(3, from: 0, to: 1) else { return nil }
            auxiliary.albedo = values
        }
        if channels.contains(.normal) {
            guard let values = reader.floats(3, from: -1, to: 1) else { return nil }
            auxiliary.normal = values
        }
        if channels.contains(.depth) {
            guard let values = reader.floats(1, from: 0, to: .greatestFiniteMagnitude) else { return nil }
            auxiliary.depth = values
        }
        if channels.contains(.object) {
            guard let values = reader.words(from: 0, to: .max) else { return nil }
            auxiliary.object = values
        }
        if channels.contains(.sampleCount) {
            guard let values = reader.words(from: 0, to: UInt32(RenderSettings.samplesMax)) else { return nil }
            auxiliary.sampleCount = values
        }
        if channels.contains(.guides) {
            guard let albedo = reader.floats(3, from: 0, to: 1), let normal = reader.floats(3, from: -1, to: 1) else {
                return nil
            }
            auxiliary.guideAlbedo = albedo
            auxiliary.guideNormal = normal
        }
        self.init(
            width: width,
            height: height,
            pixels: pixels,
            channels: channels,
            auxiliary: auxiliary,
            work: WorkCounter(
                cameraRays: reader.word64(),
                bounceRays: reader.word64(),
                shadowRays: reader.word64(),
                surfaceEvents: reader.word64(),
                walkSteps: reader.word64(),
                zeroedSamples: reader.word64()
            )
        )
    }

    /// The number of bytes of ``payload`` for a rectangle.
    public static func payloadSize(width: Int, height: Int, channels: FilmChannels = []) -> Int {
        4 * (3 + channels.words) * width * height + WorkCounter.encodedSize
    }
}

/// Reads the numbers of a payload whose size is known to be right.
private struct PayloadReader {
    let payload: [UInt8]
    let pixelCount: Int
    private var at = 0

    init(payload: [UInt8], pixelCount: Int) {
        self.payload = payload
        self.pixelCount = pixelCount
    }

    /// `each` numbers a pixel, or nothing when one is outside the range; a zero with a sign is.
    mutating func floats(_ each: Int, from low: Float, to high: Float) -> [Float]? {
        let count = each * self.pixelCount
        var numbers = [Float](repeating: 0, count: count)
        for i in 0 ..< count {
            let value = Float(bitPattern: self.payload.littleEndian32(at: self.at + 4 * i))
            guard value >= low, value <= high, value != 0 || value.sign == .plus else { return nil }
            numbers[i] = value
        }
        self.at += 4 * count
        return numbers
    }

    /// One integer a pixel, or nothing when one is outside the range.
    mutating func words(from low: UInt32, to high: UInt32) -> [UInt32]? {
        var numbers = [UInt32](repeating: 0, count: self.pixelCount)
        for i in 0 ..< self.pixelCount {
            let value = self.payload.littleEndian32(at: self.at + 4 * i)
            guard value >= low, value <= high else { return nil }
            numbers[i] = value
        }
        self.at += 4 * self.pixelCount
        return numbers
    }

    mutating func word64() -> UInt64 {
        let at = self.at
        self.at += 8
        return UInt64(self.payload.littleEndian32(at: at)) | UInt64(self.payload.littleEndian32(at: at + 4)) << 32
    }
}
