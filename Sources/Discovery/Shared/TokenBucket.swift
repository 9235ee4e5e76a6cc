import GridWire

/// An allowance that fills with time up to a bound and is used up by what happens.
struct TokenBucket: Hashable, Sendable {
    /// How an allowance fills.
    struct Rate: Hashable, Sendable {
        /// What is gained in a second.
        var perSecond: Double
        /// The most that is kept.
        var burst: Double
    }

    private var tokens: Double
    private var filledAt: Instant

    /// Creates a full allowance.
    init(_ rate: Rate, now: Instant) {
        self.tokens = rate.burst
        self.filledAt = now
    }

    /// What is left.
    mutating func available(_ rate: Rate, now: Instant) -> Double {
        if self.filledAt < now {
            let time = self.filledAt.duration(to: now).components
            let seconds = Double(time.seconds) + Double(time.attoseconds) * 1e-18
            self.tokens = min(rate.burst, self.tokens + seconds * rate.perSecond)
            self.filledAt = now
        }
        return self.tokens
    }

    /// Takes an amount if all of it is there.
    mutating func take(_ amount: Double, _ rate: Rate, now: Instant) -> Bool {
        guard self.available(rate, now: now) >= amount else { return false }
        self.tokens -= amount
        return true
    }

    /// Adds an amount, up to the bound.
    mutating func add(_ amount: Double, _ rate: Rate) {
        self.tokens = min(rate.burst, self.tokens + amount)
    }
}
