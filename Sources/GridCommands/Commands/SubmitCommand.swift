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
            tessera submit --shots shots.csv -o film/ --to 192.0.2.7:7877

            Frames are written as they become final: each tile was rendered by two nodes, and their results agree. \
            When this program is stopped the grid goes on; 'tessera fetch' brings the rest. Without -o the job's name is \
            printed and nothing is waited for. What --layers and --denoise need is rendered and verified with the light, so \
            it is said here, also for those who fetch later.

            A list of shots is a CSV file (RFC 4180) whose first line names the columns:

              shot,file,frames,camera,size,samples,priority,deadline
              sc010_0010,reef.glb,1-48,wide,1920x1080,256,2,8h
              sc010_0020,reef.glb,1-96,close,1920x1080,512,,

            There are also scene, variant, env, fps, seed and output (a pattern such as beauty.####.exr). Shot and file \
            are needed; what a field leaves open is taken from the options. Files lie beside the list. Each shot gets a \
            directory of its name in that of -o, and what shots have in common is stored and sent once. A list with a \
            mistake submits nothing.
            """
    )

    @Argument(help: ArgumentHelp("The scene: a glTF 2.0 file (.glb or .gltf).", valueName: "scene"))
    var file: String?

    @Option(help: ArgumentHelp("A list of shots to submit instead of one scene.", valueName: "file.csv"))
    var shots: String?

    @OptionGroup var shot: ShotOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var video: VideoOptions
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
        switch (self.file, self.shots) {
        case (nil, nil): throw ValidationError("say what to render: a glTF file, or --shots with a list of shots")
        case (_?, _?): throw ValidationError("a scene and --shots both say what to render: give one of them")
        default: break
        }
        guard self.video.video == nil || self.shots == nil else {
            throw ValidationError(
                "--video is for one shot: make those of a list with 'tessera video' from its directories"
            )
        }
        guard self.video.video == nil || self.output.output != nil else {
            throw ValidationError("--video needs the frames: say where to write them, such as -o out/")
        }
        let path = (self.output.output ?? "").lowercased()
        guard self.shots == nil || !(path.hasSuffix(".png") || path.hasSuffix(".exr")) else {
            throw ValidationError(
                "--shots needs a directory after -o; the column \"output\" of the list names the files in it"
            )
        }
        if let title = self.title, !(1 ... 128).contains(title.utf8.count) {
            throw ValidationError("--title must have 1 to 128 bytes, got \(title.utf8.count)")
        }
    }

    func run() async throws {
        if let path = self.shots {
            // Before anybody is asked: a list with a mistake goes nowhere.
            let list = try ShotList.read(path)
            let address = try await self.peer.resolved(self.data)
            try await ShotListSubmission(
                list: list,
                shot: self.shot,
                output: self.output,
                order: self.order,
                title: self.title
            ).run(
                address: address,
                grid: self.peer.grid,
                dataDirectory: try self.data.submitterPath(),
                fetchHint: self.fetchArguments(address, output: self.output.output.map { $0 + "/SHOT" }),
                json: self.json,
                quiet: self.quiet
            )
        } else if let file = self.file {
            try await self.submit(file)
        }
    }

    private func submit(_ file: String) async throws {
        let command = self
        let video = try self.video.prepared(framesPerSecond: self.shot.fps)
        let view = GridProgressView(isQuiet: self.quiet, printsPaths: !self.json)
        let address = try await self.peer.resolved(self.data)
        var shot = self.shot.request(file)
        shot.layers = self.output.carried
        let request = SubmitRequest(
            shot: shot,
            address: address,
            grid: self.peer.grid,
            dataDirectory: try self.data.submitterPath(),
            title: self.title ?? String((file.split(separator: "/").last ?? "shot").prefix(64)),
            output: self.output.request,
            order: self.order.wish
        )
        do {
            try await Interruption.cancellable {
                defer { view.finish() }
                let logger = CommandLog.logger("tessera", level: .error)
                let summary = try await GridClient.submit(request, logger: logger) { view.show($0) }
                view.finish()
                if let output = request.output {
                    try await video?.make(
                        of: summary.frames,
                        in: output,
                        isQuiet: command.quiet,
                        printsPath: !command.json
                    )
                }
                try command.report(summary)
            }
        } catch {
            guard let job = view.job else { throw error }
            let report = ErrorReport(error)
            throw NodeError(
                .cancelled,
                error is CancellationError ? "stopped; the grid goes on with the job" : report.message,
                hint:
                    "the rest comes with: tessera fetch \(job) \(self.fetchArguments(address, output: self.output.output))"
            )
        }
    }

    /// What `tessera fetch` needs to know beside the job.
    private func fetchArguments(_ address: String, output: String?) -> String {
        var text = output.map { "-o \($0) " } ?? ""
        if let directory = self.data.directory { text += "--data \(directory) " }
        if self.peer.grid != NodeConfiguration.defaultGrid { text += "--grid \(self.peer.grid) " }
        return text + "--to \(address)"
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
