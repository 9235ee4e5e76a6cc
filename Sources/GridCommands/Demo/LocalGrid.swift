import ChildProcesses
import FoundationEssentials
import GridCore
import GridNode

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A grid of nodes on this machine's loopback interface: real processes of this very program.
final class LocalGrid {
    /// A node and where it lives.
    struct Node {
        let process: ChildProcess
        let dataDirectory: String
        let logPath: String
    }

    /// The grid's name, unlike any other.
    let name: String
    private(set) var nodes: [Node] = []
    private let directory: String

    /// How long nodes may take to start and to find each other.
    private static let meetTimeMax = Duration.seconds(40)
    /// How long a node may take to stop.
    private static let stopTimeMax = Duration.seconds(12)

    /// Starts nodes that know nothing of each other: they meet through mDNS on the loopback interface.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - logDirectory: where each node's log goes.
    ///   - dashboardPort: the first node's dashboard, or nil for none.
    init(count: Int, threads: Int, logDirectory: String, dashboardPort: Int?) throws {
        // The six letters that mkdtemp(3) replaces.
        var template = Array("/tmp/tessera-demo-\(String(repeating: "X", count: 6))".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw NodeError(.storage, "no directory can be made in /tmp: \(String(cString: strerror(errno)))")
        }
        self.directory = String(cString: made)
        self.name = "demo-" + String(self.directory.suffix(6))
        let executable = try Self.executablePath()
        for i in 1 ... count {
            let data = "\(self.directory)/node-\(i)"
            let log = "\(logDirectory)/node-\(i).log"
            unlink(log)
            var arguments = ["node", "--data", data, "--listen", "127.0.0.1:0", "--grid", self.name]
            arguments += ["--threads", "\(threads)", "--stop-with-stdin"]
            if i == 1, let dashboardPort {
                arguments += ["--dashboard", "\(dashboardPort)"]
            } else {
                arguments += ["--dashboard", "off"]
            }
            let process = try ChildProcess(
                executable: executable,
                arguments: arguments,
                input: .pipe,
                output: .file(log),
                errors: .file(log)
            )
            self.nodes.append(Node(process: process, dataDirectory: data, logPath: log))
        }
    }

    /// Waits until every node has a session with every other one.
    func waitUntilAllMet() async throws {
        let deadline = ContinuousClock.now + Self.meetTimeMax
        for node in self.nodes {
            while true {
                guard node.process.isRunning else {
                    throw NodeError(.network, "a node of the demo stopped; its log is \(node.logPath)")
                }
                if let snapshot = try? await ControlClient(dataDirectory: node.dataDirectory).snapshot(),
                    snapshot.peers.count(where: { !$0.agent.isEmpty }) >= self.nodes.count - 1
                {
                    break
                }
                guard ContinuousClock.now < deadline else {
                    throw NodeError(
                        .network,
                        "the nodes of the demo did not find each other; the log of one is \(node.logPath)"
                    )
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// The processor time that all nodes have used so far.
    var cpuSeconds: Double {
        self.nodes.reduce(0) { $0 + ($1.process.cpuTime ?? .zero) / .seconds(1) }
    }

    /// Ends all nodes and removes what they kept.
    func stop() async {
        for node in self.nodes { node.process.send(SIGTERM) }
        for node in self.nodes { await node.process.stop(after: Self.stopTimeMax) }
        Self.removeTree(self.directory)
    }

    private static func executablePath() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { throw NodeError(.storage, "this program's own file cannot be found") }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func removeTree(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
