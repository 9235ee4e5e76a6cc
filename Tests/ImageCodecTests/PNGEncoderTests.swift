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

struct PNGDepthTests {
    /// The names and contents of the chunks of a PNG file.
    private func chunks(_ file: [UInt8]) -> [(type: String, contents: ArraySlice<UInt8>)] {
        var result: [(String, ArraySlice<UInt8>)] = []
        var at = 8
        while at + 12 <= file.count {
            let length = file[at ..< at + 4].reduce(0) { $0 << 8 | Int($1) }
            result.append((String(decoding: file[at + 4 ..< at + 8], as: UTF8.self), file[at + 8 ..< at + 8 + length]))
            at += 12 + length
        }
        return result
    }

    @Test
    func `16 bits a sample are the same colours in finer steps, and said to be sRGB`() throws {
        var picture = Picture(width: 16, height: 4)
        for i in picture.pixels.indices { picture.pixels[i] = Float(i) / 200 }
        let file = try PNGEncoder.encode(picture, view: .filmic, depth: .sixteen, metadata: ["Software": "Tessera"])
        let chunks = self.chunks(file)
        #expect(chunks.first { $0.type == "IHDR" }?.contents.dropFirst(8).first == 16)
        #expect(chunks.filter { ["gAMA", "cHRM"].contains($0.type) }.isEmpty)
        #expect(chunks.contains { $0.type == "sRGB" })
        #expect(try ImageDecoder.metadata(ofPNG: file)["Software"] == "Tessera")
        let coarse = try ImageDecoder.decodeTexture(PNGEncoder.encode(picture, view: .filmic)).pixels
        let fine = try ImageDecoder.decodeTexture(file).pixels
        for (a, b) in zip(coarse, fine) { #expect(abs(Int(a) - Int(b)) <= 1) }
    }

    @Test
    func `16-bit values are finer than 8-bit ones`() {
        let picture = Picture(width: 1, height: 1, pixels: [0.5, 0.5001, 1])
        let values = ViewTransform.standard(picture, as: UInt16.self)
        #expect(values[0] < values[1])
        #expect(values[2] == 65_535)
    }
}
