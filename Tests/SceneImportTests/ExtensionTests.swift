import RenderCore
import SceneImport
import Testing

struct ExtensionTests {
    private static let mesh = "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0}}]}]"

    /// A triangle with further members.
    private func scene(_ members: String...) -> SceneBuilder {
        var scene = SceneBuilder()
        _ = scene.floats([0, 0, 0, 1, 0, 0, 0, 1, 0], width: 3)
        scene.members = members.contains { $0.hasPrefix("\"meshes\"") } ? members : [Self.mesh] + members
        return scene
    }

    // MARK: EXT_mesh_gpu_instancing

    private func instanced(rotation: Bool = true, count: Int = 2) -> SceneBuilder {
        var scene = self.scene()
        let places = scene.floats([1, 2, 3, 4, 5, 6], width: 3)
        // Quarter turns about Z as normalized bytes: 127 sqrt(1/2) is 90.
        let view = scene.view([0, 0, 0, 127, 0, 0, 90, 90])
        let turns = scene.accessor(view: view, 5120, count: count, "VEC4", more: ",\"normalized\":true")
        let sizes = scene.floats([1, 1, 1, 3, 3, 3], width: 3)
        let turning = rotation ? ",\"ROTATION\":\(turns)" : ""
        scene.members.append(
            """
            "nodes":[{"mesh":0,"translation":[0,0,10],"extensions":{"EXT_mesh_gpu_instancing":\
            {"attributes":{"TRANSLATION":\(places),"SCALE":\(sizes),"_ID":77\(turning)}}}}]
            """
        )
        return scene
    }

    @Test
    func `copies stand where their translations, rotations and scales put them`() throws {
        let shot = try self.instanced().shot()
        let instances = try shot.frame(1).instances
        #expect(try shot.objectNames(1) == ["node 0", "node 0"])
        #expect(try shot.materialNames(1).count == 2)
        #expect(instances.count == 2)
        #expect(instances[0] == Instance(mesh: 0, transform: Transform(translation: SIMD3(1, 2, 13))))
        let t = instances[1].transform
        #expect(SIMD3(t.x.w, t.y.w, t.z.w) == SIMD3(4, 5, 16))
        #expect(t.x.x.magnitude < 1e-5)
        #expect((t.y.x - 3).magnitude < 1e-5)
    }

    @Test
    func `copies whose attributes do not fit together, and too many, are refused`() {
        #expect(
            Sample.failure { () throws(ImportError) in try self.instanced(count: 1).shot() }?.code == .malformed
        )
        var options = ImportOptions()
        options.limits.maxInstances = 1
        #expect(
            Sample.failure { () throws(ImportError) in try self.instanced().shot(options) }?.code == .tooLarge
        )
    }

    // MARK: KHR_node_visibility, KHR_animation_pointer

    @Test
    func `hidden nodes hide what hangs on them, also at a time`() throws {
        var scene = self.scene()
        let times = scene.floats([0, 0.5], width: 1)
        let states = scene.bytes([0, 1], width: 1)
        scene.members += [
            """
            "nodes":[{"children":[1],"extensions":{"KHR_node_visibility":{"visible":false}}},{"mesh":0},\
            {"mesh":0,"translation":[5,0,0]}]
            """,
            """
            "animations":[{"channels":[{"sampler":0,"target":{"path":"pointer","extensions":{"KHR_animation_pointer":\
            {"pointer":"/nodes/0/extensions/KHR_node_visibility/visible"}}}}],\
            "samplers":[{"input":\(times),"output":\(states),"interpolation":"STEP"}]}]
            """,
        ]
        let shot = try scene.shot()
        #expect(try shot.frame(1).instances.count == 1)
        #expect(try shot.frame(13).instances.count == 2)
    }

    @Test
    func `pointers move nodes, cameras and lights; the rest is noted`() throws {
        var scene = self.scene("\"materials\":[{}]")
        let times = scene.floats([0, 1], width: 1)
        let places = scene.floats([0, 0, 0, 24, 0, 0], width: 3)
        let numbers = scene.floats([0.5, 1.5], width: 1)
        func channel(_ sampler: Int, _ pointer: String) -> String {
            """
            {"sampler":\(sampler),"target":{"path":"pointer","extensions":\
            {"KHR_animation_pointer":{"pointer":"\(pointer)"}}}}
            """
        }
        scene.members += [
            """
            "nodes":[{"mesh":0},{"camera":0},{"extensions":{"KHR_lights_punctual":{"light":0}}}]
            """,
            "\"cameras\":[{\"type\":\"perspective\",\"perspective\":{\"yfov\":1}}]",
            "\"extensions\":{\"KHR_lights_punctual\":{\"lights\":[{\"type\":\"point\"}]}}",
            """
            "animations":[{"channels":[\(channel(0, "/nodes/0/translation")),\
            \(channel(1, "/cameras/0/perspective/yfov")),\
            \(channel(1, "/extensions/KHR_lights_punctual/lights/0/intensity")),\
            \(channel(1, "/materials/0/occlusionTexture/strength")),\
            \(channel(1, "/materials/0/extensions/KHR_materials_sheen/sheenRoughnessFactor"))],\
            "samplers":[{"input":\(times),"output":\(places)},{"input":\(times),"output":\(numbers)}]}]
            """,
        ]
        let shot = try scene.shot()
        #expect(shot.notes.count { $0.hasPrefix("/materials/0/occlusionTexture/strength is animated") } == 1)
        #expect(shot.notes.count { $0.contains("/KHR_materials_sheen/sheenRoughnessFactor is animated") } == 1)
        #expect(try shot.frame(13).materials.isEmpty)
        let frame = try shot.frame(13)
        #expect(frame.instances.first?.transform.x.w == 12)
        #expect(frame.camera.projection == .perspective(verticalFieldOfView: 1))
        #expect(frame.lights == [.point(position: .zero, intensity: SIMD3(1, 1, 1), range: 0)])
        #expect(try shot.frame(1).camera.projection == .perspective(verticalFieldOfView: 0.5))
    }

    // MARK: Materials

    @Test
    func `a variant's materials are shown when it is asked for`() throws {
        let scene = self.scene(
            """
            "meshes":[{"primitives":[{"attributes":{"POSITION":0},"material":0,"extensions":{"KHR_materials_variants":\
            {"mappings":[{"material":1,"variants":[1,2]}]}}}]}]
            """,
            "\"materials\":[{},{\"emissiveFactor\":[1,0,0]}]",
            "\"extensions\":{\"KHR_materials_variants\":{\"variants\":[{\"name\":\"day\"},{\"name\":\"night\"}]}}"
        )
        #expect(try scene.shot().assets.meshes.first?.material == 0)
        #expect(try scene.shot(ImportOptions(variantName: "day")).assets.meshes.first?.material == 0)
        #expect(try scene.shot(ImportOptions(variantName: "night")).assets.meshes.first?.material == 1)
        let error = Sample.failure { () throws(ImportError) in try scene.shot(ImportOptions(variantName: "dusk")) }
        #expect(error?.code == .badRequest)
        #expect(error?.message.contains("\"day\", \"night\"") == true)
    }

    @Test
    func `unlit surfaces glow in their base colour and reflect nothing`() throws {
        let scene = self.scene(
            "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"material\":0}]}]",
            """
            "materials":[{"extensions":{"KHR_materials_unlit":{}},\
            "pbrMetallicRoughness":{"baseColorFactor":[0.5,0.25,1,0.5]}}]
            """
        )
        let material = try #require(try scene.shot().assets.materials.first)
        #expect(material.emission == SIMD3(0.5, 0.25, 1))
        #expect(material.baseColor == SIMD4(0, 0, 0, 0.5))
        #expect(material.ior == 1)
    }

    @Test
    func `WebP pictures take the place of others, KTX2 alone is refused by name`() throws {
        let material = "\"materials\":[{\"emissiveTexture\":{\"index\":0},\"emissiveFactor\":[1,1,1]}]"
        let images = "\"images\":[{\"uri\":\"data:image/webp;base64,\(WebPSample.lossless)\"},{\"uri\":\"gone.ktx2\"}]"
        let webp = self.scene(
            material,
            images,
            "\"textures\":[{\"source\":1,\"extensions\":{\"EXT_texture_webp\":{\"source\":0}}}]"
        )
        #expect(try webp.shot().assets.images.first?.width == 3)
        let ktx = self.scene(
            material,
            images,
            "\"textures\":[{\"extensions\":{\"KHR_texture_basisu\":{\"source\":1}}}]"
        )
        let error = Sample.failure { () throws(ImportError) in try ktx.shot() }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("KHR_texture_basisu") == true)
    }

    @Test
    func `vertex colours of three and four numbers are read, alpha where the material asks for it`() throws {
        var scene = self.scene()
        let colors = scene.bytes(
            [255, 0, 51, 255, 0, 255, 0, 255, 255, 255, 0, 0],
            width: 4,
            more: ",\"normalized\":true"
        )
        scene.members[0] = "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0,\"COLOR_0\":\(colors)}}]}]"
        let shot = try scene.shot()
        #expect(shot.assets.meshes.first?.colors == [1, 0, 0.2, 0, 1, 0, 1, 1, 0])
        #expect(shot.assets.meshes.first?.alphas == [])
        for (mode, alphas) in [("MASK", [1, 1, 0] as [Float]), ("BLEND", [1, 1, 0]), ("OPAQUE", [])] {
            var other = scene
            other.members[0] =
                "\"meshes\":[{\"primitives\":[{\"material\":0,\"attributes\":{\"POSITION\":0,\"COLOR_0\":\(colors)}}]}]"
            other.members.append("\"materials\":[{\"alphaMode\":\"\(mode)\"}]")
            #expect(try other.shot().assets.meshes.first?.alphas == alphas)
        }
        var three = self.scene()
        let plain = three.floats([2, 0.5, -1, 0, 0, 0, 1, 1, 1], width: 3)
        three.members[0] = "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0,\"COLOR_0\":\(plain)}}]}]"
        #expect(try three.shot().assets.meshes.first?.colors == [1, 0.5, 0, 0, 0, 0, 1, 1, 1])
    }

    // MARK: Scenes and surroundings

    @Test
    func `a scene is shown by its name`() throws {
        let scene = self.scene(
            "\"nodes\":[{\"mesh\":0},{\"mesh\":0,\"translation\":[7,0,0]}]",
            "\"scenes\":[{\"name\":\"first\",\"nodes\":[0]},{\"name\":\"second\",\"nodes\":[1]}]"
        )
        #expect(try scene.shot().frame(1).instances.first?.transform.x.w == 0)
        #expect(try scene.shot(ImportOptions(sceneName: "second")).frame(1).instances.first?.transform.x.w == 7)
        let error = Sample.failure { () throws(ImportError) in try scene.shot(ImportOptions(sceneName: "third")) }
        #expect(error?.code == .badRequest)
        #expect(error?.message.contains("\"first\", \"second\"") == true)
    }

    @Test
    func `an image-based light becomes a map that shows each face where it belongs`() throws {
        // One colour a face, in the order +x, -x, +y, -y, +z, -z: red, green, blue
        let colors: [SIMD3<Float>] = [
            SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1), SIMD3(1, 1, 0), SIMD3(0, 1, 1), SIMD3(1, 0, 1),
        ]
        var scene = self.scene()
        let views = try colors.map { try Sample.png(edge: 4, color: $0) }.map { scene.view($0) }
        scene.members += [
            "\"images\":[\(views.map { "{\"bufferView\":\($0)}" }.joined(separator: ","))]",
            """
            "extensions":{"EXT_lights_image_based":{"lights":[{"intensity":3,"specularImageSize":1,\
            "irradianceCoefficients":[],"specularImages":[[0,1,2,3,4,5]]}]}}
            """,
            "\"scenes\":[{\"nodes\":[0],\"extensions\":{\"EXT_lights_image_based\":{\"light\":0}}}]",
            "\"nodes\":[{\"mesh\":0}]",
        ]
        guard case .map(let map) = try scene.shot().assets.environment else {
            Issue.record("the environment is no map")
            return
        }
        #expect(map.intensity == 3)
        #expect(map.width == 16)
        #expect(map.height == 8)
        func texel(_ x: Int, _ y: Int) -> SIMD3<Float> {
            let at = 3 * (y * map.width + x)
            return SIMD3(map.texels[at], map.texels[at + 1], map.texels[at + 2])
        }
        // The middle column looks along -Z, a quarter further right along +X.
        #expect(texel(8, 4) == colors[5])
        #expect(texel(12, 4) == colors[0])
        #expect(texel(0, 4) == colors[4])
        #expect(texel(4, 4) == colors[1])
        #expect(texel(8, 0) == colors[2])
        #expect(texel(8, 7) == colors[3])
    }
}
