public import Discovery
public import PeerSession

/// The bounds of a ``PeerNetwork``.
///
/// Every one exists so that a peer, or many, can only ever use up their own share.
public struct NetworkSettings: Sendable {
    /// The most sessions that others opened; further connections are closed at once.
    public var inboundConnectionsMax = 256
    /// The most sessions that one address (or IPv6 /64) opened; the loopback interface has no such limit.
    public var inboundSessionsPerAddressMax = 16
    /// When all sessions are taken, one on which nothing was asked for so long may have to go for that of an address with fewer.
    public var inboundIdleTime = Duration.seconds(120)
    /// The most inbound handshakes in progress at a time.
    ///
    /// Of a flood of 10,000 openings a second from as many addresses, each stays 200 ms; an honest handshake needs a round trip.
    /// Each takes some 11 KB. Where the system lets the process have few files open, there are fewer.
    public var inboundHandshakesMax = 2_048
    /// The most inbound handshakes in progress at a time from one address.
    ///
    /// A loopback node serves all its peers from one address, so this must not be much below their number.
    public var inboundHandshakesPerAddressMax = 16
    /// The most connections of one peer, whoever opened them; of more, the newest is closed.
    ///
    /// Two are usual for a moment: both dial at once, or a direct connection takes over from a relayed one.
    public var connectionsPerPeerMax = 4
    /// With so many sessions nobody is dialed that was only heard of; those who dial this node are let in all the same.
    public var sessionsWanted = Int.max
    /// How long a peer may stay that speaks nothing that this node speaks.
    public var strangerTimeout = Duration.seconds(60)
    /// The most conversations (relayed connections, reachability) that one peer may have open here.
    public var streamsPerPeerMax = 64
    /// The most bytes a second that all connections together send; nil for as many as the network takes.
    public var uploadMax: Int?
    /// The most bytes a second that all connections together read; nil for as many as come.
    public var downloadMax: Int?
    /// The most bytes of requests and answers that all connections together may hold in memory.
    public var memoryMax = 512 << 20
    /// The protocols of which nothing is asked through a relay with a limit: pictures and scenes would use it up at once.
    public var directProtocols: Set<String> = []
    /// The secret of a private grid, or nothing for an open one.
    public var preSharedKey: PreSharedKey?
    /// How the node learns of its reachability, and what it does about it.
    public var reachability = ReachabilitySettings()
    /// The most requests of one peer that are answered at a time; further streams are reset.
    public var inboundRequestsPerPeerMax = 128
    /// The most requests in flight to one peer; more wait for their turn.
    public var outboundRequestsPerPeerMax = 128
    /// The most bytes of inbound requests and answers that one connection may hold in memory.
    public var connectionMemoryMax = 64 << 20
    /// The longest wait for a TCP connection.
    public var connectTimeout = Duration.seconds(5)
    /// The longest wait for a dialed session as a whole.
    public var dialTimeout = Duration.seconds(12)
    /// The longest time that one stream may take to deliver a request.
    public var inboundRequestTimeout = Duration.seconds(120)
    /// How long an answer may lie without its peer reading a byte of it; then its stream is reset.
    public var answerStallTimeout = Duration.seconds(120)
    /// How long a stopping node waits for its connections to flush.
    public var shutdownGrace = Duration.milliseconds(500)
    /// The waits between attempts to reach a peer that should be connected.
    public var redial = RedialSettings()

    /// Creates the settings of an ordinary node.
    public init() {}

    /// What others may open, when the process may have so many files open.
    func connectionLimits(openFiles: Int) -> ConnectionBudget.Limits {
        .init(
            // Beside those that have a place, some that are about to take another's or are being closed.
            sessionsMax: self.inboundConnectionsMax + 32,
            // What is left by sessions and by as many files again for all else.
            handshakesMax: min(self.inboundHandshakesMax, max(64, openFiles - 2 * self.inboundConnectionsMax)),
            handshakesPerSourceMax: self.inboundHandshakesPerAddressMax
        )
    }
}

/// How a node learns whether others can dial it, and what it does about it.
public struct ReachabilitySettings: Sendable {
    /// Whether to ask peers to dial this node, and to dial those that ask (AutoNAT v2).
    public var asksPeers = true
    /// Whether to ask the router to forward the port (UPnP, PCP, NAT-PMP).
    public var mapsPort = false
    /// Whether to be reached through relays while nothing else works.
    public var usesRelays = true
    /// Whether to relay for others, once this node is known to be reachable.
    public var relaysForOthers = true
    /// Whether to turn relayed connections into direct ones (DCUtR).
    public var punchesHoles = true

    /// Whether addresses of private networks and of this machine count like all others, as in a test grid on one machine.
    public var countsPrivateAddresses = false

    /// Creates the settings of an ordinary node; its service decides about the router.
    public init() {}

    /// Nothing of all this, for a node that keeps to one machine.
    public static var off: Self {
        var settings = Self()
        settings.asksPeers = false
        settings.usesRelays = false
        settings.relaysForOthers = false
        settings.punchesHoles = false
        return settings
    }
}
