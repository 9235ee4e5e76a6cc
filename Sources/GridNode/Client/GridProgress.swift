public import GridWire

/// What a submitting or fetching program learns while it waits.
public enum GridProgress: Sendable {
    /// Something about the input that a person should know, in a sentence.
    case note(String)
    /// Bytes of the scene sent so far, of all that the peer lacked.
    case sending(sent: Int, total: Int)
    /// The peer has the whole shot; this is the job's name for `tessera fetch`.
    case submitted(job: String)
    /// The job moved.
    case status(JobProgress)
    /// A frame was fetched, checked and written; the paths of its files.
    case frameWritten(Int, files: [String])
}

/// Where a job stands, for people and programs.
public struct JobProgress: Codable, Sendable, Equatable {
    /// `receiving`, `running`, `complete` or `cancelled`.
    public var phase: String
    /// The number of all units.
    public var unitsTotal: Int
    /// Units with at least one result.
    public var unitsRendered: Int
    /// Units whose results agree.
    public var unitsVerified: Int
    /// Frames that are final, ascending.
    public var finalFrames: [Int]
    /// Nodes that worked for the job in the last 10 s.
    public var activeWorkers: Int
    /// Why nothing moves; empty when work goes on.
    public var waitingFor: String
    /// Peers that were proved wrong.
    public var burned: [String]

    init(_ status: JobStatus) {
        self.phase = "\(status.phase)"
        self.unitsTotal = status.unitsTotal
        self.unitsRendered = status.unitsRendered
        self.unitsVerified = status.unitsVerified
        self.finalFrames = status.finalFrames
        self.activeWorkers = status.activeWorkers
        self.waitingFor = status.waitingFor
        self.burned = status.burned.map { "\($0)" }
    }
}

/// What was delivered of a job.
public struct JobSummary: Codable, Sendable, Equatable {
    /// The job's name.
    public var job: String
    /// The title that its submitter gave it.
    public var title: String
    /// The frames that are on the disk now, ascending.
    public var frames: [Int]
    /// The files that were written this time.
    public var files: [String]
    /// Seconds from the start of the command.
    public var seconds: Double
    /// Peers that were proved wrong.
    public var burned: [String]
}

/// What is asked of a peer, and as whom.
protocol PeerRequest: Sendable {
    var address: String { get }
    var grid: String { get }
    var dataDirectory: String { get }
}

extension SubmitRequest: PeerRequest {}
extension FetchRequest: PeerRequest {}
extension ShotListRequest: PeerRequest {}

/// A shot to hand to a peer, and where to put the frames.
public struct SubmitRequest: Sendable {
    /// What to render.
    public var shot: ShotRequest
    /// The peer: a multiaddr or `host:port`.
    public var address: String
    /// The grid's name.
    public var grid: String
    /// Where the submitter's key lies; made when it is missing.
    public var dataDirectory: String
    /// A name for people.
    public var title: String
    /// How frames are written; nil only hands the shot over.
    public var output: FrameOutput?
    /// How much the shot matters, and until when.
    public var order: OrderWish

    /// Creates a request.
    public init(
        shot: ShotRequest,
        address: String,
        grid: String = NodeConfiguration.defaultGrid,
        dataDirectory: String,
        title: String,
        output: FrameOutput?,
        order: OrderWish = OrderWish()
    ) {
        self.shot = shot
        self.address = address
        self.grid = grid
        self.dataDirectory = dataDirectory
        self.title = title
        self.output = output
        self.order = order
    }
}

/// What a submitter wants to change about its job; what is nil stays as it is.
public struct OrderWish: Sendable, Equatable {
    /// Whether units are leased.
    public var state: JobOrder.State?
    /// How much the job matters beside the submitter's others, 0...``GridWire/JobOrder/priorityMax``.
    public var priority: Int?
    /// When the job shall be done in milliseconds since 1970; 0 takes a deadline back.
    public var deadline: UInt64?

    /// Creates a wish.
    public init(state: JobOrder.State? = nil, priority: Int? = nil, deadline: UInt64? = nil) {
        self.state = state
        self.priority = priority
        self.deadline = deadline
    }

    /// Whether nothing is wanted.
    public var isEmpty: Bool {
        self == OrderWish()
    }
}

/// A job whose frames are to be fetched.
public struct FetchRequest: Sendable {
    /// The job's name, 64 hexadecimal digits.
    public var job: String
    /// The peer: a multiaddr or `host:port`.
    public var address: String
    /// The grid's name.
    public var grid: String
    /// Where the key lies that this program introduces itself with; made when it is missing.
    public var dataDirectory: String
    /// How frames are written; nil only watches.
    ///
    /// Frames whose files are there already are not fetched again.
    public var output: FrameOutput?
    /// Whether to wait for frames that are not final yet.
    public var waits: Bool

    /// Creates a request.
    public init(
        job: String,
        address: String,
        grid: String = NodeConfiguration.defaultGrid,
        dataDirectory: String,
        output: FrameOutput?,
        waits: Bool = true
    ) {
        self.job = job
        self.address = address
        self.grid = grid
        self.dataDirectory = dataDirectory
        self.output = output
        self.waits = waits
    }
}
