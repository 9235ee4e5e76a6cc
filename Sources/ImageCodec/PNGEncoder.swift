import CPNG

/// Writes RGB PNG files of 8 or 16 bits a sample.
public enum PNGEncoder {
    /// Bits of a sample.
    public enum Depth: Int, Hashable, Sendable, CaseIterable {
        /// 256 steps: enough for eyes.
        case eight = 8
        /// 65,536 steps: room for grading.
        case sixteen = 16
    }

    /// Encodes a picture for the screen.
    ///
    /// Equal arguments give equal bytes with the same libpng and zlib: no time and no random number is inside.
    ///
    /// - Parameter metadata: Text entries for provenance, such as the job and the core version. Keywords have 1 to 79
    ///   printable ASCII characters; texts are any Unicode.
    public static func encode(
        _ picture: Picture,
        view: ViewTransform = .standard,
        depth: Depth = .eight,
        metadata: [String: String] = [:]
    ) throws(ImageError) -> [UInt8] {
        let (width, height) = (picture.width, picture.height)
        let file: [UInt8]
        switch depth {
        case .eight:
            file = try view(picture, as: UInt8.self).withUnsafeBufferPointer { pixels throws(ImageError) in
                let bytes = UnsafeRawBufferPointer(pixels)
                return try self.compress(bytes, width: width, height: height, format: PNG_FORMAT_FLAG_COLOR)
            }
        case .sixteen:
            // libpng takes 16-bit samples for linear ones and says so in the file; the numbers are stored as they are.
            let format = PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_LINEAR
            let linear = try view(picture, as: UInt16.self).withUnsafeBufferPointer { pixels throws(ImageError) in
                try self.compress(UnsafeRawBufferPointer(pixels), width: width, height: height, format: format)
            }
            file = try self.taggedSRGB(linear)
        }
        return try self.insert(metadata, into: file)
    }

    /// The file with an sRGB chunk (perceptual) in the place of what it says about its colours.
    private static func taggedSRGB(_ file: [UInt8]) throws(ImageError) -> [UInt8] {
        let container = try PNGContainer(file)
        let colors = ["gAMA", "cHRM", "sRGB"].map(PNGContainer.name)
        var result = PNGContainer.signature
        for (i, chunk) in container.chunks.enumerated() where !colors.contains(chunk.type) {
            result += file[chunk.whole]
            if i == 0 { result += PNGContainer.chunk("sRGB", [0]) }
        }
        return result
    }

    private static func compress(
        _ pixels: UnsafeRawBufferPointer,
        width: Int,
        height: Int,
        format: UInt32
    ) throws(ImageError) -> [UInt8] {
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
        image.format = format
        defer { png_image_free(&image) }
        var size = tessera_png_encoded_size_max(image)
        guard size > 0 else {
            throw ImageError(.tooLarge, "a PNG picture of \(width) x \(height) pixels is too large for libpng")
        }
        var isWritten = false
        let encoded = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            isWritten = png_image_write_to_memory(&image, buffer.baseAddress, &size, 0, pixels.baseAddress, 0, nil) != 0
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
