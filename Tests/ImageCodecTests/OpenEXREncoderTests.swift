import ImageCodec
import Testing

/// What stands in an OpenEXR file of one part with scan lines, read from the published layout.
private struct ParsedEXR {
    var attributes: [String: (type: String, contents: ArraySlice<UInt8>)] = [:]
    /// Where the file says each block of rows lies, and the first row of it.
    var blocks: [(row: Int, contents: ArraySlice<UInt8>)] = []

    init?(_ file: [UInt8], blockCount: Int) {
        var position = 8
        func text() -> String? {
            guard let end = file[position...].firstIndex(of: 0) else { return nil }
            defer { position = end + 1 }
            return String(decoding: file[position ..< end], as: UTF8.self)
        }
        func number(_ bytes: Int, at place: Int) -> Int {
            file[place ..< place + bytes].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard file.count > 8, number(4, at: 0) == 20_000_630, number(4, at: 4) == 2 else { return nil }
        while file[position] != 0 {
            guard let name = text(), let type = text() else { return nil }
            let size = number(4, at: position)
            self.attributes[name] = (type, file[position + 4 ..< position + 4 + size])
            position += 4 + size
        }
        position += 1
        for block in 0 ..< blockCount {
            let offset = number(8, at: position + 8 * block)
            let size = number(4, at: offset + 4)
            guard offset + 8 + size <= file.count else { return nil }
            self.blocks.append((number(4, at: offset), file[offset + 8 ..< offset + 8 + size]))
        }
    }
}

struct OpenEXREncoderTests {
    private let picture = Picture(
        width: 5,
        height: 19,
        pixels: (0 ..< 3 * 5 * 19).map { Float($0) * 0.25 }
    )

    @Test
    func `floats are stored as they are, blue first`() throws {
        let file = try OpenEXREncoder.encode(picture, sample: .float, compression: .none)
        let parsed = try #require(ParsedEXR(file, blockCount: 19))
        for (y, block) in parsed.blocks.enumerated() {
            #expect(block.row == y)
            let expected = [2, 1, 0].flatMap { c in (0 ..< 5).map { x in picture[x, y][c] } }
            #expect(
                Array(block.contents)
                    == expected.flatMap { value in
                        withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
                    }
            )
        }
    }

    @Test
    func `halves are rounded to nearest`() throws {
        let values: [Float] = [1, 0.1, 65504, 0, -2, 1.0 / 3]
        let halves: [UInt16] = [0x3C00, 0x2E66, 0x7BFF, 0, 0xC000, 0x3555]
        let file = try OpenEXREncoder.encode(
            Picture(width: 2, height: 1, pixels: values),
            sample: .half,
            compression: .none
        )
        let parsed = try #require(ParsedEXR(file, blockCount: 1))
        let order = [2, 5, 1, 4, 0, 3]
        #expect(
            Array(try #require(parsed.blocks.first).contents)
                == order.flatMap { i in
                    withUnsafeBytes(of: halves[i].littleEndian) { Array($0) }
                }
        )
    }

    @Test
    func `compressed files have all blocks, and text attributes`() throws {
        for sample in OpenEXREncoder.Sample.allCases {
            let file = try OpenEXREncoder.encode(
                picture,
                sample: sample,
                attributes: ["tessera:job": "abc", "tessera:core": "ünïcode"]
            )
            // 19 rows are two blocks of at most 16.
            let parsed = try #require(ParsedEXR(file, blockCount: 2))
            #expect(parsed.blocks.map(\.row) == [0, 16])
            #expect(parsed.attributes["compression"]?.contents.first == 3)
            #expect(parsed.attributes["tessera:job"]?.type == "string")
            #expect(parsed.attributes["tessera:job"].map { Array($0.contents) } == Array("abc".utf8))
            #expect(parsed.attributes["tessera:core"].map { Array($0.contents) } == Array("ünïcode".utf8))
        }
    }

    @Test
    func `equal pictures give equal bytes`() throws {
        let attributes = ["a": "1", "b": "2", "c": "3"]
        #expect(
            try OpenEXREncoder.encode(picture, attributes: attributes)
                == OpenEXREncoder.encode(picture, attributes: attributes)
        )
    }

    @Test
    func `values that are no finite halves are still stored`() throws {
        let odd = Picture(width: 2, height: 1, pixels: [.infinity, 1e30, .nan, 1e-30, -0.0, 70000])
        for sample in OpenEXREncoder.Sample.allCases {
            #expect(try !OpenEXREncoder.encode(odd, sample: sample).isEmpty)
        }
    }
}
