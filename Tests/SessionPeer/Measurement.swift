import Foundation
import GridNode
import GridWire
import PeerSession

#if canImport(Glibc)
import Glibc
#endif

/// What a session costs, beside what the machine gives without one, in one run.
enum Measurement {
    private static let start = Instant(sinceEpoch: .zero)
    private static let size = 256 << 20

    static func run() async throws {
        print("handshakes per second and core, both sides: \(Int(try self.handshakes()))")
        let memory = try self.throughputInMemory()
        print("session in memory, both sides on one core: \(self.rate(memory))")
        let raw = try await self.throughputOfTCP()
        let session = try await self.throughputOfSession()
        print("raw TCP on loopback: \(self.rate(raw))")
        print("session on loopback: \(self.rate(session)), \((session / raw * 100).rounded() / 100) of raw TCP")
    }

    private static func rate(_ bytesPerSecond: Double) -> String {
        "\(Int(bytesPerSecond / 1e6)) MB/s"
    }

    private static func pair() throws -> (SessionConnection, SessionConnection) {
        func make(_ role: SessionRole, _ seed: UInt8) throws -> SessionConnection {
            SessionConnection(
                role: role,
                identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
                expectedPeer: nil,
                entropy: SystemEntropy.bytes,
                inboundProtocols: ["/test/1"],
                now: self.start
            )
        }
        return (try make(.dialer, 1), try make(.listener, 2))
    }

    /// Carries bytes both ways until nothing moves.
    private static func carry(_ a: SessionConnection, _ b: SessionConnection) {
        var isMoving = true
        while isMoving {
            isMoving = false
            for (from, to) in [(a, b), (b, a)] {
                let bytes = from.takeOutput()
                guard !bytes.isEmpty else { continue }
                isMoving = true
                for event in to.receive(bytes, now: self.start) {
                    if case .data(let stream, let data) = event { to.consumed(data.count, on: stream) }
                }
            }
        }
    }

    private static func handshakes() throws -> Double {
        let count = 1000
        let clock = ContinuousClock()
        let time = try clock.measure {
            for _ in 0 ..< count {
                let (a, b) = try self.pair()
                self.carry(a, b)
                precondition(a.isEstablished && b.isEstablished, "a handshake failed")
            }
        }
        return Double(count) / (time / .seconds(1))
    }

    private static func throughputInMemory() throws -> Double {
        let (a, b) = try self.pair()
        self.carry(a, b)
        guard let stream = a.openStream(protocol: "/test/1") else { return 0 }
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        let time = ContinuousClock().measure {
            for _ in 0 ..< self.size / piece.count {
                a.send(piece, on: stream)
                self.carry(a, b)
            }
        }
        return Double(self.size) / (time / .seconds(1))
    }

    private static func throughputOfSession() async throws -> Double {
        func network(_ seed: UInt8) throws -> PeerNetwork {
            var settings = NetworkSettings()
            settings.connectionMemoryMax = 1 << 30
            let network = PeerNetwork(
                identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
                listenHost: "127.0.0.1",
                listenPort: 0,
                settings: settings
            )
            network.handle("/test/1", requestLimit: 1 << 30) { _, body in [UInt8(body.count & 1)] }
            return network
        }
        let (client, server) = (try network(1), try network(2))
        try await client.start()
        try await server.start()
        let peer = try await client.dial(server.listenAddresses[0])
        func send(_ count: Int) async throws {
            let body = [UInt8](repeating: 7, count: count)
            _ = try await client.request(
                peer,
                protocol: "/test/1",
                body: body,
                responseLimit: 8,
                timeout: .seconds(300)
            )
        }
        // The windows grow in the first one.
        try await send(self.size / 8)
        let start = ContinuousClock.now
        for _ in 0 ..< 4 { try await send(self.size / 4) }
        let time = ContinuousClock.now - start
        await client.shutdown()
        await server.shutdown()
        return Double(self.size) / (time / .seconds(1))
    }

    /// One thread that writes and one that reads, with the sizes that a session uses.
    private static func throughputOfTCP() async throws -> Double {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(listener, $0, length) == 0 && listen(listener, 1) == 0, "no socket to measure with")
                getsockname(listener, $0, &length)
            }
        }
        let target = address
        let size = self.size
        Thread.detachNewThread {
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            var target = target
            withUnsafePointer(to: &target) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            let piece = [UInt8](repeating: 7, count: 256 << 10)
            var sent = 0
            while sent < size {
                let count = write(descriptor, piece, min(piece.count, size - sent))
                guard count > 0 else { break }
                sent += count
            }
            close(descriptor)
        }
        let descriptor = accept(listener, nil, nil)
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let start = ContinuousClock.now
        while read(descriptor, &buffer, buffer.count) > 0 {}
        return Double(size) / ((ContinuousClock.now - start) / .seconds(1))
    }
}
