import RenderCore
import Testing

struct DenoisingGuideTests {
    private static let wallColor = SIMD4<Float>(0.25, 0.5, 0.75, 1)

    /// A thing four metres before the camera, a wall ten metres before it, another a metre behind it.
    private func guides(
        of material: Material,
        sky: SIMD3<Float> = .zero,
        withWalls: Bool = true
    ) throws -> (albedo: [Float], normal: [Float]) {
        var meshes = [TestScenes.quad(SIMD3(-9, -9, -4), SIMD3(9, -9, -4), SIMD3(9, 9, -4), SIMD3(-9, 9, -4))]
        if withWalls {
            let front = TestScenes.quad(
                SIMD3(-9, -9, -10),
                SIMD3(9, -9, -10),
                SIMD3(9, 9, -10),
                SIMD3(-9, 9, -10),
                material: 1
            )
            let back = TestScenes.quad(
                SIMD3(9, -9, 1),
                SIMD3(-9, -9, 1),
                SIMD3(-9, 9, 1),
                SIMD3(9, 9, 1),
                material: 1
            )
            meshes += [front, back]
        }
        let assets = SceneAssets(
            meshes: meshes,
            materials: [material, Material(baseColor: Self.wallColor)],
            environment: .constant(sky)
        )
        let frame = SceneFrame(
            instances: meshes.indices.map { Instance(mesh: $0) },
            camera: Camera(projection: .orthographic(xMagnification: 2, yMagnification: 2))
        )
        let settings = RenderSettings(width: 8, height: 8, samples: 64, filter: .box, channels: .guides)
        let scene = try TestScenes.scene(assets, frame)
        let block = BlockRenderer(scene: scene, settings: settings).render(x: 2, y: 2, width: 1, height: 1)
        return (block.auxiliary.guideAlbedo, block.auxiliary.guideNormal)
    }

    @Test
    func `a dull surface is its own guide`() throws {
        let guides = try self.guides(of: Material(baseColor: SIMD4(0.5, 0.25, 1, 1), roughness: 0.1))
        #expect(guides.albedo == [0.5, 0.25, 1])
        #expect(guides.normal == [0, 0, 1])
    }

    @Test
    func `a rough mirror is its own guide, a sharp one shows another surface in its colour`() throws {
        let color = SIMD4<Float>(0.5, 0.25, 1, 1)
        let rough = try self.guides(of: Material(baseColor: color, metallic: 1, roughness: 0.5))
        #expect(rough.albedo == [0.5, 0.25, 1])
        #expect(rough.normal == [0, 0, 1])
        let sharp = try self.guides(of: Material(baseColor: color, metallic: 1, roughness: 0))
        #expect(sharp.albedo == [0.125, 0.125, 0.75])
        #expect(sharp.normal == [0, 0, -1])
    }

    @Test
    func `clear glass shows what is behind it, and a little of what it mirrors`() throws {
        let guides = try self.guides(of: Material(metallic: 0, roughness: 0, transmission: 1))
        #expect(guides.albedo == [0.25, 0.5, 0.75])
        #expect(guides.normal[2] > 0.8 && guides.normal[2] < 1)
    }

    @Test
    func `what shines by itself and the sky guide with their light, as far as it is below one`() throws {
        let lamp = Material(baseColor: SIMD4(0.25, 0.25, 0.25, 1), emission: SIMD3(0.5, 0, 9))
        #expect(try self.guides(of: lamp).albedo == [0.75, 0.25, 1])
        let mirror = Material(baseColor: SIMD4(1, 1, 0.5, 1), metallic: 1, roughness: 0)
        let guides = try self.guides(of: mirror, sky: SIMD3(0.25, 5, 1), withWalls: false)
        #expect(guides.albedo == [0.25, 1, 0.5])
        #expect(guides.normal == [0, 0, 1])
    }
}
