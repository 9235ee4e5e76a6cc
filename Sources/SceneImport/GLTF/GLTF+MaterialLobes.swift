// Khronos' extensions of materials that add lobes or change them.
extension GLTF {
    /// `KHR_materials_specular`.
    struct Specular: Decodable {
        var specularFactor: Double?
        var specularTexture: TextureInfo?
        var specularColorFactor: [Double]?
        var specularColorTexture: TextureInfo?
    }

    /// `KHR_materials_clearcoat`.
    struct Clearcoat: Decodable {
        var clearcoatFactor: Double?
        var clearcoatTexture: TextureInfo?
        var clearcoatRoughnessFactor: Double?
        var clearcoatRoughnessTexture: TextureInfo?
        var clearcoatNormalTexture: TextureInfo?
    }

    /// `KHR_materials_volume`; thickness textures are for renderers that do not trace rays.
    struct Volume: Decodable {
        var thicknessFactor: Double?
        var attenuationDistance: Double?
        var attenuationColor: [Double]?
    }

    /// `KHR_materials_sheen`.
    struct Sheen: Decodable {
        var sheenColorFactor: [Double]?
        var sheenColorTexture: TextureInfo?
        var sheenRoughnessFactor: Double?
        var sheenRoughnessTexture: TextureInfo?
    }

    /// `KHR_materials_iridescence`.
    struct Iridescence: Decodable {
        var iridescenceFactor: Double?
        var iridescenceTexture: TextureInfo?
        var iridescenceIor: Double?
        var iridescenceThicknessMinimum: Double?
        var iridescenceThicknessMaximum: Double?
        var iridescenceThicknessTexture: TextureInfo?
    }

    /// `KHR_materials_anisotropy`.
    struct Anisotropy: Decodable {
        var anisotropyStrength: Double?
        var anisotropyRotation: Double?
        var anisotropyTexture: TextureInfo?
    }

    /// `KHR_materials_diffuse_transmission`.
    struct DiffuseTransmission: Decodable {
        var diffuseTransmissionFactor: Double?
        var diffuseTransmissionTexture: TextureInfo?
        var diffuseTransmissionColorFactor: [Double]?
        var diffuseTransmissionColorTexture: TextureInfo?
    }

    /// `KHR_materials_dispersion`.
    struct Dispersion: Decodable {
        var dispersion: Double?
    }
}

extension GLTF {
    /// `TESSERA_subsurface`; `Schemas/TESSERA_subsurface.md` describes it.
    struct Subsurface: Decodable {
        var color: [Double]?
        var distance: [Double]
        var anisotropy: Double?
    }
}

extension GLTF.Material {
    /// Whether the tangents of a mesh matter.
    var hasTangents: Bool {
        self.normalTexture != nil || self.extensions?.clearcoat?.clearcoatNormalTexture != nil
            || self.extensions?.anisotropy != nil
    }
}

extension GLTF.Material.Extensions {
    /// The textures of all lobes, and what each is for.
    var textures: [(use: String, texture: GLTF.TextureInfo?)] {
        [
            ("transmission", self.transmission?.transmissionTexture), ("specular", self.specular?.specularTexture),
            ("specular colour", self.specular?.specularColorTexture), ("clear coat", self.clearcoat?.clearcoatTexture),
            ("clear coat roughness", self.clearcoat?.clearcoatRoughnessTexture),
            ("clear coat normal", self.clearcoat?.clearcoatNormalTexture),
            ("sheen colour", self.sheen?.sheenColorTexture), ("sheen roughness", self.sheen?.sheenRoughnessTexture),
            ("iridescence", self.iridescence?.iridescenceTexture),
            ("iridescence thickness", self.iridescence?.iridescenceThicknessTexture),
            ("anisotropy", self.anisotropy?.anisotropyTexture),
            ("diffuse transmission", self.diffuseTransmission?.diffuseTransmissionTexture),
            ("diffuse transmission colour", self.diffuseTransmission?.diffuseTransmissionColorTexture),
            ("specular-glossiness", self.specularGlossiness?.specularGlossinessTexture),
        ]
    }
}
