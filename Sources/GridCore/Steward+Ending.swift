import GridWire

/// The order of units near the end of a job, where everyone waits for what was begun last.
///
/// So near the end the costliest copies are leased first (longest processing time first: Graham, "Bounds on multiprocessing
/// timing anomalies", 1969), each to a worker that will have rendered it by the time that everything is done. What a unit
/// costs shows when somebody has rendered it, and about so before, by the same part of a frame near it. Where neither is
/// known it may be costly: such units come before all others.
extension Steward {
    /// The end begins when the job takes its workers no longer than so many units take one of mean speed.
    private static let unitsBeforeEnd = 20.0
    /// It begins only when no more than this share of the copies is missing, so that the frames before become final in order.
    private static let shareAtEnd = 0.2
    /// Whoever renders a unit of unknown cost has the time for one that costs so many times the mean.
    private static let roomForUnknown = 2.0
    /// Who has this share of the mean speed gets any unit.
    private static let shareOfMeanSpeed = 0.7
    /// When nobody took a unit for so long, every worker gets what it asks for.
    private static let endPatience = Duration.seconds(2)

    /// The time that all workers need for what is missing, and one of mean speed for a unit, in seconds; nothing when unknown.
    private mutating func paces(now: Instant) -> (left: Double, unit: Double)? {
        let speeds = self.speeds(now: now)
        guard speeds.mean > 0, speeds.all > 0 else { return nil }
        let blocks = Double(self.plan.blocksPerUnit)
        return (Double(self.counts.copiesMissing) * blocks / speeds.all / 1e6, speeds.mean * blocks / 1e6)
    }

    /// Finds out whether the end has begun; it does so once.
    mutating func reviewEnd(now: Instant) {
        // With few workers little time is lost at the end, and pixels had better be delivered while others are rendered.
        guard self.endOrder == nil, self.hasManyWorkers(now: now), let paces = self.paces(now: now),
            paces.left <= Self.unitsBeforeEnd * paces.unit,
            Double(self.counts.copiesMissing) <= Self.shareAtEnd * 2 * Double(self.units.count)
        else { return }
        self.endOrder = EndOrder()
        for index in self.units.indices { self.sortByCost(index) }
    }

    /// Notes a unit that waits here, when anything is known of its cost.
    mutating func sortByCost(_ index: Int) {
        guard self.endOrder != nil, self.isHome(index), !self.isPutOff(index) else { return }
        let place = self.units[index].place
        switch place {
        case .fresh, .half: break
        case .none, .contested, .redo: return
        }
        guard let cost = self.expectedCost(of: index) else { return }
        self.endOrder?.insert(index, at: place, cost: cost)
    }

    /// The unit of its own that this steward leases next to the worker, or lends to a sibling with these workers.
    mutating func nextOwn(for workers: [Int], of steward: OpenUnits.Holder? = nil, now: Instant) -> Int? {
        guard self.endOrder != nil else {
            return self.next(in: \.open, for: workers, of: steward)
        }
        if let index = self.nextUrgent(in: \.open, for: workers) { return index }
        let worker = workers.count == 1 ? OpenUnits.Holder.worker(workers[0]) : nil
        let room = workers.count == 1 && steward == nil ? self.roomAtEnd(of: workers[0], now: now) : .infinity
        if room >= Self.roomForUnknown, let fresh = self.open.nextFresh(in: self.units),
            self.expectedCost(of: fresh) == nil
        {
            return fresh
        }
        if let known = self.endOrder?.next(excluding: worker, and: steward, atMost: room, in: self.units) {
            return known
        }
        guard room >= Self.roomForUnknown else { return nil }
        return self.open.nextFresh(in: self.units)
            ?? self.open.nextHalf(excluding: worker, and: steward, in: self.units)
    }

    /// The unit that this steward leases for another one next, when the worker will have rendered it in time.
    mutating func nextBorrowed(for worker: Int, now: Instant) -> Int? {
        guard !self.borrowed.isEmpty, let index = self.next(in: \.openBorrowed, for: [worker]) else { return nil }
        let room = self.roomAtEnd(of: worker, now: now)
        return (self.expectedCost(of: index) ?? 1) <= room ? index : nil
    }

    /// The cost of the costliest unit that a worker can render, after what it holds, by the time that everything is done;
    /// without limit before the end.
    mutating func roomAtEnd(of worker: Int, now: Instant) -> Double {
        guard self.endOrder?.isForAll == false, let paces = self.paces(now: now) else { return .infinity }
        let last = self.lastLeaseAt ?? now
        if last.advanced(by: Self.endPatience) <= now {
            self.endOrder?.isForAll = true
            return .infinity
        }
        let reported = Double(self.unitMicroseconds(of: worker)) / 1e6
        let unit = reported > 0 ? reported : paces.unit
        // Nobody is much better for a costly unit than who is about as fast as most.
        guard unit > paces.unit / Self.shareOfMeanSpeed else { return .infinity }
        let held = self.workers[worker].leases.reduce(0) { $0 + (self.expectedCost(of: $1.unit) ?? 1) * unit }
        // A mean unit more or less is the grain of all this.
        return (paces.left + paces.unit - held) / unit
    }
}
