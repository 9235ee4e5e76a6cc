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
            """,
        subcommands: [List.self, Write.self],
        defaultSubcommand: List.self
    )

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
            abstract: "Write an example shot as a .glb file, the same bytes on every machine."
        )

        @Argument(help: ArgumentHelp("The example's name.", valueName: "name"))
        var name = "leviathan"

        @Option(
            name: [.short, .customLong("output")],
            help: ArgumentHelp("The file; without it NAME.glb.", valueName: "file")
        )
        var output: String?

        func validate() throws {
            guard ExampleFile.all.contains(where: { $0.name == self.name }) else {
                let names = ExampleFile.all.map(\.name).joined(separator: ", ")
                throw ValidationError("there is no example \"\(self.name)\"; there are: \(names)")
            }
        }

        func run() async throws {
            let path = self.output ?? "\(self.name).glb"
            try ExampleFile.write(self.name, to: path)
            Terminal.data(path)
        }
    }
}
