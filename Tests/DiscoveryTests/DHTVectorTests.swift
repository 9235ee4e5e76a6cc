import Discovery
import GridWire
import Testing

@Suite
struct DHTVectorTests {
    private func bytes(_ hex: String) -> [UInt8] {
        Hex.decode(hex) ?? []
    }

    @Test
    func `checksums and digests are the published ones`() {
        #expect(CRC32C.checksum(of: [UInt8]("123456789".utf8)) == 0xE306_9283)
        #expect(Hex.encode(SHA1.digest(of: [])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(Hex.encode(SHA1.digest(of: [UInt8]("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        let long = [UInt8]("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        #expect(Hex.encode(SHA1.digest(of: long)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
        let million = [UInt8](repeating: 0x61, count: 1_000_000)
        #expect(Hex.encode(SHA1.digest(of: million)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    }

    /// The table of BEP 42, and one IPv6 address.
    @Test(arguments: [
        ("124.31.75.21", 1, "5fbfb8", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"),
        ("21.75.31.124", 86, "5a3ce8", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"),
        ("65.23.51.170", 22, "a5d430", "a5d43220bc8f112a3d426c84764f8c2a1150e616"),
        ("84.124.73.14", 65, "1b0320", "1b0321dd1bb1fe518101ceef99462b947a01ff41"),
        ("43.213.53.83", 90, "e56f68", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"),
        ("2001:db8:1:2::3", 5, "01f2d8", nil),
    ])
    func `ids follow their address`(text: String, lastByte: UInt8, prefix: String, example: String?) throws {
        let address = try #require(IPAddress(text))
        let id = SecureNodeID.make(for: address, random: .zero, lastByte: lastByte)
        #expect(Hex.encode(id.bytes.prefix(3)) == prefix)
        #expect(id.bytes[19] == lastByte)
        #expect(SecureNodeID.isValid(id, for: address))
        if let example { #expect(SecureNodeID.isValid(try #require(DHTKey(example)), for: address)) }
        var wrong = id.bytes
        wrong[2] ^= 0x08
        #expect(!SecureNodeID.isValid(try #require(DHTKey(wrong)), for: address))
        let elsewhere = try #require(IPAddress("198.51.100.7"))
        #expect(!SecureNodeID.isValid(id, for: elsewhere))
    }

    @Test(arguments: ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.1.1", "::1", "fe80::1", "fd00::1"])
    func `addresses that mean nothing in the Internet may have any id`(text: String) throws {
        #expect(SecureNodeID.isValid(.zero, for: try #require(IPAddress(text))))
    }

    private static let publicKey = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548"

    /// The examples of BEP 44.
    @Test(arguments: [
        (
            "", "4a533d47ec9c7d95b1ad75f576cffc641853b750",
            "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
        ),
        (
            "foobar", "411eba73b6f087ca51a3795d9c8c938d365e32c1",
            "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
        ),
    ])
    func `signed items are the published ones`(salt: String, target: String, signature: String) {
        let item = MutableDHTItem(
            publicKey: self.bytes(Self.publicKey),
            salt: [UInt8](salt.utf8),
            sequence: 1,
            value: [UInt8]("12:Hello World!".utf8),
            signature: self.bytes(signature)
        )
        #expect(DHTItem.mutable(item).target.description == target)
        #expect(item.isValid)
        let other = MutableDHTItem(
            publicKey: item.publicKey,
            salt: item.salt,
            sequence: 2,
            value: item.value,
            signature: item.signature
        )
        #expect(!other.isValid)
    }

    @Test
    func `an item that never changes is named by its value`() {
        let item = DHTItem.immutable(value: [UInt8]("12:Hello World!".utf8))
        #expect(item.target.description == "e5f96f6f38320f0f33959cb4d3d656452117aadb")
        #expect(DHTItem.bytes(ofValue: item.value) == [UInt8]("Hello World!".utf8))
    }

    @Test
    func `what is signed for the DHT begins like nothing else that is signed`() {
        let message = MutableDHTItem.signedMessage(salt: [], sequence: 1, value: [])
        let salted = MutableDHTItem.signedMessage(salt: [1], sequence: 1, value: [])
        for domain in [SignedRecord.signatureDomain, "noise-libp2p-static-key:", "libp2p-peer-record"] {
            #expect(!message.starts(with: domain.utf8.prefix(1)))
            #expect(!salted.starts(with: domain.utf8.prefix(1)))
        }
    }

    @Test
    func `distances and prefixes are those of the bits`() throws {
        var generator = SeededGenerator(seed: 3)
        for length in 0 ..< 160 {
            let own = generator.key()
            let other = own.neighbour(commonPrefixLength: length, random: generator.key())
            #expect(own.commonPrefixLength(with: other) == length)
            #expect(other.commonPrefixLength(with: own) == length)
            #expect(DHTKey(own.bytes) == own)
            #expect(DHTKey(own.description) == own)
        }
        let own = generator.key()
        #expect(own.commonPrefixLength(with: own) == 160)
        #expect(own.distance(to: own) == .zero)
        #expect(DHTKey([1, 2, 3]) == nil)
    }
}
