import GridWire
import Testing

struct Blake2b256Tests {
    @Test(arguments: [
        ("", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
        ("abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
        (
            "The quick brown fox jumps over the lazy dog",
            "01718cec35cd3d796dd00020e0bfecb473ad23457d063b75eff29c0ffa2e58a9"
        ),
    ])
    func `known messages have their published digests`(message: String, digest: String) {
        #expect(Digest(hashing: message.utf8).description == digest)
    }

    @Test
    func `every length around the blocks agrees with libsodium`() {
        var random = SplitMix64(seed: 1)
        for length in Array(0 ... 520) + [1_023, 1_024, 1_025, 65_536, 100_003] {
            let message = random.bytes(length)
            let expected = Sodium.blake2b256(message)
            #expect(Digest(hashing: message).bytes == expected, "length \(length)")
        }
    }

    @Test
    func `pieces of any size give the digest of the whole`() {
        var random = SplitMix64(seed: 2)
        for _ in 0 ..< 300 {
            let message = random.bytes(Int.random(in: 0 ... 1_000, using: &random))
            var hash = Blake2b256()
            var rest = message[...]
            while !rest.isEmpty {
                let size = Int.random(in: 0 ... min(rest.count, 300), using: &random)
                if Bool.random(using: &random) {
                    hash.update(rest.prefix(size))
                } else {
                    hash.update(AnySequence(rest.prefix(size)))
                }
                rest = rest.dropFirst(size)
            }
            #expect(hash.finalizeBytes() == Sodium.blake2b256(message))
            #expect(hash.finalize().bytes == hash.finalizeBytes(), "finishing twice gives the same")
        }
    }

    @Test
    func `a copy in the middle goes its own way`() {
        var hash = Blake2b256()
        hash.update("abc".utf8)
        var copy = hash
        copy.update("def".utf8)
        #expect(hash.finalize() == Digest(hashing: "abc".utf8))
        #expect(copy.finalize() == Digest(hashing: "abcdef".utf8))
    }

    @Test
    func `digests are read from text and ordered by their bytes`() {
        let digest = Digest(hashing: "abc".utf8)
        #expect(Digest(digest.description) == digest)
        #expect(Digest(digest.description.uppercased()) == digest)
        #expect(Digest(String(digest.description.dropLast())) == nil)
        #expect(Digest(String(digest.description.dropLast()) + "g") == nil)
        #expect(Digest([1, 2, 3]) == nil)
        var random = SplitMix64(seed: 3)
        for _ in 0 ..< 200 {
            let (a, b) = (random.bytes(32), random.bytes(32))
            guard let x = Digest(a), let y = Digest(b) else { return #expect(Bool(false)) }
            #expect((x < y) == a.lexicographicallyPrecedes(b))
            #expect(x.bytes == a)
        }
    }

    @Test
    func `a leaf is hashed behind its domain`() {
        let payload: [UInt8] = [1, 2, 3]
        #expect(
            LeafHash.digest(ofPayload: payload).bytes == Sodium.blake2b256(Array("tessera-leaf-v1:".utf8) + payload)
        )
    }
}
