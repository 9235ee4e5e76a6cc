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
        /// One worker has it, or has rendered it; another must.
        case half(Int)
        /// Two workers disagree and their leaves are not known, so a third one must render all of it.
        case contested
        /// It is verified, but nobody holds its pixels any more; anyone may render it.
        case redo
    }

    private struct Head: Comparable, Sendable {
        let unit: Int
        let bucket: Int

        static func < (a: Self, b: Self) -> Bool {
            (a.unit, a.bucket) < (b.unit, b.bucket)
        }
    }

    private var fresh = MinHeap<Int>()
    private var redo = MinHeap<Int>()
    private var contested: [Int] = []
    /// The units of which one worker has the only copy, by worker.
    private var buckets: [MinHeap<Int>] = []
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
        case .half(let worker):
            while self.buckets.count <= worker {
                self.buckets.append(MinHeap())
            }
            self.buckets[worker].insert(unit)
            if self.buckets[worker].min == unit {
                self.heads.insert(Head(unit: unit, bucket: worker))
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

    /// The unit of which somebody else than `worker` has the only copy.
    mutating func nextHalf(for worker: Int, in units: [Steward.UnitState]) -> Int? {
        var own: Head?
        defer {
            if let own {
                self.heads.insert(own)
            }
        }
        while let head = self.heads.min {
            guard units[head.unit].place == .half(head.bucket) else {
                _ = self.heads.popMin()
                while let unit = self.buckets[head.bucket].min, units[unit].place != .half(head.bucket) {
                    _ = self.buckets[head.bucket].popMin()
                }
                if let unit = self.buckets[head.bucket].min {
                    self.heads.insert(Head(unit: unit, bucket: head.bucket))
                }
                continue
            }
            guard head.bucket == worker else { return head.unit }
            own = head
            _ = self.heads.popMin()
        }
        return nil
    }
}
