import RenderCore
import SceneImport
import Testing

struct LayerImportTests {
    private func layers(_ json: String) throws(ImportError) -> LayerStack? {
        var glb = GLBWriter()
        var form = Form()
        form.add(SIMD3(0, 0, 0))
        form.add(SIMD3(1, 0, 0))
        form.add(SIMD3(0, 1, 0))
        form.triangle(0, 1, 2)
        glb.extensions = ["TESSERA_layers"]
        let material = glb.addMaterial("{\"extensions\":{\"TESSERA_layers\":{\"layers\":\(json)}}}")
        let mesh = glb.addMesh("triangle", [(form, material: material)])
        _ = glb.addNode(.init(mesh: mesh))
        return try ShotImporter().importShot(glb.finish(), directory: ".").assets.materials.first?.layers
    }

    @Test
    func `layers are read with their defaults`() throws {
        let stack = try self.layers(
            """
            [{"type":"dielectric","roughness":0.25,"film":{"thickness":500}},
             {"type":"medium","absorption":[0.5,0,2],"scattering":1,"anisotropy":-0.5},
             {"type":"flakes","coverage":0.5},
             {"type":"metal","color":[1,0.5,0.25],"roughness":0.5}]
            """
        )
        #expect(
            stack
                == LayerStack([
                    .dielectric(ior: 1.5, roughness: 0.25, film: .init(ior: 1.3, thickness: 500)),
                    .medium(absorption: SIMD3(0.5, 0, 2), scattering: 1, anisotropy: -0.5),
                    .flakes(color: SIMD3(1, 1, 1), roughness: 0, coverage: 0.5),
                    .metal(color: SIMD3(1, 0.5, 0.25), roughness: 0.5),
                ])
        )
    }

    @Test(arguments: [
        "[]", "[{\"type\":\"dielectric\"}]", "[{\"type\":\"metal\"},{\"type\":\"metal\"}]", "[{\"type\":\"glass\"}]",
        "[{\"type\":\"diffuse\",\"color\":[1,1]}]", "[{\"type\":\"diffuse\",\"color\":[1,1,2]}]",
        "[{\"type\":\"metal\",\"roughness\":1.5}]", "[{\"type\":\"metal\",\"film\":{\"ior\":0.5}}]",
        "[{\"type\":\"medium\",\"scattering\":-1},{\"type\":\"diffuse\"}]",
    ])
    func `stacks that are none are refused, and the message says which layer`(json: String) {
        do throws(ImportError) {
            _ = try self.layers(json)
            Issue.record("\(json) was read")
        } catch {
            #expect(error.message.contains("TESSERA_layers"), "\(error.message)")
        }
    }
}
