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
