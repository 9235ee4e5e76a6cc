import RenderCore
import Testing

struct ParticleLightTests {
    private static let floor = TestScenes.quad(
        SIMD3(-9, 0, 9),
        SIMD3(9, 0, 9),
        SIMD3(9, 0, -9),
        SIMD3(-9, 0, -9)
    )
    private static let stretched = Transform(
        x: SIMD4(0.75, 0.25, 0, 0.5),
        y: SIMD4(0, 0.375, 0.125, 1.5),
        z: SIMD4(-0.25, 0, 0.625, 0)
    )

    /// Balls of many sizes and colours strewn around the origin, some of them black.
    private func sparks(_ count: Int, seed: UInt64, material: Int, isMoving: Bool = false) -> ParticleSet {
        var generator = SeededGenerator(seed: seed)
        var set = ParticleSet(centers: [], radii: [], material: material)
        for i in 0 ..< count {
            let center = generator.point(within: 2)
            set.centers += [center.x, center.y, center.z]
            set.radii.append(Float.random(in: 0.01 ... 0.125, using: &generator))
            set.colors.append(i % 5 == 4 ? 0 : UInt32.random(in: 0 ... 0xff_ffff, using: &generator))
            let path = generator.direction() * 0.5
            if isMoving { set.closingCenters += [center.x + path.x, center.y + path.y, center.z + path.z] }
        }
        return set
    }

    /// Sparks above a floor: two sets, still ones twice, of which once stretched, and moving ones twice, of which once in a
    /// moving instance.
    private func fire(_ count: Int, lightsAreKnown: Bool = true) throws -> Scene {
        var assets = SceneAssets(
            meshes: [Self.floor],
            materials: [
                Material(baseColor: SIMD4(0.75, 0.75, 0.75, 1), roughness: 0.375),
                Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(8, 4, 2)),
                Material(baseColor: SIMD4(0.25, 0.25, 0.25, 1), emission: SIMD3(2, 8, 4), isDoubleSided: true),
            ]
        )
        assets.particles = [
            self.sparks(count, seed: 41, material: 1), self.sparks(count, seed: 42, material: 2, isMoving: true),
        ]
        let high = Transform(translation: SIMD3(0, 2.5, 0))
        let frame = SceneFrame(
            instances: [
                Instance(mesh: 0), Instance(particles: 0, transform: high),
                Instance(particles: 0, transform: Self.stretched), Instance(particles: 1, transform: high),
                Instance(
                    particles: 1,
                    transform: Transform(translation: SIMD3(1, 2.5, 0)),
                    closingTransform: Transform(translation: SIMD3(2, 3, 0), scale: 0.5)
                ),
            ],
            camera: TestScenes.parallel(eye: SIMD3(0, 0.125, 0), target: SIMD3(0, 0, 0), size: 3)
        )
        // A frame for sparks that do not glow has no tree of lights: then they are found by chance alone.
        var dark = assets
        for i in dark.materials.indices { dark.materials[i].emission = SIMD3(0, 0, 0) }
        return try Scene(assets: try assets.encoded(), frame: try frame.encoded(for: lightsAreKnown ? assets : dark))
    }

    /// What a point at the origin of the floor sends straight up, by looking for a ball in all directions.
    private func expected(
        _ material: Material,
        radiance: Double,
        center: SIMD3<Double>,
        radius: Double
    ) throws -> Double {
        let probe = try MaterialProbe(material)
        let n = 1200
        var sum = 0.0
        for i in 0 ..< n {
            // Even in the squared sine, so even in projected solid angle.
            let squared = (Double(i) + 0.5) / Double(n)
            let (sine, cosine) = (squared.squareRoot(), (1 - squared).squareRoot())
            for k in 0 ..< n {
                let (s, c) = sinCos(turns: (Float(k) + 0.5) / Float(n))
                let wi = SIMD3(sine * Double(c), cosine, sine * Double(s))
                let along = (wi * center).sum()
                guard (center * center).sum() - along * along <= radius * radius else { continue }
                let local = SIMD3(Float(wi.x), Float(wi.z), Float(wi.y))
                sum += Double(probe.scattering(wo: SIMD3(0, 0, 1), wi: local).value.y) / cosine
            }
        }
        return sum * radiance * .pi / Double(n * n)
    }

    @Test(arguments: [
        Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1), Material(roughness: 0.3),
        Material(metallic: 1, roughness: 0.2),
    ])
    func `a glowing ball shines on a floor as its integral says`(material: Material) throws {
        var assets = SceneAssets(
            meshes: [Self.floor],
            materials: [material, Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 3, 0))]
        )
        // 188 is half in linear light.
        assets.particles = [ParticleSet(centers: [0.25, 1, 0], radii: [0.5], colors: [0x00bc00], material: 1)]
        let frame = SceneFrame(
            instances: [Instance(mesh: 0), Instance(particles: 0)],
            camera: TestScenes.parallel(eye: SIMD3(0, 0.25, 0), target: SIMD3(0, 0, 0), size: 0.002)
        )
        let scene = try TestScenes.scene(assets, frame)
        let found = scene.greenEstimate(depth: 1)
        let half = Double(sRGBTable()[188])
        let wanted = try self.expected(material, radiance: 3 * half, center: SIMD3(0.25, 1, 0), radius: 0.5)
        #expect(abs(found.mean - wanted) < 4 * found.error + 2e-3 * wanted, "\(found), \(wanted)")
    }

    @Test
    func `a ball right above sends pi times its radiance times the square of its sine`() throws {
        let white = Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1, specular: .init(factor: 0))
        var assets = SceneAssets(
            meshes: [Self.floor],
            materials: [white, Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 2, 0))]
        )
        for (radius, height) in [(Float(0.5), Float(1)), (0.001, 1), (0.01, 8), (0.999, 1)] {
            assets.particles = [ParticleSet(centers: [0, height, 0], radii: [radius], material: 1)]
            let size = (height - radius) * 0.125
            let frame = SceneFrame(
                instances: [Instance(mesh: 0), Instance(particles: 0)],
                camera: TestScenes.parallel(
                    eye: SIMD3(0, (height - radius) * 0.5, 0),
                    target: SIMD3(0, 0, 0),
                    size: size < 1e-3 ? size : 1e-3
                )
            )
            let found = try TestScenes.scene(assets, frame).greenEstimate(depth: 1)
            let sine = Double(radius / height)
            let wanted = 0.5 * 2 * sine * sine
            #expect(abs(found.mean - wanted) < 4 * found.error + 2e-3 * wanted, "\(radius) \(found), \(wanted)")
        }
    }

    @Test
    func `sparks that are looked for and sparks found by chance light a floor alike, with less noise`() throws {
        let known = try self.fire(100).greenEstimate(depth: 3)
        let unknown = try self.fire(100, lightsAreKnown: false).greenEstimate(depth: 3)
        let error = (known.error * known.error + unknown.error * unknown.error).squareRoot()
        #expect(abs(known.mean - unknown.mean) < 4 * error, "\(known) \(unknown)")
        #expect(known.error < 0.5 * unknown.error, "\(known) \(unknown)")
    }

    private func places(_ count: Int, seed: UInt64) -> [(point: SIMD3<Float>, normal: SIMD3<Float>)] {
        var generator = SeededGenerator(seed: seed)
        return (0 ..< count).map { i in
            (generator.point(within: 4), i % 3 == 0 ? SIMD3<Float>() : generator.direction())
        }
    }

    @Test
    func `the density of a hit is that of the sample which would have led there`() throws {
        let scene = try self.fire(60)
        var generator = SeededGenerator(seed: 43)
        var compared = 0
        for place in self.places(200, seed: 44) {
            for _ in 0 ..< 20 {
                let u = UInt32.random(in: 0 ... .max, using: &generator)
                let v = UInt32.random(in: 0 ... .max, using: &generator)
                let time = Float.random(in: 0 ..< 1, using: &generator)
                let drawn = scene.chosenLight(u, at: place.point, normal: place.normal)
                let sample = scene.lightSample(u, v, at: place.point, normal: place.normal, time: time)
                guard let (light, p) = drawn, let sample else { continue }
                #expect(light.kind == .particle)
                let density = scene.density(
                    of: sample.direction,
                    toParticle: light.number,
                    ofInstance: light.instance,
                    at: place.point,
                    normal: place.normal,
                    time: time
                )
                #expect(isClose(density, sample.density, within: 1e-3), "\(light) \(p) at \(place)")
                compared += 1
            }
        }
        #expect(compared > 2000, "\(compared)")
    }

    @Test
    func `samples lie on their particle, and their density integrates to the chance of drawing it`() throws {
        var assets = SceneAssets(materials: [Material(emission: SIMD3(1, 1, 1))])
        assets.particles = [ParticleSet(centers: [0.5, 0, 0], radii: [0.75])]
        let scene = try TestScenes.scene(
            assets,
            SceneFrame(instances: [Instance(particles: 0, transform: Self.stretched)])
        )
        var generator = SeededGenerator(seed: 45)
        for place in self.places(12, seed: 46) {
            let point = place.point
            var sum = 0.0
            var hits = 0.0
            let n = 60_000
            for _ in 0 ..< n {
                let direction = generator.direction()
                let ray = StreamRay(origin: point, direction: direction, distance: .infinity)
                guard !scene.hits([ray], .single)[0].isMiss else { continue }
                hits += 1
                sum += Double(
                    scene.density(
                        of: direction,
                        toParticle: 0,
                        ofInstance: 0,
                        at: point,
                        normal: SIMD3(0, 0, 0),
                        time: 0
                    )
                )
            }
            let integral = sum * 4 * .pi / Double(n)
            // As much as the number of hits varies.
            #expect(hits == 0 || abs(integral - 1) < 4 / hits.squareRoot() + 0.02, "\(integral), \(hits) at \(point)")
            for _ in 0 ..< 100 {
                let u = UInt32.random(in: 0 ... .max, using: &generator)
                let v = UInt32.random(in: 0 ... .max, using: &generator)
                let sample = scene.lightSample(u, v, at: point, normal: SIMD3(0, 0, 0), time: 0)
                guard let sample, integral > 0 else { continue }
                let hit = scene.hit(point, sample.direction)
                // The rim is met or missed by rounding.
                guard !hit.isMiss else { continue }
                #expect(abs(hit.distance - sample.distance) < 0.01 * hit.distance + 0.01)
            }
        }
    }

    @Test
    func `the probabilities of all particles add up to one, and they are drawn as often as these say`() throws {
        let scene = try self.fire(50)
        let all = scene.allLights
        #expect(all.count == 200)
        for place in self.places(30, seed: 47) {
            var sum = 0.0
            for light in all {
                sum += Double(scene.probability(of: light, at: place.point, normal: place.normal))
            }
            var counts: [Scene.DrawnLight: Int] = [:]
            var nothing = 0
            let n = 1 << 12
            for k in 0 ..< n {
                let pick = UInt32(k) << 20 | 0x8_0000
                guard let (light, p) = scene.chosenLight(pick, at: place.point, normal: place.normal) else {
                    nothing += 1
                    continue
                }
                counts[light, default: 0] += 1
                let q = scene.probability(of: light, at: place.point, normal: place.normal)
                #expect(isClose(q, p, within: 1e-5), "\(light)")
            }
            // What is missing is the chance to end at clusters that turn out to be behind.
            #expect(abs(sum + Double(nothing) / Double(n) - 1) < (nothing > 0 ? 0.02 : 1e-4), "\(sum) \(nothing)")
            for light in all {
                let expected = Double(scene.probability(of: light, at: place.point, normal: place.normal)) * Double(n)
                #expect(abs(Double(counts[light] ?? 0) - expected) <= 2 + 0.001 * expected, "\(light) \(expected)")
            }
        }
    }

    @Test
    func `a particle that glows takes no more than 24 bytes, however it lies among others`() throws {
        func size(_ set: ParticleSet, emission: Float = 1) throws -> Int {
            var assets = SceneAssets(materials: [Material(emission: SIMD3(repeating: emission))])
            assets.particles = [set]
            return try assets.encoded().count
        }
        for count in [50_000, 16 * 4096, 16 * 4097] {
            var set = self.sparks(count, seed: 48, material: 0)
            let dark = try size(set, emission: 0)
            #expect(dark < count * 20 + 1024)
            set.colors = set.colors.map { $0 | 1 }
            #expect(try size(set) < count * 24)
            // In clumps of very different sizes.
            for i in set.centers.indices { set.centers[i] += i / 3 % 7 < 3 ? 1e3 : Float(i / 3 % 7) * set.centers[i] }
            #expect(try size(set) < count * 24)
        }
    }

    @Test
    func `a tree of particles that is none is refused`() throws {
        var assets = SceneAssets(materials: [Material(emission: SIMD3(1, 1, 1))])
        assets.particles = [self.sparks(500, seed: 49, material: 0)]
        let good = try assets.encoded()
        let frame = try SceneFrame(instances: [Instance(particles: 0)]).encoded(for: assets)
        #expect(throws: Never.self) { try Scene(assets: good, frame: frame) }
        func sections() -> [Range<Int>] {
            func word64(_ at: Int) -> Int { (0 ..< 8).reduce(0) { $0 | Int(good[at + $1]) << (8 * $1) } }
            func aligned(_ size: Int) -> Int { (size + 63) / 64 * 64 }
            let count = Int(good[12])
            var start = aligned(16 + 8 * count)
            return (0 ..< count).map { i in
                let size = word64(16 + 8 * i)
                defer { start += aligned(size) }
                return start ..< start + size
            }
        }
        let all = sections()
        let (record, nodes, leaves) = (all[22], all[26], all[27])
        // 400 of them shine, sixteen in a place.
        #expect(leaves.count == 25 * 4)
        func refuses(_ at: Int, _ value: UInt32) {
            var bytes = good
            for k in 0 ..< 4 { bytes[at + k] = UInt8(truncatingIfNeeded: value >> UInt32(8 * k)) }
            guard bytes != good else { return }
            #expect(throws: SceneBlobError.self, "\(at) \(value)") { try Scene(assets: bytes, frame: frame) }
        }
        for value in [UInt32(0), 1, 26, 33, 0xffff_ffff] {
            refuses(record.lowerBound + 12, value)
            refuses(record.lowerBound + 16, value)
        }
        for at in stride(from: leaves.lowerBound, to: leaves.upperBound, by: 4) { refuses(at, 1 << 30) }
        for value in [UInt32(0), 0x8000_0019, 0xffff_fffe] { refuses(nodes.lowerBound + 320, value) }
    }
}
