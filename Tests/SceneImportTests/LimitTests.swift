import RenderCore
import SceneImport
import Testing

/// Limits that a person may move.
struct LimitTests {
    private static func file(_ name: ImportLimits.Name) -> [UInt8] {
        switch name {
        case .voxels: ExampleLook.tornado.file(.small)
        case .instances: ExampleLook.water.file(.small)
        default: ExampleShot.leviathan()
        }
    }

    @Test(arguments: [
        ImportLimits.Name.jsonBytes, .jsonValues, .jsonDepth, .nodes, .vertices, .triangles, .keyframes, .texels,
        .voxels,
    ])
    func `a file beyond a limit is refused by its name, and read where the limit is moved`(
        name: ImportLimits.Name
    ) throws {
        let file = Self.file(name)
        var options = ImportOptions()
        let usual = options.limits[name]
        options.limits[name] = 1
        let error = #expect(throws: ImportError.self) {
            try ShotImporter(options: options).importShot(file, directory: ".")
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.limit == name)
        options.limits[name] = usual
        #expect(throws: Never.self) { try ShotImporter(options: options).importShot(file, directory: ".") }
    }

    /// The numbers alone count: there are no bytes behind them, which a file that is read is refused for.
    @Test
    func `what takes more memory than there is is refused before it is read`() throws {
        let file = """
            {"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0,1]}],"nodes":[{"mesh":0},{"mesh":0}],
            "accessors":[{"componentType":5126,"type":"VEC3","count":3000000,"bufferView":0}],
            "bufferViews":[{"buffer":0,"byteLength":12}],"buffers":[{"byteLength":12,"uri":"data:;base64,AAAAAAAAAAAAAAAA"}],
            "meshes":[{"primitives":[{"attributes":{"POSITION":0}},{"mode":5,"attributes":{"POSITION":0}}]}]}
            """
        var options = ImportOptions()
        // A million triangles of the list; the strip's may be flat, and the second node's are the first one's.
        let needed = Scene.bytesNeeded(triangles: 1_000_000, particles: 0)
        options.limits.maxSceneBytes = needed - 1
        func error() -> ImportError? {
            #expect(throws: ImportError.self) {
                try ShotImporter(options: options).importShot(Array(file.utf8), directory: ".")
            }
        }
        #expect(error()?.code == .tooMuchMemory)
        #expect(error()?.message.contains("1000000 triangles") == true)
        #expect(error()?.cure?.contains("--memory") == true)
        options.limits.maxSceneBytes = needed
        #expect(error()?.code == .malformed)
    }

    @Test
    func `every name moves its limit and no other`() {
        for name in ImportLimits.Name.allCases {
            var limits = ImportLimits()
            limits[name] = 12_345
            for other in ImportLimits.Name.allCases {
                #expect(limits[other] == (other == name ? 12_345 : ImportLimits.standard[other]))
            }
        }
    }
}
