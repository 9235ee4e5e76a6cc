/// A mesh of the assets in another pose, for one frame: skinned, morphed or simulated.
///
/// Triangles, texture coordinates and material are those of the mesh; only what moves is given again.
public struct DeformedMesh: Sendable, Equatable {
    /// The index of the mesh in ``SceneAssets/meshes``.
    public var mesh: Int
    /// Three numbers for each vertex of the mesh, in metres.
    public var positions: [Float]
    /// Three numbers for each vertex where the mesh has normals, else nothing.
    public var normals: [Float]
    /// Four numbers for each vertex where the mesh has tangents, else nothing.
    public var tangents: [Float]
    /// ``positions`` when the shutter closes, or nothing for a mesh that stands still; see ``SceneFrame``.
    public var closingPositions: [Float]
    /// ``normals`` when the shutter closes, where there are ``closingPositions``, else nothing.
    public var closingNormals: [Float]

    /// Creates a pose; nothing is checked before ``SceneFrame/encoded(for:)``.
    public init(
        mesh: Int,
        positions: [Float],
        normals: [Float] = [],
        tangents: [Float] = [],
        closingPositions: [Float] = [],
        closingNormals: [Float] = []
    ) {
        self.mesh = mesh
        self.positions = positions
        self.normals = normals
        self.tangents = tangents
        self.closingPositions = closingPositions
        self.closingNormals = closingNormals
    }
}
