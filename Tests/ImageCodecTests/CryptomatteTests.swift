import ImageCodec
import Testing

struct CryptomatteTests {
    /// The hash that a manifest gives a name.
    private func hash(_ name: String) -> UInt32? {
        let mattes = Cryptomatte(layer: "CryptoObject", names: [name])
        let manifest = mattes.attributes.first { $0.key.hasSuffix("/manifest") }?.value
        return manifest.flatMap { $0.split(separator: "\"").dropLast().last }.flatMap { UInt32($0, radix: 16) }
    }

    @Test(
        arguments: [
            // Published vectors of MurmurHash3_x86_32 with seed 0.
            ("test", 0xBA6B_D213), ("Hello, world!", 0xC036_3E43),
            ("The quick brown fox jumps over the lazy dog", 0x2E4F_F723),
        ] as [(String, UInt32)]
    )
    func `names are hashed as published`(name: String, expected: UInt32) {
        #expect(self.hash(name) == expected)
    }

    @Test
    func `no hash is an infinity, a NaN or a denormal`() {
        for i in 0 ..< 3_000 {
            let value = self.hash("thing \(i)").map { Float(bitPattern: $0) }
            #expect(value?.isNormal == true)
        }
    }

    @Test
    func `the largest shares come first, equal things are one`() throws {
        let mattes = Cryptomatte(layer: "CryptoMaterial", names: ["a", "b", "c", "a"])
        let channels = mattes.channels(width: 2, height: 1) { x, _ in
            x == 0 ? [(0, 0.25), (1, 0.5), (3, 0.125), (9, 1), (2, 0)] : []
        }
        #expect(channels.count == 12)
        #expect(
            channels.map(\.name).prefix(5) == [
                "CryptoMaterial00.R", "CryptoMaterial00.G", "CryptoMaterial00.B", "CryptoMaterial00.A",
                "CryptoMaterial01.R",
            ]
        )
        func values(_ k: Int) -> [Float] {
            if case .float(let values) = channels[k].values { return values }
            return []
        }
        #expect(values(0)[0].bitPattern == self.hash("b"))
        #expect(values(1) == [0.5, 0])
        #expect(values(2)[0].bitPattern == self.hash("a"))
        #expect(values(3) == [0.375, 0])
        #expect(values(4) == [0, 0])
        #expect(channels.allSatisfy { !$0.allowsLoss })
    }

    @Test
    func `the header says what the channels are`() throws {
        let mattes = Cryptomatte(layer: "CryptoObject", names: ["sea \"dragon\"\n", "ä"])
        let keys = mattes.attributes.keys.sorted()
        #expect(keys.count == 4)
        #expect(Set(keys.map { $0.split(separator: "/").last }) == ["name", "hash", "conversion", "manifest"])
        #expect(keys.allSatisfy { $0.hasPrefix("cryptomatte/") && $0.utf8.count <= 31 })
        #expect(mattes.attributes.values.contains { $0.contains("\"sea \\\"dragon\\\"\\u000a\":") })
        let plane = mattes.channels(width: 1, height: 1) { _, _ in [(0, 1)] }
        #expect(try !OpenEXREncoder.encode(plane, width: 1, height: 1, attributes: mattes.attributes).isEmpty)
    }
}
