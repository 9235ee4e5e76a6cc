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
        /// Delete these records: nobody needs them since the record that was given to ``persist(_:)`` before.
        case forget([RecordID])
        /// Delete the stored pixels of the unit: its verdict was taken back.
        case discardPixels(UnitID)
        /// All frames are final.
        case jobComplete
        /// ``revision`` has risen; wake whoever waits for the job's status.
        case statusChanged
        /// Send the message to another steward; when that fails, do nothing.
        case tell(StewardMessage, to: PeerID)
        /// Put the unit's pixels, which are on the disk here, to another steward; when that fails, do nothing.
        case copyPixels(UnitID, to: PeerID)
        /// Others keep the job now: offer it to the workers again, and to the new stewards.
        case rosterChanged(Roster)
        /// Tell a peer, or all, where the job stands and who keeps it.
        case offer(to: PeerID?)
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
        public var leaseExpiry: Duration = .seconds(6)
        /// The leases of a peer whose session ended are kept for this time, so that it can come back.
        public var disconnectGrace: Duration = .seconds(2)
        /// A lease request without available work is answered after this time at the latest.
        ///
        /// A lost request is noticed only when this time is over, so it is short.
        public var parkedMax: Duration = .seconds(4)
        /// How much work a worker may hold while much is left to do.
        public var workAhead: Duration = .seconds(10)
        /// So many batches a second of all workers together are enough: each is a record that every steward checks and keeps.
        public var batchesPerSecond = 1_500.0
        /// Another holder is asked for pixels that did not come in this time.
        public var pixelRetry: Duration = .seconds(10)
        /// The same near the end of a job, for the first of its holders.
        public var pixelRetryAtEnd: Duration = .seconds(2)
        /// Another referee is asked when none of this one's reports came in this time.
        public var auditTimeout: Duration = .seconds(10)
        /// A worker counts as active for this time after its last news.
        public var activeTime: Duration = .seconds(10)
        /// The most workers that hold a unit at a time, for each of its copies that is missing.
        ///
        /// Were it for the unit as a whole, two slow workers would leave room for two others: one each.
        public var copiesMax = 4
        /// How many nodes hold the pixels of a unit before it counts as stored.
        public var holders = 2
        /// Stewards tell each other that they are there at least this often.
        public var beat: Duration = .seconds(1)
        /// The same once the job has ended.
        public var beatAfterEnd: Duration = .seconds(5)
        /// How often a steward of a provisional roster tells everyone that it keeps the job, and any steward tells a silent
        /// one that it is one too.
        public var askAroundEvery: Duration = .seconds(30)
        /// The first of the stewards tells everyone where the job stands this often, so that nodes know which scenes are worth
        /// fetching.
        public var offerEvery: Duration = .seconds(300)
        /// New records are told to the other stewards after this time at the latest: what is told later is lost when a steward
        /// dies, and its successors take units for leased that nobody has.
        public var pushDelay: Duration = .milliseconds(100)
        /// What a steward holds on its disk it says after this time at the latest, and sooner the nearer the end of the job is.
        public var receiptDelayMax: Duration = .seconds(2)
        /// Two stewards that work and hold more than ``StewardMessage/idsMax`` records compare them at most this often, but
        /// when a session begins.
        public var compareLargeEvery: Duration = .seconds(20)
        /// A steward that was not heard of for this time may lose its office.
        public var stewardSuspect: Duration = .seconds(3)
        /// A steward that was not heard of for this time is replaced, and its units are leased by others.
        public var stewardDead: Duration = .seconds(5)
        /// A steward that begins waits so long for the records of the others before it leases units; when it hears of none of
        /// them, until they count as dead.
        public var syncMax: Duration = .seconds(2)
        /// Units of another steward that nobody here renders are given back after this time.
        public var loanIdle: Duration = .seconds(5)
        /// Units that were given to another steward come back after this time.
        public var loanMax: Duration = .seconds(120)
        /// Units that were given to another steward come back when it did not list them for this time: it was started
        /// again, or never heard that it has them.
        public var loanUnconfirmedMax: Duration = .seconds(3)
        /// A copy of pixels is sent again after this time at the earliest, and then ever later.
        public var copyRetry: Duration = .seconds(1)
        /// The time since 1970 minus that since ``Instant``'s epoch, to know when a deadline is; a wrong one only changes
        /// how urgent jobs seem.
        public var sinceUnixEpoch: Duration = .zero
        /// A steward that falls silent may be beyond a cut and at work there; what it may do is left to it for this time,
        /// as far as there is other work.
        public var doubtMax: Duration = .seconds(120)
        /// The same after it was heard again, until its records are here.
        public var doubtAfterReturn: Duration = .seconds(5)
        /// What energy costs the workers is remembered for this time, a day.
        public var energyWindow: Duration = .seconds(86_400)
        /// When the steward whose turn it is does not close a frame in this time, any other does.
        public var closeGrace: Duration = .seconds(3)

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
    /// The units that this steward leases by their number.
    var open = OpenUnits()
    /// Those of them that stewards beyond a cut may be leasing too, see ``isPutOff(_:)``.
    var openInDoubt = OpenUnits(isDescending: true)
    /// The units that it leases for others.
    var openBorrowed = OpenUnits()
    /// Those of its own that somebody had and lost, which are leased before all others, see ``orphaned``.
    var openOrphaned = OpenUnits()
    /// The order in which second copies are leased, once the end of the job has begun.
    var endOrder: EndOrder?
    /// When a unit was last leased here.
    var lastLeaseAt: Instant?
    /// Units of which a lease ended without a result and was not given to anybody since.
    var orphaned: Set<Int> = []
    /// Units of which nobody who is there holds the pixels, see ``isDone(_:)``.
    var lost: Set<Int> = []
    var leaves = LeafStore()
    var wishes: [Int: PixelWish] = [:]
    /// The root that the pixels on the disk were verified against, whatever the unit's results say now.
    var storedRoots: [Int: Digest] = [:]
    var disputes: [Int: Dispute] = [:]
    /// Units that are to be argued when a dispute has ended.
    var waitingDisputes: [Int] = []
    var timers = TimerQueue<Timer>()
    /// The parked requests, first come first; one that is not its worker's any more is only skipped.
    var parkedWorkers: [ParkedPlace] = []
    var counts = Counts()
    var lastSpeeds: Speeds?
    var lastLateUnits: LateUnits?
    /// What workers said that the blocks took that they rendered, of those whose results came here.
    var spentWork = SpentWork()
    /// What energy costs the workers that ask here.
    var energy: EnergyBook
    var lastEnergyLimit: EnergyLimit?
    var history = VerifiedHistory()
    var startedAt: Instant?
    var endedAt: Instant?
    /// Set when a parked request may now be answered.
    var mustServeParked = false
    /// Whether those who wait may help with what is late.
    var mayHelp = false
    var isSpeculationTimerSet = false
    /// What the last input asks the shell to do.
    var actions: [Action] = []
    var mustTellStatus = false
    var lastWaitingFor = ""
    /// When the stewards for the time being last asked around for the standing ones.
    var askedAround: Instant?
    /// When this steward last told everyone where the job stands, or could have.
    var offeredAt: Instant?
    /// Why the disk here takes nothing, if it does not.
    public internal(set) var storageTrouble: String?
    // What the stewards of one job share; see the extensions Roster, Exchange, Sharing and Copies.

    /// Who keeps the job, as far as the records or the peer that asked this node for help say.
    public internal(set) var roster = Roster(number: 0, stewards: [])
    /// The roster that is believed until the records name one.
    var hint: Roster?
    /// What proves the last roster before a provisional one, as whoever founded it knew.
    var formerProof: [SignedRecord] = []
    var siblings: [PeerID: Sibling] = [:]
    /// Stewards that are there, this one among them, by rank.
    var live: [PeerID] = []
    /// For each remainder of a unit's number whether it is this steward's.
    var myRanks: [Bool] = []
    /// For each remainder the least unit of which the steward that had them may lease fresh copies beyond a cut.
    var doubtfulFrom: [Int?] = []
    /// Units of which a copy may be under way beyond a cut.
    var awaited: Set<Int> = []
    var borrowed: [Int: Borrowed] = [:]
    var ceded: [Int: [Ceded]] = [:]
    /// Numbers for the stewards to which copies were ceded.
    var siblingNumbers: [PeerID: Int] = [:]
    var newlyAdopted: [Int] = []
    /// Late units of siblings that an idle worker here may render too.
    var foreignStragglers: [Int] = []
    /// When late units were last given to a sibling.
    var cededStragglers: [Int: Instant] = [:]
    var candidates: [StewardCandidate] = []
    var election: Election?
    var votedAt: Instant?
    var unsignedReceipts: Set<Int> = []
    /// Units about which workers differ, and whose leaves are wanted from the siblings.
    var wantedLeaves: Set<Int> = []
    /// Whether some of these were not asked for yet.
    var mustAskForLeaves = false
    var copies: [Int: CopyWish] = [:]
    var pacing = CopyPacing()
    var mustScanCopies = false
    var mustFlush = false
    var isFlushTimerSet = false
    var isReceiptTimerSet = false
    var isBeatTimerSet = false
    var syncUntil: Instant?
    /// Whose turn it is to be asked for late units.
    var turn = 0
    /// The units that wait for a worker here.
    var openCount = 0
    /// The first of them that no worker ever had, as far as known.
    var frontier = 0
    /// Records that peers brought that are no stewards.
    var strangersRecords = 0
    var isRebuilding = false

    /// Creates the steward of a job, which leases nothing until ``start(now:)``.
    ///
    /// - Parameters:
    ///   - manifest: the signed manifest.
    ///   - settings: who this node is, and the timers.
    ///   - records: the records that an earlier steward of this job gave to ``Action/persist(_:)``, in any order.
    ///   - storedPixels: the units whose pixels are on the disk, each with the root that they were verified against.
    ///   - roster: who keeps the job, as the peer says that asked this node to help; the records know better.
    ///   - rosterProof: what proves that roster, or of a provisional one the last before it that stood, see
    ///     ``JobOffer/rosterProof``. The shell keeps it beside the other records when the roster is not provisional.
    /// - Throws: ``JobError`` when the manifest is not valid.
    public init(
        manifest: SignedRecord,
        settings: Settings,
        records: [SignedRecord] = [],
        storedPixels: [UnitID: Digest] = [:],
        roster: Roster? = nil,
        rosterProof: [SignedRecord] = []
    ) throws(JobError) {
        var ledger = try Ledger(manifest: manifest, stewards: [settings.me], verify: settings.verify)
        ledger.insert(contentsOf: records)
        if roster?.isProvisional == true {
            self.formerProof = rosterProof
        } else {
            ledger.insert(contentsOf: rosterProof)
        }
        self.ledger = ledger
        self.job = ledger.job
        self.manifest = ledger.manifest
        self.manifestRecord = manifest
        self.plan = ledger.plan
        self.settings = settings
        self.energy = EnergyBook(window: settings.energyWindow)
        self.units = Array(repeating: UnitState(), count: ledger.plan.unitCount)
        self.frames = Array(
            repeating: FrameState(unitsLeft: ledger.plan.unitsPerFrame),
            count: ledger.plan.frameCount
        )
        for (unit, root) in storedPixels {
            if let index = ledger.plan.index(of: unit) { self.storedRoots[index] = root }
        }
        self.hint = roster
    }
}
