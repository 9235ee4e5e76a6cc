/// What a decoder accepts.
///
/// A picture beyond it is refused before memory is taken for its pixels.
public struct ImageLimits: Hashable, Sendable {
    /// Largest width and largest height in pixels.
    public var maxEdge: Int
    /// Largest width times height in pixels.
    public var maxPixels: Int
    /// Pictures up to this many pixels may be packed as densely as their format can.
    public var freePixels: Int
    /// The most pixels that one byte of a PNG or JPEG file may stand for, beyond ``freePixels``.
    ///
    /// Single-coloured PNG files reach about 1,000.
    public var maxPixelsPerByte: Int
    /// The same for WebP files, whose lossless code gives single-coloured pictures next to no bytes.
    public var maxWebPPixelsPerByte: Int
    /// The same for OpenEXR files, whose rows of one value deflate to next to nothing.
    public var maxOpenEXRPixelsPerByte: Int
    /// The same for Radiance files, whose run-length code reaches 16.
    public var maxRadiancePixelsPerByte: Int

    /// Edges to 16,384 pixels, 2^27 pixels in all.
    public static let standard = ImageLimits()

    /// Creates limits; all must be positive.
    public init(
        maxEdge: Int = 16_384,
        maxPixels: Int = 1 << 27,
        freePixels: Int = 1 << 20,
        maxPixelsPerByte: Int = 1_040,
        maxWebPPixelsPerByte: Int = 16_384,
        maxOpenEXRPixelsPerByte: Int = 1_040,
        maxRadiancePixelsPerByte: Int = 24
    ) {
        precondition(
            [
                maxEdge, maxPixels, freePixels, maxPixelsPerByte, maxWebPPixelsPerByte, maxOpenEXRPixelsPerByte,
                maxRadiancePixelsPerByte,
            ].allSatisfy { $0 > 0 },
            "image limits must be positive"
        )
        self.maxEdge = maxEdge
        self.maxPixels = maxPixels
        self.freePixels = freePixels
        self.maxPixelsPerByte = maxPixelsPerByte
        self.maxWebPPixelsPerByte = maxWebPPixelsPerByte
        self.maxOpenEXRPixelsPerByte = maxOpenEXRPixelsPerByte
        self.maxRadiancePixelsPerByte = maxRadiancePixelsPerByte
    }

    /// Refuses a picture that is empty, over the limits, or implausibly large for the bytes that it came in.
    func check(
        width: Int,
        height: Int,
        encodedBytes: Int,
        pixelsPerByte: Int,
        format: String
    ) throws(ImageError) {
        guard width > 0, height > 0 else {
            throw ImageError(.malformed, "the \(format) picture is \(width) x \(height) pixels: it is empty")
        }
        guard width <= self.maxEdge, height <= self.maxEdge else {
            throw ImageError(
                .tooLarge,
                "the \(format) picture is \(width) x \(height) pixels; an edge may have \(self.maxEdge): scale it down"
            )
        }
        // Both are at most maxEdge now. An overflow is over any limit.
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels <= self.maxPixels else {
            throw ImageError(
                .tooManyPixels,
                "the \(format) picture is \(width) x \(height) pixels; \(self.maxPixels) in all are allowed: scale it down"
            )
        }
        if pixels > self.freePixels, pixels / pixelsPerByte > encodedBytes {
            throw ImageError(
                .tooLarge,
                "the \(format) picture claims \(width) x \(height) pixels in \(encodedBytes) bytes, which is not plausible"
            )
        }
    }
}
