import CPNG

/// Writes 8-bit RGB PNG files.
public enum PNGEncoder {
    /// Encodes a picture for the screen.
    ///
    /// Equal arguments give equal bytes with the same libpng and zlib: no time and no random number is inside.
    ///
    /// - Parameter metadata: Text entries for provenance, such as the job and the core version. Keywords have 1 to 79
    ///   printable ASCII characters; texts are any Unicode.
    public static func encode(
        _ picture: Picture,
        view: ViewTransform = .standard,
        metadata: [String: String] = [:]
    ) throws(ImageError) -> [UInt8] {
        try self.insert(metadata, into: self.compress(view(picture), width: picture.width, height: picture.height))
    }

    private static func compress(_ pixels: [UInt8], width: Int, height: Int) throws(ImageError) -> [UInt8] {
        let limit = ImageLimits.standard.maxEdge
        guard width <= limit, height <= limit else {
            throw ImageError(
                .tooLarge,
                "a PNG picture of \(width) x \(height) pixels is not written; \(limit) is the most"
            )
        }
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        image.width = UInt32(width)
        image.height = UInt32(height)
        image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
        defer { png_image_free(&image) }
        var size = tessera_png_encoded_size_max(image)
        guard size > 0 else {
            throw ImageError(.tooLarge, "a PNG picture of \(width) x \(height) pixels is too large for libpng")
        }
        var isWritten = false
        let encoded = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            isWritten = png_image_write_to_memory(&image, buffer.baseAddress, &size, 0, pixels, 0, nil) != 0
            count = isWritten ? size : 0
        }
        guard isWritten else {
            throw ImageError(
                .encodingFailed,
                "the PNG picture was not encoded (libpng: \(PNGDecoder.message(of: image)))"
            )
        }
        return encoded
    }

    /// Puts text chunks behind the header, in the order of their keywords.
    private static func insert(_ metadata: [String: String], into file: [UInt8]) throws(ImageError) -> [UInt8] {
        // The signature and the IHDR chunk.
        let headerEnd = 33
        guard file.count > headerEnd else {
            throw ImageError(.encodingFailed, "libpng has made a PNG file without a header")
        }
        var result = Array(file[..<headerEnd])
        for (keyword, text) in metadata.sorted(by: { $0.key < $1.key }) {
            result += self.textChunk(keyword, text)
        }
        result += file[headerEnd...]
        return result
    }

    /// A tEXt chunk where Latin-1 does, else an iTXt one with UTF-8.
    private static func textChunk(_ keyword: String, _ text: String) -> [UInt8] {
        precondition(
            (1 ... 79).contains(keyword.utf8.count) && keyword.utf8.allSatisfy { (0x20 ... 0x7E).contains($0) }
                && keyword.first != " " && keyword.last != " ",
            "\(keyword.debugDescription) is no PNG keyword: 1 to 79 printable ASCII characters"
        )
        // Both kinds of chunk end or split at a zero byte.
        let clean = text.unicodeScalars.filter { $0.value != 0 }
        if clean.allSatisfy({ $0.isASCII }) {
            return PNGContainer.chunk("tEXt", Array(keyword.utf8) + [0] + clean.map { UInt8($0.value) })
        }
        let utf8 = Array(String(String.UnicodeScalarView(clean)).utf8)
        return PNGContainer.chunk("iTXt", Array(keyword.utf8) + [0, 0, 0, 0, 0] + utf8)
    }
}
