import Foundation
import Testing

extension ProcessTests {
    /// Real nodes, sockets and pixels, as a person starts them.
    @Suite(.serialized)
    struct GridProcessTests {
        private static let size = ["--size", "256x192", "--spp", "32"]
        private static let frames = 1 ... TestShot.frameCount

        /// Renders the shot without a grid.
        private func renderAlone(_ directory: TestDirectory, _ more: [String] = []) async throws {
            try TestShot.write(to: "\(directory.path)/shot.gltf")
            let result = try await Program.run(
                ["render", "\(directory.path)/shot.gltf", "-o", "\(directory.path)/alone"] + Self.size + more,
                in: directory
            )
            try #require(result.status == 0, "\(result.errors)")
        }

        private func submit(
            _ entry: TestGrid.Entry,
            into name: String = "out",
            _ more: [String] = []
        ) async throws -> Program.Result {
            try await Program.run(
                [
                    "submit", "\(entry.directory.path)/shot.gltf", "--to", entry.address, "--grid", entry.grid,
                    "--data", "\(entry.directory.path)/studio", "-o", "\(entry.directory.path)/\(name)", "--json",
                ] + Self.size + more,
                in: entry.directory
            )
        }

        private func expectSameFrames(_ directory: TestDirectory, _ name: String = "out", as other: String = "alone") {
            for frame in Self.frames {
                for kind in ["png", "exr"] {
                    let file = "frame.000\(frame).\(kind)"
                    let delivered = directory.contents("\(name)/\(file)")
                    #expect(delivered != nil && delivered == directory.contents("\(other)/\(file)"), "\(file)")
                }
            }
        }

        @Test
        func `frames from three nodes are the files that one machine renders, also of two shots at a time`()
            async throws
        {
            let grid = try await TestGrid(count: 3)
            try await self.renderAlone(grid.directory)
            // The second one with all that a frame can carry.
            let more = ["--seed", "7", "--layers", "albedo,normal,depth,object,material,samples,guides"]
            let other = try await Program.run(
                [
                    "render", "\(grid.directory.path)/shot.gltf", "-o", "\(grid.directory.path)/alone-7",
                ] + more + Self.size,
                in: grid.directory
            )
            #expect(other.status == 0)
            try await grid.waitForPeers(2)
            let secondEntry = grid.entry(1)
            async let second = self.submit(secondEntry, into: "out-7", more)
            let first = try await self.submit(grid.entry())
            #expect(first.status == 0, "\(first.errors)")
            let result = try await second
            #expect(result.status == 0, "\(result.errors)")
            self.expectSameFrames(grid.directory)
            self.expectSameFrames(grid.directory, "out-7", as: "alone-7")
        }

        @Test
        func `a node that falsifies one block in ten changes no byte and is named`() async throws {
            let grid = try await TestGrid(count: 3)
            try grid.addSaboteur()
            try await self.renderAlone(grid.directory)
            try await grid.waitForPeers(3)
            let result = try await self.submit(grid.entry())
            #expect(result.status == 0, "\(result.errors)")
            self.expectSameFrames(grid.directory)
            let summary = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
            )
            let burned = try #require(summary["burned"] as? [String])
            #expect(burned.count == 1)
            let log = try String(contentsOfFile: "\(grid.directory.path)/node-0.log", encoding: .utf8)
            #expect(burned.allSatisfy { log.contains($0) })
            let saboteur = try String(contentsOfFile: "\(grid.directory.path)/saboteur.log", encoding: .utf8)
            #expect(burned.allSatisfy { saboteur.contains($0) })
        }

        @Test
        func `a shot survives kill -9 of a worker`() async throws {
            let grid = try await TestGrid(count: 4)
            try await self.renderAlone(grid.directory)
            try await grid.waitForPeers(3)
            let deliveryEntry = grid.entry()
            async let delivery = self.submit(deliveryEntry)
            try await self.waitForUnits(grid, 4)
            grid.killNode(2)
            let result = try await delivery
            #expect(result.status == 0, "\(result.errors)")
            self.expectSameFrames(grid.directory)
        }

        @Test
        func `a shot goes on when the peer that keeps it was killed and is started again`() async throws {
            let grid = try await TestGrid(count: 3)
            try await self.renderAlone(grid.directory)
            try await grid.waitForPeers(2)
            let deliveryEntry = grid.entry()
            async let delivery = self.submit(deliveryEntry)
            try await self.waitForUnits(grid, 6)
            grid.killNode(0)
            try await grid.restart(0)
            let result = try await delivery
            if result.status != 0 {
                // The submitting program may have given up meanwhile; the job has not.
                let jobs = try #require(try await grid.snapshot(ofNode: 0, "jobs") as? [[String: Any]])
                let job = try #require(jobs.first?["id"] as? String)
                let fetched = try await Program.run(
                    [
                        "fetch", job, "--to", grid.addresses[0], "--grid", grid.name, "-o",
                        "\(grid.directory.path)/out", "--data", "\(grid.directory.path)/studio",
                    ],
                    in: grid.directory
                )
                #expect(fetched.status == 0, "\(fetched.errors)")
            }
            self.expectSameFrames(grid.directory)
        }

        @Test
        func `the peer that a shot was handed to vanishes for ever, then another steward, and a third peer delivers`()
            async throws
        {
            let grid = try await TestGrid(count: 6)
            try await self.renderAlone(grid.directory, ["--spp", "128"])
            try await grid.waitForPeers(5)
            let entry = grid.entry()
            let submitted = try await Program.run(
                [
                    "submit", "\(entry.directory.path)/shot.gltf", "--to", entry.address, "--grid", entry.grid,
                    "--data", "\(entry.directory.path)/studio", "--json",
                ] + Self.size + ["--spp", "128"],
                in: entry.directory
            )
            try #require(submitted.status == 0, "\(submitted.errors)")
            try await self.waitForUnits(grid, 4)
            let jobs = try #require(try await grid.snapshot(ofNode: 0, "jobs") as? [[String: Any]])
            let job = try #require(jobs.first?["id"] as? String)
            grid.killNode(0)
            try await self.waitForUnits(grid, 8, atNodes: 2 ... 5)
            grid.killNode(1)
            let fetched = try await Program.run(
                [
                    "fetch", job, "--to", grid.addresses[5], "--grid", grid.name, "-o", "\(grid.directory.path)/out",
                    "--data", "\(grid.directory.path)/studio",
                ],
                in: grid.directory
            )
            #expect(fetched.status == 0, "\(fetched.errors)")
            self.expectSameFrames(grid.directory)
        }

        /// Waits until one of some nodes says that the job has so many rendered units.
        private func waitForUnits(
            _ grid: TestGrid,
            _ count: Int,
            atNodes nodes: ClosedRange<Int> = 0 ... 0
        ) async throws {
            for _ in 0 ..< 2_000 {
                for node in nodes {
                    if let jobs = try? await grid.snapshot(ofNode: node, "jobs") as? [[String: Any]],
                        let rendered = jobs.first?["unitsRendered"] as? Int, rendered >= count
                    {
                        return
                    }
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw Program.Failure(description: "no \(count) units were rendered")
        }
    }
}
