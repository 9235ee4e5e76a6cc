import RenderCore
import Testing

/// Solids inside of solids.
struct NestedSolidTests {
    /// A sky of which one half shines.
    private var halfSky: Environment {
        var texels: [Float] = []
        for _ in 0 ..< 16 { for x in 0 ..< 32 { texels += x < 16 ? [1, 1, 1] : [0, 0, 0] } }
        return .map(width: 32, height: 16, texels: texels)
    }

    private func pixels(_ meshes: [Mesh], _ materials: [Material]) throws -> [Float] {
        let scene = try TestScenes.scene(
            meshes,
            materials,
            environment: self.halfSky,
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 9), target: SIMD3(0, 0, 0), size: 2)
        )
        let settings = RenderSettings(width: 8, height: 8, samples: 256, maxDepth: 16)
        return BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 8, height: 8).pixels
    }

    private func ball(_ radius: Float, material: Int) -> Mesh {
        var ball = TestScenes.ball(material: material)
        for i in ball.positions.indices { ball.positions[i] *= radius }
        return ball
    }

    private func glass(_ ior: Float, _ color: SIMD3<Float> = SIMD3(1, 1, 1)) -> Material {
        Material(
            roughness: 0,
            ior: ior,
            transmission: 1,
            attenuationColor: color,
            attenuationDistance: 0.5,
            thickness: 1
        )
    }

    @Test
    func `a ball of glass cannot be seen in glass of the same index`() throws {
        let alone = try self.pixels([self.ball(2, material: 0)], [self.glass(1.5)])
        let nested = try self.pixels(
            [self.ball(2, material: 0), self.ball(0.75, material: 1)],
            [self.glass(1.5), self.glass(1.5)]
        )
        var difference: Float = 0
        for (a, b) in zip(alone, nested) { difference += (a - b).magnitude }
        #expect(difference / Float(alone.count) < 0.02)
        // In air it is a lens.
        let inAir = try self.pixels([self.ball(0.75, material: 0)], [self.glass(1.5)])
        #expect(inAir != alone)
    }

    @Test
    func `what lies around a solid absorbs again behind it`() throws {
        // Water before and behind a clear ball that bends nothing: only the ball's own way is clear.
        let color = SIMD3<Float>(0.5, 0.5, 0.5)
        let stone = Material(
            baseColor: SIMD4(0, 0, 0, 1),
            emission: SIMD3(1, 1, 1),
            isDoubleSided: true,
            specular: .init(factor: 0)
        )
        let wall = TestScenes.quad(SIMD3(-1, -1, -1), SIMD3(1, -1, -1), SIMD3(1, 1, -1), SIMD3(-1, 1, -1), material: 2)
        let scene = try TestScenes.scene(
            [self.ball(2, material: 0), self.ball(0.5, material: 1), wall],
            [self.glass(1, color), self.glass(1), stone],
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 9), target: SIMD3(0, 0, 0), size: 0.01)
        )
        let light = TestScenes.mean(scene, samples: 16, depth: 16)
        // Three metres of it to the wall, of which the ball takes one: half of the light every half metre.
        #expect((light.x - 0.0625).magnitude < 0.003, "\(light)")
    }
}
