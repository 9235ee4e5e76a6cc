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

    @Test(arguments: [Material.AlphaMode.mask, .blend])
    func `one alpha at all vertices is the alpha of the material`(mode: Material.AlphaMode) throws {
        var painted = self.quad
        painted.alphas = [0.25, 0.25, 0.25, 0.25]
        var material = Material(baseColor: SIMD4(0.5, 0.5, 0.5, 0.5), alphaMode: mode, alphaCutoff: 0.3)
        let a = try self.picture(painted, material)
        #expect(try self.picture(self.quad, material) != a)
        material.baseColor.w = 0.125
        #expect(try self.picture(self.quad, material) == a)
        material.alphaMode = .opaque
        #expect(try self.picture(self.quad, material) == self.picture(painted, material))
    }

    @Test
    func `a cut-out ends where the alpha of the vertices falls below its threshold`() throws {
        var painted = self.quad
        painted.alphas = [0, 1, 1, 0]
        let film = try self.picture(painted, Material(baseColor: SIMD4(0, 0, 0, 1), alphaMode: .mask))
        func brightness(_ columns: Range<Int>) -> Float {
            columns.reduce(0) { sum, x in sum + (0 ..< 8).reduce(0) { $0 + film.pixels[3 * (8 * $1 + x)] } }
        }
        // White sky to the left; black, but for its reflections, to the right.
        #expect(brightness(0 ..< 3) > 23.9)
        #expect(brightness(5 ..< 8) < 6)
    }

    @Test
    func `a lamp that is half there at its vertices lights half as much`() throws {
        func light(_ alphas: [Float], _ emission: Float) throws -> Float {
            var lamp = Mesh(
                positions: [-1, 3, -5, 1, 3, -5, 1, 3, -3, -1, 3, -3],
                indices: [0, 1, 2, 0, 2, 3],
                material: 1
            )
            lamp.alphas = alphas
            let assets = SceneAssets(
                meshes: [
                    TestScenes.quad(SIMD3(-9, -1, 9), SIMD3(9, -1, 9), SIMD3(9, -1, -9), SIMD3(-9, -1, -9)), lamp,
                ],
                materials: [
                    Material(),
                    Material(
                        baseColor: SIMD4(0, 0, 0, 1),
                        emission: SIMD3(repeating: emission),
                        alphaMode: .blend,
                        isDoubleSided: true,
                        specular: Material.Specular(factor: 0)
                    ),
                ]
            )
            var frame = SceneFrame(instances: [Instance(mesh: 0), Instance(mesh: 1)])
            frame.camera.transform = Transform(eye: SIMD3(0, 2, 4), target: SIMD3(0, -1, -4))
            let scene = try Scene(assets: assets.encoded(), frame: frame.encoded(for: assets))
            return TestScenes.mean(scene, samples: 256).x
        }
        let half = try light([0.5, 0.5, 0.5, 0.5], 8)
        #expect(isClose(half, try light([], 4), within: 0.02))
    }
}
