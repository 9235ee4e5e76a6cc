/// A worker's signed commitment to the results of some units, made before anyone names a leaf to check.
public struct ResultBatch: Hashable, Sendable {
    /// The result of one unit.
    public struct UnitResult: Hashable, Sendable {
        /// The unit.
        public var unit: UnitID
        /// The Merkle root over the unit's leaves (``MerkleTree``); a leaf is the hash of a block's film bytes and
        /// work counter.
        public var pixelRoot: Digest
        /// The sum of the blocks' work counters, in weighted ray counts.
        public var workCount: UInt64

        /// Creates a unit's result.
        public init(unit: UnitID, pixelRoot: Digest, workCount: UInt64) {
            self.unit = unit
            self.pixelRoot = pixelRoot
            self.workCount = workCount
        }
    }

    /// The job.
    public var job: JobID
    /// The worker's own count of its batches in this job, from 0; two different batches with one number are
    /// themselves a proof of fraud.
    public var sequence: UInt64
    /// The results, at most ``unitsMax``, ascending by unit.
    public var results: [UnitResult]

    /// The most units of one batch.
    public static let unitsMax = 256

    /// Creates a batch.
    public init(job: JobID, sequence: UInt64, results: [UnitResult]) {
        self.job = job
        self.sequence = sequence
        self.results = results
    }
}

/// What a referee found when it recomputed one leaf, without having seen any claim.
public struct AuditReport: Hashable, Sendable {
    /// The job.
    public var job: JobID
    /// The unit that holds the block.
    public var unit: UnitID
    /// The block's index within the unit.
    public var leafIndex: Int
    /// The leaf hash that the referee computed.
    public var leaf: Digest

    /// Creates a report.
    public init(job: JobID, unit: UnitID, leafIndex: Int, leaf: Digest) {
        self.job = job
        self.unit = unit
        self.leafIndex = leafIndex
        self.leaf = leaf
    }
}

/// Evidence that a worker signed a wrong leaf; anyone who holds the scene rechecks it with one block.
public struct FraudProof: Hashable, Sendable {
    /// The job.
    public var job: JobID
    /// The unit.
    public var unit: UnitID
    /// The worker who signed the wrong leaf.
    public var worker: PeerID
    /// The worker's batch that holds the unit.
    public var batch: RecordID
    /// The index of the wrong leaf within the unit.
    public var leafIndex: Int
    /// The leaf that the worker committed to.
    public var claimedLeaf: Digest
    /// The Merkle path from the claimed leaf to the committed root (``MerkleTree/path(to:)``).
    public var path: [Digest]
    /// The leaf that the referees computed.
    public var correctLeaf: Digest
    /// The referees' reports (and the other worker's batch, as a witness), by record id.
    public var witnesses: [RecordID]

    /// Creates a proof.
    public init(
        job: JobID,
        unit: UnitID,
        worker: PeerID,
        batch: RecordID,
        leafIndex: Int,
        claimedLeaf: Digest,
        path: [Digest],
        correctLeaf: Digest,
        witnesses: [RecordID]
    ) {
        self.job = job
        self.unit = unit
        self.worker = worker
        self.batch = batch
        self.leafIndex = leafIndex
        self.claimedLeaf = claimedLeaf
        self.path = path
        self.correctLeaf = correctLeaf
        self.witnesses = witnesses
    }
}

/// A frame is closed: every unit is verified and its pixels are held.
public struct FrameFinal: Hashable, Sendable {
    /// The job.
    public var job: JobID
    /// The frame number.
    public var frame: Int
    /// The digest of the accepted pixel roots, concatenated in the order of their units.
    public var framePixels: Digest
    /// The verified work of each worker in this frame, ascending by peer id; the second copy counts too.
    public var work: [WorkShare]

    /// What one worker contributed.
    public struct WorkShare: Hashable, Sendable {
        /// The worker.
        public var worker: PeerID
        /// The sum of its work counters.
        public var workCount: UInt64

        /// Creates a share.
        public init(worker: PeerID, workCount: UInt64) {
            self.worker = worker
            self.workCount = workCount
        }
    }

    /// Creates a record of a closed frame.
    public init(job: JobID, frame: Int, framePixels: Digest, work: [WorkShare]) {
        self.job = job
        self.frame = frame
        self.framePixels = framePixels
        self.work = work
    }
}

/// What may stand in a ledger.
public enum GridRecord: Hashable, Sendable {
    /// A job.
    case jobManifest(JobManifest)
    /// A worker's commitment.
    case resultBatch(ResultBatch)
    /// A referee's finding.
    case auditReport(AuditReport)
    /// A proof that a worker signed a wrong leaf.
    case fraudProof(FraudProof)
    /// A closed frame.
    case frameFinal(FrameFinal)
    /// A vote for a roster.
    case rosterEpoch(RosterEpoch)
    /// What a holder has on its disk.
    case storeReceipt(StoreReceipt)
    /// What the submitter wants now.
    case jobOrder(JobOrder)
    /// The submitter has a frame.
    case frameSeal(FrameSeal)
}
