/// The two parts of a `.glb` file (glTF 2.0, section 4).
struct GLBContainer {
    /// The JSON text.
    let json: ByteView
    /// The first buffer, where there is one.
    let binary: ByteView?

    static let magic: [UInt8] = Array("glTF".utf8)

    private static let jsonChunk: UInt32 = 0x4E4F_534A
    private static let binaryChunk: UInt32 = 0x004E_4942

    /// Cuts a file into its chunks; unknown chunks are passed over, as the specification asks.
    init(_ file: ByteView) throws(ImportError) {
        guard file.count >= 20, file.starts(with: Self.magic) else {
            throw ImportError(.malformed, "the file is too short for a GLB file (\(file.count) bytes): copy it again")
        }
        let version = Self.word(file, at: 4)
        guard version == 2 else {
            throw ImportError(
                .unsupported,
                "it is a GLB file of version \(version), version 2 is read: export it again"
            )
        }
        let length = Int(Self.word(file, at: 8))
        guard length <= file.count, length >= 20 else {
            throw ImportError(
                .malformed,
                "the GLB header promises \(length) bytes and the file has \(file.count): it is cut off, copy it again"
            )
        }
        var offset = 12
        var json: ByteView?
        var binary: ByteView?
        while length - offset >= 8 {
            let size = Int(Self.word(file, at: offset))
            let kind = Self.word(file, at: offset + 4)
            offset += 8
            guard size <= length - offset else {
                throw ImportError(
                    .malformed,
                    "a GLB chunk at byte \(offset - 8) claims \(size) bytes of the \(length - offset) that are left"
                )
            }
            let chunk = file[offset ..< offset + size]
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
    private static func word(_ bytes: ByteView, at offset: Int) -> UInt32 {
        bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }
}
