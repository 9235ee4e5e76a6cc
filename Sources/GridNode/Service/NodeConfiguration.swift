public import GridCore
import PeerSession

/// How a node behaves; every field has a flag of `tessera node`.
public struct NodeConfiguration: Sendable {
    /// Where the node keeps its key, records and chunks; made on first start, readable by its owner only.
    public var dataDirectory: String
    /// The address to listen on: `127.0.0.1` keeps everything, multicast included, on the loopback interface.
    public var listenHost: String
    /// The TCP port to listen on; 0 takes any free one.
    public var listenPort: Int
    /// Addresses of peers to stay connected with, as multiaddrs or `host:port`.
    public var peers: [String]
    /// The grid's name; nodes of another grid part politely.
    public var grid: String
    /// The number of render threads, at least 1.
    public var threads: Int
    /// The dashboard's port on 127.0.0.1 (0 takes any free one), or nil for none.
    public var dashboardPort: Int?
    /// Whether to look for peers on the local network (mDNS).
    public var usesLAN: Bool
    /// The key file of a private grid; nil takes `swarm.key` in the data directory, if there is one.
    public var swarmKeyPath: String?
    /// Whether to ask the router to forward the port; never for a loopback node.
    public var mapsPort: Bool
    /// Whether to look for peers through the Mainline DHT.
    public var usesDHT: Bool
    /// Nodes of the DHT to begin with, as `host:port`; without any, and not on loopback, the well-known public ones.
    public var bootstrapHosts: [String]
    /// Whether this node lends its processor; a node that does not still takes in jobs and hands them out.
    public var isWorker: Bool
    /// The most bytes of scene chunks kept on disk.
    public var chunkQuota: UInt64
    /// The most bytes of memory that this node's program takes for scenes; jobs that say that they need more are left to
    /// others.
    public var memoryMax: UInt64
    /// The most bytes a second that are sent to all peers together; nil for as many as the network takes.
    public var uploadMax: Int?
    /// The most bytes a second that are received from all peers together; nil for as many as come.
    public var downloadMax: Int?
    /// What energy costs this node; nil when its owner did not say.
    public var energy: EnergyTariff?

    /// The name of the grid that a node joins when nothing else is said.
    public static let defaultGrid = "tessera"
    /// The port that a node listens on when nothing else is said.
    public static let defaultPort = 7877
    /// The least that bandwidth may be capped to, in bytes a second: with less, sessions could not show that they live.
    public static let bandwidthMin = BandwidthLimit.bytesPerSecondMin
    /// The dashboard's port when nothing else is said.
    public static let defaultDashboardPort = 7878
    /// The most bytes of memory when nothing else is said.
    public static let defaultMemory: UInt64 = 4 << 30
    /// The most bytes of chunks on disk when nothing else is said.
    public static let defaultChunkQuota: UInt64 = 20 << 30

    /// Creates a configuration with the defaults of `tessera node`.
    public init(
        dataDirectory: String,
        listenHost: String = "0.0.0.0",
        listenPort: Int = Self.defaultPort,
        peers: [String] = [],
        grid: String = Self.defaultGrid,
        threads: Int,
        dashboardPort: Int? = Self.defaultDashboardPort,
        usesLAN: Bool = true,
        swarmKeyPath: String? = nil,
        mapsPort: Bool = false,
        usesDHT: Bool = true,
        bootstrapHosts: [String] = [],
        isWorker: Bool = true,
        chunkQuota: UInt64 = Self.defaultChunkQuota,
        memoryMax: UInt64 = Self.defaultMemory,
        uploadMax: Int? = nil,
        downloadMax: Int? = nil,
        energy: EnergyTariff? = nil
    ) {
        self.dataDirectory = dataDirectory
        self.listenHost = listenHost
        self.listenPort = listenPort
        self.peers = peers
        self.grid = grid
        self.threads = threads
        self.dashboardPort = dashboardPort
        self.usesLAN = usesLAN
        self.swarmKeyPath = swarmKeyPath
        self.mapsPort = mapsPort
        self.usesDHT = usesDHT
        self.bootstrapHosts = bootstrapHosts
        self.isWorker = isWorker
        self.chunkQuota = chunkQuota
        self.memoryMax = memoryMax
        self.uploadMax = uploadMax
        self.downloadMax = downloadMax
        self.energy = energy
    }

    /// Whether the node keeps to the loopback interface.
    package var isLoopback: Bool {
        self.listenHost.hasPrefix("127.") || self.listenHost == "::1"
    }
}
