/// What a person may choose about an import.
public struct ImportOptions: Sendable, Hashable {
    /// Path of a Radiance HDR picture that surrounds the scene; it takes precedence over ``skyColor``.
    public var environment: String?
    /// Factor of the light of ``environment``, from 0.
    public var environmentIntensity: Float
    /// Degrees by which ``environment`` is turned about the vertical axis, anticlockwise seen from above.
    public var environmentRotation: Float
    /// Radiance of a sky of one colour, linear; `nil` takes the file's own sky, black when the file has lights or
    /// materials that glow with more than 1, and a soft neutral sky when it has neither.
    public var skyColor: SIMD3<Float>?
    /// Name of the scene to show; `nil` takes the one that the file shows by default.
    public var sceneName: String?
    /// Name of the material variant to show (`KHR_materials_variants`); `nil` takes each object's usual material.
    public var variantName: String?
    /// Whether copies of a sphere (`EXT_mesh_gpu_instancing`) become particles, which are rounder and take less memory.
    public var spheresBecomeParticles: Bool
    /// Name of the camera to look through; `nil` takes the first one.
    public var cameraName: String?
    /// Frames per second of animation, positive, 24 unless told otherwise.
    public var framesPerSecond: Double
    /// For how long the shutter is open, as degrees of a disk that turns once a frame: 180 is half of a frame's time, and 0,
    /// unless told otherwise, shows each frame as at one moment.
    ///
    /// The shutter opens at the frame's time. Nodes, skins, morph targets, particles with a velocity and the camera move
    /// while it is open; lamps, volumes and what is visible stay as they are when it opens. Goes up to 360.
    public var shutterAngle: Double
    /// Width over height of the picture, which matters where a camera has to be invented; 16:9 unless told otherwise.
    public var aspect: Double
    /// Seconds of animation before frame 1.
    public var startTime: Double
    /// What is accepted.
    public var limits: ImportLimits

    /// Creates options.
    public init(
        environment: String? = nil,
        environmentIntensity: Float = 1,
        environmentRotation: Float = 0,
        skyColor: SIMD3<Float>? = nil,
        sceneName: String? = nil,
        variantName: String? = nil,
        spheresBecomeParticles: Bool = false,
        cameraName: String? = nil,
        framesPerSecond: Double = 24,
        shutterAngle: Double = 0,
        aspect: Double = 16.0 / 9.0,
        startTime: Double = 0,
        limits: ImportLimits = .standard
    ) {
        self.environment = environment
        self.environmentIntensity = environmentIntensity
        self.environmentRotation = environmentRotation
        self.skyColor = skyColor
        self.sceneName = sceneName
        self.variantName = variantName
        self.spheresBecomeParticles = spheresBecomeParticles
        self.cameraName = cameraName
        self.framesPerSecond = framesPerSecond
        self.shutterAngle = shutterAngle
        self.aspect = aspect
        self.startTime = startTime
        self.limits = limits
    }

    /// For how many seconds of animation the shutter is open.
    var shutterTime: Double { self.shutterAngle / 360 / self.framesPerSecond }
}
