import Discovery
import Testing

@Suite
struct BencodeTests {
    private func decode(_ text: String) throws(Bencode.Malformed) -> Bencode {
        try Bencode(decoding: [UInt8](text.utf8))
    }

    @Test(arguments: [
        "i0e", "i-1e", "i9223372036854775807e", "i-9223372036854775808e", "0:", "4:spam", "le", "de", "l4:spami42ee",
        "d3:bar4:spam3:fooi42ee", "d0:le1:ad1:bi0eee", "lllleeee",
    ])
    func `canonical text is read and written back`(text: String) throws {
        #expect(try self.decode(text).encoded() == [UInt8](text.utf8))
    }

    @Test(arguments: [
        ("", Bencode.Malformed.truncated), ("i", .truncated), ("i1", .truncated), ("5:spam", .truncated),
        ("l", .truncated),
        ("d", .truncated), ("d1:a", .truncated), ("ie", .badNumber), ("i-e", .badNumber), ("i01e", .badNumber),
        ("i-0e", .badNumber), ("i-01e", .badNumber), ("i9223372036854775808e", .badNumber), ("i+1e", .badNumber),
        ("i-9223372036854775809e", .badNumber), ("i1.5e", .badNumber), ("01:a", .badNumber), ("1-:a", .badNumber),
        ("99999999999999999999:", .badNumber), ("9223372036854775807:", .truncated), ("e", .unexpectedByte),
        ("x", .unexpectedByte), ("-1:a", .unexpectedByte), ("d1:ae", .unexpectedByte), ("i1ei2e", .trailingBytes),
        ("lee", .trailingBytes), ("di1ei2ee", .badKey), ("d1:b0:1:a0:e", .badKey), ("d1:a0:1:a0:e", .badKey),
        ("dle0:e", .badKey), ("d2:aa0:1:b0:1:a0:e", .badKey),
    ])
    func `anything else is refused`(text: String, error: Bencode.Malformed) {
        #expect(throws: error) { try self.decode(text) }
    }

    @Test
    func `nesting is read to its limit and no deeper, however deep it goes`() throws {
        let depth = Bencode.depthMax
        let text = String(repeating: "l", count: depth) + String(repeating: "e", count: depth)
        #expect(try self.decode(text).encoded() == [UInt8](text.utf8))
        for open in ["l", "d1:a"] {
            #expect(throws: Bencode.Malformed.tooLarge) { try self.decode(String(repeating: open, count: depth + 1)) }
            #expect(throws: Bencode.Malformed.tooLarge) { try self.decode(String(repeating: open, count: 100_000)) }
        }
    }

    @Test
    func `more values than the limit are refused`() throws {
        let most = Bencode.valueCountMax - 1
        _ = try self.decode("l" + String(repeating: "le", count: most) + "e")
        #expect(throws: Bencode.Malformed.tooLarge) {
            try self.decode("l" + String(repeating: "le", count: most + 1) + "e")
        }
    }

    @Test
    func `a dictionary keeps its keys in order and once`() {
        var dictionary = Bencode.Dictionary()
        dictionary["foo"] = .integer(1)
        dictionary["bar"] = .integer(2)
        dictionary["foo"] = .integer(3)
        dictionary["zap"] = .integer(4)
        dictionary["zap"] = nil
        #expect(Bencode.dictionary(dictionary).encoded() == [UInt8]("d3:bari2e3:fooi3ee".utf8))
        #expect(dictionary["bar"]?.integer == 2)
        #expect(dictionary["none"] == nil)
    }

    @Test
    func `random values come back, cut ones do not, and what is read is canonical`() throws {
        var generator = SeededGenerator(seed: 1)
        for round in 0 ..< 200 {
            let value = self.value(depth: 4, &generator)
            let bytes = value.encoded()
            #expect(try Bencode(decoding: bytes) == value)
            for cut in Damage.truncations(of: bytes) {
                #expect(throws: Bencode.Malformed.self) { try Bencode(decoding: cut) }
            }
            for damaged in Damage.mutations(of: bytes, count: 50, seed: UInt64(round)) {
                if let read = try? Bencode(decoding: damaged) { #expect(read.encoded() == damaged) }
            }
        }
    }

    private func value(depth: Int, _ generator: inout SeededGenerator) -> Bencode {
        switch Int.random(in: 0 ..< (depth > 0 ? 4 : 2), using: &generator) {
        case 0:
            return .integer(
                Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0 ..< 63, using: &generator)
            )
        case 1: return .bytes(generator.bytes(Int.random(in: 0 ..< 12, using: &generator)))
        case 2:
            return .list(
                (0 ..< Int.random(in: 0 ..< 4, using: &generator)).map { _ in self.value(depth: depth - 1, &generator) }
            )
        default:
            var dictionary = Bencode.Dictionary()
            for key in ["a", "b", "id", "", "values"] as [StaticString] where Bool.random(using: &generator) {
                dictionary[key] = self.value(depth: depth - 1, &generator)
            }
            return .dictionary(dictionary)
        }
    }
}
