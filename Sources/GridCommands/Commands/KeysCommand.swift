import ArgumentParser
import GridNode

/// `tessera keys`.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Show who this machine is in the grid.",
        discussion: """
            tessera keys show

            A node is its Ed25519 key. The secret half never leaves the data directory; what is shown is the public name.
            """,
        subcommands: [Show.self],
        defaultSubcommand: Show.self
    )

    /// `tessera keys show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the peer ids of this machine's node and of its submitted jobs."
        )

        @OptionGroup var data: DataOptions

        @Flag(help: "Print JSON.")
        var json = false

        private struct Report: Encodable {
            var node: String?
            var submitter: String?
        }

        func run() async throws {
            let path = try self.data.path()
            let report = Report(
                node: try NodeKey.peerID(in: path),
                submitter: try NodeKey.peerID(in: try self.data.submitterPath())
            )
            guard !self.json else {
                Terminal.data(try JSONText.encode(report))
                return
            }
            guard report.node != nil || report.submitter != nil else {
                throw NodeError(
                    .storage,
                    "there is no key in \(path) yet",
                    hint: "the first start of a node makes it: tessera node"
                )
            }
            if let node = report.node { Terminal.data("node       \(node)") }
            if let submitter = report.submitter { Terminal.data("submitter  \(submitter)") }
        }
    }
}
