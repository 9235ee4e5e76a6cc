import GridWire

extension Steward {
    var emptyGrant: LeaseGrant {
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

    var closedGrant: LeaseGrant {
        var grant = self.emptyGrant
        grant.isClosed = true
        return grant
    }

    /// What to answer a request, or nothing when there is nothing to say and the answer may wait.
    mutating func grant(for worker: Int, _ request: Parked, mustAnswer: Bool, now: Instant) -> LeaseGrant? {
        guard self.phase == .running else { return mustAnswer ? self.emptyGrant : nil }
        var grant = self.emptyGrant
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
        guard wanted > 0 else { return [] }
        var leased: [Int] = []
        let room = self.room(of: worker, wanted: wanted, now: now)
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

    private mutating func nextUnit(for worker: Int) -> Int? {
        if let index = self.open.nextRedo(in: self.units) {
            return index
        }
        let peer = self.workers[worker].peer
        for index in self.open.allContested(in: self.units) where !self.ledger.hasClaim(onUnitAt: index, by: peer) {
            return index
        }
        let half = self.open.nextHalf(for: worker, in: self.units)
        let fresh = self.open.nextFresh(in: self.units)
        guard let half, let fresh else { return half ?? fresh }
        return self.frame(of: half) <= self.frame(of: fresh) ? half : fresh
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
        var all = 0.0
        var own = 0.0
        let mean = self.meanBlockMicroseconds(now: now)
        for other in self.workers.indices where other == worker || self.isActive(other, now: now) {
            let time = self.workers[other].blockMicroseconds
            let speed = time > 0 ? 1 / Double(time) : mean > 0 ? 1 / mean : 1
            all += speed
            own = other == worker ? speed : own
        }
        let left = Double(max(0, self.counts.copiesMissing - self.counts.leases))
        let share = (left * own / all / 2).rounded(.up)
        return max(1, min(room, Int(share)))
    }

    /// A worker's time for a whole unit, in microseconds; 0 when unknown.
    private func unitMicroseconds(of worker: Int) -> UInt64 {
        self.workers[worker].blockMicroseconds.multipliedClamped(by: UInt64(self.plan.blocksPerUnit))
    }

    /// The mean time of a block over the active workers whose speed is known; 0 when there are none.
    private func meanBlockMicroseconds(now: Instant) -> Double {
        var speeds = 0.0
        var count = 0.0
        for worker in self.workers.indices where self.isActive(worker, now: now) {
            let time = self.workers[worker].blockMicroseconds
            guard time > 0 else { continue }
            speeds += 1 / Double(time)
            count += 1
        }
        return count > 0 ? count / speeds : 0
    }

    /// The unit that would be ready earlier if this idle worker rendered it too.
    ///
    /// Slow workers do not get one: in simulation that was decisive. A copy is worth it when the worker needs at most 0.7
    /// of the time that its holders still need; of these units the one that is ready last is chosen.
    private func straggler(for worker: Int, now: Instant) -> Int? {
        let mean = self.meanBlockMicroseconds(now: now)
        guard mean > 0 else { return nil }
        let reported = self.workers[worker].blockMicroseconds
        let own = reported > 0 ? Double(reported) : mean
        guard own <= mean / 0.7 else { return nil }
        let blocks = Double(self.plan.blocksPerUnit)
        var remaining: [Int: [Double]] = [:]
        for other in self.workers.indices where other != worker {
            let time = self.workers[other].blockMicroseconds
            let unitTime = (time > 0 ? Double(time) : mean) * blocks / 1e6
            for (place, lease) in self.workers[other].leases.enumerated() {
                let expected = Double(place + 1) * unitTime
                let age = lease.grantedAt.duration(to: now).seconds
                // A unit that is far overdue may never come.
                remaining[lease.unit, default: []].append(age > 3 * expected + 2 ? 1e9 : expected)
            }
        }
        var best: (time: Double, unit: Int)?
        for (unit, times) in remaining {
            let state = self.units[unit]
            guard state.phase == .open, state.holders.count < self.settings.copiesMax, state.missing > 0,
                !state.holders.contains(worker),
                !self.ledger.hasClaim(onUnitAt: unit, by: self.workers[worker].peer)
            else { continue }
            let ready = times.sorted()[min(state.missing, times.count) - 1]
            guard own * blocks / 1e6 <= 0.7 * ready else { continue }
            if let known = best, (known.time, unit) > (ready, known.unit) { continue }
            best = (ready, unit)
        }
        return best?.unit
    }

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
        }
    }

    mutating func leaseFallsDue(_ index: Int, of worker: Int, now: Instant) {
        guard let lease = self.workers[worker].leases.first(where: { $0.unit == index }) else { return }
        if lease.expiresAt <= now {
            self.removeLease(index, of: worker)
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
            self.addLease(index, to: worker, now: now, wasListed: true)
        }
    }

    /// Puts a unit where those who want work find it.
    mutating func replace(_ index: Int) {
        let place = self.place(of: index)
        guard place != self.units[index].place else { return }
        self.units[index].place = place
        guard place != .none else { return }
        self.open.insert(index, at: place)
        self.mustServeParked = true
    }

    private func place(of index: Int) -> OpenUnits.Place {
        let state = self.units[index]
        switch state.phase {
        case .stored:
            return .none
        case .accepted:
            return self.wishes[index]?.isRedo == true && state.holders.isEmpty ? .redo : .none
        case .disputed:
            guard !self.isArguable(index) else { return .none }
            let isHeldByOther = state.holders.contains {
                !self.ledger.hasClaim(onUnitAt: index, by: self.workers[$0].peer)
            }
            return isHeldByOther ? .none : .contested
        case .open:
            var contributors = state.holders
            for claim in self.ledger.countedClaims(ofUnitAt: index) {
                if let worker = self.workerIndex[claim.worker], !contributors.contains(worker) {
                    contributors.append(worker)
                }
            }
            switch contributors.count {
            case 0: return .fresh
            case 1: return .half(contributors[0])
            default: return .none
            }
        }
    }
}
