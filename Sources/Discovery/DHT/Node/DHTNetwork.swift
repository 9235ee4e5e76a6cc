import GridWire

/// What a node knows of one of the two networks of BEP 32.
struct DHTNetwork: Sendable {
    /// The most hosts that were named to begin with.
    static let hostsMax = 64
    /// The waits between searches while nobody is known, and while few are.
    static let searchInterval = (min: Duration.seconds(2), max: Duration.seconds(60), maxWithFew: Duration.seconds(300))

    let family: AddressFamily
    var table: RoutingTable
    var external = ExternalAddress()
    /// The nodes of an earlier run, to ask first.
    let saved: [DHTContact]
    private(set) var hosts: [UDPEndpoint] = []
    /// When to look for the own id next while nobody or few are known; nil: at once.
    private var nextSearch: Instant?
    private var searchDelay = Self.searchInterval.min
    /// Whether there was somebody to ask when last looked.
    var isUsable = false
    /// Whether the own id is new, so that its neighbours do not know this node.
    var hasMoved = false
    /// The lookup that keeps the table fresh, if one runs.
    var upkeep: DHTLookupID?

    init(family: AddressFamily, ownID: DHTKey, saved: [DHTContact], scope: DHTScope) {
        self.family = family
        self.table = RoutingTable(ownID: ownID, scope: scope)
        self.saved = saved.filter { $0.endpoint.family == family && scope.allowsHearsay($0.endpoint) }
    }

    /// Whether it is time to search again.
    func isSearchDue(now: Instant) -> Bool {
        self.nextSearch.map { $0 <= now } ?? true
    }

    /// Adds hosts that may be asked while no node is known.
    mutating func addHosts(_ hosts: [UDPEndpoint]) {
        for host in hosts where !self.hosts.contains(host) {
            if self.hosts.count >= Self.hostsMax { self.hosts.removeFirst() }
            self.hosts.append(host)
            self.searchAgain()
        }
    }

    /// A search begins; the next one waits twice as long.
    mutating func searchBegan(now: Instant) {
        self.nextSearch = now.advanced(by: self.searchDelay)
        let longest = self.isUsable ? Self.searchInterval.maxWithFew : Self.searchInterval.max
        self.searchDelay = min(self.searchDelay * 2, longest)
    }

    /// There is reason to search at once.
    mutating func searchAgain() {
        self.searchDelay = Self.searchInterval.min
        self.nextSearch = nil
    }
}
