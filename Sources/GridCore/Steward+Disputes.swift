import GridWire

extension Steward {
    /// Whether two different roots count for a unit and the leaves below at least two of them are known.
    func isArguable(_ index: Int) -> Bool {
        self.isArguable(UnitVerdict.Camp.camps(of: self.ledger.countedClaims(ofUnitAt: index)), index)
    }

    func isArguable(_ camps: [UnitVerdict.Camp], _ index: Int) -> Bool {
        camps.count > 1 && camps.count(where: { self.leaves.leaves(root: $0.root, unit: index) != nil }) > 1
    }

    /// Begins to argue about a unit, or goes on.
    mutating func openDispute(_ index: Int, now: Instant) {
        if self.disputes[index] == nil, self.disputes.count >= Self.disputesMax {
            if !self.waitingDisputes.contains(index) {
                self.waitingDisputes.append(index)
            }
            return
        }
        self.argue(index, now: now)
    }

    mutating func resumeWaitingDisputes(now: Instant) {
        while self.disputes.count < Self.disputesMax, !self.waitingDisputes.isEmpty {
            self.reconsider(self.waitingDisputes.removeFirst(), now: now)
        }
    }

    /// Weighs what is known of the leaf in question, and asks a referee when that does not suffice.
    ///
    /// A leaf's value is vouched for by those who signed it below a root and by the referees who computed it. The value
    /// with strictly the most vouchers, at least two, wins: with two workers and one referee that is the referee's word.
    /// Where no referee is to be had, a majority of those who rendered the whole unit is enough.
    mutating func argue(_ index: Int, now: Instant) {
        let camps = UnitVerdict.Camp.camps(of: self.ledger.countedClaims(ofUnitAt: index))
        var sides: [(camp: UnitVerdict.Camp, leaves: [Digest])] = []
        for camp in camps {
            if let leaves = self.leaves.leaves(root: camp.root, unit: index) {
                sides.append((camp, leaves))
            }
        }
        guard sides.count > 1 else {
            self.disputes[index] = nil
            return
        }
        var dispute: Dispute
        if let known = self.disputes[index],
            sides.contains(where: { $0.leaves[known.leafIndex] != sides[0].leaves[known.leafIndex] })
        {
            dispute = known
        } else {
            guard
                let leafIndex = zip(sides[0].leaves, sides[1].leaves).enumerated().first(where: { $1.0 != $1.1 })?
                    .offset
            else { preconditionFailure("unit \(index) has two roots over equal leaves") }
            dispute = Dispute(leafIndex: leafIndex)
        }
        self.disputes[index] = dispute

        var vouchers: [Digest: [RecordID]] = [:]
        for side in sides {
            vouchers[side.leaves[dispute.leafIndex], default: []] += side.camp.claims.map(\.batch)
        }
        let claimants = Set(camps.flatMap { $0.claims.map(\.worker) })
        let findings = self.ledger.findings(about: dispute.leafIndex, ofUnitAt: index).filter {
            !claimants.contains($0.referee) && self.ledger.burn(of: $0.referee) == nil
        }
        var hasFinding: Set<PeerID> = []
        for finding in findings where hasFinding.insert(finding.referee).inserted {
            vouchers[finding.leaf, default: []].append(finding.report)
        }
        let referees = self.workers.indices.filter {
            let peer = self.workers[$0].peer
            return self.isActive($0, now: now) && !claimants.contains(peer) && !hasFinding.contains(peer)
        }
        let ranked = vouchers.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        if let first = ranked.first, first.value.count > 1,
            ranked.count < 2 || ranked[1].value.count < first.value.count,
            !findings.isEmpty || referees.isEmpty
        {
            self.settle(index, dispute.leafIndex, sides, correct: first.key, witnesses: first.value, now: now)
            return
        }
        guard dispute.referee == nil else { return }
        guard let referee = self.preferredReferee(referees, dispute.asked) else {
            dispute.isUnrefereed = self.isShared
            self.disputes[index] = dispute
            self.replace(index)
            return
        }
        dispute.isUnrefereed = false
        dispute.referee = referee
        if !dispute.asked.contains(referee) {
            dispute.asked.append(referee)
        }
        self.disputes[index] = dispute
        self.workers[referee].audits.append(LeafTask(unit: index, leafIndex: dispute.leafIndex))
        self.timers.set(.audit(unit: index, referee: referee), at: now.advanced(by: self.settings.auditTimeout))
        self.mustServeParked = true
        self.mustTellStatus = true
    }

    /// One that was not asked before, is idle, and holds the least; then the one that came first.
    private func preferredReferee(_ referees: [Int], _ asked: [Int]) -> Int? {
        func rank(_ worker: Int) -> (Int, Int, Int, Int) {
            let state = self.workers[worker]
            return (asked.contains(worker) ? 1 : 0, state.parked == nil ? 1 : 0, state.leases.count, worker)
        }
        return referees.min { rank($0) < rank($1) }
    }

    /// Proves everyone wrong who signed another leaf.
    private mutating func settle(
        _ index: Int,
        _ leafIndex: Int,
        _ sides: [(camp: UnitVerdict.Camp, leaves: [Digest])],
        correct: Digest,
        witnesses: [RecordID],
        now: Instant
    ) {
        self.disputes[index] = nil
        for side in sides where side.leaves[leafIndex] != correct {
            let path = MerkleTree(side.leaves).path(to: leafIndex)
            for claim in side.camp.claims {
                let proof = FraudProof(
                    job: self.job,
                    unit: self.plan.unit(at: index),
                    worker: claim.worker,
                    batch: claim.batch,
                    leafIndex: leafIndex,
                    claimedLeaf: side.leaves[leafIndex],
                    path: path,
                    correctLeaf: correct,
                    witnesses: Array(witnesses.sorted().prefix(WireLimits.witnessesMax))
                )
                self.insertOwn(.fraudProof(proof))
            }
        }
        self.applyBurns(now: now)
    }

    /// Takes a report that this worker was asked for; others are ignored.
    mutating func takeReport(_ record: SignedRecord, from worker: Int, now: Instant) {
        guard case .auditReport(let report) = try? record.decodedBody(), let index = self.plan.index(of: report.unit),
            let dispute = self.disputes[index], dispute.leafIndex == report.leafIndex, dispute.asked.contains(worker),
            !self.ledger.findings(about: report.leafIndex, ofUnitAt: index).contains(where: {
                $0.referee == record.signer
            }),
            case .new = self.ledger.insert(record)
        else { return }
        self.actions.append(.persist(record))
        self.spread(record.id)
        if dispute.referee == worker {
            self.disputes[index]?.referee = nil
        }
        self.reconsider(index, now: now)
    }

    /// Asks somebody else instead of a worker that is gone.
    mutating func dismissReferee(_ worker: Int, now: Instant) {
        for index in self.disputes.keys.sorted() where self.disputes[index]?.referee == worker {
            self.disputes[index]?.referee = nil
            self.reconsider(index, now: now)
        }
    }

    /// Asks for reports that nobody could be asked for until now.
    mutating func askIdleReferees(now: Instant) {
        guard self.disputes.values.contains(where: { $0.referee == nil }) else { return }
        for index in self.disputes.keys.sorted() where self.disputes[index].map({ $0.referee == nil }) ?? false {
            self.reconsider(index, now: now)
        }
    }

    // MARK: Leaves that another steward has

    /// Sees to the leaves of a unit about which workers differ; they come to the stewards whom those workers asked.
    mutating func wantLeaves(_ index: Int, _ camps: [UnitVerdict.Camp], isArguable: Bool) {
        guard self.isShared, camps.count > 1, !isArguable, self.isHome(index) || self.isMine(index) else {
            self.wantedLeaves.remove(index)
            return
        }
        if self.wantedLeaves.insert(index).inserted {
            self.mustAskForLeaves = true
            self.mustFlush = true
        }
    }

    /// Asks the siblings for leaves, once they are wanted and then each second, until they are here or the frame is final.
    mutating func askForLeaves(now: Instant) {
        self.mustAskForLeaves = false
        let wanted = self.wantedLeaves.sorted().prefix(StewardMessage.leafSetsMax)
        guard !wanted.isEmpty else { return }
        var message = self.emptyMessage(now: now)
        message.wantedLeaves = wanted.map { self.plan.unit(at: $0) }
        for peer in self.live where peer != self.settings.me {
            self.tell(message, to: peer)
        }
    }

    /// Gives a sibling the leaves that it lacks.
    mutating func giveLeaves(of units: [UnitID], to peer: PeerID, now: Instant) {
        var answer = self.emptyMessage(now: now)
        for unit in units.prefix(StewardMessage.leafSetsMax) {
            guard let index = self.plan.index(of: unit) else { continue }
            let room = StewardMessage.leafSetsMax - answer.leaves.count
            answer.leaves += self.leaves.all(unit: index).prefix(room).map { .init(unit: unit, leaves: $0) }
        }
        guard !answer.leaves.isEmpty else { return }
        self.tell(answer, to: peer)
    }

    /// Takes leaves that a sibling gave: they need no trust, since they hash to a root that a worker signed.
    mutating func takeLeaves(_ given: [LeaseRequest.Leaves], now: Instant) {
        for entry in given.prefix(StewardMessage.leafSetsMax) {
            guard let index = self.plan.index(of: entry.unit), self.wantedLeaves.contains(index),
                entry.leaves.count == entry.unit.blockCount
            else { continue }
            let root = MerkleTree(entry.leaves).root
            guard self.ledger.countedClaims(ofUnitAt: index).contains(where: { $0.root == root }) else { continue }
            self.leaves.insert(entry.leaves, root: root, unit: index)
            self.reconsider(index, now: now)
        }
    }
}
