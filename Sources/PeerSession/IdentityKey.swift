public import GridWire

/// The Ed25519 key that a node is.
///
/// ```swift
/// let key = IdentityKey.generate()
/// let same = try IdentityKey(encoded: key.encoded())
/// ```
/// The secret half is wiped from memory when the last reference goes. Keeping the encoded form in a file that only its
/// owner can read is the caller's part.
public final class IdentityKey: Sendable {
    /// Why bytes are not an identity key.
    public enum DecodingError: Error, Hashable, CustomStringConvertible {
        /// The bytes are not the 68 bytes of an encoded Ed25519 key.
        case notAnEd25519Key(size: Int)
        /// A seed must have 32 bytes.
        case wrongSeedSize(Int)
        /// The public half is not the one of the secret half: the file is damaged.
        case publicKeyMismatch

        /// What is wrong, in a sentence.
        public var description: String {
            switch self {
            case .notAnEd25519Key(let size):
                "these \(size) bytes are not an Ed25519 identity key (68 bytes beginning 08 01 12 40)"
            case .wrongSeedSize(let size):
                "an identity seed has 32 bytes, got \(size)"
            case .publicKeyMismatch:
                "the public half of the identity key does not belong to its secret half: the key is damaged"
            }
        }
    }

    /// The bytes of a seed.
    public static let seedSize = 32
    /// The bytes of ``encoded()``.
    public static let encodedSize = 68
    /// libp2p's PrivateKey message: type Ed25519, and 64 bytes of data (seed and public key).
    private static let encodedPrefix: [UInt8] = [0x08, 0x01, 0x12, 0x40]

    /// The Ed25519 public key, 32 bytes.
    public let publicKey: [UInt8]
    /// The name under which peers know this key.
    public let peerID: PeerID
    private let secretKey: SecretBytes

    /// Creates the key of a secret 32-byte seed.
    public convenience init(seed: [UInt8]) throws(DecodingError) {
        guard seed.count == Self.seedSize else { throw .wrongSeedSize(seed.count) }
        try self.init(secretSeed: SecretBytes(copying: seed))
    }

    private init(secretSeed: SecretBytes) throws(DecodingError) {
        let (publicKey, secretKey) = Sodium.signingKeyPair(seed: secretSeed)
        guard let peerID = PeerID(publicKey: publicKey) else { throw .publicKeyMismatch }
        self.publicKey = publicKey
        self.peerID = peerID
        self.secretKey = secretKey
    }

    /// Reads what ``encoded()`` wrote.
    public convenience init(encoded bytes: [UInt8]) throws(DecodingError) {
        guard bytes.count == Self.encodedSize, bytes.starts(with: Self.encodedPrefix) else {
            throw .notAnEd25519Key(size: bytes.count)
        }
        try self.init(secretSeed: SecretBytes(copying: bytes[4 ..< 36]))
        guard self.publicKey.elementsEqual(bytes[36...]) else { throw .publicKeyMismatch }
    }

    /// Makes a new key from the operating system's randomness.
    public static func generate() -> IdentityKey {
        do {
            var seed = Sodium.randomBytes(Self.seedSize)
            return try IdentityKey(secretSeed: SecretBytes(moving: &seed))
        } catch {
            preconditionFailure("a fresh seed was refused: \(error)")
        }
    }

    /// The secret and public halves in libp2p's PrivateKey encoding, 68 bytes, which other libp2p programs read too.
    public func encoded() -> [UInt8] {
        Self.encodedPrefix + self.secretKey.withUnsafeBytes { [UInt8]($0) }
    }

    /// Signs a message; 64 bytes.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        Sodium.sign(message, secretKey: self.secretKey)
    }

    /// This key as the function that `GridWire` signs records with.
    public var signer: Signer {
        { message in self.sign(message) }
    }
}

/// Memory that held secrets.
public enum SodiumMemory {
    /// Overwrites bytes with zeros in a way that the optimiser keeps, and empties them.
    public static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { Sodium.wipe($0) }
        bytes = []
    }
}

/// The Ed25519 rules of libsodium, for records and sessions alike.
public enum SodiumSignature {
    /// Says whether a signature is valid; refuses S not below L, non-canonical and small-order keys.
    public static let verifier: SignatureVerifier = { signature, message, signer in
        Sodium.isValid(signature: signature, message: message, publicKey: signer.publicKey)
    }
}

/// Where a machine gets its randomness: so many bytes, each unpredictable (or replayed from a seed by the simulator).
public typealias Entropy = (_ count: Int) -> [UInt8]

/// The operating system's randomness, for shells.
public enum SystemEntropy {
    /// Gives so many random bytes.
    public static let bytes: @Sendable (_ count: Int) -> [UInt8] = { Sodium.randomBytes($0) }
}
