extension SceneAssets {
    /// Writes eleven sections: records, eight of arrays, two of light trees.
    ///
    /// Where each array goes is known before, so that each mesh is looked at once: checked, and written.
    func writeMeshes(
        _ writer: inout BlobWriter<some BlobOutput>,
        _ mesh: (Int) throws(SceneBlobError) -> Mesh
    ) throws(SceneBlobError) {
        guard self.meshes.count <= SceneRange.countMax else {
            throw SceneBlobError(.limitExceeded, "\(self.meshes.count) meshes are too many")
        }
        var recordOffset = writer.reserve(4 * Self.meshWords * self.meshes.count)
        var offsets = (0 ..< MeshArrays.count).map { k in
            writer.reserve(4 * self.meshes.reduce(0) { $0 + $1.arrayCounts[k] })
        }
        var records: [UInt32] = []
        var estimates = EmissionEstimates(assets: self)
        var lights = MeshLights()
        for i in self.meshes.indices {
            let mesh = try mesh(i)
            guard mesh.arrayCounts == self.meshes[i].arrayCounts else {
                throw .notWritten("mesh \(i) is not what it was when it was read first")
            }
            try self.checkArrays(of: mesh, number: i)
            let arrays = MeshArrays(mesh)
            for k in offsets.indices { try arrays.write(k, &offsets[k], &writer) }
            records.append(UInt32(mesh.positions.count / 3))
            records.append(UInt32(mesh.indices.count / 3))
            records.append(UInt32(mesh.material))
            records.append(
                (mesh.normals.isEmpty ? 0 : MeshFlags.normals) | (mesh.tangents.isEmpty ? 0 : MeshFlags.tangents)
                    | (mesh.textureCoordinates.isEmpty ? 0 : MeshFlags.textureCoordinates)
                    | (mesh.colors.isEmpty ? 0 : MeshFlags.colors)
                    | (mesh.secondCoordinates.isEmpty ? 0 : MeshFlags.secondCoordinates)
                    | (mesh.alphas.isEmpty ? 0 : MeshFlags.alphas)
            )
            records += lights.append(try estimates.lights(of: mesh, number: i))
        }
        try writer.fill(&recordOffset, records)
        try lights.write(&writer)
    }

    private func checkArrays(of mesh: Mesh, number i: Int) throws(SceneBlobError) {
        let vertices = mesh.positions.count / 3
        let triangles = mesh.indices.count / 3
        guard mesh.positions.count == vertices * 3, mesh.indices.count == triangles * 3 else {
            throw SceneBlobError(.invalidValue, "mesh \(i): positions and indices must come in threes")
        }
        guard vertices < SceneRange.meshCountMax, triangles < SceneRange.meshCountMax else {
            throw SceneBlobError(.limitExceeded, "mesh \(i) is too large")
        }
        guard mesh.normals.isEmpty || mesh.normals.count == vertices * 3,
            mesh.tangents.isEmpty || mesh.tangents.count == vertices * 4,
            mesh.textureCoordinates.isEmpty || mesh.textureCoordinates.count == vertices * 2,
            mesh.secondCoordinates.isEmpty || mesh.secondCoordinates.count == vertices * 2,
            mesh.colors.isEmpty || mesh.colors.count == vertices * 3,
            mesh.alphas.isEmpty || mesh.alphas.count == vertices
        else {
            throw SceneBlobError(
                .invalidValue,
                "mesh \(i) has \(vertices) vertices, but another number of normals, tangents, texture coordinates, "
                    + "colours or alphas"
            )
        }
        guard self.materials.indices.contains(mesh.material) else {
            throw SceneBlobError(
                .invalidValue,
                "mesh \(i) has material \(mesh.material), but there are \(self.materials.count)"
            )
        }
        for index in mesh.indices where Int(index) >= vertices {
            throw SceneBlobError(.invalidValue, "mesh \(i) refers to vertex \(index), but it has \(vertices)")
        }
        try check(mesh.positions, SceneRange.coordinate, "the positions of mesh \(i)")
        try check(mesh.normals, SceneRange.coordinate, "the normals of mesh \(i)")
        try check(mesh.tangents, SceneRange.coordinate, "the tangents of mesh \(i)")
        try check(mesh.textureCoordinates, SceneRange.factor, "the texture coordinates of mesh \(i)")
        try check(mesh.secondCoordinates, SceneRange.factor, "the second texture coordinates of mesh \(i)")
        try check(mesh.colors, SceneRange.fraction, "the colours of mesh \(i)")
        try check(mesh.alphas, SceneRange.fraction, "the alphas of mesh \(i)")
    }
}

/// The arrays of a mesh in the order of their sections, which ``Mesh/arrayCounts`` has too.
private struct MeshArrays {
    static var count: Int { 8 }

    private let floats: [[Float]]
    private let indices: [UInt32]

    init(_ mesh: Mesh) {
        self.floats = [
            mesh.positions, mesh.normals, mesh.tangents, mesh.textureCoordinates, mesh.secondCoordinates, mesh.colors,
            mesh.alphas,
        ]
        self.indices = mesh.indices
    }

    func write(
        _ k: Int,
        _ offset: inout Int,
        _ writer: inout BlobWriter<some BlobOutput>
    ) throws(SceneBlobError) {
        if k < self.floats.count {
            try writer.fill(&offset, self.floats[k])
        } else {
            try writer.fill(&offset, self.indices)
        }
    }
}

/// Which optional arrays a mesh has.
enum MeshFlags {
    static var normals: UInt32 { 1 }
    static var tangents: UInt32 { 2 }
    static var textureCoordinates: UInt32 { 4 }
    static var colors: UInt32 { 8 }
    static var secondCoordinates: UInt32 { 16 }
    static var alphas: UInt32 { 32 }
    static var all: UInt32 { 63 }
}
