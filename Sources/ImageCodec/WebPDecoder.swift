import CWebP

/// WebP through libwebp's simple interface, which returns codes.
enum WebPDecoder {
    /// Whether bytes begin like a WebP file (RFC 9649, section 2.4).
    static func isWebP(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 12 && bytes.starts(with: Array("RIFF".utf8)) && bytes[8 ..< 12].elementsEqual("WEBP".utf8)
    }

    static func decode(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> DecodedTexture {
        var features = WebPBitstreamFeatures()
        guard WebPGetFeatures(bytes, bytes.count, &features) == VP8_STATUS_OK else {
            throw ImageError(.malformed, "the WebP picture is damaged: its header cannot be read")
        }
        guard features.has_animation == 0 else {
            throw ImageError(
                .unsupported,
                "the WebP picture is an animation, which no texture is: save one frame of it"
            )
        }
        let (width, height) = (Int(features.width), Int(features.height))
        try limits.check(
            width: width,
            height: height,
            encodedBytes: bytes.count,
            pixelsPerByte: limits.maxWebPPixelsPerByte,
            format: "WebP"
        )
        var pixels = [UInt8](repeating: 255, count: 4 * width * height)
        let isDecoded = pixels.withUnsafeMutableBufferPointer { target in
            WebPDecodeRGBAInto(bytes, bytes.count, target.baseAddress, target.count, Int32(4 * width)) != nil
        }
        guard isDecoded else {
            throw ImageError(.malformed, "the WebP picture is damaged: it was cut off or altered")
        }
        return DecodedTexture(width: width, height: height, pixels: pixels, hasAlpha: features.has_alpha != 0)
    }
}
