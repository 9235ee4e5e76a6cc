import GridWire

/// A token bucket per sender, so that one neighbour cannot keep a node busy, and one for all together.
struct SourceLimiter {
    /// The datagrams of one sender that may come at once.
    ///
    /// Nodes of one machine share an address.
    static let burst = 60.0
    /// The datagrams of one sender per second.
    static let rate = 20.0
    /// The datagrams of all senders per second, and at once.
    static let totalRate = 200.0
    /// The most senders that are remembered.
    static let sourceCountMax = 256

    private struct Bucket {
        var tokens: Double
        var filledAt: Instant

        mutating func take(rate: Double, burst: Double, now: Instant) -> Bool {
            if self.filledAt < now {
                let time = self.filledAt.duration(to: now).components
                let seconds = Double(time.seconds) + Double(time.attoseconds) * 1e-18
                self.tokens = min(burst, self.tokens + seconds * rate)
                self.filledAt = now
            }
            guard self.tokens >= 1 else { return false }
            self.tokens -= 1
            return true
        }
    }

    private var total: Bucket
    private var sources: [IPAddress: Bucket] = [:]

    init(now: Instant) {
        self.total = Bucket(tokens: Self.totalRate, filledAt: now)
    }

    /// Whether one more datagram of a sender is welcome.
    mutating func admit(_ source: IPAddress, now: Instant) -> Bool {
        let source = source.unmapped
        if self.sources[source] == nil, self.sources.count >= Self.sourceCountMax {
            let oldest = self.sources.min { ($0.value.filledAt, $0.key) < ($1.value.filledAt, $1.key) }
            self.sources[oldest?.key ?? source] = nil
        }
        guard
            self.sources[source, default: Bucket(tokens: Self.burst, filledAt: now)]
                .take(rate: Self.rate, burst: Self.burst, now: now)
        else { return false }
        return self.total.take(rate: Self.totalRate, burst: Self.totalRate, now: now)
    }
}
