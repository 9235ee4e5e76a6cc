public import GridWire

extension Ledger {
    /// The final record of a frame that counts, if the frame is closed.
    public func frameFinal(ofFrame frame: Int) -> (id: RecordID, final: FrameFinal)? {
        guard let id = self.finals[frame]?.id, case .frameFinal(let final) = try? self[id]?.decodedBody() else {
            return nil
        }
        return (id, final)
    }

    /// The workers that the records prove wrong, ascending.
    public var burned: [Burn] {
        self.burns.values.sorted { $0.worker < $1.worker }
    }

    /// What proves a worker wrong, if anything does.
    public func burn(of worker: PeerID) -> Burn? {
        self.burns[worker]
    }

    /// The frames that a steward closed, ascending.
    public var finalFrames: [Int] {
        self.finals.keys.sorted()
    }

    /// Whether a steward closed the frame, or the submitter sealed it.
    public func isFinal(frame: Int) -> Bool {
        self.finals[frame] != nil
    }

    /// The record that closed a frame.
    public func finalRecord(ofFrame frame: Int) -> RecordID? {
        self.finals[frame]?.id
    }

    /// The commitments to a unit that count, ascending by worker and batch.
    ///
    /// Those of burned workers do not, except in frames that were closed while they were still trusted. None does in a
    /// sealed frame, where the submitter's word counts.
    ///
    /// - Parameter index: the unit's number, in 0..<`plan.unitCount`.
    public func countedClaims(ofUnitAt index: Int) -> [Claim] {
        let all = self.claims[index]
        guard !all.isEmpty else { return [] }
        let final = self.finals[self.frame(ofUnitAt: index)]
        guard final?.isSealed != true else { return [] }
        let doAllCount = all.allSatisfy { self.counts($0, ofUnitAt: index, final) }
        let counted = doAllCount ? all : all.filter { self.counts($0, ofUnitAt: index, final) }
        let isSorted = zip(counted, counted.dropFirst()).allSatisfy { !$1.precedes($0) }
        return isSorted ? counted : counted.sorted { $0.precedes($1) }
    }

    /// Whether a commitment to a unit counts; in a frame that is closed, but not sealed, its final record says so.
    private func counts(_ claim: Claim, ofUnitAt index: Int, _ final: Final?) -> Bool {
        guard let final else { return self.burns.isEmpty || self.burns[claim.worker] == nil }
        return claim.root == final.roots[index % self.plan.unitsPerFrame]
            && final.workers?.contains(claim.worker) ?? true
    }

    private func frame(ofUnitAt index: Int) -> Int {
        self.plan.firstFrame + index / self.plan.unitsPerFrame
    }

    /// The root that ``verdict(ofUnitAt:)`` accepts, if it accepts one.
    ///
    /// - Parameter index: the unit's number, in 0..<`plan.unitCount`.
    public func acceptedRoot(ofUnitAt index: Int) -> Digest? {
        let final = self.finals[self.frame(ofUnitAt: index)]
        if let final, final.isSealed { return final.roots[index % self.plan.unitsPerFrame] }
        let claims = self.claims[index]
        guard let first = claims.first(where: { self.counts($0, ofUnitAt: index, final) }) else { return nil }
        // Mostly all agree, and nothing need be sorted.
        var isTwice = false
        for claim in claims where self.counts(claim, ofUnitAt: index, final) {
            guard claim.root == first.root else {
                guard case .accepted(let root, _) = self.verdict(ofUnitAt: index) else { return nil }
                return root
            }
            isTwice = isTwice || claim.worker != first.worker
        }
        return isTwice ? first.root : nil
    }

    /// What the records say of a unit.
    ///
    /// - Parameter index: the unit's number, in 0..<`plan.unitCount`.
    public func verdict(ofUnitAt index: Int) -> UnitVerdict {
        if let final = self.finals[self.frame(ofUnitAt: index)], final.isSealed {
            return .accepted(root: final.roots[index % self.plan.unitsPerFrame], workers: [self.submitter])
        }
        return UnitVerdict(of: UnitVerdict.Camp.camps(of: self.countedClaims(ofUnitAt: index)))
    }

    /// Who has the pixels of a unit with this root on its disk, in the order in which that became known.
    public func holders(ofUnitAt index: Int, root: Digest) -> [PeerID] {
        let start = root.start
        return self.receipts[index].compactMap { $0.rootStart == start ? $0.holder : nil }
    }

    /// Whether one of those who have the pixels of a unit with this root on their disks is meant.
    func isHeld(unitAt index: Int, root: Digest, by isMeant: (PeerID) -> Bool) -> Bool {
        let start = root.start
        return self.receipts[index].contains { $0.rootStart == start && isMeant($0.holder) }
    }

    /// The roster that stands, if the ledger has one.
    public var roster: Roster? {
        self.rosters.standing
    }

    /// What the submitter last wanted; running with the default priority and no deadline when it said nothing.
    public var lastOrder: JobOrder {
        self.order?.order ?? JobOrder(job: self.job, sequence: 0, state: .running)
    }

    /// Whether a worker, burned or not, committed to a root for the unit.
    func hasClaim(onUnitAt index: Int, by worker: PeerID, root: Digest? = nil) -> Bool {
        self.claims[index].contains { $0.worker == worker && (root == nil || $0.root == root) }
    }

    /// What referees found about a leaf, ascending by report.
    func findings(about leafIndex: Int, ofUnitAt index: Int) -> [Finding] {
        let all = self.findings[LeafAddress(unit: index, leafIndex: leafIndex)] ?? []
        return all.sorted { $0.report < $1.report }
    }
}
