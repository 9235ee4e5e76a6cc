package import GridWire

/// Asks the router to forward a port to this node: PCP (RFC 6887) first, NAT-PMP (RFC 6886) where that is spoken.
///
/// With IPv6 nothing is translated: what is asked for is that the gateway lets connections from outside through, by PCP alone.
///
/// A pure machine over datagrams to port 5351 of the gateway. The mapping is renewed at half of its life and removed by
/// ``stop(now:)``.
package struct PortMapper {
    /// What the shell must do.
    package enum Action: Hashable {
        /// Send a datagram to the gateway.
        case send([UInt8])
        /// The gateway forwards the port from this address now.
        case mapped(IPAddress, port: UInt16, PortMapper.Method)
        /// It does so no more.
        case unmapped
    }

    /// What the port carries.
    package enum Transport: String, Hashable, Sendable, CaseIterable {
        /// Sessions.
        case tcp = "TCP"
        /// The DHT's datagrams.
        case udp = "UDP"

        /// The number of the protocol in IP's header.
        var protocolNumber: UInt8 {
            switch self {
            case .tcp: 6
            case .udp: 17
            }
        }

        /// The opcode of a NAT-PMP request (RFC 6886, section 3.3); answers have the highest bit as well.
        var natPMPOpcode: UInt8 {
            switch self {
            case .tcp: 2
            case .udp: 1
            }
        }
    }

    /// How the gateway is spoken with.
    package enum Method: String, Hashable, Sendable {
        case pcp = "PCP"
        case natPMP = "NAT-PMP"
    }

    /// The gateway's UDP port.
    package static let gatewayPort = 5351
    /// The life that is asked for.
    package static let lifetime = Duration.seconds(3600)
    /// The first wait for an answer; it doubles with each repetition.
    package static let firstWait = Duration.milliseconds(250)
    /// The repetitions before the gateway is taken not to speak the protocol.
    package static let attemptsMax = 6
    /// The wait before a gateway that gave nothing is asked again.
    package static let pause = Duration.seconds(600)

    private enum State {
        case resting(until: Instant?)
        case asking(Method, attempt: Int, until: Instant)
        case mapped(Method, renewAt: Instant, expires: Instant)
    }

    private let transport: Transport
    private let internalPort: UInt16
    private let client: IPAddress
    private let gateway: IPAddress
    private let nonce: [UInt8]
    private var state = State.resting(until: nil)
    private var externalPort: UInt16
    private var externalAddress: IPAddress?
    private var announced: (IPAddress, UInt16)?

    /// A mapper for the node's port.
    ///
    /// - Parameters:
    ///   - transport: What the port carries; each needs a mapper of its own.
    ///   - client: This machine's address towards the gateway.
    ///   - gateway: Whom datagrams are taken from.
    ///   - nonce: 12 unpredictable bytes, by which a mapping stays ours.
    package init(
        _ transport: Transport,
        internalPort: UInt16,
        client: IPAddress,
        gateway: IPAddress,
        nonce: [UInt8]
    ) {
        precondition(nonce.count == 12, "a PCP nonce has 12 bytes, got \(nonce.count)")
        self.transport = transport
        self.internalPort = internalPort
        self.externalPort = internalPort
        self.client = client
        self.gateway = gateway
        self.nonce = nonce
    }

    /// When ``handleTimeout(now:)`` has work to do.
    package var nextDeadline: Instant? {
        switch self.state {
        case .resting(let until): until
        case .asking(_, _, let until): until
        case .mapped(_, let renewAt, _): renewAt
        }
    }

    /// Begins to ask.
    package mutating func start(now: Instant) -> [Action] {
        self.ask(.pcp, attempt: 0, now: now)
    }

    /// Repeats, renews and gives up what is due.
    package mutating func handleTimeout(now: Instant) -> [Action] {
        switch self.state {
        case .resting(let until?) where until <= now:
            return self.ask(.pcp, attempt: 0, now: now)
        case .asking(let method, let attempt, let until) where until <= now:
            if attempt + 1 < Self.attemptsMax { return self.ask(method, attempt: attempt + 1, now: now) }
            // A gateway that does not know PCP ought to say so, and many are silent instead.
            return method == .pcp ? self.askOldProtocol(now: now) : self.rest(now: now)
        case .mapped(let method, let renewAt, _) where renewAt <= now:
            return self.ask(method, attempt: 0, now: now)
        case .resting, .asking, .mapped:
            return []
        }
    }

    /// Takes a datagram.
    package mutating func receive(_ bytes: [UInt8], from source: IPAddress, now: Instant) -> [Action] {
        guard source.unmapped == self.gateway.unmapped, case .asking(let method, _, _) = self.state, bytes.count >= 4,
            bytes[1] & 0x80 != 0
        else { return [] }
        return bytes[0] == 2 ? self.receivePCP(bytes, method, now: now) : self.receiveNATPMP(bytes, method, now: now)
    }

    /// Removes the mapping; nothing is renewed any more.
    package mutating func stop(now: Instant) -> [Action] {
        var actions: [Action] = []
        switch self.state {
        case .mapped(let method, _, _), .asking(let method, _, _):
            actions = [.send(method == .pcp ? self.pcpRequest(lifetime: 0) : self.natPMPRequest(lifetime: 0))]
        case .resting: break
        }
        self.state = .resting(until: nil)
        return actions + self.unannounce()
    }

    // MARK: Asking

    private mutating func ask(_ method: Method, attempt: Int, now: Instant) -> [Action] {
        var wait = Self.firstWait
        for _ in 0 ..< attempt { wait = wait * 2 }
        self.state = .asking(method, attempt: attempt, until: now.advanced(by: wait))
        let seconds = UInt32(Self.lifetime.components.seconds)
        switch method {
        case .pcp: return [.send(self.pcpRequest(lifetime: seconds))]
        case .natPMP: return [.send([0, 0]), .send(self.natPMPRequest(lifetime: seconds))]
        }
    }

    /// Asks by NAT-PMP, which knows IPv4 alone.
    private mutating func askOldProtocol(now: Instant) -> [Action] {
        self.isPinhole ? self.rest(now: now) : self.ask(.natPMP, attempt: 0, now: now)
    }

    private var isPinhole: Bool {
        if case .v6 = self.client.unmapped { true } else { false }
    }

    private mutating func rest(now: Instant) -> [Action] {
        self.state = .resting(until: now.advanced(by: Self.pause))
        return self.unannounce()
    }

    private mutating func unannounce() -> [Action] {
        guard self.announced != nil else { return [] }
        self.announced = nil
        return [.unmapped]
    }

    private mutating func granted(_ method: Method, lifetime: UInt32, now: Instant) -> [Action] {
        guard lifetime > 0 else { return self.rest(now: now) }
        let life = Duration.seconds(Int64(min(max(lifetime, 120), 86_400)))
        self.state = .mapped(method, renewAt: now.advanced(by: life / 2), expires: now.advanced(by: life))
        guard let externalAddress, !externalAddress.isUnspecified else { return [] }
        if let announced, announced == (externalAddress, self.externalPort) { return [] }
        self.announced = (externalAddress, self.externalPort)
        return [.mapped(externalAddress, port: self.externalPort, method)]
    }

    // MARK: PCP

    private static func mappedBytes(_ ip: IPAddress) -> [UInt8] {
        switch ip.unmapped {
        case .v4: [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + ip.unmapped.bytes
        case .v6: ip.bytes
        }
    }

    private static func bytes(_ value: UInt16) -> [UInt8] {
        [UInt8(value >> 8), UInt8(value & 255)]
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// A MAP request (RFC 6887, sections 7.1 and 11.1).
    private func pcpRequest(lifetime: UInt32) -> [UInt8] {
        let anyAddress = Self.mappedBytes(self.isPinhole ? .v6(high: 0, low: 0) : .v4(0))
        let suggested = self.externalAddress.map { Self.mappedBytes($0) } ?? anyAddress
        return [2, 1, 0, 0] + Self.bytes(lifetime) + Self.mappedBytes(self.client) + self.nonce
            + [self.transport.protocolNumber, 0, 0, 0] + Self.bytes(self.internalPort) + Self.bytes(self.externalPort)
            + suggested
    }

    private mutating func receivePCP(_ bytes: [UInt8], _ method: Method, now: Instant) -> [Action] {
        guard method == .pcp, bytes.count >= 60, bytes[1] == 0x81, Array(bytes[24 ..< 36]) == self.nonce,
            bytes[36] == self.transport.protocolNumber, Self.number(bytes, 40, 2) == UInt64(self.internalPort)
        else { return [] }
        guard bytes[3] == 0 else {
            // UNSUPP_VERSION is answered in the older protocol; all else is a refusal.
            return bytes[3] == 1 ? self.askOldProtocol(now: now) : self.rest(now: now)
        }
        self.externalPort = UInt16(Self.number(bytes, 42, 2))
        self.externalAddress = IPAddress(bytes: bytes[44 ..< 60])?.unmapped
        return self.granted(.pcp, lifetime: UInt32(Self.number(bytes, 4, 4)), now: now)
    }

    // MARK: NAT-PMP

    private func natPMPRequest(lifetime: UInt32) -> [UInt8] {
        // To remove a mapping, the external port is zero (RFC 6886, section 3.4).
        let external = lifetime == 0 ? 0 : self.externalPort
        return [0, self.transport.natPMPOpcode, 0, 0] + Self.bytes(self.internalPort) + Self.bytes(external)
            + Self.bytes(lifetime)
    }

    private mutating func receiveNATPMP(_ bytes: [UInt8], _ method: Method, now: Instant) -> [Action] {
        guard bytes[0] == 0 else { return [] }
        guard method == .natPMP else {
            // A NAT-PMP gateway answers a PCP request in its own version: unsupported (RFC 6887, appendix A).
            return Self.number(bytes, 2, 2) == 1 ? self.askOldProtocol(now: now) : []
        }
        guard Self.number(bytes, 2, 2) == 0 else { return self.rest(now: now) }
        switch bytes[1] {
        case 0x80 where bytes.count >= 12:
            self.externalAddress = IPAddress(bytes: bytes[8 ..< 12])
            return []
        case 0x80 | self.transport.natPMPOpcode
        where bytes.count >= 16 && Self.number(bytes, 8, 2) == UInt64(self.internalPort):
            self.externalPort = UInt16(Self.number(bytes, 10, 2))
            // Without the address, which was asked for first, the answer is of no use yet: it is asked for again.
            guard self.externalAddress != nil else { return [] }
            return self.granted(.natPMP, lifetime: UInt32(Self.number(bytes, 12, 4)), now: now)
        default:
            return []
        }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        bytes[offset ..< (offset + count)].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
