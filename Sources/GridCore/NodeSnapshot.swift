/// What a node shows of itself to people and programs: plain values, encoded as JSON by the faces.
public struct GridSnapshot: Codable, Sendable, Equatable {
    /// The node.
    public var node: NodeSnapshot
    /// The peers that it is connected to, in the order of connection.
    public var peers: [PeerSnapshot]
    /// The jobs that it stewards or works for, newest first.
    public var jobs: [JobSnapshot]
    /// What it did since it started.
    public var stats: StatsSnapshot

    /// Creates a snapshot.
    public init(node: NodeSnapshot, peers: [PeerSnapshot], jobs: [JobSnapshot], stats: StatsSnapshot) {
        self.node = node
        self.peers = peers
        self.jobs = jobs
        self.stats = stats
    }
}

/// A node as seen by itself.
public struct NodeSnapshot: Codable, Sendable, Equatable {
    /// The node's peer id, `12D3KooW...`.
    public var peerID: String
    /// The name of its grid.
    public var grid: String
    /// The program's name and version.
    public var agent: String
    /// The multiaddrs on which it listens.
    public var listenAddresses: [String]
    /// The number of render threads.
    public var threads: Int
    /// The version of the path-tracing core, in hex.
    public var coreVersion: String
    /// Seconds since the node started.
    public var uptimeSeconds: Double
    /// Whether a person paused it.
    public var isPaused: Bool
    /// Why the node renders nothing, in a sentence; empty when it does.
    public var idleReason: String
    /// The address of the node's dashboard, when it serves one.
    public var dashboard: String?
    /// Whether others can dial the node, how it knows, and what to do, in a sentence; nil before it is known.
    public var reachability: String?
    /// What is wrong with the machine's clock and what to do, in a sentence; nil where nothing is known to be.
    public var clockWarning: String?
    /// How discovery through the DHT stands, when it is on.
    public var discovery: DiscoverySnapshot?

    /// Creates a snapshot.
    public init(
        peerID: String,
        grid: String,
        agent: String,
        listenAddresses: [String],
        threads: Int,
        coreVersion: String,
        uptimeSeconds: Double,
        isPaused: Bool,
        idleReason: String,
        dashboard: String? = nil,
        reachability: String? = nil,
        clockWarning: String? = nil,
        discovery: DiscoverySnapshot? = nil
    ) {
        self.peerID = peerID
        self.grid = grid
        self.agent = agent
        self.listenAddresses = listenAddresses
        self.threads = threads
        self.coreVersion = coreVersion
        self.uptimeSeconds = uptimeSeconds
        self.isPaused = isPaused
        self.idleReason = idleReason
        self.dashboard = dashboard
        self.reachability = reachability
        self.clockWarning = clockWarning
        self.discovery = discovery
    }
}

/// Discovery through the DHT as a node sees it.
public struct DiscoverySnapshot: Codable, Sendable, Equatable {
    /// The nodes of the DHT that are known and answer.
    public var nodes: Int
    /// The node's addresses, as others see them.
    public var externalAddresses: [String]
    /// Whether the node asks the DHT and does not answer it, since it does not know itself to be reachable.
    public var isReadOnly: Bool
    /// The datagrams that were sent.
    public var datagramsSent: Int
    /// Their bytes, without headers.
    public var bytesSent: Int
    /// The datagrams that came and were read.
    public var datagramsReceived: Int
    /// Their bytes, without headers.
    public var bytesReceived: Int

    /// Creates a snapshot.
    public init(
        nodes: Int,
        externalAddresses: [String],
        isReadOnly: Bool,
        datagramsSent: Int = 0,
        bytesSent: Int = 0,
        datagramsReceived: Int = 0,
        bytesReceived: Int = 0
    ) {
        self.nodes = nodes
        self.externalAddresses = externalAddresses
        self.isReadOnly = isReadOnly
        self.datagramsSent = datagramsSent
        self.bytesSent = bytesSent
        self.datagramsReceived = datagramsReceived
        self.bytesReceived = bytesReceived
    }
}

/// A connected peer.
public struct PeerSnapshot: Codable, Sendable, Equatable {
    /// Who dialed.
    public enum Direction: String, Codable, Sendable {
        /// The peer did.
        case inbound
        /// This node did.
        case outbound
    }

    /// The peer's id.
    public var peerID: String
    /// The multiaddr of the connection's other end.
    public var address: String
    /// The peer's program and version; empty until it said hello.
    public var agent: String
    /// The peer's render threads; 0 until it said hello or when it lends none.
    public var threads: Int
    /// Who dialed.
    public var direction: Direction
    /// Whether a relay lies between.
    public var isRelayed: Bool
    /// Seconds since the session was established.
    public var connectedSeconds: Double
    /// The last measured round trip in milliseconds.
    public var roundTripMilliseconds: Double?

    /// Creates a snapshot.
    public init(
        peerID: String,
        address: String,
        agent: String,
        threads: Int,
        direction: Direction,
        isRelayed: Bool = false,
        connectedSeconds: Double,
        roundTripMilliseconds: Double?
    ) {
        self.peerID = peerID
        self.address = address
        self.agent = agent
        self.threads = threads
        self.direction = direction
        self.isRelayed = isRelayed
        self.connectedSeconds = connectedSeconds
        self.roundTripMilliseconds = roundTripMilliseconds
    }
}

/// What a node did since it started.
public struct StatsSnapshot: Codable, Sendable, Equatable {
    /// Units rendered here.
    public var unitsRendered: UInt64 = 0
    /// Blocks rendered here, audits included.
    public var blocksRendered: UInt64 = 0
    /// The sum of the work counters, in weighted ray counts.
    public var workCount: UInt64 = 0
    /// Units of jobs stewarded here that were verified.
    public var unitsVerified: UInt64 = 0
    /// Workers whose results differed and who were proved wrong, in jobs stewarded here.
    public var mismatches: UInt64 = 0
    /// Bytes received from peers.
    public var bytesIn: UInt64 = 0
    /// Bytes sent to peers.
    public var bytesOut: UInt64 = 0
    /// Bytes of scene chunks in the store.
    public var chunkBytes: UInt64 = 0
    /// Seconds of processor time spent on rendering.
    public var cpuSeconds: Double = 0

    /// Creates statistics of nothing done.
    public init() {}
}
