/// A point on a monotonic clock that the shell or the simulator reads.
///
/// Only differences mean anything; the epoch is the shell's own.
public struct Instant: InstantProtocol, Sendable {
    /// The time since the clock's epoch.
    public let sinceEpoch: Swift.Duration

    /// Creates an instant at a distance from the clock's epoch.
    public init(sinceEpoch: Swift.Duration) {
        self.sinceEpoch = sinceEpoch
    }

    /// The instant that lies `duration` later.
    public func advanced(by duration: Swift.Duration) -> Self {
        Self(sinceEpoch: self.sinceEpoch + duration)
    }

    /// The time from this instant to `other`.
    public func duration(to other: Self) -> Swift.Duration {
        other.sinceEpoch - self.sinceEpoch
    }

    /// Whether `a` comes before `b`.
    public static func < (a: Self, b: Self) -> Bool {
        a.sinceEpoch < b.sinceEpoch
    }
}
