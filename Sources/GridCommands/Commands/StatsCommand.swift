import ArgumentParser
import GridCore
import GridNode

/// `tessera stats`.
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "What the node on this machine did since it started.",
        discussion: """
            tessera stats
            tessera stats --json
            """
    )

    @OptionGroup var data: DataOptions

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        var node: NodeSnapshot
        var stats: StatsSnapshot
    }

    func run() async throws {
        let view = try await ControlClient(dataDirectory: try self.data.path()).snapshot()
        guard !self.json else {
            Terminal.data(try JSONText.encode(Report(node: view.node, stats: view.stats)))
            return
        }
        for line in Self.table(view).lines.dropFirst() { Terminal.data(line) }
    }

    static func table(_ view: GridSnapshot) -> TextTable {
        let (node, stats) = (view.node, view.stats)
        var table = TextTable([("", .left), ("", .left)])
        table.add(["node", node.peerID])
        table.add(["grid", node.grid])
        table.add(["listens on", node.listenAddresses.joined(separator: " ")])
        table.add(["running for", ProgressLine.clock(node.uptimeSeconds)])
        table.add(["threads", "\(node.threads)"])
        table.add(["state", node.isPaused ? "paused" : node.idleReason.isEmpty ? "rendering" : node.idleReason])
        table.add(["peers", "\(view.peers.count)"])
        table.add(["units rendered", "\(stats.unitsRendered)"])
        table.add(["blocks rendered", "\(stats.blocksRendered)"])
        table.add(["work", Quantity.count(stats.workCount) + " rays"])
        table.add(["render time", ProgressLine.clock(stats.cpuSeconds) + " of one core"])
        table.add(["units verified here", "\(stats.unitsVerified)"])
        table.add(["workers proved wrong", "\(stats.mismatches)"])
        table.add(["received", Quantity.bytes(stats.bytesIn)])
        table.add(["sent", Quantity.bytes(stats.bytesOut)])
        table.add(["scene chunks on disk", Quantity.bytes(stats.chunkBytes)])
        table.add(["core version", node.coreVersion])
        return table
    }
}
