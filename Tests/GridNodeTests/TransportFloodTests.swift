import Foundation
import GridNode
import GridWire
import PeerSession
import Synchronization
import Testing

/// More strangers than a node can serve; the peers that behave must not notice.
@Suite(.serialized)
struct TransportFloodTests {
    private func network(seed: UInt8, settings: NetworkSettings = NetworkSettings()) throws -> PeerNetwork {
        PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: 0,
            settings: settings
        )
    }

    /// What a dialer says first.
    private func opening() throws -> [UInt8] {
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

    @Test
    func `ten thousand half-open handshakes leave nothing behind`() async throws {
        // In a process of its own, where no other test takes memory meanwhile.
        let directory = try TestDirectory()
        let server = try NamespacePeer(seed: 51, in: nil, directory: directory, listen: "127.0.0.1:0")
        defer { server.stop() }
        let address = try await server.address()
        let port = try #require(address.tcpEndpoint?.port)
        let opening = try self.opening()
        var before = 0
        // What stays open meanwhile: some half-way, some that said nothing.
        var held: [RawConnection] = []
        for number in 0 ..< 10_000 {
            // The first thousand fills the pools of everything below.
            if number == 1000 { before = try server.residentBytes() }
            guard let connection = RawConnection(port: port, from: 2) else { continue }
            connection.send(Array(opening.prefix(number % (opening.count + 1))))
            held.append(connection)
            if held.count > 50 { held.removeFirst() }
        }
        let growth = try server.residentBytes() - before
        #expect(growth < 32 << 20, "grew by \(growth) bytes")
        let client = try self.network(seed: 52)
        try await client.start()
        try await client.dial(address)
        await client.shutdown()
    }

    @Test(arguments: [1, 200])
    func `a flood of forged openings keeps no honest peer out`(addresses: Int) async throws {
        var settings = NetworkSettings()
        settings.dialTimeout = .seconds(3)
        settings.connectTimeout = .seconds(3)
        let server = try self.network(seed: 53)
        try await server.start()
        let address = try #require(server.listenAddresses.first)
        let port = try #require(address.tcpEndpoint?.port)
        let flood = Flood()
        let opening = try self.opening()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withCheckedContinuation { continuation in
                    Thread.detachNewThread {
                        flood.run(port: port, from: addresses, opening: opening)
                        continuation.resume()
                    }
                }
            }
            var succeeded = 0
            for number in 0 ..< 100 {
                let client = try self.network(seed: UInt8(60 + number), settings: settings)
                try await client.start()
                if (try? await client.dial(address)) != nil { succeeded += 1 }
                await client.shutdown()
            }
            flood.end()
            #expect(succeeded >= 99)
        }
        #expect(flood.total > 0)
        print("flood: \(flood.total) forged openings from \(addresses) addresses while 100 honest peers came and went")
        await server.shutdown()
    }

    /// Opens connections as fast as it can, each with an opening that leads nowhere.
    private final class Flood: Sendable {
        private let isOver = Mutex(false)
        private let count = Mutex(0)

        func run(port: UInt16, from addresses: Int, opening: [UInt8]) {
            var held: [RawConnection] = []
            while !self.isOver.withLock({ $0 }) {
                let host = UInt8(3 + self.total % addresses)
                guard let connection = RawConnection(port: port, from: host) else { continue }
                connection.send(opening)
                held.append(connection)
                if held.count > 100 { held.removeFirst() }
                self.count.withLock { $0 += 1 }
            }
        }

        func end() { self.isOver.withLock { $0 = true } }

        var total: Int { self.count.withLock { $0 } }
    }
}
