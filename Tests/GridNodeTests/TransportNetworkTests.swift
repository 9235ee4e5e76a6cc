import Discovery
import GridNode
import GridWire
import PeerSession
import Synchronization
import Testing

/// Networks on the loopback interface.
struct TransportNetworkTests {
    private static let echo = "/test/echo/1"

    private func network(
        seed: UInt8,
        settings: NetworkSettings = NetworkSettings(),
        port: Int = 0,
        configure: (PeerNetwork) -> Void = { _ in }
    ) throws -> PeerNetwork {
        let network = PeerNetwork(
            identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
            listenHost: "127.0.0.1",
            listenPort: port,
            settings: settings
        )
        network.handle(Self.echo, requestLimit: 1 << 20) { _, body in body }
        configure(network)
        return network
    }

    private func address(of network: PeerNetwork) throws -> Multiaddr {
        try #require(network.listenAddresses.first)
    }

    /// Runs the body with two networks, the first of which has dialed the second, and stops both.
    private func withPair(
        settings: NetworkSettings = NetworkSettings(),
        configureSecond: (PeerNetwork) -> Void = { _ in },
        _ body: (PeerNetwork, PeerNetwork) async throws -> Void
    ) async throws {
        let first = try self.network(seed: 1, settings: settings)
        let second = try self.network(seed: 2, settings: settings, configure: configureSecond)
        try await first.start()
        try await second.start()
        do {
            try await first.dial(try self.address(of: second))
            // The dialer knows of the session one message before the other side does.
            let isMutual = try await eventually { second.isConnected(to: first.identity.peerID) }
            #expect(isMutual)
            try await body(first, second)
        } catch {
            await first.shutdown()
            await second.shutdown()
            throw error
        }
        await first.shutdown()
        await second.shutdown()
    }

    private func echo(_ body: [UInt8], from network: PeerNetwork, to peer: PeerID) async throws -> [UInt8] {
        try await network.request(
            peer,
            protocol: Self.echo,
            body: body,
            responseLimit: 1 << 20,
            timeout: .seconds(20)
        )
    }

    private func expectEcho(from network: PeerNetwork, to peer: PeerID) async throws {
        let answer = try await self.echo([1], from: network, to: peer)
        #expect(answer == [1])
    }

    @Test
    func `a thousand questions in a row are answered`() async throws {
        try await self.withPair { first, second in
            for i in 0 ..< 1_000 {
                let body = [UInt8(truncatingIfNeeded: i), UInt8(truncatingIfNeeded: i >> 8)]
                let answer = try await self.echo(body, from: first, to: second.identity.peerID)
                #expect(answer == body)
            }
            let session = try #require(first.peers.first)
            #expect(session.peer == second.identity.peerID)
            #expect(session.bytesIn > 1_000)
            #expect(session.direction == .outbound)
        }
    }

    @Test
    func `a hundred questions at once are answered, in both directions`() async throws {
        try await self.withPair { first, second in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for i in 0 ..< 200 {
                    group.addTask {
                        let (asker, answerer) = i % 2 == 0 ? (first, second) : (second, first)
                        let body = [UInt8](repeating: UInt8(i), count: 10_000 + i)
                        return try await self.echo(body, from: asker, to: answerer.identity.peerID) == body
                    }
                }
                for try await isEqual in group { #expect(isEqual) }
            }
        }
    }

    @Test
    func `more questions than may be in flight wait for their turn`() async throws {
        var settings = NetworkSettings()
        settings.outboundRequestsPerPeerMax = 3
        try await self.withPair(settings: settings) { first, second in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for i in 0 ..< 100 {
                    group.addTask {
                        try await self.echo([UInt8(i)], from: first, to: second.identity.peerID) == [UInt8(i)]
                    }
                }
                for try await isEqual in group { #expect(isEqual) }
            }
        }
    }

    @Test
    func `eight mebibytes arrive whole`() async throws {
        let big = (0 ..< (8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
        try await self.withPair { network in
            network.handle("/test/big/1", requestLimit: 10) { _, _ in big }
        } _: { first, second in
            let answer = try await first.request(
                second.identity.peerID,
                protocol: "/test/big/1",
                body: [],
                responseLimit: 8 << 20,
                timeout: .seconds(30)
            )
            #expect(answer == big)
        }
    }

    @Test
    func `an answer beyond the limit, a refusal and an unknown protocol cost one stream each`() async throws {
        try await self.withPair { network in
            network.handle("/test/big/1", requestLimit: 10) { _, _ in [UInt8](repeating: 7, count: 1_000_000) }
            network.handle("/test/refuse/1", requestLimit: 10) { _, _ in nil }
        } _: { first, second in
            let peer = second.identity.peerID
            func code(_ name: String, _ body: [UInt8], limit: Int) async -> NetworkError.Code? {
                do {
                    _ = try await first.request(
                        peer,
                        protocol: name,
                        body: body,
                        responseLimit: limit,
                        timeout: .seconds(20)
                    )
                    return nil
                } catch {
                    return (error as? NetworkError)?.code
                }
            }
            #expect(await code("/test/big/1", [], limit: 1_000) == .responseTooLarge)
            #expect(await code("/test/refuse/1", [], limit: 1_000) == .refused)
            #expect(await code("/test/nobody/1", [], limit: 1_000) == .refused)
            // Longer than the answerer takes.
            #expect(await code("/test/refuse/1", [UInt8](repeating: 0, count: 400_000), limit: 1_000) == .refused)
            try await self.expectEcho(from: first, to: peer)
            #expect(first.peers.count == 1)
        }
    }

    @Test
    func `a question that is not answered in time ends alone`() async throws {
        try await self.withPair { network in
            network.handle("/test/slow/1", requestLimit: 10) { _, _ in
                try? await Task.sleep(for: .seconds(60))
                return []
            }
        } _: { first, second in
            let peer = second.identity.peerID
            await #expect(throws: NetworkError.Code.timedOut) {
                try await first.codeOfFailure(peer, "/test/slow/1", timeout: .milliseconds(50))
            }
            try await self.expectEcho(from: first, to: peer)
        }
    }

    @Test
    func `a cancelled question ends at once`() async throws {
        try await self.withPair { network in
            network.handle("/test/slow/1", requestLimit: 10) { _, _ in
                try? await Task.sleep(for: .seconds(60))
                return []
            }
        } _: { first, second in
            let peer = second.identity.peerID
            let task = Task {
                try await first.request(
                    peer,
                    protocol: "/test/slow/1",
                    body: [],
                    responseLimit: 10,
                    timeout: .seconds(60)
                )
            }
            try await Task.sleep(for: .milliseconds(20))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await self.expectEcho(from: first, to: peer)
        }
    }

    @Test
    func `a peer that is not the one that was dialed is refused`() async throws {
        try await self.withPair { first, second in
            let stranger = try IdentityKey(seed: [UInt8](repeating: 9, count: 32)).peerID
            let address = try #require(try self.address(of: second).withPeer(stranger))
            await #expect(throws: NetworkError.self) { try await first.dial(address) }
        }
    }

    @Test
    func `a node does not make a session with itself`() async throws {
        try await self.withPair { first, _ in
            await #expect(throws: NetworkError.Code.wrongPeer) {
                do {
                    try await first.dial(try self.address(of: first))
                } catch let error as NetworkError {
                    throw error.code
                }
            }
            #expect(first.peers.count == 1)
        }
    }

    @Test
    func `a port in use is named`() async throws {
        let first = try self.network(seed: 1)
        try await first.start()
        let port = try #require(try self.address(of: first).tcpEndpoint?.port)
        let second = try self.network(seed: 2, port: Int(port))
        let error = await #expect(throws: NetworkError.self) { try await second.start() }
        #expect(error?.code == .addressInUse)
        #expect(error?.message == "127.0.0.1:\(port) is in use; choose another with --listen")
        await second.shutdown()
        await first.shutdown()
    }

    @Test
    func `a loopback node dials nobody outside of this machine`() async throws {
        try await self.withPair { first, _ in
            let error = await #expect(throws: NetworkError.self) {
                try await first.dial(try PeerAddress.parse("192.0.2.7:7877"))
            }
            #expect(error?.code == .unsupportedAddress)
        }
    }

    @Test
    func `nobody at the address is an error that names it`() async throws {
        let gone = try self.network(seed: 3)
        try await gone.start()
        let address = try self.address(of: gone)
        await gone.shutdown()
        try await self.withPair { first, _ in
            let error = await #expect(throws: NetworkError.self) { try await first.dial(address) }
            #expect(error?.code == .cannotConnect)
            #expect(error?.message.contains(address.description) == true)
        }
    }

    @Test
    func `two nodes that dial each other at once end with one session each`() async throws {
        let first = try self.network(seed: 1)
        let second = try self.network(seed: 2)
        try await first.start()
        try await second.start()
        let addresses = (try self.address(of: first), try self.address(of: second))
        async let one = first.dial(addresses.1)
        async let two = second.dial(addresses.0)
        #expect(try await one == second.identity.peerID)
        #expect(try await two == first.identity.peerID)
        let isAgreed = try await eventually {
            first.peers.count == 1 && second.peers.count == 1 && first.peers[0].direction != second.peers[0].direction
        }
        #expect(isAgreed)
        for _ in 0 ..< 20 {
            #expect(try await self.echo([1], from: first, to: second.identity.peerID) == [1])
            #expect(try await self.echo([2], from: second, to: first.identity.peerID) == [2])
        }
        await first.shutdown()
        await second.shutdown()
    }

    @Test
    func `a hundred dials at once make one session`() async throws {
        try await self.withPair { first, second in
            let address = try #require(try self.address(of: first).withPeer(first.identity.peerID))
            second.disconnect(first.identity.peerID)
            #expect(try await eventually { second.peers.isEmpty && first.peers.isEmpty })
            try await withThrowingTaskGroup(of: PeerID.self) { group in
                for _ in 0 ..< 100 { group.addTask { try await second.dial(address) } }
                for try await peer in group { #expect(peer == first.identity.peerID) }
            }
            let isMutual = try await eventually { first.peers.count == 1 && second.peers.count == 1 }
            #expect(isMutual)
        }
    }

    @Test
    func `a configured peer is dialed until it is there, and again when it comes back`() async throws {
        var settings = NetworkSettings()
        settings.redial.delayMin = .milliseconds(10)
        settings.redial.delayMax = .milliseconds(40)
        let placeholder = try self.network(seed: 2)
        try await placeholder.start()
        let address = try self.address(of: placeholder)
        let port = try #require(address.tcpEndpoint?.port)
        await placeholder.shutdown()

        let first = try self.network(seed: 1, settings: settings)
        try await first.start()
        first.keepConnected(to: address)
        for _ in 0 ..< 2 {
            let second = try self.network(seed: 2, port: Int(port))
            try await second.start()
            #expect(try await eventually { first.peers.count == 1 })
            #expect(try await self.echo([1], from: first, to: second.identity.peerID) == [1])
            await second.shutdown()
            #expect(try await eventually { first.peers.isEmpty })
        }
        await first.shutdown()
    }

    @Test
    func `events tell of the first and the last session with a peer`() async throws {
        try await self.withPair { first, second in
            var events = second.events.makeAsyncIterator()
            guard case .connected(first.identity.peerID, _, .inbound) = await events.next() else {
                Issue.record("the connection was not told")
                return
            }
            first.disconnect(second.identity.peerID)
            guard case .disconnected(first.identity.peerID, _) = await events.next() else {
                Issue.record("the end was not told")
                return
            }
        }
    }

    @Test
    func `shutdown ends what is in progress and leaves nothing behind`() async throws {
        let running = Mutex(0)
        let first = try self.network(seed: 1)
        let second = try self.network(seed: 2) { network in
            network.handle("/test/slow/1", requestLimit: 10) { _, _ in
                running.withLock { $0 += 1 }
                try? await Task.sleep(for: .seconds(60))
                running.withLock { $0 -= 1 }
                return []
            }
        }
        try await first.start()
        try await second.start()
        let peer = try await first.dial(try self.address(of: second))
        let question = Task { try await first.codeOfFailure(peer, "/test/slow/1", timeout: .seconds(60)) }
        #expect(try await eventually { running.withLock { $0 } == 1 })
        await second.shutdown()
        #expect(running.withLock { $0 } == 0)
        await #expect(throws: NetworkError.Code.disconnected) { try await question.value }
        await first.shutdown()
        #expect(first.peers.isEmpty)
        #expect(second.peers.isEmpty)
        await #expect(throws: NetworkError.self) { try await first.dial(try PeerAddress.parse("127.0.0.1:1")) }
    }

    @Test
    func `two nodes on the loopback interface find each other`() async throws {
        let first = try self.network(seed: 21)
        let second = try self.network(seed: 22)
        try await first.start()
        try await second.start()
        let lans = [first, second].map { LANDiscovery(network: $0) }
        for lan in lans { await lan.start() }
        let isFound = try await eventually {
            first.isConnected(to: second.identity.peerID) && second.isConnected(to: first.identity.peerID)
        }
        #expect(isFound)
        for lan in lans { await lan.shutdown() }
        await first.shutdown()
        await second.shutdown()
    }
}

extension NetworkError.Code: Error {}

extension PeerNetwork {
    /// Asks and throws the code of the failure.
    fileprivate func codeOfFailure(_ peer: PeerID, _ name: String, timeout: Duration) async throws {
        do {
            _ = try await self.request(peer, protocol: name, body: [], responseLimit: 10, timeout: timeout)
        } catch let error as NetworkError {
            throw error.code
        }
    }
}
