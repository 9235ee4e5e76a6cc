import SceneImport

/// What to render of a file, and how: the same for `tessera render` and `tessera submit`, so that both give the same
/// bits.
public struct ShotRequest: Sendable {
    /// The path of the `.gltf` or `.glb` file.
    public var file: String
    /// The frames, or nil for all that the file's animation has (one if it has none).
    public var frames: ClosedRange<Int>?
    /// The width of a frame in pixels.
    public var width: Int
    /// The height of a frame in pixels.
    public var height: Int
    /// The samples of a pixel.
    public var samples: Int
    /// The most scattering events of a path.
    public var maxDepth: Int
    /// The seed of the sampler.
    public var seed: UInt32
    /// The name of the scene in the file, or nil for the one that it shows by default.
    public var scene: String?
    /// The name of the material variant to show, or nil for the usual materials.
    public var variant: String?
    /// Whether copies of a sphere become particles.
    public var spheresBecomeParticles: Bool
    /// The camera's name, or nil for the first one.
    public var camera: String?
    /// The path of an environment map: Radiance HDR or OpenEXR.
    public var environment: String?
    /// Factor of the environment map's light, from 0.
    public var environmentIntensity: Float
    /// Degrees by which the environment map is turned about the vertical axis.
    public var environmentRotation: Float
    /// The radiance of a constant sky, linear RGB.
    public var sky: [Float]?
    /// Frames in a second of the file's animation.
    public var framesPerSecond: Double
    /// For how long the shutter is open, 0 to 360 degrees of a frame's time; 0 blurs nothing.
    public var shutterAngle: Double
    /// What the frames of a job carry beside the light, for those who write or denoise them.
    public var layers: Set<FrameOutput.Layer> = []

    /// Limits of the import that are moved, by names of ``limitNames``; above zero.
    public var limits: [String: Int] = [:]

    /// The names of the limits of imports.
    public static let limitNames = ImportLimits.Name.allCases.map(\.rawValue)

    /// Creates a request with the defaults of `tessera render`.
    public init(
        file: String,
        frames: ClosedRange<Int>? = nil,
        width: Int = 640,
        height: Int = 360,
        samples: Int = 64,
        maxDepth: Int = 8,
        seed: UInt32 = 0,
        scene: String? = nil,
        variant: String? = nil,
        spheresBecomeParticles: Bool = false,
        camera: String? = nil,
        environment: String? = nil,
        environmentIntensity: Float = 1,
        environmentRotation: Float = 0,
        sky: [Float]? = nil,
        framesPerSecond: Double = 24,
        shutterAngle: Double = 0
    ) {
        self.file = file
        self.frames = frames
        self.width = width
        self.height = height
        self.samples = samples
        self.maxDepth = maxDepth
        self.seed = seed
        self.scene = scene
        self.variant = variant
        self.spheresBecomeParticles = spheresBecomeParticles
        self.camera = camera
        self.environment = environment
        self.environmentIntensity = environmentIntensity
        self.environmentRotation = environmentRotation
        self.sky = sky
        self.framesPerSecond = framesPerSecond
        self.shutterAngle = shutterAngle
    }
}
