import GridWire

/// Virtual time in nanoseconds since the beginning of a run.
package struct VirtualTime: Hashable, Comparable {
    package var nanoseconds: Int64

    static let zero = Self(nanoseconds: 0)

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    init(seconds: Double) {
        self.nanoseconds = Int64(seconds * 1e9)
    }

    var seconds: Double {
        Double(self.nanoseconds) * 1e-9
    }

    static func + (time: Self, seconds: Double) -> Self {
        Self(nanoseconds: time.nanoseconds + Int64(seconds * 1e9))
    }

    package static func < (a: Self, b: Self) -> Bool {
        a.nanoseconds < b.nanoseconds
    }
}

/// A node's monotonic clock: it began at another time than everybody else's.
struct NodeClock {
    let offsetNanoseconds: Int64

    func instant(_ time: VirtualTime) -> Instant {
        Instant(sinceEpoch: .nanoseconds(time.nanoseconds + self.offsetNanoseconds))
    }

    /// The virtual time of an instant, rounded up so that a reminder never comes early.
    func time(_ instant: Instant) -> VirtualTime {
        let (seconds, attoseconds) = instant.sinceEpoch.components
        let (whole, hasOverflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !hasOverflowed, seconds < 9_000_000_000 else { return VirtualTime(nanoseconds: .max / 2) }
        return VirtualTime(nanoseconds: whole + (attoseconds + 999_999_999) / 1_000_000_000 - self.offsetNanoseconds)
    }
}
