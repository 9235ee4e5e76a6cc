public import RenderCore

/// A scene file after its import: what all its frames share, and a recipe for each frame.
public struct ImportedShot: Sendable {
    /// What all frames share.
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

    private let stage: NodeStage
    private let camera: CameraChoice
    private let startTime: Double

    /// Where the eye is.
    enum CameraChoice: Sendable {
        /// On the node of this entry.
        case onNode(entry: Int, Camera.Projection)
        /// Always here.
        case fixed(Camera)
    }

    init(
        assets: SceneAssets,
        notes: [String],
        stage: NodeStage,
        camera: CameraChoice,
        options: ImportOptions
    ) {
        self.assets = assets
        self.notes = notes
        self.framesPerSecond = options.framesPerSecond
        self.startTime = options.startTime
        self.stage = stage
        self.camera = camera
        // A last key at 47/24 seconds, rounded to single precision, still is frame 48.
        let last = ((stage.animation.duration - options.startTime) * options.framesPerSecond + 1e-3).rounded(.down) + 1
        self.lastFrame = last >= 1 ? Int(min(last, Double(Self.frameMax))) : 1
    }

    /// Frame number 1 shows the start time, frame 2 a frame's duration later, and so on.
    ///
    /// Beyond ``lastFrame`` everything stands still.
    /// - Throws: ``ImportError`` for a number outside 1...``frameMax``, or when animation moves something beyond all
    ///   numbers.
    public func frame(_ number: Int) throws(ImportError) -> SceneFrame {
        guard (1 ... Self.frameMax).contains(number) else {
            throw ImportError(
                .badRequest,
                "there is no frame \(number): frames count from 1, and this shot ends with frame \(self.lastFrame)"
            )
        }
        let transforms = try self.stage.transforms(at: self.startTime + Double(number - 1) / self.framesPerSecond)
        let (instances, lights) = try self.stage.placed(transforms)
        let camera =
            switch self.camera {
            case .onNode(let entry, let projection): CameraBuilder.camera(projection, placed: transforms[entry])
            case .fixed(let camera): camera
            }
        return SceneFrame(instances: instances, lights: lights, camera: camera)
    }
}
