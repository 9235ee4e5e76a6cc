package import GridWire

/// A cap on bytes a second that is kept on average over any few seconds.
///
/// A token bucket that may be overdrawn: what is sent or has come is counted, and who has more to move waits until the debt is
/// paid. So a reader need not know beforehand how much will come, and words of some bytes go at once.
package struct BandwidthLimit: Hashable, Sendable {
    /// The cap.
    package let bytesPerSecond: Int
    /// What may be saved up, in seconds of the cap.
    package static let burst = 0.25
    /// Caps below this would keep sessions from showing that they live.
    package static let bytesPerSecondMin = 50_000

    /// What was moved beyond the cap; below zero what is saved up.
    private var debt = 0.0
    private var countedAt: Instant?

    /// A cap of at least ``bytesPerSecondMin``.
    package init(bytesPerSecond: Int) {
        self.bytesPerSecond = max(Self.bytesPerSecondMin, bytesPerSecond)
    }

    /// Counts bytes.
    package mutating func spend(_ count: Int, now: Instant) {
        self.settle(now: now)
        self.debt += Double(count)
    }

    /// How long whoever has more than some words to move should wait; zero when it may go.
    package mutating func wait(now: Instant) -> Duration {
        self.settle(now: now)
        return self.debt <= 0 ? .zero : .seconds(self.debt / Double(self.bytesPerSecond))
    }

    private mutating func settle(now: Instant) {
        if let countedAt, countedAt < now {
            let seconds = countedAt.duration(to: now) / .seconds(1)
            self.debt = max(
                self.debt - seconds * Double(self.bytesPerSecond),
                -Self.burst * Double(self.bytesPerSecond)
            )
        }
        self.countedAt = self.countedAt.map { max($0, now) } ?? now
    }
}
