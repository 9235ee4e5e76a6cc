import RenderCore
import Testing

/// Particles inside of closed meshes.
struct ScatteringMediumTests {
    /// What a ball of radius one shows under an even white sky, seen from the front as far as its middle.
    private func ball(_ material: Material, depth: Int = 32, samples: Int = 64) throws -> SIMD3<Float> {
        let scene = try TestScenes.scene(
            [TestScenes.ball()],
            [material],
            environment: .constant(SIMD3(1, 1, 1)),
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        )
        return TestScenes.mean(scene, samples: samples, depth: depth)
    }

    /// A body that light enters and leaves without being reflected by its surface.
    private func body(_ scattering: Material.Scattering) -> Material {
        Material(
            thickness: 1,
            specular: .init(factor: 0),
            diffuseTransmission: .init(factor: 1),
            scattering: scattering
        )
    }

    @Test(arguments: [Float(-0.5), 0, 0.75])
    func `particles that absorb nothing keep all light`(anisotropy: Float) throws {
        let white = SIMD3<Float>(1, 1, 1)
        let medium = Material.Scattering(
            color: white,
            distance: SIMD3(0.5, 0.25, 0.75),
            anisotropy: anisotropy
        )
        let bodies = [
            self.body(medium), Material(roughness: 0, transmission: 1, thickness: 1, scattering: medium),
            Material(roughness: 0.5, thickness: 1, diffuseTransmission: .init(factor: 0.5), scattering: medium),
        ]
        for material in bodies {
            let light = try self.ball(material)
            for k in 0 ..< 3 { #expect(isClose(light[k], 1, within: 0.02), "\(light)") }
        }
    }

    /// The fit is for a flat, infinitely thick body; a ball of many mean free paths is one but for a little.
    @Test
    func `a thick body has the colour that was asked for`() throws {
        let color = SIMD3<Float>(0.75, 0.5, 0.25)
        let medium = Material.Scattering(color: color, distance: SIMD3(0.01, 0.01, 0.01))
        let light = try self.ball(self.body(medium), samples: 128)
        for k in 0 ..< 3 { #expect((light[k] - color[k]).magnitude < 0.04, "\(light)") }
    }

    /// Beer and Lambert, along the middle of a ball of air with particles that scatter nothing.
    @Test
    func `what comes through unscattered fades with the distance`() throws {
        var material = Material(roughness: 0, ior: 1, transmission: 1, thickness: 1)
        material.scattering = .init(color: SIMD3(0, 0, 0), distance: SIMD3(2, 1, 0.5))
        let scene = try TestScenes.scene(
            [TestScenes.ball()],
            [material],
            environment: .constant(SIMD3(1, 1, 1)),
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 0.05)
        )
        let light = TestScenes.mean(scene, samples: 1024)
        let wanted = [-1.0, -2, -4].map { (x: Double) in exponential(x) }
        for k in 0 ..< 3 { #expect((Double(light[k]) - wanted[k]).magnitude < 0.01, "\(light)") }
    }

    @Test
    func `light comes out beside where it went in, the farther the longer its way`() throws {
        func spread(_ distance: Float) throws -> Float {
            let medium = Material.Scattering(
                color: SIMD3(0.9, 0.9, 0.9),
                distance: SIMD3(distance, distance, distance)
            )
            let scene = try TestScenes.scene(
                [TestScenes.box(halfEdge: 1)],
                [self.body(medium)],
                lights: [
                    .spot(
                        position: SIMD3(0, 0, 5),
                        direction: SIMD3(0, 0, -1),
                        intensity: SIMD3(100, 100, 100),
                        range: 0,
                        innerConeAngle: 0.02,
                        outerConeAngle: 0.03
                    )
                ],
                camera: TestScenes.parallel(eye: SIMD3(0, 0, 4), target: SIMD3(0, 0, 0), size: 2)
            )
            let settings = RenderSettings(width: 16, height: 16, samples: 256, maxDepth: 8)
            let pixels = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 16, height: 16)
                .pixels
            // Half a metre from where the light falls.
            let near = pixels[3 * (8 * 16 + 11)]
            #expect(near.isFinite)
            return near
        }
        #expect(try spread(0.2) > 4 * spread(0.02))
    }

    @Test
    func `an open mesh and a hopeless walk end`() throws {
        let medium = Material.Scattering(color: SIMD3(1, 1, 1), distance: SIMD3(1e-9, 1e-9, 1e-9))
        let scene = try TestScenes.scene(
            [TestScenes.quad(SIMD3(-1, -1, 0), SIMD3(1, -1, 0), SIMD3(1, 1, 0), SIMD3(-1, 1, 0))],
            [self.body(medium)],
            environment: .constant(SIMD3(1, 1, 1)),
            camera: TestScenes.parallel(eye: SIMD3(0, 0, -5), target: SIMD3(0, 0, 0), size: 1)
        )
        let mean = TestScenes.mean(scene, samples: 16)
        #expect(mean.x >= 0 && mean.x <= 1)
    }
}
