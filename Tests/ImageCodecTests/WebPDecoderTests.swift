import ImageCodec
import Testing

struct WebPDecoderTests {
    /// Three by two pixels, lossless, the lower row with an alpha of 64.
    static let lossless: [UInt8] =
        Array("RIFF".utf8) + [0x34, 0, 0, 0] + Array("WEBPVP8L".utf8) + [
            0x27, 0, 0, 0, 0x2F, 0x02, 0x40, 0x00, 0x10, 0x2F, 0x30, 0x78, 0x02, 0x81, 0x24, 0xC4, 0x51, 0x47, 0x1C,
            0x64, 0x81, 0x40, 0x92, 0xDA, 0xFE, 0x50, 0x07, 0x17, 0x22, 0x19, 0x03, 0x02, 0x01, 0xCA, 0x58, 0x71, 0xC0,
            0x29, 0x11, 0xFD, 0x8F, 0xE5, 0x05, 0x00,
        ]

    @Test
    func `a lossless picture keeps its colours and its alpha`() throws {
        let picture = try ImageDecoder.decodeTexture(Self.lossless)
        #expect(picture.width == 3)
        #expect(picture.height == 2)
        #expect(picture.hasAlpha)
        #expect(Array(picture.pixels[0 ..< 12]) == [0, 0, 200, 255, 80, 0, 200, 255, 160, 0, 200, 255])
        #expect(Array(picture.pixels[12 ..< 16]) == [0, 120, 200, 64])
    }

    @Test
    func `every truncation is refused`() {
        for count in 0 ..< Self.lossless.count - 1 {
            #expect(throws: ImageError.self) { try ImageDecoder.decodeTexture(Array(Self.lossless.prefix(count))) }
        }
    }

    @Test
    func `three thousand damaged files end well`() {
        var random = SeededGenerator(seed: 12)
        for _ in 0 ..< 3_000 {
            var bytes = Self.lossless
            for _ in 0 ... Int(random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let picture = try? ImageDecoder.decodeTexture(bytes) else { continue }
            #expect(picture.pixels.count == 4 * picture.width * picture.height)
        }
    }

    @Test
    func `a picture that claims more pixels than its bytes can hold is refused`() {
        var bytes = Self.lossless
        // 16,384 x 16,384 in the header's 14-bit fields.
        bytes.replaceSubrange(21 ..< 25, with: [0xFF, 0xFF, 0xFF, 0x1F])
        #expect(throws: ImageError(.tooManyPixels, "")) { try ImageDecoder.decodeTexture(bytes) }
        var limits = ImageLimits.standard
        limits.maxPixels = 1 << 28
        #expect(throws: ImageError(.tooLarge, "")) { try ImageDecoder.decodeTexture(bytes, limits: limits) }
    }
}
