/// The name of a peer: its Ed25519 public key, written as libp2p writes it (`12D3KooW...`).
///
/// Peer ids are compared as bytes. Other kinds of libp2p keys are refused.
public struct PeerID: Hashable, Sendable, Comparable {
    /// The number of bytes of a public key.
    public static let publicKeySize = Bytes32.count
    /// The number of bytes of ``multihash``.
    public static let multihashSize = 38

    /// An identity multihash (0x00, 36 bytes) of a protobuf `PublicKey {1: Ed25519, 2: 32 bytes}`.
    private static let multihashPrefix: [UInt8] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20]
    /// CIDv1, codec libp2p-key.
    private static let cidPrefix: [UInt8] = [0x01, 0x72]
    /// The longest text that is parsed.
    private static let textSizeMax = 128

    private let storage: Bytes32

    /// Creates a peer id from the 32 bytes of an Ed25519 public key, or nothing from any other number of bytes.
    public init?(publicKey: some Collection<UInt8>) {
        guard let storage = Bytes32(publicKey) else { return nil }
        self.storage = storage
    }

    /// Reads the libp2p multihash of an Ed25519 key.
    ///
    /// - Throws: ``WireError`` when the bytes are anything but the 38 bytes of an Ed25519 peer id.
    public init(multihash: some Collection<UInt8>) throws(WireError) {
        guard multihash.count == Self.multihashSize, multihash.starts(with: Self.multihashPrefix),
            let storage = Bytes32(multihash.dropFirst(Self.multihashPrefix.count))
        else {
            throw WireError(.malformed, "\(multihash.count) bytes are not the peer id of an Ed25519 key")
        }
        self.storage = storage
    }

    /// Parses `12D3KooW...`, or the same as a CIDv1 in base32 (`bafzaa...`).
    ///
    /// - Throws: ``WireError`` when the text is anything else.
    public init(parsing text: String) throws(WireError) {
        guard text.utf8.count <= Self.textSizeMax else {
            throw WireError(.malformed, "a peer id of \(text.utf8.count) characters is too long")
        }
        let bytes: [UInt8]?
        if text.hasPrefix("1") || text.hasPrefix("Qm") {
            bytes = Base58.decode(text)
        } else if text.hasPrefix("b") {
            let cid = Base32.decode(text.dropFirst())
            bytes = cid.flatMap { $0.starts(with: Self.cidPrefix) ? Array($0.dropFirst(Self.cidPrefix.count)) : nil }
        } else if text.hasPrefix("z") {
            let cid = Base58.decode(text.dropFirst())
            bytes = cid.flatMap { $0.starts(with: Self.cidPrefix) ? Array($0.dropFirst(Self.cidPrefix.count)) : nil }
        } else {
            bytes = nil
        }
        guard let bytes else {
            throw WireError(.malformed, "\"\(text)\" is not a peer id; one looks like 12D3KooW...")
        }
        try self.init(multihash: bytes)
    }

    /// The 32 bytes of the Ed25519 public key.
    public var publicKey: [UInt8] {
        self.storage.bytes
    }

    /// Calls a closure with the 32 bytes of the public key, without copying them to an array.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.storage.withUnsafeBytes(body)
    }

    /// The 38 bytes that libp2p calls the peer id.
    public var multihash: [UInt8] {
        Self.multihashPrefix + self.storage.bytes
    }

    /// Lexicographic order of the keys.
    public static func < (a: Self, b: Self) -> Bool {
        a.storage < b.storage
    }
}

extension PeerID: LosslessStringConvertible {
    /// Parses the text of a peer id, or gives nothing; ``init(parsing:)`` says why.
    public init?(_ description: String) {
        guard let peer = try? Self(parsing: description) else { return nil }
        self = peer
    }

    /// `12D3KooW...`, 52 characters.
    public var description: String {
        Base58.encode(self.multihash)
    }

    /// The last eight characters, for tables and log lines: the first eight are equal for all peers.
    public var shortDescription: String {
        String(self.description.suffix(8))
    }
}
