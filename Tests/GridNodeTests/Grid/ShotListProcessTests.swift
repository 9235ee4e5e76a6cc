import Foundation
import Testing

extension ProcessTests {
    /// Lists of shots, as a person submits them.
    @Suite(.serialized)
    struct ShotListProcessTests {
        private func submit(_ grid: TestGrid, _ list: String, _ more: [String] = []) async throws -> Program.Result {
            let directory = grid.directory
            try Data(list.utf8).write(to: URL(fileURLWithPath: "\(directory.path)/film.csv"))
            return try await Program.run(
                [
                    "submit", "--shots", "\(directory.path)/film.csv", "--to", grid.addresses[0], "--grid", grid.name,
                    "--data", "\(directory.path)/studio", "--json", "--size", "64x48", "--spp", "4",
                ] + more,
                in: directory
            )
        }

        private func shots(_ result: Program.Result) throws -> [[String: Any]] {
            let summary = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
            )
            return try #require(summary["shots"] as? [[String: Any]])
        }

        @Test
        func `shots of a list are delivered to a directory each, and one mistake submits nothing`() async throws {
            let grid = try await TestGrid(count: 2)
            let directory = grid.directory
            try TestShot.write(to: "\(directory.path)/shot.gltf")
            try await grid.waitForPeers(1)
            let bad = try await self.submit(grid, "shot,file,samples\na,shot.gltf,4\nb,shot.gltf,none\n")
            #expect(bad.status == 1)
            #expect(bad.errors.contains("film.csv:3:13: samples is \"none\""), "\(bad.errors)")
            let unread = try await self.submit(grid, "shot,file\na,shot.gltf\nb,film.csv\n", ["-o", directory.path])
            #expect(unread.status == 1)
            #expect(unread.errors.contains("shot b: "), "\(unread.errors)")
            let jobs = try await grid.snapshot(ofNode: 0, "jobs") as? [Any]
            #expect(jobs?.isEmpty == true)

            let list = "shot,file,frames,size,output\nwide,shot.gltf,1-2,,\nclose,shot.gltf,2,32x24,b.##.png\n"
            let result = try await self.submit(grid, list, ["-o", "\(directory.path)/film"])
            #expect(result.status == 0, "\(result.errors)")
            let shots = try self.shots(result)
            #expect(shots.map { $0["shot"] as? String } == ["wide", "close"])
            #expect(shots.map { $0["frames"] as? [Int] } == [[1, 2], [2]])
            for file in ["wide/frame.0001.png", "wide/frame.0002.exr", "close/b.02.png"] {
                #expect(directory.contents("film/\(file)") != nil, "\(file)")
            }
            let alone = try await Program.run(
                [
                    "render", "\(directory.path)/shot.gltf", "-o", "\(directory.path)/alone.png", "--frames", "2",
                    "--size", "32x24", "--spp", "4", "--quiet",
                ],
                in: directory
            )
            #expect(alone.status == 0, "\(alone.errors)")
            #expect(directory.contents("film/close/b.02.png") == directory.contents("alone.png"))
            let left = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/studio/submitter/staging")
            #expect(left.isEmpty)
        }

        @Test
        func `a second shot of a file adds next to nothing to what is stored and sent`() async throws {
            let grid = try await TestGrid(count: 1)
            let directory = grid.directory
            let written = try await Program.run(
                ["examples", "write", "lava", "-o", "\(directory.path)/lava.glb"],
                in: directory
            )
            #expect(written.status == 0, "\(written.errors)")
            // Other frames, another size and other samples: what was baked stays the same.
            let list = "shot,file,frames,size,samples\na,lava.glb,1-2,,\nb,lava.glb,5-8,128x72,8\n"
            let result = try await self.submit(grid, list, ["--quiet"])
            #expect(result.status == 0, "\(result.errors)")
            let shots = try self.shots(result)
            let size = try #require(shots[1]["size"] as? Int)
            let newSize = try #require(shots[1]["newSize"] as? Int)
            #expect(shots[0]["newSize"] as? Int == shots[0]["size"] as? Int)
            #expect(newSize > 0 && newSize * 20 < size, "\(newSize) of \(size)")
        }
    }
}
