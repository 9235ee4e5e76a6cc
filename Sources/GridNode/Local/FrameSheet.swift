import FoundationEssentials
import ImageCodec

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A contact sheet: small pictures of many frames in one PNG file.
public enum FrameSheet {
    /// The most frames on a sheet; of more, evenly spaced ones are taken.
    public static let frameCountMax = 48
    /// The width of a frame on the sheet in pixels.
    private static let cellWidth = 480

    /// Writes a sheet of PNG files, in their order.
    ///
    /// - Throws: ``NodeError`` when a file cannot be read, `ImageError` when it is no picture or the sheet cannot be
    ///   written.
    public static func write(_ files: [String], columns: Int, to path: String) throws {
        let step = max(1, (files.count + Self.frameCountMax - 1) / Self.frameCountMax)
        let pictures = try stride(from: 0, to: files.count, by: step).map { try self.picture(files[$0]) }
        guard !pictures.isEmpty else { throw NodeError(.invalidInput, "a contact sheet needs a frame") }
        let sheet = ContactSheet.compose(pictures, columns: columns, cellWidth: Self.cellWidth)
        try AtomicFile.write(try PNGEncoder.encode(sheet, view: .standard), to: path)
    }

    private static func picture(_ path: String) throws -> Picture {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw NodeError(.storage, "\(path) cannot be read")
        }
        let texture = try ImageDecoder.decodeTexture([UInt8](data))
        var pixels: [Float] = []
        pixels.reserveCapacity(3 * texture.width * texture.height)
        for i in 0 ..< texture.width * texture.height {
            for channel in 0 ..< 3 { pixels.append(Self.linear(texture.pixels[4 * i + channel])) }
        }
        return Picture(width: texture.width, height: texture.height, pixels: pixels)
    }

    /// The linear value of an sRGB byte (IEC 61966-2-1), exact enough to come back as the same byte.
    private static func linear(_ byte: UInt8) -> Float {
        self.table[Int(byte)]
    }

    private static let table: [Float] = (0 ..< 256).map { byte in
        let value = Double(byte) / 255
        guard value > 0.04045 else { return Float(value / 12.92) }
        return Float(pow((value + 0.055) / 1.055, 2.4))
    }
}
