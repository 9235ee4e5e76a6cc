import RenderCore
import Testing

/// Pictures whose light is known from integrals, within four standard errors over independent seeds.
struct AnalyticSceneTests {
    private static let floor = TestScenes.quad(
        SIMD3(-9, 0, 9),
        SIMD3(9, 0, 9),
        SIMD3(9, 0, -9),
        SIMD3(-9, 0, -9)
    )

    /// y = 2, |x|, |z| <= 1, facing down.
    private static let light = TestScenes.quad(
        SIMD3(-1, 2, -1),
        SIMD3(1, 2, -1),
        SIMD3(1, 2, 1),
        SIMD3(-1, 2, 1),
        material: 1
    )

    /// What a point at the origin of the floor sends straight up, by a grid over the square light y = 2, |x|, |z| <= 1.
    private func expected(
        _ material: Material,
        radiance: Double,
        _ range: ClosedRange<Double> = -1 ... 1
    ) throws -> Double {
        let probe = try MaterialProbe(material)
        var sum = 0.0
        let n = 400
        for i in 0 ..< n {
            for k in 0 ..< n {
                let x = -1 + 2 * (Double(i) + 0.5) / Double(n)
                let z = -1 + 2 * (Double(k) + 0.5) / Double(n)
                guard range.contains(x) else { continue }
                let squared = x * x + z * z + 4
                let length = squared.squareRoot()
                let wi = SIMD3(Float(x / length), Float(z / length), Float(2 / length))
                let value = probe.scattering(wo: SIMD3(0, 0, 1), wi: wi).value.y
                sum += Double(value) * radiance * (2 / length) / squared * (4 / Double(n * n))
            }
        }
        return sum
    }

    @Test(arguments: [
        Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1), Material(roughness: 0.3),
        Material(metallic: 1, roughness: 0.5), Material(metallic: 1, roughness: 0.15),
    ])
    func `a square light shines on a floor as its integral says`(material: Material) throws {
        // Light samples, scattered rays and both together: a wall hides half of the light from the first test of it.
        let scene = try TestScenes.scene(
            [Self.floor, Self.light],
            [material, Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 3, 0))],
            camera: TestScenes.parallel(eye: SIMD3(0, 1, 0), target: SIMD3(0, 0, 0), size: 0.002)
        )
        let found = scene.greenEstimate(depth: 1)
        let wanted = try self.expected(material, radiance: 3)
        #expect(abs(found.mean - wanted) < 4 * found.error + 2e-4 * wanted, "\(found), \(wanted)")
    }

    /// What shines on one half only, by its picture or where it is not cut out, and what is half there everywhere.
    @Test(arguments: [
        Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1), Material(metallic: 1, roughness: 0.15),
    ])
    func `a square light with a picture or holes shines as its integral says`(material: Material) throws {
        let picture = TextureReference(image: 0, isNearest: true)
        var pictured = Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 3, 0))
        var cut = pictured
        var thin = pictured
        pictured.emissionTexture = picture
        cut.baseColorTexture = picture
        cut.alphaMode = .mask
        thin.baseColor.w = 0.5
        thin.alphaMode = .blend
        let left = try self.expected(material, radiance: 3, -1 ... 0)
        let all = try self.expected(material, radiance: 3)
        for (lamp, wanted) in [(pictured, left), (cut, left), (thin, all / 2)] {
            let scene = try TestScenes.scene(
                [Self.floor, Self.light],
                [material, lamp],
                images: [Image(width: 2, height: 1, texels: .linearFloat([1, 1, 1, 1, 0, 0, 0, 0]))],
                camera: TestScenes.parallel(eye: SIMD3(0, 1, 0), target: SIMD3(0, 0, 0), size: 0.002)
            )
            let found = scene.greenEstimate(depth: 1)
            #expect(abs(found.mean - wanted) < 4 * found.error + 1e-3 * wanted, "\(found), \(wanted)")
        }
    }

    @Test
    func `a wall hides its part of a light`() throws {
        let material = Material(roughness: 0.5)
        // The wall at half the height hides x > 0.25 of the light.
        let wall = TestScenes.quad(
            SIMD3(0.125, 1, -5),
            SIMD3(5, 1, -5),
            SIMD3(5, 1, 5),
            SIMD3(0.125, 1, 5),
            material: 2
        )
        let scene = try TestScenes.scene(
            [Self.floor, Self.light, wall],
            [
                material, Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(0, 3, 0)),
                Material(baseColor: SIMD4(0, 0, 0, 1)),
            ],
            camera: TestScenes.parallel(eye: SIMD3(0, 0.5, 0), target: SIMD3(0, 0, 0), size: 0.002)
        )
        let found = scene.greenEstimate(depth: 1)
        let wanted = try self.expected(material, radiance: 3, -1 ... 0.25)
        #expect(abs(found.mean - wanted) < 4 * found.error + 2e-3 * wanted, "\(found), \(wanted)")
    }

    @Test
    func `spots give off what their cone holds`() throws {
        // Sums over the floor of what a spot of one candela sends down: the solid angle of its cone with soft edges.
        let material = Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), roughness: 1)
        let outer: Float = 0.6
        let scene = try TestScenes.scene(
            [Self.floor],
            [material],
            lights: [
                .spot(
                    position: SIMD3(0, 2, 0),
                    direction: SIMD3(0, -1, 0),
                    intensity: SIMD3(1, 1, 1),
                    range: 0,
                    innerConeAngle: 0.3,
                    outerConeAngle: outer
                )
            ],
            camera: TestScenes.parallel(eye: SIMD3(0, 5, 0), target: SIMD3(0, 0, 0), size: 4)
        )
        let edge = 64
        let settings = RenderSettings(width: edge, height: edge, samples: 64, maxDepth: 1, filter: .box)
        let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: edge, height: edge)
        var sum = 0.0
        for i in 0 ..< edge * edge { sum += Double(block.pixels[3 * i]) }
        let found = sum * 16 / Double(edge * edge)
        // Seen straight from above, each ring of the floor sends its irradiance times the scattering.
        var wanted = 0.0
        let probe = try MaterialProbe(material)
        let (inside, outside) = (Double(sinCos(radians: 0.3).cos), Double(sinCos(radians: outer).cos))
        for i in 0 ..< 20_000 {
            let radius = 2 * (Double(i) + 0.5) / 20_000
            let squared = radius * radius + 4
            let cosine = 2 / squared.squareRoot()
            let edge = min(max((cosine - outside) / (inside - outside), 0), 1)
            let wi = SIMD3(Float((1 - cosine * cosine).squareRoot()), 0, Float(cosine))
            let value = Double(probe.scattering(wo: SIMD3(0, 0, 1), wi: wi).value.y)
            wanted += edge * edge / squared * value * 2 * .pi * radius * (2.0 / 20_000)
        }
        #expect(abs(found - wanted) < 0.005 * wanted, "\(found), \(wanted)")
    }
}
