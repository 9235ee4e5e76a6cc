package import GridWire

/// How many copies of pixels a steward has on their way at a time, and how long it waits for word of one.
///
/// Pixels are the most that a steward sends. Were every copy sent as soon as it is wanted, and again after a fixed time, a slow
/// line would carry little but repetitions, and the stewards' records and heartbeats would wait behind them. As in TCP, what
/// arrives makes room for what waits (RFC 5681), and the patience is taken from how long copies took (RFC 6298). One that is
/// overdue alone says nothing, since a sibling that has not heard yet that a unit is accepted refuses its pixels.
package struct CopyPacing: Sendable {
    /// The fewest and the most copies that are on their way together.
    package static let windowRange = 4.0 ... 4_096.0
    /// The longest patience.
    package static let patienceMax = Duration.seconds(15)

    private struct Sent: Sendable {
        let at: Instant
        let isFirst: Bool
    }

    private static let windowAtFirst = 8.0

    private var window = Self.windowAtFirst
    private var underWay: [Int: Sent] = [:]
    private var waiting: [Int] = []
    private var waitingBegin = 0
    private var isWaiting: Set<Int> = []
    /// The mean time from sending to the receipt and its deviation in seconds, once there was one.
    private var time: (mean: Double, deviation: Double)?
    /// How many copies arrived and how many were overdue since the window was last weighed.
    private var outcomes = (arrived: 0, overdue: 0)

    /// Creates the pacing of a line of which nothing is known.
    package init() {}

    /// Takes a place for a copy, or a place in the line of those that wait for one.
    ///
    /// - Parameter roomAtLeast: how many copies may be on their way in any case.
    /// - Returns: Whether it is to be sent now.
    package mutating func begin(_ unit: Int, isFirst: Bool, roomAtLeast: Int = 0, now: Instant) -> Bool {
        guard self.underWay.count < max(Int(self.window), roomAtLeast) else {
            if self.isWaiting.insert(unit).inserted { self.waiting.append(unit) }
            return false
        }
        self.underWay[unit] = Sent(at: now, isFirst: isFirst)
        return true
    }

    /// The copy is not needed any more, in most cases since a receipt came.
    package mutating func end(_ unit: Int, now: Instant) {
        self.isWaiting.remove(unit)
        guard let sent = self.underWay.removeValue(forKey: unit) else { return }
        self.window = min(self.window + 1, Self.windowRange.upperBound)
        self.outcomes.arrived += 1
        self.weigh()
        // Nobody knows of which of several the receipt tells (Karn and Partridge 1987).
        guard sent.isFirst else { return }
        let seconds = sent.at.duration(to: now).seconds
        if let (mean, deviation) = self.time {
            self.time = (mean * 0.875 + seconds * 0.125, deviation * 0.75 + abs(seconds - mean) * 0.25)
        } else {
            self.time = (seconds, seconds / 2)
        }
    }

    /// No receipt came in time: if the copy is on its way, its place is free for others.
    ///
    /// - Returns: Whether it was on its way.
    package mutating func isOverdue(_ unit: Int) -> Bool {
        guard self.underWay.removeValue(forKey: unit) != nil else { return false }
        self.outcomes.overdue += 1
        self.weigh()
        return true
    }

    /// Halves the window when a third of what was sent did not arrive in time.
    private mutating func weigh() {
        let count = self.outcomes.arrived + self.outcomes.overdue
        guard Double(2 * count) >= self.window else { return }
        if 3 * self.outcomes.overdue > count {
            self.window = max(self.window / 2, Self.windowRange.lowerBound)
        }
        self.outcomes = (0, 0)
    }

    /// The next one that waits and for which there is room now.
    package mutating func next(roomAtLeast: Int = 0) -> Int? {
        let room = max(Int(self.window), roomAtLeast)
        while self.waitingBegin < self.waiting.count, self.underWay.count < room {
            let unit = self.waiting[self.waitingBegin]
            self.waitingBegin += 1
            if self.waitingBegin == self.waiting.count || self.waitingBegin > 4_096 {
                self.waiting.removeFirst(self.waitingBegin)
                self.waitingBegin = 0
            }
            if self.isWaiting.remove(unit) != nil { return unit }
        }
        return nil
    }

    /// Others can be reached now than before: what the line carried until then tells nothing any more.
    package mutating func forget() {
        self.window = max(self.window, Self.windowAtFirst)
        self.time = nil
        self.outcomes = (0, 0)
    }

    /// How long a receipt is waited for, at least `least`.
    package func patience(atLeast least: Duration) -> Duration {
        guard let (mean, deviation) = self.time else { return least }
        return min(max(least, .seconds(mean + 4 * deviation)), Self.patienceMax)
    }
}
