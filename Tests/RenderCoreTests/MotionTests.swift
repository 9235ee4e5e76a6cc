import RenderCore
import Testing

/// Hits and blobs of what moves while the shutter is open.
struct MotionTests {
    private func pose(_ generator: inout SeededGenerator, scale: ClosedRange<Float> = 0.1 ... 0.5) -> Transform {
        var transform = Transform()
        let scale = Float.random(in: scale, using: &generator)
        for axis in 0 ..< 3 {
            var row = SIMD4<Float>()
            for k in 0 ..< 3 { row[k] = scale * Float.random(in: -1 ... 1, using: &generator) }
            row[3] = Float.random(in: -4 ... 4, using: &generator)
            if axis == 0 { transform.x = row } else if axis == 1 { transform.y = row } else { transform.z = row }
        }
        return transform
    }

    /// Meshes that fly, turn, turn inside out and stand, alone and with parts that move, and with holes.
    private func crowd(_ bvh: BVHSettings) throws -> Scene {
        var generator = SeededGenerator(seed: 51)
        var holes = TestScenes.soup(count: 60, seed: 52)
        holes.material = 1
        var assets = SceneAssets(
            meshes: [TestScenes.soup(count: 80, seed: 53), holes, TestScenes.box(halfEdge: 9, isRoom: true)],
            materials: [Material(), Material(baseColor: SIMD4(1, 1, 1, 0.5), alphaMode: .blend)]
        )
        var spray = ParticleSet(centers: [], radii: [])
        for i in 0 ..< 200 {
            let (from, to) = (generator.point(within: 3), generator.point(within: 3))
            spray.centers += [from.x, from.y, from.z]
            spray.closingCenters += i % 5 == 0 ? [from.x, from.y, from.z] : [to.x, to.y, to.z]
            spray.radii.append(Float.random(in: 0.02 ... 0.3, using: &generator))
        }
        assets.particles = [spray]
        var frame = SceneFrame(
            deformedMeshes: (0 ..< 2).map { mesh in
                let positions = assets.meshes[mesh].positions
                return DeformedMesh(
                    mesh: mesh,
                    positions: positions,
                    closingPositions: positions.map { p in
                        // Far enough apart that differences round, and some not at all.
                        switch Int.random(in: 0 ..< 4, using: &generator) {
                        case 0: p
                        case 1: p * 1e-5
                        default: p + Float.random(in: -2 ... 2, using: &generator)
                        }
                    }
                )
            },
            instances: [
                Instance(mesh: 2), Instance(mesh: 0), Instance(mesh: 3), Instance(mesh: 4), Instance(particles: 0),
            ]
        )
        for i in 0 ..< 30 {
            let from = self.pose(&generator)
            var to = self.pose(&generator)
            if i % 5 == 0 {
                // Inside out, through a moment without any extent.
                to = from
                to.x = SIMD4(-from.x.x, -from.x.y, -from.x.z, from.x.w)
            }
            var instance = Instance(mesh: i % 5, transform: from, closingTransform: to)
            if i % 5 == 2 { instance = Instance(particles: 0, transform: from, closingTransform: to) }
            frame.instances.append(instance)
            // Again in the same place: the first one counts.
            if i % 7 == 0 { frame.instances.append(instance) }
        }
        return try TestScenes.scene(assets, frame, bvh: bvh)
    }

    @Test(arguments: [BVHSettings(), BVHSettings(bins: 4, leafSize: 1)])
    func `rays find what looking at everything where it is at their time finds`(bvh: BVHSettings) throws {
        let scene = try self.crowd(bvh)
        #expect(scene.triangleCount == 92)
        let rays = Agreement.rays(scene, count: 3000, seed: 54)
        Agreement(scene, rays).expect(moreHitsThan: 2500)
        for instance in [1, 2, 3, 4] as [UInt32] {
            #expect(scene.hits(rays, .packets).contains { $0.instance == instance })
        }
        #expect(scene.hits(rays, .packets).contains { $0.instance > 4 })
    }

    @Test
    func `one thing alone that moves is no exception`() throws {
        let assets = SceneAssets(meshes: [TestScenes.soup(count: 3, seed: 55)], materials: [Material()])
        let moved = Transform(translation: SIMD3(1, -1, 0.5), scale: 1.5)
        let frame = SceneFrame(instances: [Instance(mesh: 0, closingTransform: moved)])
        let scene = try TestScenes.scene(assets, frame)
        Agreement(scene, Agreement.rays(scene, count: 3000, seed: 56)).expect(moreHitsThan: 200)
    }

    @Test
    func `things are where they are at the time of a ray`() throws {
        let triangle = Mesh(positions: [-1, -1, 0, 1, -1, 0, 0, 1, 0], indices: [0, 1, 2])
        var assets = SceneAssets(meshes: [triangle], materials: [Material()])
        assets.particles = [ParticleSet(centers: [30, 0, 0], radii: [1], closingCenters: [30, 0, -8])]
        let frame = SceneFrame(
            deformedMeshes: [
                DeformedMesh(
                    mesh: 0,
                    positions: triangle.positions,
                    closingPositions: [-1, -1, -4, 1, -1, -4, 0, 1, -4]
                )
            ],
            instances: [
                Instance(
                    mesh: 0,
                    transform: Transform(translation: SIMD3(0, 0, -2)),
                    closingTransform: Transform(translation: SIMD3(0, 0, -6))
                ),
                Instance(mesh: 1, transform: Transform(translation: SIMD3(10, 0, -2))),
                Instance(particles: 0),
            ]
        )
        let scene = try TestScenes.scene(assets, frame)
        func distance(_ x: Float, _ time: Float) -> Float {
            var ray = StreamRay(origin: SIMD3(x, 0, 5), direction: SIMD3(0, 0, -1), distance: .infinity)
            ray.time = time
            return scene.hits([ray], .single)[0].distance
        }
        for time in [0, 0.25, 0.5, 0.75, 1] as [Float] {
            #expect(distance(0, time) == 7 + 4 * time)
            #expect(distance(10, time) == 7 + 4 * time)
            #expect(isClose(distance(30, time), 4 + 8 * time, within: 1e-5))
        }
        #expect(distance(2, 0) == .infinity)
    }

    @Test
    func `what does not move costs no byte, and no time makes a difference`() throws {
        let assets = GoldenScene.assets
        var frame = GoldenScene.frame
        let bytes = try frame.encoded(for: assets)
        for i in frame.instances.indices { frame.instances[i].closingTransform = frame.instances[i].transform }
        frame.camera.closingTransform = frame.camera.transform
        #expect(try frame.encoded(for: assets) == bytes)
    }

    @Test
    func `motions that do not fit are refused`() throws {
        let assets = SceneAssets(meshes: [TestScenes.box(halfEdge: 1)], materials: [Material()])
        let bytes = try assets.encoded()
        let mark = Float(bitPattern: 0x4049_0fdb)
        var frame = SceneFrame(instances: [Instance(mesh: 0), Instance(mesh: 0), Instance(mesh: 0)])
        frame.instances[1].closingTransform = Transform(translation: SIMD3(mark, 0, 0))
        let good = try frame.encoded(for: assets)
        #expect(throws: Never.self) { try Scene(assets: bytes, frame: good) }
        func word(_ at: Int) -> UInt32 {
            (0 ..< 4).reduce(0) { $0 | UInt32(good[at + $1]) << (8 * UInt32($1)) }
        }
        let place = try #require(stride(from: 0, to: good.count, by: 4).first { word($0) == mark.bitPattern })
        // The number of the instance is four words before the first row's offset.
        let number = place - 16
        #expect(word(number) == 1)
        for (at, value) in [
            (number, 3), (number, UInt32.max), (place, Float.nan.bitPattern), (place, Float.infinity.bitPattern),
            (place, Float(1e10).bitPattern), (place, Float(9.999e8).bitPattern),
        ] {
            var bad = good
            for k in 0 ..< 4 { bad[at + k] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(k))) }
            if value == Float(9.999e8).bitPattern {
                #expect(throws: Never.self) { try Scene(assets: bytes, frame: bad) }
            } else {
                #expect(throws: SceneBlobError.self) { try Scene(assets: bytes, frame: bad) }
            }
        }
    }

    @Test
    func `what moves counts twice against the limits`() throws {
        let mesh = TestScenes.box(halfEdge: 1)
        let assets = SceneAssets(meshes: [mesh], materials: [Material()])
        var frame = SceneFrame(
            deformedMeshes: [DeformedMesh(mesh: 0, positions: mesh.positions)],
            instances: [Instance(mesh: 1)]
        )
        var limits = SceneLimits.standard
        limits.trianglesMax = 12
        let still = try frame.encoded(for: assets)
        #expect(throws: Never.self) { try Scene(assets: assets.encoded(), frame: still, limits: limits) }
        frame.deformedMeshes[0].closingPositions = mesh.positions.map { $0 * 2 }
        let moving = try frame.encoded(for: assets)
        #expect(throws: SceneBlobError.self) { try Scene(assets: assets.encoded(), frame: moving, limits: limits) }
        limits.trianglesMax = 24
        #expect(throws: Never.self) { try Scene(assets: assets.encoded(), frame: moving, limits: limits) }
    }
}
