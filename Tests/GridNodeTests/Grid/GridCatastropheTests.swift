import Foundation
import Testing

extension ProcessTests {
    /// What is left of a grid goes on, and what comes back finds everything again.
    @Suite(.serialized)
    struct GridCatastropheTests {
        private static let size = ["--size", "256x192", "--spp", "128"]
        private static let count = 12
        private static let frames = 1 ... TestShot.frameCount

        /// The entry peer dies, then two stewards, then half of the rest, then all but one.
        @Test
        func `nodes die down to one, start again from their disks, and render nothing twice that was stored`()
            async throws
        {
            let grid = try await TestGrid(count: Self.count)
            let directory = grid.directory
            try TestShot.write(to: "\(directory.path)/shot.gltf")
            let alone = try await Program.run(
                ["render", "\(directory.path)/shot.gltf", "-o", "\(directory.path)/alone"] + Self.size,
                in: directory
            )
            try #require(alone.status == 0, "\(alone.errors)")
            try await grid.waitForPeers(Self.count - 1)
            let submitted = try await Program.run(
                [
                    "submit", "\(directory.path)/shot.gltf", "--to", grid.addresses[0], "--grid", grid.name, "--data",
                    "\(directory.path)/studio", "--json",
                ] + Self.size,
                in: directory
            )
            try #require(submitted.status == 0, "\(submitted.errors)")
            let job = try #require(
                (try JSONSerialization.jsonObject(with: Data(submitted.output.utf8)) as? [String: Any])?["job"]
                    as? String
            )
            _ = try await self.progress(grid, nodes: [0], verified: 10)

            grid.killNode(0)
            var left = Array(1 ..< Self.count)
            _ = try await self.progress(grid, nodes: left, verified: 20)
            for node in try await self.stewards(grid, nodes: left).prefix(2) {
                grid.killNode(node)
                left.removeAll { $0 == node }
            }
            let before = try await self.progress(grid, nodes: left, verified: 30)
            for node in left.prefix(left.count / 2) { grid.killNode(node) }
            left.removeFirst(left.count / 2)
            let stored = try await self.progress(grid, nodes: left, verified: before + 10)
            for node in left.dropLast() { grid.killNode(node) }
            let last = try #require(left.last)

            // What is on the disks now is not rendered again. All start at once: a steward that comes back alone goes on after
            // two seconds with what it knows.
            try await grid.restart((0 ..< Self.count).filter { $0 != last })
            let fetched = try await Program.run(
                [
                    "fetch", job, "--to", grid.addresses[Self.count - 2], "--grid", grid.name, "-o",
                    "\(directory.path)/out", "--data",
                    "\(directory.path)/another-studio",
                ],
                in: directory
            )
            #expect(fetched.status == 0, "\(fetched.errors)")
            for frame in Self.frames {
                for kind in ["png", "exr"] {
                    let file = "frame.000\(frame).\(kind)"
                    let delivered = directory.contents("out/\(file)")
                    #expect(delivered != nil && delivered == directory.contents("alone/\(file)"), "\(file)")
                }
            }
            var rendered = 0
            var total = 0
            for node in 0 ..< Self.count {
                let jobs = try await grid.snapshot(ofNode: node, "jobs") as? [[String: Any]]
                total = max(total, jobs?.first?["unitsTotal"] as? Int ?? 0)
                guard node != last else { continue }
                let stats = try await grid.snapshot(ofNode: node, "stats") as? [String: Any]
                rendered += (stats?["stats"] as? [String: Any])?["unitsRendered"] as? Int ?? 0
            }
            // Two copies of each unit that was not stored; idle nodes help late ones with a third.
            print("catastrophe: \(total) units, \(stored) stored before, \(rendered) rendered afterwards")
            #expect(total > 0 && rendered <= 2 * (total - stored) + total / 8)
        }

        /// Waits until one of the nodes says that so many units are verified; gives how many are.
        private func progress(_ grid: TestGrid, nodes: [Int], verified: Int) async throws -> Int {
            for _ in 0 ..< 3_000 {
                for node in nodes {
                    let jobs = try? await grid.snapshot(ofNode: node, "jobs") as? [[String: Any]]
                    if let count = jobs?.first?["unitsVerified"] as? Int, count >= verified { return count }
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            throw Program.Failure(description: "no \(verified) units were verified")
        }

        /// The nodes that keep the job.
        private func stewards(_ grid: TestGrid, nodes: [Int]) async throws -> [Int] {
            var stewards: [Int] = []
            for node in nodes {
                let jobs = try await grid.snapshot(ofNode: node, "jobs") as? [[String: Any]]
                if jobs?.first?["role"] as? String == "steward" { stewards.append(node) }
            }
            return stewards
        }
    }
}
