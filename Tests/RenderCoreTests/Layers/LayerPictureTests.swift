import RenderCore
import Testing

/// Layers in whole pictures.
struct LayerPictureTests {
    /// Looks at a ball of radius one from the front, as far as its middle.
    private func mean(_ material: Material, _ environment: Environment, depth: Int = 8) throws -> SIMD3<Float> {
        let camera = TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        let scene = try TestScenes.scene(
            [TestScenes.ball(columns: 128)],
            [material],
            environment: environment,
            camera: camera
        )
        return TestScenes.mean(scene, samples: 256, depth: depth)
    }

    private static let whiteMap = Environment.map(width: 16, height: 8, texels: [Float](repeating: 1, count: 384))

    @Test
    func `a white layered ball vanishes before a white sky`() throws {
        let stack = LayerStack([
            .dielectric(ior: 1.5, roughness: 0),
            .medium(absorption: SIMD3(0, 0, 0), scattering: 1),
            .diffuse(color: SIMD3(1, 1, 1)),
        ])
        for environment in [Environment.constant(SIMD3(1, 1, 1)), Self.whiteMap] {
            let mean = try self.mean(Material(layers: stack), environment)
            #expect(isClose(mean.x, 1, within: 0.012), "\(mean)")
            #expect(isClose(mean.z, 1, within: 0.012), "\(mean)")
        }
    }

    @Test(arguments: [LayerStacks.scale, LayerStacks.smoothCoat, LayerStacks.cloud])
    func `light samples and walks agree about a sky`(stack: LayerStack) throws {
        let without = try self.mean(Material(layers: stack), .constant(SIMD3(1, 1, 1)))
        let with = try self.mean(Material(layers: stack), Self.whiteMap)
        for channel in 0 ..< 3 {
            #expect(isClose(with[channel], without[channel], within: 0.02), "\(with), \(without)")
        }
    }

    @Test
    func `a lamp lights layers as its mesh does that walks find`() throws {
        // A wall of light that is found by light samples and by walks, against the same wall as a part of the sky.
        let camera = TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        let material = Material(layers: LayerStacks.roughCoat)
        let room = try TestScenes.scene(
            [TestScenes.ball(columns: 128), TestScenes.box(halfEdge: 6, isRoom: true, material: 1)],
            [material, Material(baseColor: SIMD4(0, 0, 0, 1), roughness: 1, emission: SIMD3(1, 1, 1))],
            camera: camera
        )
        let walls = TestScenes.mean(room, samples: 256, depth: 1)
        let sky = try self.mean(material, .constant(SIMD3(1, 1, 1)), depth: 1)
        for channel in 0 ..< 3 { #expect(isClose(walls[channel], sky[channel], within: 0.02), "\(walls), \(sky)") }
    }

    @Test
    func `the base colour tints the ground`() throws {
        let stack = LayerStack([.diffuse(color: SIMD3(1, 0.5, 1))])
        let mean = try self.mean(Material(baseColor: SIMD4(0.5, 1, 0, 1), layers: stack), .constant(SIMD3(1, 1, 1)))
        #expect(isClose(mean.x, 0.5, within: 0.01))
        #expect(isClose(mean.y, 0.5, within: 0.01))
        #expect(mean.z == 0)
    }

    @Test
    func `walks are work`() throws {
        let scene = try TestScenes.scene(
            [TestScenes.ball()],
            [Material(layers: LayerStacks.scale)],
            environment: Self.whiteMap,
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        )
        let settings = RenderSettings(width: 8, height: 8, samples: 16, maxDepth: 4)
        let work = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 8, height: 8).work
        #expect(work.walkSteps > 4 * work.surfaceEvents)
        #expect(work.walkSteps < 200 * work.surfaceEvents)
    }

    @Test
    func `a blob with a layer changed is refused or another scene, never a crash`() throws {
        let assets = SceneAssets(
            meshes: [TestScenes.ball(columns: 8, rows: 4)],
            materials: [Material(layers: LayerStacks.scale), Material(), Material(layers: LayerStacks.cloud)]
        )
        let frame = try SceneFrame(instances: [Instance(mesh: 0)]).encoded(for: assets)
        let bytes = try assets.encoded()
        _ = try Scene(assets: bytes, frame: frame)
        var generator = SeededGenerator(seed: 3)
        var refused = 0
        for _ in 0 ..< 2_000 {
            var changed = bytes
            let at = Int.random(in: changed.count / 2 ..< changed.count, using: &generator)
            changed[at] = UInt8.random(in: 0 ... 255, using: &generator)
            do {
                let scene = try Scene(assets: changed, frame: frame)
                let settings = RenderSettings(width: 2, height: 2, samples: 1, maxDepth: 2)
                _ = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 2, height: 2)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 200)
    }

    @Test
    func `a material with layers that are none is refused`() {
        let bad = LayerStack([.dielectric(ior: 1.5, roughness: 0)])
        #expect(throws: SceneBlobError.self) { try SceneAssets(materials: [Material(layers: bad)]).encoded() }
    }
}
