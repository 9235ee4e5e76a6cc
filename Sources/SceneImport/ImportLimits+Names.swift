extension ImportLimits {
    /// The name of a limit that a person may move, as command lines have it.
    public enum Name: String, CaseIterable, Sendable {
        case bytes
        case jsonBytes = "json-bytes"
        case jsonValues = "json-values"
        case jsonDepth = "json-depth"
        case nodes
        case depth
        case zeros
        case vertices
        case triangles
        case instances
        case keyframes
        case texels
        case voxels
    }

    /// A limit by its name.
    ///
    /// `bytes` is that of one file and that of all files together.
    public subscript(name: Name) -> Int {
        get {
            switch name {
            case .bytes: self.maxResourceBytes
            case .jsonBytes: self.maxJSONBytes
            case .jsonValues: self.maxJSONValues
            case .jsonDepth: self.maxJSONDepth
            case .nodes: self.maxNodes
            case .depth: self.maxNodeDepth
            case .zeros: self.maxZeroElements
            case .vertices: self.maxVertices
            case .triangles: self.maxTriangles
            case .instances: self.maxInstances
            case .keyframes: self.maxKeyframeValues
            case .texels: self.maxTexturePixels
            case .voxels: self.maxVoxels
            }
        }
        set {
            switch name {
            case .bytes:
                self.maxResourceBytes = newValue
                self.maxFileBytes = newValue
            case .jsonBytes: self.maxJSONBytes = newValue
            case .jsonValues: self.maxJSONValues = newValue
            case .jsonDepth: self.maxJSONDepth = newValue
            case .nodes: self.maxNodes = newValue
            case .depth: self.maxNodeDepth = newValue
            case .zeros: self.maxZeroElements = newValue
            case .vertices: self.maxVertices = newValue
            case .triangles: self.maxTriangles = newValue
            case .instances: self.maxInstances = newValue
            case .keyframes: self.maxKeyframeValues = newValue
            case .texels: self.maxTexturePixels = newValue
            case .voxels: self.maxVoxels = newValue
            }
        }
    }
}
