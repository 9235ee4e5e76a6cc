import RenderCore
import SceneImport
import Testing

/// `TESSERA_volume` and NanoVDB files.
struct VolumeImportTests {
    private static let file = "data:application/octet-stream;base64,\(NanoVDBSample.base64)"

    private func shot(_ volume: String, builder: SceneBuilder = SceneBuilder()) throws(ImportError) -> ImportedShot {
        var scene = builder
        if scene.binary.isEmpty { _ = scene.view([0, 0, 0, 0]) }
        scene.members = [
            "\"extensionsUsed\":[\"TESSERA_volume\"]",
            "\"extensions\":{\"TESSERA_volume\":{\"volumes\":[\(volume)]}}",
            "\"nodes\":[{\"translation\":[0,1,0],\"extensions\":{\"TESSERA_volume\":{\"volume\":0}}}]",
        ]
        return try scene.shot()
    }

    private func density(_ x: Int, _ y: Int, _ z: Int) -> Float {
        guard -2 ..< 10 ~= x, 0 ..< 5 ~= y, -3 ..< 9 ~= z, (7 * (x + 16) + 5 * y + 3 * (z + 16)) & 4 != 0 else {
            return 0
        }
        return Float((x + 2) * 100 + 10 * y + z + 3) / 1_024
    }

    @Test
    func `a homogeneous box is placed by its node`() throws {
        let shot = try self.shot(
            "{\"box\":{\"low\":[-1,0,-1],\"high\":[1,2,1]},\"scattering\":[1,2,3],\"anisotropy\":0.5,\"density\":0.25}"
        )
        var wanted = Volume(
            width: 2,
            height: 2,
            depth: 2,
            low: SIMD3(-1, 0, -1),
            high: SIMD3(1, 2, 1),
            densities: [Float](repeating: 0.25, count: 8)
        )
        wanted.scattering = SIMD3(1, 2, 3)
        wanted.anisotropy = 0.5
        #expect(shot.assets.volumes == [wanted])
        let frame = try shot.frame(1)
        #expect(frame.volumes == [VolumeInstance(volume: 0, transform: Transform(translation: SIMD3(0, 1, 0)))])
        _ = try Scene(assets: shot.assets.encoded(), frame: frame.encoded(for: shot.assets))
    }

    @Test
    func `a volume may be in what solids enclose`() throws {
        for (word, isEnclosed) in [("", false), (",\"enclosed\":false", false), (",\"enclosed\":true", true)] {
            let shot = try self.shot("{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1]}\(word)}")
            #expect(shot.assets.volumes.map(\.isEnclosed) == [isEnclosed])
        }
        #expect(throws: ImportError.self) {
            try self.shot("{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1]},\"enclosed\":1}")
        }
    }

    @Test
    func `an enclosed volume where nothing is solid does not show, which is said`() throws {
        let glass = "\"KHR_materials_transmission\":{\"transmissionFactor\":1}"
        for (extensions, isSaid) in [
            ("", true), (glass, true), ("\(glass),\"KHR_materials_volume\":{\"thicknessFactor\":1}", false),
        ] {
            let shot = try Sample.shot(
                Sample.document(
                    Sample.triangleMembers.replacing("\"indices\"", with: "\"material\":0,\"indices\""),
                    "\"materials\":[{\"extensions\":{\(extensions)}}]",
                    "\"nodes\":[{\"mesh\":0},{\"extensions\":{\"TESSERA_volume\":{\"volume\":0}}}]",
                    "\"extensions\":{\"TESSERA_volume\":{\"volumes\":[{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1]},"
                        + "\"enclosed\":true}]}}"
                )
            )
            #expect(shot.notes.contains { $0.contains("nothing here is solid") } == isSaid)
        }
    }

    @Test(arguments: [5_121, 5_123, 5_126])
    func `grids of buffer views are read in every type`(type: Int) throws {
        var scene = SceneBuilder()
        let bytes: [UInt8] =
            switch type {
            case 5_121: (0 ..< 12).map { $0 == 5 ? 255 : 0 }
            case 5_123: (0 ..< 12).flatMap { $0 == 5 ? [255, 255] : [0, 0] as [UInt8] }
            default: (0 ..< 12).flatMap { Sample.bytes(of: $0 == 5 ? 1 : 0) }
            }
        let view = scene.view(bytes)
        let shot = try self.shot(
            """
            {"box":{"low":[0,0,0],"high":[1,1,1],"size":[3,2,2],"densities":\(view),"temperatures":\(view),\
            "componentType":\(type)},"absorption":[1,1,1],"blackbody":{"kelvin":[800,2000],"strength":3}}
            """,
            builder: scene
        )
        let volume = try #require(shot.assets.volumes.first)
        #expect(volume.densities == (0 ..< 12).map { $0 == 5 ? 1 : 0 })
        #expect(volume.temperatures == volume.densities)
        let last = try #require(volume.emission.last)
        // Luminance three, red above green above blue.
        #expect((0.2126 * last.x + 0.7152 * last.y + 0.0722 * last.z - 3).magnitude < 0.1)
        #expect(last.x > last.y && last.y > last.z)
        #expect(volume.emission[0].x < 0.01 * last.x)
    }

    @Test
    func `a NanoVDB file of another program is read voxel by voxel`() throws {
        let shot = try self.shot(
            """
            {"file":{"uri":"\(Self.file)","temperature":"temperature","temperatureRange":[300,603]},\
            "absorption":[1,1,1],"emission":[[0,0,0],[1,1,1]]}
            """
        )
        let volume = try #require(shot.assets.volumes.first)
        // One more to each side than is active.
        let low = SIMD3(
            Int(((volume.low.x - 1) / 0.5).rounded()),
            Int(((volume.low.y + 2) / 0.5).rounded()),
            Int(((volume.low.z - 3) / 0.5).rounded())
        )
        #expect(low == SIMD3(-3, -1, -4))
        #expect([volume.width, volume.height, volume.depth] == [14, 7, 14])
        var different = 0
        for z in 0 ..< volume.depth {
            for y in 0 ..< volume.height {
                for x in 0 ..< volume.width {
                    let at = (z * volume.height + y) * volume.width + x
                    let p = low &+ SIMD3(x, y, z)
                    if volume.densities[at] != self.density(p.x, p.y, p.z) { different += 1 }
                    let isWarm = 0 ..< 4 ~= p.x && 0 ..< 4 ~= p.z && p.y == 2
                    let t = isWarm ? Float(p.x * 100 + p.z) / 303 : 0
                    if (volume.temperatures[at] - t).magnitude > 1e-6 { different += 1 }
                }
            }
        }
        #expect(different == 0)
    }

    @Test(arguments: [("eighth", Float(0.005)), ("some", 0.1), ("half", 0.0001), ("fourth", 0.08)])
    func `quantised grids are read to their precision`(name: String, precision: Float) throws {
        let file = try #require(NanoVDBProbeFile.bytes)
        let grid = try NanoVDBProbe.values(NanoVDBProbe.grid(name, of: file))
        for z in 0 ..< grid.count.z {
            for y in 0 ..< grid.count.y {
                for x in 0 ..< grid.count.x {
                    let p = grid.low &+ SIMD3(x, y, z)
                    let value = grid.values[(z * grid.count.y + y) * grid.count.x + x]
                    #expect((value - self.density(p.x, p.y, p.z)).magnitude <= precision)
                }
            }
        }
    }

    @Test
    func `what is no density is refused by name`() {
        let cases: [(String, ImportError.Code, String)] = [
            ("{\"file\":{\"uri\":\"\(Self.file)\",\"density\":\"level\"}}", .unsupported, "level set"),
            ("{\"file\":{\"uri\":\"\(Self.file)\",\"density\":\"smoke\"}}", .malformed, "\"temperature\""),
            ("{\"file\":{\"uri\":\"data:;base64,AAAAAAAAAAAAAAAAAAAAAA==\"}}", .malformed, "NanoVDB"),
            ("{\"file\":{\"uri\":\"gone.nvdb\"}}", .unreadable, "gone.nvdb"),
            ("{}", .malformed, "box or a file"),
            ("{\"box\":{\"low\":[0,0,0],\"high\":[1,0,1]}}", .malformed, "empty"),
            ("{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1],\"size\":[3,3,3]}}", .malformed, "no densities"),
            ("{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1],\"size\":[3,3,1],\"densities\":0}}", .malformed, "2 to 2048"),
            ("{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1]},\"scattering\":[1,-1,1]}", .malformed, "scattering"),
            ("{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1]},\"anisotropy\":1}", .malformed, "anisotropy"),
            (
                "{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1]},\"blackbody\":{\"kelvin\":[900,800]}}", .malformed,
                "kelvins"
            ),
        ]
        for (text, code, part) in cases {
            let error = Sample.failure { () throws(ImportError) in try self.shot(text) }
            #expect(error?.code == code, "\(text.prefix(80)): \(String(describing: error))")
            #expect(error?.message.contains("volume 0") == true)
            #expect(error?.message.contains(part) == true, "\(String(describing: error))")
        }
    }

    @Test
    func `limits of points are kept`() {
        var options = ImportOptions()
        options.limits.maxVoxels = 7
        var scene = SceneBuilder()
        _ = scene.view([0, 0, 0, 0])
        scene.members = [
            "\"extensions\":{\"TESSERA_volume\":{\"volumes\":[{\"box\":{\"low\":[0,0,0],\"high\":[1,1,1]}}]}}",
            "\"nodes\":[{\"extensions\":{\"TESSERA_volume\":{\"volume\":0}}}]",
        ]
        let json = scene.json
        let error = Sample.failure { () throws(ImportError) in
            try Sample.shot(json, binary: [0, 0, 0, 0], options: options)
        }
        #expect(error?.code == .tooLarge)
    }

    @Test
    func `every truncation of a NanoVDB file is refused`() throws {
        let file = try #require(NanoVDBProbeFile.bytes)
        for count in stride(from: 0, to: file.count, by: 7) {
            // The last grid reaches to the end.
            #expect(throws: ImportError.self) { try NanoVDBProbe.grid("level", of: Array(file.prefix(count))) }
        }
        let grid = try NanoVDBProbe.grid("density", of: file)
        #expect(try NanoVDBProbe.values(grid).values.contains { $0 > 0 })
        for count in [0, 1, 671, 700, 760, 800, 1_000, 200_000, 280_000, grid.count - 20_000] {
            #expect(throws: ImportError.self) { try NanoVDBProbe.values(Array(grid.prefix(count))) }
        }
    }

    @Test
    func `damaged NanoVDB files end well`() throws {
        let file = try #require(NanoVDBProbeFile.bytes)
        let grids = [try NanoVDBProbe.grid("density", of: file), try NanoVDBProbe.grid("some", of: file)]
        var random = SeededRandom(seed: 77)
        var read = 0
        for round in 0 ..< 600 {
            var bytes = grids[round % 2]
            for _ in 0 ... Int(random.next() % 4) {
                // Headers, masks and tables of the first nodes are where damage does most.
                let range = [bytes.count, 900, 9_000, 310_000][Int(random.next() % 4)]
                let at = Int(random.next() % UInt64(range))
                bytes[at] = random.next() % 3 == 0 ? 0xff : UInt8(truncatingIfNeeded: random.next())
            }
            if (try? NanoVDBProbe.values(bytes)) != nil { read += 1 }
        }
        #expect(read > 50)
        for _ in 0 ..< 1_500 {
            var bytes = file
            let range = random.next() % 2 == 0 ? bytes.count : 400
            for _ in 0 ... Int(random.next() % 4) {
                bytes[Int(random.next() % UInt64(range))] ^= 1 << UInt8(random.next() % 8)
            }
            _ = try? NanoVDBProbe.grid("temperature", of: bytes)
        }
    }

    /// A tile of the root covers 4096 voxels along each axis; a file of nothing but such tiles must not take for ever.
    @Test
    func `tiles that claim the same voxels again and again are refused`() throws {
        let file = try #require(NanoVDBProbeFile.bytes)
        var grid = try NanoVDBProbe.grid("density", of: file)
        let root = 672 + Int(grid[672 + 24]) + Int(grid[672 + 25]) << 8
        let tile = root + 64
        // Four tiles at the corner of space, active and without children.
        grid[root + 24] = 4
        for i in 0 ..< 4 {
            for byte in 0 ..< 32 { grid[tile + 32 * i + byte] = byte == 16 ? 1 : 0 }
        }
        #expect(throws: ImportError.self) { try NanoVDBProbe.values(grid) }
    }
}

/// The file of ``NanoVDBSample``.
enum NanoVDBProbeFile {
    static let bytes: [UInt8]? = {
        var bits: UInt32 = 0
        var count = 0
        var bytes: [UInt8] = []
        for character in NanoVDBSample.base64.utf8 where character != UInt8(ascii: "=") {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A") ... UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a") ... UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0") ... UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }()
}
