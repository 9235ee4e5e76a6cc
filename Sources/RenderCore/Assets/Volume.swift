/// What fills a box without a surface: smoke, fire, haze, spray.
///
/// Densities lie at the points of a regular grid, between which they are interpolated; outside of the box there is
/// nothing. A grid of 2 x 2 x 2 equal numbers is a homogeneous box. Volumes may overlap, and surfaces may stand in them.
/// What a solid surface encloses, as a bottle of glass its walls, holds nothing of the volumes around it, but those that are
/// ``isEnclosed``: smoke in a ball of glass, cut off by the ball.
public struct Volume: Sendable, Equatable {
    /// The number of points along x, 2...2048.
    public var width: Int
    /// The number of points along y, 2...2048.
    public var height: Int
    /// The number of points along z, 2...2048.
    public var depth: Int
    /// Where the first point is, in metres.
    public var low: SIMD3<Float>
    /// Where the last point is, above ``low`` in each coordinate, in metres.
    public var high: SIMD3<Float>
    /// One number a point, not negative, x fastest, then y; kept in 16 bits relative to the largest.
    public var densities: [Float]
    /// One number of 0...1 a point or nothing: where on ``emission`` it lies.
    public var temperatures: [Float]
    /// The coefficients of absorption at density one, per metre of the world.
    public var absorption: SIMD3<Float>
    /// The coefficients of scattering at density one, per metre of the world.
    public var scattering: SIMD3<Float>
    /// The mean cosine of the angle that a particle turns light by, -0.95...0.95.
    public var anisotropy: Float
    /// The radiance that is emitted at density one, per metre of the world; nothing where nothing glows.
    ///
    /// Up to 256 colours for temperatures from 0 to 1, interpolated; without temperatures, for densities from zero to the
    /// largest.
    public var emission: [SIMD3<Float>]
    /// Whether it fills what solid surfaces enclose of its box, and nothing else, instead of everything but that.
    public var isEnclosed: Bool

    /// Creates a volume; nothing is checked before ``SceneAssets/encoded()``.
    public init(
        width: Int,
        height: Int,
        depth: Int,
        low: SIMD3<Float>,
        high: SIMD3<Float>,
        densities: [Float],
        temperatures: [Float] = [],
        absorption: SIMD3<Float> = SIMD3(0, 0, 0),
        scattering: SIMD3<Float> = SIMD3(0, 0, 0),
        anisotropy: Float = 0,
        emission: [SIMD3<Float>] = [],
        isEnclosed: Bool = false
    ) {
        self.width = width
        self.height = height
        self.depth = depth
        self.low = low
        self.high = high
        self.densities = densities
        self.temperatures = temperatures
        self.absorption = absorption
        self.scattering = scattering
        self.anisotropy = anisotropy
        self.emission = emission
        self.isEnclosed = isEnclosed
    }
}

/// A volume placed in the world.
public struct VolumeInstance: Sendable, Equatable {
    /// The index of the volume in ``SceneAssets/volumes``.
    public var volume: Int
    /// Object to world; coefficients are per metre of the world whatever its scale.
    public var transform: Transform

    /// Places a volume; by default where it was modelled.
    public init(volume: Int, transform: Transform = Transform()) {
        self.volume = volume
        self.transform = transform
    }
}
