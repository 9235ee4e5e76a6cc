import ArgumentParser
import GridCore
import GridNode
import Logging

/// `tessera watch`.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow a job until it is complete.",
        discussion: """
            tessera watch                        the newest job of the node on this machine
            tessera watch 5f1c                   by the beginning of its name
            tessera watch 5f1c... --to 192.0.2.7:7877
            """
    )

    @Argument(help: ArgumentHelp("The job's name.", valueName: "job"))
    var job: String?

    @OptionGroup var peer: PeerOptions
    @OptionGroup var data: DataOptions

    @Flag(help: "Print a summary as JSON at the end.")
    var json = false

    func validate() throws {
        if let job = self.job { try JobName.check(job) }
    }

    func run() async throws {
        let name: String
        if let job = self.job {
            name = try await JobName.complete(job, data: self.data)
        } else {
            let node = try await ControlClient(dataDirectory: try self.data.path()).snapshot()
            guard let job = node.jobs.first else {
                throw NodeError(
                    .invalidInput,
                    "the node on this machine knows no job",
                    hint: "hand it one: tessera submit shot.glb -o out/"
                )
            }
            name = job.id
        }
        let request = FetchRequest(
            job: name,
            address: try await self.peer.resolved(self.data),
            grid: self.peer.grid,
            dataDirectory: try self.data.submitterPath(),
            output: nil
        )
        let view = GridProgressView(isQuiet: false, printsPaths: false)
        let json = self.json
        try await Interruption.cancellable {
            defer { view.finish() }
            let logger = CommandLog.logger("tessera", level: .error)
            let summary = try await GridClient.fetch(request, logger: logger) { view.show($0) }
            view.finish()
            if json { Terminal.data(try JSONText.encode(summary)) }
            Terminal.note("job \(summary.job) is complete")
        }
    }
}
