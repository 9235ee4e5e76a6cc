import Glibc
import ImageCodec
import RenderCore
import SceneImport
import Testing

struct ResourceTests {
    /// Runs a body with a directory of its own.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/tessera-import-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { self.remove(directory) }
        try body(directory)
    }

    private func remove(_ path: String) {
        if let entries = opendir(path) {
            while let entry = readdir(entries) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { self.remove("\(path)/\(name)") }
            }
            closedir(entries)
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    private func gltf(uri: String) -> [UInt8] {
        Array(
            Sample.document(
                "\"nodes\":[{\"mesh\":0}]",
                Sample.triangleMembers.replacing(
                    "{\"byteLength\":44}",
                    with: "{\"byteLength\":44,\"uri\":\"\(uri)\"}"
                )
            ).utf8
        )
    }

    private func failure(_ path: String) -> ImportError? {
        Sample.failure { () throws(ImportError) in try ShotImporter().importShot(at: path) }
    }

    @Test
    func `external files are found by percent-coded UTF-8 names`() throws {
        try self.withDirectory { directory in
            mkdir("\(directory)/daten", 0o700)
            try AtomicFile.write(Sample.triangle, to: "\(directory)/daten/ein Blättchen.bin")
            try AtomicFile.write(self.gltf(uri: "daten/ein%20Bl%C3%A4ttchen.bin"), to: "\(directory)/scene.gltf")
            #expect(try ShotImporter().importShot(at: "\(directory)/scene.gltf").assets.meshes.count == 1)
        }
    }

    @Test
    func `data URIs are read`() throws {
        let base64 = "AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAAAAABAAIAAAA="
        let uri = "data:application/octet-stream;base64,\(base64)"
        let shot = try ShotImporter().importShot(self.gltf(uri: uri), directory: "/nonexistent")
        #expect(shot.assets.meshes.first?.positions == [0, 0, 0, 1, 0, 0, 0, 1, 0])
        for bad in ["data:,", "data:;base64,A", "data:;base64,AAA*", "data:nonsense"] {
            let error = Sample.failure { () throws(ImportError) in
                try ShotImporter().importShot(self.gltf(uri: bad), directory: "/nonexistent")
            }
            #expect(error?.code == .malformed)
        }
    }

    @Test(
        arguments: [
            "../secret.bin", "a/../../secret.bin", "/etc/passwd", "%2e%2e/secret.bin", "%2Fetc%2Fpasswd",
            "https://example.com/a.bin", "file:///etc/passwd", "..%5csecret.bin", "a%00b", "%C3", "%zz", "%2", "",
        ]
    )
    func `paths that lead out are refused`(uri: String) throws {
        try self.withDirectory { directory in
            mkdir("\(directory)/inner", 0o700)
            try AtomicFile.write(Sample.triangle, to: "\(directory)/secret.bin")
            try AtomicFile.write(self.gltf(uri: uri), to: "\(directory)/inner/scene.gltf")
            #expect(self.failure("\(directory)/inner/scene.gltf")?.code == .badPath)
        }
    }

    @Test
    func `links that lead out are refused`() throws {
        try self.withDirectory { directory in
            mkdir("\(directory)/inner", 0o700)
            try AtomicFile.write(Sample.triangle, to: "\(directory)/secret.bin")
            symlink("../secret.bin", "\(directory)/inner/link.bin")
            try AtomicFile.write(self.gltf(uri: "link.bin"), to: "\(directory)/inner/scene.gltf")
            #expect(self.failure("\(directory)/inner/scene.gltf")?.code == .badPath)
        }
    }

    @Test
    func `missing files, directories and pipes are named`() throws {
        try self.withDirectory { directory in
            #expect(self.failure("\(directory)/none.glb")?.message.contains("none.glb does not exist") == true)
            #expect(self.failure(directory)?.message.contains("is a directory") == true)
            mkfifo("\(directory)/pipe.glb", 0o600)
            #expect(self.failure("\(directory)/pipe.glb")?.message.contains("no regular file") == true)
            try AtomicFile.write(self.gltf(uri: "gone.bin"), to: "\(directory)/scene.gltf")
            let error = self.failure("\(directory)/scene.gltf")
            #expect(error?.code == .unreadable)
            #expect(error?.message.contains("scene.gltf: buffer 0") == true)
            try AtomicFile.write(Array("hello".utf8), to: "\(directory)/text.gltf")
            #expect(self.failure("\(directory)/text.gltf")?.code == .malformed)
            try AtomicFile.write([], to: "\(directory)/empty.glb")
            #expect(self.failure("\(directory)/empty.glb")?.code == .malformed)
        }
    }

    @Test
    func `a missing or broken texture names the material and the picture`() throws {
        try self.withDirectory { directory in
            let json = Sample.document(
                "\"nodes\":[{\"mesh\":0}]",
                Sample.triangleMembers.replacing("\"indices\":1", with: "\"indices\":1,\"material\":0"),
                "\"materials\":[{\"name\":\"skin\",\"pbrMetallicRoughness\":{\"baseColorTexture\":{\"index\":0}}}]",
                "\"textures\":[{\"source\":0}]",
                "\"images\":[{\"uri\":\"scales.png\"}]"
            )
            try AtomicFile.write(
                GLBWriter.container(json: json, binary: Sample.triangle),
                to: "\(directory)/scene.glb"
            )
            for contents in [nil, [], Array("no picture".utf8), Array(try Sample.png().prefix(60))] as [[UInt8]?] {
                if let contents { try AtomicFile.write(contents, to: "\(directory)/scales.png") }
                let error = self.failure("\(directory)/scene.glb")
                #expect(error?.code == .badImage)
                #expect(error?.message.contains("material 0 \"skin\": base colour texture") == true)
                #expect(error?.message.contains("scales.png") == true)
            }
        }
    }

    @Test
    func `textures that do not exist are refused`() {
        for (textures, images) in [
            ("[]", "[]"), ("[{}]", "[]"), ("[{\"source\":3}]", "[]"), ("[{\"source\":0,\"sampler\":1}]", "[{}]"),
        ] {
            let error = Sample.failure { () throws(ImportError) in
                try Sample.triangleShot(
                    "\"materials\":[{\"emissiveTexture\":{\"index\":0}}]",
                    "\"textures\":\(textures)",
                    "\"images\":\(images)"
                )
            }
            #expect(error?.message.contains("material 0: emission texture") == true)
        }
    }
}
