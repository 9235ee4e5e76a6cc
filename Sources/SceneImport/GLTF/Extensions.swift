/// Which version and extensions of glTF are read.
enum Extensions {
    static let supported: Set<String> = [
        "EXT_lights_image_based",
        "EXT_mesh_gpu_instancing",
        "EXT_meshopt_compression",
        "EXT_texture_webp",
        "KHR_animation_pointer",
        "KHR_draco_mesh_compression",
        "KHR_lights_punctual",
        "KHR_materials_anisotropy",
        "KHR_materials_clearcoat",
        "KHR_materials_diffuse_transmission",
        "KHR_materials_dispersion",
        "KHR_materials_emissive_strength",
        "KHR_materials_ior",
        "KHR_materials_iridescence",
        "KHR_materials_pbrSpecularGlossiness",
        "KHR_materials_sheen",
        "KHR_materials_specular",
        "KHR_materials_transmission",
        "KHR_materials_unlit",
        "KHR_materials_variants",
        "KHR_materials_volume",
        "KHR_mesh_quantization",
        "KHR_meshopt_compression",
        "KHR_node_visibility",
        "KHR_texture_transform",
        "TESSERA_layers",
        "TESSERA_particles",
        "TESSERA_subsurface",
        "TESSERA_volume",
    ]

    /// Refuses other versions than 2.x.
    static func check(version asset: GLTF.Versioned.Asset?) throws(ImportError) {
        guard let version = asset?.minVersion?.text ?? asset?.version?.text else {
            throw ImportError(.malformed, "it has no \"asset\" with a version, which glTF requires: it is another file")
        }
        guard version.utf8.starts(with: "2.".utf8) else {
            let member = asset?.minVersion == nil ? "asset.version" : "asset.minVersion"
            throw ImportError(
                .unsupported,
                "its \(member) is \"\(ResourceLoader.shortened(version))\", and 2.x is read: export it again as glTF 2.0"
            )
        }
    }

    /// Refuses what the file cannot do without, and returns a note for each thing that it can.
    static func check(_ document: GLTF.Document) throws(ImportError) -> [String] {
        let missing = (document.extensionsRequired ?? []).filter { !self.supported.contains($0) }
        guard missing.isEmpty else {
            let names = missing.map { ResourceLoader.shortened($0) }.joined(separator: ", ")
            throw ImportError(
                .unsupported,
                "it requires \(names), which is not read: export it without (supported: "
                    + "\(self.supported.sorted().joined(separator: ", ")))"
            )
        }
        var notes: [String] = []
        var isNoted: Set<String> = []
        for name in document.extensionsUsed ?? [] where !self.supported.contains(name) {
            if isNoted.insert(name).inserted, notes.count < 32 {
                notes.append("The extension \(ResourceLoader.shortened(name)) is not read; the file works without it.")
            }
        }
        return notes
    }
}
