/// Finds the bytes behind the URIs of a document: data URIs and files beside it.
struct ResourceLoader {
    /// The directory of the document; external files must lie in it or below.
    let directory: String
    let limits: ImportLimits
    /// Bytes that may still be loaded.
    private var budget: Int

    init(directory: String, limits: ImportLimits) {
        self.directory = directory
        self.limits = limits
        self.budget = limits.maxResourceBytes
    }

    /// The bytes of a URI as glTF 2.0 (section 2.8) allows them.
    mutating func load(_ uri: String) throws(ImportError) -> ByteView {
        let bytes =
            if uri.utf8.starts(with: "data:".utf8) {
                ByteView(try Self.decodeDataURI(uri))
            } else {
                ByteView(
                    try MappedFile(try self.path(of: uri), maxBytes: min(self.budget, self.limits.maxFileBytes))
                )
            }
        guard bytes.count <= self.budget else {
            throw ImportError(
                .tooLarge,
                "buffers and pictures exceed \(self.limits.maxResourceBytes) bytes together",
                limit: .bytes
            )
        }
        self.budget -= bytes.count
        return bytes
    }

    /// The path of a relative URI, refused when it leads out of the document's directory, also by a symbolic link.
    func path(of uri: String) throws(ImportError) -> String {
        let name = try Self.percentDecoded(uri)
        let shown = Self.shortened(uri)
        guard !name.isEmpty, !name.utf8.contains(0) else {
            throw ImportError(.badPath, "the path \"\(shown)\" is empty or holds a zero byte")
        }
        if let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")),
            name.utf8[..<colon].allSatisfy({ $0 != UInt8(ascii: "/") })
        {
            throw ImportError(
                .badPath,
                "the address \"\(shown)\" is no relative path: save its contents beside the scene and refer to that file"
            )
        }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !name.utf8.starts(with: "/".utf8), !name.utf8.contains(UInt8(ascii: "\\")),
            !parts.contains(where: { $0.elementsEqual("..".utf8) })
        else {
            throw ImportError(
                .badPath,
                "the path \"\(shown)\" leads out of the scene's directory, which is not followed: "
                    + "move the file beside the scene"
            )
        }
        let joined = "\(self.directory)/\(name)"
        if let base = MappedFile.canonicalPath(self.directory), let target = MappedFile.canonicalPath(joined) {
            let prefix = base.utf8.elementsEqual("/".utf8) ? base : base + "/"
            guard target.utf8.starts(with: prefix.utf8) else {
                throw ImportError(
                    .badPath,
                    "the path \"\(shown)\" is a link that leads out of the scene's directory, which is not followed"
                )
            }
        }
        return joined
    }

    /// Replaces `%20` and the like; the result must be UTF-8.
    static func percentDecoded(_ text: String) throws(ImportError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Self.hexDigit), let low = rest.popFirst().flatMap(Self.hexDigit)
            else {
                throw ImportError(.badPath, "the path \"\(Self.shortened(text))\" has a damaged percent code")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw ImportError(.badPath, "the path \"\(Self.shortened(text))\" is not UTF-8 after percent decoding")
        }
        return decoded
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0") ... UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a") ... UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A") ... UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The payload of `data:[<type>][;base64],<data>` (RFC 2397); base64 is the form that glTF uses.
    private static func decodeDataURI(_ uri: String) throws(ImportError) -> [UInt8] {
        let bytes = Array(uri.utf8)
        guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")) else {
            throw ImportError(.malformed, "the data URI \"\(Self.shortened(uri))\" has no comma before its data")
        }
        guard bytes[..<comma].suffix(7).elementsEqual(";base64".utf8) else {
            return Array(try self.percentDecoded(String(decoding: bytes[(comma + 1)...], as: UTF8.self)).utf8)
        }
        guard let decoded = Base64.decode(bytes[(comma + 1)...]) else {
            throw ImportError(.malformed, "the data URI \"\(Self.shortened(uri))\" is not valid base64")
        }
        return decoded
    }

    /// Enough of an address for a message.
    static func shortened(_ text: String) -> String {
        text.unicodeScalars.count <= 80 ? text : String(text.unicodeScalars.prefix(72)) + "..."
    }
}
