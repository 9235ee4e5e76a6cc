import RenderCore
import SceneImport
import Testing

/// Scenes of which not all meshes are kept in memory.
struct LargeSceneTests {
    private func shot(_ file: [UInt8], residentMeshBytes: Int) throws -> ImportedShot {
        var options = ImportOptions()
        options.limits.residentMeshBytes = residentMeshBytes
        return try ShotImporter(options: options).importShot(file, directory: ".")
    }

    private func bytes(_ blob: BlobBytes) -> [UInt8] {
        blob.withUnsafeBytes { Array($0) }
    }

    @Test(arguments: [ExampleLook.candles, .lava, .water, .monster])
    func `a scene gives the same bytes and frames, whatever of it is kept in memory`(look: ExampleLook) throws {
        let file = look.file(.small)
        let whole = try self.shot(file, residentMeshBytes: .max)
        let expected = try whole.assets.encoded()
        #expect(!whole.assets.meshes.contains { $0.isOutline })
        for limit in [0, 100_000] {
            let shot = try self.shot(file, residentMeshBytes: limit)
            let isOutline = shot.assets.meshes.map(\.isOutline)
            #expect(isOutline.contains(true) && (limit == 0 || isOutline.contains(false)))
            #expect(shot.notes == whole.notes)
            // Not in one comparison: a failure would print both.
            let isEqual = self.bytes(try shot.encodedAssets()) == expected
            #expect(isEqual)
            #expect(try shot.frame(1) == whole.frame(1))
            #expect(try shot.frame(1).encoded(for: shot.assets) == whole.frame(1).encoded(for: whole.assets))
        }
    }

    @Test
    func `what moves or shines is kept`() throws {
        let shot = try self.shot(ExampleLook.lava.file(.small), residentMeshBytes: 0)
        for mesh in shot.assets.meshes {
            #expect(mesh.isOutline == (shot.assets.materials[mesh.material].emission == .zero))
        }
        let leviathan = try self.shot(ExampleShot.leviathan(), residentMeshBytes: 0)
        let whole = try self.shot(ExampleShot.leviathan(), residentMeshBytes: .max)
        for frame in [1, 30] {
            let isEqual =
                try leviathan.frame(frame).encoded(for: leviathan.assets)
                == whole.frame(frame).encoded(for: whole.assets)
            #expect(isEqual)
        }
    }

    @Test
    func `outlines are not encoded as if they were empty, and a directory that is not there is named`() throws {
        let shot = try self.shot(ExampleLook.water.file(.small), residentMeshBytes: 0)
        #expect(throws: SceneBlobError.notWritten("")) { try shot.assets.encoded() }
        let error = #expect(throws: SceneBlobError.self) { try shot.encodedAssets(directory: "/nowhere/at/all") }
        #expect(error?.message.contains("/nowhere/at/all does not exist") == true)
        #expect(error?.message.contains("TMPDIR") == true)
    }
}
