/// Many spheres with one material: spray, sand, sparks.
///
/// A particle takes 20 bytes in a blob, four more where it glows and 12 where it moves. It has no texture coordinates and no
/// holes; textures of the material are not used.
public struct ParticleSet: Sendable, Equatable {
    /// Three numbers a particle, in metres.
    public var centers: [Float]
    /// One number a particle, in metres: 1e-9 to 1e9.
    public var radii: [Float]
    /// One number a particle, or nothing for white: red in the lowest byte, then green and blue, as sRGB codes.
    ///
    /// Multiplies the base color and the emission of the material.
    public var colors: [UInt32]
    /// ``centers`` when the shutter closes, or nothing for particles that stand still; see ``SceneFrame``.
    public var closingCenters: [Float]
    /// The index of the material in ``SceneAssets/materials``.
    public var material: Int

    /// Creates a set; nothing is checked before ``SceneAssets/encoded()``.
    public init(
        centers: [Float],
        radii: [Float],
        colors: [UInt32] = [],
        closingCenters: [Float] = [],
        material: Int = 0
    ) {
        self.centers = centers
        self.radii = radii
        self.colors = colors
        self.closingCenters = closingCenters
        self.material = material
    }
}
