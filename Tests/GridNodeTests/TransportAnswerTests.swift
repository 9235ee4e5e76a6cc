import GridNode
import GridWire
import PeerSession
import Synchronization
import Testing

/// What answers take of a node's memory, and for how long.
struct TransportAnswerTests {
    private static let large = "/test/large/1"
    private static let size = 1 << 20

    /// Two nodes of which the first answers with a megabyte.
    private func withNodes(
        _ settings: NetworkSettings,
        _ body: (_ server: PeerNetwork, _ client: PeerNetwork, _ heldMost: () -> Int) async throws -> Void
    ) async throws {
        func network(_ seed: UInt8, _ settings: NetworkSettings) throws -> PeerNetwork {
            PeerNetwork(
                identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
                listenHost: "127.0.0.1",
                listenPort: 0,
                settings: settings
            )
        }
        let (server, client) = (try network(41, settings), try network(42, NetworkSettings()))
        let heldMost = Mutex(0)
        server.handle(Self.large, requestLimit: 8, answerReserve: Self.size) { [weak server] _, _ in
            let held = server?.heldByteCount ?? 0
            heldMost.withLock { $0 = max($0, held) }
            return [UInt8](repeating: 7, count: Self.size)
        }
        try await server.start()
        try await client.start()
        try await client.dial(try #require(server.listenAddresses.first))
        do {
            try await body(server, client) { heldMost.withLock { $0 } }
        } catch {
            Issue.record(error)
        }
        await client.shutdown()
        await server.shutdown()
    }

    @Test
    func `an answer that nobody reads is counted, and after its time its stream is reset`() async throws {
        var settings = NetworkSettings()
        settings.answerStallTimeout = .milliseconds(300)
        try await self.withNodes(settings) { server, client, _ in
            let stream = try await client.openStream(server.identity.peerID, protocol: Self.large)
            try await stream.write([1])
            stream.finish()
            #expect(try await eventually { server.heldByteCount > Self.size / 2 })
            #expect(try await eventually { server.heldByteCount == 0 })
            // What the window let through before is read, and then the stream is over without its end.
            await #expect(throws: (any Error).self) { while try await stream.read() != nil {} }
        }
    }

    @Test
    func `requests wait for memory, and all of them are answered`() async throws {
        var settings = NetworkSettings()
        settings.memoryMax = 6 * Self.size
        try await self.withNodes(settings) { server, client, heldMost in
            let sizes = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0 ..< 24 {
                    group.addTask {
                        try await client.request(
                            server.identity.peerID,
                            protocol: Self.large,
                            body: [1],
                            responseLimit: Self.size,
                            timeout: .seconds(60)
                        ).count
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(sizes == [Int](repeating: Self.size, count: 24))
            #expect((Self.size ... 3 * Self.size + 24).contains(heldMost()))
            #expect(try await eventually { server.heldByteCount == 0 })
        }
    }

    @Test
    func `an answer lies too long only when none of it leaves, and this node lets it`() {
        let (one, two) = (StreamID(rawValue: 1), StreamID(rawValue: 3))
        let start = Instant(sinceEpoch: .seconds(100))
        func after(_ seconds: Int) -> Instant { start.advanced(by: .seconds(seconds)) }
        var queue = AnswerQueue(stallTime: .seconds(120))
        queue.reserve(50, for: one)
        queue.reserve(60, for: two)
        #expect(queue.bytes == 110 && queue.nextDeadline == nil)
        for stream in [one, two] {
            queue.release(stream)
            queue.add(stream, bytes: 10, now: start)
        }
        #expect(queue.bytes == 20 && queue.nextDeadline == after(120))
        queue.update(isHeldBack: false, now: after(60)) { $0 == one ? 9 : 10 }
        #expect(queue.stalled(now: after(119)).isEmpty)
        #expect(queue.stalled(now: after(120)) == [two])
        queue.forget(two)
        #expect(queue.bytes == 9 && queue.nextDeadline == after(180))
        queue.update(isHeldBack: true, now: after(170)) { _ in 9 }
        #expect(queue.stalled(now: after(289)).isEmpty && queue.stalled(now: after(290)) == [one])
        queue.update(isHeldBack: false, now: after(200)) { _ in 0 }
        #expect(queue.isEmpty && queue.nextDeadline == nil)
    }
}
