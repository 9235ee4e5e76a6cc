import RenderCore
import SceneImport
import Testing

struct MaterialLobeTests {
    /// The first material of a triangle with some JSON as its extensions; texture 0 is a white texel.
    private func material(_ extensions: String, tangents: Bool = false) throws -> Material? {
        try self.shot(extensions, tangents: tangents).assets.materials.first
    }

    private func shot(_ extensions: String, tangents: Bool = false) throws -> ImportedShot {
        try self.scene(extensions, tangents: tangents).shot()
    }

    private func scene(_ extensions: String, tangents: Bool = false) throws -> SceneBuilder {
        var scene = SceneBuilder()
        let positions = scene.floats([0, 0, 0, 1, 0, 0, 0, 1, 0], width: 3)
        let coordinates = scene.floats([0, 0, 1, 0, 0, 1], width: 2)
        let normals = scene.floats([0, 0, 1, 0, 0, 1, 0, 0, 1], width: 3)
        var attributes = "\"POSITION\":\(positions),\"TEXCOORD_0\":\(coordinates),\"NORMAL\":\(normals)"
        if tangents { attributes += ",\"TANGENT\":\(scene.floats([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1], width: 4))" }
        let view = scene.view(try Sample.png())
        scene.members = [
            "\"meshes\":[{\"primitives\":[{\"attributes\":{\(attributes)},\"material\":0}]}]",
            "\"materials\":[{\"extensions\":{\(extensions)}}]",
            "\"nodes\":[{\"mesh\":0}]",
            "\"images\":[{\"bufferView\":\(view),\"mimeType\":\"image/png\"}]",
            "\"textures\":[{\"source\":0}]",
        ]
        return scene
    }

    @Test
    func `specular has a factor in alpha and a colour that may exceed one`() throws {
        let material = try self.material(
            """
            "KHR_materials_specular":{"specularFactor":0.5,"specularTexture":{"index":0},\
            "specularColorFactor":[2,1,0],"specularColorTexture":{"index":0}}
            """
        )
        let specular = try #require(material?.specular)
        #expect(specular.factor == 0.5)
        #expect(specular.color == SIMD3(2, 1, 0))
        // One picture, read as numbers and as colours.
        #expect(specular.texture?.image != specular.colorTexture?.image)
        #expect(try self.material("\"KHR_materials_specular\":{}")?.specular == Material.Specular())
    }

    @Test
    func `an index of zero leaves the whole reflection to the specular colour`() throws {
        let material = try self.material(
            "\"KHR_materials_ior\":{\"ior\":0},\"KHR_materials_specular\":{\"specularColorFactor\":[0.5,0.5,0.5]}"
        )
        #expect(material?.ior == 4)
        let color = try #require(material?.specular?.color)
        #expect((color.x * 0.36 - 0.5).magnitude < 1e-6)
    }

    @Test
    func `a clear coat has textures and normals of its own`() throws {
        let shot = try self.shot(
            """
            "KHR_materials_clearcoat":{"clearcoatFactor":0.75,"clearcoatTexture":{"index":0},\
            "clearcoatRoughnessFactor":0.25,"clearcoatRoughnessTexture":{"index":0},\
            "clearcoatNormalTexture":{"index":0,"scale":0.5}}
            """
        )
        let coat = try #require(shot.assets.materials.first?.clearcoat)
        #expect(coat.factor == 0.75 && coat.roughness == 0.25 && coat.normalScale == 0.5)
        #expect(coat.texture != nil && coat.roughnessTexture != nil && coat.normalTexture != nil)
        #expect(shot.assets.meshes.first?.tangents.count == 12)
        #expect(!shot.notes.contains { $0.contains("not read") })
    }

    /// Two texels: white with an alpha of 1, and dark red with one of 0.2.
    private static let glossy =
        "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAD0lEQVR4nGP4DwQNDAzGABwi"
        + "BLB7XnICAAAAAElFTkSuQmCC"

    @Test
    func `glossiness in alpha becomes roughness in green, once for each factor`() throws {
        var scene = SceneBuilder()
        let positions = scene.floats([0, 0, 0, 1, 0, 0, 0, 1, 0], width: 3)
        let coordinates = scene.floats([0, 0, 1, 0, 0, 1], width: 2)
        func old(_ factor: String) -> String {
            "{\"extensions\":{\"KHR_materials_pbrSpecularGlossiness\":{\(factor)"
                + "\"specularGlossinessTexture\":{\"index\":0,\"extensions\":{\"KHR_texture_transform\":{\"offset\":[0.5,0]}}}}}}"
        }
        scene.members = [
            "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":\(positions),\"TEXCOORD_0\":\(coordinates)},"
                + "\"material\":0}]}]",
            "\"materials\":[\(old("\"glossinessFactor\":0.5,")),\(old("\"glossinessFactor\":0.5,")),\(old(""))]",
            "\"images\":[{\"uri\":\"data:image/png;base64,\(Self.glossy)\"}]",
            "\"textures\":[{\"source\":0}]",
        ]
        let assets = try scene.shot().assets
        let references = assets.materials.map(\.metallicRoughnessTexture)
        #expect(assets.materials.allSatisfy { $0.roughness == 1 && $0.metallic == 0 })
        #expect(references[0] == references[1] && references[0]?.image != references[2]?.image)
        #expect(references[0]?.transform.c == 0.5)
        // One picture of colours, and one for each factor.
        #expect(assets.images.count == 3)
        let half = try #require(references[0]).image
        let whole = try #require(references[2]).image
        // 1 - 0.5 * 1, 1 - 0.5 * 0.2; 1 - 1, 1 - 0.2.
        #expect(assets.images[half].texels == .linear8([255, 128, 255, 255, 255, 230, 255, 255]))
        #expect(assets.images[whole].texels == .linear8([255, 0, 255, 255, 255, 204, 255, 255]))
    }

    @Test
    func `two sets of texture coordinates are read, whichever they are, and a third one is told`() throws {
        func shot(_ material: String, second: [Float] = [1, 1, 0, 1, 1, 0]) throws -> ImportedShot {
            let third: [Float] = [0.5, 0, 0, 0.5, 0, 0]
            var scene = SceneBuilder()
            let positions = scene.floats([0, 0, 0, 1, 0, 0, 0, 1, 0], width: 3)
            let first = scene.floats([0, 0, 1, 0, 0, 1], width: 2)
            let other = scene.floats(second, width: 2)
            let last = scene.floats(third, width: 2)
            let view = scene.view(try Sample.png())
            scene.members = [
                "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":\(positions),\"TEXCOORD_0\":\(first),"
                    + "\"TEXCOORD_1\":\(other),\"TEXCOORD_2\":\(last)},\"material\":0}]}]",
                "\"materials\":[{\"name\":\"hull\",\(material)}]",
                "\"images\":[{\"bufferView\":\(view),\"mimeType\":\"image/png\"}]",
                "\"textures\":[{\"source\":0}]",
            ]
            return try scene.shot()
        }
        let base = { (set: Int) in "\"pbrMetallicRoughness\":{\"baseColorTexture\":{\"index\":0,\"texCoord\":\(set)}}" }
        let glow = { (set: Int) in "\"emissiveTexture\":{\"index\":0,\"texCoord\":\(set)}" }
        let same = try shot("\(base(1)),\(glow(1))")
        #expect(same.assets.meshes.first?.textureCoordinates == [1, 1, 0, 1, 1, 0])
        #expect(!same.notes.contains { $0.contains("texture coordinates") })

        #expect(same.assets.meshes.first?.secondCoordinates == [])

        let mixed = try shot("\(base(1)),\(glow(0))")
        #expect(mixed.assets.meshes.first?.textureCoordinates == [1, 1, 0, 1, 1, 0])
        #expect(mixed.assets.meshes.first?.secondCoordinates == [0, 0, 1, 0, 0, 1])
        #expect(mixed.assets.materials.first?.baseColorTexture?.usesSecondCoordinates == false)
        #expect(mixed.assets.materials.first?.emissionTexture?.usesSecondCoordinates == true)
        #expect(!mixed.notes.contains { $0.contains("texture coordinates") })

        let bumps = "\"normalTexture\":{\"index\":0,\"texCoord\":2}"
        let three = try shot("\(base(1)),\(bumps),\(glow(0))")
        #expect(three.assets.meshes.first?.secondCoordinates == [0.5, 0, 0, 0.5, 0, 0])
        #expect(
            three.notes.contains {
                $0.contains("Material \"hull\" uses more than two")
                    && $0.contains("set 1 also places the textures of emission (set 0)")
            },
            "\(three.notes)"
        )
        // Two names of one map are one map.
        let twice = try shot("\(base(1)),\(glow(0))", second: [0, 0, 1, 0, 0, 1])
        #expect(twice.assets.meshes.first?.secondCoordinates == [])
        #expect(!twice.notes.contains { $0.contains("texture coordinates") })
    }

    @Test
    func `volumes absorb, and need a distance above zero`() throws {
        let material = try self.material(
            """
            "KHR_materials_transmission":{"transmissionFactor":1,"transmissionTexture":{"index":0}},\
            "KHR_materials_dispersion":{"dispersion":0.5},\
            "KHR_materials_volume":{"thicknessFactor":2,"attenuationDistance":0.5,"attenuationColor":[1,0.5,0.25]}
            """
        )
        #expect(material?.transmission == 1 && material?.transmissionTexture != nil)
        #expect(material?.thickness == 2 && material?.attenuationDistance == 0.5 && material?.dispersion == 0.5)
        #expect(material?.attenuationColor == SIMD3(1, 0.5, 0.25))
        #expect(try self.material("\"KHR_materials_volume\":{}")?.thickness == 0)
        for distance in ["0", "-1"] {
            let scene = try self.scene("\"KHR_materials_volume\":{\"attenuationDistance\":\(distance)}")
            let error = Sample.failure { () throws(ImportError) in try scene.shot() }
            #expect(error?.message.contains("material 0") == true)
        }
    }

    @Test
    func `sheen, films, grooves and translucent bases are read with their defaults`() throws {
        let plain = try self.material(
            """
            "KHR_materials_sheen":{},"KHR_materials_iridescence":{},"KHR_materials_anisotropy":{},\
            "KHR_materials_diffuse_transmission":{}
            """
        )
        #expect(plain?.sheen == Material.Sheen(color: SIMD3(0, 0, 0)))
        #expect(plain?.iridescence == Material.Iridescence(factor: 0))
        #expect(plain?.anisotropy == Material.Anisotropy(strength: 0))
        #expect(plain?.diffuseTransmission == Material.DiffuseTransmission(factor: 0))
        let shot = try self.shot(
            """
            "KHR_materials_sheen":{"sheenColorFactor":[1,0.5,0],"sheenRoughnessFactor":0.25,\
            "sheenColorTexture":{"index":0},"sheenRoughnessTexture":{"index":0}},\
            "KHR_materials_iridescence":{"iridescenceFactor":0.5,"iridescenceTexture":{"index":0},\
            "iridescenceIor":1.75,"iridescenceThicknessMinimum":200,"iridescenceThicknessMaximum":600,\
            "iridescenceThicknessTexture":{"index":0}},\
            "KHR_materials_anisotropy":{"anisotropyStrength":0.5,"anisotropyRotation":-1,\
            "anisotropyTexture":{"index":0}},\
            "KHR_materials_diffuse_transmission":{"diffuseTransmissionFactor":0.25,\
            "diffuseTransmissionColorFactor":[0.5,1,0.5],"diffuseTransmissionTexture":{"index":0},\
            "diffuseTransmissionColorTexture":{"index":0}}
            """,
            tangents: true
        )
        let material = try #require(shot.assets.materials.first)
        #expect(material.sheen?.color == SIMD3(1, 0.5, 0) && material.sheen?.roughness == 0.25)
        #expect(material.sheen?.colorTexture != nil && material.sheen?.roughnessTexture != nil)
        #expect(material.iridescence?.factor == 0.5 && material.iridescence?.ior == 1.75)
        #expect(material.iridescence?.thicknessMinimum == 200 && material.iridescence?.thicknessMaximum == 600)
        #expect(material.anisotropy?.strength == 0.5 && material.anisotropy?.rotation == -1)
        #expect(material.diffuseTransmission?.factor == 0.25)
        #expect(material.diffuseTransmission?.color == SIMD3(0.5, 1, 0.5))
        #expect(shot.assets.meshes.first?.tangents == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
        #expect(!shot.notes.contains { $0.contains("not read") })
        _ = try Scene(assets: shot.assets.encoded(), frame: shot.frame(1).encoded(for: shot.assets))
    }

    @Test
    func `what is inside scatters, and the surface lets light in`() throws {
        let material = try self.material(
            "\"TESSERA_subsurface\":{\"color\":[1,0.5,0.25],\"distance\":[0.5,0.25,0.125],\"anisotropy\":2}"
        )
        let wanted = Material.Scattering(
            color: SIMD3(1, 0.5, 0.25),
            distance: SIMD3(0.5, 0.25, 0.125),
            anisotropy: 0.95
        )
        #expect(material?.scattering == wanted)
        #expect(material?.diffuseTransmission?.factor == 1 && material?.thickness == 1)
        let glass = try self.material(
            "\"KHR_materials_transmission\":{\"transmissionFactor\":1},\"TESSERA_subsurface\":{\"distance\":[1,1,1]}"
        )
        #expect(glass?.diffuseTransmission == nil && glass?.scattering?.color == SIMD3(1, 1, 1))
        for broken in ["{}", "{\"distance\":[1,1]}", "{\"distance\":[1,0,1]}"] {
            let scene = try self.scene("\"TESSERA_subsurface\":\(broken)")
            let error = Sample.failure { () throws(ImportError) in try scene.shot() }
            #expect(error?.code == .malformed, "\(broken)")
        }
    }

    @Test
    func `numbers beyond their ranges are moved into them, those that are none are refused`() throws {
        let material = try self.material(
            """
            "KHR_materials_clearcoat":{"clearcoatFactor":7},"KHR_materials_iridescence":{"iridescenceIor":0.5},\
            "KHR_materials_dispersion":{"dispersion":-1},"KHR_materials_specular":{"specularColorFactor":[-1,0,0]}
            """
        )
        #expect(material?.clearcoat?.factor == 1 && material?.iridescence?.ior == 1)
        #expect(material?.dispersion == 0 && material?.specular?.color == SIMD3(0, 0, 0))
        for broken in [
            "\"KHR_materials_specular\":{\"specularColorFactor\":[1,1]}",
            "\"KHR_materials_sheen\":{\"sheenColorTexture\":{\"index\":9}}",
            "\"KHR_materials_dispersion\":{\"dispersion\":1e300}",
            "\"KHR_materials_clearcoat\":{\"clearcoatNormalTexture\":{\"index\":0,\"scale\":1e300}}",
        ] {
            let scene = try self.scene(broken)
            let error = Sample.failure { () throws(ImportError) in try scene.shot() }
            #expect(error?.message.contains("material 0") == true, "\(broken): \(error?.message ?? "was read")")
        }
    }
}
