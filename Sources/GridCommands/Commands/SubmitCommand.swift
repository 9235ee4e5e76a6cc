import ArgumentParser
import GridNode
import Logging

/// `tessera submit`.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Hand a shot to the grid and receive its frames.",
        discussion: """
            tessera submit shot.glb --frames 1-8 -o out/ --to 192.0.2.7:7877
            tessera submit shot.glb --size 1920x1080 --spp 512 -o out/
            tessera submit shot.glb --deadline 8h --priority 2

            Frames are written as they become final: each tile was rendered by two nodes, and their results agree. \
            When this program is stopped the grid goes on; 'tessera fetch' brings the rest. Without -o the job's name is \
            printed and nothing is waited for.
            """
    )

    @OptionGroup var shot: ShotOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var peer: PeerOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var order: OrderOptions

    @Option(help: ArgumentHelp("A name for people; without it the file's.", valueName: "text"))
    var title: String?

    @Flag(help: "Print a summary as JSON instead of the paths.")
    var json = false

    @Flag(name: [.short, .long], help: "No progress and no notes.")
    var quiet = false

    func validate() throws {
        if let title = self.title, !(1 ... 128).contains(title.utf8.count) {
            throw ValidationError("--title must have 1 to 128 bytes, got \(title.utf8.count)")
        }
    }

    func run() async throws {
        let command = self
        let view = GridProgressView(isQuiet: self.quiet, printsPaths: !self.json)
        let address = try await self.peer.resolved(self.data)
        let request = SubmitRequest(
            shot: self.shot.request,
            address: address,
            grid: self.peer.grid,
            dataDirectory: try self.data.submitterPath(),
            title: self.title ?? String((self.shot.file.split(separator: "/").last ?? "shot").prefix(64)),
            output: self.output.request,
            order: self.order.wish
        )
        do {
            try await Interruption.cancellable {
                defer { view.finish() }
                let logger = CommandLog.logger("tessera", level: .error)
                let summary = try await GridClient.submit(request, logger: logger) { view.show($0) }
                view.finish()
                try command.report(summary)
            }
        } catch {
            guard let job = view.job else { throw error }
            var rest = self.output.output.map { " -o \($0)" } ?? ""
            if let directory = self.data.directory { rest += " --data \(directory)" }
            if self.peer.grid != NodeConfiguration.defaultGrid { rest += " --grid \(self.peer.grid)" }
            let report = ErrorReport(error)
            throw NodeError(
                .cancelled,
                error is CancellationError ? "stopped; the grid goes on with the job" : report.message,
                hint: "the rest comes with: tessera fetch \(job)\(rest) --to \(address)"
            )
        }
    }

    private func report(_ summary: JobSummary) throws {
        if self.json {
            Terminal.data(try JSONText.encode(summary))
        } else if self.output.output == nil {
            Terminal.data(summary.job)
        }
        guard !self.quiet, self.output.output != nil else { return }
        Terminal.note(
            "\(summary.frames.count) frame\(summary.frames.count == 1 ? "" : "s"), verified, in "
                + ProgressLine.clock(summary.seconds)
        )
    }
}
