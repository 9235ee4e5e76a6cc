import GridWire

/// Who replaces a steward that is gone.
///
/// Each steward knows other nodes, and others for longer, so that two may want different successors. The first steward that
/// is there proposes; each of the others comes when those before it found no majority, so that one that lies or knows
/// nobody only delays the choice. Nobody votes for a stranger, see ``StewardCandidate/Standing/stranger``, while it knows
/// an older node that could take the seat, so that keys made for the job get in only by the votes of liars; but for
/// ``strangersAfter`` at most, since a job with too few stewards is worse off than one with new ones.
extension Steward {
    /// What this steward tried since a seat fell free.
    struct Election: Sendable {
        /// The roster that is to be replaced.
        let number: Int
        /// Since when there is a seat to fill and somebody for it.
        let since: Instant
        /// Whom it proposed in vain.
        var declined: Set<PeerID> = []
    }

    /// So long a stranger is refused while there are nodes that were met before the job was heard of.
    private static var strangersAfter: Duration { .seconds(120) }
    /// The most proposals of one number that are weighed each second.
    private static var proposalsMax: Int { 64 }

    /// Those who could take a seat.
    private func eligible(_ standing: Roster) -> [StewardCandidate] {
        self.candidates.filter {
            !standing.stewards.contains($0.peer) && $0.peer != self.settings.me && self.ledger.burn(of: $0.peer) == nil
        }
    }

    /// Sees to it that a steward that is gone for good is replaced, and that there are as many as there could be.
    mutating func keepRoster(now: Instant) {
        let me = self.settings.me
        guard let standing = self.ledger.roster, standing.stewards.contains(me) else { return }
        let alive = standing.stewards.filter {
            $0 == me || self.isHeard($0, within: self.settings.stewardSuspect, now: now)
        }
        let gone = standing.stewards.filter {
            $0 != me && !self.isHeard($0, within: self.settings.stewardDead, now: now)
        }
        let seats = gone.count + max(0, Roster.size - standing.stewards.count)
        guard let turn = alive.firstIndex(of: me), 2 * alive.count > standing.stewards.count, seats > 0 else {
            self.election = nil
            return
        }
        // Ranked only when it is this steward's turn.
        let eligible = self.eligible(standing)
        guard !eligible.isEmpty else {
            self.election = nil
            return
        }
        if self.election?.number != standing.number {
            self.election = Election(number: standing.number, since: now)
        }
        self.weighProposals(standing, now: now)
        guard let election = self.election, self.mayVote(now: now),
            election.since.advanced(by: self.settings.stewardDead * (2 * turn)) <= now
        else { return }
        self.propose(from: eligible, gone: gone, seats: seats, standing, now: now)
    }

    private mutating func propose(
        from eligible: [StewardCandidate],
        gone: [PeerID],
        seats: Int,
        _ standing: Roster,
        now: Instant
    ) {
        let declined = self.election?.declined ?? []
        let fresh = eligible.filter { !declined.contains($0.peer) }
        // When all were tried, each of them is still voted for; strangers come later.
        let mayBeStrangers = self.takesStrangers(now: now) || !eligible.contains { $0.standing != .stranger }
        guard fresh.contains(where: { mayBeStrangers || $0.standing != .stranger }) else { return }
        let staying = standing.stewards.filter { !gone.contains($0) }
        // Those who stay are here for their networks alone.
        let seated = self.candidates.filter { staying.contains($0.peer) }
        let chosen = Roster.chosen(seats, of: fresh + seated, besides: staying, for: self.job, now: now)
        self.election?.declined.formUnion(chosen)
        let leaving = gone.prefix(chosen.count)
        // Whoever stays keeps its rank and so its units: those who left may still be at work on theirs beyond a cut.
        var stewards = standing.stewards
        for (gone, chosen) in zip(leaving, chosen) {
            stewards = stewards.map { $0 == gone ? chosen : $0 }
        }
        stewards += chosen.dropFirst(leaving.count)
        self.vote(for: RosterEpoch(job: self.job, number: standing.number + 1, stewards: stewards), now: now)
    }

    /// Looks again at what others proposed: what was premature may be due, and what was refused may be the best there is.
    mutating func weighProposals(_ standing: Roster, now: Instant) {
        guard self.mayVote(now: now) else { return }
        let here = Set(self.candidates.lazy.map(\.peer)).union(standing.stewards)
        for epoch in self.ledger.rosters.proposals(standing.number + 1).prefix(Self.proposalsMax)
        where epoch.stewards.allSatisfy({ here.contains($0) }) && self.agrees(to: epoch, standing, now: now) {
            return self.vote(for: epoch, now: now)
        }
    }

    /// Agrees with a sibling's proposal when nobody whom this steward hears would lose the office, and nobody would get it
    /// whom it likes less than whom it knows.
    mutating func considerProposal(_ epoch: RosterEpoch, by signer: PeerID, now: Instant) {
        guard let standing = self.ledger.roster, standing.stewards.contains(signer), self.mayVote(now: now),
            self.agrees(to: epoch, standing, now: now)
        else { return }
        self.vote(for: epoch, now: now)
    }

    private func agrees(to epoch: RosterEpoch, _ standing: Roster, now: Instant) -> Bool {
        let me = self.settings.me
        guard epoch.number == standing.number + 1, standing.stewards.contains(me), epoch.stewards.contains(me),
            epoch.stewards.count <= Roster.size, Set(epoch.stewards).count == epoch.stewards.count
        else { return false }
        let voters = self.ledger.rosters.voters(for: epoch)
        guard !voters.contains(me), standing.stewards.contains(where: { voters.contains($0) }) else { return false }
        for leaving in standing.stewards where !epoch.stewards.contains(leaving) {
            guard !self.isHeard(leaving, within: self.settings.stewardSuspect, now: now) else { return false }
        }
        let joining = epoch.stewards.filter { !standing.stewards.contains($0) }
        guard joining.allSatisfy({ self.ledger.burn(of: $0) == nil }) else { return false }
        if self.takesStrangers(now: now) { return true }
        let acquainted = Set(self.eligible(standing).lazy.filter { $0.standing != .stranger }.map(\.peer))
        // Whoever knows as few older nodes as get a seat has nobody better for the others.
        return joining.allSatisfy { acquainted.contains($0) } || acquainted.isSubset(of: joining)
    }

    private func takesStrangers(now: Instant) -> Bool {
        self.election.map { $0.since.advanced(by: Self.strangersAfter) <= now } ?? false
    }

    /// One vote at a time, so that votes seldom split; a roster that found no majority is given up after a while.
    private func mayVote(now: Instant) -> Bool {
        self.votedAt.map { $0.advanced(by: self.settings.stewardDead) <= now } ?? true
    }

    private mutating func vote(for epoch: RosterEpoch, now: Instant) {
        self.votedAt = now
        self.insertOwn(.rosterEpoch(epoch))
        let before = self.roster
        self.rosterMayHaveChanged(now: now)
        if self.roster != before {
            self.votedAt = nil
        }
    }

    /// Signs a record and gives it to the disk and to the siblings.
    mutating func insertOwn(_ record: GridRecord) {
        let signed = record.signed(by: self.settings.me, with: self.settings.sign)
        let id = signed.id
        guard self.ledger[id] == nil, case .new = self.ledger.insert(signed, id: id, decoded: record) else { return }
        self.actions.append(.persist(signed))
        self.spread(id)
    }
}
