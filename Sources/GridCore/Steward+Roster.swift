public import GridWire

extension Steward {
    /// What the steward knows of another one.
    struct Sibling: Sendable {
        /// When it was last heard of, or when it became a steward.
        var lastHeard: Instant
        /// Whether it ever said something to this steward.
        var wasHeard = false
        /// When it was last told that it is a steward, while it says nothing.
        var remindedAt: Instant?
        /// New records that it was not told of.
        var unsent: [RecordID] = []
        var openUnits = 0
        /// The first of its units that no worker ever had, when it was last heard of.
        var frontier = 0
        /// Blocks a microsecond of its workers.
        var speed = 0.0
        var activeWorkers = 0
        /// Until when what it may be doing beyond a cut is left to it, once it fell silent.
        var doubtUntil: Instant?
        /// Since when it holds other records than this steward.
        var differsSince: Instant?
        /// When the buckets were last compared.
        var comparedAt: Instant?
        /// How many comparisons there were since both held the same.
        var comparisons = 0
        /// When it was last asked for units, and whether that was in vain.
        var askedAt: Instant?
        var wasAskedInVain = false

        /// Takes note of what every message says.
        mutating func hear(_ message: StewardMessage, now: Instant) {
            self.lastHeard = now
            self.wasHeard = true
            self.openUnits = message.openUnits
            self.frontier = message.frontier
            self.speed = Double(message.blocksPerKilosecond) * 1e-9
            self.activeWorkers = message.activeWorkers
            if message.openUnits > 0 {
                self.wasAskedInVain = false
            }
        }
    }

    /// Whether several nodes keep this job.
    var isShared: Bool {
        self.roster.stewards.count > 1
    }

    /// Whether this node is one of the job's stewards now.
    public var isActing: Bool {
        self.roster.stewards.isEmpty || self.roster.stewards.contains(self.settings.me)
    }

    /// The peers with which records are exchanged.
    var siblingPeers: [PeerID] {
        self.siblings.keys.sorted()
    }

    /// The peers from which a steward that is gone can be replaced, in any order, those that are stewards among them.
    ///
    /// The shell tells this whenever it changes; they are ranked when one is needed.
    public mutating func candidatesChanged(_ candidates: [StewardCandidate]) {
        self.candidates = candidates
    }

    /// A peer says who keeps the job.
    ///
    /// What it can prove is believed: a steward of a provisional roster learns in this way that it is not needed any more,
    /// and whom to give its records. Provisional rosters become one.
    ///
    /// - Parameters:
    ///   - roster: who keeps the job, says the peer.
    ///   - proof: what proves a roster that is not provisional, see ``JobOffer/rosterProof``.
    ///   - peer: who says so, if it is another node.
    ///   - now: the present.
    public mutating func rosterHeard(
        _ roster: Roster,
        proof: [SignedRecord] = [],
        from peer: PeerID?,
        now: Instant
    ) -> [Action] {
        if let peer, roster.isProvisional, !self.roster.isProvisional, self.isActing, !self.roster.stewards.isEmpty {
            // The word of this roster was lost on its way to whoever stands in for it.
            return [.offer(to: peer)]
        }
        if let peer, roster.isProvisional, self.roster.isProvisional {
            return self.join(roster, of: peer, now: now)
        }
        guard let peer, !roster.isProvisional, roster.number > self.ledger.roster?.number ?? 0,
            RosterBook.roster(
                provenBy: proof,
                of: self.job,
                by: self.ledger.submitter,
                after: self.ledger.roster,
                verify: self.settings.verify
            ) == roster
        else { return [] }
        for record in proof.prefix(WireLimits.rosterProofMax) { self.takeForeign(record, from: peer, now: now) }
        return self.finish(now: now)
    }

    /// Others stood in for the lost stewards, too: one roster becomes of both.
    private mutating func join(_ roster: Roster, of peer: PeerID, now: Instant) -> [Action] {
        guard roster.stewards.contains(peer), self.ledger.burn(of: peer) == nil else { return [] }
        let joined = self.roster.joined(with: roster, for: self.job)
        guard joined != self.roster else { return self.roster == roster ? [] : [.offer(to: peer)] }
        self.hint = joined
        self.rosterMayHaveChanged(now: now)
        return self.finish(now: now)
    }

    /// Takes up the roster that the records now name.
    mutating func rosterMayHaveChanged(now: Instant) {
        let effective = self.ledger.roster ?? self.hint ?? Roster(number: 0, stewards: [])
        guard effective != self.roster else { return }
        self.roster = effective
        self.mustScanCopies = true
        for peer in effective.stewards where peer != self.settings.me && self.siblings[peer] == nil {
            self.siblings[peer] = Sibling(lastHeard: now)
        }
        for peer in self.siblings.keys where !effective.stewards.contains(peer) {
            self.siblings[peer]?.openUnits = 0
            self.siblings[peer]?.speed = 0
        }
        if !self.isActing {
            for index in self.lost { self.endLoss(of: index) }
        }
        self.actions.append(.rosterChanged(effective))
        self.mustTellStatus = true
        self.shareOut(now: now)
        self.beat(now: now)
        self.keepBeating(now: now)
    }

    /// Whoever shares a job beats, also one that ended it alone and now hears of others: only they can hold a second copy of
    /// what lies here.
    mutating func keepBeating(now: Instant) {
        guard self.phase != .receiving, self.hasEnded ? self.isShared : !self.roster.stewards.isEmpty,
            !self.isBeatTimerSet
        else { return }
        self.isBeatTimerSet = true
        self.timers.set(.beat, at: now.advanced(by: self.settings.beat))
    }

    /// Who stands in for stewards that were away asks from time to time whether they are back.
    mutating func askAround(now: Instant) {
        guard self.roster.isProvisional, self.isActing else { return }
        let last = self.askedAround ?? now
        if last.advanced(by: self.settings.askAroundEvery) <= now {
            self.actions.append(.offer(to: nil))
            self.askedAround = now
        } else {
            self.askedAround = last
        }
    }

    /// Tells everyone from time to time where the job stands.
    mutating func offerAgain(now: Instant) {
        guard self.live.first == self.settings.me, !self.hasEnded else { return }
        let last = self.offeredAt ?? now
        let isDue = last.advanced(by: self.settings.offerEvery) <= now
        self.offeredAt = isDue ? now : last
        if isDue { self.actions.append(.offer(to: nil)) }
    }

    /// Tells stewards that say nothing that they are some: the word may have been lost, or they were away.
    mutating func remind(now: Instant) {
        guard self.isActing else { return }
        for peer in self.roster.stewards where peer != self.settings.me {
            guard !self.isHeard(peer, within: self.settings.stewardDead, now: now) else { continue }
            let last = self.siblings[peer]?.remindedAt ?? now
            let isDue = last.advanced(by: self.settings.askAroundEvery) <= now
            self.siblings[peer]?.remindedAt = isDue ? now : last
            if isDue { self.actions.append(.offer(to: peer)) }
        }
    }

    /// Finds out who is there and which units are this steward's; done each second and when a roster changes.
    mutating func shareOut(now: Instant) {
        let me = self.settings.me
        let stewards = self.roster.stewards
        let before = self.live
        self.live = stewards.filter { $0 == me || self.isHeard($0, within: self.settings.stewardDead, now: now) }
        // Others are there now, who may lack copies, or have the only ones. Who does not keep the job any more hears of the
        // others only when it calls.
        self.mustScanCopies = self.mustScanCopies || (self.isActing && self.live != before)
        if self.live != before { self.pacing.forget() }
        var ranks: [Bool] = []
        for rank in stewards.indices {
            let keeper = (0 ..< stewards.count).lazy.map { stewards[(rank + $0) % stewards.count] }
                .first { self.live.contains($0) }
            ranks.append(keeper == me)
        }
        let live = self.live
        self.endLoans { !live.contains($0.to) }
        // Nobody hears any more of the workers that held the units of a steward that is gone.
        for (index, loan) in self.borrowed
        where !loan.holders.isEmpty && loan.from.map({ !self.live.contains($0) }) ?? false {
            self.borrowed[index] = Borrowed(from: nil, at: now, copies: loan.copies)
            self.replace(index)
        }
        let isSame = ranks == self.myRanks
        self.myRanks = ranks
        let isDoubtSame = !self.reviewDoubts(now: now)
        guard !isSame || !isDoubtSame else { return }
        if !isSame {
            for index in self.borrowed.keys where self.isHome(index) { self.borrowed[index] = nil }
            for index in self.ceded.keys where !self.isHome(index) { self.ceded[index] = nil }
        }
        self.adoptLost(now: now)
        self.open = OpenUnits()
        self.openOrphaned = OpenUnits()
        self.openInDoubt = OpenUnits(isDescending: true)
        self.openBorrowed = OpenUnits()
        self.openCount = 0
        for index in self.units.indices {
            self.units[index].place = .none
            self.replace(index)
        }
    }

    func isHeard(_ peer: PeerID, within time: Duration, now: Instant) -> Bool {
        // Who knows that the job has ended says so more seldom.
        let allowance = self.hasEnded ? self.settings.beatAfterEnd : .zero
        return self.siblings[peer].map { $0.lastHeard.advanced(by: time + allowance) > now } ?? false
    }

    /// The time to compare records with the others is over; where none of them was heard of, they may be on their way, as
    /// when the power comes back, and know of units that were rendered.
    mutating func waitForSiblings(now: Instant) {
        if let startedAt = self.startedAt, self.syncUntil != nil,
            !self.siblings.values.contains(where: { $0.lastHeard > startedAt })
        {
            let until = startedAt.advanced(by: self.settings.stewardDead)
            if until > now {
                self.syncUntil = until
                return self.timers.set(.synced, at: until)
            }
        }
        self.mustServeParked = true
    }
}
