/// One interface or medium of a ``LayerStack``.
///
/// Interfaces are planes that reflect and let through; media lie between them. All media are plane-parallel slabs, so only
/// their optical depths matter: coefficient times thickness.
public enum Layer: Sendable, Equatable {
    /// A film thinner than a few wavelengths, which makes reflections iridescent.
    public struct Film: Sendable, Equatable {
        /// The index of refraction, 1...4.
        public var ior: Float
        /// The thickness in nanometres, 0...2000.
        public var thickness: Float

        /// Creates a film.
        public init(ior: Float, thickness: Float) {
            self.ior = ior
            self.thickness = thickness
        }
    }

    /// The surface of a coat.
    ///
    /// `ior` is the index of refraction below it, relative to air, 1...4; `roughness` is perceptual, 0...1.
    case dielectric(ior: Float, roughness: Float, film: Film? = nil)
    /// Metal flakes that lie about parallel to the surface and cover a fraction `coverage`, 0...1, of it.
    ///
    /// Both sides reflect; `roughness` spreads their normals.
    case flakes(color: SIMD3<Float>, roughness: Float, coverage: Float)
    /// A slab that absorbs and scatters.
    ///
    /// `absorption` holds an optical depth per colour and `scattering` one for all colours, each 0...64. A scattered ray
    /// keeps the fraction `albedo` per colour, and turns by a mean cosine of `anisotropy`, -0.95...0.95.
    case medium(
        absorption: SIMD3<Float>,
        scattering: Float = 0,
        albedo: SIMD3<Float> = SIMD3(1, 1, 1),
        anisotropy: Float = 0
    )
    /// A metal that ends the stack; `color` is its reflectance at normal incidence.
    case metal(color: SIMD3<Float>, roughness: Float, film: Film? = nil)
    /// A diffuse ground that ends the stack.
    case diffuse(color: SIMD3<Float>)
}
