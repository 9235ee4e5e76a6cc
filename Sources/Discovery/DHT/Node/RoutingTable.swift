import GridWire

/// The nodes that a node knows, more of them the nearer they are (BEP 5).
///
/// A node enters only after it answered a query. Bucket *i* holds nodes that share exactly *i* leading bits with the own id, the
/// last bucket those that share more; only the last one splits.
struct RoutingTable: Sendable {
    /// The nodes of a bucket; Kademlia's k.
    static let bucketSize = 8
    /// The nodes that wait for a place in a bucket.
    static let replacementsMax = 8
    /// How long a node that said nothing stays good, and a bucket unchanged.
    static let freshTime = Duration.seconds(15 * 60)
    /// The queries in a row that a bad node left unanswered.
    static let failuresMax = 2
    /// The failures after which a bad node goes although nobody waits for its place.
    static let hopelessFailures = 5
    /// The nodes of one address block in a bucket, and in the whole table.
    static let blockNodesPerBucketMax = 1
    static let blockNodesMax = 4

    /// A known node.
    struct Entry: Hashable, Sendable {
        let contact: DHTContact
        /// Whether its id fits its address (BEP 42).
        let isSecure: Bool
        var answeredAt: Instant
        /// When it last asked us something.
        var queriedAt: Instant?
        var failures = 0

        func isGood(now: Instant) -> Bool {
            let latest = max(self.answeredAt, self.queriedAt ?? self.answeredAt)
            return self.failures == 0 && latest.duration(to: now) < RoutingTable.freshTime
        }

        var isBad: Bool {
            self.failures >= RoutingTable.failuresMax
        }
    }

    private struct Bucket: Sendable {
        var entries: [Entry] = []
        /// Nodes that answered once, the freshest last.
        var replacements: [DHTContact] = []
        /// When a node in it last answered or it was refreshed; nil: never.
        var changedAt: Instant?
    }

    let ownID: DHTKey
    private let scope: DHTScope
    private var buckets = [Bucket()]

    init(ownID: DHTKey, scope: DHTScope) {
        self.ownID = ownID
        self.scope = scope
    }

    /// All nodes, the far buckets first.
    var entries: [Entry] {
        self.buckets.flatMap(\.entries)
    }

    /// The number of nodes.
    var count: Int {
        self.buckets.reduce(0) { $0 + $1.entries.count }
    }

    /// The number of all that is remembered, those who wait included.
    var memoryCount: Int {
        self.buckets.reduce(0) { $0 + $1.entries.count + $1.replacements.count }
    }

    /// The number of nodes that may be told to others.
    func goodCount(now: Instant) -> Int {
        self.buckets.reduce(0) { $0 + $1.entries.count { $0.isGood(now: now) } }
    }

    /// The nodes nearest to a target; with `mayBeQuestionable` also those who were silent for long.
    func closest(to target: DHTKey, count: Int, mayBeQuestionable: Bool = false, now: Instant) -> [Entry] {
        self.entries.filter { mayBeQuestionable ? !$0.isBad : $0.isGood(now: now) }
            .map { (entry: $0, distance: $0.contact.id.distance(to: target)) }
            .sorted { $0.distance < $1.distance }
            .prefix(count)
            .map(\.entry)
    }

    // MARK: What happens

    /// A node answered a query of ours.
    ///
    /// - Returns: A node to ping, since it may have to make room.
    mutating func nodeAnswered(_ contact: DHTContact, now: Instant) -> DHTContact? {
        guard contact.id != self.ownID else { return nil }
        if let (bucket, index) = self.position(where: { $0.contact == contact }) {
            self.buckets[bucket].entries[index].answeredAt = now
            self.buckets[bucket].entries[index].failures = 0
            self.buckets[bucket].changedAt = now
            return nil
        }
        // Who comes back with another id is another node; who takes the id of a living one is nobody.
        self.remove(contact.endpoint)
        if let (bucket, index) = self.position(where: { $0.contact.id == contact.id }) {
            guard self.buckets[bucket].entries[index].isBad else { return nil }
            self.buckets[bucket].entries.remove(at: index)
        }
        guard self.hasRoomForAddress(of: contact.endpoint) else { return nil }
        let entry = Entry(
            contact: contact,
            isSecure: SecureNodeID.isValid(contact.id, for: contact.endpoint.ip),
            answeredAt: now
        )
        while true {
            let index = self.bucketIndex(of: contact.id)
            if self.place(entry, in: index) {
                self.buckets[index].changedAt = now
                return nil
            }
            guard index == self.buckets.count - 1, self.buckets.count < DHTKey.bitCount else {
                return self.wait(contact, in: index, now: now)
            }
            self.splitLast()
        }
    }

    /// A node left a query of ours unanswered.
    ///
    /// - Returns: A node to ping, which takes the place if it answers.
    mutating func nodeFailed(_ endpoint: UDPEndpoint, now: Instant) -> DHTContact? {
        guard let (bucket, index) = self.position(where: { $0.contact.endpoint == endpoint }) else { return nil }
        self.buckets[bucket].entries[index].failures += 1
        let entry = self.buckets[bucket].entries[index]
        guard entry.isBad else { return nil }
        if entry.failures >= Self.hopelessFailures, self.goodCount(now: now) > 0 {
            self.buckets[bucket].entries.remove(at: index)
        }
        return self.buckets[bucket].replacements.popLast()
    }

    /// A node asked us something.
    ///
    /// - Returns: Whether it is worth a ping, since it is not known and there would be a place for it.
    mutating func nodeQueried(_ contact: DHTContact, now: Instant) -> Bool {
        if let (bucket, index) = self.position(where: { $0.contact == contact }) {
            self.buckets[bucket].entries[index].queriedAt = now
            return false
        }
        guard contact.id != self.ownID, self.hasRoomForAddress(of: contact.endpoint) else { return false }
        let index = self.bucketIndex(of: contact.id)
        let bucket = self.buckets[index]
        return bucket.entries.count < Self.bucketSize || index == self.buckets.count - 1
            || bucket.replacements.count < Self.replacementsMax && !bucket.replacements.contains(contact)
    }

    /// The node that was silent for the longest time, if it is questionable.
    func leastRecentlySeenQuestionable(now: Instant) -> DHTContact? {
        self.entries.filter { !$0.isGood(now: now) }.min { $0.answeredAt < $1.answeredAt }?.contact
    }

    /// A target to look up, in a bucket that was unchanged for long; the bucket counts as changed from now on.
    mutating func refreshTarget(now: Instant, using generator: inout KeyedGenerator) -> DHTKey? {
        let stale = self.buckets.firstIndex { bucket in
            bucket.changedAt.map { $0.duration(to: now) >= Self.freshTime } ?? true
        }
        guard let stale else { return nil }
        self.buckets[stale].changedAt = now
        return self.ownID.neighbour(commonPrefixLength: stale, random: generator.key())
    }

    /// The same nodes around another id.
    func rebuilt(around id: DHTKey) -> RoutingTable {
        var table = RoutingTable(ownID: id, scope: self.scope)
        for entry in self.entries.sorted(by: { $0.answeredAt > $1.answeredAt }) {
            _ = table.nodeAnswered(entry.contact, now: entry.answeredAt)
        }
        return table
    }

    // MARK: Places

    private func bucketIndex(of id: DHTKey) -> Int {
        min(self.ownID.commonPrefixLength(with: id), self.buckets.count - 1)
    }

    private func position(where matches: (Entry) -> Bool) -> (bucket: Int, index: Int)? {
        for (i, bucket) in self.buckets.enumerated() {
            if let index = bucket.entries.firstIndex(where: matches) { return (i, index) }
        }
        return nil
    }

    private mutating func remove(_ endpoint: UDPEndpoint) {
        guard let (bucket, index) = self.position(where: { $0.contact.endpoint == endpoint }) else { return }
        self.buckets[bucket].entries.remove(at: index)
    }

    /// Whether the table may hold one more node of the address and its block.
    private func hasRoomForAddress(of endpoint: UDPEndpoint) -> Bool {
        let source = self.scope.source(of: endpoint)
        let block = self.scope.block(of: endpoint)
        var blockCount = 0
        for entry in self.entries where !entry.isBad {
            if self.scope.source(of: entry.contact.endpoint) == source { return false }
            if let block, self.scope.block(of: entry.contact.endpoint) == block { blockCount += 1 }
        }
        return blockCount < Self.blockNodesMax
    }

    /// Puts an entry into a bucket with room, or in place of a bad node or one whose id does not fit its address.
    private mutating func place(_ entry: Entry, in index: Int) -> Bool {
        let entries = self.buckets[index].entries
        if let block = self.scope.block(of: entry.contact.endpoint), index < self.buckets.count - 1 {
            let count = entries.count { self.scope.block(of: $0.contact.endpoint) == block }
            if count >= Self.blockNodesPerBucketMax { return false }
        }
        self.buckets[index].replacements.removeAll { $0.endpoint == entry.contact.endpoint }
        if entries.count < Self.bucketSize {
            self.buckets[index].entries.append(entry)
            return true
        }
        let weaker = entries.firstIndex(where: \.isBad) ?? (entry.isSecure ? entries.firstIndex { !$0.isSecure } : nil)
        guard let weaker else { return false }
        self.buckets[index].entries[weaker] = entry
        return true
    }

    private mutating func wait(_ contact: DHTContact, in index: Int, now: Instant) -> DHTContact? {
        self.buckets[index].replacements.removeAll { $0.endpoint == contact.endpoint || $0.id == contact.id }
        self.buckets[index].replacements.append(contact)
        if self.buckets[index].replacements.count > Self.replacementsMax {
            self.buckets[index].replacements.removeFirst()
        }
        return self.buckets[index].entries.filter { !$0.isGood(now: now) }
            .min { $0.answeredAt < $1.answeredAt }?.contact
    }

    private mutating func splitLast() {
        let depth = self.buckets.count - 1
        let last = self.buckets.removeLast()
        var far = Bucket(changedAt: last.changedAt)
        var near = Bucket()
        for entry in last.entries {
            if self.ownID.commonPrefixLength(with: entry.contact.id) == depth {
                far.entries.append(entry)
            } else {
                near.entries.append(entry)
            }
        }
        for contact in last.replacements {
            if self.ownID.commonPrefixLength(with: contact.id) == depth {
                far.replacements.append(contact)
            } else {
                near.replacements.append(contact)
            }
        }
        self.buckets += [far, near]
    }
}
