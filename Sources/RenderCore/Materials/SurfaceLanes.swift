/// Points of surfaces that rays have found, with their materials evaluated there.
struct SurfaceLanes: BitwiseCopyable {
    var point: Vector3Lanes
    /// The geometric normal on the side that the ray came from.
    var geometricNormal: Vector3Lanes
    /// The shading frame, its normal on the same side.
    var frame: ShadingFrameLanes
    /// Whether the front was hit.
    var isFront: MaskLanes
    var baseColor: Vector3Lanes
    var metallic: FloatLanes
    var roughness: FloatLanes
    var ior: FloatLanes
    /// The dielectric's reflectance at normal incidence and at grazing angles.
    var coatReflectance: FloatLanes
    var coatGrazing: FloatLanes
    /// How much goes through the surface, straight or diffusely.
    var transmission: FloatLanes
    /// The number of the layer stack that takes the place of all these but the colour; the largest number where none does.
    var layers: UIntLanes
    /// The radiance sent towards the ray's origin.
    var emission: Vector3Lanes
    /// The number of the triangle, or of the particle in its set, when light samples can find it; else the largest number.
    var emitter: UIntLanes
    /// The area of the triangle.
    var area: FloatLanes
    /// The coefficients of absorption behind the surface, per metre.
    var absorption: Vector3Lanes
    /// The lanes, as bits, that see particles.
    var particles: UInt32
    /// The lanes, as bits, whose surfaces part colours.
    var disperses: UInt32
    /// The lanes, as bits, that ``BSDF`` is not enough for.
    var hasLobes: UInt32
    /// The lanes, as bits, behind whose surfaces particles scatter light.
    var scatters: UInt32
    /// The lanes, as bits, whose surfaces enclose something that light goes through.
    var solid: UInt32
}
