public import GridWire

/// The set of signed records of one job.
///
/// Merging is union, and every verdict is a function of the set: replicas that hold the same records say the same,
/// whatever order the records came in. Nothing is taken out but what a seal makes superfluous; see ``isSpent(_:id:by:)``.
/// Records are taken from anyone. A fraud proof has an effect when the records that it
/// names are there too and a steward of a standing roster signed it; a final frame when the results of the workers that it
/// lists make the pixels that it names; an order when the submitter signed it.
///
/// A ledger judges results; it does not decide whom to ask. That is the ``Steward``'s part, as is refusing records that a
/// peer should not have sent: here only their form, their signature and their job count.
public struct Ledger: Sendable {
    /// What became of a record that was offered.
    public enum Insertion: Hashable, Sendable {
        /// It was added.
        case new(GridRecord)
        /// It is there already.
        case duplicate
        /// It does not belong here; the sentence is for the log.
        case rejected(String)
    }

    /// A worker's commitment to one unit.
    public struct Claim: Hashable, Sendable {
        /// Who signed.
        public let worker: PeerID
        /// The root that it signed.
        public let root: Digest
        /// The work that it says the unit took, in weighted ray counts.
        public let workCount: UInt64
        /// The batch that holds the commitment.
        public let batch: RecordID

        /// Whether it comes first in the order by worker and batch.
        func precedes(_ other: Self) -> Bool {
            self.worker == other.worker ? self.batch < other.batch : self.worker < other.worker
        }
    }

    /// A referee's finding about one leaf.
    public struct Finding: Hashable, Sendable {
        /// Who recomputed the leaf.
        public let referee: PeerID
        /// What came out.
        public let leaf: Digest
        /// The signed report.
        public let report: RecordID
    }

    /// A worker that the records prove wrong.
    public struct Burn: Hashable, Sendable {
        /// What it did.
        public enum Offence: Hashable, Sendable {
            /// It signed a wrong leaf, which others recomputed.
            case wrongLeaf(UnitID, leafIndex: Int)
            /// It signed two different roots for one unit.
            case contradiction(UnitID)
            /// It signed two different batches with one number.
            case equivocation(sequence: UInt64)
        }

        /// The worker.
        public let worker: PeerID
        /// What it did; of several offences the one whose evidence has the lowest id.
        public let offence: Offence
        /// The record that shows it: the ``FraudProof``, or the one with the higher id of two batches that contradict
        /// each other.
        public let evidence: RecordID

        /// Which of several offences of a worker is named, whatever order they came to light in.
        func precedes(_ other: Self) -> Bool {
            guard self.evidence == other.evidence else { return self.evidence < other.evidence }
            switch (self.offence, other.offence) {
            case (.contradiction(let a), .contradiction(let b)): return a < b
            case (.contradiction, .equivocation): return true
            case (.wrongLeaf, _), (.contradiction, .wrongLeaf), (.equivocation, _): return false
            }
        }
    }

    /// The most records of a ledger: a multiple of what the job needs, so that a flood ends somewhere.
    public var recordsMax: Int {
        65_536 + 8 * self.plan.unitCount
    }

    /// The job.
    public let job: JobID
    /// The job's manifest.
    public let manifest: JobManifest
    /// Who signed the manifest.
    public let submitter: PeerID
    /// How the job is cut into units.
    public let plan: UnitPlan

    /// Whose fraud proofs count while no roster is known; nothing means that anyone's count, always.
    let stewards: [PeerID]?
    let verify: SignatureVerifier
    var entries: [RecordID: SignedRecord] = [:]
    var claims: UnitTable<Claim>
    var findings: [LeafAddress: [Finding]] = [:]
    var finals: [Int: Final] = [:]
    var burns: [PeerID: Burn] = [:]
    var batches: [RecordID: Batch] = [:]
    var reports: [RecordID: Report] = [:]
    var unsupported: [RecordID: (proof: FraudProof, signer: PeerID)] = [:]
    var unsupportedFinals: [Int: [RecordID: FrameFinal]] = [:]
    /// Proofs, and final records of each frame, by peers without authority.
    var strangersProofs = 0
    var strangersFinals: [Int: Int] = [:]
    var sequences: [Sequence: [RecordID]] = [:]
    // What compaction needs; see the extension of that name.

    /// The proofs that burned somebody.
    var supported: [RecordID: FraudProof] = [:]
    /// The workers whom a proof burned; the records that it names are never dropped.
    var proven: Set<PeerID> = []
    /// The two batches behind a burn that no proof names yet.
    var contradictions: [PeerID: Contradiction] = [:]
    /// The records that proofs name.
    var pinned: Set<RecordID> = []
    /// The seal of each sealed frame that counts.
    var seals: [Int: Seal] = [:]
    /// The records about each frame that is not sealed, which its seal may make superfluous.
    var recordsOfFrame: [Int: [RecordID]] = [:]
    /// What was dropped and not yet told to whoever keeps the disk.
    var gone: [RecordID] = []
    /// Some of what was dropped lately, so that it is not asked for again.
    var dropped: Set<RecordID> = []
    /// Units of each frame with at least two claims, counted from 0.
    var pairedUnits: [Int: Int] = [:]
    /// Who holds the pixels of a unit.
    var receipts: UnitTable<Receipt>
    var rosters: RosterBook
    /// What the submitter last wanted.
    var order: (order: JobOrder, id: RecordID)?
    /// What shows whether two replicas hold the same.
    var summary = SetSummary()

    struct LeafAddress: Hashable, Sendable {
        let unit: Int
        let leafIndex: Int
    }

    struct Final: Sendable {
        let id: RecordID
        /// The workers whose results counted when the frame was closed; nothing when the list was cut short.
        let workers: Set<PeerID>?
        /// The accepted roots of its units.
        let roots: [Digest]
        /// Whether the submitter vouches for the roots, and nothing else is needed.
        var isSealed = false
    }

    /// A holder's statement about one unit.
    struct Receipt: Hashable, Sendable {
        let holder: PeerID
        let rootStart: UInt64
    }

    struct Batch: Sendable {
        let worker: PeerID
        let sequence: UInt64
        let results: [ResultBatch.UnitResult]
    }

    struct Report: Sendable {
        let referee: PeerID
        let address: LeafAddress
        let leaf: Digest
    }

    struct Sequence: Hashable, Sendable {
        let worker: PeerID
        let number: UInt64
    }

    /// Creates a ledger that holds nothing but the manifest.
    ///
    /// - Parameters:
    ///   - manifest: the signed manifest, which gives the job its id.
    ///   - stewards: whose fraud proofs count while no roster is known; nothing means that anyone's count, always.
    ///   - verify: checks signatures.
    /// - Throws: ``JobError`` when the record is not a validly signed manifest of a possible job.
    public init(
        manifest record: SignedRecord,
        stewards: [PeerID]?,
        verify: @escaping SignatureVerifier
    ) throws(JobError) {
        let decoded: GridRecord
        do {
            decoded = try record.verified(by: verify)
        } catch {
            throw JobError(.badManifest, "the manifest cannot be used: \(error.message)")
        }
        guard case .jobManifest(let manifest) = decoded else {
            throw JobError(.badManifest, "a job begins with a manifest, not with another record")
        }
        self.plan = try UnitPlan(manifest: manifest)
        self.manifest = manifest
        self.job = JobID(record.id.digest)
        self.submitter = record.signer
        self.stewards = stewards
        self.verify = verify
        self.rosters = RosterBook(submitter: record.signer)
        self.claims = UnitTable(self.plan)
        self.receipts = UnitTable(self.plan)
    }

    /// Adds a record, whoever brought it.
    ///
    /// - Complexity: One signature check and O(results) for a batch.
    public mutating func insert(_ record: SignedRecord) -> Insertion {
        let id = record.id
        guard !self.contains(id) else { return .duplicate }
        switch self.examine(record) {
        case .failure(let refusal): return .rejected(refusal.reason)
        case .success(let decoded): return self.insert(record, id: id, decoded: decoded)
        }
    }

    /// Adds all records of another ledger of the same job.
    public mutating func formUnion(_ other: Self) {
        precondition(self.job == other.job, "ledgers of \(self.job) and \(other.job) cannot be merged")
        self.insert(contentsOf: other.records)
    }

    /// All records but the manifest, ascending by id.
    public var records: [SignedRecord] {
        self.entries.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The number of records.
    public var count: Int {
        self.entries.count
    }

    /// The record with an id.
    public subscript(id: RecordID) -> SignedRecord? {
        self.entries[id]
    }

    /// Whether the record with an id is here.
    func contains(_ id: RecordID) -> Bool {
        self.entries.index(forKey: id) != nil
    }

    /// Adds a record that ``examine(_:)`` has passed.
    mutating func insert(_ record: SignedRecord, id: RecordID, decoded: GridRecord) -> Insertion {
        guard self.seals.isEmpty || !self.isSpent(decoded, id: id, by: record.signer) else {
            return .rejected("its frames are sealed")
        }
        self.entries[id] = record
        self.summary.insert(id)
        for frame in Self.frames(of: decoded) where self.seals[frame] == nil {
            self.recordsOfFrame[frame, default: []].append(id)
        }
        switch decoded {
        case .jobManifest:
            break
        case .resultBatch(let batch):
            self.add(batch, id: id, worker: record.signer)
        case .auditReport(let report):
            self.add(report, id: id, referee: record.signer)
        case .fraudProof(let proof):
            if !self.hasAuthority(record.signer) { self.strangersProofs += 1 }
            self.pin([proof.batch] + proof.witnesses)
            self.unsupported[id] = (proof, record.signer)
            self.weighProofs()
        case .frameFinal(let final):
            guard self.seals[final.frame] == nil else { break }
            if !self.hasAuthority(record.signer) { self.strangersFinals[final.frame, default: 0] += 1 }
            self.unsupportedFinals[final.frame, default: [:]][id] = final
            self.weighFinals(ofFrame: final.frame)
        case .rosterEpoch(let epoch):
            if self.rosters.insert(epoch, record) {
                self.weighProofs()
            }
        case .storeReceipt(let receipt):
            for item in receipt.items where self.seals[item.unit.frame] == nil {
                guard let unit = self.plan.index(of: item.unit) else { continue }
                let known = Receipt(holder: record.signer, rootStart: item.rootStart)
                if !self.receipts[unit].contains(known) {
                    self.receipts.append(known, to: unit)
                }
            }
        case .jobOrder(let order):
            if self.order.map({ ($0.order.sequence, $0.id) < (order.sequence, id) }) ?? true {
                self.order = (order, id)
            }
        case .frameSeal(let seal):
            self.add(seal, id: id)
        }
        return .new(decoded)
    }

    private mutating func add(_ batch: ResultBatch, id: RecordID, worker: PeerID) {
        self.batches[id] = Batch(worker: worker, sequence: batch.sequence, results: batch.results)
        let key = Sequence(worker: worker, number: batch.sequence)
        for other in self.sequences[key, default: []] {
            self.burn(worker, .equivocation(sequence: batch.sequence), by: other, id)
        }
        self.sequences[key, default: []].append(id)
        for result in batch.results {
            guard let unit = self.plan.index(of: result.unit) else { continue }
            for other in self.claims[unit] where other.worker == worker && other.root != result.pixelRoot {
                self.burn(worker, .contradiction(result.unit), by: other.batch, id)
            }
            let claim = Claim(worker: worker, root: result.pixelRoot, workCount: result.workCount, batch: id)
            if self.claims.append(claim, to: unit) == 2 {
                self.pairedUnits[unit / self.plan.unitsPerFrame, default: 0] += 1
            }
        }
        self.weighProofs()
        for frame in Set(batch.results.map(\.unit.frame)) where self.unsupportedFinals[frame] != nil {
            self.weighFinals(ofFrame: frame)
        }
    }
}

extension Ledger: Equatable {
    /// Whether both hold the same records of the same job.
    public static func == (a: Self, b: Self) -> Bool {
        a.job == b.job && a.entries.count == b.entries.count && a.entries.keys.allSatisfy { b.contains($0) }
    }
}
