/// The bounds of a ``PeerNetwork``.
///
/// Every one exists so that a peer, or many, can only ever use up their own share.
public struct NetworkSettings: Sendable {
    /// The most connections that others opened, handshakes included; further ones are closed at once.
    public var inboundConnectionsMax = 256
    /// The most inbound handshakes in progress at a time.
    public var inboundHandshakesMax = 64
    /// The most inbound handshakes in progress at a time from one address.
    ///
    /// A loopback node serves all its peers from one address, so this must not be much below their number.
    public var inboundHandshakesPerAddressMax = 16
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
    /// How long a stopping node waits for its connections to flush.
    public var shutdownGrace = Duration.milliseconds(500)
    /// The waits between attempts to reach a peer that should be connected.
    public var redial = RedialSettings()

    /// Creates the settings of an ordinary node.
    public init() {}
}

/// How patiently a node tries to reach a peer that it wants a session with.
public struct RedialSettings: Sendable {
    /// The wait after the first failure; it doubles with each further one.
    public var delayMin = Duration.milliseconds(250)
    /// The longest wait.
    public var delayMax = Duration.seconds(30)
    /// The failures after which a peer that was only heard of is forgotten until it is heard of again.
    ///
    /// Configured peers are never forgotten.
    public var attemptsMax = 6
    /// The most peers to keep in mind, so that a flood of announcements costs a bounded amount of memory.
    public var targetsMax = 256

    /// Creates the settings of an ordinary node.
    public init() {}
}
