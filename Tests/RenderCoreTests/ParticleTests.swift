import RenderCore
import Testing

struct ParticleTests {
    private func spray(count: Int, seed: UInt64, radius: ClosedRange<Float> = 0.01 ... 0.4) -> ParticleSet {
        var generator = SeededGenerator(seed: seed)
        var set = ParticleSet(centers: [], radii: [])
        for _ in 0 ..< count {
            let center = generator.point(within: 4)
            set.centers += [center.x, center.y, center.z]
            set.radii.append(Float.random(in: radius, using: &generator))
            set.colors.append(UInt32.random(in: 0 ... 0xff_ffff, using: &generator))
        }
        return set
    }

    @Test
    func `rays find the particles that looking at each finds, among triangles too`() throws {
        var assets = SceneAssets(
            meshes: [TestScenes.soup(count: 300, seed: 31), TestScenes.box(halfEdge: 8, isRoom: true)],
            materials: [Material()]
        )
        assets.particles = [self.spray(count: 900, seed: 32), self.spray(count: 5, seed: 33)]
        let skewed = Transform(x: SIMD4(0.5, 0.3, 0, 1), y: SIMD4(0, 0.7, -0.2, 2), z: SIMD4(0.1, 0, 0.4, -1))
        let frame = SceneFrame(instances: [
            Instance(mesh: 0), Instance(mesh: 1), Instance(particles: 0), Instance(particles: 0, transform: skewed),
            Instance(particles: 1), Instance(particles: 1),
        ])
        let scene = try TestScenes.scene(assets, frame)
        let rays = Agreement.rays(scene, count: 3000, seed: 34)
        Agreement(scene, rays).expect(moreHitsThan: 2000)
        #expect(scene.hits(rays, .packets).contains { $0.instance == 3 })
        #expect(!scene.hits(rays, .packets).contains { $0.instance == 5 })
    }

    @Test
    func `a small particle far away is hit in the right place`() throws {
        var assets = SceneAssets(materials: [Material()])
        assets.particles = [ParticleSet(centers: [0, 0, -1000], radii: [0.001])]
        let scene = try TestScenes.scene(assets, SceneFrame(instances: [Instance(particles: 0)]))
        #expect(isClose(scene.hit(SIMD3(0, 0, 0), SIMD3(0, 0, -1)).distance, 999.999, within: 1e-6))
        #expect(!scene.hit(SIMD3(0.0009, 0, 0), SIMD3(0, 0, -1)).isMiss)
        #expect(scene.hit(SIMD3(0.0011, 0, 0), SIMD3(0, 0, -1)).isMiss)
        // From within, the other side.
        #expect(isClose(scene.hit(SIMD3(0, 0, -1000), SIMD3(0, 0, -1)).distance, 0.001, within: 1e-4))
    }

    @Test
    func `a ray that leaves a particle meets it on its other side only`() throws {
        var assets = SceneAssets(materials: [Material()])
        assets.particles = [ParticleSet(centers: [1, 2, 3], radii: [0.5])]
        let scene = try TestScenes.scene(assets, SceneFrame(instances: [Instance(particles: 0)]))
        var generator = SeededGenerator(seed: 35)
        for _ in 0 ..< 200 {
            let normal = generator.direction()
            let direction = generator.direction()
            let origin = SIMD3<Float>(1, 2, 3) + normal * 0.5
            let hit = scene.hitLeavingFirstPrimitive(origin: origin, direction: direction)
            let cosine = (normal * direction).sum()
            #expect(hit.isMiss == (cosine >= 0) || cosine.magnitude < 1e-5)
            if !hit.isMiss, cosine < -1e-3 { #expect(isClose(hit.distance, -cosine, within: 1e-3)) }
        }
    }

    @Test
    func `a particle takes little memory`() throws {
        var assets = SceneAssets(materials: [Material()])
        assets.particles = [self.spray(count: 50_000, seed: 36, radius: 0.01 ... 0.03)]
        let bytes = try assets.encoded()
        #expect(bytes.count < 50_000 * 24)
        let frame = try SceneFrame(instances: [Instance(particles: 0)]).encoded(for: assets)
        let scene = try Scene(assets: bytes, frame: frame)
        #expect(scene.acceleratorStatistics.bytes < 50_000 * 48)
    }

    @Test
    func `particles that make no sense are refused`() {
        let good = ParticleSet(centers: [0, 0, 0, 1, 1, 1], radii: [1, 2], colors: [1, 2])
        func isRefused(_ change: (inout ParticleSet) -> Void) -> Bool {
            var assets = SceneAssets(materials: [Material()])
            var set = good
            change(&set)
            assets.particles = [set]
            return (try? assets.encoded()) == nil
        }
        #expect(!isRefused { _ in })
        #expect(isRefused { $0.centers.removeLast() })
        #expect(isRefused { $0.colors.removeLast() })
        #expect(isRefused { $0.radii[0] = 0 })
        #expect(isRefused { $0.radii[1] = .nan })
        #expect(isRefused { $0.centers[2] = .infinity })
        #expect(isRefused { $0.material = 1 })
        #expect(!isRefused { $0.closingCenters = $0.centers })
        #expect(isRefused { $0.closingCenters = [1, 2, 3] })
        #expect(isRefused { $0.closingCenters = [1, 2, 3, 4, 5, .nan] })
        #expect(throws: SceneBlobError.self) {
            try SceneFrame(instances: [Instance(particles: 0)]).encoded(for: SceneAssets())
        }
    }

    @Test
    func `a white particle on a white sky has a picture of its color`() throws {
        var assets = SceneAssets(
            materials: [Material(baseColor: SIMD4(1, 1, 1, 1), metallic: 0, roughness: 1)],
            environment: .constant(SIMD3(1, 1, 1))
        )
        // 188 is half in linear light.
        assets.particles = [ParticleSet(centers: [0, 0, 0], radii: [1], colors: [0x0000bc])]
        let frame = SceneFrame(
            instances: [Instance(particles: 0)],
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 0.5)
        )
        let mean = TestScenes.mean(try TestScenes.scene(assets, frame), samples: 16)
        #expect(mean.x > 0.4 && mean.x < 0.65)
        #expect(mean.y < 0.1)
        // Without a colour it vanishes, whatever it is made of.
        assets.particles[0].colors = []
        for material in [
            assets.materials[0], Material(metallic: 1, roughness: 0.5),
            Material(roughness: 0, transmission: 1, thickness: 1),
        ] {
            assets.materials = [material]
            let furnace = TestScenes.mean(try TestScenes.scene(assets, frame), samples: 64, depth: 32)
            #expect(isClose(furnace.x, 1, within: 0.012), "\(furnace)")
        }
    }

    /// Lanes keep rows of material from hit to hit; what a particle does not set would be that of an earlier hit.
    @Test
    func `a particle has nothing of the surfaces that were hit before it`() throws {
        let ball = TestScenes.ball()
        var assets = SceneAssets(
            meshes: [ball],
            materials: [Material(layers: LayerStack([.diffuse(color: SIMD3(1, 0, 0))])), Material()],
            environment: .constant(SIMD3(1, 1, 1))
        )
        assets.particles = [ParticleSet(centers: [3, 0, 0], radii: [1], material: 1)]
        let frame = SceneFrame(
            instances: [Instance(mesh: 0), Instance(particles: 0)],
            camera: TestScenes.parallel(eye: SIMD3(1.5, 0, 5), target: SIMD3(1.5, 0, 0), size: 6)
        )
        let scene = try TestScenes.scene(assets, frame)
        let settings = RenderSettings(width: 32, height: 32, samples: 4)
        let alone = BlockRenderer(scene: scene, settings: settings).render(x: 24, y: 12, width: 8, height: 8)
        let renderer = BlockRenderer(scene: scene, settings: settings)
        _ = renderer.render(x: 4, y: 12, width: 8, height: 8)
        #expect(renderer.render(x: 24, y: 12, width: 8, height: 8).pixels == alone.pixels)
        #expect(alone.pixels.contains { $0 > 0 && $0 < 1 })
    }
}
