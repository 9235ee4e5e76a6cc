import RenderCore
import SceneImport
import Testing

struct DocumentTests {
    @Test
    func `a triangle becomes a mesh, an instance and the default material`() throws {
        let shot = try Sample.triangleShot()
        #expect(shot.assets.meshes.count == 1)
        #expect(shot.assets.meshes.first?.positions == [0, 0, 0, 1, 0, 0, 0, 1, 0])
        #expect(shot.assets.meshes.first?.indices == [0, 1, 2])
        #expect(shot.assets.materials == [Material(metallic: 1, roughness: 1)])
        #expect(try shot.frame(1).instances == [Instance(mesh: 0)])
        #expect(shot.lastFrame == 1)
    }

    @Test
    func `a file with everything arrives as written`() throws {
        let shot = try ShotImporter().importShot(try Sample.rich(), directory: ".")
        #expect(shot.notes.isEmpty)
        let material = try #require(shot.assets.materials.first)
        #expect(material.metallic == 0.25)
        #expect(material.roughness == 0.75)
        #expect(material.emission == SIMD3(8, 4, 2))
        #expect(material.ior == 1.33)
        #expect(material.transmission == 0.5)
        #expect(material.alphaMode == .mask)
        #expect(material.alphaCutoff == 0.25)
        #expect(material.isDoubleSided)
        #expect(material.normalScale == 0.5)
        #expect(material.baseColorTexture?.wrapS == .clampToEdge)
        #expect(material.baseColorTexture?.wrapT == .mirroredRepeat)
        #expect(material.baseColorTexture?.isNearest == true)
        #expect(shot.assets.images.map(\.encoding) == [.sRGB8, .linear8])
        #expect(material.emissionTexture?.image == material.baseColorTexture?.image)
        #expect(material.normalTexture?.image == material.metallicRoughnessTexture?.image)
        #expect(shot.assets.meshes.first?.tangents.count == 16)
        let frame = try shot.frame(1)
        #expect(frame.instances.count == 2)
        #expect(frame.camera.projection == .perspective(verticalFieldOfView: 0.75))
        guard case .spot(let position, let direction, let intensity, let range, _, let outer) = frame.lights.first
        else {
            Issue.record("the lamp is no spot light")
            return
        }
        #expect(position == SIMD3(0, 10, 0))
        #expect(direction == SIMD3(0, 0, -1))
        #expect(intensity == SIMD3(20, 10, 5))
        #expect(range == 9)
        #expect(outer == 0.785_398_2)
        guard case .map(let map) = shot.assets.environment else {
            Issue.record("the environment is no map")
            return
        }
        #expect(map.texels == [Float](repeating: 1, count: 24))
        #expect(map.intensity == 2)
        #expect((map.rotation - 1.570_796).magnitude < 1e-5)
    }

    @Test
    func `two imports give equal blobs for all frames`() throws {
        let bytes = try Sample.rich()
        let first = try ShotImporter().importShot(bytes, directory: ".")
        let second = try ShotImporter().importShot(bytes, directory: ".")
        #expect(first.lastFrame == 25)
        #expect(try first.assets.encoded() == second.assets.encoded())
        for number in [1, 7, 25] {
            #expect(
                try first.frame(number).encoded(for: first.assets)
                    == second.frame(number).encoded(for: second.assets)
            )
        }
    }

    @Test
    func `a scene is rendered without complaint`() throws {
        let shot = try ShotImporter().importShot(try Sample.rich(), directory: ".")
        _ = try Scene(assets: shot.assets.encoded(), frame: shot.frame(3).encoded(for: shot.assets))
    }

    @Test
    func `required extensions are refused by name, optional ones are noted once`() throws {
        let refused = Sample.failure { () throws(ImportError) in
            try Sample.triangleShot("\"extensionsRequired\":[\"KHR_texture_basisu\"]")
        }
        #expect(refused?.code == .unsupported)
        #expect(refused?.message.contains("KHR_texture_basisu") == true)
        let shot = try Sample.triangleShot("\"extensionsUsed\":[\"EXT_nobody_knows\",\"EXT_nobody_knows\"]")
        #expect(shot.notes.filter { $0.contains("EXT_nobody_knows") }.count == 1)
    }

    @Test(arguments: ["1.0", "3.0", "", "20"])
    func `other versions are refused`(version: String) {
        let json = "{\"asset\":{\"version\":\"\(version)\"},\"nodes\":[{\"mesh\":0}],\(Sample.triangleMembers)}"
        #expect(Sample.failure { () throws(ImportError) in try Sample.shot(json) }?.code == .unsupported)
    }

    @Test
    func `files of version 1 are refused as such, whatever else in them does not fit`() {
        for asset in ["{\"version\":\"1.0\"}", "{\"version\":1.1}"] {
            let json = "{\"asset\":\(asset),\"scene\":\"default\",\"nodes\":{\"a\":{}}}"
            let error = Sample.failure { () throws(ImportError) in try Sample.shot(json) }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("asset.version is \"1.") == true)
        }
    }

    @Test
    func `a soft sky lights what only glimmers`() throws {
        func environment(_ strength: Double) throws(ImportError) -> Environment {
            let material = """
                "materials":[{"emissiveFactor":[1,1,1],"extensions":\
                {"KHR_materials_emissive_strength":{"emissiveStrength":\(strength)}}}]
                """
            let members = Sample.triangleMembers.replacing("\"indices\":1", with: "\"indices\":1,\"material\":0")
            return try Sample.shot(Sample.document("\"nodes\":[{\"mesh\":0}]", members, material)).assets.environment
        }
        #expect(try environment(1) != .constant(.zero))
        #expect(try environment(2) == .constant(.zero))
    }

    @Test(arguments: ["", "{", "[]", "null", "{}", "{\"asset\":3}", "{\"asset\":{\"version\":\"2.0\"},\"nodes\":{}}"])
    func `what is no glTF is malformed`(json: String) {
        #expect(Sample.failure { () throws(ImportError) in try Sample.shot(json) }?.code == .malformed)
    }

    @Test
    func `deep and endless JSON is refused before it is decoded`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(Sample.failure { () throws(ImportError) in try Sample.shot(deep) }?.code == .tooLarge)
        var options = ImportOptions()
        options.limits.maxJSONValues = 1_000
        let wide = Sample.document("\"nodes\":[\(Array(repeating: "{}", count: 2_000).joined(separator: ","))]")
        #expect(
            Sample.failure { () throws(ImportError) in try Sample.shot(wide, options: options) }?.code == .tooLarge
        )
    }

    @Test
    func `a file without triangles is refused`() {
        let error = Sample.failure { () throws(ImportError) in try Sample.triangleShot(nodes: "[{}]") }
        #expect(error?.message.contains("no triangles") == true)
    }

    @Test
    func `impossible wishes are refused`() throws {
        for options in [
            ImportOptions(framesPerSecond: 0), ImportOptions(framesPerSecond: .nan), ImportOptions(shutterAngle: 361),
            ImportOptions(shutterAngle: .nan), ImportOptions(aspect: -1),
            ImportOptions(startTime: .infinity), ImportOptions(skyColor: SIMD3(-1, 0, 0)),
            ImportOptions(skyColor: SIMD3(0, .nan, 0)),
        ] {
            let error = Sample.failure { () throws(ImportError) in try Sample.triangleShot(options: options) }
            #expect(error?.code == .badRequest)
        }
        let shot = try Sample.triangleShot()
        #expect(throws: ImportError(.badRequest, "")) { try shot.frame(0) }
        #expect(throws: ImportError(.badRequest, "")) { try shot.frame(.max) }
    }
}
