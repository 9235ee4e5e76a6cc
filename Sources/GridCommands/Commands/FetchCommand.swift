import ArgumentParser
import GridCore
import GridNode
import Logging

/// `tessera fetch`.
struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Bring the frames of a job that was submitted earlier.",
        discussion: """
            tessera fetch 5f1c... -o out/ --to 192.0.2.7:7877
            tessera fetch 5f1c... -o out/ --now
            tessera fetch 5f1c... -o out/ --video shot.mp4 --fps 24

            Without --layers, OpenEXR pictures hold all layers that the job's frames carry. \
            Frames whose files are there already are left as they are. A job that is known to the node on this machine \
            may be named by the beginning of its name.
            """
    )

    @Argument(help: ArgumentHelp("The job's name, as submit printed it.", valueName: "job"))
    var job: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var video: VideoOptions

    @Option(help: ArgumentHelp("Frames in a second of --video.", valueName: "rate"))
    var fps = 24.0

    @OptionGroup var peer: PeerOptions
    @OptionGroup var data: DataOptions

    @Flag(help: "Take what is final now; do not wait for the rest.")
    var now = false

    @Flag(help: "Print a summary as JSON instead of the paths.")
    var json = false

    @Flag(name: [.short, .long], help: "No progress and no notes.")
    var quiet = false

    func validate() throws {
        try JobName.check(self.job)
        guard self.output.output != nil else {
            throw ValidationError("say where to write, such as -o out/")
        }
        guard ShotOptions.rateRange.contains(self.fps) else {
            throw ValidationError("--fps must be 0.001 to 1000, got \(self.fps)")
        }
    }

    func run() async throws {
        let video = try self.video.prepared(framesPerSecond: self.fps)
        var output = self.output.request
        // What a film lacks is left out.
        if self.output.layers == nil { output?.layers = Set(FrameOutput.Layer.allCases).subtracting([.guides]) }
        let wanted = output
        let view = GridProgressView(isQuiet: self.quiet, printsPaths: !self.json)
        let request = FetchRequest(
            job: try await JobName.complete(self.job, data: self.data),
            address: try await self.peer.resolved(self.data),
            grid: self.peer.grid,
            dataDirectory: try self.data.submitterPath(),
            output: wanted,
            waits: !self.now
        )
        let (isQuiet, json) = (self.quiet, self.json)
        try await Interruption.cancellable {
            defer { view.finish() }
            let logger = CommandLog.logger("tessera", level: .error)
            let summary = try await GridClient.fetch(request, logger: logger) { view.show($0) }
            view.finish()
            if let wanted {
                try await video?.make(of: summary.frames, in: wanted, isQuiet: isQuiet, printsPath: !json)
            }
            if json { Terminal.data(try JSONText.encode(summary)) }
            if !isQuiet {
                Terminal.note(
                    "\(summary.frames.count) frame\(summary.frames.count == 1 ? "" : "s") there, "
                        + "\(summary.files.count) files written"
                )
            }
        }
    }
}

/// The name of a job as a person writes it: 64 hexadecimal digits, or the first few of them.
enum JobName {
    static func check(_ text: String) throws {
        guard (4 ... 64).contains(text.count), text.allSatisfy(\.isHexDigit) else {
            throw ValidationError(
                "\"\(text)\" is not the name of a job: 64 hexadecimal digits, or the first few (4 at least)"
            )
        }
    }

    /// The whole name, with the help of the node on this machine where digits are missing.
    static func complete(_ text: String, data: DataOptions) async throws -> String {
        guard text.count < 64 else { return text.lowercased() }
        let snapshot = try await ControlClient(dataDirectory: try data.path()).snapshot()
        let found = snapshot.jobs.filter { $0.id.hasPrefix(text.lowercased()) }
        guard let job = found.first else {
            throw NodeError(
                .invalidInput,
                "the node on this machine knows no job whose name begins with \(text)",
                hint: "tessera jobs lists those that it knows"
            )
        }
        guard found.count == 1 else {
            throw NodeError(.invalidInput, "\(found.count) jobs begin with \(text); write more of the name")
        }
        return job.id
    }
}
