import ArgumentParser
import GridNode

/// What to render of a file, and how: the same for `render` and `submit`, so that both give the same bits.
struct ShotOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The frames, such as 1-48 or 7.",
            discussion: "Without it: all that the file's animation has, or one.",
            valueName: "first-last"
        )
    )
    var frames: FrameRange?

    @Option(help: ArgumentHelp("The picture's size in pixels.", valueName: "WxH"))
    var size = PictureSize(width: 640, height: 360)

    @Option(help: ArgumentHelp("Samples of a pixel, 1 to 65536; more is less noise.", valueName: "count"))
    var spp = 64

    @Option(help: ArgumentHelp("The most times that light is scattered on its way, 1 to 64.", valueName: "count"))
    var depth = 8

    @Option(help: ArgumentHelp("Another number gives other noise.", valueName: "number"))
    var seed: UInt32 = 0

    @Option(help: ArgumentHelp("The scene's name in the file; without it the file's own choice.", valueName: "name"))
    var scene: String?

    @Option(help: ArgumentHelp("The material variant's name (KHR_materials_variants).", valueName: "name"))
    var variant: String?

    @Flag(
        help: ArgumentHelp(
            "Make particles of the copies of a sphere.",
            discussion: "They are rounder and take less memory than EXT_mesh_gpu_instancing."
        )
    )
    var spheresAsParticles = false

    @Option(help: ArgumentHelp("The camera's name in the file; without it the first one.", valueName: "name"))
    var camera: String?

    @Option(help: ArgumentHelp("Light from all around: a Radiance HDR or OpenEXR panorama.", valueName: "file.hdr"))
    var env: String?

    @Option(help: ArgumentHelp("Factor of the light of --env, from 0.", valueName: "factor"))
    var envStrength: Float = 1

    @Option(
        help: ArgumentHelp(
            "Degrees by which --env is turned about the vertical axis.",
            discussion: "At 0 the middle of the panorama lies towards +X, as in Blender.",
            valueName: "degrees"
        )
    )
    var envRotation: Float = 0

    @Option(help: ArgumentHelp("Light from all around: one linear colour, such as 0.6,0.7,0.9.", valueName: "r,g,b"))
    var sky: RadianceColor?

    @Option(help: ArgumentHelp("Frames in a second of the file's animation.", valueName: "rate"))
    var fps = 24.0

    @Option(
        help: ArgumentHelp(
            "Motion blur: how long the shutter is open, 0 to 360 degrees of a frame's time.",
            discussion: "180 is what film cameras do; 0 is one moment. The shutter opens at the frame's time.",
            valueName: "degrees"
        )
    )
    var shutter = 0.0

    @Option(
        help: ArgumentHelp(
            "Moves a limit of what a file may hold, such as triangles=2000000000 (repeatable).",
            discussion: "Limits keep damaged files from taking the machine: "
                + ShotRequest.limitNames.joined(separator: ", ") + ".",
            valueName: "name=number"
        ),
        transform: LimitOption.init(argument:)
    )
    var limit: [LimitOption] = []

    /// What `--spp` may be.
    static let samplesRange = 1 ... 65_536
    /// What `--fps` may be.
    static let rateRange = 0.001 ... 1_000.0

    func validate() throws {
        guard Self.samplesRange.contains(self.spp) else {
            throw ValidationError("--spp must be 1 to 65536, got \(self.spp)")
        }
        guard (1 ... 64).contains(self.depth) else {
            throw ValidationError("--depth must be 1 to 64, got \(self.depth)")
        }
        guard Self.rateRange.contains(self.fps) else {
            throw ValidationError("--fps must be 0.001 to 1000, got \(self.fps)")
        }
        guard (0 ... 360).contains(self.shutter) else {
            throw ValidationError("--shutter must be 0 to 360 degrees, got \(self.shutter)")
        }
        guard self.envStrength.isFinite, self.envStrength >= 0 else {
            throw ValidationError("--env-strength must be 0 or more, got \(self.envStrength)")
        }
        guard self.envRotation.isFinite, self.envRotation.magnitude <= 360 else {
            throw ValidationError("--env-rotation must be -360 to 360, got \(self.envRotation)")
        }
        guard self.env == nil || self.sky == nil else {
            throw ValidationError("--env and --sky both say where the light comes from: give one of them")
        }
    }

    /// The options as the node's library takes them, for a glTF 2.0 file.
    func request(_ file: String) -> ShotRequest {
        var request = ShotRequest(
            file: file,
            frames: self.frames?.frames,
            width: self.size.width,
            height: self.size.height,
            samples: self.spp,
            maxDepth: self.depth,
            seed: self.seed,
            scene: self.scene,
            variant: self.variant,
            spheresBecomeParticles: self.spheresAsParticles,
            camera: self.camera,
            environment: self.env,
            environmentIntensity: self.envStrength,
            environmentRotation: self.envRotation,
            sky: self.sky.map { [$0.red, $0.green, $0.blue] },
            framesPerSecond: self.fps,
            shutterAngle: self.shutter
        )
        for limit in self.limit { request.limits[limit.name] = limit.number }
        return request
    }
}
