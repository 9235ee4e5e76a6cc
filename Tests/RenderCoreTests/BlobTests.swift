import Foundation
import RenderCore
import Testing

struct BlobTests {
    /// Takes a blob's bytes.
    private struct Bytes: BlobOutput {
        var all: [UInt8] = []

        mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SceneBlobError) {
            try self.finish(byteCount: max(self.all.count, offset + bytes.count))
            for (i, byte) in bytes.enumerated() { self.all[offset + i] = byte }
        }

        mutating func finish(byteCount: Int) throws(SceneBlobError) {
            self.all += [UInt8](repeating: 0, count: max(0, byteCount - self.all.count))
        }
    }

    private let assets = GoldenScene.assets
    private let frame = GoldenScene.frame

    /// A small scene with everything in it, so that thousands of variants load quickly.
    private func small() throws -> (assets: [UInt8], frame: [UInt8]) {
        var assets = self.assets
        assets.meshes = [assets.meshes[0], assets.meshes[7], assets.meshes[8], assets.meshes[9]]
        var frame = SceneFrame(lights: self.frame.lights, camera: self.frame.camera)
        frame.instances = (0 ..< 4).map {
            Instance(mesh: $0, transform: Transform(translation: SIMD3(0, Float($0), -3)))
        }
        assets.meshes[0].colors = [Float](repeating: 0.5, count: assets.meshes[0].positions.count)
        assets.meshes[0].alphas = [Float](repeating: 0.5, count: assets.meshes[0].positions.count / 3)
        for i in assets.materials.indices.prefix(2) {
            frame.materials[i] = assets.materials[i]
            frame.materials[i]?.clearcoat = Material.Clearcoat(factor: 0.5)
        }
        frame.deformedMeshes = [TestScenes.growing(1, of: assets) { $0 * 1.5 }]
        frame.instances.append(Instance(mesh: 4, transform: Transform(translation: SIMD3(2, 0, -3))))
        frame.instances[2].closingTransform = Transform(translation: SIMD3(1, 2, -3))
        frame.camera.closingTransform = Transform(translation: SIMD3(0, 0, 0.5))
        frame.instances.append(Instance(particles: 0))
        for i in assets.particles.indices {
            assets.particles[i].closingCenters = assets.particles[i].centers.map { -$0 }
        }
        return (try assets.encoded(), try frame.encoded(for: assets))
    }

    @Test
    func `the description is that of this format`() throws {
        let version = try self.assets.encoded()[8]
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let description = here.appendingPathComponent("../../Sources/RenderCore/Blob/Format.md")
        let text = try String(contentsOf: description, encoding: .utf8)
        #expect(text.hasPrefix("# The scene blob, format \(version)\n"))
        #expect(text.contains("8 to 11: version, \(version);"))
    }

    @Test
    func `equal scenes have equal bytes`() throws {
        #expect(try self.assets.encoded() == self.assets.encoded())
        #expect(try self.frame.encoded(for: self.assets) == self.frame.encoded(for: self.assets))
        #expect(try Scene(assets: self.assets.encoded(), frame: self.frame.encoded(for: self.assets)).triangleCount > 0)
    }

    @Test
    func `every truncation is refused`() throws {
        let (assets, frame) = try self.small()
        for count in stride(from: 0, to: assets.count, by: assets.count > 4000 ? 7 : 1) {
            #expect(throws: SceneBlobError.self) { try Scene(assets: Array(assets[..<count]), frame: frame) }
        }
        for count in 0 ..< frame.count {
            #expect(throws: SceneBlobError.self) { try Scene(assets: assets, frame: Array(frame[..<count])) }
        }
    }

    @Test
    func `additional bytes are refused`() throws {
        let (assets, frame) = try self.small()
        #expect(throws: SceneBlobError.self) { try Scene(assets: assets + [0], frame: frame) }
        #expect(throws: SceneBlobError.self) {
            try Scene(assets: assets, frame: frame + [UInt8](repeating: 0, count: 64))
        }
    }

    @Test
    func `the blobs cannot be swapped`() throws {
        let (assets, frame) = try self.small()
        #expect(throws: SceneBlobError.self) { try Scene(assets: frame, frame: assets) }
    }

    /// Changed bytes are either refused or another valid scene, which must render without harm.
    @Test(arguments: 0 ..< 4)
    func `changed bytes do no harm`(quarter: Int) throws {
        let (assets, frame) = try self.small()
        var generator = SeededGenerator(seed: 100 + UInt64(quarter))
        let settings = RenderSettings(width: 4, height: 4, samples: 2)
        var refused = 0
        for _ in 0 ..< 500 {
            var a = assets
            var f = frame
            for _ in 0 ..< Int.random(in: 1 ... 4, using: &generator) {
                let isHeader = Bool.random(using: &generator)
                let value = UInt8.random(in: 0 ... 255, using: &generator)
                if Bool.random(using: &generator) {
                    a[Int.random(in: 0 ..< (isHeader ? 1024 : a.count), using: &generator)] = value
                } else {
                    f[Int.random(in: 0 ..< (isHeader ? 256 : f.count), using: &generator)] = value
                }
            }
            do {
                let scene = try Scene(assets: a, frame: f)
                let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 4, height: 4)
                let clean = FilmBlock(payload: block.payload, width: 4, height: 4)
                #expect(clean == block)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    @Test
    func `numbers of extreme size do no harm`() throws {
        let (assets, frame) = try self.small()
        var generator = SeededGenerator(seed: 5)
        let extremes: [UInt32] = [
            0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f7f_ffff, 0xffff_ffff, 0x8000_0000, 1, 0x7fff_ffff, 0x4e6e_6b28,
            0x0100_0000, 0x3f80_0000, 0,
        ]
        let settings = RenderSettings(width: 4, height: 4, samples: 1)
        for _ in 0 ..< 1500 {
            var a = assets
            var f = frame
            let extreme = extremes.randomElement(using: &generator) ?? 0
            let isAssets = Bool.random(using: &generator)
            let at = Int.random(in: 4 ..< min(2000, isAssets ? a.count : f.count) / 4, using: &generator) * 4
            for k in 0 ..< 4 {
                let byte = UInt8(truncatingIfNeeded: extreme >> (8 * UInt32(k)))
                if isAssets { a[at + k] = byte } else { f[at + k] = byte }
            }
            guard let scene = try? Scene(assets: a, frame: f) else { continue }
            let block = BlockRenderer(scene: scene, settings: settings).render(x: 0, y: 0, width: 4, height: 4)
            #expect(FilmBlock(payload: block.payload, width: 4, height: 4) == block)
        }
    }

    @Test
    func `a scene says what it takes before it is built, and is refused where that is more than is allowed`() throws {
        let assets = try LoadedAssets(BlobBytes(self.assets.encoded()))
        let frame = BlobBytes(try self.frame.encoded(for: self.assets))
        let needed = try Scene.bytesNeeded(assets: assets, frame: frame)
        let triangles = self.assets.meshes.reduce(0) { $0 + $1.indices.count / 3 }
        #expect(needed >= 150 * triangles)
        var limits = SceneLimits.standard
        limits.memoryBytesMax = needed
        #expect(throws: Never.self) { try Scene(assets: assets, frame: frame, limits: limits) }
        limits.memoryBytesMax = needed - 1
        let error = #expect(throws: SceneBlobError.self) { try Scene(assets: assets, frame: frame, limits: limits) }
        #expect(error?.code == .limitExceeded)
        let all = SceneLimits.memory(needed, blobBytesMax: 1 << 30)
        #expect(throws: Never.self) { try Scene(assets: assets, frame: frame, limits: all) }
        let less = SceneLimits.memory(needed - 1, blobBytesMax: 1 << 30)
        #expect(throws: SceneBlobError.self) { try Scene(assets: assets, frame: frame, limits: less) }
    }

    @Test
    func `meshes are asked for once each, and one that is another by then is refused`() throws {
        var counts = [Int](repeating: 0, count: self.assets.meshes.count)
        var outlines = self.assets
        outlines.meshes = self.assets.meshes.map(Mesh.init(outlineOf:))
        let expected = try self.assets.encoded()
        let blob = try outlines.encode(to: Bytes()) { (i) throws(SceneBlobError) in
            counts[i] += 1
            return self.assets.meshes[i]
        }
        #expect(blob.all == expected)
        #expect(counts.allSatisfy { $0 == 1 })
        #expect(throws: SceneBlobError.notWritten("")) {
            try outlines.encode(to: Bytes()) { (_) throws(SceneBlobError) in self.assets.meshes[0] }
        }
    }

    @Test
    func `limits are kept`() throws {
        let assets = try self.assets.encoded()
        let frame = try self.frame.encoded(for: self.assets)
        var limits = [SceneLimits](repeating: .standard, count: 5)
        limits[0].blobBytesMax = 1000
        limits[1].trianglesMax = 100
        limits[2].instancesMax = 2
        limits[3].lightsMax = 2
        limits[4].memoryBytesMax = 100_000
        for limit in limits {
            #expect(throws: SceneBlobError.self) { try Scene(assets: assets, frame: frame, limits: limit) }
        }
    }

    @Test
    func `meshes that do not fit together are not encoded`() {
        let good = Mesh(positions: [0, 0, 0, 1, 0, 0, 0, 1, 0], indices: [0, 1, 2])
        var bad = [Mesh](repeating: good, count: 10)
        bad[0].indices = [0, 1, 3]
        bad[1].positions.removeLast()
        bad[2].normals = [0, 0, 1]
        bad[3].textureCoordinates = [0]
        bad[4].material = 1
        bad[5].positions[4] = .nan
        bad[6].indices = [0, 1]
        bad[7].positions[0] = .infinity
        bad[8].colors = [1]
        bad[9].colors = [0, 0, 0, 0, 0, 0, 0, 0, 1.5]
        for mesh in bad {
            #expect(throws: SceneBlobError.self) { try SceneAssets(meshes: [mesh], materials: [Material()]).encoded() }
        }
        #expect(throws: Never.self) { try SceneAssets(meshes: [good], materials: [Material()]).encoded() }
    }

    @Test
    func `materials, pictures and skies that make no sense are not encoded`() {
        let texels = Image.Texels.linear8([1, 2, 3, 4])
        let bad = [
            SceneAssets(materials: [Material(roughness: .nan)]),
            SceneAssets(materials: [Material(baseColorTexture: TextureReference(image: 0))]),
            SceneAssets(images: [Image(width: 2, height: 1, texels: texels)]),
            SceneAssets(images: [Image(width: 0, height: 1, texels: texels)]),
            SceneAssets(images: [Image(width: -1, height: -1, texels: texels)]),
            SceneAssets(images: [Image(width: 1, height: 1, texels: .linearFloat([0, 0, .nan, 0]))]),
            SceneAssets(environment: .constant(SIMD3(0, .infinity, 0))),
            SceneAssets(environment: .map(width: 2, height: 1, texels: [1, 1, 1])),
            SceneAssets(environment: .map(width: .max, height: .max, texels: [1, 1, 1])),
        ]
        for assets in bad { #expect(throws: SceneBlobError.self) { try assets.encoded() } }
    }

    @Test
    func `frames that make no sense are not encoded`() {
        let assets = SceneAssets(
            meshes: [Mesh(positions: [0, 0, 0], indices: [0, 0, 0])],
            materials: [Material(emission: SIMD3(1, 1, 1))]
        )
        let bad = [
            SceneFrame(instances: [Instance(mesh: 1)]),
            SceneFrame(instances: [Instance(mesh: -1)]),
            SceneFrame(deformedMeshes: [DeformedMesh(mesh: 1, positions: [0, 0, 0])]),
            SceneFrame(deformedMeshes: [DeformedMesh(mesh: 0, positions: [0, 0])]),
            SceneFrame(deformedMeshes: [DeformedMesh(mesh: 0, positions: [0, 0, .nan])]),
            SceneFrame(deformedMeshes: [DeformedMesh(mesh: 0, positions: [0, 0, 0], normals: [0, 0, 1])]),
            SceneFrame(
                deformedMeshes: [DeformedMesh(mesh: 0, positions: [0, 0, 0])],
                instances: [Instance(mesh: 2)]
            ),
            SceneFrame(instances: [Instance(mesh: 0, transform: Transform(x: SIMD4(.nan, 0, 0, 0)))]),
            SceneFrame(lights: [.point(position: SIMD3(0, .nan, 0), intensity: SIMD3(1, 1, 1), range: 0)]),
            SceneFrame(lights: [.directional(direction: SIMD3(0, .infinity, 0), illuminance: SIMD3(1, 1, 1))]),
            SceneFrame(camera: Camera(projection: .perspective(verticalFieldOfView: .nan))),
            SceneFrame(deformedMeshes: [DeformedMesh(mesh: 0, positions: [0, 0, 0], closingPositions: [0, 0])]),
            SceneFrame(deformedMeshes: [DeformedMesh(mesh: 0, positions: [0, 0, 0], closingPositions: [0, 0, .nan])]),
            SceneFrame(deformedMeshes: [DeformedMesh(mesh: 0, positions: [0, 0, 0], closingNormals: [0, 0, 1])]),
            SceneFrame(instances: [Instance(mesh: 0, closingTransform: Transform(x: SIMD4(.infinity, 0, 0, 0)))]),
        ]
        for frame in bad { #expect(throws: SceneBlobError.self) { try frame.encoded(for: assets) } }
        var broken = assets
        broken.meshes[0].indices = [0, 0, 9]
        #expect(throws: SceneBlobError.self) { try SceneFrame(instances: [Instance(mesh: 0)]).encoded(for: broken) }
    }

    @Test
    func `errors are equal by code and say what failed`() throws {
        do {
            _ = try SceneAssets(materials: [Material(ior: .nan)]).encoded()
            Issue.record("a refraction index that is not a number was encoded")
        } catch {
            #expect(error.code == .invalidValue)
            #expect(error.message.contains("material 0"))
            #expect("\(error)" == error.message)
        }
    }
}
