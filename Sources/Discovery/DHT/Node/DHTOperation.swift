import GridWire

/// One walk of an operation: each network has its own.
struct LookupKey: Hashable, Comparable, Sendable {
    let id: DHTLookupID
    let family: AddressFamily

    static func < (a: Self, b: Self) -> Bool {
        (a.id, a.family) < (b.id, b.family)
    }
}

/// Something that was asked for: a walk in each network, and then perhaps storing at its end.
struct DHTOperation: Sendable {
    /// The most peers that are told of one operation.
    static let peersMax = 512

    /// What is looked for.
    enum Goal: Sendable {
        /// Nodes, to know them.
        case nodes(DHTKey)
        /// Peers; with an announcement also to become one.
        case peers(DHTKey, DHTAnnouncement?)
        /// An item; with one also to store it.
        case item(DHTKey, salt: [UInt8], storing: DHTItem?, expecting: Int64?)

        var target: DHTKey {
            switch self {
            case .nodes(let target), .peers(let target, _), .item(let target, _, _, _): target
            }
        }

        var isStoring: Bool {
            switch self {
            case .nodes: false
            case .peers(_, let announcement): announcement != nil
            case .item(_, _, let item, _): item != nil
            }
        }

        /// What the nodes on the way are asked.
        func query(want: Set<AddressFamily>?) -> KRPCQuery {
            switch self {
            case .nodes(let target): .findNode(target: target, want: want)
            case .peers(let infohash, _): .getPeers(infohash: infohash, want: want)
            case .item(let target, _, _, _): .get(target: target, newerThan: nil, want: want)
            }
        }

        /// What the nearest nodes are asked at the end.
        func storingQuery(token: [UInt8]) -> KRPCQuery? {
            switch self {
            case .nodes:
                nil
            case .peers(let infohash, let announcement):
                switch announcement {
                case nil: nil
                case .port(let port): .announcePeer(infohash: infohash, port: port, token: token)
                case .sourcePort: .announcePeer(infohash: infohash, port: nil, token: token)
                }
            case .item(_, _, let item, let expected):
                item.map { .put($0, token: token, expecting: expected) }
            }
        }
    }

    let goal: Goal
    /// Whether it serves the table alone, so that nobody is told.
    let isUpkeep: Bool
    var report = DHTLookupReport()
    /// The walks that have not ended.
    var walking: Set<AddressFamily>
    /// Nodes that are still to be asked to store something.
    var pendingStores: [(key: LookupKey, storer: Lookup.Storer)] = []
    /// Nodes that were asked and did not answer yet.
    var outstandingStores = 0
    private var toldPeers: Set<UDPEndpoint> = []
    private var bestItem: DHTItem?

    init(goal: Goal, isUpkeep: Bool, families: Set<AddressFamily>) {
        self.goal = goal
        self.isUpkeep = isUpkeep
        self.walking = families
    }

    /// Whether nothing of it is left to do.
    var isOver: Bool {
        self.walking.isEmpty && self.pendingStores.isEmpty && self.outstandingStores == 0
    }

    /// Those of the peers that were not told before.
    mutating func news(of peers: [UDPEndpoint]) -> [UDPEndpoint] {
        peers.filter { self.toldPeers.count < Self.peersMax && self.toldPeers.insert($0).inserted }
    }

    /// Whether an item is the first, or of a mutable one the newest.
    mutating func isNews(_ item: DHTItem) -> Bool {
        switch (item, self.bestItem) {
        case (_, nil), (.immutable, .mutable): break
        case (.mutable(let new), .mutable(let old)): if new.sequence <= old.sequence { return false }
        case (_, .immutable): return false
        }
        self.bestItem = item
        return true
    }
}
