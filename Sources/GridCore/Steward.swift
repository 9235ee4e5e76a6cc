public import GridWire

/// Keeps one job: hands out leases, compares results, settles disputes, closes frames.
///
/// Every unit is rendered by two different workers. Equal Merkle roots accept it; different roots send the first
/// differing leaf to a third node, and whoever signed the wrong leaf is burned: a ``FraudProof`` names it, its results in
/// frames that are not final no longer count, and it gets no more leases.
///
/// The steward is a value without sockets or clocks. Feed it inputs, perform the returned actions in their order, and call
/// ``handleTimeout(now:)`` at ``nextDeadline``. All that must survive a crash is in the records of
/// ``Action/persist(_:)`` and the stored pixels: a steward made from those goes on where the last one stopped.
///
/// What is not promised: two workers who collude on the same wrong bytes are not found out unless an honest third one
/// renders the same unit.
public struct Steward: Sendable {
    /// What the shell must do, in the order given.
    public enum Action: Hashable, Sendable {
        /// Write the record to the disk before any later action is performed.
        case persist(SignedRecord)
        /// Answer a lease request.
        case respond(requestID: UInt64, LeaseGrant)
        /// All units of the tile are verified and their pixels stored.
        case tileVerified(frame: Int, tile: Int)
        /// The frame is final; its record has been given to ``persist(_:)``.
        case frameFinal(Int)
        /// Name the worker in the log.
        case workerBurned(Burn)
        /// Delete the stored pixels of the unit: its verdict was taken back.
        case discardPixels(UnitID)
        /// All frames are final.
        case jobComplete
        /// ``revision`` has risen; wake whoever waits for the job's status.
        case statusChanged
    }

    /// What is adjustable; the defaults are those of the protocol.
    public struct Settings: Sendable {
        /// The peer id of this node.
        public var me: PeerID
        /// Signs records with this node's key.
        public var sign: Signer
        /// Checks the signatures of workers.
        public var verify: SignatureVerifier
        /// A lease ends after this time without news from its worker.
        public var leaseExpiry: Duration = .seconds(15)
        /// The leases of a peer whose session ended are kept for this time, so that it can come back.
        public var disconnectGrace: Duration = .seconds(6)
        /// A lease request without available work is answered after this time at the latest.
        public var parkedMax: Duration = .seconds(30)
        /// How much work a worker may hold.
        public var workAhead: Duration = .seconds(10)
        /// How much work a worker may hold when the job nears its end.
        public var workAheadMin: Duration = .seconds(2)
        /// Another holder is asked for pixels that did not come in this time.
        public var pixelRetry: Duration = .seconds(10)
        /// Another referee is asked when none of this one's reports came in this time.
        public var auditTimeout: Duration = .seconds(10)
        /// A worker counts as active for this time after its last news.
        public var activeTime: Duration = .seconds(10)
        /// The most workers that hold one unit at a time.
        public var copiesMax = 4

        /// Creates settings with the protocol's defaults.
        public init(me: PeerID, sign: @escaping Signer, verify: @escaping SignatureVerifier) {
            self.me = me
            self.sign = sign
            self.verify = verify
        }
    }

    /// A worker that was proved wrong.
    public typealias Burn = Ledger.Burn

    // Bounds of what peers can make the steward keep or send.

    /// The most workers of one job; later ones get empty grants.
    public static let workersMax = 16_384
    /// The most units that one worker may hold.
    public static let heldUnitsMax = 512
    /// The most units that a worker of unknown speed may hold.
    public static let heldUnitsOfUnknownSpeedMax = 64
    /// The most units in one list of a grant.
    public static let grantUnitsMax = 256
    /// The most audits in a grant.
    public static let grantAuditsMax = 16
    /// The most sets of leaves that are kept in memory (about 2 KiB each).
    public static let leafSetsMax = 65_536
    /// The most disputes that are argued at one time; further ones wait.
    public static let disputesMax = 1_024

    /// The job.
    public let job: JobID
    /// What the submitter asked for.
    public let manifest: JobManifest
    /// The signed manifest.
    public let manifestRecord: SignedRecord
    /// How the job is cut into units.
    public let plan: UnitPlan
    /// What became of the job as a whole.
    public internal(set) var phase = JobStatus.Phase.receiving
    /// Rises with every change that a watcher may want to see.
    public internal(set) var revision: UInt64 = 0
    /// The records of the job.
    public internal(set) var ledger: Ledger

    let settings: Settings
    var units: [UnitState]
    var frames: [FrameState]
    /// In the order in which they were first heard of; others name them by their place here.
    var workers: [WorkerState] = []
    var workerIndex: [PeerID: Int] = [:]
    var open = OpenUnits()
    var leaves = LeafStore()
    var wishes: [Int: PixelWish] = [:]
    /// The root of the pixels on the disk, for units of frames that are not final.
    var storedRoots: [Int: Digest] = [:]
    var disputes: [Int: Dispute] = [:]
    /// Units that are to be argued when a dispute has ended.
    var waitingDisputes: [Int] = []
    var timers = TimerQueue<Timer>()
    /// The workers with a parked request, first come first.
    var parkedWorkers: [Int] = []
    var counts = Counts()
    var history = VerifiedHistory()
    var startedAt: Instant?
    var endedAt: Instant?
    /// Set when a parked request may now be answered.
    var mustServeParked = false
    var isSpeculationTimerSet = false
    /// What the last input asks the shell to do.
    var actions: [Action] = []
    var mustTellStatus = false
    var lastWaitingFor = ""
    /// Units whose pixels an earlier steward stored, until ``start(now:)``.
    var initialPixels: [UnitID]
    var isRebuilding = false

    /// Creates the steward of a job, which leases nothing until ``start(now:)``.
    ///
    /// - Parameters:
    ///   - manifest: the signed manifest.
    ///   - settings: who this node is, and the timers.
    ///   - records: the records that an earlier steward of this job gave to ``Action/persist(_:)``, in any order.
    ///   - storedPixels: the units whose verified pixels are on the disk.
    /// - Throws: ``JobError`` when the manifest is not valid.
    public init(
        manifest: SignedRecord,
        settings: Settings,
        records: [SignedRecord] = [],
        storedPixels: [UnitID] = []
    ) throws(JobError) {
        var ledger = try Ledger(manifest: manifest, stewards: [settings.me], verify: settings.verify)
        // Proofs last, since each is weighed again with every record that comes after it.
        for record in records where record.kind != .fraudProof {
            _ = ledger.insert(record)
        }
        for record in records where record.kind == .fraudProof {
            _ = ledger.insert(record)
        }
        self.ledger = ledger
        self.job = ledger.job
        self.manifest = ledger.manifest
        self.manifestRecord = manifest
        self.plan = ledger.plan
        self.settings = settings
        self.units = Array(repeating: UnitState(), count: ledger.plan.unitCount)
        self.frames = Array(
            repeating: FrameState(unitsLeft: ledger.plan.unitsPerFrame),
            count: ledger.plan.frameCount
        )
        self.initialPixels = storedPixels
    }
}
