import ChildProcesses
import Discovery
import Foundation
import GridWire

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A DHT node on a UDP socket of the loopback interface, driven by one thread.
final class LoopbackDriver {
    /// Why there is no socket.
    struct SocketError: Error {}

    private(set) var node: DHTNode
    private(set) var told: [DHTNode.Action] = []
    let port: UInt16
    private let descriptor: Int32
    private static let clock = ContinuousClock()
    private static let epoch = LoopbackDriver.clock.now

    init(seed: UInt8) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        guard isBound else { throw SocketError() }
        self.port = UInt16(bigEndian: address.sin_port)
        self.node = DHTNode(
            configuration: DHTConfiguration(scope: .loopback, families: [.v4], isReadOnly: false),
            saved: nil,
            seed: [UInt8](repeating: seed, count: 32),
            now: Self.now
        )
    }

    deinit {
        close(self.descriptor)
    }

    static var now: Instant {
        Instant(sinceEpoch: Self.epoch.duration(to: Self.clock.now))
    }

    /// Calls the node and does what it says.
    func call(_ body: (inout DHTNode, Instant) -> [DHTNode.Action]) {
        for action in body(&self.node, Self.now) {
            if case .send(let bytes, let endpoint) = action {
                self.send(bytes, to: endpoint)
            } else {
                self.told.append(action)
            }
        }
    }

    /// Asks something.
    func ask(
        _ question: (inout DHTNode, Instant) -> (lookup: DHTLookupID, actions: [DHTNode.Action])
    ) throws -> DHTLookupID {
        var id: DHTLookupID?
        self.call { node, now in
            let (lookup, actions) = question(&node, now)
            id = lookup
            return actions
        }
        guard let id else { throw SocketError() }
        return id
    }

    /// Serves the socket until something holds.
    ///
    /// - Returns: Whether it came to hold in time.
    func run(for duration: Duration, until isDone: () -> Bool) -> Bool {
        let end = Self.now.advanced(by: duration)
        while !isDone() {
            guard Self.now < end else { return false }
            // Short, so that what others print is seen soon.
            let wait = min(Duration.milliseconds(20), max(.zero, Self.now.duration(to: self.node.nextDeadline)))
            self.receive(wait: wait)
            if self.node.nextDeadline <= Self.now { self.call { $0.handleTimeout(now: $1) } }
        }
        return true
    }

    func peers(_ lookup: DHTLookupID) -> [UDPEndpoint] {
        self.told.flatMap { if case .foundPeers(lookup, let peers) = $0 { peers } else { [UDPEndpoint]() } }
    }

    func items(_ lookup: DHTLookupID) -> [DHTItem] {
        self.told.compactMap { if case .foundItem(lookup, let item) = $0 { item } else { nil } }
    }

    func report(_ lookup: DHTLookupID) -> DHTLookupReport? {
        for case .lookupEnded(lookup, let report) in self.told { return report }
        return nil
    }

    private func send(_ bytes: [UInt8], to endpoint: UDPEndpoint) {
        guard case .v4(let ip) = endpoint.ip else { return }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = ip.bigEndian
        address.sin_port = endpoint.port.bigEndian
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(self.descriptor, bytes, bytes.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func receive(wait: Duration) {
        var request = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(wait / .milliseconds(1)) + 1
        guard poll(&request, 1, milliseconds) > 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 2_048)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                recvfrom(self.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT), address, &size)
            }
        }
        guard count > 0 else { return }
        let source = UDPEndpoint(
            ip: .v4(UInt32(bigEndian: address.sin_addr.s_addr)),
            port: UInt16(bigEndian: address.sin_port)
        )
        self.call { $0.handleDatagram([UInt8](buffer.prefix(count)), from: source, now: $1) }
    }
}

/// Another program, told what to do by lines and telling what happens by lines.
final class OtherProgram {
    private let process: ChildProcess
    private var text: [UInt8] = []
    private(set) var lines: [String] = []

    init(_ program: String, _ arguments: [String]) throws {
        self.process = try ChildProcess(executable: program, arguments: arguments, input: .pipe, output: .pipe)
        let descriptor = self.process.outputDescriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit {
        self.process.kill()
    }

    func tell(_ line: String) {
        _ = self.process.write(Array((line + "\n").utf8))
    }

    /// Reads what was printed since the last time.
    func poll() {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(self.process.outputDescriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            self.text += buffer.prefix(count)
        }
        while let end = self.text.firstIndex(of: UInt8(ascii: "\n")) {
            self.lines.append(String(decoding: self.text[..<end], as: UTF8.self))
            self.text.removeFirst(end + 1)
        }
    }

    /// Whether a line holds all of some texts.
    func said(_ parts: String...) -> Bool {
        self.poll()
        return self.lines.contains { line in parts.allSatisfy { line.contains($0) } }
    }
}

/// Where the tests' other programs are, if they are there.
enum OtherPrograms {
    /// The Python of the environment that `./bootstrap test` makes, when it has libtorrent.
    static let pythonWithLibtorrent: String? = {
        var directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        for _ in 0 ..< 6 {
            let python = directory.appendingPathComponent(".build/interop/bin/python").path
            if FileManager.default.isExecutableFile(atPath: python), Self.succeeds(python, ["-c", "import libtorrent"])
            {
                return python
            }
            directory.deleteLastPathComponent()
        }
        print("skipped: libtorrent is not in .build/interop; ./bootstrap test installs it from PyPI")
        return nil
    }()

    static let aria2: String? = {
        let program = "/usr/bin/aria2c"
        if FileManager.default.isExecutableFile(atPath: program) { return program }
        print("skipped: aria2 is not installed; ./bootstrap test installs it")
        return nil
    }()

    /// The script beside this file.
    static let libtorrentScript = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Interop/libtorrent_node.py").path

    private static func succeeds(_ program: String, _ arguments: [String]) -> Bool {
        (try? CompletedProcess(executable: program, arguments: arguments, within: .seconds(60)))?.status == 0
    }
}
