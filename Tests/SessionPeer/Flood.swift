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
/// the same time dials honestly. All of it stays on the loopback interface, whose addresses 127.1.0.0/16 stand for a crowd.
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
        var times: [Duration] = []
        var failures: [String: Int] = [:]
        var peak = before
        try await withThrowingTaskGroup(of: Result<Duration, any Error>.self) { group in
            for number in 1 ... self.seconds * Self.honestRate {
                try await clock.sleep(until: start + .milliseconds(Int64(number * 1_000 / Self.honestRate)))
                peak = max(peak, victim.resident)
                group.addTask {
                    let begin = ContinuousClock.now
                    do {
                        try await self.dialHonestly(address, number: number)
                        return .success(ContinuousClock.now - begin)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for try await result in group {
                switch result {
                case .success(let time) where time <= Self.honestLimit: times.append(time)
                case .success: failures["too late", default: 0] += 1
                case .failure(let error):
                    let reason = "\(error)".split(separator: ": ").last.map { String($0) } ?? ""
                    failures[reason, default: 0] += 1
                }
            }
        }
        let elapsed = (clock.now - start) / .seconds(1)
        progress.isOver.store(true, ordering: .relaxed)
        let total = progress.count.load(ordering: .relaxed)
        try await clock.sleep(for: .seconds(2))
        let after = victim.resident
        try await self.dialHonestly(victim.address, number: 0)
        times.sort()
        let all = times.count + failures.values.reduce(0, +)
        let share = Double(times.count) / Double(all) * 100
        print(
            "forged openings: \(Int(Double(total) / elapsed)) a second from \(self.sources) addresses, \(total) in all"
        )
        print(
            "honest handshakes within \(Self.honestLimit): \((share * 100).rounded() / 100) % of \(all)"
        )
        if !times.isEmpty {
            print("    median \(times[times.count / 2]), 99th percentile \(times[times.count * 99 / 100])")
        }
        for (reason, count) in failures.sorted(by: { $0.key < $1.key }) { print("    \(count) failed: \(reason)") }
        print("victim's memory: \(before >> 10) KiB before, \(peak >> 10) at most, \(after >> 10) after")
        print("victim's processor time: \((victim.processorSeconds / elapsed * 100).rounded()) % of one")
        victim.end()
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

    private static func connect(from source: UInt32, to port: UInt16) -> CInt? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // A reset leaves no port waiting behind.
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        var one: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_IP), 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, 4)
        var timeout = timeval(tv_sec: 0, tv_usec: 200_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
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
        private let process = Process()
        private let input = Pipe()

        private struct State: Decodable {
            var announced: [String]
        }

        init() throws {
            let output = Pipe()
            self.process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            self.process.arguments = ["9", "127.0.0.1:0"]
            self.process.standardInput = self.input
            self.process.standardOutput = output
            self.process.standardError = FileHandle.nullDevice
            try self.process.run()
            var text = Data()
            while !text.contains(UInt8(ascii: "\n")) {
                let more = output.fileHandleForReading.availableData
                guard !more.isEmpty else { throw NetworkError(.cannotConnect, "the victim did not start") }
                text += more
            }
            let line = text.prefix { $0 != UInt8(ascii: "\n") }
            let announced = try JSONDecoder().decode(State.self, from: line).announced
            guard let address = try announced.first.map({ try PeerAddress.parse($0) }),
                let port = address.tcpEndpoint?.port
            else { throw NetworkError(.cannotConnect, "the victim does not listen") }
            self.address = address
            self.port = port
            // It goes on to print its state.
            output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        }

        /// The bytes of memory that it has.
        var resident: Int {
            let text = try? String(contentsOfFile: "/proc/\(self.process.processIdentifier)/statm", encoding: .utf8)
            return text.flatMap { Int($0.split(separator: " ")[1]) }.map { $0 * 4_096 } ?? 0
        }

        /// The processor time that it has used.
        var processorSeconds: Double {
            let text = try? String(contentsOfFile: "/proc/\(self.process.processIdentifier)/stat", encoding: .utf8)
            guard let fields = text?.split(separator: ")").last?.split(separator: " "), fields.count > 12,
                let user = Double(fields[11]), let system = Double(fields[12])
            else { return 0 }
            return (user + system) / Double(sysconf(CInt(_SC_CLK_TCK)))
        }

        func end() {
            try? self.input.fileHandleForWriting.close()
            self.process.waitUntilExit()
        }
    }
}
