import COpenEXRShim

/// Writes scan-line OpenEXR files.
public enum OpenEXREncoder {
    /// How a value is stored.
    public enum Sample: String, Hashable, Sendable, CaseIterable {
        /// 16-bit floating point: half the size, three decimal digits.
        case half
        /// 32-bit floating point: the values as they are.
        case float
    }

    /// How rows are packed.
    public enum Compression: String, Hashable, Sendable, CaseIterable {
        /// Not at all.
        case none
        /// Deflate over blocks of 16 rows, without loss.
        case zip
        /// Cosine transform over blocks of 32 rows, with a small loss, much smaller; channels that allow no loss go into
        /// a second part of the file, packed as ``zip``.
        case dwaa
    }

    /// Names that the format itself uses, and that text attributes therefore may not have.
    public static let reservedAttributes: Set<String> = [
        "channels", "compression", "dataWindow", "displayWindow", "lineOrder", "pixelAspectRatio",
        "screenWindowCenter", "screenWindowWidth", "tiles", "name", "type", "version", "chunkCount",
    ]

    /// Encodes a picture in linear light with BT.709 primaries, which are OpenEXR's default ones, as `R`, `G` and `B`.
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
        try self.encode(
            PictureChannel.colors(picture, sample: sample),
            width: picture.width,
            height: picture.height,
            compression: compression,
            attributes: attributes
        )
    }

    /// Encodes channels, each with a value for every pixel, under different names.
    ///
    /// - Throws: ``ImageError`` when the picture is too large or the library refuses it.
    public static func encode(
        _ channels: [PictureChannel],
        width: Int,
        height: Int,
        compression: Compression = .zip,
        attributes: [String: String] = [:]
    ) throws(ImageError) -> [UInt8] {
        self.check(channels, width: width, height: height, attributes: attributes)
        let limit = ImageLimits.standard.maxEdge
        guard width <= limit, height <= limit else {
            throw ImageError(
                .tooLarge,
                "an OpenEXR picture of \(width) x \(height) pixels is not written; \(limit) is the most"
            )
        }
        var parts = [OpenEXRPart(name: "picture", compression: compression, channels: channels)]
        if compression == .dwaa {
            parts = [
                OpenEXRPart(name: "picture", compression: .dwaa, channels: channels.filter(\.allowsLoss)),
                OpenEXRPart(name: "data", compression: .zip, channels: channels.filter { !$0.allowsLoss }),
            ].filter { !$0.channels.isEmpty }
        }
        return try OpenEXRLibrary.encode(parts, width: width, height: height, attributes: attributes)
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

    private static func check(
        _ channels: [PictureChannel],
        width: Int,
        height: Int,
        attributes: [String: String]
    ) {
        precondition(!channels.isEmpty && width > 0 && height > 0, "a picture without channels or pixels")
        precondition(Set(channels.map(\.name)).count == channels.count, "two channels have one name")
        for channel in channels {
            precondition(
                channel.values.count == width * height,
                "channel \(channel.name) has \(channel.values.count) values for \(width) x \(height) pixels"
            )
        }
        for name in channels.map(\.name) + attributes.keys {
            precondition(
                (1 ... 31).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21 ... 0x7E).contains($0) },
                "\(name.debugDescription) is no name for an OpenEXR file: 1 to 31 printable ASCII characters, no space"
            )
        }
        for name in attributes.keys {
            precondition(!self.reservedAttributes.contains(name), "\(name) is an attribute of the format itself")
        }
    }
}

/// A part of a file.
struct OpenEXRPart {
    var name: String
    var compression: OpenEXREncoder.Compression
    var channels: [PictureChannel]
}
