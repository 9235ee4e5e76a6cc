/// The units that want a worker, in the order in which they are leased: lowest number first, and within a frame second
/// copies before first ones, so that frames become final in their order.
///
/// A unit's place is noted in ``Steward/UnitState``; entries here that no longer fit it are skipped, so that taking a unit
/// out costs nothing.
struct OpenUnits: Sendable {
    /// Where a unit waits.
    enum Place: Hashable, Sendable {
        /// It does not: enough workers have it, or it is done.
        case none
        /// Nobody has it.
        case fresh
        /// One copy is with somebody, or rendered by it; another must render the second one.
        case half(Holder)
        /// Two workers disagree and their leaves are not known, so a third one must render all of it.
        case contested
        /// It is verified, but nobody holds its pixels any more; anyone may render it.
        case redo
    }

    /// Who has the only copy of a unit.
    enum Holder: Hashable, Comparable, Sendable {
        /// A worker that asks this steward, by its number, or whose result is known.
        case worker(Int)
        /// Some worker of another steward, by the number of that steward.
        case sibling(Int)
    }

    private struct Head: Comparable, Sendable {
        let unit: Int
        let holder: Holder

        static func < (a: Self, b: Self) -> Bool {
            (a.unit, a.holder) < (b.unit, b.holder)
        }
    }

    private var fresh = MinHeap<Int>()
    private var redo = MinHeap<Int>()
    private var contested: [Int] = []
    /// The units of which somebody has the only copy, by who that is.
    private var buckets: [Holder: MinHeap<Int>] = [:]
    /// The least unit of each bucket, and what once was.
    private var heads = MinHeap<Head>()

    /// Adds a unit whose place is to be `place`.
    mutating func insert(_ unit: Int, at place: Place) {
        switch place {
        case .none:
            break
        case .fresh:
            self.fresh.insert(unit)
        case .redo:
            self.redo.insert(unit)
        case .contested:
            if !self.contested.contains(unit) {
                self.contested.append(unit)
            }
        case .half(let holder):
            self.buckets[holder, default: MinHeap()].insert(unit)
            if self.buckets[holder]?.min == unit {
                self.heads.insert(Head(unit: unit, holder: holder))
            }
        }
    }

    /// The unit that nobody has.
    mutating func nextFresh(in units: [Steward.UnitState]) -> Int? {
        while let unit = self.fresh.min, units[unit].place != .fresh {
            _ = self.fresh.popMin()
        }
        return self.fresh.min
    }

    /// The verified unit whose pixels are lost.
    mutating func nextRedo(in units: [Steward.UnitState]) -> Int? {
        while let unit = self.redo.min, units[unit].place != .redo {
            _ = self.redo.popMin()
        }
        return self.redo.min
    }

    /// The units over which workers disagree without known leaves, lowest first; few, if any.
    mutating func allContested(in units: [Steward.UnitState]) -> [Int] {
        self.contested.removeAll { units[$0].place != .contested }
        return self.contested.sorted()
    }

    /// The unit of which nobody of `excluded` has the only copy.
    mutating func nextHalf(excluding excluded: Set<Holder>, in units: [Steward.UnitState]) -> Int? {
        var skipped: [Head] = []
        defer {
            for head in skipped {
                self.heads.insert(head)
            }
        }
        while let head = self.heads.min {
            guard units[head.unit].place == .half(head.holder) else {
                _ = self.heads.popMin()
                if let unit = self.leastUnit(of: head.holder, in: units) {
                    self.heads.insert(Head(unit: unit, holder: head.holder))
                }
                continue
            }
            guard excluded.contains(head.holder) else { return head.unit }
            skipped.append(head)
            _ = self.heads.popMin()
        }
        return nil
    }

    /// The least unit of which this one has the only copy.
    private mutating func leastUnit(of holder: Holder, in units: [Steward.UnitState]) -> Int? {
        while let unit = self.buckets[holder]?.min {
            guard units[unit].place != .half(holder) else { return unit }
            _ = self.buckets[holder]?.popMin()
        }
        self.buckets[holder] = nil
        return nil
    }
}
