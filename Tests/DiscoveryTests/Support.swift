import CSodium
import Discovery
import GridWire

/// Numbers from a seed (SplitMix64), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension SeededGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0 ..< count).map { _ in UInt8.random(in: 0 ... 255, using: &self) }
    }

    mutating func key() -> DHTKey {
        DHTKey(self.bytes(DHTKey.byteCount)) ?? .zero
    }
}

/// Every prefix of some bytes, and many copies with a few bytes changed, inserted or removed.
struct Damage {
    static func truncations(of bytes: [UInt8]) -> [[UInt8]] {
        bytes.indices.map { [UInt8](bytes.prefix($0)) }
    }

    static func mutations(of bytes: [UInt8], count: Int, seed: UInt64) -> [[UInt8]] {
        var generator = SeededGenerator(seed: seed)
        return (0 ..< count).map { _ in
            var copy = bytes
            for _ in 0 ... Int.random(in: 0 ..< 4, using: &generator) {
                let position = Int.random(in: 0 ..< max(copy.count, 1), using: &generator)
                guard position < copy.count else { break }
                switch Int.random(in: 0 ..< 4, using: &generator) {
                case 0: copy[position] = UInt8.random(in: 0 ... 255, using: &generator)
                case 1: copy.insert(UInt8.random(in: 0 ... 255, using: &generator), at: position)
                case 2: copy.remove(at: position)
                default: copy[position] = [UInt8]("0123456789:ilde-".utf8).randomElement(using: &generator) ?? 0
                }
            }
            return copy
        }
    }
}

/// An Ed25519 key of a test.
struct SigningKey {
    let publicKey: [UInt8]
    private let secretKey: [UInt8]
    private let seed: [UInt8]

    /// The clamped SHA-512 of the seed, which BEP 44 and libtorrent call the private key.
    var expandedSecret: [UInt8] {
        var hash = [UInt8](repeating: 0, count: 64)
        _ = crypto_hash_sha512(&hash, self.seed, UInt64(self.seed.count))
        hash[0] &= 0xF8
        hash[31] = hash[31] & 0x3F | 0x40
        return hash
    }

    init(seed: UInt8) {
        self.seed = [UInt8](repeating: seed, count: 32)
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secretKey = [UInt8](repeating: 0, count: 64)
        _ = sodium_init()
        _ = crypto_sign_seed_keypair(&publicKey, &secretKey, self.seed)
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    static func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
        signature.count == 64 && publicKey.count == 32
            && crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }

    func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        _ = crypto_sign_detached(&signature, nil, message, UInt64(message.count), self.secretKey)
        return signature
    }

    func item(_ text: String, sequence: Int64, salt: String = "") -> MutableDHTItem {
        MutableDHTItem(
            publicKey: self.publicKey,
            salt: [UInt8](salt.utf8),
            sequence: sequence,
            value: DHTItem.value(ofBytes: [UInt8](text.utf8)),
            signedBy: self.sign
        )
    }
}
