import RenderCore
import Testing

struct TraversalTests {
    private struct TestRay {
        var origin: SIMD3<Float>
        var direction: SIMD3<Float>
    }

    /// Rays at random, along the axes, and aimed exactly at corners and middles of edges.
    private func rays(_ scene: Scene, count: Int, seed: UInt64) -> [TestRay] {
        var generator = SeededGenerator(seed: seed)
        return (0 ..< count).map { i in
            let triangle = Int.random(in: 0 ..< scene.triangleCount, using: &generator)
            let (a, b, c) = scene.corners(ofTriangle: triangle)
            var origin = SIMD3<Float>(
                Float.random(in: -5 ... 5, using: &generator),
                Float.random(in: -5 ... 5, using: &generator),
                Float.random(in: -5 ... 5, using: &generator)
            )
            switch i % 6 {
            case 0: return TestRay(origin: origin, direction: generator.direction())
            case 1: return TestRay(origin: origin, direction: a - origin)
            case 2: return TestRay(origin: origin, direction: (a + b) * 0.5 - origin)
            case 3: return TestRay(origin: origin, direction: (a + b + c) / 3 - origin)
            default:
                let axis = Int.random(in: 0 ..< 3, using: &generator)
                origin = i % 6 == 4 ? a : (b + c) * 0.5
                origin[axis] -= 6
                var direction = SIMD3<Float>()
                direction[axis] = 1
                return TestRay(origin: origin, direction: direction)
            }
        }
    }

    private func mismatches(_ scene: Scene, _ rays: [TestRay]) -> (count: Int, hits: Int) {
        var mismatches = 0
        var hits = 0
        for ray in rays {
            let fast = scene.nearestHit(origin: ray.origin, direction: ray.direction)
            let slow = scene.nearestHitByBruteForce(origin: ray.origin, direction: ray.direction)
            if slow != nil { hits += 1 }
            if fast?.triangle != slow?.triangle || fast?.distance != slow?.distance { mismatches += 1 }
            guard let slow else {
                if scene.isOccluded(origin: ray.origin, direction: ray.direction, distance: 1e9) { mismatches += 1 }
                continue
            }
            let beyond = slow.distance * 1.0001 + 1e-6
            if !scene.isOccluded(origin: ray.origin, direction: ray.direction, distance: beyond) { mismatches += 1 }
            if scene.isOccluded(origin: ray.origin, direction: ray.direction, distance: slow.distance) {
                mismatches += 1
            }
        }
        return (mismatches, hits)
    }

    @Test(arguments: [BVHSettings(), BVHSettings(bins: 2, leafSize: 1), BVHSettings(bins: 16, leafSize: 2)])
    func `the hierarchy finds what looking at every triangle finds`(settings: BVHSettings) throws {
        let scene = try TestScenes.scene([TestScenes.soup(count: 700, seed: 1)], bvh: settings)
        let (mismatches, hits) = self.mismatches(scene, self.rays(scene, count: 3000, seed: 2))
        #expect(mismatches == 0)
        #expect(hits > 1000)
    }

    @Test
    func `equal surfaces give the hit to the first instance`() throws {
        let mesh = TestScenes.ball(columns: 12, rows: 6, isSmooth: false)
        let assets = SceneAssets(meshes: [mesh], materials: [Material()])
        let frame = SceneFrame(instances: (0 ..< 5).map { _ in Instance(mesh: 0) })
        let scene = try TestScenes.scene(assets, frame)
        let rays = self.rays(scene, count: 1200, seed: 3)
        #expect(self.mismatches(scene, rays).count == 0)
        let perMesh = scene.triangleCount / 5
        for ray in rays {
            guard let hit = scene.nearestHit(origin: ray.origin, direction: ray.direction) else { continue }
            #expect(hit.triangle < perMesh)
        }
    }

    @Test
    func `no ray leaves a closed room`() throws {
        let room = TestScenes.box(halfEdge: 5.1, isRoom: true)
        let scene = try TestScenes.scene([room, TestScenes.soup(count: 300, seed: 4)])
        var misses = 0
        for ray in self.rays(scene, count: 20_000, seed: 5) {
            let inside = SIMD3(repeating: Float(-5.05)).replacing(
                with: ray.origin,
                where: ray.origin .> SIMD3(repeating: Float(-5.05))
            )
            let origin = inside.replacing(with: SIMD3(repeating: 5.05), where: inside .> SIMD3(repeating: Float(5.05)))
            if scene.nearestHit(origin: origin, direction: ray.direction) == nil { misses += 1 }
        }
        #expect(misses == 0)
    }

    @Test
    func `far from the origin and very small the answers stay the same`() throws {
        let assets = SceneAssets(meshes: [TestScenes.soup(count: 200, seed: 6)], materials: [Material()])
        for transform in [
            Transform(translation: SIMD3(1e6, -1e6, 1e5)),
            Transform(translation: SIMD3(0, 0, 0), scale: 1e-12),
            Transform(translation: SIMD3(1, 2, 3), scale: 1e7),
        ] {
            let scene = try TestScenes.scene(assets, SceneFrame(instances: [Instance(mesh: 0, transform: transform)]))
            var generator = SeededGenerator(seed: 8)
            var rays: [TestRay] = []
            for _ in 0 ..< 500 {
                let triangle = Int.random(in: 0 ..< scene.triangleCount, using: &generator)
                let (a, b, c) = scene.corners(ofTriangle: triangle)
                let direction = generator.direction()
                let size = transform.x.x * 3
                rays.append(TestRay(origin: (a + b + c) / 3 - direction * size, direction: direction))
            }
            #expect(self.mismatches(scene, rays).count == 0)
        }
    }

    @Test
    func `triangles without area and scenes without triangles are no trouble`() throws {
        let flat = Mesh(
            positions: [0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0],
            indices: [0, 1, 2, 0, 0, 0, 0, 3, 0, 1, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]
        )
        let scene = try TestScenes.scene([flat])
        #expect(scene.nearestHit(origin: SIMD3(0.5, 1, 0), direction: SIMD3(0, -1, 0)) == nil)
        let empty = try TestScenes.scene([])
        #expect(empty.nearestHit(origin: SIMD3(0, 0, 0), direction: SIMD3(0, 0, 1)) == nil)
        #expect(!empty.isOccluded(origin: SIMD3(0, 0, 0), direction: SIMD3(0, 0, 1), distance: 1e9))
    }

    @Test
    func `many triangles in one place are no trouble`() throws {
        let one: [Float] = [-1, -1, -2, 1, -1, -2, 0, 1, -2]
        let mesh = Mesh(positions: one, indices: (0 ..< 3000).map { UInt32($0 % 3) })
        let scene = try TestScenes.scene([mesh])
        let hit = scene.nearestHit(origin: SIMD3(0, 0, 0), direction: SIMD3(0, 0, -1))
        #expect(hit?.triangle == 0)
        #expect(hit?.distance == 2)
    }

    /// A bad tree renders the same picture, only slowly; nothing else would notice.
    @Test
    func `a ray visits few nodes`() throws {
        let scene = try TestScenes.scene([
            TestScenes.box(halfEdge: 5, isRoom: true), TestScenes.ball(columns: 256, rows: 128),
        ])
        var generator = SeededGenerator(seed: 9)
        var nodes = 0
        for _ in 0 ..< 2000 {
            let origin = generator.direction() * Float.random(in: 1.5 ... 4.5, using: &generator)
            nodes += scene.nearestHit(origin: origin, direction: generator.direction())?.nodes ?? 100
        }
        #expect(Double(nodes) / 2000 < 4, "\(Double(nodes) / 2000) nodes a ray")
    }
}
