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
        guard let all = self.claims[index] else { return [] }
        let counted: [Claim]
        let frame = self.plan.firstFrame + index / self.plan.unitsPerFrame
        if let final = self.finals[frame] {
            guard !final.isSealed else { return [] }
            let root = final.roots[index % self.plan.unitsPerFrame]
            counted = all.filter { $0.root == root && final.workers?.contains($0.worker) ?? true }
        } else {
            counted = self.burns.isEmpty ? all : all.filter { self.burns[$0.worker] == nil }
        }
        return counted.count < 2 ? counted : counted.sorted { ($0.worker, $0.batch) < ($1.worker, $1.batch) }
    }

    /// What the records say of a unit.
    ///
    /// - Parameter index: the unit's number, in 0..<`plan.unitCount`.
    public func verdict(ofUnitAt index: Int) -> UnitVerdict {
        let frame = self.plan.firstFrame + index / self.plan.unitsPerFrame
        if let final = self.finals[frame], final.isSealed {
            return .accepted(root: final.roots[index % self.plan.unitsPerFrame], workers: [self.submitter])
        }
        return UnitVerdict(of: UnitVerdict.Camp.camps(of: self.countedClaims(ofUnitAt: index)))
    }

    /// Who has the pixels of a unit with this root on its disk, in the order in which that became known.
    public func holders(ofUnitAt index: Int, root: Digest) -> [PeerID] {
        guard let receipts = self.receipts[index] else { return [] }
        let start = root.start
        return receipts.filter { $0.rootStart == start }.map(\.holder)
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
        self.claims[index]?.contains { $0.worker == worker && (root == nil || $0.root == root) } ?? false
    }

    /// What referees found about a leaf, ascending by report.
    func findings(about leafIndex: Int, ofUnitAt index: Int) -> [Finding] {
        let all = self.findings[LeafAddress(unit: index, leafIndex: leafIndex)] ?? []
        return all.sorted { $0.report < $1.report }
    }
}
