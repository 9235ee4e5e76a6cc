import GridWire
import Testing

struct ObjectNamesTests {
    @Test
    func `names come back frame by frame, and equal frames share them`() throws {
        var names = ObjectNames()
        let first = ["sea", "drop", "drop", "drop", "", "sea"]
        let long = [String](repeating: "水", count: 1_000)
        for frame in [first, first, long, first, []] { names.append(frame) }
        #expect(names.lists.count == 3)
        let bytes = names.encoded()
        #expect(bytes.count < 60)
        let read = try ObjectNames(decoding: bytes)
        #expect(read == names)
        #expect((0 ..< 6).map { read[frame: $0] } == [first, first, long, first, [], []])
        #expect(read[frame: -1].isEmpty)
    }

    @Test
    func `what names cannot hold is cut, and damaged ones are refused`() throws {
        var names = ObjectNames()
        names.append([String(repeating: "x", count: 2_000), "a\u{7}b"])
        let read = try ObjectNames(decoding: names.encoded())
        #expect(read[frame: 0] == [String(repeating: "x", count: ObjectNames.nameSizeMax), "a b"])
        let bytes = names.encoded()
        for length in 0 ..< bytes.count {
            #expect(throws: WireError.self) { try ObjectNames(decoding: Array(bytes.prefix(length))) }
        }
        // A frame whose entry is not there, and more instances than any frame has.
        #expect(throws: WireError.self) { try ObjectNames(decoding: [0x82, 0x80, 0x81, 0x00]) }
        let many: [UInt8] = [0x82, 0x61, 0x61, 0x1A, 0x10, 0x00, 0x00, 0x00]
        #expect(throws: Never.self) { try ObjectNames(decoding: [0x82, 0x81, 0x81] + many + [0x80]) }
        #expect(throws: WireError.self) { try ObjectNames(decoding: [0x82, 0x81, 0x82] + many + many + [0x80]) }
    }
}
