public import GridWire

/// With whom a node of the DHT speaks.
public enum DHTScope: Hashable, Sendable {
    /// With addresses of the Internet alone: strangers cannot make us speak to our own network or machine.
    case internet
    /// With the Internet and with private networks, since the operator said so.
    case privateNetworks
    /// With this machine alone: a test grid.
    case loopback

    /// Whether datagrams may be exchanged with the address, or a peer there be believed to be one.
    public func allows(_ ip: IPAddress) -> Bool {
        switch self {
        case .internet: Self.isGlobal(ip)
        case .privateNetworks: Self.isGlobal(ip) || ip.isPrivate
        case .loopback: ip.isLoopback
        }
    }

    /// Whether a peer may be dialed where it says that it is: at an address and TCP port, or through a relay that is at one.
    ///
    /// Neither names the peer itself.
    public func allows(_ address: Multiaddr) -> Bool {
        let dialed = address.relay == nil ? address : Multiaddr(Array(address.components.prefix(2)))
        guard let dialed, dialed.peer == nil, let (ip, port) = dialed.tcpEndpoint else { return false }
        return port != 0 && self.allows(ip)
    }

    /// Whether an address belongs to the Internet.
    static func isGlobal(_ ip: IPAddress) -> Bool {
        guard !ip.isLoopback, !ip.isPrivate, !ip.isLinkLocal, !ip.isMulticast, !ip.isUnspecified else { return false }
        switch ip.unmapped {
        // "This network" and the reserved class E.
        case .v4(let value): return value >> 24 != 0 && value >> 28 != 15
        // The one block that global unicast addresses are from; without 6to4 and Teredo, which embed others.
        case .v6(let high, _): return high >> 61 == 1 && high >> 48 != 0x2002 && high >> 32 != 0x2001_0000
        }
    }

    /// Whether another node's word is enough to send to the endpoint: no service that the system reserves a port for can be
    /// made a victim.
    func allowsHearsay(_ endpoint: UDPEndpoint) -> Bool {
        endpoint.port >= 1_024 && self.allows(endpoint.ip)
    }

    /// What counts as one sender: an IPv4 address, an IPv6 network of 64 bits, or on one machine a port.
    func source(of endpoint: UDPEndpoint) -> DHTSource {
        switch endpoint.ip {
        case _ where self == .loopback: DHTSource(bits: UInt64(endpoint.port), family: endpoint.family)
        case .v4(let value): DHTSource(bits: UInt64(value), family: .v4)
        case .v6(let high, _): DHTSource(bits: high, family: .v6)
        }
    }

    /// The block of an endpoint, or where there are none, the sender.
    func neighbourhood(of endpoint: UDPEndpoint) -> DHTSource {
        self.block(of: endpoint) ?? self.source(of: endpoint)
    }

    /// What likely belongs to one owner: 256 IPv4 addresses, an IPv6 network of 48 bits; nothing where addresses are free to be
    /// had or all are in one such block.
    func block(of endpoint: UDPEndpoint) -> DHTSource? {
        guard Self.isGlobal(endpoint.ip) else { return nil }
        return switch endpoint.ip {
        case .v4(let value): DHTSource(bits: UInt64(value >> 8), family: .v4)
        case .v6(let high, _): DHTSource(bits: high >> 16, family: .v6)
        }
    }
}

/// A sender, or a block of addresses, as a key.
struct DHTSource: Hashable, Sendable {
    fileprivate let bits: UInt64
    fileprivate let family: AddressFamily
}
