import GridWire

/// How fast workers are, and which leased units are late because of it.
extension Steward {
    /// A worker's time for a whole unit, in microseconds; 0 when unknown.
    func unitMicroseconds(of worker: Int) -> UInt64 {
        self.workers[worker].blockMicroseconds.multipliedClamped(by: UInt64(self.plan.blocksPerUnit))
    }

    /// The mean time of a block over the active workers whose speed is known; 0 when there are none.
    private mutating func meanBlockMicroseconds(now: Instant) -> Double {
        self.speeds(now: now).mean
    }

    /// What the active workers can do together; counted anew at most every ``recount``, since there may be thousands.
    mutating func speeds(now: Instant) -> Speeds {
        if let known = self.lastSpeeds, known.at.advanced(by: Self.recount) > now { return known }
        var sum = 0.0
        var count = 0.0
        var unknown = 0.0
        for worker in self.workers.indices where self.isActive(worker, now: now) {
            let time = self.workers[worker].blockMicroseconds
            if time > 0 {
                sum += 1 / Double(time)
                count += 1
            } else {
                unknown += 1
            }
        }
        let mean = count > 0 ? count / sum : 0
        let ofUnknown = mean > 0 ? 1 / mean : 1
        let own = sum + unknown * ofUnknown
        let speeds = Speeds(
            at: now,
            all: self.live.reduce(own) { $0 + (self.siblings[$1]?.speed ?? 0) },
            own: own,
            count: Int(count + unknown),
            ofUnknown: ofUnknown,
            mean: mean
        )
        self.lastSpeeds = speeds
        return speeds
    }

    /// Whether so many workers ask here that what each of them gets matters little.
    mutating func hasManyWorkers(now: Instant) -> Bool {
        self.speeds(now: now).count >= 16
    }

    /// The unit that would be ready earlier if this idle worker rendered it too.
    ///
    /// Slow workers do not get one: in simulation that was decisive. A copy is worth it when the worker needs at most 0.7
    /// of the time that its holders still need, by what the unit cost who has rendered it, or else by what its holders have
    /// spent on it; of these units the one that is ready last is chosen.
    mutating func straggler(for worker: Int, now: Instant) -> Int? {
        let mean = self.meanBlockMicroseconds(now: now)
        guard mean > 0 else { return nil }
        let reported = self.workers[worker].blockMicroseconds
        let own = reported > 0 ? Double(reported) : mean
        guard own <= mean / 0.7 else { return nil }
        let needed = own * Double(self.plan.blocksPerUnit) / 1e6
        let peer = self.workers[worker].peer
        while let unit = self.foreignStragglers.popLast() {
            let state = self.units[unit]
            if state.phase == .open, !state.holders.contains(worker), !self.ledger.hasClaim(onUnitAt: unit, by: peer) {
                return unit
            }
        }
        for late in self.lateUnits(mean: mean, now: now) {
            guard needed * SpentWork.range.lowerBound <= Self.worthOfCopy * late.readyIn else { return nil }
            guard needed * late.cost <= Self.worthOfCopy * late.readyIn else { continue }
            let state = self.units[late.unit]
            guard state.phase == .open, self.mayHaveOneMoreHolder(late.unit), state.missing > 0,
                !state.holders.contains(worker),
                !self.ledger.hasClaim(onUnitAt: late.unit, by: peer)
            else { continue }
            self.lastLateUnits = nil
            return late.unit
        }
        return nil
    }

    /// The same for an idle worker of another steward.
    mutating func stragglerToCede(blockMicroseconds: UInt64, now: Instant) -> Int? {
        let mean = self.meanBlockMicroseconds(now: now)
        let own = Double(blockMicroseconds)
        guard mean > 0, own <= mean / 0.7 else { return nil }
        let needed = own * Double(self.plan.blocksPerUnit) / 1e6
        for late in self.lateUnits(mean: mean, now: now) {
            guard needed * SpentWork.range.lowerBound <= Self.worthOfCopy * late.readyIn else { return nil }
            guard needed * late.cost <= Self.worthOfCopy * late.readyIn else { continue }
            let state = self.units[late.unit]
            if let last = self.cededStragglers[late.unit], last.advanced(by: self.settings.loanIdle) > now { continue }
            guard state.phase == .open, self.mayHaveOneMoreHolder(late.unit), state.missing > 0 else { continue }
            self.cededStragglers[late.unit] = now
            return late.unit
        }
        return nil
    }

    /// The leased units in the order in which they should be helped: the one that is ready last comes first.
    ///
    /// Counted anew at most every ``recount``, since thousands of idle workers may ask for it.
    private mutating func lateUnits(mean: Double, now: Instant) -> [LateUnits.Unit] {
        if let known = self.lastLateUnits, known.at.advanced(by: Self.recount) > now { return known.units }
        let blocks = Double(self.plan.blocksPerUnit)
        var remaining: [Int: [Double]] = [:]
        var costs: [Int: Double] = [:]
        for worker in self.workers {
            let time = worker.blockMicroseconds
            let unitTime = (time > 0 ? Double(time) : mean) * blocks / 1e6
            var (expected, left) = (0.0, 0.0)
            for lease in worker.leases {
                let known = self.knownCost(of: lease.unit)
                let likely = self.expectedCost(of: lease.unit) ?? 1
                let usual = likely * unitTime
                let spent = lease.begunAt?.duration(to: now).seconds ?? 0
                // Whoever has overrun takes half as long again: most likely the unit is costly.
                let whole = max(usual, 1.5 * spent)
                expected += usual
                left += whole - spent
                let cost = known ?? min(max(whole / max(unitTime, 1e-6), likely), SpentWork.range.upperBound)
                // One of its holders may be slow just now; the unit is not costlier for that.
                costs[lease.unit] = min(costs[lease.unit] ?? .infinity, cost)
                // A unit that is far overdue may never come.
                let age = lease.grantedAt.duration(to: now).seconds
                remaining[lease.unit, default: []].append(age > 3 * expected + 2 ? 1e9 : left)
            }
        }
        var units: [LateUnits.Unit] = []
        units.reserveCapacity(remaining.count)
        for (unit, times) in remaining {
            let missing = self.units[unit].missing
            guard self.units[unit].phase == .open, missing > 0 else { continue }
            let readyIn = times.sorted()[min(missing, times.count) - 1]
            units.append(LateUnits.Unit(unit: unit, readyIn: readyIn, cost: costs[unit] ?? 1))
        }
        units.sort { ($1.readyIn, $0.unit) < ($0.readyIn, $1.unit) }
        self.lastLateUnits = LateUnits(at: now, units: units)
        return units
    }

    /// What a unit costs as a multiple of the mean, when somebody has rendered it.
    func knownCost(of index: Int) -> Double? {
        guard let claim = self.ledger.claims[index].first else { return nil }
        return self.spentWork.cost(of: self.plan.unit(at: index), work: claim.workCount)
    }

    /// What a unit that nobody has rendered will cost as a multiple of the mean, by the same part of the picture in a frame
    /// near it; nothing when none of these is rendered.
    private func predictedCost(of index: Int) -> Double? {
        for distance in 1 ... Self.framesOfPrediction {
            for other in [index - distance * self.plan.unitsPerFrame, index + distance * self.plan.unitsPerFrame]
            where self.units.indices.contains(other) {
                if let cost = self.knownCost(of: other) { return cost }
            }
        }
        return nil
    }

    /// What a unit costs as a multiple of the mean, as far as anything is known of it.
    func expectedCost(of index: Int) -> Double? {
        self.knownCost(of: index) ?? self.predictedCost(of: index)
    }

    /// Costs change little from frame to frame; further away they say no more than the mean does.
    private static let framesOfPrediction = 32

    /// A copy of a late unit is worth it when it takes at most this share of the time that its holders still need.
    private static let worthOfCopy = 0.7

    /// How old may be what is counted over all workers.
    static let recount = Duration.milliseconds(250)

    /// Whether a worker that is not burned was heard of lately.
    func isActive(_ worker: Int, now: Instant) -> Bool {
        guard !self.workers[worker].isBurned, self.workers[worker].disconnectedAt == nil else { return false }
        guard self.workers[worker].parked == nil else { return true }
        guard let lastNews = self.workers[worker].lastNews else { return false }
        return lastNews.advanced(by: self.settings.activeTime) > now
    }
}
