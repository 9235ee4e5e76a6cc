public import ArgumentParser
public import GridNode

/// `tessera render`.
struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Render a shot on this machine.",
        discussion: """
            tessera render shot.glb -o out.png
            tessera render shot.glb --frames 1-48 --size 1280x720 --spp 256 -o frames/
            tessera render shot.glb --env sky.hdr -o out.exr
            tessera render shot.glb --fps 24 -o frames/ --video shot.mp4

            Without --filter and --noise, the pictures are the same, bit by bit, as those that a grid delivers. The paths \
            of the files are printed as they are written.
            """
    )

    @Argument(help: ArgumentHelp("The scene: a glTF 2.0 file (.glb or .gltf).", valueName: "scene"))
    var file: String

    @OptionGroup var shot: ShotOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var video: VideoOptions
    @OptionGroup var threads: ThreadOptions

    @Option(
        help: ArgumentHelp(
            "How samples are spread over a pixel: box, or blackman-harris as grids render.",
            valueName: "filter"
        )
    )
    var filter = LocalRender.Filter.blackmanHarris

    @Option(
        help: ArgumentHelp(
            "Give a pixel no more samples once its standard error is this share of its light: 0.001 to 1.",
            discussion: "Looked at every 64 samples; --spp are then the most that a pixel gets.",
            valueName: "share"
        )
    )
    var noise: Float?

    @Option(
        help: ArgumentHelp(
            "The most gigabytes of memory for a scene, beside its data on disk.",
            discussion: "Without it: the machine's memory.",
            valueName: "GB"
        )
    )
    var memory: Double?

    @Flag(help: "Print a summary as JSON instead of the paths.")
    var json = false

    @Flag(name: [.short, .long], help: "No progress and no notes.")
    var quiet = false

    func validate() throws {
        guard self.output.output != nil else {
            throw ValidationError("say where to write, such as -o out.png")
        }
        if let noise = self.noise, !(0.001 ... 1).contains(noise) {
            throw ValidationError("--noise must be 0.001 to 1, got \(noise)")
        }
        if let memory = self.memory, !(0.1 ... 100_000).contains(memory) {
            throw ValidationError("--memory must be 0.1 to 100000 gigabytes, got \(memory)")
        }
    }

    func run() async throws {
        guard let output = self.output.request else { return }
        let (wanted, video) = (output, try self.video.prepared(framesPerSecond: self.shot.fps))
        let render = LocalRender(
            shot: self.shot.request(self.file),
            output: output,
            filter: self.filter,
            noiseTarget: self.noise ?? 0,
            threads: self.threads.count,
            memoryMax: self.memory.map { UInt64($0 * Double(1 << 30)) } ?? Machine.memory
        )
        let line = ProgressLine(unit: "blocks", isQuiet: self.quiet)
        let (printsPaths, isQuiet, json) = (!self.json, self.quiet, self.json)
        try await Interruption.cancellable {
            defer { line.finish() }
            let summary = try await render.run { progress in
                switch progress {
                case .note(let note): if !isQuiet { line.note("note: \(note)") }
                case .blocks(let done, let total): line.update(done: done, total: total)
                case .frameWritten(_, let files): if printsPaths { line.data(files) }
                }
            }
            line.finish()
            try await video?.make(of: summary.frames, in: wanted, isQuiet: isQuiet, printsPath: printsPaths)
            if json { Terminal.data(try JSONText.encode(summary)) }
            guard !isQuiet else { return }
            let rate = summary.renderCoreSeconds > 0 ? Double(summary.rays) / summary.renderCoreSeconds : 0
            Terminal.note(
                "\(summary.frames.count) frame\(summary.frames.count == 1 ? "" : "s") in "
                    + "\(ProgressLine.clock(summary.seconds)), \(Quantity.count(UInt64(rate))) rays a second and core"
            )
            if summary.zeroedSamples > 0 {
                Terminal.note("note: \(summary.zeroedSamples) samples were no numbers and count as black")
            }
        }
    }
}

extension LocalRender.Filter: ExpressibleByArgument {}
