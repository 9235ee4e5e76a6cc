import GridWire

extension Steward {
    /// A unit of another steward that this one may lease.
    struct Borrowed: Sendable {
        /// Who gave it; nothing when a worker brought it along.
        let from: PeerID?
        let at: Instant
        /// Workers that held it at the other steward.
        let holders: [Int]
    }

    /// A unit of this steward that another one may lease.
    struct Ceded: Sendable {
        let to: PeerID
        let at: Instant
        /// When the other steward last said that it leases the unit.
        var confirmedAt: Instant

        init(to: PeerID, at: Instant) {
            self.to = to
            self.at = at
            self.confirmedAt = at
        }
    }

    /// Whether this steward leases the unit: its number says whose it is, unless it was ceded.
    func isMine(_ index: Int) -> Bool {
        guard !self.roster.stewards.isEmpty else { return true }
        if !self.borrowed.isEmpty, self.borrowed[index] != nil { return true }
        guard self.isHome(index) else { return false }
        return self.ceded.isEmpty || self.ceded[index] == nil
    }

    /// Whether the unit is this steward's by its number.
    func isHome(_ index: Int) -> Bool {
        self.myRanks.isEmpty ? self.roster.stewards.isEmpty : self.myRanks[index % self.myRanks.count]
    }

    /// Asks a sibling for units when workers wait here.
    mutating func askForUnits(now: Instant) {
        guard self.isShared, self.phase == .running, self.mayLease(now: now), !self.parkedWorkers.isEmpty else {
            return
        }
        let others = self.live.filter { $0 != self.settings.me }
        // One question at a time; an answer, or a second, must come first.
        let isAsking = others.contains { peer in
            self.siblings[peer]?.askedAt.map { $0.advanced(by: self.settings.beat) > now } ?? false
        }
        guard !isAsking, !others.isEmpty else { return }
        var wanted = 0
        var fastestIdle: UInt64 = 0
        for entry in self.parkedWorkers {
            guard let parked = self.workers[entry.worker].parked, parked.requestID == entry.requestID else { continue }
            wanted += parked.wanted
            let time = self.workers[entry.worker].blockMicroseconds
            if parked.isIdle, time > 0, fastestIdle == 0 || time < fastestIdle {
                fastestIdle = time
            }
        }
        guard wanted > 0 else { return }
        let rich = others.filter {
            (self.siblings[$0]?.openUnits ?? 0) > 0 && self.siblings[$0]?.wasAskedInVain == false
        }
        let most = rich.max { (self.siblings[$0]?.openUnits ?? 0) < (self.siblings[$1]?.openUnits ?? 0) }
        var chosen = most
        if chosen == nil, fastestIdle > 0, !others.isEmpty {
            // Nobody has units that wait; perhaps somebody has some that are late.
            self.turn += 1
            chosen = others[self.turn % others.count]
        }
        guard let peer = chosen else { return }
        self.siblings[peer]?.askedAt = now
        self.siblings[peer]?.wasAskedInVain = true
        var message = self.emptyMessage(now: now)
        message.wantedUnits = min(max(wanted, Self.heldUnitsOfUnknownSpeedMax), StewardMessage.unitsMax)
        message.idleBlockMicroseconds = min(fastestIdle, WireLimits.blockMicrosecondsMax)
        self.tell(message, to: peer)
    }

    /// Gives a sibling whose workers wait some of the units that wait here, in proportion to the speeds of both.
    mutating func serve(_ message: StewardMessage, from peer: PeerID, now: Instant) {
        guard message.wantedUnits > 0, self.mayLease(now: now), self.live.contains(peer) else { return }
        let theirs = max(Double(message.blocksPerKilosecond) * 1e-9, 1e-12)
        let own = self.speeds(now: now).own
        let share = (Double(self.openCount) * theirs / (theirs + own)).rounded(.up)
        let count = min(message.wantedUnits, Int(share), StewardMessage.unitsMax)
        var cessions: [StewardMessage.Cession] = []
        var kept: [Int] = []
        while cessions.count < count, let index = self.nextUnitToCede() {
            self.ceded[index] = Ceded(to: peer, at: now)
            self.replace(index)
            // Every other unit, so that the frames go on in their order on both sides.
            if kept.count < cessions.count, self.openCount > 0 {
                kept.append(index)
            } else {
                cessions.append(self.cession(of: index))
            }
        }
        for index in kept {
            self.ceded[index] = nil
            self.replace(index)
        }
        if cessions.isEmpty, message.idleBlockMicroseconds > 0,
            let index = self.stragglerToCede(blockMicroseconds: message.idleBlockMicroseconds, now: now)
        {
            var cession = self.cession(of: index)
            cession.isSpeculative = true
            cessions.append(cession)
        }
        guard !cessions.isEmpty else { return }
        var answer = self.emptyMessage(now: now)
        answer.ceded = cessions
        self.tell(answer, to: peer)
    }

    private func cession(of index: Int) -> StewardMessage.Cession {
        let holders = self.units[index].holders.prefix(StewardMessage.holdersMax).map { self.workers[$0].peer }
        return StewardMessage.Cession(unit: self.plan.unit(at: index), holders: Array(holders))
    }

    private mutating func nextUnitToCede() -> Int? {
        if let index = self.open.nextRedo(in: self.units) ?? self.open.allContested(in: self.units).first {
            return index
        }
        let half = self.open.nextHalf(for: -1, in: self.units)
        let fresh = self.open.nextFresh(in: self.units)
        guard let half, let fresh else { return half ?? fresh }
        return self.frame(of: half) <= self.frame(of: fresh) ? half : fresh
    }

    /// Takes units that a sibling gave.
    mutating func borrow(_ cessions: [StewardMessage.Cession], from peer: PeerID, now: Instant) {
        guard !cessions.isEmpty else { return }
        self.siblings[peer]?.askedAt = nil
        self.siblings[peer]?.wasAskedInVain = false
        for cession in cessions.prefix(StewardMessage.unitsMax) {
            guard let index = self.plan.index(of: cession.unit), !self.frames[self.frame(of: index)].isFinal else {
                continue
            }
            switch self.units[index].phase {
            case .open, .disputed:
                break
            case .accepted:
                // Its pixels are lost: any worker may render it again.
                guard let root = self.acceptedRoot(of: cession.unit), self.storedRoots[index] == nil else { continue }
                self.wishes[index] = PixelWish(root: root, isRedo: true)
            case .stored:
                continue
            }
            if cession.isSpeculative {
                self.foreignStragglers.append(index)
                continue
            }
            let holders = cession.holders.compactMap { self.worker(for: $0) }
            self.borrowed[index] = Borrowed(from: peer, at: now, holders: holders)
            self.replace(index)
        }
        self.mustServeParked = true
    }

    /// Takes back what a sibling cannot lease.
    mutating func takeBack(_ units: [UnitID], from peer: PeerID) {
        for unit in units.prefix(StewardMessage.unitsMax) {
            guard let index = self.plan.index(of: unit), self.ceded[index]?.to == peer else { continue }
            self.ceded[index] = nil
            self.replace(index)
        }
    }

    /// Learns which units a sibling's workers brought along from a steward that is gone.
    mutating func noteAdopted(_ adopted: [StewardMessage.Cession], by peer: PeerID, now: Instant) {
        var answer = self.emptyMessage(now: now)
        for entry in adopted.prefix(StewardMessage.unitsMax) {
            guard let index = self.plan.index(of: entry.unit), self.isHome(index), self.ceded[index] == nil,
                self.units[index].phase == .open
            else { continue }
            self.ceded[index] = Ceded(to: peer, at: now)
            self.replace(index)
            if !self.units[index].holders.isEmpty {
                answer.ceded.append(self.cession(of: index))
            }
        }
        if !answer.ceded.isEmpty {
            self.tell(answer, to: peer)
        }
    }

    /// The units of a sibling that this steward leases, as many as a message may list.
    func borrowed(from peer: PeerID) -> [UnitID] {
        self.borrowed.filter { ($0.value.from ?? self.keeper(of: $0.key)) == peer }.keys.sorted()
            .prefix(StewardMessage.unitsMax).map { self.plan.unit(at: $0) }
    }

    /// Notes that a sibling leases units of this steward, also when this one was started again and forgot that it does.
    mutating func confirm(_ units: [UnitID], by peer: PeerID, now: Instant) {
        let isNew = self.startedAt.map { $0.advanced(by: self.settings.loanUnconfirmedMax) > now } ?? false
        for unit in units.prefix(StewardMessage.unitsMax) {
            guard let index = self.plan.index(of: unit) else { continue }
            if self.ceded[index]?.to == peer {
                self.ceded[index]?.confirmedAt = now
            } else if isNew, self.ceded[index] == nil, self.isHome(index), self.units[index].phase == .open,
                self.units[index].holders.isEmpty
            {
                self.ceded[index] = Ceded(to: peer, at: now)
                self.replace(index)
            }
        }
    }

    /// Tells the units' own stewards what workers brought along.
    mutating func tellAdopted(now: Instant) {
        guard !self.newlyAdopted.isEmpty else { return }
        var cessions: [PeerID: [StewardMessage.Cession]] = [:]
        for index in self.newlyAdopted {
            let rank = index % max(1, self.roster.stewards.count)
            let stewards = self.roster.stewards
            let keeper = stewards.indices.lazy.map { stewards[(rank + $0) % stewards.count] }
                .first { self.live.contains($0) }
            guard let keeper, keeper != self.settings.me else { continue }
            cessions[keeper, default: []].append(self.cession(of: index))
        }
        self.newlyAdopted = []
        for (peer, list) in cessions.sorted(by: { $0.key < $1.key }) {
            for start in stride(from: 0, to: list.count, by: StewardMessage.unitsMax) {
                var message = self.emptyMessage(now: now)
                message.adopted = Array(list[start ..< min(start + StewardMessage.unitsMax, list.count)])
                self.tell(message, to: peer)
            }
        }
    }

    /// Gives back borrowed units that nobody here renders or could render, and takes ceded ones back that are overdue.
    mutating func returnIdleUnits(now: Instant) {
        var returned: [PeerID: [UnitID]] = [:]
        for (index, loan) in self.borrowed {
            let state = self.units[index]
            if self.isSettled(index) {
                self.borrowed[index] = nil
                self.replace(index)
                continue
            }
            guard state.holders.isEmpty, loan.at.advanced(by: self.settings.loanIdle) <= now else { continue }
            self.borrowed[index] = nil
            self.replace(index)
            if let owner = loan.from ?? self.keeper(of: index) {
                returned[owner, default: []].append(self.plan.unit(at: index))
            }
        }
        for (peer, units) in returned.sorted(by: { $0.key < $1.key }) where self.siblings[peer] != nil {
            let units = units.sorted()
            for start in stride(from: 0, to: units.count, by: StewardMessage.unitsMax) {
                var message = self.emptyMessage(now: now)
                message.returned = Array(units[start ..< min(start + StewardMessage.unitsMax, units.count)])
                self.tell(message, to: peer)
            }
        }
        for (index, cession) in self.ceded {
            guard
                self.isSettled(index) || cession.at.advanced(by: self.settings.loanMax) <= now
                    || cession.confirmedAt.advanced(by: self.settings.loanUnconfirmedMax) <= now
            else { continue }
            self.ceded[index] = nil
            self.replace(index)
        }
    }

    /// Whether nobody need render the unit any more.
    private func isSettled(_ index: Int) -> Bool {
        switch self.units[index].phase {
        case .open, .disputed: false
        case .accepted: self.wishes[index]?.isRedo != true
        case .stored: true
        }
    }

    /// The steward whose unit it is by its number.
    private func keeper(of index: Int) -> PeerID? {
        let stewards = self.roster.stewards
        guard !stewards.isEmpty else { return nil }
        let rank = index % stewards.count
        return stewards.indices.lazy.map { stewards[(rank + $0) % stewards.count] }.first { self.live.contains($0) }
    }
}
