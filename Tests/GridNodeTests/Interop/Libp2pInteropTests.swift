import ChildProcesses
import Foundation
import GridNode
import GridWire
import PeerSession
import Synchronization
import Testing

/// Where the independent implementation is, if anywhere.
enum PyLibp2p {
    /// The Python that has py-libp2p: `./bootstrap test` makes it, in the build directory.
    static let python: String? = {
        if let path = ProcessInfo.processInfo.environment["TESSERA_INTEROP_PYTHON"] { return path }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent(".build/interop/bin/python").path
        return Self.hasLibp2p(path) ? path : nil
    }()

    /// Whether a Python is there, and knows py-libp2p: it may have been made for another program.
    private static func hasLibp2p(_ python: String) -> Bool {
        guard FileManager.default.isExecutableFile(atPath: python) else { return false }
        let arguments = ["-c", "import libp2p"]
        return (try? CompletedProcess(executable: python, arguments: arguments, within: .seconds(60)))?.status == 0
    }

    static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("libp2p_peer.py").path

    /// Why the tests are skipped where they are.
    static let reason: Comment =
        "py-libp2p is not installed in .build/interop: ./bootstrap test does that, given a network"

    /// Starts the script; what it writes to stdout can be read from the pipe.
    static func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(
            executable: try #require(self.python),
            arguments: [self.script] + arguments,
            input: .pipe,
            output: .pipe
        )
    }
}

/// Sessions with py-libp2p, an implementation that shares nothing with ours.
@Suite(.enabled(if: PyLibp2p.python != nil, PyLibp2p.reason), .serialized)
struct Libp2pInteropTests {
    private static let echo = "/test/echo/1"
    private static let large = 64 << 20

    private struct Seen: Decodable {
        var peer: String
        var pings: Int
        var streams: Int
        var seconds: Double
        var large: Bool
        var protocols: [String]
    }

    private func network(seed: UInt8) throws -> PeerNetwork {
        var settings = NetworkSettings()
        settings.connectionMemoryMax = 4 * Self.large
        let network = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: 0,
            settings: settings
        )
        network.handle(Self.echo, requestLimit: Self.large) { _, body in body }
        return network
    }

    /// Runs blocking waits for another process outside of the tasks' threads.
    private func blocking<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    @Test
    func `it dials us: identify, a thousand pings, a hundred streams, 64 MiB there and back`() async throws {
        let network = try self.network(seed: 41)
        try await network.start()
        let address = try #require(network.listenAddresses.first?.withPeer(network.identity.peerID))
        let process = try PyLibp2p.start(["dial", "\(address)"])
        let line = await self.blocking { process.readToEnd() }
        await process.stop(after: Program.stopTimeMax)
        await network.shutdown()
        let seen = try JSONDecoder().decode(Seen.self, from: Data(line))
        #expect(seen.peer == "\(network.identity.peerID)")
        #expect(seen.pings == 1000 && seen.streams == 100 && seen.large)
        #expect(seen.protocols.contains(Self.echo) && seen.protocols.contains("/ipfs/id/push/1.0.0"))
        print("py-libp2p dials: 64 MiB echoed in \(seen.seconds) s")
    }

    @Test
    func `we dial it: a thousand pings, a hundred streams, 64 MiB there and back`() async throws {
        let network = try self.network(seed: 42)
        try await network.start()
        let process = try PyLibp2p.start(["listen"])
        defer { process.kill() }
        let line = await self.blocking {
            var (line, byte): ([UInt8], UInt8) = ([], 0)
            while read(process.outputDescriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
            return String(decoding: line, as: UTF8.self)
        }
        let address = try PeerAddress.parse(line)
        let peer = try await network.dial(address)
        #expect(peer == address.peer)
        try await self.ping(network, peer)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0 ..< 100 {
                group.addTask {
                    let body = [UInt8](repeating: UInt8(number), count: 1000 + number)
                    return try await self.ask(network, peer, body) == body
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
        let large = [UInt8](repeating: 9, count: Self.large)
        let start = ContinuousClock.now
        let answer = try await self.ask(network, peer, large)
        #expect(answer == large)
        print("we dial py-libp2p: 64 MiB echoed in \(ContinuousClock.now - start)")
        await network.shutdown()
    }

    private func ping(_ network: PeerNetwork, _ peer: PeerID) async throws {
        let stream = try await network.openStream(peer, protocol: SessionConnection.pingProtocol)
        for number in 0 ..< 1000 {
            let question = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)
            try await stream.write(question)
            var answer: [UInt8] = []
            while answer.count < 32, let bytes = try await stream.read() { answer += bytes }
            try #require(answer == question)
        }
        stream.finish()
    }

    private func ask(_ network: PeerNetwork, _ peer: PeerID, _ body: [UInt8]) async throws -> [UInt8] {
        try await network.request(
            peer,
            protocol: Self.echo,
            body: body,
            responseLimit: Self.large,
            timeout: .seconds(300)
        )
    }
}
