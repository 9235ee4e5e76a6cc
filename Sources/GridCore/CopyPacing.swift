import GridWire

/// How many copies of pixels a steward has on their way at a time, and how long it waits for word of one.
///
/// Pixels are the most that a steward sends. Were every copy sent as soon as it is wanted, and again after a fixed time, a slow
/// line would carry little but repetitions, and the stewards' records and heartbeats would wait behind them. As in TCP, what
/// arrives makes room for what waits (RFC 5681), and the patience is taken from how long copies took (RFC 6298).
struct CopyPacing: Sendable {
    /// The fewest and the most copies that are on their way together.
    static let windowRange = 4.0 ... 4_096.0
    /// The longest patience.
    static let patienceMax = Duration.seconds(60)

    private struct Sent: Sendable {
        let at: Instant
        let isFirst: Bool
    }

    private var window = 32.0
    private var underWay: [Int: Sent] = [:]
    private var waiting: [Int] = []
    private var waitingBegin = 0
    private var isWaiting: Set<Int> = []
    /// The mean time from sending to the receipt and its deviation in seconds, once there was one.
    private var time: (mean: Double, deviation: Double)?
    private var shrunkAt: Instant?

    /// Takes a place for a copy, or a place in the line of those that wait for one.
    ///
    /// - Returns: Whether it is to be sent now.
    mutating func begin(_ unit: Int, isFirst: Bool, now: Instant) -> Bool {
        guard self.underWay.count < Int(self.window) else {
            if self.isWaiting.insert(unit).inserted { self.waiting.append(unit) }
            return false
        }
        self.underWay[unit] = Sent(at: now, isFirst: isFirst)
        return true
    }

    /// The copy is not needed any more, in most cases since a receipt came.
    mutating func end(_ unit: Int, now: Instant) {
        self.isWaiting.remove(unit)
        guard let sent = self.underWay.removeValue(forKey: unit) else { return }
        self.window = min(self.window + 1, Self.windowRange.upperBound)
        // Nobody knows of which of several the receipt tells (Karn and Partridge 1987).
        guard sent.isFirst else { return }
        let seconds = sent.at.duration(to: now).seconds
        if let (mean, deviation) = self.time {
            self.time = (mean * 0.875 + seconds * 0.125, deviation * 0.75 + abs(seconds - mean) * 0.25)
        } else {
            self.time = (seconds, seconds / 2)
        }
    }

    /// No receipt came in time.
    mutating func isOverdue(_ unit: Int, now: Instant) {
        guard let sent = self.underWay.removeValue(forKey: unit) else { return }
        // What was sent before the last time tells of the same trouble.
        guard self.shrunkAt.map({ $0 <= sent.at }) ?? true else { return }
        self.shrunkAt = now
        self.window = max(self.window / 2, Self.windowRange.lowerBound)
    }

    /// The next one that waits and for which there is room now.
    mutating func next() -> Int? {
        while self.waitingBegin < self.waiting.count, self.underWay.count < Int(self.window) {
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

    /// How long a receipt is waited for, at least `least`.
    func patience(atLeast least: Duration) -> Duration {
        guard let (mean, deviation) = self.time else { return least }
        return min(max(least, .seconds(mean + 4 * deviation)), Self.patienceMax)
    }
}
