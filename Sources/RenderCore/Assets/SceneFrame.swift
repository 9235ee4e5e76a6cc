/// What changes from frame to frame: where things are, what shines, who looks.
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
