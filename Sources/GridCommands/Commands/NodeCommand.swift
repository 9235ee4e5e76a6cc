import ArgumentParser
import GridCore
import GridNode
import Logging

/// `tessera node`.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Lend this machine to the grid until stopped.",
        discussion: """
            tessera node
            tessera node --peer 192.0.2.7:7877 --threads 4
            tessera node --listen 127.0.0.1:7877     keep to this machine

            Nodes find each other: on one network by multicast, on the Internet through BitTorrent's DHT, under the \
            grid's name. The first start makes the node's key. The render threads yield to \
            everything else on the machine (nice 10). Scenes are data; no foreign code is run. Stop with Ctrl-C: what is \
            being rendered is finished first; a second Ctrl-C stops at once.
            """
    )

    @OptionGroup var data: DataOptions
    @OptionGroup var threads: ThreadOptions

    @Option(
        help: ArgumentHelp(
            "The address and TCP port to listen on; port 0 takes any free one.",
            discussion: "With 127.0.0.1 nothing leaves this machine.",
            valueName: "host:port"
        )
    )
    var listen = HostPort(host: "0.0.0.0", port: NodeConfiguration.defaultPort)

    @Option(
        name: .customLong("peer"),
        help: ArgumentHelp("A peer to stay connected with; may be repeated.", valueName: "address")
    )
    var peers: [String] = []

    @Option(help: ArgumentHelp("The grid's name; nodes of other grids are strangers.", valueName: "name"))
    var grid = NodeConfiguration.defaultGrid

    @Option(
        help: ArgumentHelp("The dashboard's port on 127.0.0.1, or 'off'; 0 takes any free one.", valueName: "port")
    )
    var dashboard = DashboardPort.on(NodeConfiguration.defaultDashboardPort)

    @Option(help: ArgumentHelp("The most gigabytes of scene chunks on disk.", valueName: "GB"))
    var quota = Double(NodeConfiguration.defaultChunkQuota) / Double(1 << 30)

    @Option(
        help: ArgumentHelp(
            "The most gigabytes of memory for scenes; shots that need more are left to others.",
            discussion: "Without it: half of the machine's memory.",
            valueName: "GB"
        )
    )
    var memory: Double?

    @Option(
        name: .customLong("upload"),
        help: ArgumentHelp("The most megabytes a second that are sent to all peers together.", valueName: "MB/s")
    )
    var upload: Double?

    @Option(
        name: .customLong("download"),
        help: ArgumentHelp("The most megabytes a second that are received from all peers together.", valueName: "MB/s")
    )
    var download: Double?

    @Option(
        help: ArgumentHelp(
            "What a kilowatt-hour costs here, by local time: 0.30, or 0.30,22:00-06:00=0.18.",
            discussion:
                "With --watts: a shot that has time until its deadline is left to nodes and hours with cheaper energy.",
            valueName: "price"
        )
    )
    var energyPrice: String?

    @Option(help: ArgumentHelp("What this machine draws while it renders, in watts.", valueName: "watts"))
    var watts: Double?

    @Flag(name: .customLong("no-lan"), help: "Do not look for peers on the local network.")
    var noLAN = false

    @Option(
        name: .customLong("swarm-key"),
        help: ArgumentHelp(
            "The key file of a private grid: who lacks it cannot say a word to this node.",
            discussion:
                "Without it: swarm.key in the node's directory, if there is one. Make one: tessera keys grid FILE",
            valueName: "file"
        )
    )
    var swarmKey: String?

    @Flag(name: .customLong("no-port-mapping"), help: "Do not ask the router to forward the port (UPnP, PCP, NAT-PMP).")
    var noPortMapping = false

    @Flag(name: .customLong("no-dht"), help: "Do not look for peers through the Mainline DHT.")
    var noDHT = false

    @Option(
        name: .customLong("bootstrap"),
        help: ArgumentHelp(
            "A node of the DHT to begin with, instead of the well-known ones; may be repeated.",
            valueName: "host:port"
        )
    )
    var bootstrapHosts: [HostPort] = []

    @Flag(name: .customLong("no-render"), help: "Take in jobs and hand them out, but render nothing.")
    var noRender = false

    @Flag(name: [.short, .long], help: "Log more.")
    var verbose = false

    @Flag(name: .customLong("stop-with-stdin"), help: .hidden)
    var stopWithStdin = false

    func validate() throws {
        try GridName.check(self.grid)
        for peer in self.peers {
            if let problem = PeerAddressText.problem(peer) { throw ValidationError("--peer: \(problem)") }
        }
        guard self.bootstrapHosts.allSatisfy({ $0.port > 0 }) else {
            throw ValidationError("--bootstrap needs a port above 0")
        }
        let least = Double(NodeConfiguration.bandwidthMin) / 1e6
        for (name, cap) in [("--upload", self.upload), ("--download", self.download)] {
            guard cap.map({ $0.isFinite && (least ... 100_000).contains($0) }) ?? true else {
                throw ValidationError("\(name) must be \(least) to 100000 megabytes a second, got \(cap ?? 0)")
            }
        }
        if let memory = self.memory, !(0.1 ... 100_000).contains(memory) {
            throw ValidationError("--memory must be 0.1 to 100000 gigabytes, got \(memory)")
        }
        guard (self.energyPrice == nil) == (self.watts == nil) else {
            throw ValidationError("--energy-price and --watts go together: a cost needs both")
        }
        if let price = self.energyPrice, let watts = self.watts, EnergyTariff(prices: price, watts: watts) == nil {
            throw ValidationError(
                "--energy-price must be like 0.30 or 0.30,22:00-06:00=0.18, and --watts a number, both 0.000001 to 1000000"
            )
        }
        guard self.quota.isFinite, (0.1 ... 1_000_000).contains(self.quota) else {
            throw ValidationError("--quota must be 0.1 to 1000000 gigabytes, got \(self.quota)")
        }
    }

    func run() async throws {
        let configuration = NodeConfiguration(
            dataDirectory: try self.data.path(),
            listenHost: self.listen.host,
            listenPort: self.listen.port,
            peers: self.peers,
            grid: self.grid,
            threads: self.threads.count,
            dashboardPort: self.dashboard.port,
            usesLAN: !self.noLAN,
            swarmKeyPath: self.swarmKey,
            mapsPort: !self.noPortMapping,
            usesDHT: !self.noDHT,
            bootstrapHosts: self.bootstrapHosts.map(\.defaultValueDescription),
            isWorker: !self.noRender,
            chunkQuota: UInt64(self.quota * Double(1 << 30)),
            memoryMax: self.memory.map { UInt64($0 * Double(1 << 30)) } ?? Machine.memory / 2,
            uploadMax: self.upload.map { Int($0 * 1e6) },
            downloadMax: self.download.map { Int($0 * 1e6) },
            energy: self.energyPrice.flatMap { EnergyTariff(prices: $0, watts: self.watts ?? 0) }
        )
        let logger = CommandLog.logger("tessera", level: self.verbose ? .debug : .info)
        let stopWithStdin = self.stopWithStdin
        try await Interruption.cancellable(handlesSignals: true) {
            let node = NodeService(configuration: configuration, logger: logger)
            guard stopWithStdin else {
                try await node.run()
                return
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await node.run() }
                group.addTask { await EndOfInput.wait() }
                try await group.next()
                group.cancelAll()
                while let _ = await group.nextResult() {}
            }
        }
    }
}

/// A port, or none.
enum DashboardPort: ExpressibleByArgument, Hashable, Sendable {
    case on(Int)
    case off

    init?(argument: String) {
        if argument == "off" {
            self = .off
        } else if let port = Int(argument), (0 ... 65_535).contains(port) {
            self = .on(port)
        } else {
            return nil
        }
    }

    var port: Int? {
        switch self {
        case .on(let port): port
        case .off: nil
        }
    }

    var defaultValueDescription: String {
        self.port.map { "\($0)" } ?? "off"
    }
}
