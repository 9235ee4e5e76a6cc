import GridWire
import Testing

struct CBORTests {
    private func encode(_ write: (inout CBOREncoder) -> Void) -> String {
        var encoder = CBOREncoder()
        write(&encoder)
        return Hex.encode(encoder.bytes)
    }

    // RFC 8949, appendix A.
    @Test(arguments: [
        (0, "00"), (10, "0a"), (23, "17"), (24, "1818"), (100, "1864"), (1_000, "1903e8"), (1_000_000, "1a000f4240"),
        (1_000_000_000_000, "1b000000e8d4a51000"), (-1, "20"), (-10, "29"), (-100, "3863"), (-1_000, "3903e7"),
        (Int.max, "1b7fffffffffffffff"), (Int.min, "3b7fffffffffffffff"), (255, "18ff"), (256, "190100"),
        (65_535, "19ffff"),
        (65_536, "1a00010000"), (4_294_967_295, "1affffffff"), (4_294_967_296, "1b0000000100000000"),
    ])
    func `integers have the bytes of RFC 8949`(value: Int, hex: String) throws {
        #expect(self.encode { $0.integer(value) } == hex)
        let bytes = try #require(Hex.decode(hex))
        #expect(
            try CBORDecoder.decode(bytes) { d throws(WireError) in try d.integer(Int.min ... Int.max, "x") } == value
        )
        for length in 0 ..< bytes.count {
            #expect(throws: WireError.self) {
                try CBORDecoder.decode(Array(bytes.prefix(length))) { d throws(WireError) in
                    try d.integer(Int.min ... Int.max, "x")
                }
            }
        }
    }

    @Test
    func `strings, arrays and maps have the bytes of RFC 8949`() {
        #expect(self.encode { $0.unsigned(.max) } == "1bffffffffffffffff")
        #expect(self.encode { $0.bool(false) } == "f4")
        #expect(self.encode { $0.bool(true) } == "f5")
        #expect(self.encode { $0.byteString([]) } == "40")
        #expect(self.encode { $0.byteString([1, 2, 3, 4]) } == "4401020304")
        #expect(self.encode { $0.text("") } == "60")
        #expect(self.encode { $0.text("IETF") } == "6449455446")
        #expect(self.encode { $0.text("\u{6c34}") } == "63e6b0b4")
        #expect(self.encode { $0.array([1, 2, 3]) { $0.integer($1) } } == "83010203")
        let map = self.encode {
            $0.map(2)
            $0.key(1)
            $0.integer(2)
            $0.key(3)
            $0.integer(4)
        }
        #expect(map == "a201020304")
    }

    @Test(arguments: [
        ("1800", "a small number in two bytes"), ("1817", "23 in two bytes"), ("1900ff", "255 in three bytes"),
        ("1a0000ffff", "65,535 in five bytes"), ("1b00000000ffffffff", "2^32-1 in nine bytes"),
        ("3800", "-1 in two bytes"),
        ("1c", "reserved"), ("1f", "indefinite"), ("c000", "a tag"), ("f6", "null"), ("f90000", "a half float"),
        ("fa00000000", "a float"), ("fb0000000000000000", "a double"), ("f820", "a simple value"), ("ff", "a break"),
        ("", "nothing"), ("0000", "a byte left over"), ("1b8000000000000000", "over 63 bits"), ("f5", "a boolean"),
        ("3bffffffffffffffff", "less than 64 bits can hold"),
    ])
    func `a number written in any other way is refused`(hex: String, why: String) throws {
        let bytes = try #require(Hex.decode(hex))
        #expect(throws: WireError.self, "\(why)") {
            try CBORDecoder.decode(bytes) { d throws(WireError) in try d.integer(Int.min ... Int.max, "x") }
        }
    }

    @Test(arguments: [
        ("5f41004100ff", "indefinite"), ("5801ff", "length 1 in two bytes"), ("5bffffffffffffffff", "2^64-1 bytes"),
        ("5b7fffffffffffffff00", "2^63-1 bytes"), ("5a7fffffff00", "2 GiB"), ("4401", "cut"), ("6401020304", "a text"),
        ("4b0001020304050607080910", "more than 10 bytes"),
    ])
    func `a byte string that claims more than there is is refused`(hex: String, why: String) throws {
        let bytes = try #require(Hex.decode(hex))
        #expect(throws: WireError.self, "\(why)") {
            try CBORDecoder.decode(bytes) { d throws(WireError) in try d.byteString(0 ... 10, "x") }
        }
    }

    @Test(arguments: [
        ("61ff", "not UTF-8"), ("62c080", "an overlong zero"), ("63eda080", "half of a surrogate pair"),
        ("6100", "a zero"),
        ("610a", "a line feed"), ("611b", "an escape"), ("617f", "a delete"), ("62c29b", "a C1 control"),
        ("63e280ae", "a right-to-left override"), ("6431323334", "more than 3 bytes"), ("4131", "bytes"),
    ])
    func `a text that is not UTF-8 or moves the cursor is refused`(hex: String, why: String) throws {
        let bytes = try #require(Hex.decode(hex))
        #expect(throws: WireError.self, "\(why)") {
            try CBORDecoder.decode(bytes) { d throws(WireError) in try d.text(sizeMax: 3, "x") }
        }
    }

    @Test(arguments: [
        ("a200000100", true), ("a201000000", false), ("a200000000", false), ("a20000f500", false), ("a1000000", false),
        ("a3000001000200", false), ("bf00000100ff", false), ("a20000200000", false), ("a2000018010000", false),
    ])
    func `a map must have exactly its keys in ascending order`(hex: String, isValid: Bool) throws {
        let bytes = try #require(Hex.decode(hex))
        let result = Result { () throws(WireError) -> Int in
            try CBORDecoder.decode(bytes) { d throws(WireError) in
                try d.map(exactly: 2, "x") { d throws(WireError) in
                    try d.key(0)
                    let a = try d.integer(0 ... 0, "a")
                    try d.key(1)
                    return try a + d.integer(0 ... 0, "b")
                }
            }
        }
        #expect((try? result.get()) == (isValid ? 0 : nil))
    }

    @Test
    func `an array that claims more elements than bytes is refused before anything is allocated`() throws {
        for hex in ["9bffffffffffffffff", "9a7fffffff00", "9b000000010000000000", "9affffffff", "9f0102ff"] {
            let bytes = try #require(Hex.decode(hex))
            #expect(throws: WireError.self) {
                try CBORDecoder.decode(bytes) { d throws(WireError) in
                    try d.array(countMax: .max, "x") { d throws(WireError) in try d.integer(0 ... 9, "y") }
                }
            }
        }
    }

    @Test
    func `values that are nested too deep are refused`() {
        func read(_ decoder: inout CBORDecoder) throws(WireError) -> Int {
            let inner = try decoder.array(countMax: 1, "x") { d throws(WireError) in try read(&d) }
            return 1 + (inner.first ?? 0)
        }
        func nested(_ depth: Int) -> [UInt8] { [UInt8](repeating: 0x81, count: depth - 1) + [0x80] }
        #expect(throws: Never.self) { try CBORDecoder.decode(nested(CBOR.depthMax), read) }
        #expect(throws: WireError.self) { try CBORDecoder.decode(nested(CBOR.depthMax + 1), read) }
        #expect(throws: WireError.self) { try CBORDecoder.decode(nested(1_000_000), read) }
    }

    @Test
    func `a sentence is made fit before it is sent`() throws {
        var encoder = CBOREncoder()
        encoder.sentence("a\u{1b}[31mred\n\u{202e}" + String(repeating: "é", count: 100), sizeMax: 20)
        let text = try CBORDecoder.decode(encoder.bytes) { d throws(WireError) in try d.text(sizeMax: 20, "x") }
        #expect(text == "a [31mred  ééééé" || text == "a [31mred  éééé")
        #expect(text.utf8.count <= 20)
    }

    @Test
    func `random bytes never make the decoder trap`() {
        var random = SplitMix64(seed: 7)
        func read(_ decoder: inout CBORDecoder) throws(WireError) -> Int {
            try decoder.array(countMax: 1_000, "x") { d throws(WireError) in try read(&d) }.reduce(1, +)
        }
        for _ in 0 ..< 20_000 {
            let bytes = random.bytes(Int.random(in: 0 ... 40, using: &random))
            _ = try? CBORDecoder.decode(bytes, read)
            _ = try? CBORDecoder.decode(bytes) { d throws(WireError) in try d.text(sizeMax: 100, "x") }
            _ = try? CBORDecoder.decode(bytes) { d throws(WireError) in try d.byteString(0 ... 100, "x") }
            _ = try? SignedRecord(decoding: bytes)
            _ = try? GridRequest(decoding: bytes)
            _ = try? GridResponse(decoding: bytes)
            _ = try? SceneIndex(decoding: bytes)
        }
    }
}
