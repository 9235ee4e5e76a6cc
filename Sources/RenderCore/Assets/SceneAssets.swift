/// What all frames of a shot share: geometry, materials, pictures and the surroundings.
///
/// A plain value that an importer fills. ``encoded()`` turns it into the bytes that travel; only those are rendered.
/// The world is right-handed, +Y is up, lengths are metres (glTF).
public struct SceneAssets: Sendable, Equatable {
    /// The meshes that instances refer to by index.
    public var meshes: [Mesh]
    /// The sets of particles that instances refer to by index.
    public var particles: [ParticleSet] = []
    /// The volumes that ``SceneFrame/volumes`` refer to by index.
    public var volumes: [Volume] = []
    /// The materials that meshes refer to by index.
    public var materials: [Material]
    /// The pictures that materials refer to by index.
    public var images: [Image]
    /// What a ray sees that leaves the scene.
    public var environment: Environment

    /// Creates assets; by default nothing before a black sky.
    public init(
        meshes: [Mesh] = [],
        materials: [Material] = [],
        images: [Image] = [],
        environment: Environment = .constant(SIMD3(0, 0, 0))
    ) {
        self.meshes = meshes
        self.materials = materials
        self.images = images
        self.environment = environment
    }
}
