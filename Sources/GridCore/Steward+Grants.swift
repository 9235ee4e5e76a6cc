import GridWire

extension Steward {
    /// A grant of nothing.
    mutating func emptyGrant(now: Instant) -> LeaseGrant {
        var grant = self.unusedGrant
        grant.urgency = self.urgency(now: now)
        grant.energyCostMax = self.energyCostMax(now: now)
        return grant
    }

    var closedGrant: LeaseGrant {
        var grant = self.unusedGrant
        grant.isClosed = true
        return grant
    }

    private var unusedGrant: LeaseGrant {
        LeaseGrant(
            units: [],
            expiryMilliseconds: self.settings.leaseExpiry.wholeMicroseconds / 1_000,
            audits: [],
            wantedPixels: [],
            cancelled: [],
            released: [],
            isClosed: false
        )
    }

    /// How urgent the job is, by the time that the rest of it needs at the speed of its workers and the time until its
    /// deadline (how late it would be at this pace).
    mutating func urgency(now: Instant) -> Int {
        let deadline = self.ledger.lastOrder.deadline
        guard deadline > 0 else { return LeaseGrant.urgencyDefault }
        let wallClock = (now.sinceEpoch + self.settings.sinceUnixEpoch).seconds
        let left = Double(deadline) / 1_000 - wallClock
        guard left > 0 else { return LeaseGrant.urgencies.upperBound }
        let blocks = Double(self.counts.copiesMissing) * Double(self.plan.blocksPerUnit)
        let needed = blocks / max(self.speeds(now: now).all, 1e-9) / 1e6
        let (least, most) = (LeaseGrant.urgencies.lowerBound, LeaseGrant.urgencies.upperBound)
        return Int(min(max(needed / left * 100, Double(least)), Double(most)))
    }

    /// What to answer a request, or nothing when there is nothing to say and the answer may wait.
    mutating func grant(for worker: Int, _ request: Parked, mustAnswer: Bool, now: Instant) -> LeaseGrant? {
        guard self.phase == .running else { return mustAnswer ? self.emptyGrant(now: now) : nil }
        var grant = self.emptyGrant(now: now)
        grant.units = self.lease(to: worker, wanted: request.wanted, isIdle: request.isIdle, now: now)
            .map { self.plan.unit(at: $0) }
        let state = self.workers[worker]
        let audits = state.audits.filter {
            self.disputes[$0.unit]?.referee == worker && self.disputes[$0.unit]?.leafIndex == $0.leafIndex
        }
        let pixels = state.pixels.filter { self.wishes[$0]?.holder == worker }
        self.workers[worker].audits = audits
        self.workers[worker].pixels = pixels
        guard mustAnswer || !grant.units.isEmpty || !audits.isEmpty || !pixels.isEmpty || !state.cancelled.isEmpty
        else { return nil }
        grant.audits = audits.prefix(Self.grantAuditsMax).map {
            LeaseGrant.Audit(unit: self.plan.unit(at: $0.unit), leafIndex: $0.leafIndex)
        }
        self.workers[worker].audits.removeFirst(grant.audits.count)
        grant.wantedPixels = self.take(\.pixels, of: worker)
        grant.cancelled = self.take(\.cancelled, of: worker)
        grant.released = self.take(\.released, of: worker)
        return grant
    }

    private mutating func take(_ list: WritableKeyPath<WorkerState, [Int]>, of worker: Int) -> [UnitID] {
        let taken = self.workers[worker][keyPath: list].prefix(Self.grantUnitsMax)
        self.workers[worker][keyPath: list].removeFirst(taken.count)
        return taken.map { self.plan.unit(at: $0) }
    }

    /// Leases units to a worker: lost pixels first, then disagreements, then second copies and fresh units.
    private mutating func lease(to worker: Int, wanted: Int, isIdle: Bool, now: Instant) -> [Int] {
        guard self.mayLease(now: now), !self.isTooDear(worker, now: now) else { return [] }
        var leased = wanted > 0 ? [] : self.orphans(for: worker, now: now)
        guard wanted > 0 else { return leased }
        let hasUnits = self.nextUnit(for: worker) != nil
        let room = hasUnits ? self.room(of: worker, wanted: wanted, now: now) : 0
        while leased.count < room, let index = self.nextUnit(for: worker) {
            self.addLease(index, to: worker, now: now)
            leased.append(index)
        }
        if leased.isEmpty, isIdle, self.workers[worker].leases.isEmpty,
            let index = self.straggler(for: worker, now: now)
        {
            self.addLease(index, to: worker, now: now)
            leased.append(index)
        }
        return leased
    }

    /// Whether units are leased at all now.
    func mayLease(now: Instant) -> Bool {
        self.phase == .running && self.isActing && self.ledger.lastOrder.state == .running
            && self.syncUntil.map { $0 <= now } ?? true
    }

    /// Units that vanished workers left, for one that did not ask for more: else they would wait until somebody's store
    /// of work runs low.
    private mutating func orphans(for worker: Int, now: Instant) -> [Int] {
        guard self.orphanCount > 0, !self.workers[worker].leases.isEmpty else { return [] }
        let fair = self.orphanCount / max(1, self.speeds(now: now).count) + 1
        var leased: [Int] = []
        while leased.count < fair, self.orphanCount > 0, self.workers[worker].leases.count < Self.heldUnitsMax,
            let index = self.nextUnit(for: worker, includingPutOff: false)
        {
            self.orphanCount -= 1
            self.addLease(index, to: worker, now: now)
            leased.append(index)
        }
        return leased
    }

    private mutating func nextUnit(for worker: Int, includingPutOff: Bool = true) -> Int? {
        let borrowed = self.borrowed.isEmpty ? nil : self.next(in: \.openBorrowed, for: [worker])
        guard let own = self.next(in: \.open, for: [worker]) else {
            return borrowed ?? (includingPutOff ? self.next(in: \.openInDoubt, for: [worker]) : nil)
        }
        guard let borrowed else { return own }
        return self.frame(of: borrowed) <= self.frame(of: own) ? borrowed : own
    }

    /// The unit of which one of these workers should render a copy; all of them are there to take one, in any order.
    ///
    /// - Parameter steward: whose workers they are, if they are another steward's.
    mutating func next(
        in place: WritableKeyPath<Self, OpenUnits>,
        for workers: [Int],
        of steward: OpenUnits.Holder? = nil
    ) -> Int? {
        if let index = self[keyPath: place].nextRedo(in: self.units) {
            return index
        }
        for index in self[keyPath: place].allContested(in: self.units)
        where workers.isEmpty
            || workers.contains(where: { !self.ledger.hasClaim(onUnitAt: index, by: self.workers[$0].peer) })
        {
            return index
        }
        // Of two workers one can always take the second copy.
        var excluded: Set<OpenUnits.Holder> = workers.count == 1 ? [.worker(workers[0])] : []
        if let steward { excluded.insert(steward) }
        let half = self[keyPath: place].nextHalf(excluding: excluded, in: self.units)
        let fresh = self[keyPath: place].nextFresh(in: self.units)
        guard let half, let fresh else { return half ?? fresh }
        let (a, b) = (self.frame(of: half), self.frame(of: fresh))
        return a == b || self[keyPath: place].isInOrder(a, b) ? half : fresh
    }

    /// How many units a worker may get now.
    ///
    /// It holds about ``Settings/workAhead`` of work. Near the end each gets half of its share of what is left, by speed
    /// (guided self-scheduling, Polychronopoulos and Kuck 1987), so that all finish together.
    private mutating func room(of worker: Int, wanted: Int, now: Instant) -> Int {
        let state = self.workers[worker]
        let unitMicroseconds = self.unitMicroseconds(of: worker)
        let held: Int
        if unitMicroseconds > 0 {
            let ahead = self.settings.workAhead.wholeMicroseconds / unitMicroseconds + 1
            held = min(max(Int(clamping: ahead), Self.heldUnitsOfUnknownSpeedMax), Self.heldUnitsMax)
        } else {
            held = Self.heldUnitsOfUnknownSpeedMax
        }
        let room = min(wanted, held - state.leases.count)
        guard room > 1 else { return max(room, 0) }
        let speeds = self.speeds(now: now)
        let own = state.blockMicroseconds > 0 ? 1 / Double(state.blockMicroseconds) : speeds.ofUnknown
        let all = max(own, speeds.all)
        // The siblings lease about as much as this steward, by the speeds of their workers.
        let leases = Double(self.counts.leases) * all / max(own, speeds.own)
        let left = max(0, Double(self.counts.copiesMissing) - leases)
        let share = (left * own / all / 2).rounded(.up)
        return max(1, min(room, Int(share)))
    }

    /// A worker's time for a whole unit, in microseconds; 0 when unknown.
    private func unitMicroseconds(of worker: Int) -> UInt64 {
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

    /// The unit that would be ready earlier if this idle worker rendered it too.
    ///
    /// Slow workers do not get one: in simulation that was decisive. A copy is worth it when the worker needs at most 0.7
    /// of the time that its holders still need; of these units the one that is ready last is chosen.
    private mutating func straggler(for worker: Int, now: Instant) -> Int? {
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
            guard needed <= 0.7 * late.readyIn else { return nil }
            let state = self.units[late.unit]
            guard state.phase == .open, state.holders.count < self.settings.copiesMax, state.missing > 0,
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
        for late in self.lateUnits(mean: mean, now: now) {
            guard own * Double(self.plan.blocksPerUnit) / 1e6 <= 0.7 * late.readyIn else { return nil }
            let state = self.units[late.unit]
            if let last = self.cededStragglers[late.unit], last.advanced(by: self.settings.loanIdle) > now { continue }
            guard state.phase == .open, state.holders.count < self.settings.copiesMax, state.missing > 0 else {
                continue
            }
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
        for worker in self.workers {
            let time = worker.blockMicroseconds
            let unitTime = (time > 0 ? Double(time) : mean) * blocks / 1e6
            for (place, lease) in worker.leases.enumerated() {
                let expected = Double(place + 1) * unitTime
                let age = lease.grantedAt.duration(to: now).seconds
                // A unit that is far overdue may never come.
                remaining[lease.unit, default: []].append(age > 3 * expected + 2 ? 1e9 : expected)
            }
        }
        var units: [LateUnits.Unit] = []
        units.reserveCapacity(remaining.count)
        for (unit, times) in remaining {
            let missing = self.units[unit].missing
            guard self.units[unit].phase == .open, missing > 0 else { continue }
            let readyIn = times.sorted()[min(missing, times.count) - 1]
            units.append(LateUnits.Unit(unit: unit, readyIn: readyIn))
        }
        units.sort { ($1.readyIn, $0.unit) < ($0.readyIn, $1.unit) }
        self.lastLateUnits = LateUnits(at: now, units: units)
        return units
    }

    /// How old may be what is counted over all workers.
    static let recount = Duration.milliseconds(250)

    /// Whether a worker that is not burned was heard of lately.
    func isActive(_ worker: Int, now: Instant) -> Bool {
        let state = self.workers[worker]
        guard !state.isBurned, state.disconnectedAt == nil else { return false }
        guard state.parked == nil else { return true }
        guard let lastNews = state.lastNews else { return false }
        return lastNews.advanced(by: self.settings.activeTime) > now
    }

    // MARK: Leases

    mutating func addLease(_ index: Int, to worker: Int, now: Instant, wasListed: Bool = false) {
        let expiresAt = now.advanced(by: self.settings.leaseExpiry)
        let place = UInt64(self.workers[worker].leases.count + 1)
        let expected = self.unitMicroseconds(of: worker).multipliedClamped(by: 8 * place)
        let hard = min(Duration.seconds(600), max(.seconds(120), .microseconds(Int64(clamping: expected))))
        self.workers[worker].leases.append(
            Lease(
                unit: index,
                grantedAt: now,
                expiresAt: expiresAt,
                hardExpiry: now.advanced(by: hard),
                wasListed: wasListed
            )
        )
        self.units[index].holders.append(worker)
        self.workers[worker].cancelled.removeAll { $0 == index }
        self.counts.leases += 1
        self.timers.set(.lease(worker: worker, unit: index), at: expiresAt)
        self.replace(index)
    }

    /// Ends a lease, if there is one.
    mutating func removeLease(_ index: Int, of worker: Int) {
        guard let place = self.workers[worker].leases.firstIndex(where: { $0.unit == index }) else { return }
        self.workers[worker].leases.remove(at: place)
        self.units[index].holders.removeAll { $0 == worker }
        self.counts.leases -= 1
        self.replace(index)
    }

    mutating func releaseLeases(of worker: Int) {
        for lease in self.workers[worker].leases {
            self.removeLease(lease.unit, of: worker)
            self.orphanCount += 1
        }
    }

    mutating func leaseFallsDue(_ index: Int, of worker: Int, now: Instant) {
        guard let lease = self.workers[worker].leases.first(where: { $0.unit == index }) else { return }
        if lease.expiresAt <= now {
            if self.isAnyoneMissed(now: now) { self.awaitCopy(of: index) }
            self.removeLease(index, of: worker)
            self.orphanCount += 1
        } else {
            self.timers.set(.lease(worker: worker, unit: index), at: lease.expiresAt)
        }
    }

    /// Renews the leases that a worker lists, takes back those that it lists no more, and believes it about units that
    /// an earlier steward of this job leased to it.
    mutating func renew(_ holding: [UnitID], of worker: Int, now: Instant) {
        var listed: [Int: Int] = [:]
        for unit in holding.prefix(Self.heldUnitsMax) {
            guard let index = self.plan.index(of: unit), listed[index] == nil else { continue }
            listed[index] = listed.count
            if !self.units[index].holders.contains(worker) {
                self.adopt(index, of: worker, now: now)
            }
        }
        for lease in self.workers[worker].leases where lease.wasListed && listed[lease.unit] == nil {
            self.removeLease(lease.unit, of: worker)
        }
        let expiresAt = now.advanced(by: self.settings.leaseExpiry)
        var leases = self.workers[worker].leases
        for place in leases.indices where listed[leases[place].unit] != nil {
            leases[place].wasListed = true
            leases[place].expiresAt = min(expiresAt, leases[place].hardExpiry)
        }
        // The worker's own order, and what it does not know of yet behind that.
        let order = leases.enumerated().sorted { a, b in
            (listed[a.element.unit] ?? listed.count + a.offset) < (listed[b.element.unit] ?? listed.count + b.offset)
        }
        self.workers[worker].leases = order.map(\.element)
    }

    private mutating func adopt(_ index: Int, of worker: Int, now: Instant) {
        switch self.units[index].phase {
        case .accepted, .stored:
            // Who lists a unit that it has delivered waits for the answer, and renders nothing.
            if !self.ledger.hasClaim(onUnitAt: index, by: self.workers[worker].peer),
                !self.workers[worker].cancelled.contains(index), self.wishes[index]?.isRedo != true
            {
                self.workers[worker].cancelled.append(index)
            }
        case .open, .disputed:
            guard self.workers[worker].leases.count < Self.heldUnitsMax,
                self.units[index].holders.count < self.settings.copiesMax,
                !self.ledger.hasClaim(onUnitAt: index, by: self.workers[worker].peer)
            else { return }
            if self.isShared, !self.isHome(index) {
                let copies = self.units[index].holders.count + 1
                let known = self.borrowed[index] ?? Borrowed(from: nil, at: now, copies: 0)
                self.borrowed[index] = known.with(copies: max(known.copies, copies))
                self.newlyAdopted.append(index)
            }
            self.addLease(index, to: worker, now: now, wasListed: true)
        }
    }

    /// Puts a unit where those who want work find it.
    mutating func replace(_ index: Int) {
        let place = self.place(of: index)
        guard place != self.units[index].place else { return }
        self.openCount += (place == .none ? 0 : 1) - (self.units[index].place == .none ? 0 : 1)
        self.units[index].place = place
        guard place != .none else { return }
        if self.isHome(index) {
            if self.isPutOff(index) {
                self.openInDoubt.insert(index, at: place)
            } else {
                self.open.insert(index, at: place)
            }
        } else {
            self.openBorrowed.insert(index, at: place)
        }
        self.mustServeParked = true
    }

    private func place(of index: Int) -> OpenUnits.Place {
        let state = self.units[index]
        let loan = self.borrowed[index]
        let ceded = self.ceded.isEmpty ? [] : self.ceded[index, default: []]
        if !self.isHome(index) {
            guard let loan, loan.copies > state.holders.count else { return .none }
        }
        switch state.phase {
        case .stored:
            return .none
        case .accepted:
            return self.wishes[index]?.isRedo == true && state.holders.isEmpty && ceded.isEmpty ? .redo : .none
        case .disputed:
            guard self.disputes[index]?.isUnrefereed == true || !self.isArguable(index) else { return .none }
            let isHeldByOther = state.holders.contains {
                !self.ledger.hasClaim(onUnitAt: index, by: self.workers[$0].peer)
            }
            return isHeldByOther || !ceded.isEmpty ? .none : .contested
        case .open:
            var contributors = state.holders
            for worker in loan?.holders ?? [] where !contributors.contains(worker) {
                contributors.append(worker)
            }
            for claim in self.ledger.countedClaims(ofUnitAt: index) {
                if let worker = self.workerIndex[claim.worker], !contributors.contains(worker) {
                    contributors.append(worker)
                }
            }
            switch contributors.count + ceded.count {
            case 0: return .fresh
            case 1: return .half(contributors.first.map { .worker($0) } ?? self.holder(ceded[0].to))
            default: return .none
            }
        }
    }
}
