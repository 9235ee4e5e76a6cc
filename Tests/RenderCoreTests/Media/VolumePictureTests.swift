import RenderCore
import Testing

/// Volumes in pictures.
struct VolumePictureTests {
    private func look(_ size: Float = 1) -> Camera {
        TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: size)
    }

    @Test(arguments: [Float(-0.5), 0, 0.75], [true, false])
    func `a volume that absorbs nothing vanishes in a furnace`(anisotropy: Float, isSampled: Bool) throws {
        let white = SIMD3<Float>(1, 1, 1)
        let volumes = [
            VolumeScenes.cloud(scattering: SIMD3(1, 2, 4), anisotropy: anisotropy),
            VolumeScenes.fog(halfEdge: 0.5, scattering: SIMD3(1, 0.5, 0.25), anisotropy: 0.25),
        ]
        let scene = try VolumeScenes.scene(
            volumes,
            environment: isSampled ? VolumeScenes.evenSky : .constant(white),
            camera: self.look(2)
        )
        let light = TestScenes.mean(scene, samples: 512, depth: 64)
        for k in 0 ..< 3 { #expect(isClose(light[k], 1, within: 0.015), "\(light)") }
    }

    /// One scattering event, no absorption of what is scattered: an integral along the ray.
    @Test
    func `what a lamp scatters once is its integral`() throws {
        let fog = VolumeScenes.fog(scattering: SIMD3(0.5, 1, 0.25), anisotropy: 0.5)
        let scene = try VolumeScenes.scene(
            [fog],
            lights: [.directional(direction: SIMD3(1, 0, 0), illuminance: SIMD3(1, 1, 1))],
            camera: self.look(0.01)
        )
        let light = TestScenes.mean(scene, samples: 1024, depth: 1)
        // A right angle; the light comes through one metre to the middle of the box.
        let phase = (1 - 0.25) / (4 * Double.pi * (1.25 * 1.25 * 1.25).squareRoot())
        for (k, sigma) in [0.5, 1, 0.25].enumerated() {
            let expected = phase * exponential(-sigma) * (1 - exponential(-2 * sigma))
            #expect((Double(light[k]) / expected - 1).magnitude < 0.02, "\(light[k]) \(expected)")
        }
    }

    /// The same light by the two ways of finding it: a lamp that is drawn, and one that rays must hit.
    @Test
    func `light samples and scattered rays find the same`() throws {
        let cloud = VolumeScenes.cloud(absorption: SIMD3(0.25, 0.5, 0.5), scattering: SIMD3(1, 2, 3), anisotropy: 0.25)
        var means: [SIMD3<Float>] = []
        for isHoled in [false, true] {
            // What has holes counts for light samples as well, but a lamp of a sky without a map is only hit.
            var lamp = TestScenes.box(halfEdge: 4, isRoom: true)
            lamp.material = 0
            let scene = try VolumeScenes.scene(
                [cloud],
                meshes: isHoled ? [] : [lamp],
                materials: [
                    Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(2, 2, 2), specular: .init(factor: 0))
                ],
                environment: .constant(SIMD3(2, 2, 2)),
                camera: TestScenes.parallel(eye: SIMD3(0, 0, 3), target: SIMD3(0, 0, 0), size: 1)
            )
            means.append(TestScenes.mean(scene, samples: 512, depth: 32))
        }
        for k in 0 ..< 3 { #expect(isClose(means[0][k], means[1][k], within: 0.015), "\(means)") }
    }

    @Test
    func `a volume dims what stands behind and in it`() throws {
        let fog = VolumeScenes.fog(absorption: SIMD3(0.5, 1, 2))
        let lamp = Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(1, 1, 1), specular: .init(factor: 0))
        for z: Float in [-2, 0.5] {
            let quad = TestScenes.quad(SIMD3(-1, -1, z), SIMD3(1, -1, z), SIMD3(1, 1, z), SIMD3(-1, 1, z))
            let scene = try VolumeScenes.scene([fog], meshes: [quad], materials: [lamp], camera: self.look(0.1))
            let light = TestScenes.mean(scene, samples: 1024)
            let way = min(Double(1 - z), 2)
            for (k, sigma) in [0.5, 1, 2].enumerated() {
                #expect((Double(light[k]) - exponential(-sigma * way)).magnitude < 0.01, "\(light)")
            }
        }
    }

    @Test
    func `a lamp shines through a volume onto a surface`() throws {
        // The lamp is beside the camera's ray and above the volume, the floor below it.
        let fog = VolumeScenes.fog(absorption: SIMD3(0.25, 0.5, 1))
        let floor = TestScenes.quad(SIMD3(-9, -2, 9), SIMD3(9, -2, 9), SIMD3(9, -2, -9), SIMD3(-9, -2, -9))
        let sun = Light.directional(direction: SIMD3(0, -1, 0), illuminance: SIMD3(1, 1, 1))
        let camera = TestScenes.parallel(eye: SIMD3(0, -1.9, 3), target: SIMD3(0, -2, 0), size: 0.05)
        func light(_ volumes: [Volume]) throws -> SIMD3<Float> {
            let scene = try VolumeScenes.scene(volumes, meshes: [floor], lights: [sun], camera: camera)
            return TestScenes.mean(scene, samples: 64, depth: 1)
        }
        let (dim, clear) = (try light([fog]), try light([]))
        for (k, sigma) in [0.25, 0.5, 1].enumerated() {
            #expect(isClose(dim[k], clear[k] * Float(exponential(-2 * sigma)), within: 0.001), "\(dim) \(clear)")
        }
    }

    /// A ball of glass that bends nothing, in a black fog: only what is outside of it is dark.
    @Test
    func `a solid body holds nothing of the volume around it`() throws {
        let fog = VolumeScenes.fog(halfEdge: 2, absorption: SIMD3(1, 1, 1))
        let glass = Material(roughness: 0, ior: 1, transmission: 1, thickness: 1)
        let scene = try VolumeScenes.scene(
            [fog],
            meshes: [TestScenes.ball()],
            materials: [glass],
            environment: .constant(SIMD3(1, 1, 1)),
            camera: self.look(0.05)
        )
        let light = TestScenes.mean(scene, samples: 1024)
        #expect((Double(light.x) - exponential(-2)).magnitude < 0.01, "\(light)")
    }

    @Test
    func `steps through volumes count as work and reach limits`() throws {
        let scene = try VolumeScenes.scene(
            [VolumeScenes.cloud(scattering: SIMD3(9, 9, 9))],
            environment: .constant(SIMD3(1, 1, 1)),
            camera: self.look(2)
        )
        func block(_ limits: WorkLimits) -> FilmBlock {
            let settings = RenderSettings(width: 8, height: 8, samples: 128, maxDepth: 16, limits: limits)
            return BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 8, height: 8)
        }
        let whole = block(.none)
        #expect(whole.work.walkSteps > 10_000)
        #expect(whole.work.zeroedSamples == 0)
        #expect(block(WorkLimits(walkSteps: 5_000)).work.walkSteps < whole.work.walkSteps / 2)
    }
}
