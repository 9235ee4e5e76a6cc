/// Makes PNG files of every kind by hand, with pixels in stored (not compressed) deflate blocks.
struct TestPNG {
    var width: Int
    var height: Int
    var bitDepth = 8
    var colorType = 2
    var isInterlaced = false
    /// Each row's packed samples, without the filter byte.
    var rows: [[UInt8]]
    /// Chunks between IHDR and IDAT.
    var extras: [(type: String, contents: [UInt8])] = []

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    var encoded: [UInt8] {
        let header =
            Self.big(width) + Self.big(height)
            + [UInt8(bitDepth), UInt8(colorType), 0, 0, isInterlaced ? 1 : 0]
        var file = Self.signature + Self.chunk("IHDR", header)
        for extra in self.extras {
            file += Self.chunk(extra.type, extra.contents)
        }
        file += Self.chunk("IDAT", Self.zlib(self.rows.flatMap { [0] + $0 }))
        return file + Self.chunk("IEND", [])
    }

    static func chunk(_ type: String, _ contents: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + contents
        return Self.big(contents.count) + body + Self.big(Int(Self.crc(body)))
    }

    static func big(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var a = 1
        var b = 0
        for byte in bytes {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        var result: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let part = rest.prefix(65535)
            rest = rest.dropFirst(65535)
            let n = part.count
            result += [rest.isEmpty ? 1 : 0, UInt8(n & 0xFF), UInt8(n >> 8), UInt8(~n & 0xFF), UInt8(~n >> 8 & 0xFF)]
            result += part
        } while !rest.isEmpty
        return result + Self.big(b << 16 | a)
    }

    /// Bit by bit, unlike the code under test.
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0 ..< 8 { crc = crc & 1 == 0 ? crc >> 1 : 0xEDB8_8320 ^ (crc >> 1) }
        }
        return ~crc
    }
}
