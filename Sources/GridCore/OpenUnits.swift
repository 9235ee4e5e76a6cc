/// The units that want a worker, in the order in which they are leased.
///
/// The lowest number comes first, and within a frame second copies before first ones, so that frames become final in their
/// order. At the end of a job another order holds, see ``EndOrder``.
///
/// A unit's place is noted in ``Steward/UnitState``; entries here that no longer fit it are skipped, so that taking a unit
/// out costs nothing. The order can be turned round: highest number first.
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
        let key: Int
        let holder: Holder

        static func < (a: Self, b: Self) -> Bool {
            (a.key, a.holder) < (b.key, b.holder)
        }
    }

    /// Whether the highest number comes first.
    let isDescending: Bool
    // The heaps hold keys: numbers of units, negative where the order is turned round.

    private var fresh = MinHeap<Int>()
    private var redo = MinHeap<Int>()
    private var contested: [Int] = []
    /// The units of which somebody has the only copy, by who that is.
    private var buckets: [Holder: MinHeap<Int>] = [:]
    /// The first unit of each bucket, and what once was: a bucket whose first unit is another one by now has that here, too.
    private var heads = MinHeap<Head>()

    init(isDescending: Bool = false) {
        self.isDescending = isDescending
    }

    /// The key of a unit, and the unit of a key.
    private func turned(_ number: Int) -> Int {
        self.isDescending ? -number : number
    }

    /// Whether one of these units comes before the other.
    func isInOrder(_ a: Int, _ b: Int) -> Bool {
        self.turned(a) <= self.turned(b)
    }

    /// Whether no unit waits here; what was taken out since may still count.
    var isEmpty: Bool {
        self.fresh.count == 0 && self.heads.count == 0 && self.contested.isEmpty && self.redo.count == 0
    }

    /// Adds a unit whose place is to be `place`.
    mutating func insert(_ unit: Int, at place: Place) {
        switch place {
        case .none:
            break
        case .fresh:
            self.fresh.insert(self.turned(unit))
        case .redo:
            self.redo.insert(self.turned(unit))
        case .contested:
            if !self.contested.contains(unit) {
                self.contested.append(unit)
            }
        case .half(let holder):
            let key = self.turned(unit)
            let first = self.buckets[holder]?.min
            self.buckets[holder, default: MinHeap()].insert(key)
            if first.map({ key < $0 }) ?? true {
                self.heads.insert(Head(key: key, holder: holder))
            }
        }
    }

    /// The unit that nobody has.
    mutating func nextFresh(in units: [Steward.UnitState]) -> Int? {
        while let key = self.fresh.min, units[self.turned(key)].place != .fresh {
            _ = self.fresh.popMin()
        }
        return self.fresh.min.map(self.turned)
    }

    /// The verified unit whose pixels are lost.
    mutating func nextRedo(in units: [Steward.UnitState]) -> Int? {
        while let key = self.redo.min, units[self.turned(key)].place != .redo {
            _ = self.redo.popMin()
        }
        return self.redo.min.map(self.turned)
    }

    /// The units over which workers disagree without known leaves, lowest first; few, if any.
    mutating func allContested(in units: [Steward.UnitState]) -> [Int] {
        guard !self.contested.isEmpty else { return [] }
        self.contested.removeAll { units[$0].place != .contested }
        return self.contested.sorted()
    }

    /// The unit of which neither of these two has the only copy.
    mutating func nextHalf(excluding a: Holder?, and b: Holder?, in units: [Steward.UnitState]) -> Int? {
        var skipped: [Head] = []
        defer {
            for head in skipped {
                self.heads.insert(head)
            }
        }
        while let head = self.heads.min {
            // One head for each bucket: with what once was the first, those of a worker that is far ahead of the others would
            // grow in number with the job, and be skipped one by one for each unit that it asks for.
            guard head.key == self.buckets[head.holder]?.min, head != skipped.last else {
                _ = self.heads.popMin()
                continue
            }
            guard units[self.turned(head.key)].place == .half(head.holder) else {
                _ = self.heads.popMin()
                if let key = self.leastKey(of: head.holder, in: units) {
                    self.heads.insert(Head(key: key, holder: head.holder))
                }
                continue
            }
            guard head.holder == a || head.holder == b else { return self.turned(head.key) }
            skipped.append(head)
            _ = self.heads.popMin()
        }
        return nil
    }

    /// The first unit of which this one has the only copy.
    private mutating func leastKey(of holder: Holder, in units: [Steward.UnitState]) -> Int? {
        while let key = self.buckets[holder]?.min {
            guard units[self.turned(key)].place != .half(holder) else { return key }
            _ = self.buckets[holder]?.popMin()
        }
        self.buckets[holder] = nil
        return nil
    }
}
