import RenderCore
import Testing

/// Materials that one frame has in the place of the assets'.
struct FrameMaterialTests {
    private func assets(_ floor: Material, _ lamp: Material) -> SceneAssets {
        SceneAssets(
            meshes: [
                TestScenes.quad(SIMD3(-9, -1, 9), SIMD3(9, -1, 9), SIMD3(9, -1, -9), SIMD3(-9, -1, -9)),
                Mesh(positions: [-1, 3, -5, 1, 3, -5, 1, 3, -3, -1, 3, -3], indices: [0, 1, 2, 0, 2, 3], material: 1),
            ],
            materials: [floor, lamp],
            images: [
                Image(width: 2, height: 1, texels: .sRGB8([255, 0, 0, 255, 0, 255, 0, 255]))
            ],
            environment: .constant(SIMD3(0.25, 0.25, 0.25))
        )
    }

    private func picture(
        _ assets: SceneAssets,
        _ materials: [Int: Material] = [:],
        samples: Int = 16
    ) throws -> FilmBlock {
        var frame = SceneFrame(instances: [Instance(mesh: 0), Instance(mesh: 1)])
        frame.camera.transform = Transform(eye: SIMD3(0, 2, 4), target: SIMD3(0, -1, -4))
        frame.materials = materials
        let scene = try Scene(assets: assets.encoded(), frame: frame.encoded(for: assets))
        return BlockRenderer(scene: scene, settings: RenderSettings(width: 8, height: 8, samples: samples))
            .render(x: 0, y: 0, width: 8, height: 8)
    }

    private let plain = Material(baseColor: SIMD4(0.5, 0.5, 0.5, 1))
    private let lamp = Material(emission: SIMD3(4, 4, 4), isDoubleSided: true)

    @Test
    func `a frame's own material is the one that is seen`() throws {
        let others = [
            Material(baseColor: SIMD4(1, 0.25, 0, 1), metallic: 1, roughness: 0.25),
            Material(transmission: 1, thickness: 1),
            Material(clearcoat: Material.Clearcoat(factor: 1, roughness: 0.25)),
            Material(baseColor: SIMD4(1, 1, 1, 0.5), alphaMode: .blend),
            Material(roughness: 0.5, transmission: 1, specular: Material.Specular(color: SIMD3(1, 0.5, 0))),
        ]
        let usual = try self.picture(self.assets(self.plain, self.lamp))
        for other in others {
            let own = try self.picture(self.assets(self.plain, self.lamp), [0: other])
            #expect(own == (try self.picture(self.assets(other, self.lamp))))
            #expect(own != usual)
        }
        // A frame that takes away what the assets have.
        let coated = self.assets(others[2], self.lamp)
        #expect(try self.picture(coated, [0: self.plain]) == usual)
    }

    @Test
    func `a frame's own material places its textures`() throws {
        var here = self.plain
        here.baseColorTexture = TextureReference(image: 0, isNearest: true)
        var there = here
        there.baseColorTexture?.transform.c = 0.5
        var assets = self.assets(here, self.lamp)
        assets.meshes[0].textureCoordinates = [0, 0, 1, 0, 1, 1, 0, 1]
        var moved = assets
        moved.materials[0] = there
        #expect(try self.picture(assets, [0: there]) == self.picture(moved))
        #expect(try self.picture(assets) != self.picture(moved))
    }

    @Test
    func `a lamp is brighter or darker in a frame, and may go out`() throws {
        let bright = self.assets(self.plain, self.lamp)
        var dim = self.lamp
        dim.emission = SIMD3(1, 2, 0.5)
        #expect(try self.picture(bright, [1: dim]) == self.picture(self.assets(self.plain, dim)))
        var dark = self.lamp
        dark.emission = .zero
        #expect(try self.picture(bright, [1: dark]) == self.picture(self.assets(self.plain, dark)))
    }

    @Test
    func `what glows in a frame alone is found by chance`() throws {
        var dark = self.lamp
        dark.emission = .zero
        func mean(_ film: FilmBlock) -> Float { film.pixels.reduce(0, +) / Float(film.pixels.count) }
        let found = mean(try self.picture(self.assets(self.plain, dark), [1: self.lamp], samples: 4096))
        let sampled = mean(try self.picture(self.assets(self.plain, self.lamp), samples: 256))
        #expect(isClose(found, sampled, within: 0.05))
    }

    @Test
    func `particles shine as brightly as their frame says`() throws {
        func assets(_ lamp: Material) -> SceneAssets {
            var assets = self.assets(self.plain, lamp)
            assets.meshes.removeLast()
            assets.particles = [ParticleSet(centers: [0, 2, -4, 1, 2, -4], radii: [0.25, 0.25], material: 1)]
            return assets
        }
        func picture(_ assets: SceneAssets, _ materials: [Int: Material] = [:]) throws -> FilmBlock {
            var frame = SceneFrame(instances: [Instance(mesh: 0), Instance(particles: 0)])
            frame.camera.transform = Transform(eye: SIMD3(0, 2, 4), target: SIMD3(0, -1, -4))
            frame.materials = materials
            let scene = try Scene(assets: assets.encoded(), frame: frame.encoded(for: assets))
            return BlockRenderer(scene: scene, settings: RenderSettings(width: 8, height: 8, samples: 16))
                .render(x: 0, y: 0, width: 8, height: 8)
        }
        var dim = self.lamp
        dim.emission = SIMD3(2, 2, 2)
        #expect(try picture(assets(self.lamp), [1: dim]) == picture(assets(dim)))
    }

    @Test
    func `materials that the assets do not have, and layers of their own, are not encoded`() throws {
        let assets = self.assets(self.plain, self.lamp)
        var frame = SceneFrame()
        frame.materials[2] = self.plain
        #expect(throws: SceneBlobError.self) { try frame.encoded(for: assets) }
        frame.materials = [0: self.plain]
        #expect(throws: Never.self) { try frame.encoded(for: assets) }
        frame.materials[0]?.layers = LayerStack([.diffuse(color: SIMD3(1, 1, 1))])
        #expect(throws: SceneBlobError.self) { try frame.encoded(for: assets) }
    }

    @Test
    func `a frame whose materials are not in order is refused`() throws {
        let assets = self.assets(self.plain, self.lamp)
        var frame = SceneFrame()
        frame.materials = [0: self.plain, 1: self.lamp]
        let good = try frame.encoded(for: assets)
        // Two materials without lobes are the end of the blob: 63 words each, and 8 bytes to the next 64.
        let second = good.count - 512 + 252
        #expect(good[second] == 1)
        for number: UInt8 in [0, 2] {
            var bytes = good
            bytes[second] = number
            #expect(throws: SceneBlobError.self) { try Scene(assets: assets.encoded(), frame: bytes) }
        }
    }
}
