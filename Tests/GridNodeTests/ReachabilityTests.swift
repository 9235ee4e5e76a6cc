import GridNode
import GridWire
import PeerSession
import Testing

/// Nodes on the loopback interface that find out about themselves, relay, and meet directly.
struct ReachabilityServiceTests {
    private static let echo = "/test/echo/1"

    /// A node with everything that reachability needs.
    private struct Node {
        let network: PeerNetwork
        let service: ReachabilityService
        let exchange: PeerExchange
        let overlay: OverlayService

        init(seed: UInt8, listens: Bool, punchesHoles: Bool = true) async throws {
            var settings = NetworkSettings()
            settings.reachability.countsPrivateAddresses = true
            settings.reachability.punchesHoles = punchesHoles
            self.network = PeerNetwork(
                identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
                listenHost: "127.0.0.1",
                listenPort: listens ? 0 : nil,
                settings: settings
            )
            self.network.handle(ReachabilityServiceTests.echo, requestLimit: 1 << 20) { _, body in body }
            let exchange = PeerExchange(network: self.network)
            let sizeMax = TesseraProtocol.requestSizeMax(TesseraProtocol.peers) ?? 0
            self.network.handle(TesseraProtocol.peers, requestLimit: sizeMax) { await exchange.answer($1, from: $0) }
            self.exchange = exchange
            self.overlay = OverlayService(network: self.network, exchange: exchange)
            try await self.network.start()
            self.service = ReachabilityService(network: self.network)
            await self.service.start()
        }

        var peer: PeerID { self.network.identity.peerID }

        func stop() async {
            await self.overlay.shutdown()
            await self.service.shutdown()
            await self.network.shutdown()
        }

        /// Where this node can be dialed through a relay.
        var circuit: Multiaddr? {
            self.network.announcedAddresses.first { $0.components.contains(.p2pCircuit) }?.withPeer(self.peer)
        }

        func isRelayed(to peer: PeerID) -> Bool? {
            self.network.peers.first { $0.peer == peer }?.isRelayed
        }
    }

    private func withNodes(_ nodes: [Node], _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            for node in nodes { await node.stop() }
            throw error
        }
        for node in nodes { await node.stop() }
    }

    private func eventually(_ condition: () async -> Bool) async throws -> Bool {
        for _ in 0 ..< 1_500 {
            if await condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    private func connect(_ node: Node, to relay: Node) async throws {
        let address = try #require(relay.network.listenAddresses.first)
        try await node.network.dial(address)
    }

    @Test
    func `a node that peers can dial knows it, and relays`() async throws {
        let (relay, node) = (try await Node(seed: 1, listens: true), try await Node(seed: 2, listens: false))
        try await self.withNodes([relay, node]) {
            try await self.connect(node, to: relay)
            let isKnown = try await self.eventually {
                await relay.service.summary.hasPrefix("reachable: yes, 1 peer dialed")
            }
            let summary = await relay.service.summary
            #expect(isKnown, "\(summary)")
            let isRelayed = try await self.eventually { node.circuit != nil }
            #expect(isRelayed)
            #expect(await node.service.summary.contains("relay"))
        }
    }

    @Test
    func `two nodes that nobody can dial talk through a relay, within its limit`() async throws {
        let relay = try await Node(seed: 1, listens: true)
        let a = try await Node(seed: 2, listens: false)
        let b = try await Node(seed: 3, listens: false)
        try await self.withNodes([relay, a, b]) {
            try await self.connect(a, to: relay)
            #expect(try await self.eventually { a.circuit != nil })
            let circuit = try #require(a.circuit)
            try await b.network.dial(circuit)
            let answer = try await self.ask(b, a, size: 1000)
            #expect(answer == 1000)
            #expect(b.isRelayed(to: a.peer) == true)
            // 128 KiB in each direction, and no more.
            await #expect(throws: (any Error).self) { _ = try await self.ask(b, a, size: 300_000) }
            #expect(try await self.eventually { b.isRelayed(to: a.peer) == nil })
            // The session with the relay has not suffered.
            let direct = try await self.ask(b, relay, size: 300_000)
            #expect(direct == 300_000)
        }
    }

    @Test
    func `a node that was reached through a relay dials back where it can`() async throws {
        let relay = try await Node(seed: 1, listens: true)
        let a = try await Node(seed: 2, listens: false)
        let b = try await Node(seed: 3, listens: true)
        try await self.withNodes([relay, a, b]) {
            try await self.connect(a, to: relay)
            #expect(try await self.eventually { a.circuit != nil })
            try await b.network.dial(try #require(a.circuit))
            #expect(try await self.eventually { b.isRelayed(to: a.peer) == false && a.isRelayed(to: b.peer) == false })
            let answer = try await self.ask(b, a, size: 300_000)
            #expect(answer == 300_000)
        }
    }

    @Test
    func `a relay refuses what has no reservation, and strangers are no relay`() async throws {
        let relay = try await Node(seed: 1, listens: true)
        let other = try await Node(seed: 2, listens: false)
        let b = try await Node(seed: 3, listens: false)
        try await self.withNodes([relay, other, b]) {
            try await self.connect(b, to: relay)
            #expect(try await self.eventually { b.circuit != nil })
            let relayAddress = try #require(relay.network.listenAddresses.first?.withPeer(relay.peer))
            let nobody = try #require(Multiaddr(relayAddress.components + [.p2pCircuit, .p2p(other.peer)]))
            await #expect(throws: NetworkError.self) { try await b.network.dial(nobody) }
        }
    }

    @Test
    func `those whom nobody can dial find each other through the relay that both know`() async throws {
        let relay = try await Node(seed: 1, listens: true)
        let a = try await Node(seed: 2, listens: false)
        let b = try await Node(seed: 3, listens: false)
        try await self.withNodes([relay, a, b]) {
            for node in [relay, a, b] { await node.overlay.start() }
            let exchanges = [relay, a, b].map { node in Task { await node.exchange.keepExchanging() } }
            defer { for exchange in exchanges { exchange.cancel() } }
            for node in [a, b] { try await self.connect(node, to: relay) }
            #expect(try await self.eventually { a.isRelayed(to: b.peer) == true && b.isRelayed(to: a.peer) == true })
        }
    }

    @Test
    func `nobody has this node dial into a private network, unless its operator said that it may`() throws {
        for isAllowed in [false, true] {
            var settings = NetworkSettings()
            settings.reachability.countsPrivateAddresses = isAllowed
            let network = PeerNetwork(
                identity: try IdentityKey(seed: [UInt8](repeating: 1, count: 32)),
                listenHost: "0.0.0.0",
                listenPort: 0,
                settings: settings
            )
            func mayPunch(_ text: String) throws -> Bool { network.mayPunch(try Multiaddr(parsing: text)) }
            for host in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1"] {
                #expect(try mayPunch("/ip4/\(host)/tcp/80") == isAllowed, "\(host)")
            }
            #expect(try mayPunch("/ip6/fc00::1/tcp/80") == isAllowed)
            #expect(try mayPunch("/ip4/8.8.8.8/tcp/80"))
            #expect(try !mayPunch("/ip4/127.0.0.1/tcp/80"))
        }
    }

    private func ask(_ from: Node, _ to: Node, size: Int) async throws -> Int {
        try await from.network.request(
            to.peer,
            protocol: Self.echo,
            body: [UInt8](repeating: 7, count: size),
            responseLimit: 1 << 20,
            timeout: .seconds(20)
        ).count
    }
}
