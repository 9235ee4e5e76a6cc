import RenderCore
import Testing

struct LightTreeTests {
    private typealias Point = SIMD3<Float>

    /// Emitting balls, quads and lamps strewn in a cube of ten metres, some turned, squeezed, mirrored or flattened.
    private func strewn(
        _ count: Int,
        seed: UInt64,
        lights: [Light] = [],
        environment: Environment = .constant(SIMD3(0, 0, 0))
    ) throws -> Scene {
        var generator = SeededGenerator(seed: seed)
        let quad = TestScenes.quad(SIMD3(-1, 0, 1), SIMD3(1, 0, 1), SIMD3(1, 0, -1), SIMD3(-1, 0, -1), material: 2)
        let assets = SceneAssets(
            meshes: [
                TestScenes.ball(columns: 5, rows: 3, material: 0), TestScenes.box(halfEdge: 1, material: 1), quad,
                TestScenes.ball(columns: 24, rows: 12, material: 0), TestScenes.box(halfEdge: 1, material: 3),
            ],
            materials: [
                Material(emission: SIMD3(4, 2, 1)), Material(emission: SIMD3(0, 1, 0), isDoubleSided: true),
                Material(emission: SIMD3(9, 9, 9)), Material(),
            ],
            environment: environment
        )
        var frame = SceneFrame(lights: lights)
        for i in 0 ..< count {
            func number(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &generator) }
            let size = number(0.01 ... 0.3)
            var rows: [SIMD4<Float>] = []
            for axis in 0 ..< 3 {
                let d = generator.direction() * size
                rows.append(SIMD4(d.x, i % 7 == 6 && axis < 2 ? 0 : d.y, d.z, number(-5 ... 5)))
            }
            frame.instances.append(Instance(mesh: i % 5, transform: Transform(x: rows[0], y: rows[1], z: rows[2])))
        }
        return try TestScenes.scene(assets, frame)
    }

    private static let lamps: [Light] = [
        .point(position: SIMD3(1, 2, 3), intensity: SIMD3(0.5, 0.5, 0.5), range: 0),
        .spot(
            position: SIMD3(-2, 1, 0),
            direction: SIMD3(0, -1, 0.5),
            intensity: SIMD3(2, 2, 2),
            range: 0,
            innerConeAngle: 0.25,
            outerConeAngle: 0.75
        ),
        .directional(direction: SIMD3(0, -1, 0), illuminance: SIMD3(0.25, 0.25, 0.25)),
        .directional(direction: SIMD3(1, -1, 0), illuminance: SIMD3(0.5, 0.25, 0.25)),
        .point(position: SIMD3(1, 2, 3), intensity: SIMD3(0, 0, 0), range: 0),
    ]

    private static let sky = Environment.map(width: 4, height: 2, texels: (0 ..< 24).map { Float($0 % 5) * 0.05 })

    private func places(_ count: Int, seed: UInt64) -> [(point: Point, normal: Point)] {
        var generator = SeededGenerator(seed: seed)
        return (0 ..< count).map { i in
            let point = Point(
                Float.random(in: -6 ... 6, using: &generator),
                Float.random(in: -6 ... 6, using: &generator),
                Float.random(in: -6 ... 6, using: &generator)
            )
            return (point, i % 3 == 0 ? Point(0, 0, 0) : generator.direction())
        }
    }

    @Test(arguments: [1, 2, 9, 200])
    func `the probabilities of all lights add up to one`(count: Int) throws {
        for (lights, sky) in [([], Environment.constant(SIMD3(0, 0, 0))), (Self.lamps, Self.sky)] {
            let scene = try self.strewn(count, seed: UInt64(count), lights: lights, environment: sky)
            let all = scene.allLights
            for place in self.places(40, seed: 9) {
                var sum = 0.0
                for light in all {
                    let p = scene.probability(of: light, at: place.point, normal: place.normal)
                    #expect(p >= 0 && p <= 1)
                    sum += Double(p)
                }
                // What is missing is the chance to end at a node whose lights all turn away, of which their parent, that
                // knows only a ball around them, was not sure.
                var nothing = 0.0
                for k in 0 ..< 4096 where nothing >= 0 {
                    let pick = UInt32(k) << 20 | 0x8_0000
                    if scene.chosenLight(pick, at: place.point, normal: place.normal) == nil { nothing += 1.0 / 4096 }
                }
                #expect(abs(sum + nothing - 1) < (nothing > 0 ? 0.02 : 1e-5), "\(sum) \(nothing)")
            }
        }
    }

    @Test
    func `lights are drawn as often as their probability says, and it is the same both ways`() throws {
        let scene = try self.strewn(30, seed: 4, lights: Self.lamps, environment: Self.sky)
        for place in self.places(6, seed: 2) {
            var counts: [Scene.DrawnLight: Int] = [:]
            let n = 1 << 16
            for k in 0 ..< n {
                let pick = UInt32(k) << 16 | UInt32(k * 40_503 & 0xffff)
                guard let (light, p) = scene.chosenLight(pick, at: place.point, normal: place.normal) else { continue }
                counts[light, default: 0] += 1
                if k % 16 == 0 {
                    let q = scene.probability(of: light, at: place.point, normal: place.normal)
                    #expect(isClose(q, p, within: 1e-5), "\(light)")
                }
            }
            for light in scene.allLights {
                let expected = Double(scene.probability(of: light, at: place.point, normal: place.normal)) * Double(n)
                #expect(abs(Double(counts[light] ?? 0) - expected) <= 2 + 0.001 * expected, "\(light) \(expected)")
            }
        }
    }

    @Test
    func `no light that shines on a surface goes without a chance`() throws {
        let scene = try self.strewn(60, seed: 12)
        let lights = scene.allLights
        for place in self.places(200, seed: 5) {
            for light in lights {
                let (a, b, c) = scene.corners(ofTriangle: light.number)
                let center = (a + b + c) / 3
                let toLight = center - place.point
                // The quads and the balls show their fronts only; the boxes shine to both sides.
                guard (place.normal * toLight).sum() > 0.01 || place.normal == Point(0, 0, 0) else { continue }
                let p = scene.probability(of: light, at: place.point, normal: place.normal)
                if p == 0 {
                    #expect(!scene.isLit(place.point, by: light.number), "\(light) at \(place)")
                }
            }
        }
    }

    @Test
    func `a tree over a thousand lights leaves much less noise than a uniform choice`() throws {
        let scene = try self.strewn(300, seed: 8)
        let lights = scene.allLights
        var better = 0
        let places = self.places(24, seed: 6).filter { $0.normal != Point(0, 0, 0) }
        for place in places {
            // The second moments of (contribution / probability), without visibility.
            var tree = 0.0
            var uniform = 0.0
            for light in lights {
                let e = Double(scene.irradiance(place.point, place.normal, from: light.number))
                guard e > 0 else { continue }
                let p = Double(scene.probability(of: light, at: place.point, normal: place.normal))
                tree += p > 0 ? e * e / p : 0
                uniform += e * e * Double(lights.count)
            }
            let sum = lights.reduce(0.0) { $0 + Double(scene.irradiance(place.point, place.normal, from: $1.number)) }
            if tree - sum * sum < 0.2 * (uniform - sum * sum) { better += 1 }
        }
        #expect(better * 10 >= places.count * 9, "\(better) of \(places.count)")
    }

    @Test
    func `the kind of light that is brightest here is drawn most often, none hardly ever`() throws {
        let scene = try self.strewn(5, seed: 3, lights: Self.lamps, environment: Self.sky)
        let up = scene.probability(
            of: Scene.DrawnLight(kind: .environment, number: 0),
            at: SIMD3(0, 1000, 0),
            normal: SIMD3(0, 1, 0)
        )
        // A kilometre away the lamps count for nothing, but keep their share of half of the probability.
        #expect(up > 0.3 && up < 0.84)
        for place in self.places(30, seed: 4) {
            let p = scene.probability(
                of: Scene.DrawnLight(kind: .environment, number: 0),
                at: place.point,
                normal: place.normal
            )
            #expect(p > 0.16 && p < 1)
        }
    }

    /// Where a section of a blob begins and its size.
    private func section(_ number: Int, of blob: [UInt8]) -> Range<Int> {
        func word64(_ at: Int) -> Int { (0 ..< 8).reduce(0) { $0 | Int(blob[at + $1]) << (8 * $1) } }
        func aligned(_ size: Int) -> Int { (size + 63) / 64 * 64 }
        let count = Int(blob[12])
        var start = aligned(16 + 8 * count)
        for i in 0 ..< number { start += aligned(word64(16 + 8 * i)) }
        return start ..< start + word64(16 + 8 * number)
    }

    @Test
    func `what is no tree of lights is refused`() throws {
        let assets = SceneAssets(
            meshes: [TestScenes.ball(columns: 5, rows: 3)],
            materials: [Material(emission: SIMD3(1, 1, 1))]
        )
        var frame = SceneFrame(lights: Self.lamps)
        for i in 0 ..< 40 {
            frame.instances.append(
                Instance(mesh: 0, transform: Transform(translation: SIMD3(3 * Float(i % 7), Float(i), 0)))
            )
        }
        let assetBytes = try assets.encoded()
        let frameBytes = try frame.encoded(for: assets)
        #expect(throws: Never.self) { try Scene(assets: assetBytes, frame: frameBytes) }
        let nodes = self.section(13, of: frameBytes)
        let leaves = self.section(14, of: frameBytes)
        let lights = self.section(15, of: frameBytes)
        #expect(nodes.count >= 5 * 384)
        #expect(leaves.count == 42 * 4)
        func refuses(_ at: Int, _ value: UInt32, _ what: Comment) {
            var bytes = frameBytes
            for k in 0 ..< 4 { bytes[at + k] = UInt8(truncatingIfNeeded: value >> UInt32(8 * k)) }
            guard bytes != frameBytes else { return }
            #expect(throws: SceneBlobError.self, what) { try Scene(assets: assetBytes, frame: bytes) }
        }
        for node in 0 ..< nodes.count / 384 {
            let base = nodes.lowerBound + 384 * node
            for slot in 0 ..< 8 {
                for child in [UInt32(0), UInt32(node), 1, 1000, 0x8000_0000, 0x8000_0029, 0x8000_ffff] {
                    refuses(base + 320 + 4 * slot, child, "child \(child)")
                }
                for row in 0 ..< 10 {
                    for value in [Float.nan, .infinity, -1e38] {
                        refuses(base + 32 * row + 4 * slot, value.bitPattern, "row")
                    }
                }
            }
            for parent in [UInt32(0), 7, 0xffff_ffff, 1 << 20] { refuses(base + 352, parent, "parent \(parent)") }
            refuses(base + 360, 1, "padding")
        }
        for leaf in stride(from: leaves.lowerBound, to: leaves.upperBound, by: 4) {
            for position in [UInt32(0), 9, 0xffff_ffff, 1 << 30] { refuses(leaf, position, "leaf \(position)") }
        }
        for light in stride(from: lights.lowerBound, to: lights.upperBound, by: 4) {
            // Lights 2 and 3 are directional, 4 does not shine.
            for code in [UInt32(40), 0x8000_0002, 0x8000_0009, 0x7fff_ffff, 0xffff_ffff] {
                refuses(light, code, "light")
            }
        }
        refuses(lights.lowerBound + 4, 0, "an instance twice")
    }

    @Test
    func `an instance flattened to a plane is chosen from as before`() throws {
        let assets = SceneAssets(
            meshes: [
                TestScenes.quad(SIMD3(-1, 0, 1), SIMD3(1, 0, 1), SIMD3(1, 0, -1), SIMD3(-1, 0, -1)),
                TestScenes.ball(columns: 24, rows: 12),
            ],
            materials: [Material(emission: SIMD3(1, 1, 1))]
        )
        let flat = Transform(x: SIMD4(1, 0, 0, 0), y: SIMD4(0, 0, 0, 0), z: SIMD4(0, 0, 1, 0))
        let scene = try TestScenes.scene(
            assets,
            SceneFrame(instances: [Instance(mesh: 0, transform: flat), Instance(mesh: 1, transform: flat)])
        )
        let quad = Scene.DrawnLight(kind: .triangle, number: 0)
        let p = scene.probability(of: quad, at: SIMD3(0, 2, 0), normal: SIMD3(0, -1, 0))
        #expect(p > 0.1)
        #expect(scene.probability(of: quad, at: SIMD3(0, -2, 0), normal: SIMD3(0, 1, 0)) == 0)
    }
}

extension Scene {
    /// Whether the front of an emitting triangle sees a point, for one-sided ones; true for others.
    fileprivate func isLit(_ point: SIMD3<Float>, by triangle: Int) -> Bool {
        self.irradiance(point, SIMD3(0, 0, 0), from: triangle) > 0
    }

    /// What a triangle without texture sends to a place, by its middle, without obstacles.
    fileprivate func irradiance(_ point: SIMD3<Float>, _ normal: SIMD3<Float>, from triangle: Int) -> Float {
        self.unoccludedIrradiance(at: point, normal: normal, fromTriangle: triangle)
    }
}
