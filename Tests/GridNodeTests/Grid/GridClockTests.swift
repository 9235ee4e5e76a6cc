import ChildProcesses
import Foundation
import Testing

extension ProcessTests {
    /// Machines' clocks that are set while their nodes work.
    @Suite(.serialized)
    struct GridClockTests {
        /// The compiler of the toolchain that built the tests, or another one.
        private static let compiler =
            ((ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .map { URL(fileURLWithPath: "\($0)/swiftc").resolvingSymlinksInPath().deletingLastPathComponent().path }
            + ["/usr/bin"])
            .map { "\($0)/clang" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }

        /// Compiles what stands between a program and the system's wall clock.
        private static func makeLibrary(in directory: TestDirectory) throws -> String {
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "wall-clock.c"
            )
            let library = "\(directory.path)/wall-clock.so"
            let done = try CompletedProcess(
                executable: try #require(Self.compiler),
                arguments: ["-shared", "-fPIC", "-O1", "-o", library, source.path],
                within: .seconds(60)
            )
            try #require(done.status == 0, "\(String(decoding: done.errors, as: UTF8.self))")
            return library
        }

        @Test(.enabled(if: Self.compiler != nil, "there is no clang, neither beside swiftc nor in /usr/bin"))
        func `clocks that jump a day ahead and back cost nothing, and their operators are told`() async throws {
            let directory = try TestDirectory()
            let library = try Self.makeLibrary(in: directory)
            func set(_ node: Int, hours: Int) throws {
                let seconds = "\(hours * 3_600)"
                try seconds.write(toFile: "\(directory.path)/clock-\(node)", atomically: true, encoding: .utf8)
            }
            for node in 0 ..< 4 { try set(node, hours: 0) }
            let grid = try await TestGrid(count: 4, directory: directory) { node in
                ["LD_PRELOAD": library, "WALL_CLOCK_FILE": "\(directory.path)/clock-\(node)"]
            }
            try TestShot.write(to: "\(directory.path)/shot.gltf")
            let size = ["--size", "192x128", "--spp", "64"]
            let alone = try await Program.run(
                ["render", "\(directory.path)/shot.gltf", "-o", "\(directory.path)/alone"] + size,
                in: directory
            )
            try #require(alone.status == 0, "\(alone.errors)")
            try await grid.waitForPeers(3)
            let submitted = try await Program.run(
                [
                    "submit", "\(directory.path)/shot.gltf", "--to", grid.addresses[0], "--grid", grid.name, "--data",
                    "\(directory.path)/studio", "--json",
                ] + size,
                in: directory
            )
            try #require(submitted.status == 0, "\(submitted.errors)")
            let job = try #require(
                (try JSONSerialization.jsonObject(with: Data(submitted.output.utf8)) as? [String: Any])?["job"]
                    as? String
            )
            // The one that was handed the job, and another.
            try set(0, hours: 24)
            try set(1, hours: -24)
            for node in [0, 1] { try await self.eventually { try await self.peersSay("the clock", node, grid) } }
            #expect(try await !self.peersSay("the clock", 2, grid))
            for (node, words) in [(0, "ahead of"), (1, "behind")] {
                let sentence = "hours \(words) that of most of 3 peers: set it"
                try await self.eventually { try self.log(node, directory).contains(sentence) }
            }

            let fetched = try await Program.run(
                [
                    "fetch", job, "--to", grid.addresses[2], "--grid", grid.name, "-o", "\(directory.path)/out",
                    "--data",
                    "\(directory.path)/studio",
                ],
                in: directory
            )
            #expect(fetched.status == 0, "\(fetched.errors)")
            for frame in 1 ... TestShot.frameCount {
                let file = "frame.000\(frame).exr"
                let delivered = directory.contents("out/\(file)")
                #expect(delivered != nil && delivered == directory.contents("alone/\(file)"), "\(file)")
            }
            for node in [0, 1] {
                try set(node, hours: 0)
                try await self.eventually { try await !self.peersSay("the clock", node, grid) }
                try await self.eventually { try self.log(node, directory).contains("agrees with its peers' again") }
            }
        }

        private func peersSay(_ words: String, _ node: Int, _ grid: TestGrid) async throws -> Bool {
            let result = try await Program.run(
                ["peers", "--data", "\(grid.directory.path)/node-\(node)"],
                in: grid.directory
            )
            return result.errors.contains(words)
        }

        private func log(_ node: Int, _ directory: TestDirectory) throws -> String {
            try String(contentsOfFile: "\(directory.path)/node-\(node).log", encoding: .utf8)
        }

        private func eventually(_ condition: () async throws -> Bool) async throws {
            for _ in 0 ..< 300 {
                if try await condition() { return }
                try await Task.sleep(for: .milliseconds(100))
            }
            throw Program.Failure(description: "it did not come in half a minute")
        }
    }
}
