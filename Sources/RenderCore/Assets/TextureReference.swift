/// How a material reads a picture.
public struct TextureReference: Sendable, Equatable {
    /// What happens to coordinates outside 0...1.
    public enum Wrap: UInt32, Sendable, BitwiseCopyable {
        /// The picture is tiled.
        case `repeat` = 0
        /// The edge goes on.
        case clampToEdge = 1
        /// The picture is tiled, every other one mirrored.
        case mirroredRepeat = 2
    }

    /// An affine map of texture coordinates: u' = a u + b v + c, v' = d u + e v + f.
    public struct Transform: Sendable, Equatable, BitwiseCopyable {
        /// The factor of u in u'.
        public var a: Float
        /// The factor of v in u'.
        public var b: Float
        /// The offset of u'.
        public var c: Float
        /// The factor of u in v'.
        public var d: Float
        /// The factor of v in v'.
        public var e: Float
        /// The offset of v'.
        public var f: Float

        /// Creates a map; by default the identity.
        public init(a: Float = 1, b: Float = 0, c: Float = 0, d: Float = 0, e: Float = 1, f: Float = 0) {
            self.a = a
            self.b = b
            self.c = c
            self.d = d
            self.e = e
            self.f = f
        }
    }

    /// The index of the picture in ``SceneAssets/images``.
    public var image: Int
    /// Wrapping of u'.
    public var wrapS: Wrap
    /// Wrapping of v'.
    public var wrapT: Wrap
    /// Whether the nearest texel is taken instead of a bilinear blend of four.
    public var isNearest: Bool
    /// Whether the mesh's second set of texture coordinates counts, where it has one.
    public var usesSecondCoordinates: Bool
    /// Applied to the mesh's texture coordinates; (0, 0) is the picture's top left corner, v points down.
    public var transform: Transform

    /// Creates a bilinear, repeating reference.
    public init(
        image: Int,
        wrapS: Wrap = .repeat,
        wrapT: Wrap = .repeat,
        isNearest: Bool = false,
        usesSecondCoordinates: Bool = false,
        transform: Transform = Transform()
    ) {
        self.image = image
        self.wrapS = wrapS
        self.wrapT = wrapT
        self.isNearest = isNearest
        self.usesSecondCoordinates = usesSecondCoordinates
        self.transform = transform
    }
}
