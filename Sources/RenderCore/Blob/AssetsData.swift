/// What the scenes of a shot's frames share, as plain pointers.
///
/// Sound as ``SceneView`` is: the ``LoadedAssets`` that owns the memory is kept alive by every scene.
struct AssetsData {
    var meshes: UnsafePointer<MeshData>
    var meshCount: Int
    /// The lower and upper corner of each mesh's box.
    var meshBoxes: [(low: Vector3, high: Vector3)]
    /// The number of vertices of each mesh.
    var meshVertexCounts: [Int]
    var particles: UnsafePointer<ParticleData>
    var particleSetCount: Int
    /// The lower and upper corner of each set's box.
    var particleBoxes: [(low: Vector3, high: Vector3)]
    var materials: UnsafePointer<MaterialData>
    var materialCount: Int
    var images: UnsafePointer<ImageData>
    var imageCount: Int
    var lobes: UnsafePointer<LobeData>
    /// Without those behind them of a material that has none.
    var lobeCount: Int
    var layerStacks: UnsafePointer<LayerStackData>
    var layerStackCount: Int
    var volumes: UnsafePointer<VolumeData>
    var volumeCount: Int
    var environment: EnvironmentData
    /// What the surfaces ask for.
    var needs: SurfaceNeeds
    /// Whether any surface may have textures.
    var hasImages: Bool
    /// The linear values of 8-bit sRGB codes.
    var sRGB: UnsafePointer<Float>

    init(_ loader: AssetsLoader) {
        let sRGB = loader.memory.allocate(Float.self, count: 256)
        for (code, value) in sRGBTable().enumerated() { (sRGB + code).initialize(to: value) }
        self.meshes = UnsafePointer(loader.meshes)
        self.meshCount = loader.meshCount
        self.meshBoxes = loader.meshBoxes
        self.meshVertexCounts = loader.meshVertexCounts
        self.particles = UnsafePointer(loader.particles)
        self.particleSetCount = loader.particleSetCount
        self.particleBoxes = loader.particleBoxes
        self.materials = UnsafePointer(loader.materials)
        self.materialCount = loader.materialCount
        self.images = UnsafePointer(loader.images)
        self.imageCount = loader.imageCount
        self.lobes = UnsafePointer(loader.lobes)
        self.lobeCount = loader.lobeCount
        self.layerStacks = UnsafePointer(loader.layerStacks)
        self.layerStackCount = loader.layerStackCount
        self.volumes = UnsafePointer(loader.volumes)
        self.volumeCount = loader.volumeCount
        self.environment = loader.environment
        self.sRGB = UnsafePointer(sRGB)
        self.needs = SurfaceNeeds(loader.materials, count: loader.materialCount)
        self.hasImages = loader.imageCount > 0
    }
}

/// What the materials of a scene ask for that few scenes need.
struct SurfaceNeeds {
    /// Whether any surface is glass that scatters.
    var hasRoughGlass: Bool
    /// Whether any surface encloses something that light goes through.
    var hasSolids: Bool
    /// Whether any surface has lobes that ``BSDF`` does not.
    var hasLobes: Bool

    init(_ materials: UnsafePointer<MaterialData>, count: Int) {
        self.hasRoughGlass = (0 ..< count).contains {
            materials[$0].transmission > 0 && materials[$0].roughness > BSDF.smoothRoughness
        }
        self.hasSolids = (0 ..< count).contains { materials[$0].isSolid }
        self.hasLobes = (0 ..< count).contains { materials[$0].lobes >= 0 }
    }
}
