import RenderCore
import Testing

/// Instances whose rays go to the object's own space.
struct InstanceTests {
    /// So many copies of a soup that they keep their own space, in all kinds of poses.
    private func crowd(_ bvh: BVHSettings = .standard) throws -> Scene {
        var generator = SeededGenerator(seed: 21)
        let soup = TestScenes.soup(count: 700, seed: 22)
        var holes = TestScenes.soup(count: 700, seed: 23)
        holes.material = 1
        let room = TestScenes.box(halfEdge: 9, isRoom: true)
        let assets = SceneAssets(
            meshes: [soup, holes, room],
            materials: [Material(), Material(baseColor: SIMD4(1, 1, 1, 0.5), alphaMode: .blend)]
        )
        var instances: [Instance] = [Instance(mesh: 2)]
        for i in 0 ..< 200 {
            var transform = Transform()
            let scale = Float.random(in: 0.05 ... 0.3, using: &generator)
            for axis in 0 ..< 3 {
                var row = SIMD4<Float>()
                for k in 0 ..< 3 { row[k] = scale * Float.random(in: -1 ... 1, using: &generator) }
                row[3] = Float.random(in: -7 ... 7, using: &generator)
                if axis == 0 { transform.x = row } else if axis == 1 { transform.y = row } else { transform.z = row }
            }
            switch i % 10 {
            case 0: transform = Transform(translation: SIMD3(transform.x.w, transform.y.w, transform.z.w), scale: scale)
            case 1: transform.z = transform.y  // flat: no inverse
            case 2: transform.x.w *= 1e5  // far away
            default: break
            }
            instances.append(Instance(mesh: i % 2, transform: transform))
            // Again in the same place: the first one counts.
            if i % 7 == 0 { instances.append(Instance(mesh: i % 2, transform: transform)) }
        }
        return try TestScenes.scene(assets, SceneFrame(instances: instances), bvh: bvh)
    }

    @Test(arguments: [BVHSettings(), BVHSettings(bins: 4, leafSize: 1)])
    func `rays in instances find what looking at everything finds`(bvh: BVHSettings) throws {
        let scene = try self.crowd(bvh)
        #expect(scene.triangleCount == 12)
        let rays = Agreement.rays(scene, count: 400, seed: 24, reach: 8)
        Agreement(scene, rays).expect(moreHitsThan: 200)
        #expect(scene.hits(rays, .packets).contains { !$0.isMiss && $0.instance > 0 })
    }

    /// What maps the world into their own spaces would make infinities of it.
    @Test(arguments: [0x1p-140, 0x1p-126, 0x1p-100, 0x1p-66] as [Float])
    func `instances that are next to nothing are met by no ray`(scale: Float) throws {
        var assets = SceneAssets(
            meshes: [TestScenes.soup(count: 700, seed: 25), TestScenes.box(halfEdge: 9, isRoom: true)],
            materials: [Material()]
        )
        let centers = (0 ..< 300).map { Float($0 % 17) }
        assets.particles = [ParticleSet(centers: centers, radii: [Float](repeating: 0.5, count: 100))]
        let small = Transform(translation: SIMD3(1, 2, 3), scale: scale)
        // Thin along one direction and as wide as the room along the others.
        let thin = Transform(x: SIMD4(scale, 0, 0, 0))
        let deformed = DeformedMesh(
            mesh: 0,
            positions: assets.meshes[0].positions,
            closingPositions: assets.meshes[0].positions.map { $0 * 1.5 }
        )
        var frame = SceneFrame(instances: [Instance(mesh: 1)])
        frame.deformedMeshes = [deformed]
        for transform in [small, thin] {
            frame.instances += [
                Instance(particles: 0, transform: transform), Instance(mesh: 2, transform: transform),
                Instance(mesh: 0, transform: transform, closingTransform: small),
            ]
        }
        let scene = try TestScenes.scene(assets, frame)
        let rays = Agreement.rays(scene, count: 2000, seed: 27, reach: 8)
        Agreement(scene, rays).expect(moreHitsThan: 1000)
        #expect(scene.hits(rays, .packets).allSatisfy { $0.isMiss || $0.instance == 0 })
    }

    @Test
    func `a placed triangle is hit where its transform puts it`() throws {
        let triangle: [Float] = [-1, -1, 0, 1, -1, 0, 0, 1, 0]
        let mesh = Mesh(positions: triangle, indices: (0 ..< 30_000).map { $0 % 3 })
        let assets = SceneAssets(meshes: [mesh], materials: [Material()])
        let poses = (0 ..< 8).map { Transform(translation: SIMD3(0, 0, -2 * Float($0) - 3), scale: 2) }
        let frame = SceneFrame(instances: poses.map { Instance(mesh: 0, transform: $0) })
        let scene = try TestScenes.scene(assets, frame)
        #expect(scene.triangleCount == 0)
        let hit = scene.hit(SIMD3(0, 0, 0), SIMD3(0, 0, -0.5))
        #expect(hit.instance == 0)
        #expect(hit.primitive == 0)
        #expect(hit.distance == 6)
        let last = scene.hit(SIMD3(0, 0, -20), SIMD3(0, 0, 1))
        #expect(last.instance == 7)
        #expect(last.distance == 3)
    }

    @Test
    func `a million instances take little memory, and rays find what looking at each of them finds`() throws {
        let assets = SceneAssets(meshes: [TestScenes.box(halfEdge: 0.2)], materials: [Material()])
        var generator = SeededGenerator(seed: 28)
        let frame = SceneFrame(
            instances: (0 ..< 1_000_000).map { i in
                let place = SIMD3(Float(i % 100), Float(i / 100 % 100), Float(i / 10_000))
                // A tenth of them in poses of all kinds, also mirrored ones and some that reach into others.
                guard i % 10 == 5 else { return Instance(mesh: 0, transform: Transform(translation: place)) }
                func row(_ axis: Int) -> SIMD4<Float> {
                    let (r, s) = (generator.point(within: 1), place[axis])
                    return SIMD4(r.x, r.y, r.z, s)
                }
                return Instance(mesh: 0, transform: Transform(x: row(0), y: row(1), z: row(2)))
            }
        )
        let scene = try TestScenes.scene(assets, frame)
        #expect(scene.acceleratorStatistics.bytes < 1_000_000 * 100)
        let hit = scene.hit(SIMD3(10, 10, -1), SIMD3(0, 0, 1))
        #expect(hit.instance == 1010)
        #expect(isClose(hit.distance, 0.8, within: 1e-5))
        Agreement(scene, Agreement.rays(scene, count: 64, seed: 29, reach: 100)).expect(moreHitsThan: 16)
    }

    @Test
    func `the threads that build change nothing`() throws {
        let assets = SceneAssets(meshes: [TestScenes.soup(count: 40_000, seed: 25)], materials: [Material()])
        let frame = SceneFrame(instances: [Instance(mesh: 0)])
        let bytes = (try assets.encoded(), try frame.encoded(for: assets))
        let serial = try Scene(assets: bytes.0, frame: bytes.1)
        // Backwards is an order that threads may take.
        let other = try Scene(
            assets: bytes.0,
            frame: bytes.1,
            concurrently: { count, body in for i in (0 ..< count).reversed() { body(i) } }
        )
        #expect(serial.acceleratorStatistics == other.acceleratorStatistics)
        let rays = Agreement.rays(serial, count: 3000, seed: 26)
        #expect(serial.hits(rays, .single) == other.hits(rays, .packets))
        let few = Agreement.rays(serial, count: 300, seed: 27)
        Agreement(serial, few).expect(moreHitsThan: 100)
    }
}
