import GridWire
import Testing

struct TextCodingTests {
    @Test(
        arguments: [
            ([], ""), ([0], "1"), ([0, 0, 1], "112"), ([0x61], "2g"), ([0x62, 0x62, 0x62], "a3gV"),
            ([0x51, 0x6b, 0x6f, 0xcd, 0x0f], "ABnLTmg"),
            ([0xbf, 0x4f, 0x89, 0x00, 0x1e, 0x67, 0x02, 0x74, 0xdd], "3SEo3LWLoPntC"),
        ] as [([UInt8], String)]
    )
    func `base58 has the known texts`(bytes: [UInt8], text: String) {
        #expect(Base58.encode(bytes) == text)
        #expect(Base58.decode(text) == bytes)
    }

    @Test
    func `base58, base32 and hex go back and forth`() {
        var random = SplitMix64(seed: 4)
        for length in 0 ..< 64 {
            let bytes = [UInt8](repeating: 0, count: length % 5) + random.bytes(length)
            #expect(Base58.decode(Base58.encode(bytes)) == bytes)
            #expect(Base32.decode(Base32.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
        #expect(Base58.decode("0") == nil)
        #expect(Base58.decode("l") == nil)
        #expect(Base58.decode("é") == nil)
        #expect(Base58.decode(String(repeating: "z", count: Base58.textSizeMax + 1)) == nil)
        #expect(Base32.decode("A") == nil)
        #expect(Base32.decode("ab") == nil, "unused bits must be zero")
        #expect(Hex.decode("abc") == nil)
        #expect(Hex.decode("0x") == nil)
    }

    @Test(
        arguments: [
            (0, [0x00]), (1, [0x01]), (127, [0x7f]), (128, [0x80, 0x01]), (300, [0xac, 0x02]),
            (16_384, [0x80, 0x80, 0x01]),
            (UInt64.max >> 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        ] as [(UInt64, [UInt8])]
    )
    func `a varint is minimal and comes back`(value: UInt64, bytes: [UInt8]) throws {
        #expect(Varint.encode(value) == bytes)
        let decoded = try #require(try Varint.decode(bytes + [0xff]))
        #expect(decoded.value == value)
        #expect(decoded.size == bytes.count)
        for length in 0 ..< bytes.count {
            #expect(try Varint.decode(bytes.prefix(length)) == nil, "a cut varint needs more bytes")
        }
    }

    @Test(arguments: [
        [0x80, 0x00], [0x81, 0x80, 0x00], [UInt8](repeating: 0x80, count: 9), [UInt8](repeating: 0xff, count: 20),
    ])
    func `a varint that is too long or not minimal is refused`(bytes: [UInt8]) {
        #expect(throws: WireError.self) { try Varint.decode(bytes) }
    }

    // From the libp2p peer id specification.
    private let vector = "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
    private let vectorKey = "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"
    private let vectorCID = "bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzyt6"

    @Test
    func `a peer id has libp2p's text`() throws {
        let key = try #require(Hex.decode(self.vectorKey))
        let peer = try #require(PeerID(publicKey: key))
        #expect(peer.description == self.vector)
        #expect(peer.publicKey == key)
        #expect(Hex.encode(peer.multihash) == "002408011220" + self.vectorKey)
        #expect(try PeerID(parsing: self.vector) == peer)
        #expect(try PeerID(parsing: self.vectorCID) == peer)
        #expect(try PeerID(multihash: peer.multihash) == peer)
        #expect(peer.shortDescription == "Umo7R3pq")
    }

    @Test
    func `anything but an Ed25519 peer id is refused`() {
        let other = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"
        let texts = [
            "", "1", "b", "z", "12D3KooW", self.vector + "1", String(self.vector.dropLast()), other, self.vector + " ",
        ]
        for text in texts + [String(repeating: "1", count: 100_000), String(self.vectorCID.dropLast()), "é"] {
            #expect(throws: WireError.self) { try PeerID(parsing: text) }
        }
        var random = SplitMix64(seed: 5)
        for length in 0 ..< 80 {
            #expect(throws: WireError.self) { try PeerID(multihash: random.bytes(length)) }
        }
    }
}
