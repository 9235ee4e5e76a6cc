import ArgumentParser
import GridCore
import GridNode

/// `tessera peers`.
struct PeersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "List the peers of the node on this machine.",
        discussion: """
            tessera peers
            tessera peers --json
            """
    )

    @OptionGroup var data: DataOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let node = try await ControlClient(dataDirectory: try self.data.path()).snapshot()
        guard !self.json else {
            Terminal.data(try JSONText.encode(node.peers))
            return
        }
        if let reachability = node.node.reachability { Terminal.note(reachability) }
        if let warning = node.node.clockWarning { Terminal.note("warning: \(warning)") }
        for line in Self.table(node.peers).lines { Terminal.data(line) }
        if let discovery = node.node.discovery { Terminal.note(Self.sentence(discovery)) }
        if node.peers.isEmpty { Terminal.note("no peers; name one with: tessera node --peer HOST:PORT") }
    }

    /// How discovery stands, in a sentence.
    static func sentence(_ discovery: DiscoverySnapshot) -> String {
        guard discovery.nodes > 0 else {
            return "DHT: no nodes yet; name one with: tessera node --bootstrap HOST:PORT"
        }
        let address =
            discovery.externalAddresses.isEmpty
            ? "" : ", this node is seen at \(discovery.externalAddresses.joined(separator: " and "))"
        let role = discovery.isReadOnly ? ", only asking (no address of the Internet of its own)" : ""
        return "DHT: \(discovery.nodes) nodes\(address)\(role)"
    }

    static func table(_ peers: [PeerSnapshot]) -> TextTable {
        var table = TextTable([
            ("PEER", .left), ("ADDRESS", .left), ("PROGRAM", .left), ("THREADS", .right), ("DIALED BY", .left),
            ("PATH", .left),
            ("FOR", .right), ("RTT", .right),
        ])
        for peer in peers {
            table.add([
                Quantity.peer(peer.peerID), peer.address, peer.agent, "\(peer.threads)",
                peer.direction == .outbound ? "us" : "them",
                peer.isRelayed ? "relay" : "direct",
                ProgressLine.clock(peer.connectedSeconds),
                peer.roundTripMilliseconds.map { "\(Quantity.fixed($0, 1)) ms" } ?? "-",
            ])
        }
        return table
    }
}
