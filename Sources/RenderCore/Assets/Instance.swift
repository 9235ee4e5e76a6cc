/// A mesh or a set of particles placed in the world.
public struct Instance: Sendable, Equatable {
    /// The index of the mesh in ``SceneAssets/meshes``, or of the set in ``SceneAssets/particles``.
    ///
    /// From the count of meshes on, an index into ``SceneFrame/deformedMeshes``.
    public var mesh: Int
    /// Object to world.
    public var transform: Transform
    /// Object to world when the shutter closes; nil for what stands still.
    ///
    /// In between its numbers are interpolated, see ``SceneFrame``.
    public var closingTransform: Transform?
    /// Whether ``mesh`` counts sets of particles.
    public var isParticles: Bool

    /// Places a mesh; by default where it was modelled.
    public init(mesh: Int, transform: Transform = Transform(), closingTransform: Transform? = nil) {
        self.mesh = mesh
        self.transform = transform
        self.closingTransform = closingTransform
        self.isParticles = false
    }

    /// Places a set of particles; by default where it was modelled.
    ///
    /// Unequal scaling makes ellipsoids of the spheres.
    public init(particles: Int, transform: Transform = Transform(), closingTransform: Transform? = nil) {
        self.mesh = particles
        self.transform = transform
        self.closingTransform = closingTransform
        self.isParticles = true
    }
}
