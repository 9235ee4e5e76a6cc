import RenderCore
import Testing

struct TraversalTests {
    @Test(arguments: [BVHSettings(), BVHSettings(bins: 2, leafSize: 1), BVHSettings(bins: 16, leafSize: 2)])
    func `rays alone and in packets find what looking at every triangle finds`(settings: BVHSettings) throws {
        let scene = try TestScenes.scene([TestScenes.soup(count: 700, seed: 1)], bvh: settings)
        Agreement(scene, Agreement.rays(scene, count: 4000, seed: 2)).expect(moreHitsThan: 1500)
    }

    @Test
    func `equal surfaces give the hit to the first instance`() throws {
        let mesh = TestScenes.ball(columns: 12, rows: 6, isSmooth: false)
        let assets = SceneAssets(meshes: [mesh], materials: [Material()])
        let frame = SceneFrame(instances: (0 ..< 5).map { _ in Instance(mesh: 0) })
        let scene = try TestScenes.scene(assets, frame)
        let rays = Agreement.rays(scene, count: 1500, seed: 3, reach: 2)
        Agreement(scene, rays).expect(moreHitsThan: 500)
        #expect(scene.hits(rays, .packets).allSatisfy { $0.isMiss || $0.instance == 0 })
    }

    @Test
    func `holes are where they are for rays alone and in packets`() throws {
        var second = TestScenes.soup(count: 300, seed: 14)
        second.material = 1
        var third = TestScenes.soup(count: 300, seed: 15)
        third.material = 2
        let scene = try TestScenes.scene(
            [TestScenes.soup(count: 100, seed: 16), second, third],
            [
                Material(), Material(baseColor: SIMD4(1, 1, 1, 0.2), alphaMode: .mask),
                Material(baseColor: SIMD4(1, 1, 1, 0.5), alphaMode: .blend),
            ]
        )
        Agreement(scene, Agreement.rays(scene, count: 3000, seed: 17)).expect(moreHitsThan: 500)
    }

    @Test
    func `no ray leaves a closed room`() throws {
        let room = TestScenes.box(halfEdge: 5.0625, isRoom: true)
        let scene = try TestScenes.scene([room, TestScenes.soup(count: 300, seed: 4)])
        var generator = SeededGenerator(seed: 5)
        let rays = Agreement.rays(scene, count: 20_000, seed: 5).map { ray in
            var origin = ray.origin
            for axis in 0 ..< 3 { origin[axis] = max(-5.05, min(5.05, origin[axis])) }
            return StreamRay(origin: origin, direction: ray.direction, distance: .infinity)
        }
        #expect(scene.hits(rays, .packets).allSatisfy { !$0.isMiss })
        #expect(scene.hits(rays, .single).allSatisfy { !$0.isMiss })
        // Straight at the corners and along the edges of the room.
        let corners = (0 ..< 400).map { i in
            let corner = SIMD3<Float>(i & 1 == 0 ? 5.0625 : -5.0625, i & 2 == 0 ? 5.0625 : -5.0625, 5.0625)
            let origin = generator.point(within: 5)
            return StreamRay(origin: origin, direction: corner - origin, distance: .infinity)
        }
        #expect(scene.hits(corners, .packets).allSatisfy { !$0.isMiss })
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
            let stream = RayStream(scene: scene)
            var generator = SeededGenerator(seed: 8)
            var rays: [StreamRay] = []
            for i in 0 ..< 500 {
                let (a, b, c) = stream.landmarks(i)
                let direction = generator.direction()
                let origin = (a + b + c) / 3 - direction * (transform.x.x * 3)
                rays.append(StreamRay(origin: origin, direction: direction, distance: .infinity))
            }
            Agreement(scene, rays).expect(moreHitsThan: 100)
        }
    }

    @Test
    func `triangles without area and scenes without triangles are no trouble`() throws {
        let flat = Mesh(
            positions: [0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0],
            indices: [0, 1, 2, 0, 0, 0, 0, 3, 0, 1, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]
        )
        #expect(try TestScenes.scene([flat]).hit(SIMD3(0.5, 1, 0), SIMD3(0, -1, 0)).isMiss)
        let empty = try TestScenes.scene([])
        let ray = StreamRay(origin: SIMD3(0, 0, 0), direction: SIMD3(0, 0, 1), distance: 1e9)
        for order in [RayStream.Order.single, .packets] {
            #expect(empty.hits([ray], order)[0].isMiss)
            #expect(empty.occluded([ray], order) == [false])
        }
    }

    @Test
    func `many triangles in one place are no trouble`() throws {
        let one: [Float] = [-1, -1, -2, 1, -1, -2, 0, 1, -2]
        let mesh = Mesh(positions: one, indices: (0 ..< 3000).map { UInt32($0 % 3) })
        let hit = try TestScenes.scene([mesh]).hit(SIMD3(0, 0, 0), SIMD3(0, 0, -1))
        #expect(hit.primitive == 0)
        #expect(hit.distance == 2)
    }

    /// Boxes of missing children are in the infinite, where only such rays come.
    @Test
    func `rays that are not finite end, and meet nothing that is not there`() throws {
        var assets = SceneAssets(
            meshes: [TestScenes.soup(count: 700, seed: 10), TestScenes.soup(count: 300, seed: 11)],
            materials: [Material()]
        )
        let centers = (0 ..< 300).map { Float($0 % 17) }
        assets.particles = [ParticleSet(centers: centers, radii: [Float](repeating: 0.5, count: 100))]
        var frame = SceneFrame(
            instances: (0 ..< 40).map {
                Instance(mesh: 0, transform: Transform(translation: SIMD3(Float($0), 0, 0)))
            }
        )
        frame.instances += [
            Instance(mesh: 1), Instance(particles: 0),
            Instance(mesh: 1, closingTransform: Transform(translation: SIMD3(0, 9, 0))),
        ]
        let scene = try TestScenes.scene(assets, frame)
        let most = Float.greatestFiniteMagnitude
        let numbers: [Float] = [0, 1, -3, .nan, .infinity, -.infinity, most, -.leastNonzeroMagnitude]
        var generator = SeededGenerator(seed: 12)
        let rays = (0 ..< 4000).map { _ in
            func point() -> SIMD3<Float> {
                SIMD3((0 ..< 3).map { _ in numbers[Int.random(in: 0 ..< numbers.count, using: &generator)] })
            }
            return StreamRay(origin: point(), direction: point(), distance: .infinity)
        }
        for order in [RayStream.Order.single, .packets] {
            let isSound = scene.hits(rays, order).allSatisfy { hit in
                hit.isMiss || hit.instance < frame.instances.count && hit.primitive < 700
            }
            #expect(isSound, "\(order)")
            #expect(scene.occluded(rays, order).count == rays.count)
        }
    }

    /// A bad tree renders the same picture, only slowly; nothing else would notice.
    @Test
    func `a ray visits few nodes`() throws {
        let scene = try TestScenes.scene([
            TestScenes.box(halfEdge: 5, isRoom: true), TestScenes.ball(columns: 256, rows: 128),
        ])
        var generator = SeededGenerator(seed: 9)
        let rays = (0 ..< 2000).map { _ in
            let origin = generator.direction() * Float.random(in: 1.5 ... 4.5, using: &generator)
            return StreamRay(origin: origin, direction: generator.direction(), distance: .infinity)
        }
        let stream = RayStream(scene: scene)
        let nodes = rays.withUnsafeBufferPointer { rays in
            withUnsafeTemporaryAllocation(of: StreamHit.self, capacity: rays.count) { hits in
                stream.counting { stream.nearest(rays, into: hits) }.nodes
            }
        }
        #expect(Double(nodes) / 2000 < 4, "\(Double(nodes) / 2000) nodes a ray")
    }
}
