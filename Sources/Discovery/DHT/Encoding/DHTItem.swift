/// What the DHT stores besides peers (BEP 44): a value named by its hash, or one that the owner of a key may replace.
public enum DHTItem: Hashable, Sendable {
    /// A value that never changes: bencoded, at most ``valueSizeMax`` bytes.
    case immutable(value: [UInt8])
    /// A value that its signer may replace by one with a higher sequence number.
    case mutable(MutableDHTItem)

    /// The most bytes of a bencoded value.
    public static let valueSizeMax = 1_000

    /// The name of the item: SHA-1 of the bencoded value, or of the key and the salt.
    public var target: DHTKey {
        switch self {
        case .immutable(let value): Self.target(ofImmutable: value)
        case .mutable(let item): Self.target(publicKey: item.publicKey, salt: item.salt)
        }
    }

    /// The bencoded value.
    public var value: [UInt8] {
        switch self {
        case .immutable(let value): value
        case .mutable(let item): item.value
        }
    }

    /// The name of a value that never changes.
    public static func target(ofImmutable value: [UInt8]) -> DHTKey {
        DHTKey(SHA1.digest(of: value)) ?? .zero
    }

    /// The name of what a key signs under a salt.
    public static func target(publicKey: [UInt8], salt: [UInt8]) -> DHTKey {
        DHTKey(SHA1.digest(of: publicKey + salt)) ?? .zero
    }

    /// A bencoded byte string, as a value.
    public static func value(ofBytes bytes: [UInt8]) -> [UInt8] {
        Bencode.bytes(bytes).encoded()
    }

    /// The bytes of a value that is a byte string, or nothing for other values.
    public static func bytes(ofValue value: [UInt8]) -> [UInt8]? {
        (try? Bencode(decoding: value))?.bytes
    }
}

/// A signed value of the DHT and its place in the order of its versions.
public struct MutableDHTItem: Hashable, Sendable {
    /// The most bytes of a salt.
    public static let saltSizeMax = 64

    /// The Ed25519 key of the signer, 32 bytes.
    public let publicKey: [UInt8]
    /// Tells apart the items of one key; often empty.
    public let salt: [UInt8]
    /// The version, at least 0; higher ones replace lower ones.
    public let sequence: Int64
    /// The bencoded value.
    public let value: [UInt8]
    /// The Ed25519 signature over ``signedMessage(salt:sequence:value:)``, 64 bytes.
    public let signature: [UInt8]

    /// Creates an item from its parts; ``isValid`` checks them.
    public init(publicKey: [UInt8], salt: [UInt8], sequence: Int64, value: [UInt8], signature: [UInt8]) {
        self.publicKey = publicKey
        self.salt = salt
        self.sequence = sequence
        self.value = value
        self.signature = signature
    }

    /// Signs a value.
    ///
    /// - Parameters:
    ///   - sequence: At least 0, and higher than that of every version before.
    ///   - value: In bencoding, at most ``DHTItem/valueSizeMax`` bytes.
    ///   - sign: Makes the Ed25519 signature of the key.
    public init(
        publicKey: [UInt8],
        salt: [UInt8],
        sequence: Int64,
        value: [UInt8],
        signedBy sign: (_ message: [UInt8]) -> [UInt8]
    ) {
        let signature = sign(Self.signedMessage(salt: salt, sequence: sequence, value: value))
        self.init(publicKey: publicKey, salt: salt, sequence: sequence, value: value, signature: signature)
    }

    /// Whether all sizes are within their limits and the signature is that of the key.
    public var isValid: Bool {
        self.sequence >= 0 && self.value.count <= DHTItem.valueSizeMax && self.salt.count <= Self.saltSizeMax
            && Sodium.isValid(
                signature: self.signature,
                message: Self.signedMessage(salt: self.salt, sequence: self.sequence, value: self.value),
                publicKey: self.publicKey
            )
    }

    /// What is signed: pieces of a bencoded dictionary without its ends, the salt only when there is one.
    ///
    /// It begins with a digit, unlike all that Tessera signs elsewhere, so that no signature fits two purposes.
    public static func signedMessage(salt: [UInt8], sequence: Int64, value: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        if !salt.isEmpty {
            message += "4:salt\(salt.count):".utf8
            message += salt
        }
        message += "3:seqi\(sequence)e1:v".utf8
        return message + value
    }
}
