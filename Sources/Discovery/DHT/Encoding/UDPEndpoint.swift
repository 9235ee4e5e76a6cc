public import GridWire

/// An address and a UDP (or, for peers, TCP) port.
public struct UDPEndpoint: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The address; never an IPv4 one in an IPv6 coat.
    public let ip: IPAddress
    /// The port.
    public let port: UInt16

    /// Creates an endpoint; `::ffff:a.b.c.d` becomes the IPv4 address that it is.
    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip.unmapped
        self.port = port
    }

    /// Which of the two networks of BEP 32 it belongs to.
    public var family: AddressFamily {
        switch self.ip {
        case .v4: .v4
        case .v6: .v6
        }
    }

    /// Orders by address, then by port.
    public static func < (a: Self, b: Self) -> Bool {
        (a.ip, a.port) < (b.ip, b.port)
    }

    /// `192.0.2.7:6881` or `[2001:db8::1]:6881`.
    public var description: String {
        switch self.ip {
        case .v4: "\(self.ip):\(self.port)"
        case .v6: "[\(self.ip)]:\(self.port)"
        }
    }
}

/// IPv4 and IPv6 are two DHTs with one language (BEP 32).
public enum AddressFamily: Int, Hashable, Sendable, CaseIterable, Comparable {
    /// IPv4.
    case v4
    /// IPv6.
    case v6

    /// The bytes of a compact endpoint.
    package var endpointSize: Int {
        switch self {
        case .v4: 6
        case .v6: 18
        }
    }

    /// The bytes of a compact node: an id and an endpoint.
    package var nodeSize: Int {
        DHTKey.byteCount + self.endpointSize
    }

    /// Orders IPv4 before IPv6.
    public static func < (a: Self, b: Self) -> Bool {
        a.rawValue < b.rawValue
    }
}

extension UDPEndpoint {
    /// Reads the compact form, 6 or 18 bytes in network order; nothing from any other number.
    package init?(compact bytes: some Collection<UInt8>) {
        guard bytes.count == AddressFamily.v4.endpointSize || bytes.count == AddressFamily.v6.endpointSize,
            let ip = IPAddress(bytes: bytes.dropLast(2))
        else { return nil }
        self.init(ip: ip, port: bytes.suffix(2).reduce(0) { $0 << 8 | UInt16($1) })
    }

    /// The compact form, 6 or 18 bytes.
    package var compact: [UInt8] {
        self.ip.bytes + [UInt8(self.port >> 8), UInt8(self.port & 0xFF)]
    }
}

/// A node of the DHT: its id and where it is.
public struct DHTContact: Hashable, Sendable {
    /// The id that it says it has.
    public let id: DHTKey
    /// Where it is.
    public let endpoint: UDPEndpoint

    /// Creates a contact.
    public init(id: DHTKey, endpoint: UDPEndpoint) {
        self.id = id
        self.endpoint = endpoint
    }

    /// The compact form, 26 or 38 bytes.
    package var compact: [UInt8] {
        self.id.bytes + self.endpoint.compact
    }

    /// The nodes of a compact list; what is left over at its end, or is of the other family, is ignored.
    package static func list(compact bytes: [UInt8], family: AddressFamily, countMax: Int) -> [DHTContact] {
        var contacts: [DHTContact] = []
        for start in stride(from: 0, to: bytes.count, by: family.nodeSize) {
            guard contacts.count < countMax, bytes.count - start >= family.nodeSize else { break }
            let middle = start + DHTKey.byteCount
            guard let id = DHTKey(bytes[start ..< middle]),
                let endpoint = UDPEndpoint(compact: bytes[middle ..< (start + family.nodeSize)]),
                endpoint.family == family
            else { continue }
            contacts.append(DHTContact(id: id, endpoint: endpoint))
        }
        return contacts
    }
}
