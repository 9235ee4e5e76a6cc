import ArgumentParser
import GridCore
import GridNode

/// The node that a command belongs to.
struct DataOptions: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp(
            "The node's directory: key, records, scene chunks.",
            discussion: "Without it: $XDG_DATA_HOME/tessera, or ~/.local/share/tessera.",
            valueName: "directory"
        )
    )
    var directory: String?

    /// The directory, without a slash at its end.
    func path() throws -> String {
        if let directory = self.directory {
            var path = directory
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            return path
        }
        if let base = Terminal.variable("XDG_DATA_HOME"), base.hasPrefix("/") { return base + "/tessera" }
        guard let home = Terminal.variable("HOME"), home.hasPrefix("/") else {
            throw NodeError(
                .storage,
                "there is no home directory for the node's files",
                hint: "say where they are: --data DIRECTORY"
            )
        }
        return home + "/.local/share/tessera"
    }

    /// Where the key of submitted jobs lies: it is not the node's, since a node makes no session with itself.
    func submitterPath() throws -> String {
        try self.path() + "/submitter"
    }

    func validate() throws {
        guard self.directory?.isEmpty != true else {
            throw ValidationError("--data needs a directory")
        }
    }
}

/// The grid and the peer that a shot is handed to.
struct PeerOptions: ParsableArguments {
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp(
            "The peer: host:port, or a multiaddr such as /ip4/192.0.2.7/tcp/7877.",
            discussion: "Without it: the node that runs on this machine.",
            valueName: "address"
        )
    )
    var address: String?

    @Option(help: ArgumentHelp("The grid's name.", valueName: "name"))
    var grid = NodeConfiguration.defaultGrid

    func validate() throws {
        try GridName.check(self.grid)
        if let address = self.address, let problem = PeerAddressText.problem(address) {
            throw ValidationError("--to: \(problem)")
        }
    }

    /// The peer's address: the one given, or that of the node on this machine.
    func resolved(_ data: DataOptions) async throws -> String {
        if let address = self.address { return address }
        let path = try data.path()
        let node: GridSnapshot
        do {
            node = try await ControlClient(dataDirectory: path).snapshot()
        } catch {
            throw NodeError(
                .invalidInput,
                "no node runs on this machine with the data directory \(path)",
                hint: "say whom to ask: --to HOST:PORT, or start a node here: tessera node"
            )
        }
        guard let address = node.node.listenAddresses.first else {
            throw NodeError(
                .invalidInput,
                "the node on this machine listens nowhere",
                hint: "say whom to ask: --to HOST:PORT"
            )
        }
        return address
    }
}

/// The rules for the name of a grid.
enum GridName {
    static func check(_ name: String) throws {
        guard (1 ... 64).contains(name.utf8.count) else {
            throw ValidationError("--grid must have 1 to 64 bytes, got \(name.utf8.count)")
        }
    }
}

/// The rules for the address of a peer.
enum PeerAddressText {
    /// What is wrong with the text, or nil.
    static func problem(_ text: String) -> String? {
        do {
            _ = try PeerAddress.parse(text)
            return nil
        } catch {
            return error.message
        }
    }
}

/// How many threads render.
struct ThreadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Render threads, 1 to 1024; without it one for each processor.", valueName: "count"))
    var threads: Int?

    func validate() throws {
        if let threads = self.threads, !(1 ... 1_024).contains(threads) {
            throw ValidationError("--threads must be 1 to 1024, got \(threads)")
        }
    }

    var count: Int {
        self.threads ?? Machine.processorCount
    }
}
