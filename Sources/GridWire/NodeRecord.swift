/// Where a node can be reached, signed by the node itself, so that nobody can make it point at somebody else.
///
/// Peers pass it on (``TesseraProtocol/peers``), and the DHT holds it (BEP 44). Of two records of a node the one with the
/// higher sequence number holds. Whoever dials an address still learns only from the session who answers there.
public struct NodeRecord: Hashable, Sendable {
    /// The node, who signed.
    public let peer: PeerID
    /// The moment of signing in milliseconds since 1970, so that a node that lost its disk goes on upwards.
    public let sequence: UInt64
    /// Where the node listens, best first, without `/p2p`; at most ``addressesMax``.
    public let addresses: [Multiaddr]
    /// The Ed25519 signature over ``signedMessage``, 64 bytes.
    public let signature: [UInt8]

    /// The most addresses of a record.
    public static let addressesMax = 8
    /// The most bytes of an encoded record: a value of BEP 44 has 1,000.
    public static let encodedSizeMax = 960
    /// The most records of one message of peers.
    public static let recordsMax = 16
    /// What every signed message begins with, so that a signature made for one purpose fits no other.
    public static let signatureDomain = "tessera-node-v1:"

    /// Signs a record; addresses that do not fit are left out.
    public init(peer: PeerID, sequence: UInt64, addresses: [Multiaddr], signedBy sign: Signer) {
        self.peer = peer
        self.sequence = sequence
        var fitting: [Multiaddr] = []
        // Peer, numbers and signature take 110 bytes, and each address two of its own.
        var left = Self.encodedSizeMax - 128
        for address in addresses.prefix(Self.addressesMax) where address.bytes.count + 2 <= left {
            fitting.append(address)
            left -= address.bytes.count + 2
        }
        self.addresses = fitting
        self.signature = sign(Self.signedMessage(peer: peer, sequence: sequence, addresses: fitting))
    }

    private init(peer: PeerID, sequence: UInt64, addresses: [Multiaddr], signature: [UInt8]) {
        self.peer = peer
        self.sequence = sequence
        self.addresses = addresses
        self.signature = signature
    }

    /// The message that the node signs: ``signatureDomain`` and the canonical CBOR of `[peer, sequence, [address, ...]]`.
    public var signedMessage: [UInt8] {
        Self.signedMessage(peer: self.peer, sequence: self.sequence, addresses: self.addresses)
    }

    private static func signedMessage(peer: PeerID, sequence: UInt64, addresses: [Multiaddr]) -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(3)
        encoder.peer(peer)
        encoder.unsigned(sequence)
        encoder.array(addresses) { $0.byteString($1.bytes) }
        return Array(Self.signatureDomain.utf8) + encoder.bytes
    }

    /// Whether the signature is the node's.
    public func isGenuine(by isValid: SignatureVerifier) -> Bool {
        isValid(self.signature, self.signedMessage, self.peer)
    }

    /// The canonical CBOR array `[peer, sequence, [address, ...], signature]`.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder()
        self.append(to: &encoder)
        return encoder.bytes
    }

    /// Reads an encoded record; its signature is not looked into.
    ///
    /// - Throws: ``WireError`` when it is not canonical, or something is out of range.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.encodedSizeMax else {
            throw WireError(.outOfRange, "a node record of \(bytes.count) bytes is too long")
        }
        self = try CBORDecoder.decode(bytes) { (decoder) throws(WireError) in try Self(from: &decoder) }
    }

    /// What peers tell each other on ``TesseraProtocol/peers``: the canonical CBOR array of at most ``recordsMax`` records.
    public static func encode(_ records: [NodeRecord]) -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(records.prefix(Self.recordsMax)) { $1.append(to: &$0) }
        return encoder.bytes
    }

    /// Reads what ``encode(_:)`` wrote; no signature is looked into.
    ///
    /// - Throws: ``WireError`` when it is not canonical, or something is out of range.
    public static func decode(_ bytes: [UInt8]) throws(WireError) -> [NodeRecord] {
        try CBORDecoder.decode(bytes) { (decoder) throws(WireError) in
            try decoder.array(countMax: Self.recordsMax, "node records") { (decoder) throws(WireError) in
                try Self(from: &decoder)
            }
        }
    }

    private func append(to encoder: inout CBOREncoder) {
        encoder.array(4)
        encoder.peer(self.peer)
        encoder.unsigned(self.sequence)
        encoder.array(self.addresses) { $0.byteString($1.bytes) }
        encoder.byteString(self.signature)
    }

    private init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.array(exactly: 4, "a node record") { (decoder) throws(WireError) in
            let peer = try decoder.peer("the node")
            let sequence = try decoder.unsigned(max: 1 << 62, "a sequence number")
            let addresses = try decoder.array(countMax: Self.addressesMax, "addresses") { (decoder) throws(WireError) in
                try Multiaddr(decoding: try decoder.byteString(1 ... Multiaddr.sizeMax, "an address"))
            }
            let size = SignedRecord.signatureSize
            let signature = try decoder.byteString(size ... size, "the signature")
            return Self(peer: peer, sequence: sequence, addresses: addresses, signature: signature)
        }
    }
}
