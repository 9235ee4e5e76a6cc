import GridWire

/// The peers that others announced here.
struct PeerStore: Sendable {
    /// The most infohashes; the one that was announced the longest time ago makes room.
    static let infohashesMax = 1_000
    /// The most peers of one infohash.
    static let peersPerInfohashMax = 256
    /// The most peers of one infohash at one address: a few may share a connection.
    static let peersPerSourceMax = 4
    /// The most infohashes that one sender announces.
    static let infohashesPerSourceMax = 64
    /// How long an announcement holds; clients repeat it every 15 minutes.
    static let lifetime = Duration.seconds(30 * 60)

    private struct Announcement: Sendable {
        var endpoint: UDPEndpoint
        var at: Instant
    }

    private let scope: DHTScope
    private var announcements: [DHTKey: [Announcement]] = [:]

    init(scope: DHTScope) {
        self.scope = scope
    }

    /// The number of infohashes.
    var infohashCount: Int {
        self.announcements.count
    }

    /// The number of peers of all infohashes.
    var peerCount: Int {
        self.announcements.values.reduce(0) { $0 + $1.count }
    }

    /// Remembers a peer.
    mutating func announce(_ endpoint: UDPEndpoint, of infohash: DHTKey, now: Instant) {
        let source = self.scope.source(of: endpoint)
        var list = self.announcements[infohash] ?? []
        list.removeAll { $0.endpoint == endpoint }
        let fromSource = list.indices.filter { self.scope.source(of: list[$0].endpoint) == source }
        if fromSource.count >= Self.peersPerSourceMax {
            list.remove(at: fromSource[0])
        } else if self.announcements[infohash] == nil {
            let count = self.announcements.values.count { list in
                list.contains { self.scope.source(of: $0.endpoint) == source }
            }
            guard count < Self.infohashesPerSourceMax else { return }
            if self.announcements.count >= Self.infohashesMax { self.dropOldest() }
        }
        if list.count >= Self.peersPerInfohashMax { list.removeFirst() }
        // The latest is the last.
        list.append(Announcement(endpoint: endpoint, at: now))
        self.announcements[infohash] = list
    }

    /// At most `count` peers of an infohash in one family, chosen at random.
    func peers(
        of infohash: DHTKey,
        family: AddressFamily,
        count: Int,
        using generator: inout KeyedGenerator,
        now: Instant
    ) -> [UDPEndpoint] {
        var peers = (self.announcements[infohash] ?? [])
            .filter { $0.endpoint.family == family && $0.at.duration(to: now) < Self.lifetime }
            .map(\.endpoint)
        // A partial shuffle: the first ones are drawn from all.
        for i in 0 ..< min(count, peers.count) {
            peers.swapAt(i, Int.random(in: i ..< peers.count, using: &generator))
        }
        return [UDPEndpoint](peers.prefix(count))
    }

    /// Forgets what was not repeated.
    mutating func expire(now: Instant) {
        for (infohash, list) in self.announcements {
            let left = list.filter { $0.at.duration(to: now) < Self.lifetime }
            self.announcements[infohash] = left.isEmpty ? nil : left
        }
    }

    private mutating func dropOldest() {
        let oldest = self.announcements.min { a, b in
            // Every list has a last one; the key decides between equals, so that no run depends on a dictionary's order.
            guard let x = a.value.last?.at, let y = b.value.last?.at, x != y else { return a.key < b.key }
            return x < y
        }
        if let oldest { self.announcements[oldest.key] = nil }
    }
}
