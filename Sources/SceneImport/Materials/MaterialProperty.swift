/// What an animation changes at a material (`KHR_animation_pointer`).
enum MaterialProperty: Hashable, Sendable {
    /// A number or a colour.
    case value(MaterialValue)
    /// How one of its textures lies (`KHR_texture_transform`).
    case placement(MaterialTexture, TexturePlacement)

    enum TexturePlacement: String {
        case offset, rotation, scale
    }

    /// Reads what follows `/materials/3/` in a pointer.
    init?(path: String) {
        if let value = MaterialValue(rawValue: path) {
            self = .value(value)
            return
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 3, parts[parts.count - 3] == "extensions",
            parts[parts.count - 2] == "KHR_texture_transform",
            let texture = MaterialTexture(rawValue: parts.dropLast(3).joined(separator: "/")),
            let placement = TexturePlacement(rawValue: String(parts[parts.count - 1]))
        else { return nil }
        self = .placement(texture, placement)
    }

    /// The type of one value.
    var shape: AccessorReader.Shape {
        switch self {
        case .value(let value): value.shape
        case .placement(_, .rotation): .scalar
        case .placement: .vector2
        }
    }

    /// Whether it decides how brightly the material glows.
    func changesLight(of material: GLTF.Material) -> Bool {
        switch self {
        case .value(.emission), .value(.emissiveStrength): true
        case .value(.baseColor), .value(.diffuse): material.extensions?.unlit != nil
        default: false
        }
    }

    /// Gives a material a value, and says whether it has what the value is for.
    func set(_ v: SIMD4<Double>, in material: inout GLTF.Material) -> Bool {
        switch self {
        case .value(let value): return value.set(v, in: &material)
        case .placement(let texture, let placement):
            return texture.change(in: &material) { info in
                var transform = info.extensions?.transform ?? GLTF.TextureTransform()
                switch placement {
                case .offset: transform.offset = [v.x, v.y]
                case .rotation: transform.rotation = v.x
                case .scale: transform.scale = [v.x, v.y]
                }
                info.extensions = GLTF.TextureInfo.Extensions(transform: transform)
            }
        }
    }
}

/// The numbers and colours of a material that animations may change, under the paths of the object model.
enum MaterialValue: String, Sendable {
    case baseColor = "pbrMetallicRoughness/baseColorFactor"
    case metallic = "pbrMetallicRoughness/metallicFactor"
    case roughness = "pbrMetallicRoughness/roughnessFactor"
    case emission = "emissiveFactor"
    case alphaCutoff
    case normalScale = "normalTexture/scale"
    case emissiveStrength = "extensions/KHR_materials_emissive_strength/emissiveStrength"
    case transmission = "extensions/KHR_materials_transmission/transmissionFactor"
    case thickness = "extensions/KHR_materials_volume/thicknessFactor"
    case attenuationDistance = "extensions/KHR_materials_volume/attenuationDistance"
    case attenuationColor = "extensions/KHR_materials_volume/attenuationColor"
    case ior = "extensions/KHR_materials_ior/ior"
    case specular = "extensions/KHR_materials_specular/specularFactor"
    case specularColor = "extensions/KHR_materials_specular/specularColorFactor"
    case clearcoat = "extensions/KHR_materials_clearcoat/clearcoatFactor"
    case clearcoatRoughness = "extensions/KHR_materials_clearcoat/clearcoatRoughnessFactor"
    case clearcoatNormalScale = "extensions/KHR_materials_clearcoat/clearcoatNormalTexture/scale"
    case sheenColor = "extensions/KHR_materials_sheen/sheenColorFactor"
    case sheenRoughness = "extensions/KHR_materials_sheen/sheenRoughnessFactor"
    case iridescence = "extensions/KHR_materials_iridescence/iridescenceFactor"
    case iridescenceIor = "extensions/KHR_materials_iridescence/iridescenceIor"
    case iridescenceMinimum = "extensions/KHR_materials_iridescence/iridescenceThicknessMinimum"
    case iridescenceMaximum = "extensions/KHR_materials_iridescence/iridescenceThicknessMaximum"
    case anisotropy = "extensions/KHR_materials_anisotropy/anisotropyStrength"
    case anisotropyRotation = "extensions/KHR_materials_anisotropy/anisotropyRotation"
    case diffuseTransmission = "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionFactor"
    case diffuseTransmissionColor = "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionColorFactor"
    case dispersion = "extensions/KHR_materials_dispersion/dispersion"
    case diffuse = "extensions/KHR_materials_pbrSpecularGlossiness/diffuseFactor"
    case specularOfOldKind = "extensions/KHR_materials_pbrSpecularGlossiness/specularFactor"
    case glossiness = "extensions/KHR_materials_pbrSpecularGlossiness/glossinessFactor"
    case subsurfaceColor = "extensions/TESSERA_subsurface/color"
    case subsurfaceDistance = "extensions/TESSERA_subsurface/distance"
    case subsurfaceAnisotropy = "extensions/TESSERA_subsurface/anisotropy"

    var shape: AccessorReader.Shape {
        switch self {
        case .baseColor, .diffuse: .vector4
        case .emission, .attenuationColor, .specularColor, .sheenColor, .diffuseTransmissionColor, .specularOfOldKind,
            .subsurfaceColor, .subsurfaceDistance:
            .vector3
        default: .scalar
        }
    }

    /// Gives a material a value, and says whether it has what the value is for.
    ///
    /// Splines may swing beyond what a number can be; there it stays at the end of its range.
    func set(_ v: SIMD4<Double>, in material: inout GLTF.Material) -> Bool {
        let three = [v.x, v.y, v.z]
        let positive = three.map { max(0, $0) }
        switch self {
        case .baseColor, .metallic, .roughness:
            var pbr = material.pbrMetallicRoughness ?? GLTF.Material.MetallicRoughness()
            switch self {
            case .baseColor: pbr.baseColorFactor = three + [v.w]
            case .metallic: pbr.metallicFactor = v.x
            default: pbr.roughnessFactor = v.x
            }
            material.pbrMetallicRoughness = pbr
        case .emission: material.emissiveFactor = positive
        case .alphaCutoff: material.alphaCutoff = v.x
        case .normalScale: return (material.normalTexture?.scale = v.x) != nil
        default:
            guard var extensions = material.extensions else { return false }
            defer { material.extensions = extensions }
            return self.set(v, in: &extensions)
        }
        return true
    }

    private func set(_ v: SIMD4<Double>, in all: inout GLTF.Material.Extensions) -> Bool {
        let x = v.x
        let three = [v.x, v.y, v.z]
        switch self {
        case .emissiveStrength: return (all.emissiveStrength?.emissiveStrength = max(0, x)) != nil
        case .transmission: return (all.transmission?.transmissionFactor = x) != nil
        case .thickness: return (all.volume?.thicknessFactor = x) != nil
        case .attenuationDistance: return (all.volume?.attenuationDistance = max(1e-9, x)) != nil
        case .attenuationColor: return (all.volume?.attenuationColor = three) != nil
        case .ior: return (all.ior?.ior = x) != nil
        case .specular: return (all.specular?.specularFactor = x) != nil
        case .specularColor: return (all.specular?.specularColorFactor = three) != nil
        case .clearcoat: return (all.clearcoat?.clearcoatFactor = x) != nil
        case .clearcoatRoughness: return (all.clearcoat?.clearcoatRoughnessFactor = x) != nil
        case .clearcoatNormalScale: return (all.clearcoat?.clearcoatNormalTexture?.scale = x) != nil
        case .sheenColor: return (all.sheen?.sheenColorFactor = three) != nil
        case .sheenRoughness: return (all.sheen?.sheenRoughnessFactor = x) != nil
        case .iridescence: return (all.iridescence?.iridescenceFactor = x) != nil
        case .iridescenceIor: return (all.iridescence?.iridescenceIor = x) != nil
        case .iridescenceMinimum: return (all.iridescence?.iridescenceThicknessMinimum = x) != nil
        case .iridescenceMaximum: return (all.iridescence?.iridescenceThicknessMaximum = x) != nil
        case .anisotropy: return (all.anisotropy?.anisotropyStrength = x) != nil
        case .anisotropyRotation: return (all.anisotropy?.anisotropyRotation = x) != nil
        case .diffuseTransmission: return (all.diffuseTransmission?.diffuseTransmissionFactor = x) != nil
        case .diffuseTransmissionColor:
            return (all.diffuseTransmission?.diffuseTransmissionColorFactor = three) != nil
        case .dispersion: return (all.dispersion?.dispersion = x) != nil
        case .diffuse: return (all.specularGlossiness?.diffuseFactor = three + [v.w]) != nil
        case .specularOfOldKind: return (all.specularGlossiness?.specularFactor = three) != nil
        case .glossiness:
            // A glossiness texture is turned into one of roughness once, with the factor in it.
            guard all.specularGlossiness?.specularGlossinessTexture == nil else { return false }
            return (all.specularGlossiness?.glossinessFactor = x) != nil
        case .subsurfaceColor: return (all.subsurface?.color = three) != nil
        case .subsurfaceDistance: return (all.subsurface?.distance = three.map { max(1e-9, $0) }) != nil
        case .subsurfaceAnisotropy: return (all.subsurface?.anisotropy = x) != nil
        default: return false
        }
    }
}

/// The textures of a material whose places animations may change, under the paths of the object model.
enum MaterialTexture: String, Sendable {
    case baseColor = "pbrMetallicRoughness/baseColorTexture"
    case metallicRoughness = "pbrMetallicRoughness/metallicRoughnessTexture"
    case normal = "normalTexture"
    case emission = "emissiveTexture"
    case transmission = "extensions/KHR_materials_transmission/transmissionTexture"
    case specular = "extensions/KHR_materials_specular/specularTexture"
    case specularColor = "extensions/KHR_materials_specular/specularColorTexture"
    case clearcoat = "extensions/KHR_materials_clearcoat/clearcoatTexture"
    case clearcoatRoughness = "extensions/KHR_materials_clearcoat/clearcoatRoughnessTexture"
    case clearcoatNormal = "extensions/KHR_materials_clearcoat/clearcoatNormalTexture"
    case sheenColor = "extensions/KHR_materials_sheen/sheenColorTexture"
    case sheenRoughness = "extensions/KHR_materials_sheen/sheenRoughnessTexture"
    case iridescence = "extensions/KHR_materials_iridescence/iridescenceTexture"
    case iridescenceThickness = "extensions/KHR_materials_iridescence/iridescenceThicknessTexture"
    case anisotropy = "extensions/KHR_materials_anisotropy/anisotropyTexture"
    case diffuseTransmission = "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionTexture"
    case diffuseTransmissionColor = "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionColorTexture"
    case diffuse = "extensions/KHR_materials_pbrSpecularGlossiness/diffuseTexture"
    case specularGlossiness = "extensions/KHR_materials_pbrSpecularGlossiness/specularGlossinessTexture"

    /// Changes a material's texture, and says whether it has that.
    func change(in material: inout GLTF.Material, _ body: (inout GLTF.TextureInfo) -> Void) -> Bool {
        switch self {
        case .baseColor: return material.pbrMetallicRoughness?.baseColorTexture?.change(body) != nil
        case .metallicRoughness: return material.pbrMetallicRoughness?.metallicRoughnessTexture?.change(body) != nil
        case .normal: return material.normalTexture?.change(body) != nil
        case .emission: return material.emissiveTexture?.change(body) != nil
        default:
            guard var all = material.extensions else { return false }
            defer { material.extensions = all }
            return self.change(in: &all, body)
        }
    }

    private func change(in all: inout GLTF.Material.Extensions, _ body: (inout GLTF.TextureInfo) -> Void) -> Bool {
        switch self {
        case .transmission: all.transmission?.transmissionTexture?.change(body) != nil
        case .specular: all.specular?.specularTexture?.change(body) != nil
        case .specularColor: all.specular?.specularColorTexture?.change(body) != nil
        case .clearcoat: all.clearcoat?.clearcoatTexture?.change(body) != nil
        case .clearcoatRoughness: all.clearcoat?.clearcoatRoughnessTexture?.change(body) != nil
        case .clearcoatNormal: all.clearcoat?.clearcoatNormalTexture?.change(body) != nil
        case .sheenColor: all.sheen?.sheenColorTexture?.change(body) != nil
        case .sheenRoughness: all.sheen?.sheenRoughnessTexture?.change(body) != nil
        case .iridescence: all.iridescence?.iridescenceTexture?.change(body) != nil
        case .iridescenceThickness: all.iridescence?.iridescenceThicknessTexture?.change(body) != nil
        case .anisotropy: all.anisotropy?.anisotropyTexture?.change(body) != nil
        case .diffuseTransmission: all.diffuseTransmission?.diffuseTransmissionTexture?.change(body) != nil
        case .diffuseTransmissionColor: all.diffuseTransmission?.diffuseTransmissionColorTexture?.change(body) != nil
        case .diffuse: all.specularGlossiness?.diffuseTexture?.change(body) != nil
        case .specularGlossiness: all.specularGlossiness?.specularGlossinessTexture?.change(body) != nil
        default: false
        }
    }
}

extension GLTF.TextureInfo {
    fileprivate mutating func change(_ body: (inout GLTF.TextureInfo) -> Void) { body(&self) }
}
