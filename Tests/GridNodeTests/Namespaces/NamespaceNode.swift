import ChildProcesses
import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// A `tessera node` in a network namespace; its process is only touched by the test that started it.
final class NamespaceNode: Sendable {
    /// The node's directory.
    let data: String
    /// Where it listens.
    let address: String
    private let process: ChildProcess
    private let logFile: String

    init(
        in namespace: String,
        listen: String,
        grid: String,
        _ arguments: [String],
        directory: TestDirectory
    ) throws {
        let number = directory.nextNumber()
        self.data = "\(directory.path)/node-\(number)"
        self.address = listen
        self.logFile = "\(directory.path)/node-\(number).log"
        self.process = try ChildProcess(
            executable: NetworkNamespaces.path(of: "ip") ?? "/usr/sbin/ip",
            arguments: [
                "netns", "exec", namespace, "\(Program.directory)/tessera", "node", "--data", self.data, "--listen",
                listen, "--grid", grid, "--threads", "1", "--dashboard", "off", "--no-lan",
            ] + arguments,
            output: .file(self.logFile),
            errors: .file(self.logFile)
        )
    }

    deinit {
        self.process.kill()
    }

    /// What it has logged.
    var log: String {
        (try? String(contentsOfFile: self.logFile, encoding: .utf8)) ?? ""
    }

    /// Has it end as a person ends it, and waits for that.
    func stop() {
        self.process.send(SIGTERM)
        if !self.process.blockUntilExit(within: Program.stopTimeMax) { self.process.kill() }
    }

    /// The peers that said hello; nothing while the node does not answer.
    func peers(_ directory: TestDirectory) async -> Int? {
        guard let result = try? await Program.run(["peers", "--data", self.data, "--json"], in: directory),
            let peers = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
        else { return nil }
        return peers.count { !($0["agent"] as? String ?? "").isEmpty }
    }
}
