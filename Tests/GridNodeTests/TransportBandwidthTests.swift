import GridNode
import GridWire
import PeerSession
import Synchronization
import Testing

/// What caps on bandwidth mean for sessions on the loopback interface.
@Suite(.serialized)
struct TransportBandwidthTests {
    private static let sink = "/test/sink/1"
    private static let cap = 1_000_000

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { self.count.withLock { $0 } }
        func add() { self.count.withLock { $0 += 1 } }
    }

    private func network(seed: UInt8, _ settings: NetworkSettings) throws -> PeerNetwork {
        let network = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: 0,
            settings: settings
        )
        network.handle(Self.sink, requestLimit: 1 << 20) { _, body in [UInt8(body.count & 255)] }
        return network
    }

    @Test(arguments: [true, false])
    func `a cap holds for all sessions together, and words go before what waits for it`(_ isUpload: Bool) async throws {
        var capped = NetworkSettings()
        if isUpload { capped.uploadMax = Self.cap } else { capped.downloadMax = Self.cap }
        // The capped side sends to two peers, or is sent to by them.
        let center = try self.network(seed: 71, capped)
        let others = try [72, 73].map { try self.network(seed: $0, NetworkSettings()) }
        for network in others + [center] { try await network.start() }
        for other in others {
            try await center.dial(try #require(other.listenAddresses.first))
            // The dialer knows of the session one message before the other side does.
            for _ in 0 ..< 2_000 where !other.isConnected(to: center.identity.peerID) {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        let pairs = others.map { isUpload ? (center, $0.identity.peerID) : ($0, center.identity.peerID) }
        let body = [UInt8](repeating: 7, count: 500_000)
        let arrived = Counter()
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (from, to) in pairs {
                for _ in 0 ..< 3 {
                    group.addTask {
                        try await Self.ask(from, to, body)
                        arrived.add()
                    }
                }
            }
            for _ in 0 ..< 5 { try await Self.ask(center, others[0].identity.peerID, [1]) }
            // What comes is in the order in which the other side sent it; only what goes can be put before other things.
            if isUpload { #expect(arrived.value < 6) }
            try await group.waitForAll()
        }
        let elapsed = begin.duration(to: .now)
        // Three megabytes; a quarter of a second's worth is saved up.
        #expect(elapsed >= .milliseconds(2_600), "\(elapsed)")
        for network in others + [center] { await network.shutdown() }
    }

    private static func ask(_ network: PeerNetwork, _ peer: PeerID, _ body: [UInt8]) async throws {
        let answer = try await network.request(
            peer,
            protocol: self.sink,
            body: body,
            responseLimit: 1,
            timeout: .seconds(60)
        )
        #expect(answer == [UInt8(body.count & 255)])
    }
}
