/// Checks an assets blob and makes of it what scenes share.
struct AssetsLoader {
    let memory: SceneMemory
    let limits: SceneLimits

    var meshes: UnsafeMutablePointer<MeshData>
    var meshCount = 0
    /// The lower and upper corner of each mesh's box.
    var meshBoxes: [(low: Vector3, high: Vector3)] = []
    /// The number of vertices of each mesh.
    var meshVertexCounts: [Int] = []
    var particles: UnsafeMutablePointer<ParticleData>
    var particleSetCount = 0
    /// The lower and upper corner of each set's box.
    var particleBoxes: [(low: Vector3, high: Vector3)] = []
    var materials: UnsafeMutablePointer<MaterialData>
    var materialCount = 0
    var images: UnsafeMutablePointer<ImageData>
    var imageCount = 0
    var lobes: UnsafeMutablePointer<LobeData>
    /// Without the one behind them.
    var lobeCount = 0
    var layerStacks: UnsafeMutablePointer<LayerStackData>
    var layerStackCount = 0
    var volumes: UnsafeMutablePointer<VolumeData>
    var volumeCount = 0
    var environment = EnvironmentData(
        radiance: .zero,
        width: 0,
        height: 0,
        texels: nil,
        rowStarts: nil,
        columnStarts: nil,
        guides: nil,
        sine: 0,
        cosine: 1,
        intensity: 1,
        irradiance: AmbientCube(faces: (0, 0, 0, 0, 0, 0))
    )

    init(memory: SceneMemory, limits: SceneLimits) {
        self.memory = memory
        self.limits = limits
        self.meshes = memory.allocate(MeshData.self, count: 0)
        self.particles = memory.allocate(ParticleData.self, count: 0)
        self.materials = memory.allocate(MaterialData.self, count: 0)
        self.images = memory.allocate(ImageData.self, count: 0)
        self.lobes = memory.allocate(LobeData.self, count: 0)
        self.layerStacks = memory.allocate(LayerStackData.self, count: 0)
        self.volumes = memory.allocate(VolumeData.self, count: 0)
    }

    mutating func load(_ bytes: BlobBytes) throws(SceneBlobError) {
        var reader = try BlobReader(
            bytes,
            name: "assets",
            magic: BlobFormat.assetsMagic,
            sections: SceneAssets.sectionCount,
            limits: self.limits
        )
        self.memory.keep(bytes)
        try self.loadMeshes(&reader)
        try self.loadMaterials(try reader.records(wordsEach: SceneAssets.materialWords))
        try self.loadLobes(try reader.records(wordsEach: MaterialLobeRecords.words))
        try self.loadLayers(&reader)
        try self.loadImages(&reader)
        try self.loadEnvironment(&reader)
        try self.loadParticles(&reader)
        try self.loadVolumes(&reader)
        try self.checkReferences()
    }

    private mutating func loadMeshes(_ reader: inout BlobReader) throws(SceneBlobError) {
        let records = try reader.records(wordsEach: SceneAssets.meshWords)
        let positions = try reader.floats("positions", limit: SceneRange.coordinate.upperBound)
        let normals = try reader.floats("normals", limit: SceneRange.coordinate.upperBound)
        let tangents = try reader.floats("tangents", limit: SceneRange.coordinate.upperBound)
        let coordinates = try reader.floats("texture coordinates", limit: SceneRange.factor.upperBound)
        let others = try reader.floats("second texture coordinates", limit: SceneRange.factor.upperBound)
        let colors = try reader.floats("colours", limit: SceneRange.fraction.upperBound)
        guard areNotNegative(colors) else {
            throw SceneBlobError(.invalidValue, "the colours of vertices are negative")
        }
        let alphas = try reader.floats("alphas", limit: SceneRange.fraction.upperBound)
        guard areNotNegative(alphas) else {
            throw SceneBlobError(.invalidValue, "the alphas of vertices are negative")
        }
        let indices = try reader.words()
        var lightSlices = try MeshLightSlices(&reader)
        self.meshCount = records.count
        self.meshes = self.memory.allocate(MeshData.self, count: records.count)
        self.meshBoxes.reserveCapacity(records.count)
        var positionSlices = Slices(positions, "positions")
        var normalSlices = Slices(normals, "normals")
        var tangentSlices = Slices(tangents, "tangents")
        var coordinateSlices = Slices(coordinates, "texture coordinates")
        var otherSlices = Slices(others, "second texture coordinates")
        var colorSlices = Slices(colors, "colours")
        var alphaSlices = Slices(alphas, "alphas")
        var indexSlices = Slices(indices, "indices")
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            let vertexCount = cursor.count()
            let triangleCount = cursor.count()
            let material = cursor.count()
            let flags = cursor.word()
            guard flags & ~MeshFlags.all == 0 else {
                throw SceneBlobError(.malformed, "mesh \(i) has unknown flags")
            }
            let vertices = try positionSlices.next(vertexCount, times: 3)
            let corners = try indexSlices.next(triangleCount, times: 3)
            guard areBelow(UInt32(vertexCount), corners) else {
                throw SceneBlobError(.invalidValue, "mesh \(i) refers to a vertex beyond its \(vertexCount)")
            }
            let hasNormals = flags & MeshFlags.normals != 0
            let hasTangents = flags & MeshFlags.tangents != 0
            let hasCoordinates = flags & MeshFlags.textureCoordinates != 0
            let hasOthers = flags & MeshFlags.secondCoordinates != 0
            let hasColors = flags & MeshFlags.colors != 0
            let hasAlphas = flags & MeshFlags.alphas != 0
            let data = MeshData(
                positions: vertices.pointer,
                normals: hasNormals ? try normalSlices.next(vertexCount, times: 3).pointer : nil,
                tangents: hasTangents ? try tangentSlices.next(vertexCount, times: 4).pointer : nil,
                textureCoordinates: hasCoordinates ? try coordinateSlices.next(vertexCount, times: 2).pointer : nil,
                secondCoordinates: hasOthers ? try otherSlices.next(vertexCount, times: 2).pointer : nil,
                colors: hasColors ? try colorSlices.next(vertexCount, times: 3).pointer : nil,
                alphas: hasAlphas ? try alphaSlices.next(vertexCount, times: 1).pointer : nil,
                indices: corners.pointer,
                triangleCount: triangleCount,
                material: material,
                lights: try lightSlices.next(&cursor, triangles: triangleCount, mesh: i)
            )
            (self.meshes + i).initialize(to: data)
            self.meshBoxes.append(meshBox(data.positions, count: vertexCount))
            self.meshVertexCounts.append(vertexCount)
        }
        try positionSlices.finish()
        try normalSlices.finish()
        try tangentSlices.finish()
        try coordinateSlices.finish()
        try otherSlices.finish()
        try colorSlices.finish()
        try alphaSlices.finish()
        try indexSlices.finish()
        try lightSlices.finish()
    }

    /// Whether meshes name existing materials and materials existing pictures.
    private func checkReferences() throws(SceneBlobError) {
        for i in 0 ..< self.lobeCount { try AssetsData.check(self.lobes[i], number: i, imageCount: self.imageCount) }
        for i in 0 ..< self.meshCount where !(0 ..< self.materialCount).contains(self.meshes[i].material) {
            throw SceneBlobError(
                .invalidValue,
                "mesh \(i) has material \(self.meshes[i].material), but there are \(self.materialCount)"
            )
        }
        for i in 0 ..< self.materialCount {
            let material = self.materials + i
            guard material.pointee.layers < self.layerStackCount else {
                throw SceneBlobError(
                    .invalidValue,
                    "material \(i) refers to layer stack \(material.pointee.layers), but there are \(self.layerStackCount)"
                )
            }
            try AssetsData.check(material.pointee, number: i, imageCount: self.imageCount)
        }
    }
}

/// The lower and upper corner of the box around some points.
func meshBox(_ positions: UnsafePointer<Float>, count: Int) -> (low: Vector3, high: Vector3) {
    guard count > 0 else { return (.zero, .zero) }
    var low = loadVector(positions, 0)
    var high = low
    for i in 1 ..< max(1, count) {
        let p = loadVector(positions, i)
        low = Vector3(smaller(low.x, p.x), smaller(low.y, p.y), smaller(low.z, p.z))
        high = Vector3(larger(high.x, p.x), larger(high.y, p.y), larger(high.z, p.z))
    }
    return (low, high)
}
