public import GridWire

/// Who opened a connection.
public enum ConnectionDirection: String, Hashable, Sendable {
    /// The peer dialed this node.
    case inbound
    /// This node dialed the peer.
    case outbound
}

/// What a ``PeerNetwork`` tells those who listen to its events.
public enum NetworkEvent: Hashable, Sendable {
    /// There is a session with the peer now, and there was none before.
    case connected(PeerID, Multiaddr, ConnectionDirection)
    /// The last session with the peer ended, for a reason that is for people.
    case disconnected(PeerID, reason: String)
}

/// A session as it stands.
public struct SessionSnapshot: Hashable, Sendable {
    /// The peer.
    public var peer: PeerID
    /// The address of the other end; an inbound one is not where the peer listens.
    public var address: Multiaddr
    /// Who dialed.
    public var direction: ConnectionDirection
    /// Whether a relay lies between, which carries words but no pictures.
    public var isRelayed: Bool
    /// The last measured round trip, if there was one.
    public var roundTrip: Duration?
    /// The bytes received, encryption included.
    public var bytesIn: Int
    /// The bytes sent, encryption included.
    public var bytesOut: Int
    /// How long the session has stood.
    public var age: Duration
    /// How long nothing was asked on it, either way, but what keeps the overlay.
    public var idle: Duration
}
