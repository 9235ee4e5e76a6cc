import ChildProcesses
import Foundation
import GridNode
import GridWire
import PeerSession
import Testing

/// What keeps sessions, on the loopback interface.
@Suite(.serialized)
struct OverlayServiceTests {
    private struct Node {
        let network: PeerNetwork
        let exchange: PeerExchange
        let overlay: OverlayService

        init(seed: UInt8) async throws {
            let network = PeerNetwork(
                identity: try IdentityKey(seed: [UInt8](repeating: seed, count: 32)),
                listenHost: "127.0.0.1",
                listenPort: 0
            )
            let exchange = PeerExchange(network: network)
            let overlay = OverlayService(network: network, exchange: exchange)
            let sizeMax = TesseraProtocol.requestSizeMax
            network.handle(TesseraProtocol.peers, requestLimit: sizeMax(TesseraProtocol.peers) ?? 0) {
                await exchange.answer($1, from: $0)
            }
            network.handle(TesseraProtocol.overlay, requestLimit: sizeMax(TesseraProtocol.overlay) ?? 0) {
                await overlay.answer($1, from: $0)
            }
            try await network.start()
            (self.network, self.exchange, self.overlay) = (network, exchange, overlay)
        }

        var peer: PeerID { self.network.identity.peerID }

        func stop() async {
            await self.overlay.shutdown()
            await self.network.shutdown()
        }
    }

    /// Three nodes, of which the one in the middle has a session with each of the others, and their records.
    private func row(seed: UInt8) async throws -> [Node] {
        var nodes: [Node] = []
        for number: UInt8 in 0 ..< 3 { nodes.append(try await Node(seed: seed + number)) }
        for end in [0, 2] {
            try await nodes[1].network.dial(try #require(nodes[end].network.listenAddresses.first))
        }
        return nodes
    }

    @Test
    func `a peer that another names is asked for there, and dialed`() async throws {
        let nodes = try await self.row(seed: 81)
        await nodes[1].exchange.connected(to: nodes[2].peer)
        await nodes[0].overlay.seek([nodes[2].peer, nodes[0].peer], namedBy: nodes[1].peer)
        #expect(try await eventually { nodes[0].network.isConnected(to: nodes[2].peer) })
        for node in nodes { await node.stop() }
    }

    @Test
    func `those who hear of each other through a third have a session`() async throws {
        let nodes = try await self.row(seed: 85)
        for node in nodes { await node.overlay.start() }
        await nodes[1].exchange.connected(to: nodes[2].peer)
        await nodes[0].exchange.connected(to: nodes[1].peer)
        #expect(try await eventually { nodes[0].network.isConnected(to: nodes[2].peer) })
        for node in nodes { await node.stop() }
    }

    @Test
    func `questions are answered in a word, and rubbish ends its stream`() async throws {
        let nodes = try await self.row(seed: 89)
        func ask(_ body: [UInt8]) async throws -> [UInt8] {
            try await nodes[0].network.request(
                nodes[1].peer,
                protocol: TesseraProtocol.overlay,
                body: body,
                responseLimit: TesseraProtocol.peersSizeMax,
                timeout: .seconds(10)
            )
        }
        #expect(try await ask([1] + nodes[2].peer.publicKey) == [1])
        // Nobody is known by this name.
        #expect(try await ask([1] + [UInt8](repeating: 3, count: 32)) == [2])
        // Whoever has few sessions keeps them.
        #expect(try await ask([2]) == [0])
        for rubbish in [[], [9], [1], [1, 2, 3], [2, 0], [3]] as [[UInt8]] {
            await #expect(throws: NetworkError.self) { try await ask(rubbish) }
        }
        #expect(try await ask([2]) == [0])
        for node in nodes { await node.stop() }
    }

    @Test
    func `a process that stands still is forgotten, and there again when it goes on`() async throws {
        let grid = try await TestGrid(count: 3)
        for i in 0 ... 2 { try await grid.waitForPeers(2, ofNode: i) }
        let process = grid.nodes[2]
        process.send(SIGSTOP)
        defer { process.send(SIGCONT) }
        // By keep-alive pings alone it would take 90 seconds.
        var counts: [Int] = []
        for _ in 0 ..< 60 {
            counts = [await grid.peers(ofNode: 0).count, await grid.peers(ofNode: 1).count]
            if counts == [1, 1] { break }
            try await Task.sleep(for: .milliseconds(500))
        }
        #expect(counts == [1, 1])
        process.send(SIGCONT)
        try await grid.waitForPeers(2, ofNode: 0)
        try await grid.waitForPeers(2, ofNode: 1)
    }
}
