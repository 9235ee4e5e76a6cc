public import GridWire

/// The working half of a node: takes leases from the stewards of several jobs, feeds the render threads, reports.
///
/// The worker is a value without sockets, clocks or threads. Feed it inputs, perform the returned actions in their order,
/// and call ``handleTimeout(now:)`` at ``nextDeadline``. It never sees pixels: the shell keeps the bytes of finished
/// units by job and unit until ``Action/dropPixels(_:_:)``, ``Action/forgetJob(_:)`` or the node's end.
///
/// Work lost in a crash of the node is only rendered again; nothing needs to be written to the disk but a number that
/// never falls, see ``Settings/firstBatchSequence``.
public struct Worker: Sendable {
    /// What the shell must do, in the order given.
    public enum Action: Hashable, Sendable {
        /// Fetch what is needed to render these frames of the job (none: only what all frames share), then call
        /// ``Worker/sceneReady(_:frames:now:)`` or ``Worker/sceneFailed(_:frames:reason:now:)`` with the same frames.
        case prepareScene(JobID, frames: [Int])
        /// Ask the steward; answer with ``Worker/grantReceived(_:number:now:)`` or
        /// ``Worker/requestFailed(number:now:)`` with the same number. The answer may take 4 s.
        case sendLeaseRequest(LeaseRequest, to: PeerID, number: UInt64)
        /// Render the unit on a thread; at most as many are asked for at a time as there are threads.
        case render(JobID, UnitID)
        /// Recompute one leaf, before any unit that has not begun and between the blocks of those that have.
        case audit(JobID, LeaseGrant.Audit)
        /// Stop rendering the unit, at the latest after the current block; its thread counts as free at once.
        case cancelRender(JobID, UnitID)
        /// Put the unit's pixels to the steward. When that fails, do nothing: the steward asks again.
        case sendPixels(JobID, UnitID, to: PeerID)
        /// Forget the unit's pixels.
        case dropPixels(JobID, UnitID)
        /// Forget the job: its scene, its pixels, its threads.
        case forgetJob(JobID)
        /// Tell people why a job that was offered is not worked for.
        case offerIgnored(JobID, reason: String)
        /// Become a steward of the job, which has none: its roster is provisional and names this node first.
        case foundRoster(JobID, Roster)
        /// Nothing is rendering, unreported or held any more after ``Worker/drain(now:)``.
        case drained
    }

    /// What is adjustable; the defaults are those of the protocol.
    public struct Settings: Sendable {
        /// The peer id of this node.
        public var me: PeerID
        /// Signs records with this node's key.
        public var sign: Signer
        /// Checks the signatures of manifests.
        public var verify: SignatureVerifier
        /// The grid whose jobs are taken.
        public var grid: String
        /// The version of this node's path-tracing core; jobs of another are not taken.
        public var coreVersion: Digest
        /// The number of render threads.
        public var threads: Int
        /// The number of the first batch.
        ///
        /// It must be above every number that this key ever used, also before a restart,
        /// since two different batches with one number are a proof of fraud. Milliseconds since 1970 serve well.
        public var firstBatchSequence: UInt64
        /// How much work is held while much is left to do.
        public var workAhead: Duration = .seconds(10)
        /// A steward whose units are held hears from the worker at least this often.
        public var heartbeat: Duration = .seconds(2)
        /// Finished units wait this long for others to be reported with, when the job ends soon.
        public var reportDelay: Duration = .milliseconds(500)
        /// The same when much is left to do; should not exceed ``heartbeat``.
        public var reportDelayMax: Duration = .seconds(2)
        /// When a steward does not answer a request in this time, another job is asked as well.
        public var rotateAfter: Duration = .milliseconds(500)
        /// A request without an answer counts as failed after this time.
        public var requestTimeout: Duration = .seconds(6)
        /// The first pause after a failed request; it doubles up to ``backoffMax``.
        public var backoff: Duration = .milliseconds(500)
        /// The longest pause after a failed request.
        public var backoffMax: Duration = .seconds(8)
        /// A steward that has not answered for this time is given up, with all that is held for it.
        public var stewardLostAfter: Duration = .seconds(300)
        /// A steward that answers, but released none of the results that it was told of for this time, is left for another,
        /// which is told of them too.
        public var releaseMax: Duration = .seconds(600)
        /// The bytes that the scenes of running units and audits may take together.
        ///
        /// Jobs that say that they take more are
        /// not taken.
        public var memoryMax: UInt64 = 4 << 30
        /// So many jobs that may have work are at hand at a time: their scenes are fetched, those of others not yet.
        public var jobsAtHand = 2
        /// The most of them when jobs come up that matter at least twice as much.
        public var jobsAtHandMax = 4
        /// A node is thought to stay with a job for this time, if the job takes so long; a scene that takes as long to fetch
        /// halves the value of its job.
        public var fetchTime: Duration = .seconds(3_600)
        /// The bytes a second at which scenes are thought to come; must be positive.
        public var fetchRate = 4e6
        /// A job that ends within so many times what fetching its scene takes is hardly worth it.
        public var fetchWorth = 10.0
        /// The same for a job that is late.
        public var fetchWorthOfUrgent = 2.0
        /// A scene that takes longer than this is large: it is fetched ahead only for when the jobs at hand end.
        public var fetchAheadMax: Duration = .seconds(10)
        /// A node that hears of a job with a large scene waits this long for other jobs to be heard of.
        public var fetchPatience: Duration = .seconds(5)
        /// When no steward of a job answered for this time, the nodes that are left choose others for the time being.
        public var stewardsLostAfter: Duration = .seconds(10)
        /// The same when each of them was asked in vain or its session ended.
        public var stewardsGoneAfter: Duration = .seconds(6)
        /// Each node waits so much longer than the one before it in an order that the job gives, so that one acts first.
        public var foundingStep: Duration = .seconds(2)
        /// What this machine draws while all its render threads are busy, in watts; 0 when nobody said.
        public var watts = 0.0
        /// No more work is taken while the pixels of finished units exceed this many bytes.
        public var heldPixelBytesMax = 512 << 20
        /// So many bytes of pixels that others hold are kept all the same: those others may all vanish.
        public var reservePixelBytesMax = 64 << 20

        /// Creates settings with the protocol's defaults; `threads` must be positive.
        public init(
            me: PeerID,
            sign: @escaping Signer,
            verify: @escaping SignatureVerifier,
            grid: String,
            coreVersion: Digest,
            threads: Int,
            firstBatchSequence: UInt64
        ) {
            precondition(threads > 0, "threads must be positive, got \(threads)")
            self.me = me
            self.sign = sign
            self.verify = verify
            self.grid = grid
            self.coreVersion = coreVersion
            self.threads = threads
            self.firstBatchSequence = firstBatchSequence
        }
    }

    /// Whether the worker takes work.
    public enum Mode: Hashable, Sendable {
        /// It does.
        case working
        /// A person paused it: what is rendering is finished, leases are given back.
        case paused
        /// It is about to stop.
        case draining
    }

    /// The most jobs that are known at a time; offers of more are ignored.
    public static let jobsMax = 64
    /// The most units of one batch, so that a request with their leaves stays small.
    public static let batchUnitsMax = 64
    /// The most units that are wanted of one steward.
    public static let wantedUnitsMax = 256
    /// The most audits that wait or run for one job.
    public static let auditsMax = 64

    /// The most ended jobs that are remembered, so that a late offer does not bring them back.
    public static let closedJobsMax = 256

    /// Whether the worker takes work.
    public internal(set) var mode = Mode.working

    let settings: Settings
    /// In the order in which they were offered.
    var jobs: [JobWork] = []
    var running: [Running] = []
    var nextRequest: UInt64 = 0
    var nextSequence: UInt64
    var rotation = 0
    /// The place of the job that was last given a thread.
    var pass = 0.0
    /// The jobs that have ready units whose scenes do not fit into memory beside those in use.
    var awaitMemory: Set<JobID> = []
    var closedJobs: [JobID] = []
    var saidDrained = false
    var lastIgnored: String?
    /// What a kilowatt-hour costs here now, in any currency; 0 when nobody said.
    var energyPrice = 0.0
    /// What the jobs of each submitter weigh.
    var reciprocity = Reciprocity.none
    /// Nodes of the grid that are here and can keep jobs.
    var peers: [PeerID] = []
    /// Nodes of which it is known that they are somewhere, those of ``peers`` among them or not.
    var otherNodes: [PeerID] = []
    /// What this node rendered since it started.
    public internal(set) var totals = Totals()

    /// Creates a worker that knows no job.
    public init(settings: Settings) {
        self.settings = settings
        self.nextSequence = settings.firstBatchSequence
    }
}
