public import GridWire

/// A grid's peers through the DHT: a ``DHTNode``, and what it is asked when.
///
/// The grid meets under an infohash (``GridInfohash``): this node announces itself there, looks for others as long as it has few
/// peers, keeps its signed ``NodeRecord`` in the DHT, and looks for the records of peers that it lost. What it finds are
/// addresses to try; only a session proves who answers there.
public struct GridDiscovery: Sendable {
    /// What the shell must do.
    public enum Action: Hashable, Sendable {
        /// Send a datagram.
        case send([UInt8], to: UDPEndpoint)
        /// Try to reach somebody at these addresses; some name the peer that must answer.
        case tryReaching([Multiaddr])
        /// Nobody is known to ask: hand in hosts with ``bootstrap(from:now:)``.
        case hostsWanted
        /// The DHT can be used now, or others agree on our address.
        case statusChanged
    }

    /// What is announced, and for whom.
    public struct Configuration: Sendable {
        /// How the node of the DHT behaves.
        public var dht: DHTConfiguration
        /// The grid's name.
        public var grid: String
        /// The grid's secret, or nil for a public one.
        public var secret: [UInt8]?
        /// This node.
        public var peer: PeerID
        /// Signs with this node's key.
        public var sign: Signer
        /// The port to announce, or nil not to be found.
        public var announcement: DHTAnnouncement?
        /// Where this node listens, without `/p2p`.
        public var addresses: [Multiaddr]
        /// The time since 1970 at the start.
        public var unixMilliseconds: UInt64

        /// Creates a configuration.
        public init(
            dht: DHTConfiguration,
            grid: String,
            secret: [UInt8]?,
            peer: PeerID,
            sign: @escaping Signer,
            announcement: DHTAnnouncement?,
            addresses: [Multiaddr],
            unixMilliseconds: UInt64
        ) {
            self.dht = dht
            self.grid = grid
            self.secret = secret
            self.peer = peer
            self.sign = sign
            self.announcement = announcement
            self.addresses = addresses
            self.unixMilliseconds = unixMilliseconds
        }
    }

    /// The peers that a node wants to have; with fewer it looks for more.
    public static let peersWanted = 6
    /// The time between announcements, and how much of it is left to chance.
    static let announceInterval = (base: Duration.seconds(14 * 60), jitter: Duration.seconds(60))
    /// The waits between searches while peers are few.
    static let searchInterval = (min: Duration.seconds(10), max: Duration.seconds(15 * 60))
    /// The wait after an announcement that nobody stored.
    static let retryInterval = Duration.seconds(20)
    /// The time between stores of the own record.
    static let recordInterval = Duration.seconds(3_600)
    /// How long an address is not told again.
    static let repeatInterval = Duration.seconds(300)
    /// The most addresses that are remembered for that.
    static let candidatesMax = 1_024
    /// The most lost peers whose records are looked for at a time.
    static let lostPeersMax = 16

    private enum Question: Hashable, Sendable {
        case announcement
        case search
        case record
        case lostPeer(PeerID)
    }

    private var configuration: Configuration
    private let startedAt: Instant
    private var node: DHTNode
    private var generator: KeyedGenerator
    private var questions: [DHTLookupID: Question] = [:]
    private var told: RecentMap<UDPEndpoint, Instant>
    private var peerCount = 0
    private var isUsable = false
    private var nextAnnouncement: Instant
    private var nextSearch: Instant
    private var searchDelay = Self.searchInterval.min
    private var nextRecord: Instant
    private var externalAddresses: [IPAddress] = []

    /// Begins; see ``DHTNode/init(configuration:saved:seed:now:)`` for the other parameters.
    public init(configuration: Configuration, saved: [UInt8]?, seed: [UInt8], now: Instant) {
        var generator = KeyedGenerator(seed: seed)
        self.node = DHTNode(configuration: configuration.dht, saved: saved, seed: generator.bytes(32), now: now)
        self.generator = generator
        self.configuration = configuration
        self.startedAt = now
        self.told = RecentMap(countMax: Self.candidatesMax)
        self.nextAnnouncement = now
        self.nextSearch = now
        self.nextRecord = now
    }

    // MARK: Inputs

    /// Takes a datagram that came from `source`.
    public mutating func handleDatagram(_ bytes: [UInt8], from source: UDPEndpoint, now: Instant) -> [Action] {
        self.perform(self.node.handleDatagram(bytes, from: source, now: now), now: now)
    }

    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] {
        self.perform(self.node.handleTimeout(now: now), now: now) + self.askWhatIsDue(now: now)
    }

    /// When ``handleTimeout(now:)`` has work to do.
    public var nextDeadline: Instant {
        guard self.isUsable else { return self.node.nextDeadline }
        var deadline = min(self.node.nextDeadline, self.nextAnnouncement)
        if self.isSearching { deadline = min(deadline, self.nextSearch) }
        return min(deadline, self.nextRecord)
    }

    /// Hands in hosts of the DHT; see ``DHTNode/bootstrap(from:now:)``.
    public mutating func bootstrap(from hosts: [UDPEndpoint], now: Instant) -> [Action] {
        self.perform(self.node.bootstrap(from: hosts, now: now), now: now)
    }

    /// A peer of the grid is connected from an address, where its node of the DHT may be as well.
    public mutating func connected(to endpoint: UDPEndpoint?, peerCount: Int, now: Instant) -> [Action] {
        self.peerCount = peerCount
        guard let endpoint else { return [] }
        return self.perform(self.node.heard(of: endpoint, now: now), now: now)
    }

    /// A peer of the grid was lost: its record may say where it is now.
    public mutating func disconnected(from peer: PeerID, peerCount: Int, now: Instant) -> [Action] {
        self.peerCount = peerCount
        self.searchDelay = Self.searchInterval.min
        self.nextSearch = min(self.nextSearch, now.advanced(by: self.searchDelay))
        let lost = self.questions.values.count { if case .lostPeer = $0 { true } else { false } }
        guard self.isUsable, lost < Self.lostPeersMax, !self.questions.values.contains(.lostPeer(peer)) else {
            return []
        }
        let salt = self.recordSalt(now: now)
        let target = DHTItem.target(publicKey: peer.publicKey, salt: salt)
        let (id, actions) = self.node.findItem(target, salt: salt, now: now)
        self.questions[id] = .lostPeer(peer)
        return self.perform(actions, now: now)
    }

    /// This node listens elsewhere from now on, or a relay answers for it.
    public mutating func setAddresses(_ addresses: [Multiaddr], now: Instant) {
        guard addresses != self.configuration.addresses else { return }
        self.configuration.addresses = addresses
        self.nextRecord = now
    }

    /// Sessions come through another port from now on, as where a router forwards one of its own; it is announced at once.
    public mutating func setAnnouncedPort(_ port: UInt16, now: Instant) {
        guard case .port(let known)? = self.configuration.announcement, known != port else { return }
        self.configuration.announcement = .port(port)
        (self.nextAnnouncement, self.nextRecord) = (now, now)
    }

    /// Whether the DHT that this node takes part in has such addresses.
    public func allows(_ ip: IPAddress) -> Bool {
        self.configuration.dht.scope.allows(ip)
    }

    /// Says whether others can reach this node.
    public mutating func setReadOnly(_ isReadOnly: Bool) {
        self.node.setReadOnly(isReadOnly)
    }

    /// What to keep for the next run.
    public func saved(now: Instant) -> [UInt8] {
        self.node.saved(now: now)
    }

    /// How much the node of the DHT knows.
    public func status(now: Instant) -> DHTStatus {
        self.node.status(now: now)
    }

    // MARK: The schedule

    private var isSearching: Bool {
        self.peerCount < Self.peersWanted
    }

    private func unixSeconds(now: Instant) -> Int64 {
        Int64(self.configuration.unixMilliseconds / 1_000) + self.startedAt.duration(to: now).components.seconds
    }

    private func infohashes(now: Instant) -> [DHTKey] {
        GridInfohash.infohashes(
            name: self.configuration.grid,
            secret: self.configuration.secret,
            unixSeconds: self.unixSeconds(now: now)
        )
    }

    /// Keeps apart the records of one key in several grids, and hides those of a private one.
    private func recordSalt(now: Instant) -> [UInt8] {
        self.infohashes(now: now).first?.bytes ?? []
    }

    private mutating func askWhatIsDue(now: Instant) -> [Action] {
        guard self.isUsable else { return [] }
        var actions: [Action] = []
        if self.nextAnnouncement <= now {
            let jitter = Double.random(in: 0 ..< 1, using: &self.generator)
            let interval = Self.announceInterval
            self.nextAnnouncement = now.advanced(by: interval.base + interval.jitter * jitter)
            self.searchBegan(now: now)
            for infohash in self.infohashes(now: now) {
                actions += self.findPeers(infohash, self.configuration.announcement, .announcement, now: now)
            }
        } else if self.isSearching, self.nextSearch <= now {
            self.searchBegan(now: now)
            for infohash in self.infohashes(now: now) { actions += self.findPeers(infohash, nil, .search, now: now) }
        }
        if self.nextRecord <= now {
            self.nextRecord = now.advanced(by: Self.recordInterval)
            actions += self.storeRecord(now: now)
        }
        return actions
    }

    private mutating func searchBegan(now: Instant) {
        self.nextSearch = now.advanced(by: self.searchDelay)
        self.searchDelay = min(self.searchDelay * 2, Self.searchInterval.max)
    }

    private mutating func findPeers(
        _ infohash: DHTKey,
        _ announcement: DHTAnnouncement?,
        _ question: Question,
        now: Instant
    ) -> [Action] {
        let (id, actions) = self.node.findPeers(of: infohash, announcing: announcement, now: now)
        self.questions[id] = question
        return self.perform(actions, now: now)
    }

    /// Puts the own record where others look for it, if there is an address that means something to them.
    private mutating func storeRecord(now: Instant) -> [Action] {
        var addresses = self.configuration.addresses.filter { self.configuration.dht.scope.allows($0) }
        if case .port(let port)? = self.configuration.announcement {
            let seen = self.externalAddresses.map { Multiaddr(ip: $0, tcp: port) }
            addresses = seen.filter { !addresses.contains($0) } + addresses
        }
        guard !addresses.isEmpty else { return [] }
        let elapsed = self.startedAt.duration(to: now) / .milliseconds(1)
        let record = NodeRecord(
            peer: self.configuration.peer,
            sequence: self.configuration.unixMilliseconds &+ UInt64(max(0, elapsed)),
            addresses: NodeRecordBook.addresses(toSign: addresses),
            signedBy: self.configuration.sign
        )
        let item = MutableDHTItem(
            publicKey: record.peer.publicKey,
            salt: self.recordSalt(now: now),
            sequence: Int64(clamping: record.sequence),
            value: DHTItem.value(ofBytes: record.encoded()),
            signedBy: self.configuration.sign
        )
        let (id, actions) = self.node.store(.mutable(item), now: now)
        self.questions[id] = .record
        return self.perform(actions, now: now)
    }

    // MARK: What the node says

    private mutating func perform(_ actions: [DHTNode.Action], now: Instant) -> [Action] {
        var output: [Action] = []
        for action in actions {
            switch action {
            case .send(let bytes, let endpoint):
                output.append(.send(bytes, to: endpoint))
            case .hostsWanted:
                output.append(.hostsWanted)
            case .becameUsable:
                if !self.isUsable { (self.nextAnnouncement, self.nextSearch) = (now, now) }
                self.isUsable = true
                output.append(.statusChanged)
                output += self.askWhatIsDue(now: now)
            case .learnedExternalAddress(let ip):
                self.externalAddresses = [ip] + self.externalAddresses.filter { $0 != ip }.prefix(3)
                self.nextRecord = now
                output.append(.statusChanged)
            case .foundPeers(let id, let endpoints):
                guard self.questions[id] != nil else { continue }
                let news = endpoints.filter { self.isNews($0, now: now) }
                if !news.isEmpty { output.append(.tryReaching(news.map { Multiaddr(ip: $0.ip, tcp: $0.port) })) }
            case .foundItem(let id, let item):
                guard case .lostPeer(let peer)? = self.questions[id] else { continue }
                let addresses = self.addresses(of: peer, in: item)
                if !addresses.isEmpty { output.append(.tryReaching(addresses)) }
            case .lookupEnded(let id, let report):
                if self.questions.removeValue(forKey: id) == .announcement, report.stored == 0,
                    self.configuration.announcement != nil
                {
                    self.nextAnnouncement = min(self.nextAnnouncement, now.advanced(by: Self.retryInterval))
                }
            }
        }
        return output
    }

    /// Whether an address is neither our own nor told lately.
    private mutating func isNews(_ endpoint: UDPEndpoint, now: Instant) -> Bool {
        if case .port(let port)? = self.configuration.announcement, endpoint.port == port,
            self.externalAddresses.contains(endpoint.ip)
        {
            return false
        }
        guard !self.configuration.addresses.contains(Multiaddr(ip: endpoint.ip, tcp: endpoint.port)),
            self.told[endpoint].map({ $0.duration(to: now) >= Self.repeatInterval }) ?? true
        else { return false }
        self.told[endpoint] = now
        return true
    }

    /// The addresses of a record that the DHT found; the item's signature is that of the peer.
    private func addresses(of peer: PeerID, in item: DHTItem) -> [Multiaddr] {
        guard let bytes = DHTItem.bytes(ofValue: item.value), let record = try? NodeRecord(decoding: bytes),
            record.peer == peer
        else { return [] }
        return record.addresses.filter {
            self.configuration.dht.scope.allows($0) && $0.relay != self.configuration.peer
        }.compactMap { $0.withPeer(peer) }
    }
}
