import CSodium

/// The primitives of libsodium that discovery needs, over Swift types; no C type leaves this file.
enum Sodium {
    /// The bytes of an Ed25519 public key, of a seed and of a key of keyed BLAKE2b.
    static let keySize = 32
    /// The bytes of an Ed25519 signature.
    static let signatureSize = 64
    /// The fewest bytes that BLAKE2b gives here.
    private static let hashSizeMin = 16

    /// Chooses the fastest implementations for this processor, once per process.
    private static let isReady = sodium_init() >= 0

    /// BLAKE2b of a message under a key of 16 to 64 bytes, or under none, cut to `size` bytes (1...64).
    static func blake2b(_ message: [UInt8], key: [UInt8] = [], size: Int) -> [UInt8] {
        precondition(Self.isReady && (1 ... 64).contains(size), "BLAKE2b gives 1 to 64 bytes, not \(size)")
        precondition(key.isEmpty || (16 ... 64).contains(key.count), "a key of \(key.count) bytes")
        var hash = [UInt8](repeating: 0, count: max(size, Self.hashSizeMin))
        _ = crypto_generichash(&hash, hash.count, message, UInt64(message.count), key, key.count)
        return [UInt8](hash.prefix(size))
    }

    /// Whether two secrets are equal, in a time that does not tell where they differ.
    static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && sodium_memcmp(a, b, a.count) == 0
    }

    /// Whether an Ed25519 signature is valid; refuses S not below L and non-canonical and small-order keys and points.
    static func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == Self.signatureSize, publicKey.count == Self.keySize, Self.isReady else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }

    /// So many bytes of the ChaCha20 stream of a 32-byte seed.
    static func stream(seed: [UInt8], count: Int) -> [UInt8] {
        precondition(seed.count == Self.keySize, "a seed has 32 bytes, got \(seed.count)")
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf_deterministic(&bytes, count, seed)
        return bytes
    }
}
