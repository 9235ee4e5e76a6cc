import ChildProcesses
import Foundation
import Testing

extension ProcessTests {
    /// A grid that is cut in two, in network namespaces.
    @Suite(.enabled(if: NetworkNamespaces.isPossible, NetworkNamespaces.reason), .serialized)
    struct GridPartitionTests {
        /// How long the cut lasts in seconds; with `TESSERA_PARTITION_SECONDS=60` a minute.
        ///
        /// A worker whose steward is beyond the cut turns to another one after two unanswered requests, up to 13 s later, and
        /// where that is so for all of a side, it begins then.
        private static let cutSeconds =
            Int(ProcessInfo.processInfo.environment["TESSERA_PARTITION_SECONDS"] ?? "") ?? 30

        private struct Side {
            let name: String
            let address: String
        }

        private struct View {
            var verified: Int
            var records: Int
            var summary: String
            var isSteward: Bool
        }

        @Test
        func `both halves of a grid that is cut in two go on, and hold the same records soon after`() async throws {
            let directory = try TestDirectory()
            var internet = try NetworkNamespaces(prefix: "tsp")
            defer { internet.remove() }
            let sides = [Side(name: "left", address: "203.0.113.21"), Side(name: "right", address: "203.0.113.22")]
            for side in sides { try internet.addMachine(side.name, interface: "eth0", address: "\(side.address)/24") }
            let grid = "partition-\(UUID().uuidString.prefix(8))"
            var nodes: [NamespaceNode] = []
            for number in 0 ..< 6 {
                let side = sides[number % 2]
                let node = try NamespaceNode(
                    in: internet.namespace(side.name),
                    listen: "\(side.address):\(7_000 + number)",
                    grid: grid,
                    ["--no-dht", "--no-port-mapping"] + nodes.flatMap { ["--peer", $0.address] },
                    directory: directory
                )
                nodes.append(node)
                try await self.eventually(seconds: 60) { await node.peers(directory) ?? 0 >= number }
            }
            try TestShot.write(to: "\(directory.path)/shot.gltf")
            let submit = try ChildProcess(
                executable: NetworkNamespaces.path(of: "ip") ?? "/usr/sbin/ip",
                arguments: [
                    "netns", "exec", internet.namespace("left"), "\(Program.directory)/tessera", "submit",
                    "\(directory.path)/shot.gltf", "--to", nodes[0].address, "--grid", grid, "--data",
                    "\(directory.path)/studio", "--size", "1024x768", "--spp", "64",
                ],
                errors: .file("\(directory.path)/submit.err")
            )
            _ = await submit.waitUntilExit(within: .seconds(120))
            try #require(submit.exitStatus == 0)
            try await self.eventually(seconds: 120) { await self.view(nodes[0], directory)?.verified ?? 0 >= 4 }

            try internet.ip("net", "link set \(internet.prefix)right down")
            try await Task.sleep(for: .seconds(8))
            let early = await self.views(nodes, directory)
            try await Task.sleep(for: .seconds(max(1, Self.cutSeconds - 8)))
            let late = await self.views(nodes, directory)
            for side in 0 ..< 2 {
                let own = nodes.indices.filter { $0 % 2 == side }
                let progress =
                    (own.compactMap { late[$0]?.verified }.max() ?? 0)
                    - (own.compactMap { early[$0]?.verified }.max() ?? 0)
                print("partition: the \(sides[side].name) side verified \(progress) units meanwhile")
                #expect(progress > 0, "the \(sides[side].name) side stood still")
            }
            try internet.ip("net", "link set \(internet.prefix)right up")
            let healed = ContinuousClock.now
            // TCP and redialing take a while to notice; what is measured begins when a session crosses the cut again.
            try await self.eventually(seconds: 60) { await nodes[1].peers(directory) ?? 0 >= 3 }
            let met = ContinuousClock.now
            try await self.eventually(seconds: 60) { await self.agree(nodes, directory) }
            let (sessions, ledgers) = (healed.duration(to: met), met.duration(to: .now))
            print("partition: sessions after \(sessions), equal ledgers \(ledgers) later")
        }

        /// Whether all stewards hold the same records; while work goes on that is so for instants, many times a second.
        private func agree(_ nodes: [NamespaceNode], _ directory: TestDirectory) async -> Bool {
            let stewards = await self.views(nodes, directory).values.filter(\.isSteward)
            return stewards.count > 3 && Set(stewards.map(\.summary)).count == 1
        }

        private func views(_ nodes: [NamespaceNode], _ directory: TestDirectory) async -> [Int: View] {
            await withTaskGroup(of: (Int, View?).self) { group in
                for (number, node) in nodes.enumerated() {
                    group.addTask { (number, await self.view(node, directory)) }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
        }

        private func view(_ node: NamespaceNode, _ directory: TestDirectory) async -> View? {
            guard
                let result = try? await Program.run(["jobs", "--data", node.data, "--json"], in: directory),
                let jobs = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]],
                let job = jobs.first
            else { return nil }
            return View(
                verified: job["unitsVerified"] as? Int ?? 0,
                records: job["recordCount"] as? Int ?? 0,
                summary: job["recordSummary"] as? String ?? "",
                isSteward: job["role"] as? String == "steward"
            )
        }

        private func eventually(seconds: Int, _ condition: () async -> Bool) async throws {
            for _ in 0 ..< seconds * 10 {
                if await condition() { return }
                try await Task.sleep(for: .milliseconds(100))
            }
            throw Program.Failure(description: "it did not come in \(seconds) s")
        }
    }
}
