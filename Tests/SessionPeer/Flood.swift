import ChildProcesses
import Foundation
import GridNode
import GridWire
import PeerSession
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// What honest peers notice of a flood of handshakes that lead nowhere.
///
/// A second process is the victim. This one opens connections at a rate, each with a dialer's first words and no more, and at
/// the same time dials honestly: now from an address from which a handshake was finished before the flood, now from one that
/// the victim has never seen. All of it stays on the loopback interface, whose addresses stand for a crowd.
struct Flood {
    /// The forged openings in a second.
    var rate = 10_000
    /// How long the flood lasts.
    var seconds = 20
    /// How many addresses it comes from.
    var sources = 1

    /// The forged connections that are held open; older ones are reset.
    private static let held = 1_000
    /// The honest dials in a second.
    private static let honestRate = 20
    private static let honestLimit = Duration.seconds(3)

    func run() async throws {
        let victim = try Victim()
        let progress = Progress()
        let address = victim.address
        try await self.dialHonestly(victim.address, number: 0)
        let before = victim.resident
        let opening = try Self.opening()
        let clock = ContinuousClock()
        let start = clock.now
        let port = victim.port
        Thread.detachNewThread { self.send(opening, to: port, progress) }
        var honest = [Tally(name: "acquaintances"), Tally(name: "strangers")]
        var peak = before
        try await withThrowingTaskGroup(of: (Int, Result<Duration, any Error>).self) { group in
            for number in 1 ... self.seconds * Self.honestRate {
                try await clock.sleep(until: start + .milliseconds(Int64(number * 1_000 / Self.honestRate)))
                peak = max(peak, victim.resident)
                group.addTask {
                    let begin = ContinuousClock.now
                    do {
                        if number % 2 == 0 {
                            try await self.dialHonestly(address, number: number)
                        } else {
                            try await self.dialAsStranger(port: port, number: number)
                        }
                        return (number % 2, .success(ContinuousClock.now - begin))
                    } catch {
                        return (number % 2, .failure(error))
                    }
                }
            }
            for try await (kind, result) in group { honest[kind].add(result) }
        }
        let elapsed = (clock.now - start) / .seconds(1)
        progress.isOver.store(true, ordering: .relaxed)
        let total = progress.count.load(ordering: .relaxed)
        try await clock.sleep(for: .seconds(2))
        let after = victim.resident
        try await self.dialHonestly(victim.address, number: 0)
        print(
            "forged openings: \(Int(Double(total) / elapsed)) a second from \(self.sources) addresses, \(total) in all"
        )
        for tally in honest { tally.report() }
        print("victim's memory: \(before >> 10) KiB before, \(peak >> 10) at most, \(after >> 10) after")
        print("victim's processor time: \((victim.processorSeconds / elapsed * 100).rounded()) % of one")
        victim.end()
    }

    /// How the honest fared.
    private struct Tally {
        let name: String
        private var times: [Duration] = []
        private var failures: [String: Int] = [:]

        init(name: String) {
            self.name = name
        }

        mutating func add(_ result: Result<Duration, any Error>) {
            switch result {
            case .success(let time) where time <= Flood.honestLimit: self.times.append(time)
            case .success: self.failures["too late", default: 0] += 1
            case .failure(let error):
                let reason = "\(error)".split(separator: ": ").last.map { String($0) } ?? ""
                self.failures[reason, default: 0] += 1
            }
        }

        func report() {
            let times = self.times.sorted()
            let all = times.count + self.failures.values.reduce(0, +)
            let share = all > 0 ? (Double(times.count) / Double(all) * 10_000).rounded() / 100 : 0
            print("honest \(self.name), handshakes within \(Flood.honestLimit): \(share) % of \(all)")
            if !times.isEmpty {
                print("    median \(times[times.count / 2]), 99th percentile \(times[times.count * 99 / 100])")
            }
            for (reason, count) in self.failures.sorted(by: { $0.key < $1.key }) {
                print("    \(count) failed: \(reason)")
            }
        }
    }

    /// A dialer's first words; forged, since nobody waits for the answer.
    private static func opening() throws -> [UInt8] {
        let session = SessionConnection(
            role: .dialer,
            identity: try IdentityKey(seed: [UInt8](repeating: 33, count: 32)),
            expectedPeer: nil,
            entropy: SystemEntropy.bytes,
            inboundProtocols: [],
            now: Instant(sinceEpoch: .zero)
        )
        return session.takeOutput()
    }

    private func dialHonestly(_ address: Multiaddr, number: Int) async throws {
        var seed = [UInt8](repeating: 1, count: 32)
        (seed[0], seed[1]) = (UInt8(number & 255), UInt8(number >> 8))
        var settings = NetworkSettings()
        settings.dialTimeout = Self.honestLimit
        settings.connectTimeout = Self.honestLimit
        let network = PeerNetwork(
            identity: try IdentityKey(seed: seed),
            listenHost: "127.0.0.1",
            listenPort: nil,
            settings: settings
        )
        try await network.start()
        do {
            try await network.dial(address)
        } catch {
            await network.shutdown()
            throw error
        }
        await network.shutdown()
    }

    private func dialAsStranger(port: UInt16, number: Int) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            // The system's calls block.
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.handshake(from: 0x7FC8_0001 + UInt32(number), to: port) })
            }
        }
    }

    /// Dials from an address of its own, and ends when the other side has accepted the session.
    private static func handshake(from source: UInt32, to port: UInt16) throws {
        let deadline = ContinuousClock.now + Self.honestLimit
        guard let descriptor = Self.connect(from: source, to: port, timeout: Self.honestLimit) else {
            throw NetworkError(.cannotConnect, "no connection: no answer in time")
        }
        defer { close(descriptor) }
        var seed = [UInt8](repeating: 2, count: 32)
        for (index, shift) in [0, 8].enumerated() { seed[index] = UInt8(truncatingIfNeeded: source >> UInt32(shift)) }
        var clock: Instant { Instant(sinceEpoch: .seconds(1)) }
        let session = SessionConnection(
            role: .dialer,
            identity: try IdentityKey(seed: seed),
            expectedPeer: nil,
            entropy: SystemEntropy.bytes,
            inboundProtocols: [],
            now: clock
        )
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while ContinuousClock.now < deadline {
            let words = session.takeOutput()
            guard words.withUnsafeBytes({ Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }) >= 0
            else { throw NetworkError(.cannotConnect, "the words were not taken: \(errno)") }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw NetworkError(.cannotConnect, "the victim hung up: \(count < 0 ? errno : 0)") }
            for event in session.receive(Array(buffer.prefix(count)), now: clock) {
                switch event {
                case .established: session.ping(now: clock)
                // Only now is it sure that the victim has accepted the session.
                case .roundTrip: return
                case .closed(let reason): throw NetworkError(.cannotConnect, "closed: \(reason)")
                default: break
                }
            }
        }
        throw NetworkError(.cannotConnect, "too late: too late")
    }

    // MARK: The flood

    /// How far the flood has come, and whether it is to go on.
    private final class Progress: Sendable {
        let count = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
    }

    private func send(_ opening: [UInt8], to port: UInt16, _ progress: Progress) {
        var held: [CInt] = []
        var next = 0
        let start = ContinuousClock.now
        while !progress.isOver.load(ordering: .relaxed) {
            let due = Int((ContinuousClock.now - start) / .seconds(1) * Double(self.rate))
            let sent = progress.count.load(ordering: .relaxed)
            guard sent < due else {
                usleep(1_000)
                continue
            }
            let source = UInt32(0x7F01_0001) + UInt32(sent % self.sources)
            guard let descriptor = Self.connect(from: source, to: port) else { continue }
            _ = opening.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            progress.count.add(1, ordering: .relaxed)
            if held.count < Self.held {
                held.append(descriptor)
            } else {
                close(held[next])
                held[next] = descriptor
                next = (next + 1) % Self.held
            }
        }
        for descriptor in held { close(descriptor) }
    }

    private static func connect(
        from source: UInt32,
        to port: UInt16,
        timeout: Duration = .milliseconds(200)
    ) -> CInt? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // A reset leaves no port waiting behind.
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        var one: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_IP), 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, 4)
        let (seconds, attoseconds) = timeout.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        func with(_ ip: UInt32, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = ip.bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        guard with(source, 0, { bind(descriptor, $0, $1) }) == 0,
            with(0x7F00_0001, port, { Glibc.connect(descriptor, $0, $1) }) == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    // MARK: The victim

    /// A peer in a process of its own.
    private final class Victim {
        let address: Multiaddr
        let port: UInt16
        private let process: ChildProcess

        private struct State: Decodable {
            var announced: [String]
        }

        init() throws {
            let process = try ChildProcess(
                executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
                arguments: ["9", "127.0.0.1:0"],
                input: .pipe,
                output: .pipe
            )
            self.process = process
            var (line, byte): ([UInt8], UInt8) = ([], 0)
            while byte != UInt8(ascii: "\n") {
                guard read(process.outputDescriptor, &byte, 1) == 1 else {
                    throw NetworkError(.cannotConnect, "the victim did not start")
                }
                line.append(byte)
            }
            let announced = try JSONDecoder().decode(State.self, from: Data(line)).announced
            guard let address = try announced.first.map({ try PeerAddress.parse($0) }),
                let port = address.tcpEndpoint?.port
            else { throw NetworkError(.cannotConnect, "the victim does not listen") }
            self.address = address
            self.port = port
            // It goes on to print its state.
            Thread.detachNewThread { _ = process.readToEnd() }
        }

        /// The bytes of memory that it has.
        var resident: Int {
            self.process.residentBytes ?? 0
        }

        /// The processor time that it has used.
        var processorSeconds: Double {
            (self.process.cpuTime ?? .zero) / .seconds(1)
        }

        func end() {
            self.process.closeInput()
            if !self.process.blockUntilExit(within: .seconds(10)) { self.process.kill() }
        }
    }
}
