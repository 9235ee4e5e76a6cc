import GridWire

/// What may be under way beyond a cut.
///
/// Nobody can tell a steward that died from one beyond a cut of the network, which leases its units to the workers there.
/// Were both sides to lease all units in one order, they would render the same ones. So each leases the units of its own
/// stewards first; those of the stewards that it misses come last and from the other end, for ``Settings/doubtMax``.
/// Leases that were out are another matter: if their workers died, the units must not wait. One copy of each is leased
/// again at once, and the second one only with those that come last.
extension Steward {
    /// Finds out which units stewards beyond a cut may be leasing.
    ///
    /// - Returns: Whether that has changed.
    mutating func reviewDoubts(now: Instant) -> Bool {
        let stewards = self.roster.stewards
        let isNew = self.doubtfulFrom.count != stewards.count
        var doubtful: [Int?] = []
        for rank in stewards.indices {
            let peers = self.keepers(ofRank: rank, now: now)
            for peer in peers { self.reviewDoubt(of: peer, now: now) }
            let doubted = peers.filter { self.siblings[$0]?.doubtUntil.map { $0 > now } ?? false }
            let known = isNew ? nil : self.doubtfulFrom[rank]
            if self.roster.isProvisional, self.isInDoubtAsAWhole(now: now) {
                doubtful.append(rank)
            } else if let peer = doubted.first, self.myRanks.indices.contains(rank) {
                doubtful.append(known ?? self.firstWaiting(ofRank: rank, leftBy: peer))
            } else {
                doubtful.append(nil)
            }
        }
        let hasChanged = doubtful != self.doubtfulFrom
        self.doubtfulFrom = doubtful
        guard !self.awaited.isEmpty, !self.isAnyoneMissed(now: now) else { return hasChanged }
        self.awaited = []
        return true
    }

    /// Who has the units of a rank, and who had them in the rosters before.
    private mutating func keepers(ofRank rank: Int, now: Instant) -> [PeerID] {
        let stewards = self.roster.stewards
        var peers = [stewards[rank]]
        for roster in self.ledger.rosters.earlier.reversed()
        where roster.number < self.roster.number && roster.stewards.count == stewards.count {
            let peer = roster.stewards[rank]
            guard !stewards.contains(peer), !peers.contains(peer) else { continue }
            peers.append(peer)
            if self.siblings[peer] == nil {
                // It was replaced before this node became a steward.
                self.siblings[peer] = Sibling(lastHeard: now.advanced(by: .zero - self.settings.stewardDead))
            }
        }
        return peers.filter { $0 != self.settings.me }
    }

    private mutating func reviewDoubt(of peer: PeerID, now: Instant) {
        let isHeard = self.isHeard(peer, within: self.settings.stewardDead, now: now)
        if let until = self.siblings[peer]?.doubtUntil {
            guard isHeard else { return }
            self.siblings[peer]?.doubtUntil =
                until <= now ? nil : min(until, now.advanced(by: self.settings.doubtAfterReturn))
        } else if !isHeard {
            self.siblings[peer]?.doubtUntil = now.advanced(by: self.settings.doubtMax)
        }
    }

    /// Whether this roster stands in for one that may be at work beyond a cut.
    private func isInDoubtAsAWhole(now: Instant) -> Bool {
        self.startedAt.map { $0.advanced(by: self.settings.doubtMax) > now } ?? true
    }

    /// The least unit of a rank that its steward had not leased when it was last heard of.
    ///
    /// It leases them in their order, and said how far it was. Copies of those before it are awaited.
    private mutating func firstWaiting(ofRank rank: Int, leftBy peer: PeerID) -> Int {
        let count = self.roster.stewards.count
        guard self.roster.stewards[rank] == peer else { return rank }
        let first = self.siblings[peer]?.frontier ?? 0
        for index in stride(from: rank, to: min(first, self.units.count), by: count) where self.units[index].missing > 0
        {
            self.awaitCopy(of: index)
            self.orphan(index)
        }
        return first
    }

    /// Takes note that a worker beyond a cut may be rendering a copy of the unit.
    ///
    /// When the other copy is there already, nothing else is under way, and the unit would wait for that worker alone.
    mutating func awaitCopy(of index: Int) {
        guard self.ledger.countedClaims(ofUnitAt: index).isEmpty else { return }
        self.awaited.insert(index)
    }

    /// Whether another steward is beyond a cut, as far as can be told.
    func isAnyoneMissed(now: Instant) -> Bool {
        self.siblings.contains { peer, sibling in
            if let until = sibling.doubtUntil { return until > now }
            return self.roster.stewards.contains(peer)
                && !self.isHeard(peer, within: self.settings.stewardSuspect, now: now)
        }
    }

    /// Whether a unit of this steward is leased only when nothing else is to be done.
    func isPutOff(_ index: Int) -> Bool {
        guard !self.doubtfulFrom.isEmpty else { return false }
        if self.wishes[index]?.isRedo == true { return self.doubtfulFrom.contains { $0 != nil } }
        if let first = self.doubtfulFrom[index % self.doubtfulFrom.count], index >= first { return true }
        guard self.awaited.contains(index), case .half = self.units[index].place else { return false }
        return true
    }
}
