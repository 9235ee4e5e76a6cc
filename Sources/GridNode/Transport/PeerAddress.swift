public import GridWire
import NIOCore
import PeerSession

/// Addresses as people write them and as sockets have them.
public enum PeerAddress {
    /// Reads a multiaddr (`/ip4/192.0.2.7/tcp/7877/p2p/12D3KooW...`) or `host:port`, whose host is a name or an address.
    ///
    /// - Throws: ``NetworkError`` that says what is wrong with the text.
    public static func parse(_ text: String) throws(NetworkError) -> Multiaddr {
        if text.hasPrefix("/") {
            do {
                return try Multiaddr(parsing: text)
            } catch {
                throw NetworkError(.unsupportedAddress, error.message)
            }
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw NetworkError(
                .unsupportedAddress,
                "\"\(text)\" is not an address of a peer; write host:port or /ip4/192.0.2.7/tcp/7877"
            )
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        if let ip = IPAddress(String(host)) { return Multiaddr(ip: ip, tcp: port) }
        guard !host.isEmpty, !host.contains(":"), let address = Multiaddr([.dns(String(host)), .tcp(port)]) else {
            throw NetworkError(.unsupportedAddress, "\"\(host)\" in \"\(text)\" is not the name of a machine")
        }
        return address
    }

    /// Where to connect to, when this node can dial the address.
    static func endpoint(of address: Multiaddr) -> (host: String, port: Int)? {
        if let (ip, port) = address.tcpEndpoint { return ("\(ip)", Int(port)) }
        guard (2 ... 3).contains(address.components.count), case .tcp(let port) = address.components[1] else {
            return nil
        }
        if address.components.count == 3 {
            guard case .p2p = address.components[2] else { return nil }
        }
        switch address.components[0] {
        case .dns(let name), .dns4(let name), .dns6(let name): return (name, Int(port))
        default: return nil
        }
    }

    /// A way to a peer through a relay.
    struct Circuit: Hashable {
        /// Where the relay is, with its peer id.
        var relay: Multiaddr
        /// The relay.
        var relayPeer: PeerID
        /// Who is to be reached.
        var target: PeerID
    }

    /// The relay and the target, when the address is `RELAY/p2p/ID/p2p-circuit/p2p/ID`.
    static func circuit(of address: Multiaddr) -> Circuit? {
        guard let split = address.components.firstIndex(of: .p2pCircuit),
            case .p2p(let relayPeer)? = address.components[..<split].last,
            address.components.count == split + 2, case .p2p(let target) = address.components[split + 1],
            let relay = Multiaddr(Array(address.components[..<split])), self.endpoint(of: relay) != nil
        else { return nil }
        return Circuit(relay: relay, relayPeer: relayPeer, target: target)
    }

    /// Whether the address can only be this machine.
    static func isLoopback(_ address: Multiaddr) -> Bool {
        switch address.components.first {
        case .ip(let ip): ip.isLoopback
        case .dns(let name), .dns4(let name), .dns6(let name): name == "localhost"
        default: false
        }
    }

    /// What counts as one sender: an IPv4 address, or an IPv6 network of 64 bits.
    static func source(of remote: Multiaddr?) -> IPAddress {
        remote?.tcpEndpoint?.ip.block ?? .v4(0)
    }

    /// The other end of a TCP connection.
    static func multiaddr(_ address: SocketAddress?) -> Multiaddr? {
        guard let address, let port = address.port, let text = address.ipAddress else { return nil }
        // A link-local IPv6 address carries its zone.
        guard let ip = IPAddress(String(text.prefix { $0 != "%" })), let port = UInt16(exactly: port) else {
            return nil
        }
        return Multiaddr(ip: ip.unmapped, tcp: port)
    }

    /// The addresses under which others reach a socket that is bound to `address`.
    static func reachable(boundTo address: Multiaddr) -> [Multiaddr] {
        guard let (ip, port) = address.tcpEndpoint, ip.isUnspecified else { return [address] }
        let own = (try? System.enumerateDevices()) ?? []
        let addresses = own.compactMap { device in
            device.address?.ipAddress.flatMap { IPAddress(String($0.prefix { $0 != "%" })) }
        }
        let isIPv4 = if case .v4 = ip { true } else { false }
        let usable = addresses.filter { address in
            let isSameFamily = if case .v4 = address { true } else { !isIPv4 }
            return isSameFamily && !address.isLinkLocal && !address.isMulticast && !address.isUnspecified
        }
        let outside = usable.filter { !$0.isLoopback }
        return (outside.isEmpty ? usable : outside).map { Multiaddr(ip: $0, tcp: port) }
    }
}
