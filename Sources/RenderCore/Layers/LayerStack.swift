/// Interfaces and media on top of each other, from the outermost to the ground, as varnish on lacquer on metal.
///
/// Light is followed through them by a random walk, so all that happens between them is there: colours deepen with the
/// angle, coats reflect what lower layers send up, rough coats blur what lies below.
///
/// ```swift
/// let scale = LayerStack([
///     .dielectric(ior: 1.5, roughness: 0.1, film: .init(ior: 1.8, thickness: 420)),
///     .medium(absorption: SIMD3(0.2, 0.05, 0.4)),
///     .flakes(color: SIMD3(1, 0.8, 0.5), roughness: 0.4, coverage: 0.3),
///     .medium(absorption: SIMD3(0.5, 0.1, 0.9)),
///     .metal(color: SIMD3(0.9, 0.7, 0.4), roughness: 0.3),
/// ])
/// ```
///
/// It lets no light through: the last layer is metal or diffuse, and no other is. Rough interfaces lose the light that
/// would bounce between their facets, as single-scattering GGX lobes do.
public struct LayerStack: Sendable, Equatable {
    /// The most layers.
    public static let layersMax = 16

    /// From the outermost to the ground, 1...``layersMax``.
    public var layers: [Layer]

    /// Creates a stack; it is checked when a scene is encoded.
    public init(_ layers: [Layer]) {
        self.layers = layers
    }
}

/// The ranges of the numbers of a stack.
enum LayerRange {
    /// The optical depth of a medium.
    static var depth: ClosedRange<Float> { 0 ... 64 }
    /// The mean cosine of scattering.
    static var anisotropy: ClosedRange<Float> { -0x1.e66666p-1 ... 0x1.e66666p-1 }
    /// The thickness of a film in nanometres.
    static var film: ClosedRange<Float> { 0 ... 2_000 }
    /// The most stacks of a scene: each takes up to a millisecond to load.
    static var stacksMax: Int { 4_096 }
    /// The most steps of one walk: crossings of media and interfaces together.
    static var stepsMax: UInt32 { 1_024 }
}
