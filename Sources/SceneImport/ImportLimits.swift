/// What the importer accepts; a file beyond it is refused before memory is taken for it.
public struct ImportLimits: Hashable, Sendable {
    /// Largest size of one file (scene, buffer, picture), in bytes.
    ///
    /// Files are mapped, not read at once: more than the machine's memory is fine.
    public var maxFileBytes = 64 << 30
    /// Largest size of all buffers and encoded pictures together, in bytes.
    public var maxResourceBytes = 64 << 30
    /// Largest size of the JSON part, in bytes, data URIs included.
    public var maxJSONBytes = 128 << 20
    /// Most values in the JSON part, which bounds the memory of its decoded form.
    public var maxJSONValues = 4_000_000
    /// Deepest nesting of arrays and objects in the JSON part.
    public var maxJSONDepth = 64
    /// Most nodes.
    public var maxNodes = 1 << 20
    /// Longest way from a root node to a leaf.
    public var maxNodeDepth = 1_024
    /// Most elements of all accessors together that have no bytes of their own (zeros, or zeros with sparse values).
    public var maxZeroElements = 1 << 23
    /// Most vertices of all meshes together, those of morph targets included.
    public var maxVertices = 1 << 30
    /// Most bytes of meshes that are kept in memory; of further ones that neither move nor shine only an outline is kept, and
    /// they are read again when they are encoded.
    public var residentMeshBytes = 256 << 20
    /// Most triangles of all meshes together, before instancing.
    public var maxTriangles = 1 << 30
    /// Most copies that `EXT_mesh_gpu_instancing` makes.
    public var maxInstances = 1 << 24
    /// Most keyframe values of all animations together.
    public var maxKeyframeValues = 1 << 26
    /// Most pixels of all decoded pictures together.
    public var maxTexturePixels = 1 << 28

    /// Most points of all volumes together.
    public var maxVoxels = 1 << 28

    /// Most bytes of memory that a scene may take while it is rendered, beside its blobs; a file whose triangles and particles
    /// alone take more is refused before any of them is read.
    public var maxSceneBytes = Int.max

    /// Room for films' work on one machine.
    public static let standard = ImportLimits()

    /// Creates the standard limits, to be changed one by one.
    public init() {}
}
