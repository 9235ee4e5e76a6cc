import RenderCore
import Testing

struct DeformedMeshTests {
    private let material = Material(baseColor: SIMD4(0.8, 0.4, 0.2, 1), emission: SIMD3(0.5, 1, 2))

    private func mesh(height: Float) -> Mesh {
        Mesh(
            positions: [-1, 0, -4, 1, 0, -4, 0, height, -4],
            normals: [0, 0, 1, 0, 0.5, 1, 0, -0.5, 1],
            textureCoordinates: [0, 0, 1, 0, 0, 1],
            indices: [0, 1, 2]
        )
    }

    private func picture(_ assets: SceneAssets, _ frame: SceneFrame) throws -> FilmBlock {
        let scene = try Scene(assets: assets.encoded(), frame: frame.encoded(for: assets))
        return BlockRenderer(scene: scene, settings: RenderSettings(width: 8, height: 8, samples: 16))
            .render(x: 0, y: 0, width: 8, height: 8)
    }

    @Test
    func `a posed mesh gives the picture of a mesh that was modelled so`() throws {
        let low = SceneAssets(meshes: [self.mesh(height: 0.5)], materials: [self.material])
        let high = SceneAssets(meshes: [self.mesh(height: 2)], materials: [self.material])
        let posed = SceneFrame(
            deformedMeshes: [
                DeformedMesh(mesh: 0, positions: high.meshes[0].positions, normals: high.meshes[0].normals)
            ],
            instances: [Instance(mesh: 1)]
        )
        let modelled = SceneFrame(instances: [Instance(mesh: 0)])
        #expect(try self.picture(low, posed) == self.picture(high, modelled))
        #expect(try self.picture(low, posed) != self.picture(low, modelled))
    }

    @Test
    func `the mesh itself can be shown beside its pose`() throws {
        let assets = SceneAssets(meshes: [self.mesh(height: 0.5)], materials: [self.material])
        let pose = DeformedMesh(mesh: 0, positions: self.mesh(height: 2).positions, normals: assets.meshes[0].normals)
        let both = SceneFrame(deformedMeshes: [pose], instances: [Instance(mesh: 0), Instance(mesh: 1)])
        #expect(try Scene(assets: assets.encoded(), frame: both.encoded(for: assets)).triangleCount == 2)
    }
}
