import CTurboJPEG

/// JPEG through the TurboJPEG interface of libjpeg-turbo, which returns codes.
enum JPEGDecoder {
    static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]
    /// How many scans a file may have; progressive ones have about ten.
    ///
    /// Each goes over the whole picture and may cost next to no bytes, so many of them would take forever.
    static let maxScans = 64

    static func decode(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> DecodedTexture {
        guard let decoder = tjInitDecompress() else {
            throw ImageError(.malformed, "TurboJPEG could not be started: too little memory")
        }
        defer { _ = tjDestroy(decoder) }

        var width: Int32 = 0
        var height: Int32 = 0
        var subsampling: Int32 = 0
        var colorSpace: Int32 = 0
        let header = tjDecompressHeader3(
            decoder,
            bytes,
            UInt(bytes.count),
            &width,
            &height,
            &subsampling,
            &colorSpace
        )
        guard header == 0 else {
            throw self.damage(decoder)
        }
        try limits.check(
            width: Int(width),
            height: Int(height),
            encodedBytes: bytes.count,
            pixelsPerByte: limits.maxPixelsPerByte,
            format: "JPEG"
        )
        let readable = [TJCS_RGB, TJCS_YCbCr, TJCS_GRAY].map { Int32($0.rawValue) }
        guard readable.contains(colorSpace) else {
            throw ImageError(.unsupported, "the JPEG picture is in printing colours (CMYK): convert it to RGB")
        }

        guard self.countScans(bytes) <= self.maxScans else {
            throw ImageError(.tooLarge, "the JPEG picture has more than \(self.maxScans) scans: save it anew")
        }

        var pixels = [UInt8](repeating: 255, count: 4 * Int(width) * Int(height))
        // A warning means damage, such as a missing end.
        let result = tjDecompress2(
            decoder,
            bytes,
            UInt(bytes.count),
            &pixels,
            width,
            0,
            height,
            Int32(TJPF_RGBA.rawValue),
            TJFLAG_STOPONWARNING | TJFLAG_ACCURATEDCT
        )
        guard result == 0 else {
            throw self.damage(decoder)
        }
        return DecodedTexture(width: Int(width), height: Int(height), pixels: pixels, hasAlpha: false)
    }

    /// The number of SOS markers, those of thumbnails in metadata included.
    ///
    /// Compressed data cannot look like one: a zero byte follows each FF in it (ITU-T T.81, B.1.1.5).
    private static func countScans(_ bytes: [UInt8]) -> Int {
        var count = 0
        var previous: UInt8 = 0
        for byte in bytes {
            if previous == 0xFF, byte == 0xDA { count += 1 }
            previous = byte
        }
        return count
    }

    private static func damage(_ decoder: tjhandle) -> ImageError {
        let reason = tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "no reason given"
        return ImageError(.malformed, "the JPEG picture is damaged (TurboJPEG: \(reason))")
    }
}
