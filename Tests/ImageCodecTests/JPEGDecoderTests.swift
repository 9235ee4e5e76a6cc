import ImageCodec
import Testing

struct JPEGDecoderTests {
    @Test(arguments: [JPEGFixtures.color, JPEGFixtures.progressive])
    func `colours come back nearly as they were`(file: [UInt8]) throws {
        let texture = try ImageDecoder.decodeTexture(file)
        #expect(texture.width == 24 && texture.height == 16 && !texture.hasAlpha)
        for y in 0 ..< 16 {
            for x in 0 ..< 24 {
                let pixel = texture.pixels[4 * (24 * y + x) ..< 4 * (24 * y + x) + 4].map { Int($0) }
                let error = max(abs(pixel[0] - 10 * x), abs(pixel[1] - 15 * y), abs(pixel[2] - 128))
                #expect(error < 40 && pixel[3] == 255, "(\(x), \(y)) is \(pixel)")
            }
        }
    }

    @Test
    func `grey becomes RGBA`() throws {
        let texture = try ImageDecoder.decodeTexture(JPEGFixtures.gray)
        #expect(texture.pixels.count == 4 * 24 * 16)
        for i in stride(from: 0, to: texture.pixels.count, by: 4) {
            #expect(Set(texture.pixels[i ..< i + 3]).count == 1)
        }
    }

    @Test
    func `printing colours are refused by name`() {
        let error = #expect(throws: ImageError(.unsupported, "")) {
            try ImageDecoder.decodeTexture(JPEGFixtures.printing)
        }
        #expect(error?.message.contains("CMYK") == true)
    }

    @Test(arguments: [JPEGFixtures.color, JPEGFixtures.progressive, JPEGFixtures.gray])
    func `every truncation is refused`(file: [UInt8]) {
        for count in 0 ..< file.count {
            #expect(throws: ImageError.self, "\(count) bytes") {
                try ImageDecoder.decodeTexture(Array(file.prefix(count)))
            }
        }
    }

    @Test
    func `absurd sizes are refused before memory is taken`() throws {
        // The frame header: FF C0, length, 8 bits, height, width.
        let frame = try #require(
            JPEGFixtures.color.indices.dropLast(9).first { i in
                JPEGFixtures.color[i] == 0xFF && JPEGFixtures.color[i + 1] == 0xC0
            }
        )
        for (height, width) in [(65000, 10), (10, 65000), (16384, 16384), (8192, 8192)] {
            var file = JPEGFixtures.color
            file.replaceSubrange(frame + 5 ..< frame + 9, with: [height, width].flatMap { TestPNG.big($0).suffix(2) })
            let code: ImageError.Code = height == 16384 ? .tooManyPixels : .tooLarge
            #expect(throws: ImageError(code, "")) { try ImageDecoder.decodeTexture(file) }
        }
    }

    @Test
    func `a picture of very many scans is refused`() throws {
        let file = JPEGFixtures.progressive
        let scan = try #require(file.indices.dropLast(2).last { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
        let repeated = [[UInt8]](repeating: Array(file[scan ..< file.count - 2]), count: 100).flatMap { $0 }
        #expect(throws: ImageError(.tooLarge, "")) {
            try ImageDecoder.decodeTexture(Array(file[..<scan]) + repeated + [0xFF, 0xD9])
        }
    }

    @Test(arguments: [JPEGFixtures.color, JPEGFixtures.progressive, JPEGFixtures.gray, JPEGFixtures.printing])
    func `mutated files never crash`(file: [UInt8]) {
        var generator = SeededGenerator(seed: 4)
        for _ in 0 ..< 1000 {
            let bytes = mutated(file, protecting: 3, using: &generator)
            _ = Outcome { () throws(ImageError) in
                let texture = try ImageDecoder.decodeTexture(bytes, limits: narrowLimits)
                #expect(texture.pixels.count == 4 * texture.width * texture.height)
            }
        }
    }
}
