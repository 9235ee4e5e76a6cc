import RenderCore

extension MaterialBuilder {
    /// Gives a material what Khronos' extensions say of it.
    mutating func addLobes(
        _ extensions: GLTF.Material.Extensions,
        to material: inout Material
    ) throws(ImportError) {
        material.transmission = Numbers.unit(extensions.transmission?.transmissionFactor ?? 0)
        let transmission = extensions.transmission?.transmissionTexture
        material.transmissionTexture = try self.texture(transmission, as: .data, "transmission")
        if let source = extensions.volume { try self.addVolume(source, to: &material) }
        let dispersion = try Numbers.float(extensions.dispersion?.dispersion ?? 0, "the dispersion")
        material.dispersion = max(0, dispersion)
        if let source = extensions.specular { material.specular = try self.specular(source) }
        if let source = extensions.clearcoat { material.clearcoat = try self.clearcoat(source) }
        if let source = extensions.sheen { material.sheen = try self.sheen(source) }
        if let source = extensions.iridescence { material.iridescence = try self.iridescence(source) }
        if let source = extensions.anisotropy {
            material.anisotropy = Material.Anisotropy(
                strength: Numbers.unit(source.anisotropyStrength ?? 0),
                rotation: try Numbers.float(source.anisotropyRotation ?? 0, "the rotation of the anisotropy"),
                texture: try self.texture(source.anisotropyTexture, as: .data, "anisotropy")
            )
        }
        if let source = extensions.diffuseTransmission {
            let color = try Self.color(source.diffuseTransmissionColorFactor, 1, "the colour of diffuse transmission")
            material.diffuseTransmission = Material.DiffuseTransmission(
                factor: Numbers.unit(source.diffuseTransmissionFactor ?? 0),
                texture: try self.texture(source.diffuseTransmissionTexture, as: .data, "diffuse transmission"),
                color: color,
                colorTexture: try self.texture(
                    source.diffuseTransmissionColorTexture,
                    as: .color,
                    "diffuse transmission colour"
                )
            )
        }
        if let source = extensions.subsurface { try self.addSubsurface(source, to: &material) }
    }

    private func addSubsurface(_ source: GLTF.Subsurface, to material: inout Material) throws(ImportError) {
        let d = try Numbers.vector(source.distance, count: 3, default: [], "the distance of TESSERA_subsurface")
        guard d.allSatisfy({ $0 > 0 }) else {
            throw ImportError(.malformed, "a distance of TESSERA_subsurface is not above zero: give three in metres")
        }
        let anisotropy = try Numbers.float(source.anisotropy ?? 0, "the anisotropy of TESSERA_subsurface")
        material.scattering = Material.Scattering(
            color: try Self.color(source.color, 1, "the colour of TESSERA_subsurface"),
            distance: SIMD3(Float(d[0]), Float(d[1]), Float(d[2])),
            anisotropy: min(max(anisotropy, -0.95), 0.95)
        )
        if material.transmission == 0, material.diffuseTransmission == nil {
            material.diffuseTransmission = Material.DiffuseTransmission(factor: 1)
        }
        if material.thickness == 0 { material.thickness = 1 }
    }

    /// A colour with numbers moved into 0...1.
    private static func color(
        _ values: [Double]?,
        _ fallback: Double,
        _ what: String
    ) throws(ImportError) -> SIMD3<Float> {
        let c = try Numbers.vector(values, count: 3, default: [fallback, fallback, fallback], what)
        return SIMD3(Numbers.unit(c[0]), Numbers.unit(c[1]), Numbers.unit(c[2]))
    }

    private func addVolume(_ source: GLTF.Volume, to material: inout Material) throws(ImportError) {
        material.thickness = max(0, try Numbers.float(source.thicknessFactor ?? 0, "the thickness"))
        material.attenuationColor = try Self.color(source.attenuationColor, 1, "the attenuation colour")
        guard let distance = source.attenuationDistance else { return }
        guard distance > 0 else {
            throw ImportError(.malformed, "its attenuation distance is \(distance): give metres above zero, or none")
        }
        // Smaller ones let nothing through at all, and have no place in single precision.
        material.attenuationDistance = Float(max(distance, 1e-9))
    }

    private mutating func specular(_ source: GLTF.Specular) throws(ImportError) -> Material.Specular {
        let c = try Numbers.vector(source.specularColorFactor, count: 3, default: [1, 1, 1], "the specular colour")
        return Material.Specular(
            factor: Numbers.unit(source.specularFactor ?? 1),
            texture: try self.texture(source.specularTexture, as: .data, "specular"),
            color: SIMD3(Float(max(0, c[0])), Float(max(0, c[1])), Float(max(0, c[2]))),
            colorTexture: try self.texture(source.specularColorTexture, as: .color, "specular colour")
        )
    }

    private mutating func clearcoat(_ source: GLTF.Clearcoat) throws(ImportError) -> Material.Clearcoat {
        let scale = source.clearcoatNormalTexture?.scale ?? 1
        return Material.Clearcoat(
            factor: Numbers.unit(source.clearcoatFactor ?? 0),
            texture: try self.texture(source.clearcoatTexture, as: .data, "clear coat"),
            roughness: Numbers.unit(source.clearcoatRoughnessFactor ?? 0),
            roughnessTexture: try self.texture(source.clearcoatRoughnessTexture, as: .data, "clear coat roughness"),
            normalTexture: try self.texture(source.clearcoatNormalTexture, as: .data, "clear coat normal"),
            normalScale: try Numbers.float(scale, "the scale of the clear coat's normals")
        )
    }

    private mutating func sheen(_ source: GLTF.Sheen) throws(ImportError) -> Material.Sheen {
        Material.Sheen(
            color: try Self.color(source.sheenColorFactor, 0, "the sheen's colour"),
            colorTexture: try self.texture(source.sheenColorTexture, as: .color, "sheen colour"),
            roughness: Numbers.unit(source.sheenRoughnessFactor ?? 0),
            roughnessTexture: try self.texture(source.sheenRoughnessTexture, as: .data, "sheen roughness")
        )
    }

    private mutating func iridescence(_ source: GLTF.Iridescence) throws(ImportError) -> Material.Iridescence {
        let ior = try Numbers.float(source.iridescenceIor ?? 1.3, "the film's index of refraction")
        let least = try Numbers.float(source.iridescenceThicknessMinimum ?? 100, "the film's thickness")
        let greatest = try Numbers.float(source.iridescenceThicknessMaximum ?? 400, "the film's thickness")
        return Material.Iridescence(
            factor: Numbers.unit(source.iridescenceFactor ?? 0),
            texture: try self.texture(source.iridescenceTexture, as: .data, "iridescence"),
            ior: min(max(ior, 1), 4),
            thicknessMinimum: max(0, least),
            thicknessMaximum: max(0, greatest),
            thicknessTexture: try self.texture(source.iridescenceThicknessTexture, as: .data, "iridescence thickness")
        )
    }
}
