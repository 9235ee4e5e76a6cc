import GridWire
import NIOCore
import PeerSession

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A router towards the rest of the world, by Linux's routing tables.
struct Gateway {
    /// Its address on the local network.
    var address: IPAddress
    /// This machine's address towards it.
    var own: IPAddress
    /// The name of the interface on which it is.
    var interface: String

    /// The most addresses of IPv6 for which a router is asked to let connections through.
    private static let ownAddressesMax = 4

    /// The default gateway of IPv4, if there is one.
    static func find() -> Gateway? {
        for fields in Self.lines(of: "/proc/net/route") {
            guard fields.count > 3, fields[1] == "00000000", let gateway = UInt32(fields[2], radix: 16), gateway != 0
            else { continue }
            let own = Self.addresses(of: fields[0]).first { if case .v4 = $0 { true } else { false } }
            return own.map { Gateway(address: .v4(gateway.byteSwapped), own: $0, interface: fields[0]) }
        }
        return nil
    }

    /// The default gateway of IPv6, once for each of this machine's addresses that mean something outside.
    static func findAllV6() -> [Gateway] {
        let anywhere = String(repeating: "0", count: 32)
        for fields in Self.lines(of: "/proc/net/ipv6_route") {
            guard fields.count > 9, fields[0] == anywhere, fields[1] == "00", fields[4] != anywhere,
                let high = UInt64(fields[4].prefix(16), radix: 16), let low = UInt64(fields[4].suffix(16), radix: 16)
            else { continue }
            let own = Self.addresses(of: fields[9]).filter { ip in
                guard case .v6 = ip else { return false }
                return !ip.isLoopback && !ip.isLinkLocal && !ip.isPrivate
            }
            return own.prefix(Self.ownAddressesMax).map {
                Gateway(address: .v6(high: high, low: low), own: $0, interface: fields[9])
            }
        }
        return []
    }

    /// Where datagrams to it go.
    func endpoint(port: Int) throws -> SocketAddress {
        guard self.address.isLinkLocal else { return try SocketAddress(ipAddress: "\(self.address)", port: port) }
        // The same address may be there on every interface. It is a number: nobody is asked for a name.
        return try SocketAddress.makeAddressResolvingHost("\(self.address)%\(self.interface)", port: port)
    }

    private static func lines(of path: String) -> [[String]] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var lines: [[String]] = []
        var line = [CChar](repeating: 0, count: 512)
        while lines.count < 4_096, fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            lines.append(text.split(whereSeparator: \.isWhitespace).map(String.init))
        }
        return lines
    }

    private static func addresses(of interface: String) -> [IPAddress] {
        ((try? System.enumerateDevices()) ?? []).filter { $0.name == interface }.compactMap { device in
            device.address?.ipAddress.flatMap { IPAddress(String($0.prefix { $0 != "%" })) }
        }
    }
}
