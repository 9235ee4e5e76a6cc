public import GridWire

extension Worker {
    /// The nodes of the grid that are here and work, without this one; the shell tells this whenever it changes.
    ///
    /// - Parameter others: nodes that are known to be somewhere, though there is no session with them.
    public mutating func peersChanged(_ peers: [PeerID], others: [PeerID] = []) {
        self.peers = peers
        self.otherNodes = others
    }

    /// The stewards of a job in an order that differs from node to node, so that each gets its share of the workers.
    ///
    /// One on this node comes first: no cut can come between.
    func preferred(_ stewards: [PeerID], _ job: JobID) -> [PeerID] {
        let salt = job.digest.bytes + self.settings.me.publicKey
        let others = stewards.filter { $0 != self.settings.me }.map { (Digest(hashing: salt + $0.publicKey), $0) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.1)
        return stewards.filter { $0 == self.settings.me } + others
    }

    /// A peer says who keeps a job.
    ///
    /// Who stands is proved by signatures, whoever tells. Nobody can prove that all stewards are gone: a provisional roster is
    /// taken only once they are silent, from one of those who are in it, and it gives way as soon as one of them is back.
    mutating func hear(_ offer: JobOffer, from peer: PeerID, _ index: Int, now: Instant) {
        let proven = self.proven(by: offer, after: self.jobs[index].standing)
        if let proven, proven != self.jobs[index].standing {
            self.jobs[index].standing = proven
            self.jobs[index].rosterProof = offer.rosterProof
        }
        guard offer.isProvisional || proven == Roster(offer) else { return }
        self.hear(of: Roster(offer), from: peer, index, now: now)
    }

    private mutating func hear(of roster: Roster, from peer: PeerID, _ index: Int, now: Instant) {
        let known = self.jobs[index].roster
        guard roster != known else { return }
        let isBetter: Bool
        if roster.isProvisional {
            let isSilent = self.hasAsked(index) && self.silenceBegins(index) <= now
            let follows = known.isProvisional && known.joined(with: roster, for: self.jobs[index].job) == roster
            isBetter = (isSilent || follows) && roster.stewards.contains(peer)
        } else {
            isBetter = known.isProvisional || roster.number > known.number
        }
        guard isBetter else {
            if roster.isProvisional, roster.number > known.number, roster.stewards.contains(peer) {
                let lastAnswer = self.jobs[index].lastAnswer
                self.jobs[index].standIn = JobWork.StandIn(lastAnswer: lastAnswer, roster: roster, peer: peer)
            }
            return self.awaitFounders(of: roster, index, now: now)
        }
        self.jobs[index].roster = roster
        self.jobs[index].stewards = self.preferred(roster.stewards, self.jobs[index].job)
        guard !roster.stewards.contains(self.jobs[index].steward) else { return }
        // Never the peer that says so when it is none of them itself: it would answer for ever, and lease nothing.
        let (peers, silentAt) = (self.jobs[index].stewards, self.jobs[index].silentAt)
        let first =
            peers.first { silentAt[$0] == nil } ?? peers.min { (silentAt[$0] ?? now) < (silentAt[$1] ?? now) }
        if let first {
            self.change(to: first, index, now: now)
        }
    }

    /// Whether stewards were asked for work: before, nobody knows whether they are silent.
    private func hasAsked(_ index: Int) -> Bool {
        self.jobs[index].scene == .ready
    }

    /// When somebody else's word is enough that the stewards are gone, if none of them answers until then.
    private func silenceBegins(_ index: Int) -> Instant {
        self.jobs[index].lastAnswer.advanced(by: self.settings.stewardsGoneAfter * 0.8)
    }

    /// When this node should turn to those who are said to stand in for the stewards, or found a roster itself.
    func stewardsDue(_ index: Int) -> Instant? {
        guard let standIn = self.jobs[index].standIn, standIn.lastAnswer == self.jobs[index].lastAnswer,
            self.hasAsked(index)
        else {
            return self.foundingDue(index)
        }
        return self.foundingDue(index).map { min($0, self.silenceBegins(index)) } ?? self.silenceBegins(index)
    }

    /// Turns to those who are said to stand in for stewards that did not answer since; they said it once.
    mutating func turnToStandIn(_ index: Int, now: Instant) {
        guard let standIn = self.jobs[index].standIn, self.hasAsked(index), self.silenceBegins(index) <= now else {
            return
        }
        self.jobs[index].standIn = nil
        guard standIn.lastAnswer == self.jobs[index].lastAnswer else { return }
        self.hear(of: standIn.roster, from: standIn.peer, index, now: now)
    }

    /// A peer says that others have founded a roster already: they have a while, once, to say so themselves.
    private mutating func awaitFounders(of roster: Roster, _ index: Int, now: Instant) {
        let job = self.jobs[index]
        guard roster.isProvisional, roster.number > job.roster.number, var founding = job.founding,
            founding.lastAnswer == job.lastAnswer, !founding.hasWaited
        else { return }
        founding.hasWaited = true
        founding.due = max(founding.due, now.advanced(by: self.settings.stewardsLostAfter))
        self.jobs[index].founding = founding
    }

    /// Asks the next steward instead of one that is silent.
    mutating func turnAway(_ index: Int, now: Instant) {
        let job = self.jobs[index]
        self.jobs[index].silentAt[job.steward] = now
        let others = job.stewards.filter { $0 != job.steward }
        guard !others.isEmpty else { return }
        let fresh = others.first { job.silentAt[$0].map { $0.advanced(by: self.settings.backoffMax) <= now } ?? true }
        let next = fresh ?? others.min { a, b in (job.silentAt[a] ?? now) < (job.silentAt[b] ?? now) }
        guard let next else { return }
        let failures = job.failures
        self.change(to: next, index, now: now)
        // When all are silent, do not race around in a circle.
        if fresh == nil {
            self.jobs[index].failures = failures
            self.jobs[index].pausedUntil = job.pausedUntil
        }
    }

    /// When to leave a steward that answers and releases nothing: it may have told nobody what it was told.
    func hoarderDue(_ index: Int) -> Instant? {
        guard self.jobs[index].stewards.count > 1, !self.jobs[index].held.isEmpty else { return nil }
        return self.jobs[index].unreleasedSince?.advanced(by: self.settings.releaseMax)
    }

    mutating func turnFromHoarder(_ index: Int, now: Instant) {
        guard let due = self.hoarderDue(index), due <= now else { return }
        self.turnAway(index, now: now)
        self.jobs[index].unreleasedSince = now
    }

    /// Goes to another steward, and tells it all that it may not know.
    mutating func change(to steward: PeerID, _ index: Int, now: Instant) {
        guard self.jobs[index].steward != steward else { return }
        var job = self.jobs[index]
        let requests = job.requests
        job.requests = []
        job.steward = steward
        job.failures = 0
        job.pausedUntil = nil
        job.isDry = false
        job.reports = job.delivered.takeAll() + requests.flatMap(\.reports) + job.reports
        if job.roster.isProvisional, job.toldHistory != job.roster.number {
            // Those that come with leaves come first: a record is taken once.
            job.reports += job.history.map { Report(record: $0, leaves: []) }
            job.toldHistory = job.roster.number
        }
        job.lost = requests.flatMap(\.lost) + job.lost
        job.unreleasedSince = nil
        // The one that asked for them asks somebody else; another would not know what they are about.
        job.audits = []
        job.runningAudits = []
        job.reportSince = now
        job.lastSent = nil
        self.jobs[index] = job
    }

    /// When this node should act because all stewards of a job are gone, or find out whether it should.
    func foundingDue(_ index: Int) -> Instant? {
        guard self.mode == .working, self.jobs[index].scene == .ready, !self.peers.isEmpty else { return nil }
        let (lastAnswer, silentAt) = (self.jobs[index].lastAnswer, self.jobs[index].silentAt)
        if let founding = self.jobs[index].founding, founding.lastAnswer == lastAnswer { return founding.due }
        // Where each of them was found to be silent, nobody waits for a lost answer to come after all.
        let isSure = self.jobs[index].stewards.allSatisfy { silentAt[$0] != nil }
        return lastAnswer.advanced(by: isSure ? self.settings.stewardsGoneAfter : self.settings.stewardsLostAfter)
    }

    /// Of nodes that rank later none waits longer.
    private static var foundingRankMax: Int { 30 }

    mutating func foundRoster(_ index: Int, now: Instant, _ actions: inout [Action]) {
        guard let due = self.foundingDue(index), due <= now else { return }
        guard self.jobs[index].founding?.lastAnswer == self.jobs[index].lastAnswer else {
            let known = self.jobs[index]
            // Ranked among all nodes, for each has sessions with others. Some of them may be gone, so everybody's turn comes.
            let nodes = Set(self.peers + self.otherNodes + [self.settings.me]).subtracting(known.stewards)
            let rank = Roster.ranked(nodes, for: known.job).firstIndex(of: self.settings.me) ?? 0
            self.jobs[index].founding = JobWork.Founding(
                lastAnswer: known.lastAnswer,
                due: now.advanced(by: self.settings.foundingStep * min(rank, Self.foundingRankMax))
            )
            return self.foundRoster(index, now: now, &actions)
        }
        let job = self.jobs[index]
        let others = Roster.ranked(self.peers.filter { !job.stewards.contains($0) }, for: job.job)
        let stewards = [self.settings.me] + others.prefix(Roster.size - 1)
        let number = min(job.roster.number + 1, RosterEpoch.numberMax)
        let roster = Roster(number: number, stewards: stewards, isProvisional: true)
        self.jobs[index].roster = roster
        self.jobs[index].stewards = self.preferred(stewards, job.job)
        self.jobs[index].lastAnswer = now
        self.change(to: self.settings.me, index, now: now)
        actions.append(.foundRoster(job.job, roster))
    }
}
