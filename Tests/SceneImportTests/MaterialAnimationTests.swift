import RenderCore
import SceneImport
import Testing

/// `KHR_animation_pointer` at materials.
struct MaterialAnimationTests {
    /// A textured triangle of material 0, and channels of pointers; keys are a second apart.
    private func scene(
        _ material: String,
        _ tracks: [(pointer: String, values: [Float], width: Int)]
    ) throws -> SceneBuilder {
        var scene = SceneBuilder()
        _ = scene.floats([0, 0, 0, 1, 0, 0, 0, 1, 0], width: 3)
        let coordinates = scene.floats([0, 0, 1, 0, 0, 1], width: 2)
        var channels: [String] = []
        var samplers: [String] = []
        for (i, track) in tracks.enumerated() {
            let count = track.values.count / track.width
            let times = scene.floats((0 ..< count).map { Float($0) }, width: 1)
            let values = scene.floats(track.values, width: track.width)
            samplers.append("{\"input\":\(times),\"output\":\(values)}")
            channels.append(
                """
                {"sampler":\(i),"target":{"path":"pointer","extensions":{"KHR_animation_pointer":\
                {"pointer":"/materials/0/\(track.pointer)"}}}}
                """
            )
        }
        let image = scene.view(try Sample.png())
        scene.members = [
            """
            "meshes":[{"primitives":[{"attributes":{"POSITION":0,"TEXCOORD_0":\(coordinates)},"material":0}]}]
            """,
            "\"materials\":[\(material)]", "\"textures\":[{\"source\":0}]",
            "\"images\":[{\"bufferView\":\(image),\"mimeType\":\"image/png\"}]",
            """
            "animations":[{"channels":[\(channels.joined(separator: ","))],\
            "samplers":[\(samplers.joined(separator: ","))]}]
            """,
        ]
        return scene
    }

    /// The numbers and colours of the object model that materials have, and how many numbers each is.
    private static let numbers: [(String, Int)] = [
        ("pbrMetallicRoughness/baseColorFactor", 4),
        ("pbrMetallicRoughness/metallicFactor", 1),
        ("pbrMetallicRoughness/roughnessFactor", 1),
        ("emissiveFactor", 3),
        ("normalTexture/scale", 1),
        ("extensions/KHR_materials_emissive_strength/emissiveStrength", 1),
        ("extensions/KHR_materials_transmission/transmissionFactor", 1),
        ("extensions/KHR_materials_volume/thicknessFactor", 1),
        ("extensions/KHR_materials_volume/attenuationDistance", 1),
        ("extensions/KHR_materials_volume/attenuationColor", 3),
        ("extensions/KHR_materials_ior/ior", 1),
        ("extensions/KHR_materials_specular/specularFactor", 1),
        ("extensions/KHR_materials_specular/specularColorFactor", 3),
        ("extensions/KHR_materials_clearcoat/clearcoatFactor", 1),
        ("extensions/KHR_materials_clearcoat/clearcoatRoughnessFactor", 1),
        ("extensions/KHR_materials_clearcoat/clearcoatNormalTexture/scale", 1),
        ("extensions/KHR_materials_sheen/sheenColorFactor", 3),
        ("extensions/KHR_materials_sheen/sheenRoughnessFactor", 1),
        ("extensions/KHR_materials_iridescence/iridescenceFactor", 1),
        ("extensions/KHR_materials_iridescence/iridescenceIor", 1),
        ("extensions/KHR_materials_iridescence/iridescenceThicknessMinimum", 1),
        ("extensions/KHR_materials_iridescence/iridescenceThicknessMaximum", 1),
        ("extensions/KHR_materials_anisotropy/anisotropyStrength", 1),
        ("extensions/KHR_materials_anisotropy/anisotropyRotation", 1),
        ("extensions/KHR_materials_diffuse_transmission/diffuseTransmissionFactor", 1),
        ("extensions/KHR_materials_diffuse_transmission/diffuseTransmissionColorFactor", 3),
        ("extensions/KHR_materials_dispersion/dispersion", 1),
        ("extensions/KHR_materials_pbrSpecularGlossiness/diffuseFactor", 4),
        ("extensions/KHR_materials_pbrSpecularGlossiness/specularFactor", 3),
        ("extensions/KHR_materials_pbrSpecularGlossiness/glossinessFactor", 1),
        ("extensions/TESSERA_subsurface/color", 3),
        ("extensions/TESSERA_subsurface/distance", 3),
        ("extensions/TESSERA_subsurface/anisotropy", 1),
        ("alphaCutoff", 1),
    ]

    /// Their textures.
    private static let textures = [
        "pbrMetallicRoughness/baseColorTexture",
        "pbrMetallicRoughness/metallicRoughnessTexture",
        "normalTexture",
        "emissiveTexture",
        "extensions/KHR_materials_transmission/transmissionTexture",
        "extensions/KHR_materials_specular/specularTexture",
        "extensions/KHR_materials_specular/specularColorTexture",
        "extensions/KHR_materials_clearcoat/clearcoatTexture",
        "extensions/KHR_materials_clearcoat/clearcoatRoughnessTexture",
        "extensions/KHR_materials_clearcoat/clearcoatNormalTexture",
        "extensions/KHR_materials_sheen/sheenColorTexture",
        "extensions/KHR_materials_sheen/sheenRoughnessTexture",
        "extensions/KHR_materials_iridescence/iridescenceTexture",
        "extensions/KHR_materials_iridescence/iridescenceThicknessTexture",
        "extensions/KHR_materials_anisotropy/anisotropyTexture",
        "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionTexture",
        "extensions/KHR_materials_diffuse_transmission/diffuseTransmissionColorTexture",
        "extensions/KHR_materials_pbrSpecularGlossiness/diffuseTexture",
        "extensions/KHR_materials_pbrSpecularGlossiness/specularGlossinessTexture",
    ]

    /// A quarter of a second after the first key.
    private let quarter = 7

    @Test
    func `factors follow their keys, and the assets keep what the file says`() throws {
        let shot = try self.scene(
            "{\"pbrMetallicRoughness\":{\"baseColorFactor\":[1,1,1,1]}}",
            [
                ("pbrMetallicRoughness/baseColorFactor", [0, 0, 0, 1, 1, 0.5, 0, 0], 4),
                ("pbrMetallicRoughness/metallicFactor", [1, 0], 1),
                ("pbrMetallicRoughness/roughnessFactor", [0, 1], 1),
            ]
        ).shot()
        #expect(shot.notes.allSatisfy { !$0.contains("animated") })
        #expect(shot.lastFrame == 25)
        #expect(shot.assets.materials[0].baseColor == SIMD4(1, 1, 1, 1))
        let material = try #require(try shot.frame(self.quarter).materials[0])
        #expect(material.baseColor == SIMD4(0.25, 0.125, 0, 0.75))
        #expect(material.metallic == 0.75)
        #expect(material.roughness == 0.25)
        // Beyond the last key it stays.
        #expect(try shot.frame(99).materials[0]?.roughness == 1)
    }

    @Test
    func `an equal material is not sent again`() throws {
        let shot = try self.scene("{}", [("pbrMetallicRoughness/roughnessFactor", [1, 0], 1)]).shot()
        #expect(try shot.frame(1).materials.isEmpty)
        #expect(try shot.frame(2).materials.count == 1)
    }

    @Test
    func `a lamp that is switched on later is a light from the beginning`() throws {
        let shot = try self.scene(
            "{\"emissiveFactor\":[0,0,0],\"extensions\":{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":1}}}",
            [
                ("emissiveFactor", [0, 0, 0, 1, 0.5, 0], 3),
                ("extensions/KHR_materials_emissive_strength/emissiveStrength", [4, 8], 1),
            ]
        ).shot()
        #expect(shot.assets.materials[0].emission == SIMD3(8, 4, 0))
        #expect(try shot.frame(1).materials[0]?.emission == .zero)
        #expect(try shot.frame(self.quarter).materials[0]?.emission == SIMD3(1.25, 0.625, 0))
        let assets = try shot.assets.encoded()
        let dark = try Scene(assets: assets, frame: shot.frame(1).encoded(for: shot.assets))
        let bright = try Scene(assets: assets, frame: shot.frame(25).encoded(for: shot.assets))
        func light(_ scene: Scene) -> Float {
            BlockRenderer(scene: scene, settings: RenderSettings(width: 8, height: 8, samples: 4))
                .render(x: 0, y: 0, width: 8, height: 8).pixels.reduce(0, +)
        }
        #expect(light(dark) == 0)
        #expect(light(bright) > 0)
    }

    @Test
    func `unlit surfaces glow in the colour of the time`() throws {
        let shot = try self.scene(
            "{\"extensions\":{\"KHR_materials_unlit\":{}},\"pbrMetallicRoughness\":{\"baseColorFactor\":[0,0,0,1]}}",
            [("pbrMetallicRoughness/baseColorFactor", [0, 0, 0, 1, 1, 0.5, 0, 1], 4)]
        ).shot()
        #expect(shot.assets.materials[0].emission == SIMD3(1, 0.5, 0))
        #expect(try shot.frame(1).materials[0]?.emission == .zero)
        #expect(try shot.frame(self.quarter).materials[0]?.emission == SIMD3(0.25, 0.125, 0))
    }

    @Test
    func `textures slide, turn and grow`() throws {
        let shot = try self.scene(
            """
            {"pbrMetallicRoughness":{"baseColorTexture":{"index":0,"extensions":{"KHR_texture_transform":{}}}},\
            "emissiveTexture":{"index":0}}
            """,
            [
                ("pbrMetallicRoughness/baseColorTexture/extensions/KHR_texture_transform/offset", [0, 0, 1, 2], 2),
                ("pbrMetallicRoughness/baseColorTexture/extensions/KHR_texture_transform/scale", [1, 1, 5, 9], 2),
                ("emissiveTexture/extensions/KHR_texture_transform/rotation", [0, 6.2831853], 1),
            ]
        ).shot()
        let material = try #require(try shot.frame(self.quarter).materials[0])
        let base = try #require(material.baseColorTexture?.transform)
        #expect(base == TextureReference.Transform(a: 2, b: 0, c: 0.25, d: 0, e: 3, f: 0.5))
        let turned = try #require(material.emissionTexture?.transform)
        #expect(turned.a.magnitude < 1e-6 && (turned.b - 1).magnitude < 1e-6)
        // The picture is that of the assets.
        #expect(material.baseColorTexture?.image == shot.assets.materials[0].baseColorTexture?.image)
        #expect(try shot.frame(self.quarter).encoded(for: shot.assets).isEmpty == false)
    }

    /// Every number that there is, at a material that has everything, changes what is rendered.
    @Test
    func `each number and colour of the extensions is animated`() throws {
        let everything = """
            {"alphaMode":"MASK","normalTexture":{"index":0},"emissiveFactor":[0.5,0.5,0.5],\
            "pbrMetallicRoughness":{"baseColorTexture":{"index":0},"metallicRoughnessTexture":{"index":0}},"extensions":{\
            "KHR_materials_emissive_strength":{},"KHR_materials_transmission":{},"KHR_materials_ior":{},\
            "KHR_materials_volume":{},"KHR_materials_specular":{},"KHR_materials_sheen":{},"KHR_materials_dispersion":{},\
            "KHR_materials_clearcoat":{"clearcoatNormalTexture":{"index":0}},"KHR_materials_iridescence":{},\
            "KHR_materials_anisotropy":{},"KHR_materials_diffuse_transmission":{}}}
            """
        let subsurface = "{\"extensions\":{\"TESSERA_subsurface\":{\"distance\":[1,1,1]}}}"
        let old = "{\"extensions\":{\"KHR_materials_pbrSpecularGlossiness\":{}}}"
        for (path, width) in Self.numbers {
            let material =
                path.contains("pbrSpecularGlossiness")
                ? old : path.contains("TESSERA_subsurface") ? subsurface : everything
            // Neither end is what any of them has by itself; indices of refraction begin at 1.
            let least: Float = path.lowercased().hasSuffix("ior") ? 1.25 : 0.25
            let values = [Float](repeating: least, count: width) + [Float](repeating: least + 0.5, count: width)
            let shot = try self.scene(material, [(path, values, width)]).shot()
            #expect(shot.notes.allSatisfy { !$0.contains("animated") }, "\(path)")
            let (first, last) = (try shot.frame(1).materials[0], try shot.frame(25).materials[0])
            #expect(first != last, "\(path)")
        }
    }

    @Test
    func `each texture of the extensions is moved`() throws {
        for texture in Self.textures {
            let path = texture.split(separator: "/").map(String.init)
            var material = "{\"index\":0}"
            for key in path.reversed() { material = "{\"\(key)\":\(material)}" }
            let pointer = texture + "/extensions/KHR_texture_transform/offset"
            let shot = try self.scene(material, [(pointer, [0.25, 0.5, 0.75, 0.5], 2)]).shot()
            #expect(shot.notes.allSatisfy { !$0.contains("animated") }, "\(pointer)")
            #expect(try shot.frame(1).materials[0] != shot.frame(25).materials[0], "\(pointer)")
        }
    }

    @Test
    func `what cannot be animated is noted once, with its pointer`() throws {
        let shot = try self.scene(
            "{\"extensions\":{\"KHR_materials_pbrSpecularGlossiness\":{\"specularGlossinessTexture\":{\"index\":0}}}}",
            [
                ("extensions/KHR_materials_pbrSpecularGlossiness/glossinessFactor", [0, 1], 1),
                ("extensions/KHR_materials_ior/ior", [1, 2], 1), ("doubleSided", [0, 1], 1),
            ]
        ).shot()
        for what in ["glossinessFactor", "KHR_materials_ior/ior", "doubleSided"] {
            #expect(shot.notes.count { $0.contains("\(what) is animated") } == 1)
        }
        #expect(try shot.frame(13).materials.isEmpty)
    }
}
