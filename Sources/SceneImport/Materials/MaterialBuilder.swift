import RenderCore

/// Turns glTF materials into the renderer's.
struct MaterialBuilder {
    /// Loads the pictures of the materials.
    var textures: TextureLoader
    /// The reflectance of the largest index of refraction: (4 - 1)^2 / (4 + 1)^2.
    private static let largestReflectance = 0.36

    init(textures: TextureLoader) {
        self.textures = textures
    }

    /// What glTF prescribes for a primitive without a material.
    static let defaultMaterial = Material(metallic: 1, roughness: 1)

    /// Builds all materials of a file.
    mutating func buildAll(_ sources: [GLTF.Material]) throws(ImportError) -> [Material] {
        var materials: [Material] = []
        for (index, source) in sources.enumerated() { materials.append(try self.build(source, index: index)) }
        return materials
    }

    /// Builds material number `index`.
    mutating func build(_ source: GLTF.Material, index: Int) throws(ImportError) -> Material {
        do throws(ImportError) {
            return try self.build(source)
        } catch {
            let name = source.name.map { " \"\(ResourceLoader.shortened($0))\"" } ?? ""
            throw error.located(at: "material \(index)\(name)")
        }
    }

    private mutating func build(_ source: GLTF.Material) throws(ImportError) -> Material {
        var material = Self.defaultMaterial
        self.textures.secondCoordinates = source.coordinateSets.dropFirst().first
        let pbr = Self.metallicRoughness(source)
        let color = try Numbers.vector(pbr?.baseColorFactor, count: 4, default: [1, 1, 1, 1], "the base colour")
        material.baseColor = SIMD4(
            Numbers.unit(color[0]),
            Numbers.unit(color[1]),
            Numbers.unit(color[2]),
            Numbers.unit(color[3])
        )
        material.baseColorTexture = try self.texture(pbr?.baseColorTexture, as: .color, "base colour")
        material.metallic = Numbers.unit(pbr?.metallicFactor ?? 1)
        material.roughness = Numbers.unit(pbr?.roughnessFactor ?? 1)
        material.metallicRoughnessTexture = try self.texture(
            pbr?.metallicRoughnessTexture,
            as: .data,
            "metallic-roughness"
        )
        material.normalTexture = try self.texture(source.normalTexture, as: .data, "normal")
        material.normalScale = try Numbers.float(source.normalTexture?.scale ?? 1, "the normal scale")

        if let old = Self.oldKind(source), let texture = old.specularGlossinessTexture {
            material.roughness = 1
            material.metallicRoughnessTexture = try self.texture(
                texture,
                as: .roughness(glossiness: Numbers.unit(old.glossinessFactor ?? 1)),
                "specular-glossiness"
            )
        }

        let strength = source.extensions?.emissiveStrength?.emissiveStrength ?? 1
        let emission = try Numbers.vector(source.emissiveFactor, count: 3, default: [0, 0, 0], "the emission")
        guard strength >= 0, emission.allSatisfy({ $0 >= 0 }) else {
            throw ImportError(.malformed, "its emission is negative: light cannot be taken away")
        }
        material.emission = SIMD3(
            try Numbers.float(emission[0] * strength, "the emission"),
            try Numbers.float(emission[1] * strength, "the emission"),
            try Numbers.float(emission[2] * strength, "the emission")
        )
        material.emissionTexture = try self.texture(source.emissiveTexture, as: .color, "emission")

        let ior = source.extensions?.ior?.ior ?? 1.5
        material.ior = Float(ior == 0 ? 4 : min(max(ior, 1), 4))
        if let extensions = source.extensions { try self.addLobes(extensions, to: &material) }
        if let old = Self.oldKind(source) {
            material.specular = try self.specular(old)
            material.ior = 4
        } else if ior == 0 {
            // An index of 0 asks for a mirror at normal incidence (KHR_materials_ior); colours may exceed one.
            var specular = material.specular ?? Material.Specular()
            specular.color /= Float(Self.largestReflectance)
            material.specular = specular
        }

        if let layers = source.extensions?.layers { material.layers = try LayerReader.stack(layers) }

        switch source.alphaMode ?? "OPAQUE" {
        case "OPAQUE": material.alphaMode = .opaque
        case "MASK": material.alphaMode = .mask
        case "BLEND": material.alphaMode = .blend
        case let other:
            throw ImportError(.malformed, "its alpha mode is \"\(ResourceLoader.shortened(other))\", none of glTF's")
        }
        material.alphaCutoff = try Numbers.float(source.alphaCutoff ?? 0.5, "the alpha cutoff")
        material.isDoubleSided = source.doubleSided ?? false
        return source.extensions?.unlit == nil ? material : Self.unlit(material)
    }

    /// The old description of a surface, unless the usual one is more than a stand-in beside it.
    private static func oldKind(_ source: GLTF.Material) -> GLTF.Material.SpecularGlossiness? {
        source.pbrMetallicRoughness?.baseColorTexture == nil ? source.extensions?.specularGlossiness : nil
    }

    /// The usual description of a surface, also for one of the old specular-glossiness kind.
    private static func metallicRoughness(_ source: GLTF.Material) -> GLTF.Material.MetallicRoughness? {
        guard let old = Self.oldKind(source) else { return source.pbrMetallicRoughness }
        return GLTF.Material.MetallicRoughness(
            baseColorFactor: old.diffuseFactor,
            baseColorTexture: old.diffuseTexture,
            metallicFactor: 0,
            roughnessFactor: 1 - (old.glossinessFactor ?? 1)
        )
    }

    /// The reflection of a surface of the old kind, as `KHR_materials_specular` writes the conversion down.
    private mutating func specular(_ old: GLTF.Material.SpecularGlossiness) throws(ImportError) -> Material.Specular {
        let c = try Numbers.vector(old.specularFactor, count: 3, default: [1, 1, 1], "the specular colour")
        let scale = 1 / Self.largestReflectance
        return Material.Specular(
            color: SIMD3(Numbers.unit(c[0]), Numbers.unit(c[1]), Numbers.unit(c[2])) * Float(scale),
            colorTexture: try self.texture(old.specularGlossinessTexture, as: .color, "specular-glossiness")
        )
    }

    /// The surface that shows its base colour whatever light falls on it (`KHR_materials_unlit`): it glows in it and
    /// reflects nothing.
    private static func unlit(_ material: Material) -> Material {
        let color = material.baseColor
        return Material(
            baseColor: SIMD4(0, 0, 0, color.w),
            baseColorTexture: material.alphaMode == .opaque ? nil : material.baseColorTexture,
            emission: SIMD3(color.x, color.y, color.z),
            emissionTexture: material.baseColorTexture,
            ior: 1,
            alphaMode: material.alphaMode,
            alphaCutoff: material.alphaCutoff,
            isDoubleSided: material.isDoubleSided,
            specular: Material.Specular(factor: 0)
        )
    }

    mutating func texture(
        _ info: GLTF.TextureInfo?,
        as meaning: TextureLoader.Meaning,
        _ use: String
    ) throws(ImportError) -> TextureReference? {
        guard let info else { return nil }
        do throws(ImportError) {
            return try self.textures.reference(info, as: meaning)
        } catch {
            throw error.located(at: "\(use) texture")
        }
    }
}
