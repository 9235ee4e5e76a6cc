import FoundationEssentials

/// Decodes JSON that came from anywhere.
///
/// Its size, depth and number of values are bounded before the decoder allocates anything for it.
enum JSONText {
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: ByteView,
        limits: ImportLimits
    ) throws(ImportError) -> Value {
        guard bytes.count <= limits.maxJSONBytes else {
            throw ImportError(
                .tooLarge,
                "the JSON part has \(bytes.count) bytes, \(limits.maxJSONBytes) are allowed: export a .glb instead",
                limit: .jsonBytes
            )
        }
        var text = bytes.array[...]
        // Some exporters pad with zeros, and some editors write a byte order mark.
        while text.last == 0 { text.removeLast() }
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
        try text.withUnsafeBufferPointer { text throws(ImportError) in try self.checkShape(text, limits: limits) }
        do {
            return try JSONDecoder().decode(type, from: Data(text))
        } catch let error as DecodingError {
            throw ImportError(.malformed, self.describe(error))
        } catch {
            throw ImportError(.malformed, "the JSON part cannot be read: export the file again")
        }
    }

    /// Counts nesting and values outside of strings, in one pass and without memory.
    private static func checkShape(_ text: UnsafeBufferPointer<UInt8>, limits: ImportLimits) throws(ImportError) {
        var depth = 0
        var values = 0
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                values += 1
                guard depth <= limits.maxJSONDepth else {
                    throw ImportError(
                        .tooLarge,
                        "the JSON part is nested deeper than \(limits.maxJSONDepth) levels: it is no sensible glTF",
                        limit: .jsonDepth
                    )
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
            case UInt8(ascii: ","):
                values += 1
            default:
                break
            }
        }
        guard values <= limits.maxJSONValues else {
            throw ImportError(
                .tooLarge,
                "the JSON part has \(values) values, \(limits.maxJSONValues) are allowed: split the scene",
                limit: .jsonValues
            )
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            return "\(self.place(context)) has no \"\(key.stringValue)\", which glTF 2.0 requires"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(self.place(context)) has a value of the wrong kind"
        case .dataCorrupted(let context):
            return "\(self.place(context)) is not valid JSON: export the file again"
        @unknown default:
            return "the JSON part cannot be read: export the file again"
        }
    }

    /// A path such as `nodes[3].scale`.
    private static func place(_ context: DecodingError.Context) -> String {
        var text = ""
        for key in context.codingPath {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return text.isEmpty ? "the JSON part" : text
    }
}
