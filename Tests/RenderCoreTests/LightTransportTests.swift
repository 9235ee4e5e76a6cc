import RenderCore
import Testing

struct LightTransportTests {
    /// Looks at a ball of radius one from the front, as far as its middle.
    private func furnace(_ material: Material, _ environment: Environment) throws -> Float {
        let camera = TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        let scene = try TestScenes.scene(
            [TestScenes.ball(columns: 128)],
            [material],
            environment: environment,
            camera: camera
        )
        let mean = TestScenes.mean(scene, samples: 256, depth: 32)
        return (mean.x + mean.y + mean.z) / 3
    }

    private static let whiteMap = Environment.map(
        width: 16,
        height: 8,
        texels: [Float](repeating: 1, count: 384)
    )

    @Test(arguments: [
        Material(), Material(roughness: 0.5), Material(roughness: 0.25), Material(roughness: 0),
        Material(metallic: 1, roughness: 0), Material(metallic: 1, roughness: 0.25),
        Material(metallic: 1, roughness: 0.625), Material(metallic: 1, roughness: 1),
        Material(metallic: 0.5, roughness: 0.375), Material(roughness: 0, ior: 1.33, transmission: 1, thickness: 1),
        Material(roughness: 0.125, transmission: 1, thickness: 1),
        Material(roughness: 0.5, ior: 1, transmission: 1, thickness: 1),
        Material(roughness: 0.5, transmission: 1, thickness: 1), Material(roughness: 1, transmission: 1, thickness: 1),
        Material(roughness: 0.25, transmission: 0.5, thickness: 1),
        Material(roughness: 0, transmission: 1), Material(roughness: 0.375, transmission: 0.75),
        Material(roughness: 0, ior: 1.7, transmission: 1, dispersion: 2, thickness: 1),
        Material(roughness: 0.5, specular: .init(factor: 0.5)),
        Material(roughness: 0.5, clearcoat: .init(factor: 1, roughness: 0.25)),
        Material(roughness: 0, transmission: 1, thickness: 1, clearcoat: .init(factor: 1)),
        Material(roughness: 0.75, sheen: .init(color: SIMD3(1, 1, 1), roughness: 0.5)),
        Material(roughness: 0.5, diffuseTransmission: .init(factor: 0.5)),
        Material(baseColor: SIMD4(1, 1, 1, 0.5), alphaMode: .blend),
    ])
    func `a white ball vanishes before a white sky`(material: Material) throws {
        for environment in [Environment.constant(SIMD3(1, 1, 1)), Self.whiteMap] {
            let radiance = try self.furnace(material, environment)
            #expect(isClose(radiance, 1, within: 0.012), "\(radiance)")
        }
    }

    /// Light that is caught inside goes through the table of lost energy many times.
    @Test
    func `rough glass of a high index keeps its light but for a little`() throws {
        let radiance = try self.furnace(
            Material(roughness: 0.75, ior: 2, transmission: 1, thickness: 1),
            .constant(SIMD3(1, 1, 1))
        )
        #expect(isClose(radiance, 1, within: 0.025), "\(radiance)")
    }

    @Test
    func `shining walls and a shining sky light a ball alike`() throws {
        let camera = TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        for material in [Material(), Material(metallic: 1, roughness: 0.5)] {
            let scene = try TestScenes.scene(
                [TestScenes.ball(columns: 128), TestScenes.box(halfEdge: 6, isRoom: true, material: 1)],
                [material, Material(baseColor: SIMD4(0, 0, 0, 1), roughness: 1, emission: SIMD3(1, 1, 1))],
                camera: camera
            )
            // The walls' coat reflects a little even where the base is black.
            let mean = TestScenes.mean(scene, samples: 256, depth: 1)
            #expect(isClose(mean.y, 1, within: 0.012), "\(mean)")
        }
    }

    @Test
    func `light samples and scattered rays agree about a sky with a sun`() throws {
        var texels = [Float](repeating: 0.25, count: 32 * 16 * 3)
        for k in 0 ..< 3 { texels[(3 * 32 + 9) * 3 + k] = 20 }
        let camera = TestScenes.parallel(eye: SIMD3(0, 5, 0), target: SIMD3(0, 0, 0), size: 2)
        let floor = TestScenes.quad(SIMD3(-9, 0, 9), SIMD3(9, 0, 9), SIMD3(9, 0, -9), SIMD3(-9, 0, -9))
        let scene = try TestScenes.scene(
            [floor],
            [Self.lambert],
            environment: .map(width: 32, height: 16, texels: texels),
            camera: camera
        )
        // The light between the texels' middles, summed finely over the upper half.
        var irradiance = 0.0
        let n = 512
        for i in 0 ..< n {
            // Even in the squared sine, so even in projected solid angle.
            let squared = (Float(i) + 0.5) / Float(n)
            let (sine, cosine) = (squared.squareRoot(), (1 - squared).squareRoot())
            for k in 0 ..< n {
                let (s, c) = sinCos(turns: (Float(k) + 0.5) / Float(n))
                irradiance += Double(scene.skyRadiance(SIMD3(sine * s, cosine, sine * c)).y)
            }
        }
        irradiance *= Double.pi / Double(n * n)
        let found = scene.greenEstimate(depth: 8)
        let wanted = irradiance * 0.5 / .pi
        #expect(abs(found.mean - wanted) < 4 * found.error + 1e-3 * wanted, "\(found), \(wanted)")
    }

    /// A surface that reflects half of the light diffusely and nothing else.
    private static let lambert = Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), specular: .init(factor: 0))

    private func lit(by light: Light, at x: Float = 0) throws -> Float {
        let floor = TestScenes.quad(SIMD3(-9, 0, 9), SIMD3(9, 0, 9), SIMD3(9, 0, -9), SIMD3(-9, 0, -9))
        let camera = TestScenes.parallel(eye: SIMD3(x, 20, 0), target: SIMD3(x, 0, 0), size: 0.01)
        let scene = try TestScenes.scene(
            [floor],
            [Self.lambert],
            lights: [light],
            camera: camera
        )
        return TestScenes.mean(scene, edge: 2, samples: 4).y
    }

    @Test
    func `lights without extent shine as KHR_lights_punctual says`() throws {
        let white = SIMD3<Float>(1, 1, 1)
        let down = SIMD3<Float>(0, -2, 0)
        let sun = try self.lit(by: .directional(direction: down, illuminance: white))
        #expect(isClose(sun, 0.5 / .pi, within: 1e-4))
        let near = try self.lit(by: .point(position: SIMD3(0, 1, 0), intensity: white, range: 0))
        let far = try self.lit(by: .point(position: SIMD3(0, 2, 0), intensity: white, range: 0))
        #expect(isClose(near, sun, within: 0.001))
        #expect(isClose(far, near / 4, within: 0.001))
        let ranged = try self.lit(by: .point(position: SIMD3(0, 2, 0), intensity: white, range: 4))
        #expect(isClose(ranged, far * 15 / 16, within: 0.001))
        #expect(try self.lit(by: .point(position: SIMD3(0, 2, 0), intensity: white, range: 1)) == 0)
        let spot = Light.spot(
            position: SIMD3(0, 2, 0),
            direction: down,
            intensity: white,
            range: 0,
            innerConeAngle: 0.25,
            outerConeAngle: 0.5
        )
        #expect(isClose(try self.lit(by: spot), far, within: 0.001))
        #expect(try self.lit(by: spot, at: 2) == 0)
        #expect(try self.lit(by: spot, at: 0.75) > 0)
    }

    @Test
    func `shadows are dark and leave holes alone`() throws {
        let floor = TestScenes.quad(SIMD3(-9, 0, 9), SIMD3(9, 0, 9), SIMD3(9, 0, -9), SIMD3(-9, 0, -9))
        let roof = TestScenes.quad(
            SIMD3(-9, 2, 9),
            SIMD3(9, 2, 9),
            SIMD3(9, 2, -9),
            SIMD3(-9, 2, -9),
            material: 1
        )
        let light = Light.directional(direction: SIMD3(0, -1, 0), illuminance: SIMD3(1, 1, 1))
        let camera = TestScenes.parallel(eye: SIMD3(0, 1, 0), target: SIMD3(0, 0, 0), size: 1)
        func mean(_ alpha: Float, _ mode: Material.AlphaMode) throws -> Float {
            let roofMaterial = Material(baseColor: SIMD4(0, 0, 0, alpha), alphaMode: mode)
            let scene = try TestScenes.scene(
                [floor, roof],
                [Material(), roofMaterial],
                lights: [light],
                camera: camera
            )
            return TestScenes.mean(scene, samples: 64, depth: 1).x
        }
        let open = try mean(0, .mask)
        #expect(open > 0.25)
        #expect(try mean(0, .opaque) == 0)
        #expect(try mean(1, .blend) == 0)
        #expect(try mean(0.6, .mask) == 0)
        #expect(isClose(try mean(0.25, .blend), open * 0.75, within: 0.05))
    }

    @Test
    func `a lamp does not shine through what is a millimetre before it`() throws {
        func level(_ y: Float, _ edge: Float, material: Int) -> Mesh {
            TestScenes.quad(
                SIMD3(-edge, y, -edge),
                SIMD3(edge, y, -edge),
                SIMD3(edge, y, edge),
                SIMD3(-edge, y, edge),
                material: material
            )
        }
        func light(roof: Float) throws -> Float {
            let scene = try TestScenes.scene(
                [level(0, 9, material: 0), level(roof, 9, material: 0), level(8, 0.5, material: 1)],
                [Material(isDoubleSided: true), Material(emission: SIMD3(9, 9, 9), isDoubleSided: true)],
                camera: TestScenes.parallel(eye: SIMD3(0, 1, 0), target: SIMD3(0, 0, 0), size: 1)
            )
            return TestScenes.mean(scene, samples: 64, depth: 1).x
        }
        #expect(try light(roof: 8.001) > 0)
        #expect(try light(roof: 7.999) == 0)
    }

    @Test
    func `the front of a single-sided light shines, the back does not`() throws {
        let lamp = TestScenes.quad(SIMD3(-1, 0, 1), SIMD3(1, 0, 1), SIMD3(1, 0, -1), SIMD3(-1, 0, -1))
        for isDoubleSided in [false, true] {
            let material = Material(emission: SIMD3(1, 2, 3), isDoubleSided: isDoubleSided)
            for y in [Float(5), -5] {
                let camera = TestScenes.parallel(eye: SIMD3(0, y, 0), target: SIMD3(0, 0, 0), size: 1)
                let mean = TestScenes.mean(try TestScenes.scene([lamp], [material], camera: camera), depth: 0)
                #expect(mean == (y > 0 || isDoubleSided ? SIMD3(1, 2, 3) : SIMD3(0, 0, 0)))
            }
        }
    }
}
