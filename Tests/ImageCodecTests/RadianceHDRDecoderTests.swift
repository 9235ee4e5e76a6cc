import ImageCodec
import Testing

struct RadianceHDRDecoderTests {
    private let header = "#?RADIANCE\n# made by a test\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=2\n\n"

    private func file(_ width: Int, _ height: Int, _ pixels: [UInt8]) -> [UInt8] {
        Array("\(self.header)-Y \(height) +X \(width)\n".utf8) + pixels
    }

    /// Rows in the new code: a run, then literals, for each component.
    private func newCode(_ width: Int, _ height: Int) -> [UInt8] {
        self.file(
            width,
            height,
            (0 ..< height).flatMap { y -> [UInt8] in
                [2, 2, UInt8(width >> 8), UInt8(width & 0xFF)]
                    + (0 ..< 4).flatMap { component -> [UInt8] in
                        let literals = width - 5
                        return [128 + 5, UInt8(100 + y + component), UInt8(literals)]
                            + (0 ..< literals).map { UInt8(120 + ($0 + component) % 17) }
                    }
            }
        )
    }

    @Test
    func `flat pixels are exact`() throws {
        let picture = try ImageDecoder.decodeLight(
            file(4, 1, [128, 64, 32, 129, 255, 0, 1, 128, 9, 9, 9, 0, 255, 255, 255, 255])
        )
        #expect(picture.width == 4 && picture.height == 1)
        #expect(picture[0, 0] == SIMD3(1, 0.5, 0.25))
        #expect(picture[1, 0] == SIMD3<Float>(255 / 256, 0, 1 / 256))
        #expect(picture[2, 0] == .zero)
        #expect(picture[3, 0] == SIMD3(repeating: Float(sign: .plus, exponent: 119, significand: 255)))
    }

    @Test
    func `the smallest exponent is exact, too`() throws {
        let picture = try ImageDecoder.decodeLight(file(1, 1, [1, 128, 255, 1]))
        let unit = Float(sign: .plus, exponent: -135, significand: 1)
        #expect(picture[0, 0] == SIMD3(unit, 128 * unit, 255 * unit))
    }

    @Test
    func `the new run-length code is read`() throws {
        let picture = try ImageDecoder.decodeLight(newCode(12, 3))
        // In row 1, columns 0 to 4 are runs of 101 ... 104; the exponent 104 means 2^-32.
        let unit = Float(sign: .plus, exponent: 104 - 136, significand: 1)
        #expect(picture[4, 1] == SIMD3(101, 102, 103) * unit)
        let literal = Float(sign: .plus, exponent: 123 - 136, significand: 1)
        #expect(picture[5, 2] == SIMD3(120, 121, 122) * literal)
    }

    @Test
    func `the old run-length code is read, with counts of two digits`() throws {
        let picture = try ImageDecoder.decodeLight(
            file(300, 1, [128, 128, 128, 129, 1, 1, 1, 42, 1, 1, 1, 1, 64, 0, 0, 129])
        )
        #expect((0 ..< 299).allSatisfy { picture[$0, 0] == .one })
        #expect(picture[299, 0] == SIMD3(0.5, 0, 0))
    }

    @Test
    func `carriage returns in the header are tolerated`() throws {
        let bytes = Array("#?RGBE\r\nFORMAT=32-bit_rle_rgbe\r\n\r\n-Y 1 +X 1\r\n".utf8) + [128, 0, 0, 129]
        #expect(try ImageDecoder.decodeLight(bytes)[0, 0] == SIMD3(1, 0, 0))
    }

    @Test
    func `other orientations and XYZ are refused by name`() {
        for text in [
            "#?RADIANCE\n\n+Y 1 +X 1\n", "#?RADIANCE\n\n+X 1 -Y 1\n", "#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n",
        ] {
            #expect(throws: ImageError(.unsupported, "")) {
                try ImageDecoder.decodeLight(Array(text.utf8) + [1, 2, 3, 4])
            }
        }
    }

    @Test
    func `sizes that are none are refused`() {
        for size in ["-Y 0 +X 1", "-Y -5 +X 1", "-Y 1", "-Y 1 +X 99999999999999999999", "-Y 1 +X 1 2", ""] {
            #expect(throws: ImageError(.malformed, ""), "\(size)") {
                try ImageDecoder.decodeLight(Array("#?RADIANCE\n\n\(size)\n".utf8) + [1, 2, 3, 4])
            }
        }
    }

    @Test
    func `absurd sizes are refused before memory is taken`() {
        for (width, height) in [(16385, 1), (16384, 16384), (Int(Int32.max), 2), (4096, 4096)] {
            let code: ImageError.Code = width == height && width > 4096 ? .tooManyPixels : .tooLarge
            #expect(throws: ImageError(code, "")) {
                try ImageDecoder.decodeLight(file(width, height, [2, 2, 0, 0]))
            }
        }
    }

    @Test
    func `a header without end is refused`() {
        let bytes = Array("#?RADIANCE\n".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        #expect(throws: ImageError(.malformed, "")) { try ImageDecoder.decodeLight(bytes) }
    }

    @Test
    func `every truncation is refused`() {
        for file in [newCode(12, 3), file(2, 1, [1, 2, 3, 128, 1, 1, 1, 1])] {
            for count in 0 ..< file.count {
                #expect(throws: ImageError.self, "\(count) bytes") {
                    try ImageDecoder.decodeLight(Array(file.prefix(count)))
                }
            }
        }
    }

    @Test
    func `mutated files never crash`() {
        var generator = SeededGenerator(seed: 5)
        for file in [newCode(12, 3), newCode(40, 8), file(3, 1, [9, 2, 3, 128, 1, 1, 1, 2])] {
            for _ in 0 ..< 1000 {
                let bytes = mutated(file, protecting: 2, using: &generator)
                _ = Outcome { () throws(ImageError) in
                    let picture = try ImageDecoder.decodeLight(bytes, limits: narrowLimits)
                    #expect(picture.pixels.allSatisfy { $0.isFinite && $0 >= 0 })
                }
            }
        }
    }
}
