public import GridWire

/// What becomes of the records of frames that the submitter has.
///
/// The evidence of a frame is two workers' signatures over each unit, since whoever fetches it trusts no steward; a majority
/// of stewards that vouched for it would be less. The one whose word is as good is the submitter: once it has checked a
/// final frame and holds it, it signs a ``FrameSeal`` with the frame's roots, and everything that led there is spent. What
/// is left of a sealed frame is the seal, the final record that it names, and what proves workers wrong.
///
/// Whether a record is spent depends on the seals and the proofs alone, both of which are only ever added. So replicas that
/// dropped at different times come to hold the same: what one has dropped it takes no more, and the other drops it as soon
/// as it has the seal.
extension Ledger {
    /// A seal that counts.
    struct Seal: Sendable {
        let id: RecordID
        let final: RecordID
    }

    /// Two batches of one worker that cannot both be honest.
    struct Contradiction: Hashable, Sendable {
        /// The one with the lower id.
        let first: RecordID
        /// The one with the higher id: the ``Burn/evidence``.
        let second: RecordID
    }

    /// The most ids of dropped records that are remembered.
    static let droppedMax = 1 << 16

    /// Whether the submitter has the frame, so that nothing that led to it is kept.
    public func isSealed(frame: Int) -> Bool {
        self.seals[frame] != nil
    }

    /// The frames that the submitter has, ascending.
    public var sealedFrames: [Int] {
        self.seals.keys.sorted()
    }

    /// Whether nobody needs the record any more.
    ///
    /// A batch, a report or a receipt is spent when all its units are in sealed frames; a final record when the frame's seal
    /// names another one; a seal when one with a lower id counts. What a ``FraudProof`` names is never spent, nor are the two
    /// batches that burn a worker whom no proof names yet, so that a key that was burned stays so. Manifests, rosters, orders
    /// and proofs are never spent.
    public func isSpent(_ record: GridRecord, id: RecordID, by signer: PeerID) -> Bool {
        guard !self.seals.isEmpty, !self.pinned.contains(id) else { return false }
        switch record {
        case .jobManifest, .rosterEpoch, .jobOrder, .fraudProof:
            return false
        case .resultBatch(let batch):
            guard batch.results.allSatisfy({ self.seals[$0.unit.frame] != nil }) else { return false }
            guard let pair = self.contradictions[signer], !self.proven.contains(signer) else { return true }
            return pair.first != id && pair.second != id
        case .auditReport(let report):
            return self.seals[report.unit.frame] != nil
        case .storeReceipt(let receipt):
            return receipt.items.allSatisfy { self.seals[$0.unit.frame] != nil }
        case .frameFinal(let final):
            return self.seals[final.frame].map { $0.final != id } ?? false
        case .frameSeal(let seal):
            return self.seals[seal.frame].map { $0.id < id } ?? false
        }
    }

    /// Adds records in whatever order they are given, as if all had come at once.
    ///
    /// Those that are not valid, or spent, are left out.
    public mutating func insert(contentsOf records: some Collection<SignedRecord>) {
        // Proofs late, since each is weighed again with every record that comes after it; seals last, since they decide
        // what is dropped of the others.
        self.entries.reserveCapacity(min(self.entries.count + records.count, self.recordsMax))
        var refused: [SignedRecord] = []
        func insert(_ record: SignedRecord) {
            if case .rejected = self.insert(record), !self.seals.isEmpty { refused.append(record) }
        }
        for record in records where record.kind != .fraudProof && record.kind != .frameSeal { insert(record) }
        for record in records where record.kind == .fraudProof { insert(record) }
        // The one that counts first, so that the final record that it names stays.
        for record in records.lazy.filter({ $0.kind == .frameSeal }).sorted(by: { $0.id < $1.id }) { insert(record) }
        // What was spent until one of the proofs named it.
        for record in refused { _ = self.insert(record) }
    }

    /// The ids of the records that were dropped since the last call, to be deleted from the disk.
    public mutating func takeDropped() -> [RecordID] {
        defer { self.gone = [] }
        return self.gone
    }

    /// Whether a record is known to be spent, so that it need not be asked for.
    func wasDropped(_ id: RecordID) -> Bool {
        self.dropped.contains(id)
    }

    /// Why a seal is not taken.
    func refusal(of seal: FrameSeal, by signer: PeerID) -> Refusal? {
        guard seal.job == self.job else { return self.otherJob(seal.job) }
        guard signer == self.submitter else { return Refusal(reason: "\(signer) did not submit the job") }
        guard self.plan.frames.contains(seal.frame) else {
            return Refusal(reason: "the job has no frame \(seal.frame)")
        }
        guard seal.roots.count == self.plan.unitsPerFrame else {
            return Refusal(reason: "a seal names \(seal.roots.count) units of \(self.plan.unitsPerFrame)")
        }
        return nil
    }

    /// The frames that a record is about.
    static func frames(of record: GridRecord) -> [Int] {
        switch record {
        case .jobManifest, .rosterEpoch, .jobOrder, .fraudProof: []
        case .resultBatch(let batch): Self.frames(of: batch.results.lazy.map(\.unit))
        case .auditReport(let report): [report.unit.frame]
        case .storeReceipt(let receipt): Self.frames(of: receipt.items.lazy.map(\.unit))
        case .frameFinal(let final): [final.frame]
        case .frameSeal(let seal): [seal.frame]
        }
    }

    /// The frames of units, of which there are few; each once.
    private static func frames(of units: some Collection<UnitID>) -> [Int] {
        var frames: [Int] = []
        for unit in units where !frames.contains(unit.frame) { frames.append(unit.frame) }
        return frames
    }

    /// Lets a seal take effect, unless another one counts.
    mutating func add(_ seal: FrameSeal, id: RecordID) {
        let known = self.seals[seal.frame]
        if let known, known.id < id { return }
        self.seals[seal.frame] = Seal(id: id, final: seal.final)
        self.finals[seal.frame] = Final(id: seal.final, workers: nil, roots: seal.roots, isSealed: true)
        if let known {
            self.dropped.remove(seal.final)
            return self.drop([known.id, known.final])
        }
        self.unsupportedFinals[seal.frame] = nil
        self.receipts.removeAll(ofFrame: seal.frame - self.plan.firstFrame)
        self.drop(self.recordsOfFrame.removeValue(forKey: seal.frame) ?? [])
    }

    /// Keeps records, whatever is sealed.
    mutating func pin(_ ids: [RecordID]) {
        self.pinned.formUnion(ids)
        self.dropped.subtract(ids)
    }

    /// Drops those of some records that are spent.
    private mutating func drop(_ ids: [RecordID]) {
        var spent: Set<RecordID> = []
        var burned: Set<PeerID> = []
        for id in ids {
            guard let record = self.entries[id], let decoded = try? record.decodedBody(),
                self.isSpent(decoded, id: id, by: record.signer)
            else { continue }
            self.entries[id] = nil
            spent.insert(id)
            switch decoded {
            case .resultBatch(let batch):
                self.forget(batch, id: id, worker: record.signer)
                if self.burns[record.signer] != nil { burned.insert(record.signer) }
            case .auditReport(let report):
                self.reports[id] = nil
                guard let unit = self.plan.index(of: report.unit) else { break }
                let address = LeafAddress(unit: unit, leafIndex: report.leafIndex)
                self.findings[address]?.removeAll { $0.report == id }
                if self.findings[address]?.isEmpty == true { self.findings[address] = nil }
            case .jobManifest, .rosterEpoch, .jobOrder, .fraudProof, .storeReceipt, .frameFinal, .frameSeal:
                break
            }
        }
        guard !spent.isEmpty else { return }
        self.summary.remove(spent)
        self.gone += spent.sorted()
        if self.dropped.count + spent.count > Self.droppedMax { self.dropped = [] }
        self.dropped.formUnion(spent.prefix(Self.droppedMax))
        for worker in burned {
            self.burnAgain(worker)
        }
    }

    private mutating func forget(_ batch: ResultBatch, id: RecordID, worker: PeerID) {
        self.batches[id] = nil
        let key = Sequence(worker: worker, number: batch.sequence)
        self.sequences[key]?.removeAll { $0 == id }
        if self.sequences[key]?.isEmpty == true { self.sequences[key] = nil }
        for result in batch.results {
            guard let unit = self.plan.index(of: result.unit) else { continue }
            self.claims.removeAll(of: unit) { $0.batch == id }
        }
    }

    // MARK: Workers that contradict themselves

    /// Burns a worker for two of its batches.
    mutating func burn(_ worker: PeerID, _ offence: Burn.Offence, by a: RecordID, _ b: RecordID) {
        let pair = Contradiction(first: min(a, b), second: max(a, b))
        self.burn(worker, offence, evidence: pair.second)
        guard self.burns[worker]?.evidence == pair.second else { return }
        if let known = self.contradictions[worker], known.second == pair.second, known.first < pair.first { return }
        self.contradictions[worker] = pair
    }

    /// A proof names the worker, and pins what it needs.
    mutating func prove(_ worker: PeerID) {
        guard self.proven.insert(worker).inserted, let pair = self.contradictions[worker] else { return }
        self.drop([pair.first, pair.second])
    }

    /// Names the offence of a worker anew, from the proofs and the batches that are left.
    private mutating func burnAgain(_ worker: PeerID) {
        self.burns[worker] = nil
        self.contradictions[worker] = nil
        for (id, proof) in self.supported where proof.worker == worker {
            self.burn(worker, .wrongLeaf(proof.unit, leafIndex: proof.leafIndex), evidence: id)
        }
        var sequences: [UInt64: [RecordID]] = [:]
        var roots: [UnitID: [(root: Digest, batch: RecordID)]] = [:]
        for (id, batch) in self.batches where batch.worker == worker {
            for other in sequences[batch.sequence, default: []] {
                self.burn(worker, .equivocation(sequence: batch.sequence), by: other, id)
            }
            sequences[batch.sequence, default: []].append(id)
            for result in batch.results {
                for other in roots[result.unit, default: []] where other.root != result.pixelRoot {
                    self.burn(worker, .contradiction(result.unit), by: other.batch, id)
                }
                roots[result.unit, default: []].append((result.pixelRoot, id))
            }
        }
    }

    /// Whether a proof names two batches of the accused that contradict each other; its signer does not matter then.
    func showsContradiction(_ proof: FraudProof) -> Bool {
        guard let batch = self.batches[proof.batch], batch.worker == proof.worker else { return false }
        return proof.witnesses.contains { witness in
            guard witness != proof.batch, let other = self.batches[witness], other.worker == proof.worker else {
                return false
            }
            if other.sequence == batch.sequence { return true }
            let roots = Dictionary(other.results.map { ($0.unit, $0.pixelRoot) }) { first, _ in first }
            return batch.results.contains { result in roots[result.unit].map { $0 != result.pixelRoot } ?? false }
        }
    }

    /// Proofs of contradictions that no proof shows yet, so that the batches behind them outlive their frames; none while
    /// nothing is sealed, since until then the batches themselves are enough.
    ///
    /// Where a proof shows a contradiction, its leaves are the ids of the two batches.
    var missingProofs: [FraudProof] {
        guard !self.seals.isEmpty, self.burns.count > self.proven.count else { return [] }
        return self.burned.compactMap { burn in
            guard !self.proven.contains(burn.worker), let pair = self.contradictions[burn.worker],
                let unit = self.batches[pair.first]?.results.first?.unit
            else { return nil }
            return FraudProof(
                job: self.job,
                unit: unit,
                worker: burn.worker,
                batch: pair.first,
                leafIndex: 0,
                claimedLeaf: pair.first.digest,
                path: [],
                correctLeaf: pair.second.digest,
                witnesses: [pair.second]
            )
        }
    }
}
