import GridWire

/// Who has which unit, and where the units wait that nobody has.
extension Steward {
    mutating func addLease(_ index: Int, to worker: Int, now: Instant, wasListed: Bool = false) {
        let expiresAt = now.advanced(by: self.settings.leaseExpiry)
        let isFirst = self.workers[worker].leases.isEmpty
        let place = UInt64(self.workers[worker].leases.count + 1)
        let expected = self.unitMicroseconds(of: worker).multipliedClamped(by: 8 * place)
        let hard = min(Duration.seconds(600), max(.seconds(120), .microseconds(Int64(clamping: expected))))
        self.workers[worker].leases.append(
            Lease(
                unit: index,
                grantedAt: now,
                expiresAt: expiresAt,
                hardExpiry: now.advanced(by: hard),
                wasListed: wasListed,
                begunAt: isFirst ? now : nil
            )
        )
        self.lastLeaseAt = now
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
            self.orphan(lease.unit)
            self.removeLease(lease.unit, of: worker)
        }
    }

    /// Takes note that somebody had a copy of a unit and will not deliver it; called before the unit is put where it waits.
    ///
    /// It matters to whoever leases the unit, which may be this steward later.
    mutating func orphan(_ index: Int) {
        guard self.units[index].missing > 0 else { return }
        self.orphaned.insert(index)
    }

    mutating func leaseFallsDue(_ index: Int, of worker: Int, now: Instant) {
        guard let lease = self.workers[worker].leases.first(where: { $0.unit == index }) else { return }
        if lease.expiresAt <= now {
            if self.isAnyoneMissed(now: now) { self.awaitCopy(of: index) }
            self.orphan(index)
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
        if let first = self.workers[worker].leases.first, first.begunAt == nil {
            self.workers[worker].leases[0].begunAt = now
        }
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
                self.mayHaveOneMoreHolder(index),
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

    /// Whether one more worker may hold the unit.
    func mayHaveOneMoreHolder(_ index: Int) -> Bool {
        self.units[index].holders.count < self.settings.copiesMax * max(1, self.units[index].missing)
    }

    /// Puts a unit where those who want work find it.
    mutating func replace(_ index: Int) {
        let place = self.place(of: index)
        guard place != self.units[index].place else { return }
        self.openCount += (place == .none ? 0 : 1) - (self.units[index].place == .none ? 0 : 1)
        self.units[index].place = place
        guard place != .none else {
            if !self.orphaned.isEmpty, self.isHome(index) { self.orphaned.remove(index) }
            return
        }
        if self.isHome(index) {
            if self.isPutOff(index) {
                self.openInDoubt.insert(index, at: place)
            } else if self.orphaned.contains(index) {
                self.openOrphaned.insert(index, at: place)
            } else {
                self.open.insert(index, at: place)
                self.sortByCost(index)
            }
        } else {
            self.openBorrowed.insert(index, at: place)
        }
        self.mustServeParked = true
    }

    private func place(of index: Int) -> OpenUnits.Place {
        let (phase, holders) = (self.units[index].phase, self.units[index].holders)
        let loan = self.borrowed[index]
        let ceded = self.ceded.isEmpty ? [] : self.ceded[index, default: []]
        if !self.isHome(index) {
            guard let loan, loan.copies > holders.count else { return .none }
        }
        switch phase {
        case .accepted, .stored:
            return self.isWantedAgain(index) && !self.isPutOff(index) ? .redo : .none
        case .disputed:
            guard self.disputes[index]?.isUnrefereed == true || !self.isArguable(index) else { return .none }
            let isHeldByOther = holders.contains {
                !self.ledger.hasClaim(onUnitAt: index, by: self.workers[$0].peer)
            }
            return isHeldByOther || !ceded.isEmpty ? .none : .contested
        case .open:
            var contributors = holders
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
