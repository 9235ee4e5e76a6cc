import CPNG

/// PNG through libpng's `png_image_*` functions.
enum PNGDecoder {
    static func decode(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> DecodedTexture {
        let container = try PNGContainer(bytes)
        let header = container.header
        try limits.check(
            width: header.width,
            height: header.height,
            encodedBytes: container.pixelBytes,
            pixelsPerByte: limits.maxPixelsPerByte,
            format: "PNG"
        )
        // libpng before 1.6.51 writes outside of the rows of such files (CVE-2025-65018), and nobody makes them.
        guard !(header.isInterlaced && header.bitDepth == 16) else {
            throw ImageError(
                .unsupported,
                "the PNG picture is interlaced with 16 bits a sample, which is not read: save it without interlacing"
            )
        }

        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        // Harmless after a complete read, and needed when one ends early.
        defer { png_image_free(&image) }
        let essentials = container.essentials
        // libpng keeps the pointer between the two calls, hence one closure around both.
        let pixels: [UInt8]? = essentials.withUnsafeBytes { source in
            guard png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else { return nil }
            // libpng's own reading of the header must not differ from the one that was checked.
            guard Int(image.width) == header.width, Int(image.height) == header.height else { return nil }
            // 16-bit samples are on the same scale as 8-bit ones, whatever that is; they would count as linear otherwise.
            image.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
            image.format = UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
            var pixels = [UInt8](repeating: 0, count: 4 * header.width * header.height)
            let isComplete = pixels.withUnsafeMutableBytes {
                png_image_finish_read(&image, nil, $0.baseAddress, 0, nil) != 0
            }
            return isComplete ? pixels : nil
        }
        guard let pixels else {
            throw ImageError(.malformed, "the PNG picture is damaged (libpng: \(self.message(of: image)))")
        }
        return DecodedTexture(
            width: header.width,
            height: header.height,
            pixels: pixels,
            hasAlpha: header.colorType & 4 != 0 || container.hasTransparentColor
        )
    }

    /// The text that libpng left in an image.
    static func message(of image: png_image) -> String {
        withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
