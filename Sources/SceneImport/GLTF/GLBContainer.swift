/// The two parts of a `.glb` file (glTF 2.0, section 4).
struct GLBContainer {
    /// The JSON text.
    let json: ArraySlice<UInt8>
    /// The first buffer, where there is one.
    let binary: ArraySlice<UInt8>?

    static let magic: [UInt8] = Array("glTF".utf8)

    private static let jsonChunk: UInt32 = 0x4E4F_534A
    private static let binaryChunk: UInt32 = 0x004E_4942

    /// Cuts a file into its chunks; unknown chunks are passed over, as the specification asks.
    init(_ bytes: [UInt8]) throws(ImportError) {
        guard bytes.count >= 20, bytes.starts(with: Self.magic) else {
            throw ImportError(.malformed, "the file is too short for a GLB file (\(bytes.count) bytes): copy it again")
        }
        let version = Self.word(bytes, at: 4)
        guard version == 2 else {
            throw ImportError(
                .unsupported,
                "it is a GLB file of version \(version), version 2 is read: export it again"
            )
        }
        let length = Int(Self.word(bytes, at: 8))
        guard length <= bytes.count, length >= 20 else {
            throw ImportError(
                .malformed,
                "the GLB header promises \(length) bytes and the file has \(bytes.count): it is cut off, copy it again"
            )
        }
        var offset = 12
        var json: ArraySlice<UInt8>?
        var binary: ArraySlice<UInt8>?
        while length - offset >= 8 {
            let size = Int(Self.word(bytes, at: offset))
            let kind = Self.word(bytes, at: offset + 4)
            offset += 8
            guard size <= length - offset else {
                throw ImportError(
                    .malformed,
                    "a GLB chunk at byte \(offset - 8) claims \(size) bytes of the \(length - offset) that are left"
                )
            }
            let chunk = bytes[offset ..< offset + size]
            offset += size
            if json == nil {
                guard kind == Self.jsonChunk else {
                    throw ImportError(.malformed, "the first chunk of the GLB file is not JSON")
                }
                json = chunk
            } else if kind == Self.binaryChunk, binary == nil {
                binary = chunk
            }
        }
        guard let json else {
            throw ImportError(.malformed, "the GLB file has no JSON chunk")
        }
        self.json = json
        self.binary = binary
    }

    /// The little-endian word at an offset that the caller has checked.
    private static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
            | UInt32(bytes[offset + 3]) << 24
    }
}
