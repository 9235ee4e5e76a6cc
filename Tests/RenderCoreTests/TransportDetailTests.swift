import RenderCore
import Testing

/// What paths carry along beside light.
struct TransportDetailTests {
    /// A slab of glass of two metres that the camera looks through, straight on.
    private func slab(_ attenuation: SIMD3<Float>) throws -> SIMD3<Float> {
        let glass = Material(
            roughness: 0,
            ior: 1,
            transmission: 1,
            attenuationColor: attenuation,
            attenuationDistance: 0.5,
            thickness: 1
        )
        let scene = try TestScenes.scene(
            [TestScenes.box(halfEdge: 1)],
            [glass],
            environment: .constant(SIMD3(1, 1, 1)),
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 0.5)
        )
        return TestScenes.mean(scene, edge: 2, samples: 16)
    }

    @Test
    func `glass absorbs along the way inside`() throws {
        // Two metres of what leaves a half and a quarter of the light after half a metre.
        let color = try self.slab(SIMD3(0.5, 0.25, 1))
        #expect(isClose(color.x, 1.0 / 16, within: 0.001))
        #expect(isClose(color.y, 1.0 / 256, within: 0.001))
        #expect(isClose(color.z, 1, within: 0.001))
    }

    @Test
    func `what stands in water is seen through the water before it`() throws {
        // The near face of the inner box shines through half a metre of water; the outer box ends behind it.
        let water = Material(
            roughness: 0,
            ior: 1,
            transmission: 1,
            attenuationColor: SIMD3(0.5, 0.25, 1),
            attenuationDistance: 0.5,
            thickness: 1
        )
        let lamp = Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(1, 1, 1))
        var inner = TestScenes.box(halfEdge: 0.5)
        inner.material = 1
        let scene = try TestScenes.scene(
            [TestScenes.box(halfEdge: 1), inner],
            [water, lamp],
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 0.5)
        )
        let color = TestScenes.mean(scene, edge: 2, samples: 16)
        #expect(isClose(color.x, 0.5, within: 0.001))
        #expect(isClose(color.y, 0.25, within: 0.001))
        #expect(isClose(color.z, 1, within: 0.001))
    }

    /// A floor of black and white stripes, 1024 to the metre, seen from a height.
    private func stripes(height: Float, samples: Int) throws -> [Float] {
        let texels: [UInt8] = (0 ..< 64 * 64).flatMap { i -> [UInt8] in
            i & 1 == 0 ? [255, 255, 255, 255] : [0, 0, 0, 255]
        }
        let floor = Mesh(
            positions: [-1, 0, 1, 1, 0, 1, 1, 0, -1, -1, 0, -1],
            textureCoordinates: [0, 0, 32, 0, 32, 32, 0, 32],
            indices: [0, 1, 2, 0, 2, 3]
        )
        let scene = try TestScenes.scene(
            [floor],
            [Material(emission: SIMD3(1, 1, 1), emissionTexture: TextureReference(image: 0))],
            images: [Image(width: 64, height: 64, texels: .linear8(texels))],
            camera: Camera(
                transform: Transform(eye: SIMD3(0, height, 0), target: SIMD3(0, 0, 0), up: SIMD3(0, 0, -1)),
                projection: .perspective(verticalFieldOfView: 0.5)
            )
        )
        let settings = RenderSettings(width: 8, height: 8, samples: samples, maxDepth: 0)
        let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 8, height: 8)
        return (0 ..< 64).map { block.pixels[3 * $0] }
    }

    @Test
    func `far textures are grey instead of noisy`() throws {
        func spread(_ pixels: [Float]) -> Float {
            let mean = pixels.reduce(0, +) / Float(pixels.count)
            return pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(pixels.count)
        }
        // With one sample a pixel, stripes much finer than pixels would be black or white at random.
        #expect(spread(try self.stripes(height: 1.5, samples: 1)) < 0.01)
        // From nearby, they are sharp.
        let near = try self.stripes(height: 0.004, samples: 16)
        #expect((near.max() ?? 0) - (near.min() ?? 0) > 0.5)
    }
}
