/// A surface after glTF 2.0: metallic-roughness with emission, transmission, coverage and Khronos' further lobes.
public struct Material: Sendable, Equatable {
    /// How ``baseColor``'s fourth component and its texture's alpha are used.
    public enum AlphaMode: UInt32, Sendable, BitwiseCopyable {
        /// Alpha is ignored.
        case opaque = 0
        /// The surface is there where alpha is at least ``Material/alphaCutoff``.
        case mask = 1
        /// The surface is there for the fraction alpha of the rays.
        case blend = 2
    }

    /// Linear colour and alpha, each 0...1.
    public var baseColor: SIMD4<Float>
    /// Multiplies ``baseColor``, alpha included.
    public var baseColorTexture: TextureReference?
    /// 0 for a dielectric, 1 for a metal.
    public var metallic: Float
    /// Perceptual roughness, 0...1; its square is the width of the GGX distribution.
    public var roughness: Float
    /// Green multiplies ``roughness``, blue ``metallic``.
    public var metallicRoughnessTexture: TextureReference?
    /// Emitted radiance with any strength multiplied in, W/(sr m2) per colour, not negative.
    public var emission: SIMD3<Float>
    /// Multiplies ``emission``.
    public var emissionTexture: TextureReference?
    /// A tangent-space normal map.
    ///
    /// Occlusion maps have no place here: paths find out themselves what is occluded.
    public var normalTexture: TextureReference?
    /// Multiplies the x and y of the normal map.
    public var normalScale: Float
    /// The index of refraction of the inside (the side that the front turns its back to), 1...4.
    public var ior: Float
    /// The fraction of the dielectric's inner light that passes through, refracted by ``ior``, 0...1.
    public var transmission: Float
    /// Its red multiplies ``transmission``.
    public var transmissionTexture: TextureReference?
    /// How far the colours part in a volume: 20 over the Abbe number, 0...64, as in `KHR_materials_dispersion`.
    public var dispersion: Float
    /// The colour that white light has after ``attenuationDistance`` inside, each 0...1, as in `KHR_materials_volume`.
    public var attenuationColor: SIMD3<Float>
    /// See ``attenuationColor``; in metres, above zero, infinite for a clear inside.
    public var attenuationDistance: Float
    /// Above zero where the surface encloses a volume, whatever the number; zero for a thin wall, which bends nothing.
    public var thickness: Float
    /// What alpha does.
    public var alphaMode: AlphaMode
    /// The threshold of ``AlphaMode/mask``.
    public var alphaCutoff: Float
    /// Whether the back emits as the front does.
    ///
    /// Both sides are always visible.
    public var isDoubleSided: Bool
    /// What changes the reflection of a dielectric.
    public var specular: Specular?
    /// A clear coat over everything.
    public var clearcoat: Clearcoat?
    /// The sheen of cloth.
    public var sheen: Sheen?
    /// A thin film.
    public var iridescence: Iridescence?
    /// Grooves.
    public var anisotropy: Anisotropy?
    /// Diffuse light on the other side.
    public var diffuseTransmission: DiffuseTransmission?
    /// Particles inside.
    public var scattering: Scattering?
    /// Layers that take the place of the metallic-roughness mixture; alpha, emission and the normal map stay.
    ///
    /// The base colour multiplies that of the last layer. Both sides of a surface look alike.
    public var layers: LayerStack?

    /// Creates a material; the defaults are a white, rough dielectric.
    public init(
        baseColor: SIMD4<Float> = SIMD4(1, 1, 1, 1),
        baseColorTexture: TextureReference? = nil,
        metallic: Float = 0,
        roughness: Float = 1,
        metallicRoughnessTexture: TextureReference? = nil,
        emission: SIMD3<Float> = SIMD3(0, 0, 0),
        emissionTexture: TextureReference? = nil,
        normalTexture: TextureReference? = nil,
        normalScale: Float = 1,
        ior: Float = 1.5,
        transmission: Float = 0,
        transmissionTexture: TextureReference? = nil,
        dispersion: Float = 0,
        attenuationColor: SIMD3<Float> = SIMD3(1, 1, 1),
        attenuationDistance: Float = .infinity,
        thickness: Float = 0,
        alphaMode: AlphaMode = .opaque,
        alphaCutoff: Float = 0.5,
        isDoubleSided: Bool = false,
        specular: Specular? = nil,
        clearcoat: Clearcoat? = nil,
        sheen: Sheen? = nil,
        iridescence: Iridescence? = nil,
        anisotropy: Anisotropy? = nil,
        diffuseTransmission: DiffuseTransmission? = nil,
        scattering: Scattering? = nil,
        layers: LayerStack? = nil
    ) {
        self.baseColor = baseColor
        self.baseColorTexture = baseColorTexture
        self.metallic = metallic
        self.roughness = roughness
        self.metallicRoughnessTexture = metallicRoughnessTexture
        self.emission = emission
        self.emissionTexture = emissionTexture
        self.normalTexture = normalTexture
        self.normalScale = normalScale
        self.ior = ior
        self.transmission = transmission
        self.transmissionTexture = transmissionTexture
        self.dispersion = dispersion
        self.attenuationColor = attenuationColor
        self.attenuationDistance = attenuationDistance
        self.thickness = thickness
        self.alphaMode = alphaMode
        self.alphaCutoff = alphaCutoff
        self.isDoubleSided = isDoubleSided
        self.specular = specular
        self.clearcoat = clearcoat
        self.sheen = sheen
        self.iridescence = iridescence
        self.anisotropy = anisotropy
        self.diffuseTransmission = diffuseTransmission
        self.scattering = scattering
        self.layers = layers
    }
}
