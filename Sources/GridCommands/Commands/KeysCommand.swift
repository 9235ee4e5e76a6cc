import ArgumentParser
import GridNode

/// `tessera keys`.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Show who this machine is in the grid.",
        discussion: """
            tessera keys show
            tessera keys backup KEYFILE
            tessera keys grid FILE             make the key of a private grid

            A node is its Ed25519 key. What is shown is the public name; the secret half lies in the data directory, and \
            leaves it only into the file that `backup` writes.
            """,
        subcommands: [Show.self, BackUp.self, Restore.self, Rotate.self, Grid.self],
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
            var swarmKey: String?
        }

        func run() async throws {
            let path = try self.data.path()
            let report = Report(
                node: try NodeKey.peerID(in: path),
                submitter: try NodeKey.submitterID(in: try self.data.submitterPath()),
                swarmKey: try SwarmKey.fingerprint(in: path)
            )
            guard !self.json else {
                Terminal.data(try JSONText.encode(report))
                return
            }
            guard report.node != nil || report.submitter != nil || report.swarmKey != nil else {
                throw NodeError(
                    .storage,
                    "there is no key in \(path) yet",
                    hint: "the first start of a node makes it: tessera node"
                )
            }
            if let node = report.node { Terminal.data("node       \(node)") }
            if let submitter = report.submitter { Terminal.data("submitter  \(submitter)") }
            if let key = report.swarmKey {
                Terminal.data("swarm key  \(key) (fingerprint; equal for all nodes of the grid)")
            }
        }
    }

    /// `tessera keys backup`.
    struct BackUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup",
            abstract: "Copy the node's secret key to a new file.",
            discussion: "Whoever has the file can be this node. Other libp2p programs read it too."
        )

        @OptionGroup var data: DataOptions

        @Argument(help: "The file to write; it must not exist.")
        var file: String

        func run() async throws {
            try NodeKey.backUp(from: try self.data.path(), to: self.file)
            Terminal.note("the node's key is in \(self.file); keep it where nobody else can read it")
        }
    }

    /// `tessera keys restore`.
    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a backed up key into a node's directory that has none."
        )

        @OptionGroup var data: DataOptions

        @Argument(help: "The file that `tessera keys backup` wrote.")
        var file: String

        func run() async throws {
            Terminal.data(try NodeKey.restore(self.file, to: try self.data.path()))
        }
    }

    /// `tessera keys rotate`.
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give the node a new key and put the old one aside.",
            discussion: """
                The grid knows the new key as a newcomer: credit and trust stay with the old one, and so do the jobs that it
                submitted.
                """
        )

        @OptionGroup var data: DataOptions

        func run() async throws {
            let (peer, old) = try await NodeKey.rotate(in: try self.data.path())
            Terminal.data(peer)
            Terminal.note("the old key is in \(old)")
        }
    }

    /// `tessera keys grid`.
    struct Grid: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the key of a new private grid.",
            discussion:
                "Give the file to every node, as swarm.key in its directory or with --swarm-key, and to nobody else."
        )

        @Argument(help: "The file to write; it must not exist.")
        var file: String

        func run() async throws {
            Terminal.data(try SwarmKey.create(at: self.file))
        }
    }
}
