import RenderCore
import Testing

/// Lobes and their textures in whole pictures.
struct LobePictureTests {
    /// A ball before a sky of stripes, seen with all its textures.
    private func pixels(_ material: Material, images: [Image] = [], samples: Int = 16) throws -> [Float] {
        var texels: [Float] = []
        for y in 0 ..< 16 {
            for x in 0 ..< 32 { texels += [Float](repeating: (x / 2 + y / 2) & 1 == 0 ? 0.25 : 1.5, count: 3) }
        }
        var ball = TestScenes.ball(columns: 24, rows: 12)
        ball.textureCoordinates = [Float](repeating: 0.5, count: ball.positions.count / 3 * 2)
        var tangents: [Float] = []
        for i in stride(from: 0, to: ball.positions.count, by: 3) {
            let (x, z) = (ball.positions[i], ball.positions[i + 2])
            let length = max((x * x + z * z).squareRoot(), 1e-3)
            tangents += [z / length, 0, -x / length, 1]
        }
        ball.tangents = tangents
        let scene = try TestScenes.scene(
            [ball],
            [material],
            images: images,
            environment: .map(width: 32, height: 16, texels: texels),
            camera: TestScenes.parallel(eye: SIMD3(0, 1, 5), target: SIMD3(0, 0, 0), size: 2)
        )
        let settings = RenderSettings(width: 16, height: 16, samples: samples, maxDepth: 6)
        return BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 16, height: 16).pixels
    }

    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1).magnitude } / Float(a.count)
    }

    /// What a texture of one colour does, and the same by factors.
    private static let pairs: [(name: String, textured: Material, plain: Material)] = {
        let t = TextureReference(image: 0)
        let color = SIMD3<Float>(0.25, 0.5, 0.75)
        let alpha: Float = 0.375
        let white = SIMD3<Float>(1, 1, 1)
        let smooth = Material(roughness: 0.3, transmission: 1)
        func glossy(_ change: (inout Material) -> Void) -> Material {
            var material = Material(baseColor: SIMD4(0.2, 0.3, 0.4, 1), roughness: 0.4)
            change(&material)
            return material
        }
        var window = smooth
        window.transmissionTexture = t
        var half = smooth
        half.transmission = 0.25
        return [
            ("transmission", window, half),
            (
                "specular", glossy { $0.specular = .init(texture: t) },
                glossy { $0.specular = .init(factor: alpha) }
            ),
            (
                "specular colour", glossy { $0.specular = .init(color: 8 * white, colorTexture: t) },
                glossy { $0.specular = .init(color: 8 * color) }
            ),
            (
                "clear coat", glossy { $0.clearcoat = .init(factor: 1, texture: t) },
                glossy { $0.clearcoat = .init(factor: 0.25) }
            ),
            (
                "clear coat roughness", glossy { $0.clearcoat = .init(factor: 1, roughness: 1, roughnessTexture: t) },
                glossy { $0.clearcoat = .init(factor: 1, roughness: 0.5) }
            ),
            (
                "sheen", glossy { $0.sheen = .init(color: white, colorTexture: t, roughness: 0.5) },
                glossy { $0.sheen = .init(color: color, roughness: 0.5) }
            ),
            (
                "sheen roughness", glossy { $0.sheen = .init(color: white, roughness: 1, roughnessTexture: t) },
                glossy { $0.sheen = .init(color: white, roughness: alpha) }
            ),
            (
                "iridescence", glossy { $0.iridescence = .init(factor: 1, texture: t) },
                glossy { $0.iridescence = .init(factor: 0.25) }
            ),
            (
                "film", glossy { $0.iridescence = .init(factor: 1, thicknessMaximum: 500, thicknessTexture: t) },
                glossy { $0.iridescence = .init(factor: 1, thicknessMaximum: 300) }
            ),
            (
                "anisotropy", glossy { $0.anisotropy = .init(strength: 1, rotation: 0.5, texture: t) },
                // The texel's direction is (-0.5, 0).
                glossy { $0.anisotropy = .init(strength: 0.75, rotation: 0.5 + .pi) }
            ),
            (
                "diffuse transmission", glossy { $0.diffuseTransmission = .init(factor: 1, texture: t) },
                glossy { $0.diffuseTransmission = .init(factor: alpha) }
            ),
            (
                "colour of diffuse transmission", glossy { $0.diffuseTransmission = .init(factor: 1, colorTexture: t) },
                glossy { $0.diffuseTransmission = .init(factor: 1, color: color) }
            ),
        ]
    }()

    @Test(arguments: LobePictureTests.pairs)
    func `a texture multiplies its factor`(pair: (name: String, textured: Material, plain: Material)) throws {
        let image = Image(width: 1, height: 1, texels: .linearFloat([0.25, 0.5, 0.75, 0.375]))
        let textured = try self.pixels(pair.textured, images: [image])
        let plain = try self.pixels(pair.plain)
        #expect(self.difference(textured, plain) < 1e-4, "\(pair.name)")
        let white = Image(width: 1, height: 1, texels: .linearFloat([1, 1, 1, 1]))
        let full = try self.pixels(pair.textured, images: [white])
        #expect(self.difference(full, plain) > 1e-3, "\(pair.name) does not matter")
    }

    @Test
    func `the normal map of a clear coat leaves what lies below alone`() throws {
        let tilted = Image(width: 1, height: 1, texels: .linearFloat([0.75, 0.5, 0.9, 1]))
        let map = TextureReference(image: 0)
        let mirror = Material(baseColor: SIMD4(0, 0, 0, 1), specular: .init(factor: 0), clearcoat: .init(factor: 1))
        var bumpy = mirror
        bumpy.clearcoat?.normalTexture = map
        #expect(try self.difference(self.pixels(mirror, images: [tilted]), self.pixels(bumpy, images: [tilted])) > 0.01)
        // And the other way round: what lies below has its own.
        var below = mirror
        below.normalTexture = map
        below.normalScale = 0.0625
        #expect(try self.difference(self.pixels(mirror, images: [tilted]), self.pixels(below, images: [tilted])) < 5e-3)
    }

    @Test
    func `a thin wall shows what is behind where it is, glass does not`() throws {
        let window = Material(roughness: 0, ior: 1.01, transmission: 1)
        var glass = window
        glass.ior = 1.5
        glass.thickness = 1
        let nothing = try self.pixels(Material(baseColor: SIMD4(1, 1, 1, 0), alphaMode: .blend), samples: 64)
        #expect(try self.difference(self.pixels(window, samples: 64), nothing) < 0.01)
        #expect(try self.difference(self.pixels(glass, samples: 64), nothing) > 0.1)
    }

    @Test
    func `glass parts colours by its dispersion`() throws {
        var glass = Material(roughness: 0, ior: 1.6, transmission: 1, thickness: 1)
        func spread(_ pixels: [Float]) -> Float {
            stride(from: 0, to: pixels.count, by: 3).reduce(0) { $0 + (pixels[$1] - pixels[$1 + 2]).magnitude } / 256
        }
        #expect(try spread(self.pixels(glass)) == 0)
        glass.dispersion = 2
        #expect(try spread(self.pixels(glass, samples: 256)) > 0.02)
        // A thin wall bends nothing, so it has nothing to part.
        glass.thickness = 0
        #expect(try spread(self.pixels(glass)) == 0)
    }

    @Test
    func `a film that is too thin to interfere does not matter`() throws {
        let plain = Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1), metallic: 1, roughness: 0.3)
        var film = plain
        film.iridescence = .init(factor: 1, ior: 2, thicknessMaximum: 0)
        #expect(try self.difference(self.pixels(film), self.pixels(plain)) < 5e-3)
        film.iridescence?.thicknessMaximum = 400
        #expect(try self.difference(self.pixels(film), self.pixels(plain)) > 0.01)
    }

    @Test
    func `what is translucent shows light from behind`() throws {
        let scene = try TestScenes.scene(
            [
                TestScenes.quad(SIMD3(-9, -9, 0), SIMD3(9, -9, 0), SIMD3(9, 9, 0), SIMD3(-9, 9, 0)),
                TestScenes.quad(
                    SIMD3(1, -1, -2),
                    SIMD3(-1, -1, -2),
                    SIMD3(-1, 1, -2),
                    SIMD3(1, 1, -2),
                    material: 1
                ),
            ],
            [
                Material(diffuseTransmission: .init(factor: 0.5, color: SIMD3(0, 1, 0.5))),
                Material(baseColor: SIMD4(0, 0, 0, 1), emission: SIMD3(4, 4, 4), isDoubleSided: true),
            ],
            camera: TestScenes.parallel(eye: SIMD3(0, 0, 5), target: SIMD3(0, 0, 0), size: 1)
        )
        let mean = TestScenes.mean(scene, samples: 64, depth: 1)
        #expect(mean.x == 0)
        #expect(mean.y > 0.05)
        #expect(isClose(mean.z * 2, mean.y, within: 1e-4))
    }
}
