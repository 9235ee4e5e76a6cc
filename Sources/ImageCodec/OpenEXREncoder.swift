import COpenEXR

/// Writes RGB scan-line OpenEXR files with the C library of OpenEXR 3.1.
public enum OpenEXREncoder {
    /// How a value is stored.
    public enum Sample: String, Hashable, Sendable, CaseIterable {
        /// 16-bit floating point: half the size, three decimal digits.
        case half
        /// 32-bit floating point: the values as they are.
        case float
    }

    /// How rows are packed; both are lossless.
    public enum Compression: String, Hashable, Sendable, CaseIterable {
        /// Not at all.
        case none
        /// Deflate over blocks of 16 rows.
        case zip
    }

    /// Names that the format itself uses, and that ``encode(_:sample:compression:attributes:)`` therefore refuses.
    public static let reservedAttributes: Set<String> = [
        "channels", "compression", "dataWindow", "displayWindow", "lineOrder", "pixelAspectRatio",
        "screenWindowCenter", "screenWindowWidth", "tiles", "name", "type", "version", "chunkCount",
    ]

    /// Encodes a picture in linear light with BT.709 primaries, which are OpenEXR's default ones.
    ///
    /// Equal arguments give equal bytes with the same OpenEXR and zlib: no time and no random number is inside.
    ///
    /// - Parameter attributes: Text attributes for provenance. Names have 1 to 31 printable ASCII characters and are
    ///   none of ``reservedAttributes``.
    public static func encode(
        _ picture: Picture,
        sample: Sample = .half,
        compression: Compression = .zip,
        attributes: [String: String] = [:]
    ) throws(ImageError) -> [UInt8] {
        for name in attributes.keys {
            precondition(
                (1 ... 31).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21 ... 0x7E).contains($0) }
                    && !self.reservedAttributes.contains(name),
                "\(name.debugDescription) is no name for an OpenEXR attribute: 1 to 31 printable ASCII characters, no space"
            )
        }
        let limit = ImageLimits.standard.maxEdge
        guard picture.width <= limit, picture.height <= limit else {
            throw ImageError(
                .tooLarge,
                "an OpenEXR picture of \(picture.width) x \(picture.height) pixels is not written; \(limit) is the most"
            )
        }
        let file = OpenEXRFile()
        do throws(OpenEXRFile.Failure) {
            try file.open()
            try file.define(
                picture,
                pixelType: sample == .half ? EXR_PIXEL_HALF : EXR_PIXEL_FLOAT,
                compression: compression == .zip ? EXR_COMPRESSION_ZIP : EXR_COMPRESSION_NONE,
                attributes: attributes
            )
            try file.write(picture)
            try file.finish()
        } catch {
            throw ImageError(.encodingFailed, "the OpenEXR picture was not encoded (OpenEXR: \(error.reason))")
        }
        return file.bytes
    }

    /// Encodes a picture and writes it as ``AtomicFile`` does.
    public static func write(
        _ picture: Picture,
        to path: String,
        sample: Sample = .half,
        compression: Compression = .zip,
        attributes: [String: String] = [:]
    ) throws(ImageError) {
        try AtomicFile.write(
            self.encode(picture, sample: sample, compression: compression, attributes: attributes),
            to: path
        )
    }
}
