/// A mesh placed in the world.
public struct Instance: Sendable, Equatable {
    /// The index of the mesh in ``SceneAssets/meshes``.
    ///
    /// From their count on, an index into ``SceneFrame/deformedMeshes``.
    public var mesh: Int
    /// Object to world.
    public var transform: Transform

    /// Places a mesh; by default where it was modelled.
    public init(mesh: Int, transform: Transform = Transform()) {
        self.mesh = mesh
        self.transform = transform
    }
}
