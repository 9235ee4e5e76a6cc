import GridWire

/// An allowance for each sender, so that one cannot keep a node busy, and one for all together.
struct SourceLimiter<Source: Hashable & Sendable>: Sendable {
    private let perSource: TokenBucket.Rate
    private let total: TokenBucket.Rate
    private var totalBucket: TokenBucket
    private var sources: RecentMap<Source, TokenBucket>

    /// Creates a limiter that remembers at most `sourceCountMax` senders.
    init(perSource: TokenBucket.Rate, total: TokenBucket.Rate, sourceCountMax: Int, now: Instant) {
        self.perSource = perSource
        self.total = total
        self.totalBucket = TokenBucket(total, now: now)
        self.sources = RecentMap(countMax: sourceCountMax)
    }

    /// The number of senders that are remembered.
    var sourceCount: Int {
        self.sources.count
    }

    /// Whether one more datagram of a sender is welcome.
    mutating func admit(_ source: Source, now: Instant) -> Bool {
        var bucket = self.sources[source] ?? TokenBucket(self.perSource, now: now)
        let isWithinOwn = bucket.take(1, self.perSource, now: now)
        self.sources[source] = bucket
        return isWithinOwn && self.totalBucket.take(1, self.total, now: now)
    }
}
