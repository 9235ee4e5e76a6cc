/// What a studio asks the grid to render; signed by the submitter, immutable, and the origin of the job's id.
public struct JobManifest: Hashable, Sendable {
    /// A name for people, at most 128 bytes of UTF-8.
    public var title: String
    /// The name of the grid, at most 64 bytes of UTF-8; a node takes no job of another grid.
    public var grid: String
    /// The chunk that holds the encoded ``SceneIndex``.
    public var sceneRoot: ChunkID
    /// The sum of all chunk sizes of the scene, in bytes.
    public var assetSize: UInt64
    /// The most bytes of memory that a node takes to render a frame, all of its program included.
    public var memory: UInt64
    /// The first frame number.
    public var firstFrame: Int
    /// The number of frames, 1...``frameCountMax``.
    public var frameCount: Int
    /// The width of a frame in pixels.
    public var width: Int
    /// The height of a frame in pixels.
    public var height: Int
    /// The samples of a pixel, 1...``samplesMax``.
    public var samples: Int
    /// The most scattering events of a path, 1...``depthMax``.
    public var maxDepth: Int
    /// The seed of the sampler.
    public var seed: UInt32
    /// What each pixel carries beside its light, as bits: 1 albedo, 2 normal, 4 depth, 8 object, 16 sample count, 32 guides
    /// for a denoiser; 0...``channelsMax``.
    public var channels: Int
    /// The version of the path-tracing core: the digest of its golden leaves.
    public var coreVersion: Digest
    /// The submitter's wall clock at submission, in seconds since 1970; only for people.
    public var submittedAt: UInt64

    /// The most frames of one job.
    public static let frameCountMax = 100_000
    /// The most samples of a pixel.
    public static let samplesMax = 65_536
    /// The most scattering events of a path.
    public static let depthMax = 64
    /// All channels.
    public static let channelsMax = 63
    /// The longest title in bytes of UTF-8.
    public static let titleSizeMax = 128
    /// The longest grid name in bytes of UTF-8.
    public static let gridNameSizeMax = 64

    /// Creates a manifest; ``GridRecord`` decoding checks the ranges.
    public init(
        title: String,
        grid: String,
        sceneRoot: ChunkID,
        assetSize: UInt64,
        memory: UInt64,
        firstFrame: Int,
        frameCount: Int,
        width: Int,
        height: Int,
        samples: Int,
        maxDepth: Int,
        seed: UInt32,
        channels: Int = 0,
        coreVersion: Digest,
        submittedAt: UInt64
    ) {
        self.title = title
        self.grid = grid
        self.sceneRoot = sceneRoot
        self.assetSize = assetSize
        self.memory = memory
        self.firstFrame = firstFrame
        self.frameCount = frameCount
        self.width = width
        self.height = height
        self.samples = samples
        self.maxDepth = maxDepth
        self.seed = seed
        self.channels = channels
        self.coreVersion = coreVersion
        self.submittedAt = submittedAt
    }
}
