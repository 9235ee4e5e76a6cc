/// What changes from frame to frame: where things are, what shines, who looks.
///
/// A frame is a time while the shutter is open. What moves meanwhile says where it is when the shutter opens and when it
/// closes: instances and the camera by a second transform, deformed meshes and particles by second positions. Between the
/// two, numbers are interpolated linearly, so every point goes along a straight line: a wheel that turns by more than a
/// quarter while the shutter is open shrinks on its way. Light that emitting meshes send moves with them; volumes and
/// lights without extent stand still.
public struct SceneFrame: Sendable, Equatable {
    /// Meshes in a pose of this frame.
    public var deformedMeshes: [DeformedMesh]
    /// The placed meshes.
    ///
    /// Their order breaks ties between surfaces at the same distance.
    public var instances: [Instance]
    /// The placed volumes, at most 64.
    public var volumes: [VolumeInstance] = []
    /// Lights without extent.
    public var lights: [Light]
    /// Materials that take the place of the assets' in this frame, by number.
    ///
    /// Layers stay those of the assets. A mesh or a set of particles whose material does not glow in the assets is found by
    /// chance alone where it glows in a frame.
    public var materials: [Int: Material] = [:]
    /// The eye.
    public var camera: Camera

    /// Creates a frame.
    public init(
        deformedMeshes: [DeformedMesh] = [],
        instances: [Instance] = [],
        lights: [Light] = [],
        camera: Camera = Camera()
    ) {
        self.deformedMeshes = deformedMeshes
        self.instances = instances
        self.lights = lights
        self.camera = camera
    }
}
