/// Where a ray looks up the textures of a mesh.
///
/// Both sets of texture coordinates at a point, with what the ray sees of each at once; the same twice where a mesh has one
/// set.
struct TexturePlace: BitwiseCopyable {
    private var first: (Float, Float)
    private var firstFootprint: TextureFootprint
    private var second: (Float, Float)
    private var secondFootprint: TextureFootprint

    /// What a ray sees at once, at the weights of a triangle's corners.
    @inline(__always) init(
        _ mesh: UnsafePointer<MeshData>,
        _ corners: UnsafePointer<UInt32>,
        _ weights: (Float, Float, Float),
        _ footprints: borrowing FootprintLanes,
        lane: Int
    ) {
        self.init(mesh, corners, weights)
        if let coordinates = mesh.pointee.textureCoordinates {
            self.firstFootprint = footprints.footprint(lane, textureArea: textureArea(coordinates, corners))
            self.secondFootprint = self.firstFootprint
        }
        if let coordinates = mesh.pointee.secondCoordinates {
            self.secondFootprint = footprints.footprint(lane, textureArea: textureArea(coordinates, corners))
        }
    }

    /// A point, at the weights of a triangle's corners.
    @inline(__always) init(
        _ mesh: UnsafePointer<MeshData>,
        _ corners: UnsafePointer<UInt32>,
        _ weights: (Float, Float, Float)
    ) {
        self.first = (0, 0)
        if let coordinates = mesh.pointee.textureCoordinates {
            self.first = interpolated(coordinates, corners, weights.0, weights.1, weights.2)
        }
        self.second = self.first
        if let coordinates = mesh.pointee.secondCoordinates {
            self.second = interpolated(coordinates, corners, weights.0, weights.1, weights.2)
        }
        self.firstFootprint = .point
        self.secondFootprint = .point
    }

    /// The texel that a texture, which must be present, has there.
    @inline(__always) func texel(_ view: UnsafePointer<SceneView>, _ texture: borrowing TextureData) -> Texel {
        texture.usesSecondCoordinates
            ? lookUp(view, texture, self.second, self.secondFootprint)
            : lookUp(view, texture, self.first, self.firstFootprint)
    }
}
