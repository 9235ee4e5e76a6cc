public import GridWire

/// libp2p's mDNS: peers on one network find each other with no configuration.
///
/// The shell joins ``groupAddress`` (and ``groupAddress6``) at ``port`` with TTL 255, feeds datagrams and timeouts, and
/// sends what it is told. What is found is a hint for dialing: only the session proves a peer.
///
/// The service `_p2p._udp.local` is the one of every libp2p program, so not each peer that is found speaks our protocols.
public struct MulticastDNS {
    /// The IPv4 group, 224.0.0.251.
    public static let groupAddress = IPAddress.v4(0xE000_00FB)
    /// The IPv6 group, `ff02::fb`.
    public static let groupAddress6 = IPAddress.v6(high: 0xFF02_0000_0000_0000, low: 0xFB)
    /// The UDP port.
    public static let port: UInt16 = 5353
    /// The largest datagram that is read.
    public static let datagramSizeMax = 9000
    /// The largest datagram that is sent: addresses that do not fit are left out.
    public static let sentSizeMax = 1400

    /// What is announced and what is accepted.
    public struct Configuration: Sendable {
        /// This node.
        public var peer: PeerID
        /// Where this node listens, without `/p2p`.
        ///
        /// Loopback addresses are announced by loopback nodes alone.
        public var addresses: [Multiaddr]
        /// A loopback node announces and accepts loopback addresses only; any other node refuses them.
        public var isLoopbackOnly: Bool

        /// Creates a configuration.
        public init(peer: PeerID, addresses: [Multiaddr], isLoopbackOnly: Bool) {
            self.peer = peer
            self.addresses = addresses
            self.isLoopbackOnly = isLoopbackOnly
        }
    }

    /// What the shell must do.
    public enum Action: Hashable, Sendable {
        /// Send the datagram to the group.
        case sendMulticast([UInt8])
        /// A peer says that it can be reached at these addresses (without `/p2p`).
        case discovered(peer: PeerID, addresses: [Multiaddr])
    }

    /// The most addresses of one peer that are told.
    public static let addressCountMax = 16
    /// The most peers of one datagram that are told.
    public static let peerCountMax = 32
    /// The most peers that are remembered.
    public static let knownPeersMax = 1024
    /// How long a peer that says the same again is not told again.
    public static let repeatInterval = Duration.seconds(30)
    /// The least time between two responses.
    public static let responseInterval = Duration.seconds(1)
    /// The time between queries, after the first three.
    public static let queryInterval = Duration.seconds(60)
    /// When the first queries are sent, counted from the start.
    private static let firstQueries: [Duration] = [.zero, .seconds(1), .seconds(3)]
    /// How long our records hold, in seconds.
    private static let timeToLive: UInt32 = 120

    package static let service = DNSName("_p2p._udp.local")
    package static let services = DNSName("_services._dns-sd._udp.local")
    private static let addressPrefix = [UInt8]("dnsaddr=".utf8)

    private struct KnownPeer {
        var addresses: [Multiaddr]
        var toldAt: Instant
    }

    private var configuration: Configuration
    /// Our name of this run; it tells nothing about us.
    package let instanceName: DNSName
    private let startedAt: Instant
    private var queryCount = 0
    private var nextQuery: Instant
    private var responseDue: Instant?
    /// What has been asked since the last response.
    private var isMetaQueryPending = false
    private var lastResponse: Instant?
    private var knownPeers: [PeerID: KnownPeer] = [:]
    private var limiter: SourceLimiter<IPAddress>

    /// Begins: the first query and announcement are due at `now`.
    ///
    /// - Parameters:
    ///   - configuration: What is announced and what is accepted.
    ///   - entropy: Gives so many random bytes, for our name.
    ///   - now: The present.
    public init(configuration: Configuration, entropy: (_ count: Int) -> [UInt8], now: Instant) {
        self.configuration = configuration
        let alphabet = [UInt8]("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let label = entropy(32).map { alphabet[Int($0) % alphabet.count] }
        self.instanceName = DNSName(labels: [label] + Self.service.labels)
        self.startedAt = now
        self.nextQuery = now
        self.responseDue = now
        // Nodes of one machine share an address.
        self.limiter = SourceLimiter(
            perSource: .init(perSecond: 20, burst: 60),
            total: .init(perSecond: 200, burst: 200),
            sourceCountMax: 256,
            now: now
        )
    }

    /// Takes a datagram that came from `source` (the address and port of its sender).
    public mutating func handleDatagram(
        _ bytes: [UInt8],
        from source: IPAddress,
        port: UInt16,
        now: Instant
    ) -> [Action] {
        // A loopback node hears nothing from the network; nothing real comes from port 0.
        guard bytes.count <= Self.datagramSizeMax, port != 0,
            !self.configuration.isLoopbackOnly || source.isLoopback,
            self.limiter.admit(source.unmapped, now: now),
            let message = try? DNSMessage(decoding: bytes)
        else { return [] }
        return message.isResponse
            ? self.handleResponse(message, now: now) : self.handleQuery(message, now: now)
    }

    /// Replaces the announced addresses, and announces them as soon as the least time between responses allows.
    public mutating func setAddresses(_ addresses: [Multiaddr], now: Instant) {
        guard addresses != self.configuration.addresses else { return }
        self.configuration.addresses = addresses
        self.scheduleResponse(now: now)
    }

    /// What to send before leaving: our records are withdrawn.
    public func goodbye() -> [Action] {
        self.response(timeToLive: 0).map { [.sendMulticast($0)] } ?? []
    }

    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] {
        var actions: [Action] = []
        if self.nextQuery <= now {
            self.queryCount += 1
            self.nextQuery =
                self.queryCount < Self.firstQueries.count
                ? max(self.startedAt.advanced(by: Self.firstQueries[self.queryCount]), now)
                : now.advanced(by: Self.queryInterval)
            let question = DNSMessage.Question(name: Self.service, type: DNSMessage.typePointer)
            actions.append(.sendMulticast(DNSMessage(isResponse: false, questions: [question]).encoded()))
        }
        return actions + self.respondIfDue(now: now)
    }

    /// When ``handleTimeout(now:)`` has work to do.
    public var nextDeadline: Instant? {
        min(self.nextQuery, self.responseDue ?? self.nextQuery)
    }

    // MARK: Queries

    private mutating func handleQuery(_ message: DNSMessage, now: Instant) -> [Action] {
        for question in message.questions
        where question.type == DNSMessage.typePointer || question.type == DNSMessage.typeAny {
            if question.name == Self.service || question.name == self.instanceName {
                self.scheduleResponse(now: now)
            } else if question.name == Self.services {
                self.isMetaQueryPending = true
                self.scheduleResponse(now: now)
            }
        }
        return self.respondIfDue(now: now)
    }

    private mutating func scheduleResponse(now: Instant) {
        let earliest = self.lastResponse?.advanced(by: Self.responseInterval) ?? now
        self.responseDue = self.responseDue ?? max(now, earliest)
    }

    private mutating func respondIfDue(now: Instant) -> [Action] {
        guard let due = self.responseDue, due <= now else { return [] }
        self.responseDue = nil
        self.lastResponse = now
        var actions: [Action] = []
        if self.isMetaQueryPending {
            self.isMetaQueryPending = false
            let record = DNSMessage.Record(
                name: Self.services,
                timeToLive: Self.timeToLive,
                content: .pointer(Self.service)
            )
            actions.append(.sendMulticast(DNSMessage(isResponse: true, records: [record]).encoded()))
        }
        if let response = self.response(timeToLive: Self.timeToLive) {
            actions.append(.sendMulticast(response))
        }
        return actions
    }

    /// Our answer, or nothing without an address to tell.
    private func response(timeToLive: UInt32) -> [UInt8]? {
        var message = DNSMessage(
            isResponse: true,
            records: [
                .init(name: Self.service, timeToLive: timeToLive, content: .pointer(self.instanceName)),
                .init(name: self.instanceName, timeToLive: timeToLive, content: .text([])),
            ]
        )
        var size = message.encoded().count
        var strings: [[UInt8]] = []
        for address in self.configuration.addresses.prefix(Self.addressCountMax) {
            guard let endpoint = address.tcpEndpoint, self.isAcceptable(endpoint.ip), endpoint.port != 0,
                let whole = address.withPeer(self.configuration.peer)
            else { continue }
            let string = Self.addressPrefix + "\(whole)".utf8
            guard string.count <= 255, size + 1 + string.count <= Self.sentSizeMax else { continue }
            size += 1 + string.count
            strings.append(string)
        }
        guard !strings.isEmpty else { return nil }
        message.records[1].content = .text(strings)
        return message.encoded()
    }

    private func isAcceptable(_ address: IPAddress) -> Bool {
        !address.isUnspecified && !address.isMulticast && address.isLoopback == self.configuration.isLoopbackOnly
    }

    // MARK: Responses

    private mutating func handleResponse(_ message: DNSMessage, now: Instant) -> [Action] {
        var order: [PeerID] = []
        var found: [PeerID: [Multiaddr]] = [:]
        for record in message.records where record.name.isChild(of: Self.service) {
            // Our own words come back to us.
            guard case .text(let strings) = record.content, record.name != self.instanceName else { continue }
            for string in strings {
                guard let (peer, address) = self.read(string) else { continue }
                if record.timeToLive == 0 {
                    self.knownPeers[peer] = nil
                } else if found[peer] == nil, order.count < Self.peerCountMax {
                    order.append(peer)
                    found[peer] = [address]
                } else if let known = found[peer], known.count < Self.addressCountMax, !known.contains(address) {
                    found[peer] = known + [address]
                }
            }
        }
        return order.compactMap { peer in
            let addresses = found[peer] ?? []
            return self.isNews(peer, addresses, now: now) ? .discovered(peer: peer, addresses: addresses) : nil
        }
    }

    /// The peer and address of a `dnsaddr=` string that we could dial.
    private func read(_ string: [UInt8]) -> (PeerID, Multiaddr)? {
        guard string.starts(with: Self.addressPrefix),
            let address = try? Multiaddr(
                parsing: String(decoding: string.dropFirst(Self.addressPrefix.count), as: UTF8.self)
            ),
            let peer = address.peer, peer != self.configuration.peer,
            let endpoint = address.tcpEndpoint, endpoint.port != 0, self.isAcceptable(endpoint.ip),
            let plain = address.withoutPeer
        else { return nil }
        return (peer, plain)
    }

    /// Whether a peer is worth telling, and remembers that it was told.
    private mutating func isNews(_ peer: PeerID, _ addresses: [Multiaddr], now: Instant) -> Bool {
        let sorted = addresses.sorted()
        if let known = self.knownPeers[peer], known.addresses == sorted,
            now < known.toldAt.advanced(by: Self.repeatInterval)
        {
            return false
        }
        if self.knownPeers[peer] == nil, self.knownPeers.count >= Self.knownPeersMax {
            let oldest = self.knownPeers.min { ($0.value.toldAt, $0.key) < ($1.value.toldAt, $1.key) }
            self.knownPeers[oldest?.key ?? peer] = nil
        }
        self.knownPeers[peer] = KnownPeer(addresses: sorted, toldAt: now)
        return true
    }
}
