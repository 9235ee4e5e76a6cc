import GridWire

extension Steward {
    /// Copies of a unit of another steward that this one may lease.
    struct Borrowed: Sendable {
        /// Who gave them; nothing when a worker brought one along.
        let from: PeerID?
        let at: Instant
        /// How many; those that workers here hold are counted too.
        let copies: Int
        /// Workers elsewhere that hold the other copies, as far as known.
        var holders: [Int] = []

        /// The same with another number of copies.
        func with(copies: Int) -> Self {
            Self(from: self.from, at: self.at, copies: copies, holders: self.holders)
        }
    }

    /// A copy of a unit of this steward that another one may lease.
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

    /// Whether this steward leases copies of the unit.
    func isMine(_ index: Int) -> Bool {
        self.isHome(index) || self.borrowed[index] != nil
    }

    /// Whether the unit is this steward's by its number.
    func isHome(_ index: Int) -> Bool {
        self.myRanks.isEmpty ? self.roster.stewards.isEmpty : self.myRanks[index % self.myRanks.count]
    }

    /// The name of a sibling among those who have copies.
    mutating func number(of sibling: PeerID) -> OpenUnits.Holder {
        if let known = self.siblingNumbers[sibling] { return .sibling(known) }
        self.siblingNumbers[sibling] = self.siblingNumbers.count
        return .sibling(self.siblingNumbers.count - 1)
    }

    /// The same for one to which a copy was ceded.
    func holder(_ sibling: PeerID) -> OpenUnits.Holder {
        .sibling(self.siblingNumbers[sibling] ?? -1)
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
        var waiting: [PeerID] = []
        var fastestIdle: UInt64 = 0
        for entry in self.parkedWorkers {
            guard let parked = self.workers[entry.worker].parked, parked.requestID == entry.requestID,
                !self.isTooDear(entry.worker, now: now), self.roomAtEnd(of: entry.worker, now: now) >= 0.5
            else { continue }
            wanted += parked.wanted
            if parked.wanted > 0, waiting.count < StewardMessage.waitingMax {
                waiting.append(self.workers[entry.worker].peer)
            }
            let time = self.workers[entry.worker].blockMicroseconds
            if parked.isIdle, time > 0, fastestIdle == 0 || time < fastestIdle {
                fastestIdle = time
            }
        }
        // What came longer ago than a beat is nothing that these workers can take.
        let lately = now.advanced(by: .zero - self.settings.beat)
        wanted -= self.copiesToLease(now: now) { $0.at > lately }
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
        message.waiting = waiting
        message.idleBlockMicroseconds = min(fastestIdle, WireLimits.blockMicrosecondsMax)
        self.tell(message, to: peer)
    }

    /// Takes over what the steward leases next whose units are furthest behind, so that frames become final in their order
    /// and little of them is under way at a time, however the workers are spread over the stewards.
    mutating func evenOut(now: Instant) {
        guard self.isShared, self.phase == .running, self.mayLease(now: now), self.endOrder == nil else { return }
        let others = self.live.filter { $0 != self.settings.me }
        let last = others.min { (self.siblings[$0]?.frontier ?? .max) < (self.siblings[$1]?.frontier ?? .max) }
        // Numbers of units of one frame, or of a few small ones, are as good as equal.
        let slack = max(self.plan.unitsPerFrame / 2, 4 * self.roster.stewards.count)
        guard let last, let sibling = self.siblings[last], sibling.wasHeard, sibling.openUnits > 0,
            sibling.frontier + slack < self.frontier,
            sibling.askedAt.map({ $0.advanced(by: self.settings.beat) <= now }) ?? true
        else { return }
        let unitsPerSecond = self.speeds(now: now).own * 1e6 / Double(self.plan.blocksPerUnit)
        let ofOneBeat = (unitsPerSecond * self.settings.beat.seconds).rounded(.up)
        let wanted = Int(min(ofOneBeat, Double(StewardMessage.unitsMax))) - self.copiesToLease(now: now) { _ in true }
        guard wanted > 0 else { return }
        var message = self.emptyMessage(now: now)
        message.wantedUnits = wanted
        self.siblings[last]?.askedAt = now
        self.tell(message, to: last)
    }

    /// How many borrowed copies nobody renders yet.
    ///
    /// No more is borrowed while they wait: it would lie here until it is given back, and its own steward would have leased it
    /// meanwhile. Few workers may ask for more: on slow lines jobs of ten nodes took a sixth longer without.
    private mutating func copiesToLease(now: Instant, _ isMeant: (Borrowed) -> Bool) -> Int {
        guard self.hasManyWorkers(now: now) else { return 0 }
        return self.borrowed.reduce(0) { count, entry in
            isMeant(entry.value) ? count + max(0, entry.value.copies - self.units[entry.key].holders.count) : count
        }
    }

    /// Gives a sibling whose workers wait copies of units that wait here, in proportion to the speeds of both.
    ///
    /// A cession is one copy, as a lease is: the other copy of the unit stays with this steward. When units were handed over
    /// whole, those that one worker had rendered went to and fro between stewards that could not lease them.
    mutating func serve(_ message: StewardMessage, from peer: PeerID, now: Instant) {
        guard message.wantedUnits > 0, self.mayLease(now: now), self.live.contains(peer) else { return }
        let theirs = max(Double(message.blocksPerKilosecond) * 1e-9, 1e-12)
        let own = self.speeds(now: now).own
        let share = (Double(self.openCount) * theirs / (theirs + own)).rounded(.up)
        let count = min(message.wantedUnits, Int(share), StewardMessage.unitsMax)
        let waiting = message.waiting.prefix(StewardMessage.waitingMax).compactMap { self.worker(for: $0) }
        // Who has one copy cannot take the other one.
        let steward = message.activeWorkers < 2 ? self.number(of: peer) : nil
        var cessions: [StewardMessage.Cession] = []
        while cessions.count < count,
            let index = self.next(in: \.openOrphaned, for: waiting, of: steward)
                ?? self.nextOwn(for: waiting, of: steward, now: now)
                ?? self.next(in: \.openInDoubt, for: waiting, of: steward)
        {
            cessions.append(self.cession(of: index))
            self.lend(index, to: peer, now: now)
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

    private mutating func lend(_ index: Int, to peer: PeerID, now: Instant) {
        _ = self.number(of: peer)
        self.ceded[index, default: []].append(Ceded(to: peer, at: now))
        self.replace(index)
    }

    /// A copy that a sibling was to lease is rendered, or comes back.
    mutating func endLoan(of index: Int, to peer: PeerID) {
        guard let place = self.ceded[index]?.firstIndex(where: { $0.to == peer }) else { return }
        self.ceded[index]?.remove(at: place)
        if self.ceded[index]?.isEmpty == true {
            self.ceded[index] = nil
        }
        self.replace(index)
    }

    /// Ends the loans of which this is true.
    mutating func endLoans(_ isOver: (Ceded) -> Bool) {
        for (index, loans) in self.ceded where loans.contains(where: isOver) {
            let left = loans.filter { !isOver($0) }
            self.ceded[index] = left.isEmpty ? nil : left
            self.orphan(index)
            self.replace(index)
        }
    }

    /// A worker that asks here has rendered a copy that a sibling lent.
    mutating func useLoan(of index: Int, by worker: Int) {
        guard let loan = self.borrowed[index], self.units[index].holders.contains(worker) else { return }
        self.borrowed[index] = loan.copies > 1 ? loan.with(copies: loan.copies - 1) : nil
    }

    /// Takes copies that a sibling gave.
    mutating func borrow(_ cessions: [StewardMessage.Cession], from peer: PeerID, now: Instant) {
        guard !cessions.isEmpty else { return }
        self.siblings[peer]?.askedAt = nil
        self.siblings[peer]?.wasAskedInVain = false
        for cession in cessions.prefix(StewardMessage.unitsMax) {
            guard let index = self.plan.index(of: cession.unit), !self.isHome(index),
                !self.frames[self.frame(of: index)].isFinal || self.lost.contains(index)
            else { continue }
            switch self.units[index].phase {
            case .open, .disputed:
                break
            case .accepted, .stored:
                guard !self.isDone(index) else { continue }
                // Its pixels are lost: any worker may render it again.
                guard let root = self.acceptedRoot(of: cession.unit), self.storedRoots[index] == nil else { continue }
                self.wishes[index] = PixelWish(root: root, isRedo: true)
            }
            if cession.isSpeculative {
                self.foreignStragglers.append(index)
                continue
            }
            let holders = cession.holders.compactMap { self.worker(for: $0) }
            let copies = min((self.borrowed[index]?.copies ?? 0) + 1, self.settings.copiesMax)
            self.borrowed[index] = Borrowed(from: peer, at: now, copies: copies, holders: holders)
            self.replace(index)
        }
        self.mustServeParked = true
    }

    /// Takes back what a sibling cannot lease.
    mutating func takeBack(_ units: [UnitID], from peer: PeerID) {
        for unit in units.prefix(StewardMessage.unitsMax) {
            guard let index = self.plan.index(of: unit) else { continue }
            self.endLoan(of: index, to: peer)
        }
    }

    /// The units of a sibling that this steward leases, ascending.
    func borrowed(from peer: PeerID) -> [UnitID] {
        var indices: [Int] = []
        for (index, loan) in self.borrowed where (loan.from ?? self.keeper(of: index)) == peer {
            indices.append(index)
        }
        return indices.sorted().map { self.plan.unit(at: $0) }
    }

    /// Notes that a sibling leases units of this steward, also when this one does not know of it: it was started again, or
    /// has become their steward since.
    mutating func confirm(_ units: [UnitID], by peer: PeerID, now: Instant) {
        for unit in units.prefix(StewardMessage.unitsMax) {
            guard let index = self.plan.index(of: unit), self.isHome(index) else { continue }
            let loans = self.ceded[index, default: []]
            if loans.contains(where: { $0.to == peer }) {
                for place in loans.indices where loans[place].to == peer {
                    self.ceded[index]?[place].confirmedAt = now
                }
            } else if self.units[index].phase == .open, self.units[index].place != .none {
                self.lend(index, to: peer, now: now)
            }
        }
    }

    /// Tells the units' own stewards what workers brought along.
    mutating func tellAdopted(now: Instant) {
        guard !self.newlyAdopted.isEmpty else { return }
        var adopted: [PeerID: [UnitID]] = [:]
        for index in self.newlyAdopted {
            guard let keeper = self.keeper(of: index), keeper != self.settings.me else { continue }
            adopted[keeper, default: []].append(self.plan.unit(at: index))
        }
        self.newlyAdopted = []
        self.tell(adopted, as: \.borrowed, now: now)
    }

    /// Tells siblings of units, in as many messages as it takes.
    mutating func tell(
        _ units: [PeerID: [UnitID]],
        as list: WritableKeyPath<StewardMessage, [UnitID]>,
        now: Instant
    ) {
        for (peer, units) in units.sorted(by: { $0.key < $1.key }) where self.siblings[peer] != nil {
            let units = units.sorted()
            for start in stride(from: 0, to: units.count, by: StewardMessage.unitsMax) {
                var message = self.emptyMessage(now: now)
                message[keyPath: list] = Array(units[start ..< min(start + StewardMessage.unitsMax, units.count)])
                self.tell(message, to: peer)
            }
        }
    }

    /// Gives back borrowed copies that nobody here renders or could render, and ends loans that are overdue.
    mutating func returnIdleUnits(now: Instant) {
        var returned: [PeerID: [UnitID]] = [:]
        for (index, loan) in self.borrowed {
            if self.isSettled(index) {
                self.borrowed[index] = nil
                self.replace(index)
                continue
            }
            let held = self.units[index].holders.count
            guard held < loan.copies, loan.at.advanced(by: self.settings.loanIdle) <= now else { continue }
            self.borrowed[index] = held > 0 ? loan.with(copies: held) : nil
            self.replace(index)
            if let owner = loan.from ?? self.keeper(of: index) {
                returned[owner, default: []] += Array(repeating: self.plan.unit(at: index), count: loan.copies - held)
            }
        }
        self.tell(returned, as: \.returned, now: now)
        for index in self.ceded.keys where self.isSettled(index) {
            self.ceded[index] = nil
        }
        let (longest, unconfirmed) = (self.settings.loanMax, self.settings.loanUnconfirmedMax)
        self.endLoans { $0.at.advanced(by: longest) <= now || $0.confirmedAt.advanced(by: unconfirmed) <= now }
    }

    /// Whether nobody need render the unit any more.
    private func isSettled(_ index: Int) -> Bool {
        switch self.units[index].phase {
        case .open, .disputed: false
        case .accepted, .stored: self.wishes[index]?.isRedo != true
        }
    }

    /// The steward whose unit it is by its number.
    private func keeper(of index: Int) -> PeerID? {
        let stewards = self.roster.stewards
        guard !stewards.isEmpty else { return nil }
        let rank = index % stewards.count
        // No closure: one would take all of this steward along, for each unit.
        for step in stewards.indices {
            let peer = stewards[(rank + step) % stewards.count]
            if self.live.contains(peer) { return peer }
        }
        return nil
    }
}
