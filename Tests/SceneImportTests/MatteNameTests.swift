import RenderCore
import SceneImport
import Testing

/// What instances are called in mattes.
struct MatteNameTests {
    @Test
    func `instances have the names of their nodes and of their materials`() throws {
        let json = Sample.document(
            """
            "meshes":[{"primitives":[{"attributes":{"POSITION":0},"indices":1,"material":1},
            {"attributes":{"POSITION":0},"indices":1,"material":0},
            {"mode":0,"attributes":{"POSITION":0},"material":1,"extensions":{"TESSERA_particles":{"radius":0.1}}}]}],
            "materials":[{},{"name":"bark"}],"nodes":[{"name":"tree","mesh":0}],
            "accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3"},
            {"bufferView":1,"componentType":5123,"count":3,"type":"SCALAR"}],
            "bufferViews":[{"buffer":0,"byteLength":36},{"buffer":0,"byteOffset":36,"byteLength":6}],
            "buffers":[{"byteLength":44}]
            """
        )
        let shot = try Sample.shot(json)
        let instances = try shot.frame(1).instances
        #expect(try shot.objectNames(1) == ["tree", "tree", "tree"])
        let expected = instances.map { instance in
            let material =
                instance.isParticles
                ? shot.assets.particles[instance.mesh].material : shot.assets.meshes[instance.mesh].material
            return material == 1 ? "bark" : "material 0"
        }
        #expect(try shot.materialNames(1) == expected)
        #expect(expected.count == 3 && Set(expected) == ["bark", "material 0"])
    }

    @Test
    func `what is deformed keeps its material's name`() throws {
        let shot = try ShotImporter().importShot(ExampleShot.leviathan(), directory: ".")
        let count = try shot.frame(3).instances.count
        #expect(try shot.materialNames(3).count == count)
        #expect(try shot.materialNames(3) == shot.materialNames(1))
    }

    @Test
    func `an error of a damaged file or picture says what helps`() {
        #expect(ImportError(.malformed, "").cure?.contains("export it again") == true)
        #expect(ImportError(.badImage, "").cure?.contains("save it anew") == true)
        #expect(ImportError(.unreadable, "").cure == nil)
    }
}
