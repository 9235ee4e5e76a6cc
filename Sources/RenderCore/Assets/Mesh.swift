/// An indexed triangle mesh with one material, in its own coordinates.
public struct Mesh: Sendable, Equatable {
    /// Three numbers a vertex, in metres.
    public var positions: [Float]
    /// Three numbers a vertex, or nothing for flat shading.
    ///
    /// They need not have unit length.
    public var normals: [Float]
    /// Four numbers a vertex as in glTF (direction, then the sign of the bitangent), or nothing: normal maps then take
    /// their directions from the texture coordinates of each triangle.
    public var tangents: [Float]
    /// Two numbers a vertex, or nothing.
    public var textureCoordinates: [Float]
    /// Two numbers a vertex for textures of which ``TextureReference/usesSecondCoordinates`` is true, or nothing: these then
    /// use ``textureCoordinates`` as others do.
    public var secondCoordinates: [Float]
    /// Three numbers a vertex, linear and 0...1, or nothing; they multiply the material's base colour.
    public var colors: [Float]
    /// One number a vertex, 0...1, or nothing; they multiply the alpha of the material's base colour.
    public var alphas: [Float]
    /// Three vertex numbers a triangle, counter-clockwise when seen from the front.
    public var indices: [UInt32]
    /// The index of the material in ``SceneAssets/materials``.
    public var material: Int
    /// How many numbers each array has, in the order of a blob's sections, where the arrays are elsewhere.
    private var countsElsewhere: [Int]?

    /// Creates a mesh; nothing is checked before ``SceneAssets/encoded()``.
    public init(
        positions: [Float],
        normals: [Float] = [],
        tangents: [Float] = [],
        textureCoordinates: [Float] = [],
        secondCoordinates: [Float] = [],
        colors: [Float] = [],
        alphas: [Float] = [],
        indices: [UInt32],
        material: Int = 0
    ) {
        self.positions = positions
        self.normals = normals
        self.tangents = tangents
        self.textureCoordinates = textureCoordinates
        self.secondCoordinates = secondCoordinates
        self.colors = colors
        self.alphas = alphas
        self.indices = indices
        self.material = material
    }

    /// Creates a mesh without arrays that stands for a mesh of many: see ``SceneAssets/encode(to:mesh:)``.
    public init(outlineOf mesh: Mesh) {
        self.init(positions: [], indices: [], material: mesh.material)
        self.countsElsewhere = mesh.arrayCounts
    }

    /// Whether its arrays are elsewhere, since they are many.
    public var isOutline: Bool { self.countsElsewhere != nil }

    /// How many numbers each array has, in the order of a blob's sections; an outline knows those of its mesh.
    public var arrayCounts: [Int] {
        self.countsElsewhere ?? [
            self.positions.count, self.normals.count, self.tangents.count, self.textureCoordinates.count,
            self.secondCoordinates.count, self.colors.count, self.alphas.count, self.indices.count,
        ]
    }
}
