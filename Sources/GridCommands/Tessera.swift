public import ArgumentParser
import GridNode

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The `tessera` command.
///
/// Exit codes: 0 done, 1 failed, 64 the command line is wrong.
public struct Tessera: AsyncParsableCommand {
    /// What the parser needs to know.
    public static let configuration = CommandConfiguration(
        commandName: "tessera",
        abstract: "Renders shots on the machines of people who lend them to each other.",
        discussion: """
            tessera render shot.glb -o out.png                 on this machine alone
            tessera node                                       lend this machine
            tessera submit shot.glb --frames 1-8 -o out/ --to 192.0.2.7:7877

            Data goes to stdout, everything else to stderr.
            Exit codes: 0 done, 1 failed, 64 the command line is wrong.
            """,
        version: "tessera 0.1.0",
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(
                name: "Render",
                subcommands: [RenderCommand.self, SubmitCommand.self, FetchCommand.self, OrderCommand.self]
            ),
            CommandGroup(name: "Show frames", subcommands: [SheetCommand.self, VideoCommand.self]),
            CommandGroup(name: "Lend this machine", subcommands: [NodeCommand.self, KeysCommand.self]),
            CommandGroup(
                name: "Look",
                subcommands: [JobsCommand.self, WatchCommand.self, PeersCommand.self, StatsCommand.self]
            ),
            CommandGroup(
                name: "Try",
                subcommands: [DemoCommand.self, ExamplesCommand.self, GoldenCommand.self, SimulateCommand.self]
            ),
        ]
    )

    /// Creates the command; the parser does this.
    public init() {}

    /// Runs the command line of the process and ends the process.
    public static func runProcess() async -> Never {
        Glibc.exit(await Self.run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs a command line, without the program's name, and gives the exit code.
    package static func run(_ arguments: [String]) async -> CInt {
        do {
            var command = try Self.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return Self.report(error)
        }
    }

    /// What the parser says of a wrong command line, begun as all errors of this program are.
    private static func usageMessage(for error: any Error) -> String {
        let text = Self.fullMessage(for: error)
        let prefix = "Error: "
        guard text.hasPrefix(prefix) else { return text }
        return Terminal.styled("error:", .red) + " " + text.dropFirst(prefix.count)
    }

    private static func report(_ error: any Error) -> CInt {
        let code = Self.exitCode(for: error)
        if code == .success {
            // Help and version were asked for: they are the data.
            Terminal.data(Self.fullMessage(for: error))
            return 0
        }
        if code == .validationFailure {
            Terminal.note(Self.usageMessage(for: error))
            return code.rawValue
        }
        if let code = error as? ExitCode { return code.rawValue }
        for line in ErrorReport(error).lines { Terminal.note(line) }
        return 1
    }
}
