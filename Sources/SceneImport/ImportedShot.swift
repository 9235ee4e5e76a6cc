public import RenderCore

/// A scene file after its import: what all its frames share, and a recipe for each frame.
public struct ImportedShot: Sendable {
    /// What all frames share; meshes beyond ``ImportLimits/residentMeshBytes`` are outlines.
    public let assets: SceneAssets
    /// What a person should know about the import.
    ///
    /// What was left out, what was invented: one sentence each.
    public let notes: [String]
    /// Frames per second of animation.
    public let framesPerSecond: Double
    /// The number of the frame that shows the end of the animation, 1 without any.
    public let lastFrame: Int

    /// The largest frame number that is accepted.
    public static let frameMax = 1_000_000

    /// Where outlines are read from again.
    private let meshes: MeshSources?
    private let stage: NodeStage
    private let camera: CameraChoice
    private let materials: AnimatedMaterials?
    private let startTime: Double
    /// Seconds for which the shutter is open.
    private let shutterTime: Double

    /// Where the eye is.
    enum CameraChoice: Sendable {
        /// On the node of this entry: a camera of the document.
        case onNode(entry: Int, camera: Int)
        /// Always here.
        case fixed(Camera)
    }

    init(
        assets: SceneAssets,
        meshes: MeshSources?,
        notes: [String],
        stage: NodeStage,
        camera: CameraChoice,
        materials: AnimatedMaterials?,
        options: ImportOptions
    ) {
        self.assets = assets
        self.meshes = meshes
        self.notes = notes
        self.framesPerSecond = options.framesPerSecond
        self.startTime = options.startTime
        self.shutterTime = options.shutterTime
        self.stage = stage
        self.camera = camera
        self.materials = materials
        // A last key at 47/24 seconds, rounded to single precision, still is frame 48.
        let last = ((stage.animation.duration - options.startTime) * options.framesPerSecond + 1e-3).rounded(.down) + 1
        self.lastFrame = last >= 1 ? Int(min(last, Double(Self.frameMax))) : 1
    }

    /// The bytes of ``SceneAssets/encoded()``, in memory, or in a file without a name where meshes are outlines.
    ///
    /// - Parameter directory: where that file is; it needs room for all of the bytes.
    /// - Throws: `SceneBlobError`, also when the file cannot be written or the scene's files have changed.
    public func encodedAssets(directory: String = BlobFile.standardDirectory) throws(SceneBlobError) -> BlobBytes {
        guard let meshes = self.meshes else { return BlobBytes(try self.assets.encoded()) }
        return try self.assets.encode(to: try BlobFile(in: directory)) { (i) throws(SceneBlobError) in
            do throws(ImportError) {
                return try meshes.mesh(i)
            } catch {
                throw .notWritten("the scene cannot be read a second time: \(error.message)")
            }
        }.mapped()
    }

    /// Frame number 1 shows the start time, frame 2 a frame's duration later, and so on; the shutter opens then.
    ///
    /// Beyond ``lastFrame`` everything stands still.
    /// - Throws: ``ImportError`` for a number outside 1...``frameMax``, or when animation moves something beyond all
    ///   numbers or gives a camera or a light a value that none can have.
    public func frame(_ number: Int) throws(ImportError) -> SceneFrame {
        let pose = try self.pose(number)
        let closing = self.shutterTime > 0 ? try self.stage.pose(at: pose.time + self.shutterTime) : nil
        var frame = try self.stage.frame(pose, closing)
        frame.materials = try self.materials?.materials(at: pose.time) ?? [:]
        switch self.camera {
        case .onNode(let entry, let camera):
            let projection = try self.stage.projection(camera, at: pose.time)
            frame.camera = CameraBuilder.camera(projection, placed: pose.transforms[entry])
            if let closing {
                let last = CameraBuilder.camera(projection, placed: closing.transforms[entry]).transform
                if last != frame.camera.transform { frame.camera.closingTransform = last }
            }
        case .fixed(let camera):
            frame.camera = camera
        }
        return frame
    }

    /// The names of the nodes that the instances of a frame belong to, for mattes.
    ///
    /// A node without a name is called by its number.
    /// - Throws: as ``frame(_:)``.
    public func objectNames(_ number: Int) throws(ImportError) -> [String] {
        var owners: [Int] = []
        _ = try self.stage.frame(try self.pose(number), owners: &owners)
        return owners.map { entry in
            let node = self.stage.tree.entries[entry].node
            return self.stage.nodes[node].name ?? "node \(node)"
        }
    }

    /// The names of the materials of the instances of a frame, for mattes.
    ///
    /// A material without a name is called by its number.
    /// - Throws: as ``frame(_:)``.
    public func materialNames(_ number: Int) throws(ImportError) -> [String] {
        let frame = try self.stage.frame(try self.pose(number))
        return frame.instances.map { instance in
            let own = self.assets.meshes.count
            let mesh = instance.mesh < own ? instance.mesh : frame.deformedMeshes[instance.mesh - own].mesh
            let material =
                instance.isParticles
                ? self.assets.particles[instance.mesh].material : self.assets.meshes[mesh].material
            return self.stage.materialNames[checked: material].flatMap { $0 } ?? "material \(material)"
        }
    }

    private func pose(_ number: Int) throws(ImportError) -> NodeStage.Pose {
        guard (1 ... Self.frameMax).contains(number) else {
            throw ImportError(
                .badRequest,
                "there is no frame \(number): frames count from 1, and this shot ends with frame \(self.lastFrame)"
            )
        }
        return try self.stage.pose(at: self.startTime + Double(number - 1) / self.framesPerSecond)
    }
}
