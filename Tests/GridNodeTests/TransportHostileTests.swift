import GridNode
import GridWire
import PeerSession
import Testing

/// Connections that do not behave; after each of them an honest peer must still be served.
struct TransportHostileTests {
    private static let echo = "/test/echo/1"

    private func withServer(_ attack: (_ port: UInt16) async throws -> Void) async throws {
        let server = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: 31, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: 0
        )
        let client = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: 32, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: 0
        )
        server.handle(Self.echo, requestLimit: 100) { _, body in body }
        try await server.start()
        try await client.start()
        let address = try #require(server.listenAddresses.first)
        try await attack(try #require(address.tcpEndpoint?.port))
        let peer = try await client.dial(address)
        let answer = try await client.request(
            peer,
            protocol: Self.echo,
            body: [1, 2, 3],
            responseLimit: 100,
            timeout: .seconds(10)
        )
        #expect(answer == [1, 2, 3])
        await client.shutdown()
        await server.shutdown()
    }

    @Test
    func `random bytes end the connection that sent them`() async throws {
        try await self.withServer { port in
            var state: UInt64 = 99
            for size in [1, 20, 300, 5_000, 60_000] {
                let connection = try #require(RawConnection(port: port))
                let bytes = (0 ..< size).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 33)
                }
                connection.send(bytes)
                // A few bytes may be the beginning of something, until the handshake's time is over.
                if size > 1_100 { #expect(connection.readsEnd()) }
            }
        }
    }

    @Test
    func `another protocol is closed`() async throws {
        try await self.withServer { port in
            let connection = try #require(RawConnection(port: port))
            connection.send(
                Array("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html, application/json, */*\r\n\r\n".utf8)
            )
            #expect(connection.readsEnd())
        }
    }

    @Test
    func `connections that say nothing do not keep others out`() async throws {
        try await self.withServer { port in
            let one = try #require(RawConnection(port: port))
            let two = try #require(RawConnection(port: port))
            let three = try #require(RawConnection(port: port))
            three.send([0x13])
            #expect(one.descriptor >= 0 && two.descriptor >= 0)
        }
    }

    @Test
    func `a handshake that stops half-way ends with its connection`() async throws {
        try await self.withServer { port in
            let session = SessionConnection(
                role: .dialer,
                identity: try IdentityKey(seed: [UInt8](repeating: 33, count: 32)),
                expectedPeer: nil,
                entropy: SystemEntropy.bytes,
                inboundProtocols: [],
                now: Instant(sinceEpoch: .zero)
            )
            let greeting = session.takeOutput()
            for size in stride(from: 1, to: greeting.count, by: 3) {
                let connection = try #require(RawConnection(port: port))
                connection.send(Array(greeting.prefix(size)))
            }
            let damaged = try #require(RawConnection(port: port))
            damaged.send(greeting + [0xFF, 0xFF] + [UInt8](repeating: 0, count: 65_535))
            #expect(damaged.readsEnd())
        }
    }

    @Test
    func `more handshakes than one address may have are closed at once`() async throws {
        var settings = NetworkSettings()
        settings.inboundHandshakesPerAddressMax = 2
        let server = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: 34, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: 0,
            settings: settings
        )
        try await server.start()
        let port = try #require(server.listenAddresses.first?.tcpEndpoint?.port)
        // Which two of them come first is the event loops' choice.
        let connections = try (0 ..< 3).map { _ in try #require(RawConnection(port: port)) }
        let isOneClosed = (0 ..< 200).contains { connections[$0 % 3].isClosed(within: 10) }
        #expect(isOneClosed)
        await server.shutdown()
    }
}
