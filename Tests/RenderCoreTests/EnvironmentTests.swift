import RenderCore
import Testing

struct EnvironmentTests {
    private typealias Direction = SIMD3<Float>

    private func scene(_ environment: Environment) throws -> Scene {
        try TestScenes.scene(SceneAssets(environment: environment), SceneFrame())
    }

    /// A dim sky with a sun of a thousandth of the texels that sends most of the light.
    private func sunny(_ width: Int, _ height: Int, rotation: Float = 0) -> Environment {
        var generator = SeededGenerator(seed: 1)
        var texels: [Float] = []
        for y in 0 ..< height {
            for x in 0 ..< width {
                let isSun = y == height / 4 && x >= width / 3 && x < width / 3 + width * height / 1000
                for _ in 0 ..< 3 { texels.append(isSun ? 1800 : Float.random(in: 0 ... 2, using: &generator)) }
            }
        }
        return .map(width: width, height: height, texels: texels, rotation: rotation)
    }

    /// Stratified numbers.
    private func numbers(_ i: Int, of n: Int) -> UInt32 { UInt32((Double(i) + 0.5) / Double(n) * 0x1p32) }

    @Test(arguments: [(64, 32), (100, 37), (1, 1), (3, 1), (1, 5)])
    func `the density integrates to one`(width: Int, height: Int) throws {
        let scene = try self.scene(self.sunny(width, height, rotation: 1))
        var sum = 0.0
        let n = 1000
        for i in 0 ..< n {
            let z = -1 + 2 * (Float(i) + 0.5) / Float(n)
            let radius = (1 - z * z).squareRoot()
            for k in 0 ..< 2 * n {
                let (s, c) = sinCos(turns: (Float(k) + 0.5) / Float(2 * n))
                sum += Double(scene.skyDensity(Direction(radius * s, z, radius * c)))
            }
        }
        let integral = sum * 4 * Double.pi / Double(2 * n * n)
        #expect(abs(integral - 1) < 0.02, "\(integral)")
    }

    @Test(arguments: [(64, 32), (100, 37), (1, 1), (3, 1), (1, 5)])
    func `directions are drawn with the density that they have`(width: Int, height: Int) throws {
        let scene = try self.scene(self.sunny(width, height, rotation: -2))
        var edges = 0
        for i in 0 ..< 100 {
            for k in 0 ..< 100 {
                let sample = try #require(scene.skySample(self.numbers(i, of: 100), self.numbers(k, of: 100)))
                let length = (sample.direction * sample.direction).sum()
                #expect(abs(length - 1) < 1e-5)
                // At the edges of texels rounding may fall to either side.
                let density = scene.skyDensity(sample.direction)
                if !isClose(density, sample.density, within: 1e-3) { edges += 1 }
            }
        }
        #expect(edges < 100, "\(edges)")
    }

    @Test
    func `the light of the whole sky is found with little noise, its sun included`() throws {
        let width = 128
        let height = 64
        let scene = try self.scene(self.sunny(width, height))
        // The integral over the sphere of the radiance, by texels' bilinear patches.
        var exact = 0.0
        let n = 4
        for y in 0 ..< height * n {
            let (sine, cosine) = sinCos(turns: (Float(y) + 0.5) / Float(2 * height * n))
            for x in 0 ..< width * n {
                let (s, c) = sinCos(turns: (Float(x) + 0.5) / Float(width * n))
                exact += Double(scene.skyRadiance(Direction(sine * s, cosine, sine * c)).x * sine)
            }
        }
        exact *= 2 * Double.pi * Double.pi / Double(width * height * n * n)
        var sum = 0.0
        var squares = 0.0
        var sunny = 0
        for i in 0 ..< 128 {
            for k in 0 ..< 128 {
                let sample = try #require(scene.skySample(self.numbers(i, of: 128), self.numbers(k, of: 128)))
                let light = scene.skyRadiance(sample.direction).x
                let value = Double(light / sample.density)
                sum += value
                squares += value * value
                if light > 100 { sunny += 1 }
            }
        }
        let mean = sum / 16_384
        let deviation = (squares / 16_384 - mean * mean).squareRoot() / mean
        #expect(abs(mean / exact - 1) < 0.005, "\(mean) \(exact)")
        // Uniform directions would have more than ten.
        #expect(deviation < 0.8, "\(deviation)")
        #expect(sunny > 16_384 / 2)
    }

    @Test
    func `texels lie around their centres, the middle of the map towards -Z, turned by a quarter towards +X`() throws {
        var texels = [Float](repeating: 0, count: 8 * 4 * 3)
        for i in 0 ..< 32 { texels[3 * i] = Float(i) }
        for (rotation, toMap) in [
            (Float(0), { (d: Direction) in d }), (-Float.pi / 2, { (d: Direction) in Direction(d.z, d.y, -d.x) }),
        ] {
            let scene = try self.scene(.map(width: 8, height: 4, texels: texels, rotation: rotation))
            for y in 0 ..< 4 {
                let (sine, cosine) = sinCos(turns: (Float(y) + 0.5) / 8)
                for x in 0 ..< 8 {
                    // The angle from the middle of the map to the right.
                    let (s, c) = sinCos(turns: (Float(x) + 0.5) / 8 - 0.5)
                    let inMap = Direction(sine * s, cosine, -sine * c)
                    // The world's direction that the map sees there.
                    let world = rotation == 0 ? inMap : Direction(-inMap.z, inMap.y, inMap.x)
                    #expect(((toMap(world) - inMap) * (toMap(world) - inMap)).sum() < 1e-10)
                    let light = scene.skyRadiance(world)
                    #expect(abs(light.x - Float(y * 8 + x)) < 1e-3)
                }
            }
        }
        let scene = try self.scene(.map(width: 8, height: 4, texels: texels, rotation: -Float.pi / 2))
        // Columns 3 and 4 of the rows 1 and 2 meet in the middle.
        #expect(abs(scene.skyRadiance(Direction(1, 0, 0)).x - (11 + 12 + 19 + 20) / 4) < 1e-3)
    }

    @Test
    func `the expected irradiance is that of the map`() throws {
        let white = try self.scene(.map(width: 32, height: 16, texels: [Float](repeating: 1, count: 32 * 16 * 3)))
        for normal in [Direction(1, 0, 0), Direction(0, -1, 0), Direction(0, 0.6, 0.8)] {
            #expect(isClose(white.expectedIrradiance(normal: normal), 3 * .pi, within: 0.02))
        }
        #expect(isClose(white.expectedIrradiance(normal: Direction(0, 0, 0)), 12 * .pi, within: 0.02))
        // One bright texel in the east, a quarter turn from the middle of the map.
        var texels = [Float](repeating: 0, count: 32 * 16 * 3)
        for k in 0 ..< 3 { texels[3 * (8 * 32 + 24) + k] = 10 }
        let east = try self.scene(.map(width: 32, height: 16, texels: texels))
        let toEast = east.expectedIrradiance(normal: Direction(1, 0, 0))
        #expect(toEast > 0)
        for normal in [Direction(-1, 0, 0), Direction(0, 1, 0)] {
            #expect(east.expectedIrradiance(normal: normal) < 0.11 * toEast)
        }
        let turned = try self.scene(.map(width: 32, height: 16, texels: texels, rotation: .pi / 2, intensity: 2))
        #expect(isClose(turned.expectedIrradiance(normal: Direction(0, 0, -1)), 2 * toEast, within: 0.001))
    }

    @Test
    func `black maps are not drawn from`() throws {
        let scene = try self.scene(.map(width: 4, height: 2, texels: [Float](repeating: 0, count: 24)))
        #expect(scene.skySample(5, 7) == nil)
        #expect(scene.allLights.isEmpty)
    }
}
