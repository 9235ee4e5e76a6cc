/// Checks a frame blob and makes a ``SceneView`` of it and the assets.
struct SceneLoader {
    let memory: SceneMemory
    let limits: SceneLimits
    let assets: AssetsData

    /// The meshes of the assets, then those deformed in this frame.
    var meshes: UnsafeMutablePointer<MeshData>
    var meshCount: Int
    /// The lower and upper corner of each mesh's box.
    var meshBoxes: [(low: Vector3, high: Vector3)]
    /// The materials of the assets, some of them with others of this frame in their places.
    var materials: UnsafePointer<MaterialData>
    var lobes: UnsafePointer<LobeData>
    var needs: SurfaceNeeds
    var instances: UnsafeMutablePointer<InstanceData>
    var instanceCount = 0
    /// The triangles of the instances that are not placed.
    var triangleCount = 0
    /// The triangles of instances that emit and move, which have numbers behind those.
    var movingLightCount = 0
    var lights: UnsafeMutablePointer<LightData>
    var lightCount = 0
    var volumes: UnsafeMutablePointer<VolumeInstanceData>
    var volumeCount = 0
    var lightTree: LightTreeData?
    var treeLights: UnsafePointer<UInt32>
    var objectMaps: UnsafePointer<ObjectMap>
    var suns: Suns
    private var camera: CameraData?
    /// The largest coordinate or edge of the scene's box.
    var extent: Float = 0

    init(memory: SceneMemory, assets: AssetsData, limits: SceneLimits) {
        self.memory = memory
        self.limits = limits
        self.assets = assets
        self.meshes = memory.allocate(MeshData.self, count: assets.meshCount)
        self.meshes.initialize(from: assets.meshes, count: assets.meshCount)
        self.meshCount = assets.meshCount
        self.meshBoxes = assets.meshBoxes
        self.materials = assets.materials
        self.lobes = assets.lobes
        self.needs = assets.needs
        self.instances = memory.allocate(InstanceData.self, count: 0)
        self.lights = memory.allocate(LightData.self, count: 0)
        self.volumes = memory.allocate(VolumeInstanceData.self, count: 0)
        let none = memory.allocate(UInt32.self, count: 1)
        none.initialize(to: 0)
        self.treeLights = UnsafePointer(none)
        self.objectMaps = UnsafePointer(memory.allocate(ObjectMap.self, count: 0))
        self.suns = Suns(
            lights: UnsafePointer(none),
            starts: UnsafePointer(none),
            count: 0,
            illuminance: 0,
            axis: Vector3(0, 1, 0),
            cosCone: -1
        )
    }

    /// By how much triangles' boxes are padded: 2^-20 of the scene.
    var padding: Float { self.extent * 0x1p-20 }

    mutating func load(_ bytes: BlobBytes) throws(SceneBlobError) {
        var reader = try BlobReader(
            bytes,
            name: "frame",
            magic: BlobFormat.frameMagic,
            sections: SceneFrame.sectionCount,
            limits: self.limits
        )
        self.memory.keep(bytes)
        let camera = try reader.records(wordsEach: SceneFrame.cameraWords)
        guard camera.count == 1 else {
            throw SceneBlobError(.malformed, "the frame blob has \(camera.count) cameras instead of one")
        }
        try self.loadCamera(camera.cursor(at: 0))
        try self.loadDeformedMeshes(&reader)
        let instances = try reader.records(wordsEach: SceneFrame.instanceWords)
        try self.loadInstances(instances, try reader.records(wordsEach: SceneFrame.motionWords))
        try self.loadVolumes(try reader.records(wordsEach: SceneFrame.volumeWords))
        try self.loadLights(try reader.records(wordsEach: SceneFrame.lightWords))
        try self.loadLightChoice(&reader)
        try self.loadMaterials(&reader)
    }

    private mutating func loadCamera(_ record: BlobCursor) throws(SceneBlobError) {
        var cursor = record
        let transform = try Self.transform(&cursor, "camera", 0)
        let kind = cursor.word()
        guard kind <= 1 else { throw SceneBlobError(.malformed, "the camera is of an unknown kind") }
        let range = kind == 1 ? SceneRange.length : SceneRange.fieldOfView
        self.camera = CameraData(
            transform: transform,
            closing: transform,
            isMoving: false,
            isOrthographic: kind == 1,
            first: try cursor.float(range, "camera", 0),
            second: try cursor.float(SceneRange.length, "camera", 0),
            lensRadius: try cursor.float(SceneRange.optionalLength, "camera", 0),
            focusDistance: try cursor.float(SceneRange.length, "camera", 0),
            lensBlades: cursor.count(),
            lensTurns: try cursor.float(SceneRange.angle, "camera", 0) * Pi.inverseOfTwo
        )
        let closing = try Self.transform(&cursor, "camera", 0)
        self.camera?.closing = closing
        self.camera?.isMoving = closing != transform
        guard let blades = self.camera?.lensBlades, blades == 0 || SceneRange.lensBlades.contains(blades) else {
            throw SceneBlobError(.invalidValue, "the camera's lens has neither 0 nor 3 to 32 blades")
        }
    }

    private mutating func loadLights(_ records: BlobRecords) throws(SceneBlobError) {
        guard records.count <= self.limits.lightsMax else {
            throw SceneBlobError(
                .limitExceeded,
                "the frame has \(records.count) lights; this node takes at most \(self.limits.lightsMax)"
            )
        }
        self.lightCount = records.count
        self.lights = self.memory.allocate(LightData.self, count: records.count)
        for i in 0 ..< records.count {
            var cursor = records.cursor(at: i)
            guard let kind = LightData.Kind(rawValue: cursor.word()) else {
                throw SceneBlobError(.malformed, "light \(i) is of an unknown kind")
            }
            let light = LightData(
                kind: kind,
                position: try cursor.vector(SceneRange.coordinate, "light", i),
                direction: try cursor.vector(-1.001 ... 1.001, "light", i),
                intensity: try cursor.vector(SceneRange.radiance, "light", i),
                range: try cursor.float(SceneRange.optionalLength, "light", i),
                cosInner: try cursor.float(-1.001 ... 1.001, "light", i),
                cosOuter: try cursor.float(-1.001 ... 1.001, "light", i)
            )
            guard light.direction.lengthSquared > 0.99, light.direction.lengthSquared < 1.01 else {
                throw SceneBlobError(.invalidValue, "the direction of light \(i) does not have unit length")
            }
            (self.lights + i).initialize(to: light)
        }
    }

    static func transform(
        _ cursor: inout BlobCursor,
        _ what: String,
        _ number: Int
    ) throws(SceneBlobError) -> Affine {
        var rows: [SIMD4<Float>] = []
        for _ in 0 ..< 3 {
            var row = SIMD4<Float>()
            for k in 0 ..< 4 { row[k] = try cursor.float(SceneRange.factor, what, number) }
            rows.append(row)
        }
        return Affine(Transform(x: rows[0], y: rows[1], z: rows[2]))
    }

    // MARK: The result

    /// The scene without its hierarchy; both blobs have been loaded.
    func finished() -> SceneView {
        let triangleInstances = self.memory.allocate(UInt32.self, count: self.triangleCount + self.movingLightCount)
        for i in 0 ..< self.instanceCount where !self.instances[i].isPlaced || self.isMovingLight(i) {
            let instance = self.instances + i
            let count = self.meshes[instance.pointee.mesh].triangleCount
            let first = instance.pointee.firstTriangle
            (triangleInstances + first).initialize(repeating: UInt32(i), count: count)
        }
        return SceneView(
            meshes: UnsafePointer(self.meshes),
            meshCount: self.meshCount,
            particles: self.assets.particles,
            particleSetCount: self.assets.particleSetCount,
            materials: self.materials,
            images: self.assets.images,
            lobes: self.lobes,
            layerStacks: self.assets.layerStacks,
            layerStackCount: self.assets.layerStackCount,
            hasSolids: self.needs.hasSolids,
            hasImages: self.assets.hasImages,
            instances: UnsafePointer(self.instances),
            instanceCount: self.instanceCount,
            triangleInstances: UnsafePointer(triangleInstances),
            triangleCount: self.triangleCount,
            volumes: UnsafePointer(self.volumes),
            volumeCount: self.volumeCount,
            lights: UnsafePointer(self.lights),
            lightCount: self.lightCount,
            lightTree: self.lightTree,
            treeLights: self.treeLights,
            objectMaps: self.objectMaps,
            suns: self.suns,
            onlyKinds: self.onlyKinds,
            environment: self.assets.environment,
            camera: self.camera
                ?? CameraData(
                    transform: Affine(Transform()),
                    closing: Affine(Transform()),
                    isMoving: false,
                    isOrthographic: false,
                    first: 1,
                    second: 1,
                    lensRadius: 0,
                    focusDistance: 1,
                    lensBlades: 0,
                    lensTurns: 0
                ),
            sRGB: self.assets.sRGB,
            albedo: self.needs.hasRoughGlass ? .sharedWithGlass : .shared,
            lobeTables: self.needs.hasLobes ? .shared : nil,
            bvh: BVHData(
                nodes: UnsafeRawPointer(self.assets.sRGB),
                leaves: UnsafeRawPointer(self.assets.sRGB),
                nodeCount: 0,
                leafCount: 0,
                root: 0,
                meshRoots: UnsafePointer(self.memory.allocate(UInt32.self, count: 0)),
                particleRoots: UnsafePointer(self.memory.allocate(UInt32.self, count: 0)),
                padding: 0
            )
        )
    }
}

extension UnsafeBufferPointer {
    /// The first element's address; for an empty buffer some address that must not be read.
    var pointer: UnsafePointer<Element> {
        self.baseAddress ?? UnsafePointer(UnsafeMutablePointer<Element>(bitPattern: 64).unsafelyUnwrapped)
    }
}
