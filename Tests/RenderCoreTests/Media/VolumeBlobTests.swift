import RenderCore
import Testing

/// Volumes on their way through blobs.
struct VolumeBlobTests {
    private func blobs() throws -> (assets: [UInt8], frame: [UInt8]) {
        var small = VolumeScenes.fog(scattering: SIMD3(1, 1, 1), emission: [SIMD3(1, 0, 0), SIMD3(0, 0, 1)])
        small.temperatures = [0, 0.25, 0.5, 0.75, 1, 0, 0, 0]
        var assets = SceneAssets(environment: .constant(SIMD3(1, 1, 1)))
        assets.volumes = [small, VolumeScenes.fog(absorption: SIMD3(1, 0, 0))]
        var frame = SceneFrame(camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 2))
        frame.volumes = [VolumeInstance(volume: 1), VolumeInstance(volume: 0), VolumeInstance(volume: 1)]
        return (try assets.encoded(), try frame.encoded(for: assets))
    }

    private func render(_ assets: [UInt8], _ frame: [UInt8]) throws -> [Float] {
        let scene = try Scene(assets: assets, frame: frame)
        let settings = RenderSettings(width: 4, height: 4, samples: 2)
        return BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 4, height: 4).pixels
    }

    @Test
    func `every truncation is refused`() throws {
        let (assets, frame) = try self.blobs()
        #expect(try self.render(assets, frame).allSatisfy { $0 > 0 })
        for count in 0 ..< assets.count {
            #expect(throws: SceneBlobError.self) { try Scene(assets: Array(assets[..<count]), frame: frame) }
        }
        for count in 0 ..< frame.count {
            #expect(throws: SceneBlobError.self) { try Scene(assets: assets, frame: Array(frame[..<count])) }
        }
    }

    @Test
    func `changed bytes do no harm`() throws {
        let (assets, frame) = try self.blobs()
        var generator = SeededGenerator(seed: 12)
        var loaded = 0
        for round in 0 ..< 6_000 {
            var (a, f) = (assets, frame)
            for _ in 0 ... round % 3 {
                if Bool.random(using: &generator) {
                    // Behind the header, where sections lie.
                    a[Int.random(in: 320 ..< a.count, using: &generator)] = UInt8.random(
                        in: 0 ... 255,
                        using: &generator
                    )
                } else {
                    f[Int.random(in: 192 ..< f.count, using: &generator)] = UInt8.random(
                        in: 0 ... 255,
                        using: &generator
                    )
                }
            }
            if let pixels = try? self.render(a, f) {
                loaded += 1
                #expect(pixels.allSatisfy { $0.isFinite })
            }
        }
        #expect(loaded > 100)
    }

    @Test
    func `volumes that make no sense are not encoded`() {
        func expectError(_ change: (inout Volume) -> Void) {
            var volume = VolumeScenes.fog(scattering: SIMD3(1, 1, 1))
            change(&volume)
            var assets = SceneAssets()
            assets.volumes = [volume]
            #expect(throws: SceneBlobError.self) { try assets.encoded() }
        }
        expectError { $0.width = 1 }
        expectError { $0.depth = 2_049 }
        expectError { $0.densities.removeLast() }
        expectError { $0.temperatures = [1] }
        expectError { $0.densities[3] = -1 }
        expectError { $0.densities[3] = .nan }
        expectError { $0.high.y = $0.low.y }
        expectError { $0.high.y = .infinity }
        expectError { $0.scattering.x = .nan }
        expectError { $0.emission = [SIMD3<Float>](repeating: SIMD3(1, 1, 1), count: 257) }
        var frame = SceneFrame()
        frame.volumes = [VolumeInstance(volume: 0)]
        #expect(throws: SceneBlobError.self) { try frame.encoded(for: SceneAssets()) }
    }

    @Test
    func `limits are kept`() throws {
        let (assets, frame) = try self.blobs()
        #expect(throws: SceneBlobError.self) {
            try Scene(assets: assets, frame: frame, limits: SceneLimits(voxelsMax: 15))
        }
        _ = try Scene(assets: assets, frame: frame, limits: SceneLimits(voxelsMax: 16))
    }

    @Test
    func `a flat volume holds nothing`() throws {
        let flat = Transform(x: SIMD4(1, 0, 0, 0), y: SIMD4(0, 0, 0, 0), z: SIMD4(0, 0, 1, 0))
        let fog = VolumeScenes.fog(absorption: SIMD3(1, 1, 1))
        let probe = VolumeProbe(try VolumeScenes.scene([fog], transform: flat))
        #expect(probe.transmittance(SIMD3(0, 5, 0), SIMD3(0, -1, 0), tMax: 9, seed: 1) == SIMD3(1, 1, 1))
    }
}
