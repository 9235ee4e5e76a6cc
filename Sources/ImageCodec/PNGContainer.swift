/// The chunks of a PNG file (ISO/IEC 15948, section 5), walked before libpng sees a byte.
///
/// Every chunk is checked to lie inside of the file. Check sums are left to libpng, which only gets the chunks that it
/// needs; see ``essentials``.
struct PNGContainer {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// How many chunks a file may have.
    ///
    /// Pictures cut into 8 KiB pieces reach 2^27 pixels with it.
    static let maxChunks = 1 << 17

    struct Chunk {
        let type: [UInt8]
        /// Where its contents lie in the file.
        let contents: Range<Int>
        /// The whole chunk with length, type and check sum.
        var whole: Range<Int> { self.contents.lowerBound - 8 ..< self.contents.upperBound + 4 }
    }

    struct Header {
        let width: Int
        let height: Int
        let bitDepth: Int
        let colorType: Int
        let isInterlaced: Bool
    }

    let bytes: [UInt8]
    let chunks: [Chunk]
    let header: Header

    init(_ bytes: [UInt8]) throws(ImageError) {
        guard bytes.starts(with: Self.signature) else {
            throw ImageError(.unknownFormat, "the bytes do not begin like a PNG file")
        }
        var chunks: [Chunk] = []
        var position = Self.signature.count
        var isEnded = false
        while !isEnded {
            guard bytes.count - position >= 12 else {
                throw ImageError(.malformed, "the PNG file ends in mid-chunk at byte \(bytes.count): it was cut off")
            }
            let length = Self.bigEndian32(bytes, at: position)
            guard length <= bytes.count - position - 12 else {
                throw ImageError(
                    .malformed,
                    "the PNG file has a chunk of \(length) bytes at byte \(position) and ends before it: it was cut off"
                )
            }
            guard chunks.count < Self.maxChunks else {
                throw ImageError(.tooLarge, "the PNG file has more than \(Self.maxChunks) chunks")
            }
            let type = Array(bytes[position + 4 ..< position + 8])
            chunks.append(Chunk(type: type, contents: position + 8 ..< position + 8 + length))
            position += 12 + length
            isEnded = type == Self.name("IEND")
        }
        guard let first = chunks.first, first.type == Self.name("IHDR"), first.contents.count == 13 else {
            throw ImageError(.malformed, "the PNG file does not begin with its header")
        }
        let start = first.contents.lowerBound
        self.bytes = bytes
        self.chunks = chunks
        self.header = Header(
            width: Self.bigEndian32(bytes, at: start),
            height: Self.bigEndian32(bytes, at: start + 4),
            bitDepth: Int(bytes[start + 8]),
            colorType: Int(bytes[start + 9]),
            isInterlaced: bytes[start + 12] != 0
        )
    }

    /// The file without its ancillary chunks except for transparency.
    ///
    /// Without gAMA, cHRM, sRGB, iCCP and sBIT, libpng leaves sample values as they are. Without the rest, compressed
    /// texts and profiles cannot take time or memory.
    var essentials: [UInt8] {
        let kept: [[UInt8]] = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"].map(Self.name)
        var result = Self.signature
        for chunk in self.chunks where kept.contains(chunk.type) {
            result.append(contentsOf: self.bytes[chunk.whole])
        }
        return result
    }

    /// How many bytes of compressed pixels there are.
    var pixelBytes: Int {
        self.chunks.reduce(0) { $0 + ($1.type == Self.name("IDAT") ? $1.contents.count : 0) }
    }

    var hasTransparentColor: Bool {
        self.chunks.contains { $0.type == Self.name("tRNS") }
    }

    /// The entries of tEXt and uncompressed iTXt chunks; of two with one keyword, the later.
    var textEntries: [String: String] {
        var entries: [String: String] = [:]
        for chunk in self.chunks {
            let contents = self.bytes[chunk.contents]
            guard let end = contents.firstIndex(of: 0) else { continue }
            let keyword = Self.latin1(contents[..<end])
            if chunk.type == Self.name("tEXt") {
                entries[keyword] = Self.latin1(contents[(end + 1)...])
            } else if chunk.type == Self.name("iTXt"), contents.endIndex - end > 2, contents[end + 1] == 0 {
                // Compression flag, compression method, language, 0, translated keyword, 0, text.
                let rest = contents[(end + 3)...]
                guard let language = rest.firstIndex(of: 0) else { continue }
                guard let translation = rest[(language + 1)...].firstIndex(of: 0) else { continue }
                entries[keyword] = String(decoding: rest[(translation + 1)...], as: UTF8.self)
            }
        }
        return entries
    }

    /// A chunk with its length and check sum.
    static func chunk(_ type: String, _ contents: [UInt8]) -> [UInt8] {
        let body = self.name(type) + contents
        return self.bigEndianBytes(UInt32(contents.count)) + body + self.bigEndianBytes(self.checksum(body))
    }

    /// CRC-32 as in ISO/IEC 15948, annex D.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc = self.checksumTable[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8)
        }
        return ~crc
    }

    private static let checksumTable: [UInt32] = (0 ..< 256).map { index in
        var value = UInt32(index)
        for _ in 0 ..< 8 {
            value = value & 1 == 0 ? value >> 1 : 0xEDB8_8320 ^ (value >> 1)
        }
        return value
    }

    static func name(_ type: String) -> [UInt8] {
        Array(type.utf8)
    }

    private static func bigEndian32(_ bytes: [UInt8], at position: Int) -> Int {
        bytes[position ..< position + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func bigEndianBytes(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: bytes.map { Unicode.Scalar($0) })
        return String(scalars)
    }
}
