/// How large a scene a node is willing to load.
///
/// Exceeding a limit is an error, never a trap.
public struct SceneLimits: Sendable, Hashable {
    /// The largest assets or frame blob in bytes.
    public var blobBytesMax: Int
    /// The most triangles of all instances together.
    public var trianglesMax: Int
    /// The most particles of all sets together.
    public var particlesMax: Int
    /// The most points of all volumes together.
    public var voxelsMax: Int
    /// The most instances.
    public var instancesMax: Int
    /// The most lights without extent.
    public var lightsMax: Int
    /// The most bytes that the loaded scene may take beside the blobs, estimated before anything is allocated.
    public var memoryBytesMax: Int

    /// Creates limits; the defaults suit a machine with 8 GB.
    public init(
        blobBytesMax: Int = 2_000_000_000,
        trianglesMax: Int = 16_000_000,
        particlesMax: Int = 16_000_000,
        voxelsMax: Int = 512_000_000,
        instancesMax: Int = 4_000_000,
        lightsMax: Int = 65_536,
        memoryBytesMax: Int = 2_000_000_000
    ) {
        self.blobBytesMax = blobBytesMax
        self.trianglesMax = trianglesMax
        self.particlesMax = particlesMax
        self.voxelsMax = voxelsMax
        self.instancesMax = instancesMax
        self.lightsMax = lightsMax
        self.memoryBytesMax = memoryBytesMax
    }

    /// Limits for a machine with 8 GB.
    public static var standard: SceneLimits { SceneLimits() }

    /// Limits where memory alone decides, and how many things a scene has only through it.
    public static func memory(_ bytes: Int, blobBytesMax: Int) -> SceneLimits {
        SceneLimits(
            blobBytesMax: blobBytesMax,
            trianglesMax: 1 << 28,
            particlesMax: 1 << 28,
            voxelsMax: .max,
            instancesMax: 1 << 26,
            memoryBytesMax: bytes
        )
    }
}
