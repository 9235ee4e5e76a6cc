import ArgumentParser
import GridCore
import GridNode

/// `tessera jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List the jobs of the node on this machine.",
        discussion: """
            tessera jobs
            tessera jobs --json
            """
    )

    @OptionGroup var data: DataOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let node = try await ControlClient(dataDirectory: try self.data.path()).snapshot()
        guard !self.json else {
            Terminal.data(try JSONText.encode(node.jobs))
            return
        }
        for line in Self.table(node.jobs).lines { Terminal.data(line) }
        if node.jobs.isEmpty { Terminal.note("no jobs; hand this node one with: tessera submit shot.glb -o out/") }
    }

    static func table(_ jobs: [JobSnapshot]) -> TextTable {
        var table = TextTable([
            ("JOB", .left), ("TITLE", .left), ("PHASE", .left), ("ROLE", .left), ("FRAMES", .right),
            ("VERIFIED", .right), ("NODES", .right), ("SHARE", .right), ("LEFT", .right), ("WAITING FOR", .left),
        ])
        for job in jobs {
            table.add([
                String(job.id.prefix(8)), String(job.title.prefix(32)), job.phase, job.role.rawValue,
                "\(job.finalFrames.count)/\(job.frameCount)",
                Quantity.percent(job.unitsVerified, of: job.unitsTotal),
                "\(job.workers.filter(\.isActive).count)",
                job.share.map { "\(Quantity.fixed($0 * 100, 0)) %" } ?? "-",
                job.secondsLeft.map { ProgressLine.clock($0) } ?? "-",
                job.waitingFor,
            ])
        }
        return table
    }
}
