import RenderCore
import Testing

/// Volumes that fill what solids enclose: smoke in a ball of glass.
struct EnclosedVolumeTests {
    private static let look = TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 0.05)

    private func glass(_ ior: Float) -> Material {
        Material(roughness: 0, ior: ior, transmission: 1, thickness: 1)
    }

    /// Fog of four metres across, of which a ball of two holds what it encloses.
    private func fog(
        absorption: SIMD3<Float> = .zero,
        scattering: SIMD3<Float> = .zero,
        emission: [SIMD3<Float>] = []
    ) -> Volume {
        var fog = VolumeScenes.fog(halfEdge: 2, absorption: absorption, scattering: scattering, emission: emission)
        fog.isEnclosed = true
        return fog
    }

    private func scene(
        _ volumes: [Volume],
        _ meshes: [Mesh],
        _ materials: [Material],
        sky: Float = 1,
        camera: Camera = look
    ) throws -> Scene {
        try VolumeScenes.scene(
            volumes,
            meshes: meshes,
            materials: materials,
            environment: .constant(SIMD3(sky, sky, sky)),
            camera: camera
        )
    }

    @Test
    func `a ball holds what is in it, and nothing of that is around it`() throws {
        let dark = self.fog(absorption: SIMD3(0.5, 1, 2))
        let light = TestScenes.mean(try self.scene([dark], [TestScenes.ball()], [self.glass(1)]), samples: 1024)
        for (k, sigma) in [0.5, 1, 2].enumerated() {
            #expect((Double(light[k]) - exponential(-2 * sigma)).magnitude < 0.01, "\(light)")
        }
        let alone = TestScenes.mean(try self.scene([dark], [], []), samples: 16)
        #expect(alone == SIMD3(1, 1, 1))
    }

    @Test
    func `what stands in a ball is seen through what fills it, the fog outside of it is not`() throws {
        let wall = TestScenes.quad(
            SIMD3(-0.5, -0.5, 0.25),
            SIMD3(0.5, -0.5, 0.25),
            SIMD3(0.5, 0.5, 0.25),
            SIMD3(-0.5, 0.5, 0.25),
            material: 1
        )
        let lamp = Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(1, 1, 1), specular: .init(factor: 0))
        let around = VolumeScenes.fog(halfEdge: 2, absorption: SIMD3(0, 0.5, 0.5))
        for ior: Float in [1, 1.0625] {
            let scene = try self.scene(
                [self.fog(absorption: SIMD3(1, 0, 1)), around],
                [TestScenes.ball(), wall],
                [self.glass(ior), lamp],
                sky: 0
            )
            let light = TestScenes.mean(scene, samples: 1024)
            // A metre of the fog around, then three quarters of one within; what leaves glass spreads by its index squared.
            for (k, depth) in [0.75, 0.5, 1.25].enumerated() {
                let wanted = exponential(-depth) / Double(ior * ior)
                #expect((Double(light[k]) - wanted).magnitude < 0.012, "\(light) \(ior)")
            }
        }
    }

    @Test
    func `smoke and glow in glass vanish in an oven`() throws {
        let camera = TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 3)
        for ior: Float in [1, 1.5] {
            // In glass an oven glows by the index squared more.
            let gas = self.fog(
                absorption: SIMD3(1, 0.25, 0),
                scattering: SIMD3(1, 2, 4),
                emission: [SIMD3(1, 0.25, 0) * (ior * ior)]
            )
            let scene = try self.scene([gas], [TestScenes.ball()], [self.glass(ior)], camera: camera)
            let light = TestScenes.mean(scene, samples: 512, depth: 64)
            for k in 0 ..< 3 { #expect(isClose(light[k], 1, within: 0.015), "\(light) \(ior)") }
        }
    }

    /// A lamp in the ball lights a floor in it, through what fills the ball, and so does the fog itself when it glows.
    @Test
    func `light samples go through what fills a ball`() throws {
        let floor = TestScenes.quad(
            SIMD3(-0.5, 0, 0.5),
            SIMD3(0.5, 0, 0.5),
            SIMD3(0.5, 0, -0.5),
            SIMD3(-0.5, 0, -0.5),
            material: 1
        )
        let lamp = TestScenes.quad(
            SIMD3(-0.01, 0.5, -0.01),
            SIMD3(0.01, 0.5, -0.01),
            SIMD3(0.01, 0.5, 0.01),
            SIMD3(-0.01, 0.5, 0.01),
            material: 2
        )
        let camera = TestScenes.parallel(eye: SIMD3(3, 0.3, 0), target: SIMD3(0, 0, 0), size: 0.001)
        func light(_ volume: Volume) throws -> SIMD3<Float> {
            let materials = [
                self.glass(1), Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1, specular: .init(factor: 0)),
                Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(999, 999, 999)),
            ]
            let scene = try self.scene(
                [volume],
                [TestScenes.ball(), floor, lamp],
                materials,
                sky: 0,
                camera: camera
            )
            return TestScenes.mean(scene, samples: 256, depth: 2)
        }
        let clear = try light(self.fog())
        let dim = try light(self.fog(absorption: SIMD3(0.5, 1, 2)))
        // Half a metre from the lamp, and one to the camera.
        for (k, sigma) in [0.5, 1, 2].enumerated() {
            let wanted = clear[k] * Float(exponential(-1.5 * sigma))
            #expect(isClose(dim[k], wanted, within: 0.02), "\(dim) \(clear)")
        }
        // The same gas glows around the ball, which it must not light from there.
        var outside = self.fog(emission: [SIMD3(1, 1, 1)])
        outside.low = SIMD3(-2, 1.25, -2)
        #expect(isClose(try light(outside).y, clear.y, within: 0.02))
    }
}
