public import GridWire

/// A node of the Mainline DHT (BEP 5, 32, 42, 43, 44).
///
/// ```swift
/// var node = DHTNode(configuration: configuration, saved: file, seed: SystemEntropy.bytes(32), now: now)
/// perform(node.bootstrap(from: hosts, now: now))
/// let (lookup, actions) = node.findPeers(of: infohash, announcing: .port(7877), now: now)
/// perform(actions)
/// ```
/// The shell has one UDP socket for each family, feeds ``handleDatagram(_:from:now:)`` and, at ``nextDeadline``,
/// ``handleTimeout(now:)``, and performs all actions in order. All memory is bounded by constants.
///
/// What is found is a hint: peers are unproved until a session proves them; items are checked for their signatures.
public struct DHTNode: Sendable {
    /// What the shell must do.
    public enum Action: Hashable, Sendable {
        /// Send a datagram.
        case send([UInt8], to: UDPEndpoint)
        /// Peers were found that were not told before; their ports are TCP ports.
        case foundPeers(DHTLookupID, [UDPEndpoint])
        /// A genuine item was found, of a mutable one a newer version than before.
        case foundItem(DHTLookupID, DHTItem)
        /// A lookup, and what was to be stored by it, has ended.
        case lookupEnded(DHTLookupID, DHTLookupReport)
        /// Nobody is known to ask: hand in hosts with ``bootstrap(from:now:)``.
        case hostsWanted
        /// There was nobody to ask in this network, and now there is.
        case becameUsable(AddressFamily)
        /// Others agree on our address in this network; the id follows it.
        case learnedExternalAddress(IPAddress)
    }

    /// How long a query waits for its answer.
    static let queryTimeout = Duration.seconds(8)
    /// The most queries that wait for an answer.
    static let transactionsMax = 512
    /// The most lookups at a time.
    static let lookupsMax = 64
    /// The time between looks at what is due, while nobody is known and when all is well.
    static let maintenanceInterval = (searching: Duration.seconds(1), usable: Duration.seconds(5))
    /// The most that a refused query waits before it is tried again.
    static let pacingInterval = Duration.milliseconds(100)
    /// How long a block of addresses from which an answer failed to come is not asked because somebody names it.
    static let deadTime = Duration.seconds(180)
    /// The datagrams of one sender, and of all.
    static let inboundRate = TokenBucket.Rate(perSecond: 10, burst: 60)
    static let inboundTotalRate = TokenBucket.Rate(perSecond: 400, burst: 800)
    /// The most senders of datagrams that are remembered.
    static let sourcesMax = 8_192
    /// Our queries to all, and to one endpoint: many programs silence who asks more than 5 times a second.
    static let outboundRate = TokenBucket.Rate(perSecond: 50, burst: 100)
    static let outboundPerEndpointRate = TokenBucket.Rate(perSecond: 4, burst: 12)
    /// The most endpoints whose allowance, or silence, is remembered.
    static let endpointsMax = 2_048
    /// The pings to those who asked us and are not known.
    static let strangerRate = TokenBucket.Rate(perSecond: 5, burst: 20)
    /// How long one who was pinged for that is not pinged again.
    static let strangerInterval = Duration.seconds(300)

    /// Why a query was sent.
    enum Purpose: Hashable, Sendable {
        /// To see whether the node lives.
        case ping
        /// To learn of nodes, and of what the lookup is for.
        case lookup(LookupKey)
        /// To store what the lookup is for.
        case store(LookupKey)
    }

    /// A query that waits for its answer.
    struct Transaction: Sendable {
        let endpoint: UDPEndpoint
        let purpose: Purpose
        let expiresAt: Instant
    }

    let scope: DHTScope
    var isReadOnly: Bool
    var generator: KeyedGenerator
    var networks: [DHTNetwork]
    var transactions: [UInt32: Transaction] = [:]
    var operations: [DHTLookupID: DHTOperation] = [:]
    var lookups: [LookupKey: Lookup] = [:]
    private var lastLookup: UInt64 = 0
    var tokens: WriteTokens
    var peers: PeerStore
    var items = ItemStore()
    var budget: ReplyBudget
    private var inbound: SourceLimiter<DHTSource>
    private var outbound: SourceLimiter<UDPEndpoint>
    var strangers: RecentMap<UDPEndpoint, Instant>
    var strangerBucket: TokenBucket
    /// From where an answer failed to come, and since when.
    var silent: RecentMap<DHTSource, Instant>
    var nextMaintenance: Instant
    var nextExpiry: Instant
    var pacedUntil: Instant?

    /// Creates a node; it begins to search at `now`.
    ///
    /// - Parameters:
    ///   - saved: What ``saved(now:)`` of an earlier run gave, if anything; damaged bytes are as good as none.
    ///   - seed: 32 bytes of the system's randomness, or of a simulation's.
    ///   - now: The present.
    public init(configuration: DHTConfiguration, saved: [UInt8]?, seed: [UInt8], now: Instant) {
        self.scope = configuration.scope
        self.isReadOnly = configuration.isReadOnly
        var generator = KeyedGenerator(seed: seed)
        let state = saved.flatMap { DHTSavedState(decoding: $0) }
        self.networks = configuration.families.sorted().map { family in
            DHTNetwork(
                family: family,
                ownID: Self.ownID(family, former: state?.ids[family], configuration, using: &generator),
                saved: state?.contacts[family] ?? [],
                scope: configuration.scope
            )
        }
        self.tokens = WriteTokens(using: &generator, now: now)
        self.generator = generator
        self.peers = PeerStore(scope: configuration.scope)
        self.budget = ReplyBudget(now: now)
        self.inbound = SourceLimiter(
            perSource: Self.inboundRate,
            total: Self.inboundTotalRate,
            sourceCountMax: Self.sourcesMax,
            now: now
        )
        self.outbound = SourceLimiter(
            perSource: Self.outboundPerEndpointRate,
            total: Self.outboundRate,
            sourceCountMax: Self.endpointsMax,
            now: now
        )
        self.strangers = RecentMap(countMax: Self.endpointsMax)
        self.strangerBucket = TokenBucket(Self.strangerRate, now: now)
        self.silent = RecentMap(countMax: Self.endpointsMax)
        self.nextMaintenance = now
        self.nextExpiry = now.advanced(by: .seconds(60))
    }

    private static func ownID(
        _ family: AddressFamily,
        former: DHTKey?,
        _ configuration: DHTConfiguration,
        using generator: inout KeyedGenerator
    ) -> DHTKey {
        let address = configuration.ownAddresses.first {
            DHTScope.isGlobal($0) && UDPEndpoint(ip: $0, port: 0).family == family
        }
        if let former, address.map({ SecureNodeID.isValid(former, for: $0) }) ?? true { return former }
        let random = generator.key()
        return address.map { SecureNodeID.make(for: $0, random: random, lastByte: random.bytes[0]) } ?? random
    }

    // MARK: Inputs

    /// Takes a datagram that came from `source`.
    public mutating func handleDatagram(_ bytes: [UInt8], from source: UDPEndpoint, now: Instant) -> [Action] {
        guard bytes.count <= KRPCMessage.sizeMax, source.port != 0, self.scope.allows(source.ip),
            self.network(source.family) != nil
        else { return [] }
        do {
            let message = try KRPCMessage(decoding: bytes)
            switch message.body {
            case .query(let query, let id):
                guard self.inbound.admit(self.scope.source(of: source), now: now) else { return [] }
                let incoming = IncomingQuery(
                    query: query,
                    transaction: message.transaction,
                    asker: DHTContact(id: id, endpoint: source),
                    isReadOnly: message.isReadOnly,
                    size: bytes.count
                )
                return self.answer(incoming, now: now)
            case .response(let response):
                return self.handleResponse(response, message, from: source, now: now) + self.pump(now: now)
            case .error:
                return self.handleError(message, from: source, now: now) + self.pump(now: now)
            }
        } catch {
            guard let transaction = error.transaction, self.inbound.admit(self.scope.source(of: source), now: now)
            else {
                return []
            }
            return self.refuse(transaction, error.code, to: source, size: bytes.count, now: now)
        }
    }

    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] {
        var actions = self.expireTransactions(now: now)
        if self.nextExpiry <= now {
            self.nextExpiry = now.advanced(by: .seconds(60))
            self.peers.expire(now: now)
            self.items.expire(now: now)
        }
        if self.nextMaintenance <= now { actions += self.maintain(now: now) }
        for key in self.lookups.keys { self.lookups[key]?.handleTimeout(now: now) }
        return actions + self.pump(now: now)
    }

    /// When ``handleTimeout(now:)`` has work to do.
    public var nextDeadline: Instant {
        var deadline = min(self.nextMaintenance, self.nextExpiry)
        for transaction in self.transactions.values { deadline = min(deadline, transaction.expiresAt) }
        for lookup in self.lookups.values { deadline = min(deadline, lookup.nextDeadline) }
        if let pacedUntil = self.pacedUntil { deadline = min(deadline, pacedUntil) }
        return deadline
    }

    /// Asks hosts that the operator named, or that are known to everybody, for nodes.
    ///
    /// They are asked again as long as no node is known. Addresses outside of the scope are left out.
    public mutating func bootstrap(from hosts: [UDPEndpoint], now: Instant) -> [Action] {
        for i in self.networks.indices {
            let usable = hosts.filter {
                $0.family == self.networks[i].family && $0.port != 0 && self.scope.allows($0.ip)
            }
            self.networks[i].addHosts(usable)
        }
        self.nextMaintenance = now
        return self.handleTimeout(now: now)
    }

    /// Tries a node that a proven peer of the grid runs.
    public mutating func heard(of endpoint: UDPEndpoint, now: Instant) -> [Action] {
        guard endpoint.port != 0, self.scope.allows(endpoint.ip), let network = self.network(endpoint.family) else {
            return []
        }
        guard !network.table.entries.contains(where: { $0.contact.endpoint == endpoint }) else { return [] }
        return self.send(.ping, to: endpoint, for: .ping, now: now) ?? []
    }

    /// Says whether others can reach this node; one that they cannot only asks (BEP 43).
    public mutating func setReadOnly(_ isReadOnly: Bool) {
        self.isReadOnly = isReadOnly
    }

    /// What to keep for the next run: the own ids and the nodes that lived.
    public func saved(now: Instant) -> [UInt8] {
        var state = DHTSavedState()
        for network in self.networks {
            state.ids[network.family] = network.table.ownID
            // A node that is stopped before it found anybody keeps what it had.
            let contacts = network.table.entries.filter { !$0.isBad }.map(\.contact)
            state.contacts[network.family] = contacts.isEmpty ? network.saved : contacts
        }
        return state.encoded()
    }

    /// How much this node knows.
    public func status(now: Instant) -> DHTStatus {
        DHTStatus(
            networks: self.networks.map { network in
                DHTStatus.Network(
                    family: network.family,
                    id: network.table.ownID,
                    nodes: network.table.count,
                    goodNodes: network.table.goodCount(now: now),
                    externalAddress: network.external.current
                )
            },
            isReadOnly: self.isReadOnly,
            storedInfohashes: self.peers.infohashCount,
            storedPeers: self.peers.peerCount,
            storedItems: self.items.count
        )
    }

    /// The number of all things that are remembered, for tests of its bounds.
    package var memoryCount: Int {
        self.networks.reduce(0) { $0 + $1.table.memoryCount } + self.transactions.count + self.lookups.count
            + self.operations.count + self.peers.peerCount + self.items.count + self.budget.sourceCount
            + self.inbound.sourceCount + self.outbound.sourceCount + self.strangers.count + self.silent.count
    }

    // MARK: Questions of others

    func network(_ family: AddressFamily) -> DHTNetwork? {
        self.networks.first { $0.family == family }
    }

    func networkIndex(_ family: AddressFamily) -> Int? {
        self.networks.firstIndex { $0.family == family }
    }

    mutating func nextLookupID() -> DHTLookupID {
        self.lastLookup += 1
        return DHTLookupID(number: self.lastLookup)
    }

    // MARK: Queries of ours

    /// Sends a query, unless too many were sent or wait for an answer.
    mutating func send(
        _ query: KRPCQuery,
        to endpoint: UDPEndpoint,
        for purpose: Purpose,
        now: Instant
    ) -> [Action]? {
        guard let network = self.network(endpoint.family), self.transactions.count < Self.transactionsMax,
            self.outbound.admit(endpoint, now: now)
        else { return nil }
        var number = UInt32(truncatingIfNeeded: self.generator.next())
        while self.transactions[number] != nil { number = number &+ 1 }
        self.transactions[number] = Transaction(
            endpoint: endpoint,
            purpose: purpose,
            expiresAt: now.advanced(by: Self.queryTimeout)
        )
        let message = KRPCMessage(
            transaction: (0 ..< 4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * $0)) },
            body: .query(query, from: network.table.ownID),
            isReadOnly: self.isReadOnly
        )
        return [.send(message.encoded(), to: endpoint)]
    }

    /// The query that a message answers; it is over then.
    mutating func takeTransaction(_ id: [UInt8], from source: UDPEndpoint) -> Transaction? {
        guard id.count == 4 else { return nil }
        let number = id.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let transaction = self.transactions[number], transaction.endpoint == source else { return nil }
        self.transactions[number] = nil
        return transaction
    }

    private mutating func expireTransactions(now: Instant) -> [Action] {
        var actions: [Action] = []
        let expired = self.transactions.filter { $0.value.expiresAt <= now }
        for (number, transaction) in expired.sorted(by: { $0.key < $1.key }) {
            self.transactions[number] = nil
            actions += self.unanswered(transaction, now: now)
        }
        return actions
    }

    private mutating func unanswered(_ transaction: Transaction, now: Instant) -> [Action] {
        let endpoint = transaction.endpoint
        self.silent[self.scope.neighbourhood(of: endpoint)] = now
        self.ended(transaction.purpose, at: endpoint)
        guard let index = self.networkIndex(endpoint.family),
            let substitute = self.networks[index].table.nodeFailed(endpoint, now: now)
        else { return [] }
        return self.send(.ping, to: substitute.endpoint, for: .ping, now: now) ?? []
    }
}
