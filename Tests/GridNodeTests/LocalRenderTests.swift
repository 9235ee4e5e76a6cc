import Foundation
import Testing

/// `tessera render` beside what a grid does.
struct LocalRenderTests {
    @Test
    func `with a noise target quiet pixels get fewer samples, and the picture says so`() async throws {
        let directory = try TestDirectory()
        try TestShot.write(to: "\(directory.path)/shot.gltf")
        func rays(_ more: [String], _ name: String) async throws -> Double {
            let result = try await Program.run(
                [
                    "render", "\(directory.path)/shot.gltf", "--size", "64x48", "--frames", "1", "--spp", "256",
                    "--quiet",
                    "--json", "-o", "\(directory.path)/\(name)",
                ] + more,
                in: directory
            )
            try #require(result.status == 0, "\(result.errors)")
            let summary = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
            return try #require(summary?["rays"] as? Double)
        }
        let all = try await rays([], "all.exr")
        let few = try await rays(["--noise", "0.5"], "few.exr")
        #expect(few >= all / 4 && few < 0.75 * all, "\(few) of \(all) rays")
        let mark = Data("tessera:noise".utf8)
        #expect(directory.contents("few.exr")?.range(of: mark) != nil)
        #expect(directory.contents("all.exr")?.range(of: mark) == nil)
    }
}
