/// The light trees of meshes on their way into a blob.
struct MeshLights {
    /// The words of the part of a mesh's record that is about its lights: nodes, and whether power alone decides.
    static var recordWords: Int { 2 }

    private var nodes: [[UInt32]] = []
    private var leaves: [[UInt32]] = []

    /// Adds the tree of a mesh and returns its part of the record.
    mutating func append(_ lights: [LightBounds?]) -> [UInt32] {
        let tree = LightTreeBuilder(lights)
        guard !tree.nodes.isEmpty else { return [0, 0] }
        self.nodes.append(tree.nodes)
        self.leaves.append(tree.leaves)
        return [
            UInt32(tree.nodes.count / LightNode.words),
            LightBounds(lights).map { Self.isByPower($0, lights) } == true ? 1 : 0,
        ]
    }

    /// Writes the nodes of all trees, then where the triangles of all emitting meshes hang.
    func write(_ writer: inout BlobWriter<some BlobOutput>) throws(SceneBlobError) {
        try writer.section(arrays: self.nodes)
        try writer.section(arrays: self.leaves)
    }

    /// A few triangles that face one way look much the same from everywhere; so do those that shine on both sides and lie
    /// side by side.
    private static func isByPower(_ all: LightBounds, _ lights: [LightBounds?]) -> Bool {
        let shining = lights.compactMap { $0 }
        guard shining.count > 0, shining.count <= 8 else { return false }
        if shining.count == 1 || all.cosCone > Self.cosSimilar { return true }
        return shining.allSatisfy { light in
            let cosine = dot(light.axis, shining[0].axis)
            return light.cosCone == -1 && (cosine > Self.cosSimilar || -cosine > Self.cosSimilar)
        }
    }

    /// The cosine of the angle up to which triangles face one way.
    private static var cosSimilar: Float { 0x1p-1 }
}

/// The light trees of meshes of a blob.
struct MeshLightSlices {
    private var nodes: Slices<UInt32>
    private var leaves: Slices<UInt32>

    /// Takes the next two sections.
    init(_ reader: inout BlobReader) throws(SceneBlobError) {
        self.nodes = Slices(try reader.words(), "nodes of light trees")
        self.leaves = Slices(try reader.words(), "leaves of light trees")
    }

    /// Reads and checks the tree of the next mesh; nothing when it has none.
    mutating func next(
        _ cursor: inout BlobCursor,
        triangles: Int,
        mesh: Int
    ) throws(SceneBlobError) -> LightTreeData? {
        let nodeCount = cursor.count()
        let byPower = cursor.word()
        guard byPower <= 1, nodeCount > 0 || byPower == 0 else {
            throw SceneBlobError(.malformed, "mesh \(mesh) chooses its lights in an unknown way")
        }
        guard nodeCount > 0 else { return nil }
        let nodes = try self.nodes.next(nodeCount, times: LightNode.words)
        let leaves = try self.leaves.next(triangles, times: 1)
        guard let tree = LightTreeData(nodes: nodes, leaves: leaves, isByPower: byPower == 1) else {
            throw SceneBlobError(.malformed, "the light tree of mesh \(mesh) is none")
        }
        return tree
    }

    /// Refuses what belongs to no mesh.
    func finish() throws(SceneBlobError) {
        try self.nodes.finish()
        try self.leaves.finish()
    }
}
