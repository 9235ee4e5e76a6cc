import GridWire

extension Steward {
    /// A grant of nothing.
    mutating func emptyGrant(now: Instant) -> LeaseGrant {
        var grant = self.unusedGrant
        grant.urgency = self.urgency(now: now)
        grant.energyCostMax = self.energyCostMax(now: now)
        grant.secondsLeft = self.secondsLeft
        grant.batchMilliseconds = self.batchMilliseconds
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

    /// In how many seconds its workers would have done what is missing, by what is known of their speeds; 0 when nothing is.
    var secondsLeft: UInt64 {
        guard let speeds = self.lastSpeeds, speeds.mean > 0, speeds.all > 0 else { return 0 }
        let blocks = Double(self.counts.copiesMissing) * Double(self.plan.blocksPerUnit)
        return UInt64(min(max(1, (blocks / speeds.all / 1e6).rounded(.up)), Double(WireLimits.secondsLeftMax)))
    }

    /// How many milliseconds apart the batches of one worker should be, so that all of them together sign at most
    /// ``Settings/batchesPerSecond``.
    private var batchMilliseconds: UInt64 {
        guard let speeds = self.lastSpeeds, speeds.own > 0 else { return 0 }
        let workers = Double(speeds.count) * speeds.all / speeds.own
        let milliseconds = workers / self.settings.batchesPerSecond * 1_000
        return UInt64(min(milliseconds, Double(WireLimits.batchMillisecondsMax)))
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
        let (disputes, wishes) = (self.disputes, self.wishes)
        self.workers[worker].audits.removeAll {
            disputes[$0.unit]?.referee != worker || disputes[$0.unit]?.leafIndex != $0.leafIndex
        }
        self.workers[worker].pixels.removeAll { wishes[$0]?.holder != worker }
        guard mustAnswer || !grant.units.isEmpty || self.workers[worker].isAwaited else { return nil }
        let audits = self.workers[worker].audits
        grant.audits = audits.prefix(Self.grantAuditsMax).map {
            LeaseGrant.Audit(unit: self.plan.unit(at: $0.unit), leafIndex: $0.leafIndex)
        }
        self.workers[worker].audits.removeFirst(grant.audits.count)
        grant.wantedPixels = self.take(\.pixels, of: worker)
        grant.cancelled = self.take(\.cancelled, of: worker)
        grant.released = self.take(\.released, of: worker)
        return grant
    }

    /// Answers those who wait, as far as there is something for them.
    ///
    /// Thousands may wait while a few units are late: that somebody could help is found out each ``recount`` only.
    mutating func serveParked(now: Instant) {
        guard self.mustServeParked || self.mayHelp else { return }
        let mayHelp = self.mayHelp || !self.foreignStragglers.isEmpty
        self.mustServeParked = false
        self.mayHelp = false
        if mayHelp, self.openCount == 0 {
            // All that is left to do is to help with what is late, and who is fastest helps most.
            self.parkedWorkers.sort { self.workers[$0.worker].isFaster(than: self.workers[$1.worker]) }
        }
        var waiting: [ParkedPlace] = []
        for place in self.parkedWorkers {
            guard let parked = self.workers[place.worker].parked, parked.requestID == place.requestID else { continue }
            guard mayHelp || self.openCount > 0 || self.workers[place.worker].isAwaited,
                let grant = self.grant(for: place.worker, parked, mustAnswer: false, now: now)
            else {
                waiting.append(place)
                continue
            }
            _ = self.unpark(place.worker)
            self.actions.append(.respond(requestID: parked.requestID, grant))
        }
        self.parkedWorkers = waiting
        self.mustServeParked = false
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
        self.reviewEnd(now: now)
        let hasUnits = self.nextUnit(for: worker, now: now) != nil
        let room = hasUnits ? self.room(of: worker, wanted: wanted, now: now) : 0
        while leased.count < room, let index = self.nextUnit(for: worker, now: now) {
            self.addLease(index, to: worker, now: now)
            leased.append(index)
        }
        if leased.isEmpty, isIdle, self.workers[worker].leases.isEmpty,
            let index = self.straggler(for: worker, now: now) ?? self.nextPutOffAgain()
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
    ///
    /// Each gets its share by speed, and nobody more than it will have rendered in twice ``Settings/workAhead``: what slow
    /// workers are given beyond that is what everyone waits for in the end.
    private mutating func orphans(for worker: Int, now: Instant) -> [Int] {
        guard !self.orphaned.isEmpty, !self.workers[worker].leases.isEmpty else { return [] }
        let unitMicroseconds = self.unitMicroseconds(of: worker)
        guard unitMicroseconds > 0 else { return [] }
        let share = 1 / (Double(self.workers[worker].blockMicroseconds) * max(self.speeds(now: now).own, 1e-12))
        let fair = (Double(self.orphaned.count) * min(share, 1)).rounded(.up)
        let held = Int(clamping: 2 * self.settings.workAhead.wholeMicroseconds / unitMicroseconds)
        let room = min(held, Self.heldUnitsMax) - self.workers[worker].leases.count
        var leased: [Int] = []
        while leased.count < min(Int(fair), room, Self.grantUnitsMax),
            let index = self.next(in: \.openOrphaned, for: [worker])
        {
            self.addLease(index, to: worker, now: now)
            leased.append(index)
        }
        return leased
    }

    private mutating func nextUnit(for worker: Int, now: Instant) -> Int? {
        // Others may have rendered the rest of their frames long ago.
        if !self.openOrphaned.isEmpty, let orphan = self.next(in: \.openOrphaned, for: [worker]) { return orphan }
        let borrowed = self.nextBorrowed(for: worker, now: now)
        if self.endOrder != nil, let borrowed { return borrowed }
        guard let own = self.open.isEmpty ? nil : self.nextOwn(for: [worker], now: now) else {
            return borrowed ?? (self.openInDoubt.isEmpty ? nil : self.next(in: \.openInDoubt, for: [worker]))
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
        if let index = self.nextUrgent(in: place, for: workers) { return index }
        // Of two workers one can always take the second copy.
        let worker = workers.count == 1 ? OpenUnits.Holder.worker(workers[0]) : nil
        let half = self[keyPath: place].nextHalf(excluding: worker, and: steward, in: self.units)
        let fresh = self[keyPath: place].nextFresh(in: self.units)
        guard let half, let fresh else { return half ?? fresh }
        let (a, b) = (self.frame(of: half), self.frame(of: fresh))
        return a == b || self[keyPath: place].isInOrder(a, b) ? half : fresh
    }

    /// The unit that was rendered and must be once more, if there is one: its pixels are lost, or workers disagree.
    mutating func nextUrgent(in place: WritableKeyPath<Self, OpenUnits>, for workers: [Int]) -> Int? {
        if let index = self[keyPath: place].nextRedo(in: self.units) {
            return index
        }
        return self[keyPath: place].allContested(in: self.units).first { index in
            workers.isEmpty
                || workers.contains { !self.ledger.hasClaim(onUnitAt: index, by: self.workers[$0].peer) }
        }
    }

    /// How many units a worker may get now.
    ///
    /// It holds work for a time, see ``WorkAhead``. Near the end each gets half of its share of what is left, by speed
    /// (guided self-scheduling, Polychronopoulos and Kuck 1987), so that all finish together.
    private mutating func room(of worker: Int, wanted: Int, now: Instant) -> Int {
        let leases = self.workers[worker].leases.count
        let blockMicroseconds = self.workers[worker].blockMicroseconds
        let unitMicroseconds = self.unitMicroseconds(of: worker)
        let held: Int
        if unitMicroseconds > 0 {
            let time = WorkAhead.time(atMost: self.settings.workAhead, secondsLeft: Double(self.secondsLeft))
            let ahead = time.wholeMicroseconds / unitMicroseconds + 1
            held = min(max(Int(clamping: ahead), Self.heldUnitsOfUnknownSpeedMax), Self.heldUnitsMax)
        } else {
            held = Self.heldUnitsOfUnknownSpeedMax
        }
        let room = min(wanted, held - leases)
        guard room > 0 else { return 0 }
        let speeds = self.speeds(now: now)
        let own = blockMicroseconds > 0 ? 1 / Double(blockMicroseconds) : speeds.ofUnknown
        let all = max(own, speeds.all)
        // What a slow worker would begin only when the others have done all the rest is left to them.
        let isSlow = Double(blockMicroseconds) > speeds.mean && speeds.mean > 0
        let isLate = Double(leases + 1) / own > Double(self.counts.copiesMissing) / all
        guard !isSlow || !isLate || leases == 0 else { return 0 }
        guard room > 1 else { return room }
        // The siblings lease about as much as this steward, by the speeds of their workers.
        let leased = Double(self.counts.leases) * all / max(own, speeds.own)
        let left = max(0, Double(self.counts.copiesMissing) - leased)
        let share = (left * own / all / 2).rounded(.up)
        return max(1, min(room, Int(share)))
    }
}
