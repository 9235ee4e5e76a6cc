public import GridWire

/// What a peer says of itself in `/ipfs/id/1.0.0`.
///
/// Claims, not facts.
public struct IdentifyMessage: Hashable, Sendable {
    /// The most addresses that are kept.
    public static let addressCountMax = 32
    /// The most protocols that are kept, and the most bytes of each.
    public static let protocolCountMax = 128
    /// The most bytes of a protocol or version text; longer ones are dropped.
    public static let textSizeMax = 256
    /// The most bytes of a whole message.
    public static let sizeMax = 64 << 10

    /// The public key's peer, if the message gave a key.
    public var peer: PeerID?
    /// Where the peer says that it can be reached.
    public var listenAddresses: [Multiaddr] = []
    /// The protocols that it says it speaks.
    public var protocols: [String] = []
    /// Where it sees us.
    public var observedAddress: Multiaddr?
    /// The name and version of the protocol family.
    public var protocolVersion = ""
    /// The name and version of its program.
    public var agentVersion = ""

    /// Creates an empty message.
    public init() {}

    /// Reads a message, addresses and texts that are malformed or too long left out; nothing when it is not well-formed.
    ///
    /// It may begin with its length, as all implementations send it, or not, as the specification has it; several
    /// pieces with lengths are merged.
    public init?(decoding bytes: [UInt8]) {
        guard bytes.count <= Self.sizeMax else { return nil }
        if let pieces = Self.pieces(of: bytes) {
            for piece in pieces {
                guard self.merge(piece) else { return nil }
            }
        } else {
            guard self.merge(bytes[...]) else { return nil }
        }
    }

    /// Takes over what a later message says; what it leaves out is unchanged.
    package mutating func update(with later: Self) {
        self.peer = later.peer ?? self.peer
        if !later.listenAddresses.isEmpty { self.listenAddresses = later.listenAddresses }
        if !later.protocols.isEmpty { self.protocols = later.protocols }
        self.observedAddress = later.observedAddress ?? self.observedAddress
        if !later.protocolVersion.isEmpty { self.protocolVersion = later.protocolVersion }
        if !later.agentVersion.isEmpty { self.agentVersion = later.agentVersion }
    }

    /// The protobuf, with its length before it.
    public func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        if let peer {
            writer.append(1, HandshakePayload.encodedKey(of: peer))
        }
        for address in self.listenAddresses.prefix(Self.addressCountMax) {
            writer.append(2, address.bytes)
        }
        for name in self.protocols.prefix(Self.protocolCountMax) {
            writer.append(3, name.utf8)
        }
        if let observedAddress {
            writer.append(4, observedAddress.bytes)
        }
        if !self.protocolVersion.isEmpty {
            writer.append(5, self.protocolVersion.utf8)
        }
        if !self.agentVersion.isEmpty {
            writer.append(6, self.agentVersion.utf8)
        }
        return Varint.encode(UInt64(writer.bytes.count)) + writer.bytes
    }

    /// The parts of a stream that is wholly made of length-prefixed messages.
    private static func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>]? {
        var rest = bytes[...]
        var pieces: [ArraySlice<UInt8>] = []
        while !rest.isEmpty {
            guard let (size, prefix) = try? Varint.decode(rest) else { return nil }
            rest = rest.dropFirst(prefix)
            guard size <= UInt64(rest.count) else { return nil }
            pieces.append(rest.prefix(Int(size)))
            rest = rest.dropFirst(Int(size))
        }
        return pieces
    }

    private mutating func merge(_ bytes: ArraySlice<UInt8>) -> Bool {
        var reader = ProtobufReader(bytes)
        do {
            while let (field, value) = try reader.next() {
                guard case .bytes(let bytes) = value else { continue }
                switch field {
                case 1:
                    // A key that we cannot read names a peer that cannot be the one of the session.
                    guard let peer = HandshakePayload.peer(encodedKey: bytes) else { return false }
                    self.peer = peer
                case 2 where self.listenAddresses.count < Self.addressCountMax:
                    if let address = try? Multiaddr(decoding: bytes) { self.listenAddresses.append(address) }
                case 3 where self.protocols.count < Self.protocolCountMax:
                    if let name = Self.text(bytes) { self.protocols.append(name) }
                case 4: self.observedAddress = try? Multiaddr(decoding: bytes)
                case 5: self.protocolVersion = Self.text(bytes) ?? self.protocolVersion
                case 6: self.agentVersion = Self.text(bytes) ?? self.agentVersion
                default: break
                }
            }
            return true
        } catch {
            return false
        }
    }

    /// Text that is short and is text: bytes that are not would grow threefold when they are made to be.
    private static func text(_ bytes: [UInt8]) -> String? {
        bytes.count <= Self.textSizeMax ? String(validating: bytes, as: UTF8.self) : nil
    }
}
