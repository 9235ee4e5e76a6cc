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

    @Test(arguments: OpenEXREncoder.Sample.allCases)
    func `what was written can be read`(sample: OpenEXREncoder.Sample) throws {
        for compression in [OpenEXREncoder.Compression.none, .zip] {
            let file = try OpenEXREncoder.encode(self.picture, sample: sample, compression: compression)
            #expect(try ImageDecoder.decodeLight(file) == self.picture)
        }
    }

    @Test
    func `layers are channels with dots in their names`() throws {
        let normals = (0 ..< 3 * 5 * 19).map { Float($0 % 3) }
        let channels =
            PictureChannel.colors(self.picture) + PictureChannel.colors(self.picture, layer: "albedo")
            + PictureChannel.vectors(normals, layer: "normal", names: ["X", "Y", "Z"], sample: .float)
            + [
                PictureChannel("Z", .float([Float](repeating: 7, count: 95))),
                PictureChannel("id", .words([UInt32](repeating: 9, count: 95))),
            ]
        let file = try OpenEXREncoder.encode(channels, width: 5, height: 19)
        let parsed = try #require(ParsedEXR(file, blockCount: 2))
        let list = try #require(parsed.attributes["channels"]?.contents)
        var names: [String] = []
        var rest = list
        while let end = rest.firstIndex(of: 0), end > rest.startIndex {
            names.append(String(decoding: rest[..<end], as: UTF8.self))
            rest = rest[(end + 17)...]
        }
        #expect(
            names == ["B", "G", "R", "Z", "albedo.B", "albedo.G", "albedo.R", "id", "normal.X", "normal.Y", "normal.Z"]
        )
        #expect(try ImageDecoder.decodeLight(file) == self.picture)
    }

    @Test
    func `DWAA loses little of light and nothing of data`() throws {
        var smooth = Picture(width: 64, height: 64)
        for y in 0 ..< 64 {
            for x in 0 ..< 64 { smooth[x, y] = SIMD3(Float(x) / 64, Float(y) / 64, 0.5) }
        }
        let data = PictureChannel("Z", .float((0 ..< 64 * 64).map { Float($0) * 1.001 }))
        let channels = PictureChannel.colors(smooth, sample: .half) + [data]
        let packed = try OpenEXREncoder.encode(channels, width: 64, height: 64, compression: .dwaa)
        let whole = try OpenEXREncoder.encode(channels, width: 64, height: 64, compression: .none)
        #expect(packed.count < whole.count)
        let back = try ImageDecoder.decodeLight(packed)
        for (a, b) in zip(back.pixels, smooth.pixels) { #expect((a - b).magnitude < 0.02) }
    }

    @Test
    func `truncated and damaged files end well`() throws {
        let file = try OpenEXREncoder.encode(self.picture, sample: .half)
        for count in stride(from: 0, to: file.count, by: 3) {
            #expect(throws: ImageError.self) { try ImageDecoder.decodeLight(Array(file.prefix(count))) }
        }
        var random = SeededGenerator(seed: 4)
        let limits = ImageLimits(maxPixels: 4_096)
        for _ in 0 ..< 1_500 {
            var bytes = file
            for _ in 0 ... Int(random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let picture = try? ImageDecoder.decodeLight(bytes, limits: limits) else { continue }
            #expect(picture.pixels.count == 3 * picture.width * picture.height)
        }
    }
}
