import Foundation
import RenderCore
import SceneImport
import Testing

/// OpenVDB files, which a tool of OpenVDB's own converts.
struct OpenVDBImportTests {
    /// Whether OpenVDB's tool is here; says so where it is not.
    static let isToolHere: Bool = {
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let isHere = places.contains { FileManager.default.isExecutableFile(atPath: "\($0)/vdb_tool") }
        if !isHere {
            print("vdb_tool is not installed: the test of .vdb files is left out (apt install libopenvdb-tools)")
        }
        return isHere
    }()

    private func openVDB(_ bytes: [UInt8]) throws(ImportError) -> ImportedShot {
        let uri = "data:application/octet-stream;base64,\(Data(bytes).base64EncodedString())"
        var scene = SceneBuilder()
        _ = scene.view([0, 0, 0, 0])
        scene.members = [
            "\"extensionsUsed\":[\"TESSERA_volume\"]",
            "\"extensions\":{\"TESSERA_volume\":{\"volumes\":[{\"file\":{\"uri\":\"\(uri)\"},\"scattering\":[1,1,1]}]}}",
            "\"nodes\":[{\"extensions\":{\"TESSERA_volume\":{\"volume\":0}}}]",
        ]
        return try scene.shot()
    }

    @Test(.enabled(if: OpenVDBImportTests.isToolHere, "vdb_tool is not installed"))
    func `an OpenVDB file is read through the tool, and a damaged one is an error and no more`() throws {
        let file = OpenVDBSample.file
        let volume = try #require(try self.openVDB(file).assets.volumes.first)
        // Three by two by one voxels of half a metre, and one of nothing all around.
        #expect(volume.width == 5 && volume.height == 4 && volume.depth == 3)
        #expect(volume.low == SIMD3<Float>(-0.5, -0.5, 0))
        #expect(volume.high == SIMD3<Float>(1.5, 1, 1))
        for x in 0 ..< 3 {
            for y in 0 ..< 2 {
                let density = volume.densities[(1 * volume.height + y + 1) * volume.width + x + 1]
                #expect(density == Float(x + 2 * y + 1) / 4, "\(x) \(y)")
            }
        }
        let again: [UInt8] = try self.openVDB(file).assets.encoded()
        #expect(try self.openVDB(file).assets.encoded() == again)

        for count in [8, 40, 400, 4_000, file.count - 1] {
            let error = Sample.failure { () throws(ImportError) in try self.openVDB(Array(file.prefix(count))) }
            #expect(error?.message.contains("OpenVDB cannot read it") == true, "\(count): \(error?.message ?? "")")
        }
        // Twelve processes are enough: the tool's own reading is not ours to fuzz.
        for i in 0 ..< 12 {
            var bytes = file
            for k in 0 ..< 4 { bytes[(i * 769 + k * 97) % 2_000] ^= UInt8(1 << (i % 8)) }
            do {
                _ = try self.openVDB(bytes).assets.encoded()
            } catch is ImportError {
            }
        }
    }

    @Test(.enabled(if: !OpenVDBImportTests.isToolHere, "vdb_tool is installed"))
    func `without the tool it is said how to get it`() throws {
        let error = Sample.failure { () throws(ImportError) in try self.openVDB(OpenVDBSample.file) }
        #expect(error?.message.contains("libopenvdb-tools") == true)
    }
}
