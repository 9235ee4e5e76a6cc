import GridWire

/// How much may be sent to an address of which nobody knows whether it asked.
///
/// A datagram's sender is easily forged, and then the answer goes to a victim. To an address that never showed that it receives
/// what is sent there, answers are bounded by three times what came from it and a first allowance of one datagram.
struct ReplyBudget: Sendable {
    /// The first allowance in bytes, and the most that is saved up.
    static let allowance = 1_500.0
    /// The bytes for each byte that came.
    static let factor = 3.0
    /// How long an address that answered a query of ours, or showed a token, is believed.
    static let trustTime = Duration.seconds(15 * 60)
    /// The most addresses that are remembered.
    static let sourcesMax = 4_096
    /// The bytes of all answers.
    static let total = TokenBucket.Rate(perSecond: 64 * 1_024, burst: 128 * 1_024)
    /// The allowance comes back within some minutes.
    private static let rate = TokenBucket.Rate(perSecond: 5, burst: Self.allowance)

    private var trusted: RecentMap<DHTSource, Instant>
    private var strangers: RecentMap<DHTSource, TokenBucket>
    private var totalBucket: TokenBucket

    init(now: Instant) {
        self.trusted = RecentMap(countMax: Self.sourcesMax)
        self.strangers = RecentMap(countMax: Self.sourcesMax)
        self.totalBucket = TokenBucket(Self.total, now: now)
    }

    /// The number of addresses that are remembered.
    var sourceCount: Int {
        self.trusted.count + self.strangers.count
    }

    /// The address receives what is sent to it.
    mutating func trust(_ source: DHTSource, now: Instant) {
        self.trusted[source] = now
    }

    /// A query came.
    ///
    /// - Returns: The most bytes of the answer.
    mutating func received(_ count: Int, from source: DHTSource, now: Instant) -> Int {
        let total = self.totalBucket.available(Self.total, now: now)
        if let since = self.trusted[source], since.duration(to: now) < Self.trustTime { return Int(total) }
        var bucket = self.strangers[source] ?? TokenBucket(Self.rate, now: now)
        bucket.add(Self.factor * Double(count), Self.rate)
        self.strangers[source] = bucket
        return Int(min(total, bucket.available(Self.rate, now: now)))
    }

    /// An answer was sent.
    mutating func sent(_ count: Int, to source: DHTSource, now: Instant) {
        _ = self.totalBucket.take(Double(count), Self.total, now: now)
        guard var bucket = self.strangers[source] else { return }
        _ = bucket.take(Double(count), Self.rate, now: now)
        self.strangers[source] = bucket
    }
}
