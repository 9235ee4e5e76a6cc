import ArgumentParser
import GridNode

/// `tessera examples`.
struct ExamplesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "examples",
        abstract: "Shots that the program makes by itself.",
        discussion: """
            tessera examples list
            tessera examples write leviathan -o leviathan.glb
            tessera examples render lava -o pictures/
            tessera examples render --all --spp 256 -o pictures/
            """,
        subcommands: [List.self, Write.self, Render.self],
        defaultSubcommand: List.self
    )

    /// Refuses a name that no example has.
    static func check(_ name: String) throws {
        guard ExampleFile.all.contains(where: { $0.name == name }) else {
            let names = ExampleFile.all.map(\.name).joined(separator: ", ")
            throw ValidationError("there is no example \"\(name)\"; there are: \(names)")
        }
    }

    /// `tessera examples list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the example shots.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            guard !self.json else {
                Terminal.data(try JSONText.encode(ExampleFile.all))
                return
            }
            var table = TextTable([("NAME", .left), ("FRAMES", .right), ("WHAT", .left)])
            for example in ExampleFile.all { table.add([example.name, "\(example.frameCount)", example.summary]) }
            for line in table.lines { Terminal.data(line) }
        }
    }

    /// `tessera examples write`.
    struct Write: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write an example shot as a .glb file, the same bytes on every machine.",
            discussion: "tessera examples write dragon-scales -o scales.glb"
        )

        @Argument(help: ArgumentHelp("The example's name.", valueName: "name"))
        var name = "leviathan"

        @Option(
            name: [.short, .customLong("output")],
            help: ArgumentHelp("The file; without it NAME.glb.", valueName: "file")
        )
        var output: String?

        func validate() throws { try ExamplesCommand.check(self.name) }

        func run() async throws {
            let path = self.output ?? "\(self.name).glb"
            try ExampleFile.write(self.name, to: path)
            Terminal.data(path)
        }
    }

    /// `tessera examples render`.
    struct Render: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Render the best frame of an example, or of all: NAME.glb and NAME.png in a directory.",
            discussion: """
                tessera examples render tornado
                tessera examples render --all --spp 256 -o pictures/
                """
        )

        @Argument(help: ArgumentHelp("The example's name.", valueName: "name"))
        var name = "leviathan"

        @Flag(help: "Render all examples.")
        var all = false

        @Option(help: ArgumentHelp("The picture's size in pixels.", valueName: "WxH"))
        var size = PictureSize(width: 640, height: 360)

        @Option(help: ArgumentHelp("Samples of a pixel, 1 to 65536; more is less noise.", valueName: "count"))
        var spp = 64

        @Option(
            name: [.short, .customLong("output")],
            help: ArgumentHelp("An existing directory.", valueName: "directory")
        )
        var output = "."

        @OptionGroup var threads: ThreadOptions

        func validate() throws {
            try ExamplesCommand.check(self.name)
            guard (1 ... 65_536).contains(self.spp) else {
                throw ValidationError("--spp must be 1 to 65536, got \(self.spp)")
            }
        }

        func run() async throws {
            for example in ExampleFile.all where self.all || example.name == self.name {
                let file = "\(self.output)/\(example.name).glb"
                try ExampleFile.write(example.name, to: file)
                let render = LocalRender(
                    shot: ShotRequest(
                        file: file,
                        frames: example.still ... example.still,
                        width: self.size.width,
                        height: self.size.height,
                        samples: self.spp
                    ),
                    output: FrameOutput(path: "\(self.output)/\(example.name).png", view: .filmic, exposure: 0),
                    threads: self.threads.count
                )
                let line = ProgressLine(unit: "blocks", isQuiet: false)
                try await Interruption.cancellable {
                    defer { line.finish() }
                    let summary = try await render.run { progress in
                        switch progress {
                        case .note(let note): line.note("note: \(note)")
                        case .blocks(let done, let total): line.update(done: done, total: total)
                        case .frameWritten(_, let files): line.data(files)
                        }
                    }
                    line.finish()
                    Terminal.note("\(example.name) in \(ProgressLine.clock(summary.seconds))")
                }
            }
        }
    }
}
