extension GLTF {
    struct Material: Decodable {
        var name: String?
        var pbrMetallicRoughness: MetallicRoughness?
        var normalTexture: TextureInfo?
        var emissiveTexture: TextureInfo?
        var emissiveFactor: [Double]?
        var alphaMode: String?
        var alphaCutoff: Double?
        var doubleSided: Bool?
        var extensions: Extensions?

        /// The textures that are read, and what each is for; that of the base colour comes first.
        var textures: [(use: String, texture: TextureInfo)] {
            let pbr = self.pbrMetallicRoughness
            let all: [(use: String, texture: TextureInfo?)] =
                [
                    ("base colour", pbr?.baseColorTexture ?? self.extensions?.specularGlossiness?.diffuseTexture),
                    ("normal", self.normalTexture), ("metallic-roughness", pbr?.metallicRoughnessTexture),
                    ("emission", self.emissiveTexture),
                ] + (self.extensions?.textures ?? [])
            return all.compactMap { item in item.texture.map { (item.use, $0) } }
        }

        /// The sets of texture coordinates that the textures use, that of the base colour or else of what follows it first.
        var coordinateSets: [Int] {
            self.textures.map(\.texture.coordinateSet).reduce(into: []) { sets, set in
                if !sets.contains(set) { sets.append(set) }
            }
        }

        struct MetallicRoughness: Decodable {
            var baseColorFactor: [Double]?
            var baseColorTexture: TextureInfo?
            var metallicFactor: Double?
            var roughnessFactor: Double?
            var metallicRoughnessTexture: TextureInfo?
        }

        struct Extensions: Decodable {
            var emissiveStrength: EmissiveStrength?
            var transmission: Transmission?
            var volume: Volume?
            var ior: IOR?
            var specular: Specular?
            var clearcoat: Clearcoat?
            var sheen: Sheen?
            var iridescence: Iridescence?
            var anisotropy: Anisotropy?
            var diffuseTransmission: DiffuseTransmission?
            var dispersion: Dispersion?
            var subsurface: Subsurface?
            var unlit: Unlit?
            var specularGlossiness: SpecularGlossiness?
            var layers: Layers?

            enum CodingKeys: String, CodingKey {
                case emissiveStrength = "KHR_materials_emissive_strength"
                case transmission = "KHR_materials_transmission"
                case volume = "KHR_materials_volume"
                case specular = "KHR_materials_specular"
                case clearcoat = "KHR_materials_clearcoat"
                case sheen = "KHR_materials_sheen"
                case iridescence = "KHR_materials_iridescence"
                case anisotropy = "KHR_materials_anisotropy"
                case diffuseTransmission = "KHR_materials_diffuse_transmission"
                case dispersion = "KHR_materials_dispersion"
                case subsurface = "TESSERA_subsurface"
                case ior = "KHR_materials_ior"
                case unlit = "KHR_materials_unlit"
                case specularGlossiness = "KHR_materials_pbrSpecularGlossiness"
                case layers = "TESSERA_layers"
            }
        }

        struct EmissiveStrength: Decodable {
            var emissiveStrength: Double?
        }

        struct Transmission: Decodable {
            var transmissionFactor: Double?
            var transmissionTexture: TextureInfo?
        }

        struct IOR: Decodable {
            var ior: Double?
        }

        struct Unlit: Decodable {}

        struct SpecularGlossiness: Decodable {
            var diffuseFactor: [Double]?
            var diffuseTexture: TextureInfo?
            var specularFactor: [Double]?
            var glossinessFactor: Double?
            var specularGlossinessTexture: TextureInfo?
        }
    }

    struct TextureInfo: Decodable {
        var index: Int
        var texCoord: Int?
        var scale: Double?
        var extensions: Extensions?

        struct Extensions: Decodable {
            var transform: TextureTransform?

            enum CodingKeys: String, CodingKey {
                case transform = "KHR_texture_transform"
            }
        }

        /// The texture coordinate set, which a texture transform may replace.
        var coordinateSet: Int { self.extensions?.transform?.texCoord ?? self.texCoord ?? 0 }
    }

    struct TextureTransform: Decodable {
        var offset: [Double]?
        var rotation: Double?
        var scale: [Double]?
        var texCoord: Int?
    }
}
