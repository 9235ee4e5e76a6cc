import RenderCore
import Testing

struct TextureTests {
    private func scene(_ images: [Image], _ references: [TextureReference]) throws -> Scene {
        let assets = SceneAssets(
            materials: references.map { Material(baseColorTexture: $0) },
            images: images
        )
        return try TestScenes.scene(assets, SceneFrame())
    }

    /// The same ramp of reds in every encoding, and a grey in sRGB.
    @Test
    func `every encoding shows the same picture at all sizes`() throws {
        let edge = 8
        var bytes: [UInt8] = []
        for y in 0 ..< edge {
            for x in 0 ..< edge { bytes += [UInt8(16 * x), UInt8(16 * y), 255, UInt8(4 * (x + y))] }
        }
        let images = [
            Image(width: edge, height: edge, texels: .linear8(bytes)),
            Image(width: edge, height: edge, texels: .linear16(bytes.map { UInt16($0) * 257 })),
            Image(width: edge, height: edge, texels: .linearFloat(bytes.map { Float($0) / 255 })),
        ]
        let scene = try self.scene(images, (0 ..< 3).map { TextureReference(image: $0) })
        for k in 0 ..< 60 {
            let u = Float(k * 7 % 60) / 60
            let v = Float(k * 11 % 60) / 60
            for level in 0 ..< 4 {
                let area = level == 0 ? 0 : Float(1 << (2 * level)) / 64
                let base = scene.baseColor(material: 2, u, v, area: area)
                for material in 0 ..< 2 {
                    let other = scene.baseColor(material: material, u, v, area: area)
                    let difference = other.color - base.color
                    // Eight bits round each size.
                    #expect((difference * difference).max().squareRoot() < 0.005)
                    #expect(abs(other.alpha - base.alpha) < 0.005)
                }
            }
        }
    }

    @Test
    func `sizes are averages in linear light`() throws {
        // Black and white in sRGB: half of the light is code 188, not 128.
        var bytes: [UInt8] = []
        for y in 0 ..< 16 { for x in 0 ..< 16 { bytes += (x + y) % 2 == 0 ? [255, 255, 255, 255] : [0, 0, 0, 0] } }
        let scene = try self.scene([Image(width: 16, height: 16, texels: .sRGB8(bytes))], [TextureReference(image: 0)])
        for level in 1 ..< 5 {
            let far = scene.baseColor(material: 0, 0.3, 0.6, area: Float(1 << (2 * level)) / 256)
            #expect(abs(far.color.x - 0.5) < 0.005)
            #expect(abs(far.alpha - 0.5) < 0.003)
        }
        let near = scene.baseColor(material: 0, 0.5 / 16, 0.5 / 16, area: 1.0 / 256)
        #expect(near.color.x == 1)
        // Beyond the smallest size there is nothing smaller.
        #expect(abs(scene.baseColor(material: 0, 0, 0, area: 1e30).color.x - 0.5) < 0.005)
    }

    @Test(arguments: [(1, 1), (5, 3), (7, 1), (1, 6), (13, 8)])
    func `sizes of odd pictures keep the mean`(width: Int, height: Int) throws {
        var generator = SeededGenerator(seed: UInt64(width))
        var texels: [Float] = []
        for _ in 0 ..< 4 * width * height { texels.append(Float.random(in: 0 ... 1, using: &generator)) }
        var mean = 0.0
        for i in 0 ..< width * height { mean += Double(texels[4 * i]) / Double(width * height) }
        let image = Image(width: width, height: height, texels: .linearFloat(texels))
        let scene = try self.scene([image], [TextureReference(image: 0, wrapS: .clampToEdge, wrapT: .clampToEdge)])
        let far = scene.baseColor(material: 0, 0.5, 0.5, area: 1e20)
        #expect(abs(Double(far.color.x) - mean) < 1e-5)
    }

    @Test
    func `a footprint between two sizes takes each as often as it is near`() throws {
        var texels: [Float] = []
        for y in 0 ..< 4 { for x in 0 ..< 4 { texels += (x + y) % 2 == 0 ? [1, 1, 1, 1] : [0, 0, 0, 1] } }
        let scene = try self.scene(
            [Image(width: 4, height: 4, texels: .linearFloat(texels))],
            [TextureReference(image: 0, transform: .init(a: 2, b: 0, c: 0, d: 0, e: 2, f: 0))]
        )
        // The centre of a white texel; the transform doubles edges, so an area of 1/64 is one texel.
        for (area, share) in [(Float(1) / 64, 0.0), (Float(2) / 64, 0.5), (Float(3) / 64, 0.75), (Float(4) / 64, 1.0)] {
            var smaller = 0
            for k in 0 ..< 1000 {
                let color = scene.baseColor(material: 0, 0.0625, 0.0625, area: area, choice: (Float(k) + 0.5) / 1000)
                if color.color.x < 0.75 { smaller += 1 }
            }
            #expect(abs(Double(smaller) / 1000 - share) < 0.06, "\(area): \(smaller)")
        }
    }

    @Test
    func `nearest texels stay what they are from afar`() throws {
        var texels: [Float] = []
        for i in 0 ..< 16 { texels += [Float(i), 0, 0, 1] }
        let scene = try self.scene(
            [Image(width: 4, height: 4, texels: .linearFloat(texels))],
            [TextureReference(image: 0, isNearest: true)]
        )
        for area in [Float(0), 1, 1e10] {
            #expect(scene.baseColor(material: 0, 0.3, 0.3, area: area).color.x == 5)
        }
    }

    @Test
    func `pictures take a third more for their sizes`() throws {
        let plain = try SceneAssets().encoded().count
        let texels = [UInt8](repeating: 9, count: 4 * 256 * 128)
        let image = Image(width: 256, height: 128, texels: .sRGB8(texels))
        let bytes = try SceneAssets(images: [image]).encoded().count - plain
        #expect(bytes > texels.count * 4 / 3 - 64 && bytes < texels.count * 4 / 3 + 256)
    }

    @Test
    func `what is inside takes light away by its distance`() throws {
        let clear = Material(transmission: 1)
        var wine = clear
        wine.attenuationColor = SIMD3(0.75, 0.25, 0)
        wine.attenuationDistance = 2
        wine.thickness = 1
        let scene = try TestScenes.scene(SceneAssets(materials: [clear, wine]), SceneFrame())
        #expect(scene.attenuation(material: 0, distance: 1e9) == SIMD3(1, 1, 1))
        #expect(scene.attenuation(material: 1, distance: 0) == SIMD3(1, 1, 1))
        let once = scene.attenuation(material: 1, distance: 2)
        #expect(isClose(once.x, 0.75, within: 1e-6))
        #expect(isClose(once.y, 0.25, within: 1e-6))
        #expect(once.z < 1e-7)
        let half = scene.attenuation(material: 1, distance: 1)
        #expect(isClose(half.x * half.x, 0.75, within: 1e-6))
        #expect(scene.attenuation(material: 1, distance: 1e20) == SIMD3(0, 0, 0))
        for distance in [Float(0), -1, .nan] {
            wine.attenuationDistance = distance
            #expect(throws: SceneBlobError.self) { try SceneAssets(materials: [wine]).encoded() }
        }
    }

    @Test
    func `decay is e to the power of minus its argument, in every lane`() {
        for i in 0 ..< 4000 {
            let x = Float(i) * 0.022
            let exact = exponential(-Double(x))
            #expect(abs(Double(decay(x)) - exact) <= (x < 87 ? 3e-7 : 1) * exact, "\(x)")
            if i % 50 == 0 { #expect(decay(FloatLanes(x))[0] == decay(x)) }
        }
        #expect(decay(0) == 1)
        #expect(decay(-5) == 1)
        #expect(decay(Float.infinity) == 0)
        #expect(decay(Float.nan) == 1)
    }
}
