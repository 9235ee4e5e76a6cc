import GridWire

/// What work costs the nodes that ask a steward, and how much of it they could do, over the last day.
///
/// Costs are kept in steps of about a twentieth, so that the book stays small however many nodes there are.
struct EnergyBook: Sendable {
    /// The parts of the day that are kept; the oldest is dropped when a new one begins.
    static let slotCount = 24
    /// The steps from one cost to its double.
    private static let stepsPerDoubling = 16

    private struct Slot: Sendable {
        let number: Int64
        var work: [Int: Double] = [:]
    }

    private let slotSeconds: Double
    private var slots: [Slot] = []
    private var firstNote: Instant?

    init(window: Duration) {
        self.slotSeconds = max(1, window.seconds / Double(Self.slotCount))
    }

    /// Notes that a node was there and could have done this much work at this cost; 0 stands for a cost that it did not
    /// say.
    mutating func note(cost: UInt64, work: Double, now: Instant) {
        guard work > 0, work.isFinite else { return }
        self.firstNote = self.firstNote ?? now
        let number = Int64((now.sinceEpoch.seconds / self.slotSeconds).rounded(.down))
        if self.slots.last?.number != number {
            self.slots.append(Slot(number: number))
            self.slots.removeAll { $0.number <= number - Int64(Self.slotCount) }
        }
        self.slots[self.slots.count - 1].work[Self.step(of: cost), default: 0] += work
    }

    /// The cost at or below which this share of the work can be done, rounded up to a step; nothing before anything was
    /// noted.
    func cost(ofCheapest share: Double) -> UInt64? {
        var work: [Int: Double] = [:]
        for slot in self.slots {
            work.merge(slot.work) { $0 + $1 }
        }
        let wanted = share * work.values.reduce(0, +)
        guard wanted > 0 else { return nil }
        var sum = 0.0
        for (step, amount) in work.sorted(by: { $0.key < $1.key }) {
            sum += amount
            if sum >= wanted { return Self.end(ofStep: step) }
        }
        return nil
    }

    /// The work that the nodes can do in a microsecond, on average; 0 while too little was seen of them.
    func speed(now: Instant) -> Double {
        guard let first = self.firstNote else { return 0 }
        let seconds = min(first.duration(to: now).seconds, self.slotSeconds * Double(Self.slotCount))
        guard seconds >= self.slotSeconds / 4 else { return 0 }
        let work = self.slots.reduce(0) { $0 + $1.work.values.reduce(0, +) }
        return work / seconds / 1e6
    }

    /// Steps are equal parts of the way from a power of two to the next.
    private static func step(of cost: UInt64) -> Int {
        guard cost > 0 else { return -1 }
        let value = Double(cost)
        let part = Int((value.significand - 1) * Double(self.stepsPerDoubling))
        return Int(value.exponent) * self.stepsPerDoubling + part
    }

    private static func end(ofStep step: Int) -> UInt64 {
        guard step >= 0 else { return 1 }
        let (exponent, part) = step.quotientAndRemainder(dividingBy: self.stepsPerDoubling)
        let end = Double(1 << min(exponent, 60)) * (1 + Double(part + 1) / Double(self.stepsPerDoubling))
        return max(1, UInt64(end.rounded(.up)))
    }
}
