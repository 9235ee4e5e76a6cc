import CSodium

/// The primitives of libsodium that sessions need, over Swift types.
///
/// Every length is checked here, so that no wrong length reaches C. No C type leaves this file.
package enum Sodium {
    /// The bytes of an X25519 or Ed25519 key and of a SHA-256 digest.
    package static let keySize = 32
    /// The bytes of an Ed25519 signature.
    package static let signatureSize = 64

    /// Chooses the fastest implementations for this processor, once per process.
    private static let isReady = sodium_init() >= 0

    /// To be called before anything else of libsodium.
    static func prepare() {
        precondition(Self.isReady, "libsodium could not be initialised: the system gives no randomness")
    }

    /// Random bytes from the operating system.
    ///
    /// Machines take theirs from the entropy that they are given instead.
    package static func randomBytes(_ count: Int) -> [UInt8] {
        Self.prepare()
        return [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, used in
            if let base = buffer.baseAddress, count > 0 {
                randombytes_buf(base, count)
            }
            used = max(0, count)
        }
    }

    /// Overwrites memory with zeros in a way that the optimiser keeps.
    package static func wipe(_ memory: UnsafeMutableRawBufferPointer) {
        if let base = memory.baseAddress {
            sodium_memzero(base, memory.count)
        }
    }

    // MARK: Ed25519

    /// The public key and the 64-byte secret key (seed and public key) of a 32-byte seed.
    package static func signingKeyPair(seed: SecretBytes) -> (publicKey: [UInt8], secretKey: SecretBytes) {
        precondition(seed.count == Self.keySize, "an Ed25519 seed has 32 bytes, got \(seed.count)")
        Self.prepare()
        var publicKey = [UInt8](repeating: 0, count: Self.keySize)
        let secretKey = SecretBytes(count: 64) { secret in
            seed.withUnsafeBytes { seed in
                _ = crypto_sign_seed_keypair(&publicKey, Self.bytes(secret), Self.bytes(seed))
            }
        }
        return (publicKey, secretKey)
    }

    /// The Ed25519 signature of a message by a 64-byte secret key.
    package static func sign(_ message: [UInt8], secretKey: SecretBytes) -> [UInt8] {
        precondition(secretKey.count == 64, "an Ed25519 secret key has 64 bytes, got \(secretKey.count)")
        var signature = [UInt8](repeating: 0, count: Self.signatureSize)
        secretKey.withUnsafeBytes { secret in
            _ = crypto_sign_detached(&signature, nil, message, UInt64(message.count), Self.bytes(secret))
        }
        return signature
    }

    /// Whether an Ed25519 signature is valid; refuses S not below L and non-canonical and small-order keys and points.
    package static func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == Self.signatureSize, publicKey.count == Self.keySize else { return false }
        Self.prepare()
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }

    // MARK: X25519

    /// The X25519 public key of a secret key.
    package static func agreementPublicKey(of secretKey: SecretBytes) -> [UInt8] {
        precondition(secretKey.count == Self.keySize, "an X25519 key has 32 bytes, got \(secretKey.count)")
        Self.prepare()
        var publicKey = [UInt8](repeating: 0, count: Self.keySize)
        secretKey.withUnsafeBytes { secret in
            _ = crypto_scalarmult_base(&publicKey, Self.bytes(secret))
        }
        return publicKey
    }

    /// The X25519 shared secret, or nothing when it would be all zero (a point of low order) or the key has a wrong size.
    package static func sharedSecret(_ secretKey: SecretBytes, _ publicKey: [UInt8]) -> SecretBytes? {
        guard secretKey.count == Self.keySize, publicKey.count == Self.keySize else { return nil }
        var status: Int32 = -1
        let shared = SecretBytes(count: Self.keySize) { shared in
            secretKey.withUnsafeBytes { secret in
                status = crypto_scalarmult(Self.bytes(shared), Self.bytes(secret), publicKey)
            }
        }
        return status == 0 ? shared : nil
    }

    // MARK: SHA-256, HMAC and HKDF

    /// The SHA-256 digest of `bytes`.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.keySize)
        _ = crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        return digest
    }

    /// HMAC-SHA256 under a 32-byte key.
    package static func hmac(_ message: UnsafeRawBufferPointer, key: SecretBytes) -> SecretBytes {
        precondition(key.count == Self.keySize, "this HMAC takes 32-byte keys, got \(key.count)")
        return SecretBytes(count: Self.keySize) { code in
            key.withUnsafeBytes { key in
                _ = crypto_auth_hmacsha256(
                    Self.bytes(code),
                    message.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    UInt64(message.count),
                    Self.bytes(key)
                )
            }
        }
    }

    /// The two-output HKDF of the Noise specification, section 4.3.
    package static func hkdf(chainingKey: SecretBytes, input: SecretBytes?) -> (SecretBytes, SecretBytes) {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        let temporary =
            input?.withUnsafeBytes { Self.hmac($0, key: chainingKey) } ?? Self.hmac(none, key: chainingKey)
        let first = withUnsafeBytes(of: UInt8(1)) { Self.hmac($0, key: temporary) }
        let message = SecretBytes(count: Self.keySize + 1) { memory in
            first.withUnsafeBytes { memory.copyMemory(from: $0) }
            memory[Self.keySize] = 2
        }
        let second = message.withUnsafeBytes { Self.hmac($0, key: temporary) }
        return (first, second)
    }

    // MARK: XSalsa20 and BLAKE2b, for private grids

    /// The bytes of an XSalsa20 nonce.
    package static let streamNonceSize = 24
    /// The bytes of an XSalsa20 block.
    package static let streamBlockSize = 64

    /// XORs whole blocks of the XSalsa20 key stream, from the numbered one on, onto `memory`; the last may be cut.
    package static func applyStream(
        to memory: UnsafeMutableRawBufferPointer,
        nonce: [UInt8],
        firstBlock: UInt64,
        key: SecretBytes
    ) {
        precondition(
            nonce.count == Self.streamNonceSize && key.count == Self.keySize,
            "XSalsa20 takes a nonce of 24 bytes and a key of 32, got \(nonce.count) and \(key.count)"
        )
        guard !memory.isEmpty else { return }
        let text = Self.bytes(memory)
        key.withUnsafeBytes { key in
            _ = crypto_stream_xsalsa20_xor_ic(text, text, UInt64(memory.count), nonce, firstBlock, Self.bytes(key))
        }
    }

    /// The BLAKE2b-256 digest of a message under a 32-byte key.
    package static func keyedHash(_ message: [UInt8], key: SecretBytes) -> [UInt8] {
        precondition(key.count == Self.keySize, "this hash takes 32-byte keys, got \(key.count)")
        Self.prepare()
        var digest = [UInt8](repeating: 0, count: Self.keySize)
        key.withUnsafeBytes { key in
            _ = crypto_generichash(
                &digest,
                digest.count,
                message,
                UInt64(message.count),
                Self.bytes(key),
                key.count
            )
        }
        return digest
    }

    // MARK: Helpers

    private static func bytes(_ memory: UnsafeRawBufferPointer) -> UnsafePointer<UInt8> {
        guard let base = memory.baseAddress else { preconditionFailure("an empty buffer where bytes are needed") }
        return base.assumingMemoryBound(to: UInt8.self)
    }

    private static func bytes(_ memory: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<UInt8> {
        guard let base = memory.baseAddress else { preconditionFailure("an empty buffer where bytes are needed") }
        return base.assumingMemoryBound(to: UInt8.self)
    }
}
