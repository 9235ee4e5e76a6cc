import RenderCore
import Testing

struct VertexColorTests {
    private func picture(_ mesh: Mesh, _ material: Material) throws -> FilmBlock {
        let assets = SceneAssets(
            meshes: [mesh],
            materials: [material],
            environment: .constant(SIMD3(1, 1, 1))
        )
        let frame = SceneFrame(instances: [Instance(mesh: 0)])
        let scene = try Scene(assets: assets.encoded(), frame: frame.encoded(for: assets))
        return BlockRenderer(scene: scene, settings: RenderSettings(width: 8, height: 8, samples: 16))
            .render(x: 0, y: 0, width: 8, height: 8)
    }

    private let quad = Mesh(positions: [-9, -9, -4, 9, -9, -4, 9, 9, -4, -9, 9, -4], indices: [0, 1, 2, 0, 2, 3])

    @Test
    func `one colour at all vertices is the colour of the material`() throws {
        var painted = self.quad
        painted.colors = [0.5, 0.25, 1, 0.5, 0.25, 1, 0.5, 0.25, 1, 0.5, 0.25, 1]
        let plain = Material(baseColor: SIMD4(0.25, 0.25, 0.5, 1))
        let a = try self.picture(painted, Material(baseColor: SIMD4(0.5, 1, 0.5, 1)))
        let b = try self.picture(self.quad, plain)
        for (x, y) in zip(a.pixels, b.pixels) { #expect((x - y).magnitude < 1e-3) }
        #expect(try self.picture(self.quad, Material(baseColor: SIMD4(0.5, 1, 0.5, 1))) != a)
    }

    @Test
    func `colours run from vertex to vertex`() throws {
        var painted = self.quad
        painted.colors = [0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0]
        let film = try self.picture(painted, Material())
        func brightness(_ columns: Range<Int>) -> Float {
            columns.reduce(0) { sum, x in sum + (0 ..< 8).reduce(0) { $0 + film.pixels[3 * (8 * $1 + x)] } }
        }
        #expect(brightness(0 ..< 4) + 0.5 < brightness(4 ..< 8))
    }
}
