/// A job as the faces show it.
public struct JobSnapshot: Codable, Sendable, Equatable {
    /// What this node is to the job.
    public enum Role: String, Codable, Sendable {
        /// It keeps the ledger and hands out leases.
        case steward
        /// It only renders for it.
        case worker
    }

    /// A frame and its tiles.
    public struct Frame: Codable, Sendable, Equatable {
        /// The frame number.
        public var number: Int
        /// Whether the frame is final.
        public var isFinal: Bool
        /// One character for each tile, row-major: `" "` open, `"r"` rendered once, `"d"` disputed, `"v"` verified.
        public var tiles: String

        /// Creates a frame.
        public init(number: Int, isFinal: Bool, tiles: String) {
            self.number = number
            self.isFinal = isFinal
            self.tiles = tiles
        }
    }

    /// A worker's part.
    public struct WorkerShare: Codable, Sendable, Equatable {
        /// The worker's peer id.
        public var peerID: String
        /// Units of this worker whose result was verified.
        public var verifiedUnits: Int
        /// The work in those units, in weighted ray counts.
        public var workCount: UInt64
        /// Units that it holds now.
        public var heldUnits: Int
        /// Whether the steward heard of it in the last 10 s.
        public var isActive: Bool
        /// Whether it was proved wrong.
        public var isBurned: Bool

        /// Creates a share.
        public init(
            peerID: String,
            verifiedUnits: Int,
            workCount: UInt64,
            heldUnits: Int,
            isActive: Bool,
            isBurned: Bool
        ) {
            self.peerID = peerID
            self.verifiedUnits = verifiedUnits
            self.workCount = workCount
            self.heldUnits = heldUnits
            self.isActive = isActive
            self.isBurned = isBurned
        }
    }

    /// The job id in hex.
    public var id: String
    /// The title that the submitter gave.
    public var title: String
    /// `receiving`, `running`, `complete` or `cancelled`.
    public var phase: String
    /// What this node is to the job.
    public var role: Role
    /// The peer id of the steward.
    public var steward: String
    /// The width of a frame in pixels.
    public var width: Int
    /// The height of a frame in pixels.
    public var height: Int
    /// The samples of a pixel.
    public var samples: Int
    /// The bytes of memory that its manifest says a node takes for it.
    public var memory: UInt64
    /// Tiles in a row of a frame.
    public var tilesAcross: Int
    /// Rows of tiles of a frame.
    public var tilesDown: Int
    /// The number of frames.
    public var frameCount: Int
    /// Frames with their tiles, ascending; of a long job only those around the work.
    public var frames: [Frame]
    /// The numbers of the final frames, ascending.
    public var finalFrames: [Int]
    /// The number of units.
    public var unitsTotal: Int
    /// Units with at least one result.
    public var unitsRendered: Int
    /// Units that are verified and whose pixels are stored.
    public var unitsVerified: Int
    /// The workers, in the order in which they came.
    public var workers: [WorkerShare]
    /// The peer ids of the workers that were proved wrong, ascending.
    public var burned: [String]
    /// Seconds from the start to the end, or until now.
    public var seconds: Double
    /// Units verified in a second, over the last 30 s.
    public var unitsPerSecond: Double
    /// Seconds left at this rate, when there is one.
    public var secondsLeft: Double?
    /// Why nothing moves, in a sentence; empty when work goes on.
    public var waitingFor: String
    /// How much the job matters to its submitter beside its others, 0 to 3.
    public var priority: Int
    /// When it shall be done, in seconds since 1970, where its submitter said so.
    public var deadline: Double?
    /// The share of this node's threads that the job gets while all jobs that the node works for have work, 0 to 1: by
    /// priority, lateness, and what its submitter has done for others; nothing when the node does not work for it.
    public var share: Double?
    /// The records that this node holds of the job; 0 when it does not keep it.
    public var recordCount: UInt64
    /// The exclusive or of their ids in hex: two stewards that show the same hold the same records.
    public var recordSummary: String

    /// The most frames that are listed with their tiles.
    public static let framesMax = 256

    /// Creates a snapshot.
    public init(
        id: String,
        title: String,
        phase: String,
        role: Role,
        steward: String,
        width: Int,
        height: Int,
        samples: Int,
        memory: UInt64 = 0,
        tilesAcross: Int,
        tilesDown: Int,
        frameCount: Int,
        frames: [Frame] = [],
        finalFrames: [Int] = [],
        unitsTotal: Int,
        unitsRendered: Int = 0,
        unitsVerified: Int = 0,
        workers: [WorkerShare] = [],
        burned: [String] = [],
        seconds: Double = 0,
        unitsPerSecond: Double = 0,
        secondsLeft: Double? = nil,
        waitingFor: String = "",
        priority: Int = 1,
        deadline: Double? = nil,
        share: Double? = nil,
        recordCount: UInt64 = 0,
        recordSummary: String = ""
    ) {
        self.id = id
        self.title = title
        self.phase = phase
        self.role = role
        self.steward = steward
        self.width = width
        self.height = height
        self.samples = samples
        self.memory = memory
        self.tilesAcross = tilesAcross
        self.tilesDown = tilesDown
        self.frameCount = frameCount
        self.frames = frames
        self.finalFrames = finalFrames
        self.unitsTotal = unitsTotal
        self.unitsRendered = unitsRendered
        self.unitsVerified = unitsVerified
        self.workers = workers
        self.burned = burned
        self.seconds = seconds
        self.unitsPerSecond = unitsPerSecond
        self.secondsLeft = secondsLeft
        self.waitingFor = waitingFor
        self.priority = priority
        self.deadline = deadline
        self.share = share
        self.recordCount = recordCount
        self.recordSummary = recordSummary
    }
}
