import RenderCore
import Testing

/// Whether things appear where they belong.
struct PictureTests {
    private func pixels(_ scene: Scene, width: Int, height: Int) -> [SIMD3<Float>] {
        let settings = RenderSettings(width: width, height: height, samples: 256, maxDepth: 0)
        let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: width, height: height)
        return (0 ..< width * height).map {
            SIMD3(block.pixels[3 * $0], block.pixels[3 * $0 + 1], block.pixels[3 * $0 + 2])
        }
    }

    /// A shining square of 2 m before the camera with a 2 x 2 picture: red, green / blue, white.
    private func poster(_ reference: TextureReference, isSecond: Bool = false) throws -> Scene {
        let image = Image(
            width: 2,
            height: 2,
            texels: .linear8([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255])
        )
        let mesh = Mesh(
            positions: [-1, 1, -3, -1, -1, -3, 1, -1, -3, 1, 1, -3],
            textureCoordinates: isSecond ? [1, 1, 1, 0, 0, 0, 0, 1] : [0, 0, 0, 1, 1, 1, 1, 0],
            secondCoordinates: isSecond ? [0, 0, 0, 1, 1, 1, 1, 0] : [],
            indices: [0, 1, 2, 0, 2, 3]
        )
        return try TestScenes.scene(
            [mesh],
            [Material(emission: SIMD3(1, 1, 1), emissionTexture: reference)],
            images: [image],
            camera: Camera(projection: .orthographic(xMagnification: 4, yMagnification: 4))
        )
    }

    private func isMostly(_ pixel: SIMD3<Float>, _ color: SIMD3<Float>) -> Bool {
        let d = pixel - color
        return (d * d).sum() < 0.15
    }

    @Test
    func `a picture's top left is at the texture coordinates' origin`() throws {
        // 8 x 8 metres in 16 x 16 pixels: the poster covers pixels 6...9; its quarters are 2 x 2 pixels.
        let pixels = self.pixels(try self.poster(TextureReference(image: 0, isNearest: true)), width: 32, height: 32)
        #expect(self.isMostly(pixels[32 * 13 + 13], SIMD3(1, 0, 0)))
        #expect(self.isMostly(pixels[32 * 13 + 18], SIMD3(0, 1, 0)))
        #expect(self.isMostly(pixels[32 * 18 + 13], SIMD3(0, 0, 1)))
        #expect(self.isMostly(pixels[32 * 18 + 18], SIMD3(1, 1, 1)))
        #expect(pixels[0] == SIMD3(0, 0, 0))
    }

    @Test
    func `a texture asks for the mesh's second coordinates, and gets the first where there are no others`() throws {
        let second = TextureReference(image: 0, isNearest: true, usesSecondCoordinates: true)
        let first = TextureReference(image: 0, isNearest: true)
        let expected = self.pixels(try self.poster(first), width: 32, height: 32)
        #expect(self.pixels(try self.poster(second, isSecond: true), width: 32, height: 32) == expected)
        #expect(self.pixels(try self.poster(second), width: 32, height: 32) == expected)
        #expect(self.pixels(try self.poster(first, isSecond: true), width: 32, height: 32) != expected)
    }

    @Test
    func `texture transforms move the coordinates`() throws {
        let shifted = TextureReference(image: 0, isNearest: true, transform: .init(c: 0.5))
        let pixels = self.pixels(try self.poster(shifted), width: 32, height: 32)
        #expect(self.isMostly(pixels[32 * 13 + 13], SIMD3(0, 1, 0)))
        #expect(self.isMostly(pixels[32 * 13 + 18], SIMD3(1, 0, 0)))
    }

    @Test
    func `bilinear texels blend`() throws {
        let pixels = self.pixels(
            try self.poster(TextureReference(image: 0, wrapS: .clampToEdge, wrapT: .clampToEdge)),
            width: 33,
            height: 33
        )
        let middle = pixels[33 * 16 + 16]
        #expect(isClose(middle.x, 0.5, within: 0.1) && isClose(middle.y, 0.5, within: 0.1))
    }

    @Test
    func `the environment's middle is ahead, its right to the right, its top above`() throws {
        // Four columns: +Z left half, -X, -Z, +X as the map is seen from inside.
        var texels: [Float] = []
        for y in 0 ..< 2 {
            for x in 0 ..< 4 { texels += [Float(x) + 1, Float(y), 0] }
        }
        func seen(_ target: SIMD3<Float>, rotation: Float = 0) throws -> SIMD3<Float> {
            let scene = try TestScenes.scene(
                [],
                environment: .map(width: 4, height: 2, texels: texels, rotation: rotation),
                camera: TestScenes.parallel(eye: SIMD3(0, 0, 0), target: target, size: 1)
            )
            return TestScenes.mean(scene, edge: 1, samples: 16, depth: 0)
        }
        // Between columns 1 and 2, whose values are 2 and 3, and between the rows.
        #expect(isClose(try seen(SIMD3(0, 0, -1)).x, 2.5, within: 0.001))
        #expect(isClose(try seen(SIMD3(1, 0, 0)).x, 3.5, within: 0.001))
        #expect(isClose(try seen(SIMD3(-1, 0, 0)).x, 1.5, within: 0.001))
        #expect(try seen(SIMD3(0, 1, -0.01)).y < 0.01)
        #expect(try seen(SIMD3(0, -1, -0.01)).y > 0.99)
        // A quarter turn counter-clockwise from above brings what was ahead to the left.
        #expect(isClose(try seen(SIMD3(-1, 0, 0), rotation: .pi / 2).x, 2.5, within: 0.001))
    }

    @Test
    func `the field of view is from bottom to top`() throws {
        let square = TestScenes.quad(SIMD3(-1, -1, -2), SIMD3(1, -1, -2), SIMD3(1, 1, -2), SIMD3(-1, 1, -2))
        let scene = try TestScenes.scene(
            [square],
            [Material(emission: SIMD3(1, 1, 1))],
            camera: Camera(projection: .perspective(verticalFieldOfView: 2 * arcTangent(y: 1, x: 1)))
        )
        // Half the height of the picture, a quarter of its width.
        let pixels = self.pixels(scene, width: 32, height: 16)
        let sum = pixels.reduce(0) { $0 + $1.x }
        #expect(isClose(sum, 32 * 16 / 8, within: 0.01))
    }

    @Test
    func `a lens blurs what is out of focus only`() throws {
        func corner(_ radius: Float, _ focus: Float) throws -> Float {
            let half = TestScenes.quad(SIMD3(0, -9, -4), SIMD3(9, -9, -4), SIMD3(9, 9, -4), SIMD3(0, 9, -4))
            let scene = try TestScenes.scene(
                [half],
                [Material(emission: SIMD3(1, 1, 1))],
                camera: Camera(lensRadius: radius, focusDistance: focus)
            )
            // Just left of the edge.
            return self.pixels(scene, width: 16, height: 16)[16 * 8 + 6].x
        }
        #expect(try corner(0, 1) == 0)
        #expect(try corner(0.5, 4) == 0)
        #expect(try corner(0.5, 1) > 0.1)
    }

    @Test
    func `an aperture with blades makes polygons of points out of focus`() throws {
        // A pinhole in reverse: one small lamp far out of focus shows the shape of the aperture.
        func spot(_ blades: Int, _ rotation: Float) throws -> [SIMD3<Float>] {
            let lamp = TestScenes.quad(
                SIMD3(-0.05, -0.05, -4),
                SIMD3(0.05, -0.05, -4),
                SIMD3(0.05, 0.05, -4),
                SIMD3(-0.05, 0.05, -4)
            )
            let scene = try TestScenes.scene(
                [lamp],
                [Material(emission: SIMD3(1000, 1000, 1000))],
                camera: Camera(
                    projection: .perspective(verticalFieldOfView: 1),
                    lensRadius: 0.5,
                    focusDistance: 2,
                    lensBlades: blades,
                    lensRotation: rotation
                )
            )
            return self.pixels(scene, width: 64, height: 64)
        }
        func area(_ pixels: [SIMD3<Float>]) -> Int { pixels.count { $0.x > 0 } }
        let round = try spot(0, 0)
        let square = try spot(4, 0)
        let turned = try spot(4, .pi / 4)
        // A square with its corners on the circle has 2 / pi of its area.
        #expect(abs(Float(area(square)) / Float(area(round)) - 2 / .pi) < 0.15)
        #expect(abs(area(turned) - area(square)) < area(square) / 5)
        // With its corners on the axes its fourth moment along them is a third larger, less what filter and lamp blur.
        func moment(_ pixels: [SIMD3<Float>]) -> Float {
            var sum: Float = 0
            var total: Float = 0
            for (i, pixel) in pixels.enumerated() {
                let x = Float(i % 64) - 31.5
                sum += x * x * x * x * pixel.x
                total += pixel.x
            }
            return sum / total
        }
        #expect(moment(square) > 1.08 * moment(turned))
        #expect(throws: SceneBlobError.self) { try spot(2, 0) }
        #expect(throws: SceneBlobError.self) { try spot(33, 0) }
    }

    @Test
    func `instances are placed, turned and mirrored by their transforms`() throws {
        let lamp = TestScenes.quad(SIMD3(-0.5, -0.5, 0), SIMD3(0.5, -0.5, 0), SIMD3(0.5, 0.5, 0), SIMD3(-0.5, 0.5, 0))
        let assets = SceneAssets(meshes: [lamp], materials: [Material(emission: SIMD3(1, 1, 1))])
        let mirrored = Transform(x: SIMD4(-1, 0, 0, 1), y: SIMD4(0, 1, 0, 1), z: SIMD4(0, 0, 1, -3))
        let frame = SceneFrame(
            instances: [Instance(mesh: 0, transform: mirrored)],
            camera: Camera(projection: .orthographic(xMagnification: 2, yMagnification: 2))
        )
        let pixels = self.pixels(try TestScenes.scene(assets, frame), width: 16, height: 16)
        // One metre right and up of the middle; the front still faces the camera.
        #expect(pixels[16 * 4 + 12].x == 1)
        #expect(pixels[16 * 12 + 4].x == 0)
    }
}
