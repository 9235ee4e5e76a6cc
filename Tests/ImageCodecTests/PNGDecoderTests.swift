import ImageCodec
import Testing

struct PNGDecoderTests {
    /// 256 x 1 pixels with every value of red, green and blue.
    private let ramp = TestPNG(
        width: 256,
        height: 1,
        rows: [(0 ... 255).flatMap { i -> [UInt8] in [UInt8(i), 255 - UInt8(i), UInt8(i) &* 7] }]
    )
    private let small = TestPNG(
        width: 3,
        height: 2,
        colorType: 6,
        rows: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [0, 0, 0, 0, 255, 255, 255, 255, 9, 9, 9, 128]]
    )

    @Test
    func `samples of 8 bits come back as they are`() throws {
        let texture = try ImageDecoder.decodeTexture(ramp.encoded)
        #expect(texture.width == 256 && texture.height == 1)
        let expected = (0 ... 255).flatMap { i -> [UInt8] in [UInt8(i), 255 - UInt8(i), UInt8(i) &* 7, 255] }
        #expect(texture.pixels == expected)
        #expect(!texture.hasAlpha)
    }

    @Test
    func `alpha is straight and kept`() throws {
        let texture = try ImageDecoder.decodeTexture(small.encoded)
        #expect(texture.pixels == small.rows.flatMap { $0 })
        #expect(texture.hasAlpha)
    }

    @Test
    func `colour space chunks change nothing`() throws {
        var png = ramp
        png.extras = [
            ("gAMA", TestPNG.big(100_000)),
            ("cHRM", [31270, 32900, 70000, 20000, 17000, 79700, 13100, 4600].flatMap { TestPNG.big($0) }),
            ("sBIT", [5, 5, 5]),
        ]
        #expect(try ImageDecoder.decodeTexture(png.encoded) == ImageDecoder.decodeTexture(ramp.encoded))
    }

    @Test
    func `samples of 16 bits are rounded to 8`() throws {
        let values = Array(stride(from: 0, through: 65535, by: 255))
        let row = values.flatMap { value -> [UInt8] in
            let sample = [UInt8(value >> 8), UInt8(value & 0xFF)]
            return sample + sample + sample + [0x80, 0x80]
        }
        let png = TestPNG(width: values.count, height: 1, bitDepth: 16, colorType: 6, rows: [row])
        let texture = try ImageDecoder.decodeTexture(png.encoded)
        let expected = values.flatMap { value -> [UInt8] in
            let byte = UInt8((value * 255 + 32767) / 65535)
            return [byte, byte, byte, 128]
        }
        #expect(texture.pixels == expected)
    }

    @Test
    func `grey, palettes and transparent colours become RGBA`() throws {
        let gray = TestPNG(width: 8, height: 1, bitDepth: 1, colorType: 0, rows: [[0b1010_0000]])
        let grayTexture = try ImageDecoder.decodeTexture(gray.encoded)
        #expect(Array(grayTexture.pixels.prefix(8)) == [255, 255, 255, 255, 0, 0, 0, 255])

        let palette = TestPNG(
            width: 3,
            height: 1,
            colorType: 3,
            rows: [[2, 0, 1]],
            extras: [("PLTE", [10, 20, 30, 40, 50, 60, 70, 80, 90]), ("tRNS", [255, 7])]
        )
        let paletteTexture = try ImageDecoder.decodeTexture(palette.encoded)
        #expect(paletteTexture.pixels == [70, 80, 90, 255, 10, 20, 30, 255, 40, 50, 60, 7])
        #expect(paletteTexture.hasAlpha)

        let keyed = TestPNG(
            width: 2,
            height: 1,
            rows: [[1, 2, 3, 4, 5, 6]],
            extras: [("tRNS", [0, 4, 0, 5, 0, 6])]
        )
        #expect(try ImageDecoder.decodeTexture(keyed.encoded).pixels == [1, 2, 3, 255, 4, 5, 6, 0])

        let grayAlpha = TestPNG(width: 1, height: 1, colorType: 4, rows: [[9, 100]])
        #expect(try ImageDecoder.decodeTexture(grayAlpha.encoded).pixels == [9, 9, 9, 100])
    }

    @Test
    func `an interlaced picture of one pixel is read, one of 16 bits is refused by name`() throws {
        let png = TestPNG(width: 1, height: 1, isInterlaced: true, rows: [[7, 8, 9]])
        #expect(try ImageDecoder.decodeTexture(png.encoded).pixels == [7, 8, 9, 255])
        let deep = TestPNG(width: 1, height: 1, bitDepth: 16, isInterlaced: true, rows: [[7, 7, 8, 8, 9, 9]])
        #expect(throws: ImageError(.unsupported, "")) { try ImageDecoder.decodeTexture(deep.encoded) }
    }

    @Test
    func `every truncation is refused`() {
        for file in [small.encoded, ramp.encoded] {
            for count in 0 ..< file.count {
                let outcome = Outcome { () throws(ImageError) in
                    _ = try ImageDecoder.decodeTexture(Array(file.prefix(count)))
                }
                #expect(outcome == .refused(count < 8 ? .unknownFormat : .malformed), "\(count) bytes")
            }
        }
    }

    @Test
    func `too few and too many pixels for the header are refused`() {
        for height in [0, 3, 1 << 30] {
            var png = small
            png.height = height
            #expect(throws: ImageError.self) { try ImageDecoder.decodeTexture(png.encoded) }
        }
    }

    @Test
    func `absurd sizes are refused before memory is taken`() {
        for (width, height) in [(16385, 1), (1, 16385), (16384, 16384), (Int(Int32.max), Int(Int32.max)), (8192, 8192)]
        {
            var png = small
            png.width = width
            png.height = height
            let code: ImageError.Code = (width, height) == (16384, 16384) ? .tooManyPixels : .tooLarge
            #expect(throws: ImageError(code, "")) { try ImageDecoder.decodeTexture(png.encoded) }
        }
    }

    @Test
    func `mutated files never crash and rarely pass`() {
        var generator = SeededGenerator(seed: 1)
        var palette = TestPNG(width: 16, height: 16, colorType: 3, rows: [])
        palette.rows = (0 ..< 16).map { y in (0 ..< 16).map { x in UInt8((x + y) % 4) } }
        palette.extras = [("PLTE", Array(0 ..< 12)), ("tRNS", [1, 2]), ("tEXt", Array("a\0b".utf8))]
        for file in [small.encoded, palette.encoded] {
            for _ in 0 ..< 1000 {
                let bytes = mutated(file, protecting: 8, using: &generator)
                _ = Outcome { () throws(ImageError) in
                    let texture = try ImageDecoder.decodeTexture(bytes, limits: narrowLimits)
                    #expect(texture.pixels.count == 4 * texture.width * texture.height)
                }
            }
        }
    }

    @Test
    func `mutated contents with right check sums never crash`() {
        var generator = SeededGenerator(seed: 2)
        let base = TestPNG(
            width: 9,
            height: 5,
            colorType: 3,
            isInterlaced: false,
            rows: (0 ..< 5).map { y in (0 ..< 9).map { x in UInt8((x * y) % 3) } }
        )
        for _ in 0 ..< 1000 {
            var png = base
            png.width = Int.random(in: 0 ... 20, using: &generator)
            png.height = Int.random(in: 0 ... 10, using: &generator)
            png.bitDepth = [1, 2, 4, 8, 16, 3].randomElement(using: &generator) ?? 8
            png.colorType = Int.random(in: 0 ... 7, using: &generator)
            png.isInterlaced = Bool.random(using: &generator)
            png.extras = (0 ..< Int.random(in: 0 ... 3, using: &generator)).map { _ in
                let type = ["PLTE", "tRNS", "gAMA", "tEXt", "IDAT", "IHDR"].randomElement(using: &generator) ?? "PLTE"
                let count = Int.random(in: 0 ... 30, using: &generator)
                return (type, (0 ..< count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
            }
            png.rows = png.rows.map { mutated($0, protecting: 0, using: &generator) }
            let bytes = png.encoded
            _ = Outcome { () throws(ImageError) in
                let texture = try ImageDecoder.decodeTexture(bytes, limits: narrowLimits)
                #expect(texture.pixels.count == 4 * texture.width * texture.height)
            }
        }
    }

    @Test
    func `other formats are named`() {
        for (bytes, name) in [("BMxxxxxx", "BMP"), ("GIF89a", "GIF"), ("", "no bytes"), ("hello", "unknown")] {
            let error = #expect(throws: ImageError(.unknownFormat, "")) {
                try ImageDecoder.decodeTexture(Array(bytes.utf8))
            }
            #expect(error?.message.contains(name) == true)
        }
    }
}
