extension Multiaddr {
    /// Parses the text form, such as `/ip4/192.0.2.7/tcp/4001`.
    ///
    /// - Throws: ``WireError`` that names the part that is wrong.
    public init(parsing text: String) throws(WireError) {
        guard text.utf8.count <= Self.textSizeMax else {
            throw WireError(.outOfRange, "an address of \(text.utf8.count) characters is too long")
        }
        var parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)[...]
        guard parts.popFirst() == "", !parts.isEmpty else {
            throw WireError(.malformed, "\"\(text)\" is not an address; one looks like /ip4/192.0.2.7/tcp/4001")
        }
        if parts.last == "" {
            parts.removeLast()
        }
        var components: [Component] = []
        while let name = parts.popFirst() {
            components.append(try Self.component(name, &parts, in: text))
        }
        guard let address = Self(components) else {
            throw WireError(.outOfRange, "\"\(text)\" is empty, too long, or holds an unfit name")
        }
        self = address
    }

    private static func component(
        _ name: String,
        _ parts: inout ArraySlice<String>,
        in text: String
    ) throws(WireError) -> Component {
        if name == "p2p-circuit" { return .p2pCircuit }
        if let flag = Flag.allCases.first(where: { $0.name == name }) { return .flag(flag) }
        let value = parts.popFirst() ?? ""
        let component: Component?
        switch name {
        case "ip4", "ip6":
            component = IPAddress(value).flatMap { ip in
                if case .v4 = ip { name == "ip4" ? .ip(ip) : nil } else { name == "ip6" ? .ip(ip) : nil }
            }
        case "ip6zone": component = .ip6zone(value)
        case "tcp": component = Self.port(value).map { .tcp($0) }
        case "udp": component = Self.port(value).map { .udp($0) }
        case "dns": component = .dns(value)
        case "dns4": component = .dns4(value)
        case "dns6": component = .dns6(value)
        case "dnsaddr": component = .dnsaddr(value)
        case "p2p", "ipfs": component = .p2p(try PeerID(parsing: value))
        default: throw WireError(.unknown, "\"\(name)\" in \"\(text)\" is not a known kind of address")
        }
        guard let component else {
            throw WireError(.malformed, "\"\(value)\" after /\(name)/ in \"\(text)\" is not valid")
        }
        return component
    }

    private static func port(_ text: String) -> UInt16? {
        text.utf8.allSatisfy { (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) } ? UInt16(text) : nil
    }
}

extension Multiaddr: LosslessStringConvertible {
    /// Parses the text form, or gives nothing; ``init(parsing:)`` says why.
    public init?(_ description: String) {
        guard let address = try? Self(parsing: description) else { return nil }
        self = address
    }

    /// The text form; `/opaque/` and hexadecimal digits, which is not parsed again, when a part is unknown.
    public var description: String {
        guard !self.isOpaque else { return "/opaque/\(Hex.encode(self.bytes))" }
        return self.components.map(\.description).joined()
    }
}

extension Multiaddr.Component: CustomStringConvertible {
    /// The text form of the part, beginning with a slash.
    public var description: String {
        switch self {
        case .ip(let ip): if case .v4 = ip { "/ip4/\(ip)" } else { "/ip6/\(ip)" }
        case .ip6zone(let name): "/ip6zone/\(name)"
        case .tcp(let port): "/tcp/\(port)"
        case .udp(let port): "/udp/\(port)"
        case .dns(let name): "/dns/\(name)"
        case .dns4(let name): "/dns4/\(name)"
        case .dns6(let name): "/dns6/\(name)"
        case .dnsaddr(let name): "/dnsaddr/\(name)"
        case .p2p(let peer): "/p2p/\(peer)"
        case .p2pCircuit: "/p2p-circuit"
        case .flag(let flag): "/\(flag.name)"
        }
    }
}

extension Multiaddr.Flag {
    /// The name in text.
    public var name: String {
        switch self {
        case .dtls: "dtls"
        case .quic: "quic"
        case .quicV1: "quic-v1"
        case .webtransport: "webtransport"
        case .ws: "ws"
        case .wss: "wss"
        case .http: "http"
        case .noise: "noise"
        case .webrtcDirect: "webrtc-direct"
        case .webrtc: "webrtc"
        }
    }
}
