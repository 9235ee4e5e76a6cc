/// A question that one peer asks another on a `/tessera/grid/1` stream: one encoded request, then one encoded response.
public enum GridRequest: Hashable, Sendable {
    /// Who are you, and what do you hold? Asked once by each side of a new session.
    case hello(Hello)
    /// Please take this job. The manifest is a ``SignedRecord``; the answer names the chunks that are missing.
    case submit(manifest: SignedRecord)
    /// All chunks were sent; start. The roster is a ``SignedRecord`` by the submitter.
    case start(JobID, roster: SignedRecord)
    /// I work for this job and have room.
    case lease(LeaseRequest)
    /// A job is open for work here.
    case offer(JobOffer)
    /// Where does the job stand? Parked until something differs from `knownRevision`, for at most 30 s.
    case status(JobID, knownRevision: UInt64)
    /// The signed records that make the verdict on a frame, so that the asker can judge for itself: those about its units
    /// from `firstUnit` on, counted within the frame, as far as one answer holds them.
    case frameEvidence(JobID, frame: Int, firstUnit: Int)
    /// Which of these chunks do you hold?
    case haveChunks([ChunkID])
    /// Pause, go on with or end a job, or say that a frame is there: a ``JobOrder`` or ``FrameSeal`` as a ``SignedRecord`` by
    /// its submitter, whoever brings it.
    case order(JobID, SignedRecord)
    /// From one steward of a job to another; answered by ``GridResponse/accepted``.
    case steward(StewardMessage)
}

/// The answer to a ``GridRequest``.
public enum GridResponse: Hashable, Sendable {
    /// To ``GridRequest/hello(_:)``.
    case hello(Hello)
    /// To ``GridRequest/submit(manifest:)``: the chunks that must still be sent, and who would be the job's stewards.
    case submitted(JobID, missing: [ChunkID], stewards: [PeerID])
    /// Done; nothing more to say.
    case accepted
    /// To ``GridRequest/lease(_:)``.
    case grant(LeaseGrant)
    /// To ``GridRequest/status(_:knownRevision:)``.
    case status(JobStatus)
    /// To ``GridRequest/frameEvidence(_:frame:firstUnit:)``: batches, reports, proofs and the frame's final record, and
    /// the unit to ask for next, if any are left.
    case evidence([SignedRecord], nextUnit: Int?)
    /// To ``GridRequest/haveChunks(_:)``: those that are held.
    case chunks([ChunkID])
    /// The request cannot be met; the sentence is for people.
    case refused(String)
}

/// What two peers tell each other first.
public struct Hello: Hashable, Sendable {
    /// The grid's name; peers of another grid part politely.
    public var grid: String
    /// The core's version; results are compared only between equal versions.
    public var coreVersion: Digest
    /// The program's name and version, for people; at most 64 bytes.
    public var agent: String
    /// Whether this peer lends its processor (a submitting laptop may not).
    public var isWorker: Bool
    /// The number of render threads.
    public var threads: Int
    /// Addresses where this peer can be dialed, at most 16.
    public var addresses: [Multiaddr]

    /// Creates a hello.
    public init(
        grid: String,
        coreVersion: Digest,
        agent: String,
        isWorker: Bool,
        threads: Int,
        addresses: [Multiaddr]
    ) {
        self.grid = grid
        self.coreVersion = coreVersion
        self.agent = agent
        self.isWorker = isWorker
        self.threads = threads
        self.addresses = addresses
    }
}

/// A steward tells its peers of a job that needs workers.
public struct JobOffer: Hashable, Sendable {
    /// The signed manifest.
    public var manifest: SignedRecord
    /// The share of units that still need a result, 0...1,000 per mille.
    public var openPerMille: Int
    /// Whether the job has ended, so that workers forget it.
    public var isClosed: Bool
    /// The number of the roster.
    public var rosterNumber: Int
    /// The stewards by rank.
    public var stewards: [PeerID]
    /// Whether the roster gives way to one that stands.
    public var isProvisional: Bool
    /// The priority that the submitter gave the job, 0...``JobOrder/priorityMax``.
    public var priority: Int
    /// In how many seconds the job would be done at the speed of those who work for it, at most
    /// ``WireLimits/secondsLeftMax``; 0 when nobody knows.
    public var secondsLeft: UInt64
    /// What proves the roster, so that nobody need believe whoever tells.
    ///
    /// Signed ``RosterEpoch`` records: first one of the submitter, then those of more than half of each roster for the next
    /// one; at most ``WireLimits/rosterProofMax``, the last ones. Those of a provisional roster prove the last one before it
    /// that stood.
    public var rosterProof: [SignedRecord]

    /// Creates an offer.
    public init(
        manifest: SignedRecord,
        openPerMille: Int,
        isClosed: Bool,
        rosterNumber: Int = 0,
        stewards: [PeerID] = [],
        isProvisional: Bool = false,
        priority: Int = JobOrder.priorityDefault,
        secondsLeft: UInt64 = 0,
        rosterProof: [SignedRecord] = []
    ) {
        self.manifest = manifest
        self.openPerMille = openPerMille
        self.isClosed = isClosed
        self.rosterNumber = rosterNumber
        self.stewards = stewards
        self.isProvisional = isProvisional
        self.priority = priority
        self.secondsLeft = secondsLeft
        self.rosterProof = rosterProof
    }
}

/// A worker reports what it finished and asks for more.
public struct LeaseRequest: Hashable, Sendable {
    /// A finished unit's leaves, which must hash to the root in the signed batch.
    public struct Leaves: Hashable, Sendable {
        /// The unit.
        public var unit: UnitID
        /// The leaf of each block, in order.
        public var leaves: [Digest]

        /// Creates the leaves of a unit.
        public init(unit: UnitID, leaves: [Digest]) {
            self.unit = unit
            self.leaves = leaves
        }
    }

    /// The job.
    public var job: JobID
    /// Signed ``ResultBatch`` and ``AuditReport`` records, at most 256.
    public var records: [SignedRecord]
    /// The leaves of the units in those batches.
    public var leaves: [Leaves]
    /// Units whose pixels were asked for and have been stored at the steward, or are no longer held (`lost`).
    public var lostPixels: [UnitID]
    /// The units that the worker still holds unfinished; it renews their leases.
    public var holding: [UnitID]
    /// How many more units the worker wants now; 0 only reports.
    public var wantedUnits: Int
    /// The worker's mean time for one block of this job, in microseconds; 0 when it has none yet.
    public var blockMicroseconds: UInt64
    /// Whether a thread of the worker has nothing to do, for this job or any other.
    public var isIdle: Bool
    /// What energy costs the worker now for 10^18 of work, at most ``WireLimits/energyCostMax``; 0 when it does not say.
    public var energyCost: UInt64

    /// Creates a request.
    public init(
        job: JobID,
        records: [SignedRecord],
        leaves: [Leaves],
        lostPixels: [UnitID],
        holding: [UnitID],
        wantedUnits: Int,
        blockMicroseconds: UInt64,
        isIdle: Bool,
        energyCost: UInt64 = 0
    ) {
        self.job = job
        self.records = records
        self.leaves = leaves
        self.lostPixels = lostPixels
        self.holding = holding
        self.wantedUnits = wantedUnits
        self.blockMicroseconds = blockMicroseconds
        self.isIdle = isIdle
        self.energyCost = energyCost
    }
}

/// What a steward asks of a worker.
public struct LeaseGrant: Hashable, Sendable {
    /// One leaf to recompute, without any claim about it.
    public struct Audit: Hashable, Sendable {
        /// The unit that holds the block.
        public var unit: UnitID
        /// The block's index within the unit.
        public var leafIndex: Int

        /// Creates an audit task.
        public init(unit: UnitID, leafIndex: Int) {
            self.unit = unit
            self.leafIndex = leafIndex
        }
    }

    /// Units to render, first one first.
    public var units: [UnitID]
    /// The leases end after this many milliseconds without news from the worker.
    public var expiryMilliseconds: UInt64
    /// Leaves to recompute before anything else.
    public var audits: [Audit]
    /// Units whose pixels the steward wants now.
    public var wantedPixels: [UnitID]
    /// Units that need not be rendered any more.
    public var cancelled: [UnitID]
    /// Units whose pixels the worker may forget: they are stored, or the result was refused.
    public var released: [UnitID]
    /// Whether the job has ended.
    public var isClosed: Bool
    /// The time that the rest of the job needs as a share of the time until its deadline, in per cent within
    /// ``urgencies``; ``urgencyDefault`` when it has none.
    public var urgency: Int
    /// Workers whose energy costs more for 10^18 of work are not needed now, since the job has time until its deadline; 0
    /// when all are.
    public var energyCostMax: UInt64
    /// In how many seconds the job would be done at the speed of those who work for it, at most
    /// ``WireLimits/secondsLeftMax``; 0 when nobody knows.
    public var secondsLeft: UInt64
    /// For how many milliseconds the worker should let finished units wait for others, while it has work to go on with and
    /// the job is not near its end; at most ``WireLimits/batchMillisecondsMax``.
    public var batchMilliseconds: UInt64

    /// The urgencies of a job.
    public static let urgencies = 25 ... 400
    /// The urgency of a job without a deadline.
    public static let urgencyDefault = 100

    /// Creates a grant.
    public init(
        units: [UnitID],
        expiryMilliseconds: UInt64,
        audits: [Audit],
        wantedPixels: [UnitID],
        cancelled: [UnitID],
        released: [UnitID],
        isClosed: Bool,
        urgency: Int = Self.urgencyDefault,
        energyCostMax: UInt64 = 0,
        secondsLeft: UInt64 = 0,
        batchMilliseconds: UInt64 = 0
    ) {
        self.units = units
        self.expiryMilliseconds = expiryMilliseconds
        self.audits = audits
        self.wantedPixels = wantedPixels
        self.cancelled = cancelled
        self.released = released
        self.isClosed = isClosed
        self.urgency = urgency
        self.energyCostMax = energyCostMax
        self.secondsLeft = secondsLeft
        self.batchMilliseconds = batchMilliseconds
    }
}

/// Where a job stands.
public struct JobStatus: Hashable, Sendable {
    /// What became of the job as a whole.
    public enum Phase: UInt8, Hashable, Sendable {
        /// The manifest is known, chunks are still coming.
        case receiving
        /// Units are being rendered and verified.
        case running
        /// All frames are final.
        case complete
        /// The submitter ended it.
        case cancelled
    }

    /// The job.
    public var job: JobID
    /// Rises with every change, so that a watcher can wait for the next one.
    public var revision: UInt64
    /// What became of the job as a whole.
    public var phase: Phase
    /// The number of all units.
    public var unitsTotal: Int
    /// Units with at least one result.
    public var unitsRendered: Int
    /// Units whose results agree and whose pixels are held.
    public var unitsVerified: Int
    /// Frames that are final, ascending.
    public var finalFrames: [Int]
    /// Nodes that worked for the job in the last 10 s.
    public var activeWorkers: Int
    /// Why nothing moves, in a sentence for people; empty when work goes on.
    public var waitingFor: String
    /// Workers that were proved wrong, ascending.
    public var burned: [PeerID]
    /// The stewards by rank; each of them can answer for the job.
    public var stewards: [PeerID]
    /// What the submitter last wanted; its sequence is 0 when it said nothing.
    public var order: JobOrder
    /// The submitter's own record of that, so that it need not believe whoever tells; nil when it said nothing.
    public var signedOrder: SignedRecord?

    /// Creates a status.
    public init(
        job: JobID,
        revision: UInt64,
        phase: Phase,
        unitsTotal: Int,
        unitsRendered: Int,
        unitsVerified: Int,
        finalFrames: [Int],
        activeWorkers: Int,
        waitingFor: String,
        burned: [PeerID],
        stewards: [PeerID] = [],
        order: JobOrder? = nil,
        signedOrder: SignedRecord? = nil
    ) {
        self.job = job
        self.revision = revision
        self.phase = phase
        self.unitsTotal = unitsTotal
        self.unitsRendered = unitsRendered
        self.unitsVerified = unitsVerified
        self.finalFrames = finalFrames
        self.activeWorkers = activeWorkers
        self.waitingFor = waitingFor
        self.burned = burned
        self.stewards = stewards
        self.order = order ?? JobOrder(job: job, sequence: 0, state: .running)
        self.signedOrder = signedOrder
    }
}
