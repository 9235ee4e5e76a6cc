/// Where a peer can be reached, in libp2p's self-describing form: `/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...`.
///
/// An address whose parts this version does not know is kept as it is, opaque, since the length of an unknown part is
/// unknown too. Two addresses are equal when their bytes are.
public struct Multiaddr: Hashable, Sendable {
    /// One part of an address.
    public enum Component: Hashable, Sendable {
        /// An IPv4 or IPv6 address.
        case ip(IPAddress)
        /// The zone of the IPv6 address that follows, such as `eth0`.
        case ip6zone(String)
        /// A TCP port.
        case tcp(UInt16)
        /// A UDP port.
        case udp(UInt16)
        /// A host name, resolved to either kind of address.
        case dns(String)
        /// A host name, resolved to IPv4.
        case dns4(String)
        /// A host name, resolved to IPv6.
        case dns6(String)
        /// A name whose TXT records hold addresses.
        case dnsaddr(String)
        /// The peer that answers there.
        case p2p(PeerID)
        /// What stands before is a relay.
        case p2pCircuit
        /// A known protocol without a value that this version does not dial, such as `quic-v1` or `ws`.
        case flag(Flag)
    }

    /// Protocols without a value; the raw value is the multicodec.
    public enum Flag: UInt64, Hashable, Sendable, CaseIterable {
        /// DTLS.
        case dtls = 448
        /// QUIC, draft 29.
        case quic = 460
        /// QUIC, RFC 9000.
        case quicV1 = 461
        /// WebTransport.
        case webtransport = 465
        /// WebSocket.
        case ws = 477
        /// WebSocket over TLS.
        case wss = 478
        /// HTTP.
        case http = 480
        /// Noise.
        case noise = 454
        /// WebRTC direct.
        case webrtcDirect = 280
        /// WebRTC.
        case webrtc = 281
    }

    /// The most bytes of an address.
    public static let sizeMax = 256
    /// The most characters of a text that is parsed.
    public static let textSizeMax = 1_024
    /// The most parts of an address.
    public static let componentsMax = 16
    /// The longest host name or zone in bytes.
    public static let nameSizeMax = 128

    /// The binary form.
    public let bytes: [UInt8]
    /// The parts in order; none when the address is opaque.
    public let components: [Component]

    /// Creates an address from parts, or nothing when there is none, there are too many, a name is unfit, or the
    /// whole is too long.
    public init?(_ components: [Component]) {
        guard (1 ... Self.componentsMax).contains(components.count) else { return nil }
        var bytes: [UInt8] = []
        for component in components {
            if let name = component.name, !Self.isName(name) { return nil }
            component.append(to: &bytes)
        }
        guard bytes.count <= Self.sizeMax else { return nil }
        self.bytes = bytes
        self.components = components
    }

    /// An address of one host and TCP port.
    public init(ip: IPAddress, tcp port: UInt16) {
        self.components = [.ip(ip), .tcp(port)]
        self.bytes = self.components.reduce(into: []) { $1.append(to: &$0) }
    }

    /// Reads the binary form.
    ///
    /// Unknown parts make the address opaque.
    ///
    /// - Throws: ``WireError`` when a known part is cut short or unfit, or the whole is empty or too long.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        guard (1 ... Self.sizeMax).contains(bytes.count) else {
            throw WireError(.outOfRange, "an address has 1 to \(Self.sizeMax) bytes, not \(bytes.count)")
        }
        var reader = Reader(rest: bytes[...])
        var components: [Component] = []
        while !reader.rest.isEmpty {
            guard components.count < Self.componentsMax else {
                throw WireError(.outOfRange, "an address has more than \(Self.componentsMax) parts")
            }
            guard let component = try reader.component() else {
                components = []
                break
            }
            components.append(component)
        }
        self.bytes = bytes
        self.components = components
    }

    /// Whether some part is unknown, so that this address can be passed on but not used.
    public var isOpaque: Bool {
        self.components.isEmpty
    }

    /// The peer that answers at this address: the last `p2p` part.
    public var peer: PeerID? {
        for component in self.components.reversed() {
            if case .p2p(let peer) = component { return peer }
        }
        return nil
    }

    /// The address and TCP port, when this is `/ip4|ip6/.../tcp/...` with or without a peer behind it.
    public var tcpEndpoint: (ip: IPAddress, port: UInt16)? {
        guard self.components.count <= 3, self.components.count >= 2, case .ip(let ip) = self.components[0],
            case .tcp(let port) = self.components[1]
        else { return nil }
        if self.components.count == 3 {
            guard case .p2p = self.components[2] else { return nil }
        }
        return (ip, port)
    }

    /// The relay, when this is `/ip4|ip6/.../tcp/.../p2p/.../p2p-circuit`: the way to whoever holds a reservation there.
    public var relay: PeerID? {
        guard self.components.count == 4, case .ip = self.components[0], case .tcp = self.components[1],
            case .p2p(let relay) = self.components[2], self.components[3] == .p2pCircuit
        else { return nil }
        return relay
    }

    /// This address with the peer as its last part in place of the one that stands there; nothing when it is opaque
    /// or would become too long.
    public func withPeer(_ peer: PeerID) -> Self? {
        guard !self.isOpaque else { return nil }
        var components = self.components
        if case .p2p = components.last {
            components.removeLast()
        }
        return Self(components + [.p2p(peer)])
    }

    /// This address without a peer as its last part; nothing when only a peer stands there.
    public var withoutPeer: Self? {
        guard case .p2p = self.components.last else { return self }
        return Self(self.components.dropLast())
    }

    /// Whether text may stand as a host name or zone: 1 to ``nameSizeMax`` printable ASCII characters, no slash.
    private static func isName(_ name: String) -> Bool {
        (1 ... Self.nameSizeMax).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x21 ... 0x7e).contains($0) && $0 != UInt8(ascii: "/") }
    }

    /// Reads parts from the front of the bytes.
    private struct Reader {
        var rest: ArraySlice<UInt8>

        /// The next part, or nothing when its code is unknown.
        mutating func component() throws(WireError) -> Component? {
            let code = try self.varint()
            switch code {
            case 4: return try self.ip(4)
            case 41: return try self.ip(16)
            case 42: return .ip6zone(try self.name())
            case 6: return .tcp(try self.port())
            case 273: return .udp(try self.port())
            case 53: return .dns(try self.name())
            case 54: return .dns4(try self.name())
            case 55: return .dns6(try self.name())
            case 56: return .dnsaddr(try self.name())
            case 421:
                // Keys of other kinds are well formed, but nothing that this node can talk to.
                let multihash = try self.sized()
                return (try? PeerID(multihash: multihash)).map { .p2p($0) }
            case 290: return .p2pCircuit
            default: return Flag(rawValue: code).map { .flag($0) }
            }
        }

        private mutating func varint() throws(WireError) -> UInt64 {
            guard let (value, size) = try Varint.decode(self.rest) else {
                throw WireError(.malformed, "an address ends inside a number")
            }
            self.rest = self.rest.dropFirst(size)
            return value
        }

        private mutating func take(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
            guard self.rest.count >= count else {
                throw WireError(.malformed, "an address lacks \(count - self.rest.count) bytes")
            }
            let taken = self.rest.prefix(count)
            self.rest = self.rest.dropFirst(count)
            return taken
        }

        private mutating func sized() throws(WireError) -> ArraySlice<UInt8> {
            let size = try self.varint()
            guard size <= UInt64(Multiaddr.sizeMax) else {
                throw WireError(.outOfRange, "a part of an address claims \(size) bytes")
            }
            return try self.take(Int(size))
        }

        private mutating func ip(_ size: Int) throws(WireError) -> Component? {
            IPAddress(bytes: try self.take(size)).map { .ip($0) }
        }

        private mutating func port() throws(WireError) -> UInt16 {
            let bytes = try self.take(2)
            return bytes.reduce(0) { $0 << 8 | UInt16($1) }
        }

        private mutating func name() throws(WireError) -> String {
            let name = String(decoding: try self.sized(), as: UTF8.self)
            guard Multiaddr.isName(name) else {
                throw WireError(.outOfRange, "an address holds an unfit name")
            }
            return name
        }
    }
}

extension Multiaddr: Comparable {
    /// Lexicographic order of the bytes.
    public static func < (a: Self, b: Self) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }
}

extension Multiaddr.Component {
    /// The host name or zone, if the part holds one.
    fileprivate var name: String? {
        switch self {
        case .ip6zone(let name), .dns(let name), .dns4(let name), .dns6(let name), .dnsaddr(let name): name
        case .ip, .tcp, .udp, .p2p, .p2pCircuit, .flag: nil
        }
    }

    /// Appends the binary form.
    fileprivate func append(to bytes: inout [UInt8]) {
        func append(_ code: UInt64, sized value: [UInt8]) {
            Varint.append(code, to: &bytes)
            Varint.append(UInt64(value.count), to: &bytes)
            bytes += value
        }
        func append(_ code: UInt64, port: UInt16) {
            Varint.append(code, to: &bytes)
            bytes += [UInt8(port >> 8), UInt8(port & 255)]
        }
        switch self {
        case .ip(let ip):
            if case .v4 = ip { bytes.append(4) } else { bytes.append(41) }
            bytes += ip.bytes
        case .ip6zone(let name): append(42, sized: Array(name.utf8))
        case .tcp(let port): append(6, port: port)
        case .udp(let port): append(273, port: port)
        case .dns(let name): append(53, sized: Array(name.utf8))
        case .dns4(let name): append(54, sized: Array(name.utf8))
        case .dns6(let name): append(55, sized: Array(name.utf8))
        case .dnsaddr(let name): append(56, sized: Array(name.utf8))
        case .p2p(let peer): append(421, sized: peer.multihash)
        case .p2pCircuit: Varint.append(290, to: &bytes)
        case .flag(let flag): Varint.append(flag.rawValue, to: &bytes)
        }
    }
}
