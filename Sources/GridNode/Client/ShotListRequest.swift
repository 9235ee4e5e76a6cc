/// Shots of a production that are handed to a peer together.
public struct ShotListRequest: Sendable {
    /// One of them.
    public struct Shot: Sendable {
        /// Its name, unique in the list.
        public var name: String
        /// A name for people that see the job.
        public var title: String
        /// What to render.
        public var shot: ShotRequest
        /// How frames are written; nil only hands the shot over.
        public var output: FrameOutput?
        /// How much it matters, and until when.
        public var order: OrderWish

        /// Creates a shot.
        public init(name: String, title: String, shot: ShotRequest, output: FrameOutput?, order: OrderWish) {
            self.name = name
            self.title = title
            self.shot = shot
            self.output = output
            self.order = order
        }
    }

    /// The shots, in the order in which they are handed over.
    public var shots: [Shot]
    /// The peer: a multiaddr or `host:port`.
    public var address: String
    /// The grid's name.
    public var grid: String
    /// Where the submitter's key lies; made when it is missing.
    public var dataDirectory: String

    /// Creates a request.
    public init(
        shots: [Shot],
        address: String,
        grid: String = NodeConfiguration.defaultGrid,
        dataDirectory: String
    ) {
        self.shots = shots
        self.address = address
        self.grid = grid
        self.dataDirectory = dataDirectory
    }
}

/// What a program that submits several shots learns while it waits.
public enum ShotListProgress: Sendable {
    /// A shot was imported: the bytes of its scene, and those among them that no shot before it has.
    case packed(shot: String, size: Int, newSize: Int)
    /// Something happened to one shot.
    case shot(String, GridProgress)
}

/// What became of several shots.
public struct ShotListSummary: Codable, Sendable, Equatable {
    /// One of them.
    public struct Shot: Codable, Sendable, Equatable {
        /// Its name in the list.
        public var shot: String
        /// The job's name.
        public var job: String
        /// The bytes of its scene.
        public var size: Int
        /// Those among them that no shot before it has: what it adds to what is stored and sent.
        public var newSize: Int
        /// The frames that are on the disk now, ascending.
        public var frames: [Int] = []
        /// The files that were written this time.
        public var files: [String] = []
        /// Why it was not delivered whole, if so.
        public var error: String?
    }

    /// The shots, in the order of the list.
    public var shots: [Shot]
    /// Seconds from the start of the command.
    public var seconds: Double
}
