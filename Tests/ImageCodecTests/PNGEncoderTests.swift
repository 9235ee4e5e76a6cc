import ImageCodec
import Testing

struct PNGEncoderTests {
    private let picture = Picture(
        width: 3,
        height: 2,
        pixels: [0, 0.5, 1, 2, -1, .nan, 0.002, 0.18, 0.9, .infinity, 0, 0, 0.01, 0.02, 0.03, 0.1, 0.2, 0.3]
    )

    @Test
    func `an encoded picture decodes to what the view transform says`() throws {
        for view in [ViewTransform.standard, .filmic, ViewTransform(.filmic, exposure: 1.5)] {
            let texture = try ImageDecoder.decodeTexture(try PNGEncoder.encode(picture, view: view))
            #expect(texture.width == 3 && texture.height == 2)
            let colors = stride(from: 0, to: texture.pixels.count, by: 4).flatMap { texture.pixels[$0 ..< $0 + 3] }
            #expect(colors == view(picture))
        }
    }

    @Test
    func `metadata come back, and do not change the picture`() throws {
        let metadata = ["tessera:job": "abc123", "Title": "Leviathan – Küste 海", "Software": "Tessera", "Empty": ""]
        let bytes = try PNGEncoder.encode(picture, metadata: metadata)
        #expect(try ImageDecoder.metadata(ofPNG: bytes) == metadata)
        #expect(try ImageDecoder.decodeTexture(bytes) == ImageDecoder.decodeTexture(try PNGEncoder.encode(picture)))
    }

    @Test
    func `equal pictures give equal bytes`() throws {
        let metadata = ["a": "1", "b": "2", "c": "3"]
        #expect(try PNGEncoder.encode(picture, metadata: metadata) == PNGEncoder.encode(picture, metadata: metadata))
    }

    @Test
    func `a zero byte in a text cannot end it early`() throws {
        let bytes = try PNGEncoder.encode(picture, metadata: ["a": "x\0y"])
        #expect(try ImageDecoder.metadata(ofPNG: bytes) == ["a": "xy"])
    }

    @Test
    func `a picture wider than the limit is refused`() {
        #expect(throws: ImageError(.tooLarge, "")) { try PNGEncoder.encode(Picture(width: 16385, height: 1)) }
    }

    @Test
    func `noise, which grows when compressed, is encoded`() throws {
        var generator = SeededGenerator(seed: 3)
        let noise = Picture(
            width: 97,
            height: 61,
            pixels: (0 ..< 3 * 97 * 61).map { _ in Float.random(in: 0 ... 1, using: &generator) }
        )
        let texture = try ImageDecoder.decodeTexture(try PNGEncoder.encode(noise))
        let colors = stride(from: 0, to: texture.pixels.count, by: 4).flatMap { texture.pixels[$0 ..< $0 + 3] }
        #expect(colors == ViewTransform.standard(noise))
    }
}
