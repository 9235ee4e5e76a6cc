/// An 8-bit picture as it was stored: no colour conversion has been made.
///
/// glTF 2.0 (3.8.1) tells readers to ignore colour space information inside of image files: the material says whether
/// a texture holds sRGB colours or plain numbers.
public struct DecodedTexture: Hashable, Sendable {
    /// Width in pixels.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// Red, green, blue and straight alpha of each pixel, row by row, the top row first: `4 * width * height` bytes.
    public let pixels: [UInt8]
    /// Whether the file has an alpha channel or a transparent colour; all alphas are 255 when it has not.
    public let hasAlpha: Bool
}
