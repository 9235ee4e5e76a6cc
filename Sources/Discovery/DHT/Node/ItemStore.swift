import GridWire

/// The items that others stored here (BEP 44).
struct ItemStore: Sendable {
    /// The most items; the one that was stored the longest time ago makes room.
    static let itemsMax = 700
    /// The most items that one sender stores.
    static let itemsPerSourceMax = 64
    /// How long an item holds; its owner repeats it every hour.
    static let lifetime = Duration.seconds(2 * 3_600)

    private struct Stored: Sendable {
        var item: DHTItem
        var source: DHTSource
        var at: Instant
    }

    private var items: [DHTKey: Stored] = [:]

    /// The number of items.
    var count: Int {
        self.items.count
    }

    /// The item under a target.
    func item(_ target: DHTKey, now: Instant) -> DHTItem? {
        self.items[target].flatMap { $0.at.duration(to: now) < Self.lifetime ? $0.item : nil }
    }

    /// Stores an item whose signature was checked.
    ///
    /// - Parameter expected: The version that must be stored now.
    /// - Throws: The code with which the query is refused.
    mutating func put(
        _ item: DHTItem,
        expecting expected: Int64?,
        from source: DHTSource,
        now: Instant
    ) throws(KRPCError.Code) {
        let target = item.target
        let present = self.item(target, now: now)
        if case .mutable(let new) = item, case .mutable(let old)? = present {
            if let expected, expected != old.sequence { throw .versionMismatch }
            guard new.sequence >= old.sequence else { throw .versionTooLow }
            // One number names one value: the first one stays, and the same one is refreshed.
            guard new.sequence > old.sequence || new.value == old.value else { throw .versionTooLow }
        }
        if present == nil {
            guard self.items.values.count(where: { $0.source == source }) < Self.itemsPerSourceMax else {
                throw .protocol
            }
            if self.items[target] == nil, self.items.count >= Self.itemsMax { self.dropOldest() }
        }
        self.items[target] = Stored(item: item, source: source, at: now)
    }

    /// Forgets what was not repeated.
    mutating func expire(now: Instant) {
        self.items = self.items.filter { $0.value.at.duration(to: now) < Self.lifetime }
    }

    private mutating func dropOldest() {
        let oldest = self.items.min { ($0.value.at, $0.key) < ($1.value.at, $1.key) }
        if let oldest { self.items[oldest.key] = nil }
    }
}
