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

    /// What moving some bytes took.
    private struct Cost {
        var bytes: Int
        var seconds: Double
        /// Of all threads of this process, in the system as well.
        var processorSeconds: Double

        var rate: Double { Double(self.bytes) / self.seconds }
        /// What one processor that does nothing else would reach: unlike the rate, other programs hardly change it.
        var ratePerProcessor: Double { Double(self.bytes) / self.processorSeconds }

        static func of(_ bytes: Int, _ body: () async throws -> Void) async rethrows -> Cost {
            let (start, used) = (ContinuousClock.now, Self.processorSeconds)
            try await body()
            return Cost(
                bytes: bytes,
                seconds: (ContinuousClock.now - start) / .seconds(1),
                processorSeconds: Self.processorSeconds - used
            )
        }

        private static var processorSeconds: Double {
            // POSIX has it count microseconds.
            Double(clock()) / 1e6
        }
    }

    static func run() async throws {
        print("handshakes per second and core, both sides: \(Int(try self.handshakes()))")
        let sealing = try await self.encryption()
        self.show("ChaCha20-Poly1305 alone, encrypted and decrypted", sealing)
        self.show("session in memory, both sides", try await self.throughputInMemory())
        let raw = try await self.throughputOfTCP()
        self.show("raw TCP on loopback, both sides", raw)
        let stream = try await self.throughputOfStream()
        self.show("session on loopback, one stream", stream, beside: raw)
        self.show("session on loopback, requests of 1 MiB", try await self.throughputOfRequests(), beside: raw)
        let ceiling = 1 / (1 / sealing.ratePerProcessor + 1 / raw.ratePerProcessor)
        print("what ChaCha20-Poly1305 and TCP leave possible: \(Int(ceiling / 1e6)) MB per processor second,")
        print("    of which the stream reaches \(Int(stream.ratePerProcessor / ceiling * 100)) %")
    }

    private static func show(_ name: String, _ cost: Cost, beside raw: Cost? = nil) {
        let ratio = raw.map { ", \((cost.rate / $0.rate * 100).rounded() / 100) of raw TCP" } ?? ""
        print(
            "\(name): \(Int(cost.rate / 1e6)) MB/s, \(Int(cost.ratePerProcessor / 1e6)) MB per processor second\(ratio)"
        )
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

    /// Messages as long as Noise has them, sealed and opened, with nothing else.
    private static func encryption() async throws -> Cost {
        let (key, other) = (SecretBytes(copying: 0 ... 31), SecretBytes(copying: 0 ... 31))
        let (sealing, opening) = (CipherState(key: key), CipherState(key: other))
        let size = 65_519
        let (message, text) = (
            UnsafeMutableRawBufferPointer.allocate(byteCount: size + 16, alignment: 16),
            UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        )
        defer {
            message.deallocate()
            text.deallocate()
        }
        message.initializeMemory(as: UInt8.self, repeating: 7)
        let count = self.size / size
        return await Cost.of(count * size) {
            for _ in 0 ..< count {
                precondition(sealing.seal(message, count: size), "a message was not sealed")
                precondition(opening.open(UnsafeRawBufferPointer(message), into: text), "a message was not opened")
            }
        }
    }

    private static func throughputInMemory() async throws -> Cost {
        let (a, b) = try self.pair()
        self.carry(a, b)
        guard let stream = a.openStream(protocol: "/test/1") else { preconditionFailure("no stream") }
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        return await Cost.of(self.size) {
            for _ in 0 ..< self.size / piece.count {
                a.send(piece, on: stream)
                self.carry(a, b)
            }
        }
    }

    /// Two networks and a session between them.
    private static func networks() async throws -> (client: PeerNetwork, server: PeerNetwork, peer: PeerID) {
        func network(_ seed: UInt8) throws -> PeerNetwork {
            let network = PeerNetwork(
                identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
                listenHost: "127.0.0.1",
                listenPort: 0
            )
            network.handle("/test/1", requestLimit: 2 << 20) { _, body in [UInt8(body.count & 1)] }
            network.handleStreams("/test/2") { stream in
                while let bytes = try? await stream.read(), !bytes.isEmpty {}
                try? await stream.write([1])
                stream.finish()
            }
            return network
        }
        let (client, server) = (try network(1), try network(2))
        try await client.start()
        try await server.start()
        return (client, server, try await client.dial(server.listenAddresses[0]))
    }

    /// A stream whose other end reads and forgets, as the raw one does.
    private static func throughputOfStream() async throws -> Cost {
        let (client, server, peer) = try await self.networks()
        func send(_ count: Int) async throws {
            let stream = try await client.openStream(peer, protocol: "/test/2")
            let piece = [UInt8](repeating: 7, count: 256 << 10)
            for _ in 0 ..< count / piece.count { try await stream.write(piece) }
            stream.finish()
            _ = try await stream.read()
        }
        // Memory is had and the processor's clock is up after the first one.
        try await send(self.size / 8)
        let cost = try await Cost.of(self.size) { try await send(self.size) }
        await client.shutdown()
        await server.shutdown()
        return cost
    }

    /// Requests as large as a scene's chunks, eight at a time.
    private static func throughputOfRequests() async throws -> Cost {
        let (client, server, peer) = try await self.networks()
        let body = [UInt8](repeating: 7, count: 1 << 20)
        func send(_ count: Int) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0 ..< count {
                    if number >= 8 { try await group.next() }
                    group.addTask {
                        _ = try await client.request(
                            peer,
                            protocol: "/test/1",
                            body: body,
                            responseLimit: 8,
                            timeout: .seconds(300)
                        )
                    }
                }
                try await group.waitForAll()
            }
        }
        try await send(32)
        let cost = try await Cost.of(self.size) { try await send(self.size / body.count) }
        await client.shutdown()
        await server.shutdown()
        return cost
    }

    /// One thread that writes and one that reads, with the sizes that a session uses.
    private static func throughputOfTCP() async throws -> Cost {
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
        return await Cost.of(size) {
            while read(descriptor, &buffer, buffer.count) > 0 {}
        }
    }
}
