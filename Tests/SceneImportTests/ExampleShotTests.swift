import Glibc
import ImageCodec
import RenderCore
import SceneImport
import Testing

struct ExampleShotTests {
    /// The package's root, where Sources and Tests lie.
    static let root: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    static func bytes(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer.prefix(count))
        }
    }

    @Test
    func `the generator makes the committed leviathan, byte for byte`() throws {
        let path = "\(Self.root)/Sources/SceneImport/Examples/leviathan.glb"
        let committed = try #require(Self.bytes(of: path), "\(path) is missing")
        let made = ExampleShot.leviathan()
        #expect(made.count <= 1_500_000)
        if getenv("TESSERA_RECORD") != nil { try AtomicFile.write(made, to: path) }
        // Not in one comparison: a failure would print both.
        let isEqual = made == committed
        #expect(isEqual, "run the tests with TESSERA_RECORD=1 to write the file anew")
    }

    @Test
    func `the leviathan moves for 48 frames in front of its own camera`() throws {
        let shot = try ShotImporter().importShot(ExampleShot.leviathan(), directory: ".")
        #expect(shot.notes.isEmpty)
        #expect(shot.lastFrame == 48)
        #expect(shot.framesPerSecond == 24)
        let first = try shot.frame(1)
        let last = try shot.frame(48)
        #expect(first.camera != last.camera)
        #expect(first.instances.count == last.instances.count)
        let triangles = first.instances.reduce(0) { $0 + shot.assets.meshes[$1.mesh].indices.count / 3 }
        #expect((200_000 ... 600_000).contains(triangles))
        _ = try Scene(assets: shot.assets.encoded(), frame: last.encoded(for: shot.assets))
    }

    @Test
    func `the dragon's scales are layered`() throws {
        let shot = try ShotImporter().importShot(ExampleLook.dragonScales.file(), directory: ".")
        #expect(shot.notes.isEmpty)
        #expect(shot.assets.materials.filter { $0.layers?.layers.count == 12 }.count == 10)
        let frame = try shot.frame(1)
        #expect((1_500 ... 4_000).contains(frame.instances.count))
        _ = try Scene(assets: shot.assets.encoded(), frame: frame.encoded(for: shot.assets))
    }

    @Test
    func `the candles' wax scatters inside of closed meshes`() throws {
        let shot = try ShotImporter().importShot(ExampleLook.candles.file(), directory: ".")
        #expect(shot.notes.isEmpty)
        let waxes = shot.assets.materials.indices.filter { shot.assets.materials[$0].scattering != nil }
        #expect(waxes.count == 2)
        for mesh in shot.assets.meshes where waxes.contains(mesh.material) {
            // Each edge of a closed mesh belongs to two triangles that go along it in opposite directions.
            var edges: [SIMD2<UInt32>: Int] = [:]
            var ids: [SIMD3<Float>: UInt32] = [:]
            var vertices: [UInt32] = []
            for at in stride(from: 0, to: mesh.positions.count, by: 3) {
                let p = SIMD3(mesh.positions[at], mesh.positions[at + 1], mesh.positions[at + 2])
                // All points of a pole are one.
                let place = p.x * p.x + p.z * p.z < 1e-8 ? SIMD3(0, p.y, 0) : p
                let number = ids[place] ?? UInt32(ids.count)
                ids[place] = number
                vertices.append(number)
            }
            for t in stride(from: 0, to: mesh.indices.count, by: 3) {
                for k in 0 ..< 3 {
                    let (a, b) = (vertices[Int(mesh.indices[t + k])], vertices[Int(mesh.indices[t + (k + 1) % 3])])
                    edges[SIMD2(a, b), default: 0] += 1
                }
            }
            #expect(edges.allSatisfy { edges[SIMD2($0.key.y, $0.key.x)] == $0.value })
        }
        _ = try Scene(assets: shot.assets.encoded(), frame: shot.frame(1).encoded(for: shot.assets))
    }

    @Test(
        arguments: [
            "fox.glb", "morph-stress-test.gltf", "simple-skin.gltf", "cake-birthday.glb", "alien.glb",
            "flight-helmet/FlightHelmet.gltf",
        ]
    )
    func `real scenes are imported`(name: String) throws {
        let path = "\(Self.root)/../shared/scenes/\(name)"
        guard access(path, R_OK) == 0 else {
            print("skipped: \(path) is not there")
            return
        }
        let shot = try ShotImporter().importShot(at: path)
        #expect(!shot.assets.meshes.isEmpty)
        #expect(shot.notes.contains { $0.contains("no camera") })
        _ = try Scene(assets: shot.assets.encoded(), frame: shot.frame(1).encoded(for: shot.assets))
    }

    @Test
    func `computed tangents agree with those of a real model`() throws {
        let path = "\(Self.root)/../shared/scenes/flight-helmet/FlightHelmet.gltf"
        guard access(path, R_OK) == 0 else {
            print("skipped: \(path) is not there")
            return
        }
        var agreeing = 0
        var all = 0
        for mesh in try ShotImporter().importShot(at: path).assets.meshes {
            var bare = mesh
            bare.tangents = []
            TangentSpace.addTangents(to: &bare)
            for vertex in 0 ..< mesh.positions.count / 3 {
                let a = SIMD3(mesh.tangents[4 * vertex], mesh.tangents[4 * vertex + 1], mesh.tangents[4 * vertex + 2])
                let b = SIMD3(bare.tangents[4 * vertex], bare.tangents[4 * vertex + 1], bare.tangents[4 * vertex + 2])
                all += 1
                if (a * b).sum() > 0.9, mesh.tangents[4 * vertex + 3] == bare.tangents[4 * vertex + 3] { agreeing += 1 }
            }
        }
        #expect(Double(agreeing) > 0.95 * Double(all), "\(agreeing) of \(all)")
    }
}
