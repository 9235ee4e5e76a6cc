import RenderCore
import Testing

/// The light of what glows in volumes on surfaces and particles, which light samples and paths find together.
struct VolumeLightTests {
    /// What a point at the origin of a floor receives from the volumes above it, times a diffuse reflectance of one half: rays
    /// over the hemisphere, marched through the volumes.
    private func expected(_ volume: Volume, at transform: Transform) throws -> Double {
        let probe = VolumeProbe(try VolumeScenes.scene([volume], transform: transform))
        var sum = 0.0
        let (rings, spokes, steps) = (80, 160, 300)
        for ring in 0 ..< rings {
            // Evenly over the disk below the hemisphere: cosines cancel.
            let radius = ((Double(ring) + 0.5) / Double(rings)).squareRoot()
            for spoke in 0 ..< spokes {
                let (s, c) = sinCos(turns: (Float(spoke) + 0.5) / Float(spokes))
                let direction = SIMD3(Float(radius) * c, Float((1 - radius * radius).squareRoot()), Float(radius) * s)
                var depth = 0.0
                for i in 0 ..< steps {
                    let t = (Float(i) + 0.5) * (6 / Float(steps))
                    let here = probe.coefficients(direction * t)
                    let half = Double(here.extinction.y) * 3 / Double(steps)
                    depth += half
                    sum += exponential(-depth) * Double(here.emission.y) * 6 / Double(steps)
                    depth += half
                }
            }
        }
        return 0.5 * sum / Double(rings * spokes)
    }

    private static let floor = TestScenes.quad(
        SIMD3(-9, 0, 9),
        SIMD3(9, 0, 9),
        SIMD3(9, 0, -9),
        SIMD3(-9, 0, -9)
    )

    private func lit(_ volume: Volume, at transform: Transform, lights: [Light] = []) throws -> Scene {
        try VolumeScenes.scene(
            [volume],
            meshes: [Self.floor],
            materials: [Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1, specular: .init(factor: 0))],
            lights: lights,
            camera: TestScenes.parallel(eye: SIMD3(0, 0.001, 0), target: SIMD3(0, 0, 0), size: 0.0002),
            transform: transform
        )
    }

    /// Far away and small, close by, around the point, and stretched; thin and thick gas.
    @Test(
        arguments: [
            Transform(translation: SIMD3(0.5, 3, 0), scale: 0.5), Transform(translation: SIMD3(0, 1.25, 0)),
            Transform(translation: SIMD3(0.25, 0.5, 0)),
            Transform(x: SIMD4(1, 0.5, 0, 0), y: SIMD4(0, 0.25, 0, 0.5), z: SIMD4(0, 0, 2, 0)),
        ],
        [Float(0), 0.125, 8]
    )
    func `a glowing cloud shines on a floor as its integral says`(transform: Transform, absorption: Float) throws {
        let cloud = VolumeScenes.cloud(
            absorption: SIMD3(0, absorption, 0),
            emission: [SIMD3(0, 0, 0), SIMD3(0, 0.5, 0), SIMD3(0, 8, 0)]
        )
        let found = try self.lit(cloud, at: transform).greenEstimate(depth: 1)
        let wanted = try self.expected(cloud, at: transform)
        #expect(abs(found.mean - wanted) < 4.5 * found.error + 0.004 * wanted, "\(found), \(wanted)")
    }

    @Test
    func `a small flame is found by light samples, beside a lamp that outshines it too`() throws {
        let flame = VolumeScenes.fog(halfEdge: 0.0625, emission: [SIMD3(0, 50, 0)])
        let place = Transform(translation: SIMD3(0, 2, 0))
        let alone = try self.lit(flame, at: place).greenEstimate(depth: 1)
        // By paths alone, one in two thousand of which meets it, the error is a fifth.
        #expect(alone.error < 0.01 * alone.mean, "\(alone)")
        let lamp = Light.point(position: SIMD3(1, 2, 0), intensity: SIMD3(0, 1, 0), range: 0)
        let dark = VolumeScenes.fog(halfEdge: 0.0625)
        let both = try self.lit(flame, at: place, lights: [lamp]).greenEstimate(depth: 1)
        let other = try self.lit(dark, at: place, lights: [lamp]).greenEstimate(depth: 1)
        let error = (both.error * both.error + other.error * other.error + alone.error * alone.error).squareRoot()
        #expect(abs(both.mean - other.mean - alone.mean) < 4 * error, "\(both) \(other) \(alone)")
    }

    @Test
    func `gas that only glows is seen for all of its depth`() throws {
        let scene = try VolumeScenes.scene(
            [VolumeScenes.fog(emission: [SIMD3(1, 2, 3)])],
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        )
        let light = TestScenes.mean(scene)
        for k in 0 ..< 3 { #expect(isClose(light[k], [2, 4, 6][k], within: 1e-4), "\(light)") }
    }

    /// Gas of the temperature of its surroundings: whatever scatters, absorbs and glows in it cannot be seen.
    @Test(arguments: [true, false], [Float(0), 0.75])
    func `hot gas in an oven of its temperature vanishes`(isSampled: Bool, anisotropy: Float) throws {
        let gas = VolumeScenes.cloud(
            absorption: SIMD3(0.25, 1, 4),
            scattering: SIMD3(2, 1, 0.5),
            anisotropy: anisotropy,
            emission: [SIMD3(0.25, 1, 4)]
        )
        let haze = VolumeScenes.fog(halfEdge: 1.5, absorption: SIMD3(0.125, 0, 0), emission: [SIMD3(0.125, 0, 0)])
        let gray = Material(
            baseColor: SIMD4(0.75, 0.75, 0.75, 1),
            roughness: 1,
            emission: SIMD3(0.25, 0.25, 0.25),
            specular: .init(factor: 0)
        )
        var ball = TestScenes.ball()
        for i in ball.positions.indices { ball.positions[i] *= 0.5 }
        let scene = try VolumeScenes.scene(
            [gas, haze],
            meshes: [ball],
            materials: [gray],
            environment: isSampled ? VolumeScenes.evenSky : .constant(SIMD3(1, 1, 1)),
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 2)
        )
        let light = TestScenes.mean(scene, samples: 512, depth: 64)
        for k in 0 ..< 3 { #expect(isClose(light[k], 1, within: 0.01), "\(light)") }
    }

    @Test
    func `volumes are drawn as often as their probability says`() throws {
        var assets = SceneAssets(meshes: [Self.floor], materials: [Material(emission: SIMD3(1, 1, 1))])
        assets.volumes = [
            VolumeScenes.fog(emission: [SIMD3(1, 1, 1)]), VolumeScenes.fog(absorption: SIMD3(1, 1, 1)),
        ]
        var frame = SceneFrame(
            instances: [Instance(mesh: 0)],
            lights: [.point(position: SIMD3(1, 2, 0), intensity: SIMD3(9, 9, 9), range: 0)]
        )
        let flat = Transform(x: SIMD4(1, 0, 0, 0), y: SIMD4(0, 0, 0, 0), z: SIMD4(0, 0, 1, 0))
        frame.volumes = [
            VolumeInstance(volume: 1), VolumeInstance(volume: 0, transform: flat),
            VolumeInstance(volume: 0, transform: Transform(translation: SIMD3(0, 3, 0))),
            VolumeInstance(volume: 0, transform: Transform(translation: SIMD3(4, 1, 0), scale: 0.5)),
        ]
        let scene = try TestScenes.scene(assets, frame)
        let volumes = scene.allLights.filter { $0.kind == .volume }
        #expect(volumes.map(\.number) == [2, 3])
        for point in [SIMD3<Float>(0, 0, 0), SIMD3(4, 0.25, 1)] {
            var counts: [Scene.DrawnLight: Int] = [:]
            for k in 0 ..< 1 << 14 {
                guard let drawn = scene.chosenLight(UInt32(k) << 18, at: point, normal: SIMD3(0, 1, 0)) else {
                    continue
                }
                counts[drawn.light, default: 0] += 1
            }
            for light in scene.allLights {
                let p = scene.probability(of: light, at: point, normal: SIMD3(0, 1, 0))
                #expect(abs(Float(counts[light] ?? 0) - p * 0x1p14) <= 2, "\(light) \(p)")
            }
        }
    }
}
