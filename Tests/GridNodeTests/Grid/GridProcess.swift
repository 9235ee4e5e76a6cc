import ChildProcesses
import Foundation

/// The built programs, run as a person runs them.
enum Program {
    /// The directory of the build that this test is part of.
    static let directory: String = {
        let test = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return test.deletingLastPathComponent().path
    }()

    /// How a program ended.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    /// How long a node may take to end when it is asked to.
    static let stopTimeMax = Duration.seconds(60)

    /// A failure of the test's own machinery.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Starts `tessera` or `saboteur`, with further variables in its environment.
    static func start(
        _ arguments: [String],
        program name: String = "tessera",
        environment: [String: String] = [:],
        log: String
    ) throws -> ChildProcess {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        return try ChildProcess(
            executable: "\(self.directory)/\(name)",
            arguments: arguments,
            environment: variables.map { "\($0.key)=\($0.value)" },
            output: .file(log),
            errors: .file(log)
        )
    }

    /// Runs `tessera` to its end, within two minutes.
    static func run(_ arguments: [String], in directory: TestDirectory) async throws -> Result {
        let number = directory.nextNumber()
        let (out, err) = ("\(directory.path)/stdout-\(number)", "\(directory.path)/stderr-\(number)")
        let process = try ChildProcess(
            executable: "\(self.directory)/tessera",
            arguments: arguments,
            output: .file(out),
            errors: .file(err)
        )
        guard await process.waitUntilExit(within: .seconds(120)), let status = process.exitStatus else {
            process.kill()
            throw Failure(description: "tessera \(arguments) did not end in two minutes")
        }
        return Result(
            status: status,
            output: try String(contentsOfFile: out, encoding: .utf8),
            errors: try String(contentsOfFile: err, encoding: .utf8)
        )
    }
}

/// A directory of one test, gone when the test ends.
final class TestDirectory: @unchecked Sendable {
    // Sound: the counter is only touched under the lock; the path never changes.
    let path: String
    private let lock = NSLock()
    private var number = 0

    init() throws {
        self.path = NSTemporaryDirectory() + "tessera-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    func nextNumber() -> Int {
        self.lock.withLock {
            self.number += 1
            return self.number
        }
    }

    func contents(_ name: String) -> Data? {
        FileManager.default.contents(atPath: "\(self.path)/\(name)")
    }
}

/// Some nodes on the loopback interface, with a grid name of their own.
final class TestGrid {
    let directory: TestDirectory
    let name: String
    private(set) var nodes: [ChildProcess] = []
    private(set) var addresses: [String] = []
    private let introduction: Introduction
    private let environment: @Sendable (_ node: Int) -> [String: String]
    private var others: [ChildProcess] = []

    /// How nodes learn of each other.
    enum Introduction {
        /// Each is told the addresses of all others.
        case peers
        /// Each is told one node of the DHT, `host:port`; without one, nothing.
        case dht(bootstrap: String?)
        /// Not at all.
        case nothing
    }

    /// Starts nodes each of which knows those before it.
    init(
        count: Int,
        introduction: Introduction = .peers,
        name: String? = nil,
        directory: TestDirectory? = nil,
        environment: @escaping @Sendable (_ node: Int) -> [String: String] = { _ in [:] }
    ) async throws {
        self.directory = try directory ?? TestDirectory()
        self.name = name ?? "test-\(UUID().uuidString.prefix(8))"
        self.introduction = introduction
        self.environment = environment
        for _ in 0 ..< count { try await self.addNode() }
    }

    deinit {
        for process in self.nodes + self.others { process.kill() }
    }

    /// What a submitting program needs to know of the grid.
    struct Entry: Sendable {
        let directory: TestDirectory
        let grid: String
        let address: String
    }

    /// The way in through a node.
    func entry(_ i: Int = 0) -> Entry {
        Entry(directory: self.directory, grid: self.name, address: self.addresses[i])
    }

    private func arguments(ofNode i: Int, port: String, _ introduction: Introduction) -> [String] {
        let known =
            switch introduction {
            case .peers: self.addresses.enumerated().filter { $0.offset != i }.flatMap { ["--peer", $0.element] }
            case .dht(let bootstrap): bootstrap.map { ["--bootstrap", $0] } ?? []
            case .nothing: ["--no-dht"]
            }
        return [
            "node", "--data", "\(self.directory.path)/node-\(i)", "--listen", "127.0.0.1:\(port)", "--grid", self.name,
            "--threads", "1", "--dashboard", "off", "--no-lan",
        ] + known
    }

    private func addNode() async throws {
        let i = self.nodes.count
        self.nodes.append(
            try Program.start(
                self.arguments(ofNode: i, port: "0", self.introduction),
                environment: self.environment(i),
                log: "\(self.directory.path)/node-\(i).log"
            )
        )
        self.addresses.append(try await self.address(ofNode: i))
    }

    /// Starts a node again on the same data and port.
    func restart(_ i: Int, introduction: Introduction? = nil) async throws {
        try await self.restart([i], introduction: introduction)
    }

    /// Starts nodes again on the same data and ports, all at once, as when the power comes back.
    func restart(_ numbers: [Int], introduction: Introduction? = nil) async throws {
        for i in numbers {
            let port = self.addresses[i].split(separator: "/")[3]
            self.nodes[i] = try Program.start(
                self.arguments(ofNode: i, port: String(port), introduction ?? self.introduction),
                environment: self.environment(i),
                log: "\(self.directory.path)/node-\(i)-again.log"
            )
        }
        for i in numbers { _ = try await self.address(ofNode: i) }
    }

    /// Starts the node that lies.
    func addSaboteur() throws {
        self.others.append(
            try Program.start(
                ["\(self.directory.path)/saboteur", self.name, self.addresses[0]],
                program: "saboteur",
                log: "\(self.directory.path)/saboteur.log"
            )
        )
    }

    /// Has a node end as a person ends it, and waits for that.
    func stopNode(_ i: Int) async {
        await self.nodes[i].stop(after: Program.stopTimeMax)
    }

    func killNode(_ i: Int) {
        self.nodes[i].kill()
    }

    /// What a node says of itself, as `tessera stats --json` and the like print it.
    func snapshot(ofNode i: Int, _ command: String) async throws -> Any {
        let result = try await Program.run(
            [command, "--data", "\(self.directory.path)/node-\(i)", "--json"],
            in: self.directory
        )
        return try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    }

    /// The peers of a node that said hello.
    func peers(ofNode i: Int) async -> Set<String> {
        let peers = try? await self.snapshot(ofNode: i, "peers") as? [[String: Any]]
        return Set(
            (peers ?? []).filter { !($0["agent"] as? String ?? "").isEmpty }.compactMap { $0["peerID"] as? String }
        )
    }

    /// What a node says of its part in the DHT.
    func discovery(ofNode i: Int) async -> [String: Any] {
        let stats = try? await self.snapshot(ofNode: i, "stats") as? [String: Any]
        return (stats?["node"] as? [String: Any])?["discovery"] as? [String: Any] ?? [:]
    }

    /// Waits until a node has sessions with so many peers that said hello.
    func waitForPeers(_ count: Int, ofNode i: Int = 0) async throws {
        for _ in 0 ..< 1_500 {
            if await self.peers(ofNode: i).count >= count { return }
            try await Task.sleep(for: .milliseconds(30))
        }
        throw Program.Failure(description: "node \(i) did not get \(count) peers")
    }

    private func address(ofNode i: Int) async throws -> String {
        for _ in 0 ..< 1_500 {
            let data = "\(self.directory.path)/node-\(i)"
            if FileManager.default.fileExists(atPath: data + "/control.sock"),
                let stats = try? await self.snapshot(ofNode: i, "stats") as? [String: Any],
                let node = stats["node"] as? [String: Any],
                let address = (node["listenAddresses"] as? [String])?.first
            {
                return address
            }
            guard self.nodes[i].isRunning else {
                let log = try? String(contentsOfFile: "\(self.directory.path)/node-\(i).log", encoding: .utf8)
                throw Program.Failure(description: "node \(i) stopped: \(log ?? "")")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Program.Failure(description: "node \(i) did not start")
    }
}
