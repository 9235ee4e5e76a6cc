/// Reads pictures that came from anywhere.
///
/// Damaged or hostile bytes lead to an ``ImageError``, never to a crash, and never to memory beyond ``ImageLimits``.
public enum ImageDecoder {
    /// Reads a PNG (1 to 16 bits a sample, any colour type), a JPEG (grey or colour) or a WebP that does not move, told
    /// apart by their first bytes.
    ///
    /// Samples of 16 bits are rounded to 8.
    public static func decodeTexture(
        _ bytes: [UInt8],
        limits: ImageLimits = .standard
    ) throws(ImageError) -> DecodedTexture {
        if bytes.starts(with: PNGContainer.signature) {
            return try PNGDecoder.decode(bytes, limits: limits)
        }
        if bytes.starts(with: JPEGDecoder.signature) {
            return try JPEGDecoder.decode(bytes, limits: limits)
        }
        if WebPDecoder.isWebP(bytes) {
            return try WebPDecoder.decode(bytes, limits: limits)
        }
        throw ImageError(.unknownFormat, "\(self.guess(bytes)); textures are read from PNG, JPEG and WebP: convert it")
    }

    /// Reads a picture of light without an upper bound: Radiance (`.hdr`, RGBE) with rows from top to bottom and columns
    /// from left to right, or OpenEXR with the channels R, G and B or Y, told apart by their first bytes.
    ///
    /// As in other renderers, a Radiance file's `EXPOSURE` lines do not change the values.
    public static func decodeLight(
        _ bytes: [UInt8],
        limits: ImageLimits = .standard
    ) throws(ImageError) -> Picture {
        if bytes.starts(with: [0x76, 0x2F, 0x31, 0x01]) {
            return try OpenEXRLibrary.decode(bytes, limits: limits)
        }
        return try RadianceHDRDecoder.decode(bytes, limits: limits)
    }

    /// The text entries (tEXt and uncompressed iTXt chunks) of a PNG file.
    public static func metadata(ofPNG bytes: [UInt8]) throws(ImageError) -> [String: String] {
        try PNGContainer(bytes).textEntries
    }

    /// What bytes look like of no kind that is read.
    private static func guess(_ bytes: [UInt8]) -> String {
        let known: [(magic: [UInt8], name: String)] = [
            ([0xAB, 0x4B, 0x54, 0x58], "the picture is a KTX2 file"),
            (Array("GIF8".utf8), "the picture is a GIF file"),
            (Array("BM".utf8), "the picture is a BMP file"),
            (Array("DDS ".utf8), "the picture is a DDS file"),
            ([0x76, 0x2F, 0x31, 0x01], "the picture is an OpenEXR file"),
            (Array("#?".utf8), "the picture is a Radiance file"),
        ]
        if bytes.isEmpty { return "the picture has no bytes" }
        return known.first { bytes.starts(with: $0.magic) }?.name ?? "the picture is of an unknown kind"
    }
}
