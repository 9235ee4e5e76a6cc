public import GridWire

/// One stream of a ``SessionConnection``: a byte stream of its own in both directions.
///
/// The dialer's streams are odd, the listener's even; a number is not used twice in one connection.
public struct StreamID: Hashable, Sendable, Comparable {
    /// The number on the wire, at least 1.
    public let rawValue: UInt32

    /// Creates an id from the number on the wire.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Orders streams by their numbers.
    public static func < (a: Self, b: Self) -> Bool {
        a.rawValue < b.rawValue
    }
}

/// Who opened the TCP connection.
public enum SessionRole: Hashable, Sendable {
    /// This side connected.
    case dialer
    /// This side accepted.
    case listener
}

/// What a ``SessionConnection`` tells its shell.
public enum SessionEvent: Hashable, Sendable {
    /// The peer has proved who it is, and streams may be opened.
    case established(PeerID)
    /// The peer opened a stream for one of the inbound protocols.
    case streamOpened(StreamID, protocol: String)
    /// The peer speaks the protocol that a stream of ours was opened for.
    case streamAccepted(StreamID)
    /// The peer does not speak it; the stream is gone, and what was sent on it was not read.
    case streamRefused(StreamID)
    /// Bytes arrived. Return them with ``SessionConnection/consumed(_:on:)`` when they are done with: until then they
    /// count against the stream's window.
    case data(StreamID, [UInt8])
    /// The peer will send no more on the stream.
    case finished(StreamID)
    /// The stream is gone in both directions.
    case reset(StreamID)
    /// The answer to a ping came after so long.
    case roundTrip(Duration)
    /// What the peer says of itself, after ``SessionConnection/identify()`` and whenever it has changed.
    case identified(IdentifyMessage)
    /// The peer will accept no more streams and leaves soon; running ones go on.
    case peerIsLeaving
    /// The connection is over and all its streams with it. Write what ``SessionConnection/takeOutput(limit:)`` still
    /// gives, and close the socket.
    case closed(SessionCloseReason)
}

/// Why a ``SessionConnection`` ended.
///
/// For own logs: the peer learns nothing but that it ended.
public enum SessionCloseReason: Hashable, Sendable, CustomStringConvertible {
    /// This side closed it.
    case local
    /// The peer said goodbye, with Yamux's code (0 normal, 1 protocol error, 2 internal error).
    case remote(code: UInt32)
    /// The peer could not prove who it is, or is not who was dialed.
    case handshakeFailed(String)
    /// The handshake took longer than ``SessionSettings/handshakeTimeout``.
    case handshakeTimeout
    /// The peer answered no pings.
    case unresponsive
    /// The peer broke the protocol.
    case protocolViolation(String)
    /// A bound of this side was exceeded.
    case limitExceeded(String)
    /// The transport below ended.
    case transportClosed

    /// The reason as a clause for logs.
    public var description: String {
        switch self {
        case .local: "closed by this node"
        case .remote(let code): "closed by the peer (code \(code))"
        case .handshakeFailed(let detail): "handshake failed: \(detail)"
        case .handshakeTimeout: "the handshake took too long"
        case .unresponsive: "the peer answered no pings"
        case .protocolViolation(let detail): "the peer broke the protocol: \(detail)"
        case .limitExceeded(let detail): "the peer exceeded a limit: \(detail)"
        case .transportClosed: "the transport closed"
        }
    }
}

/// The bounds and times of a ``SessionConnection``, and what identify tells of this node.
///
/// The defaults suit a node on the open network. Window bytes are memory: a peer can make this side hold up to
/// ``unconsumedBytesMax`` bytes that its shell has not consumed, and no more.
public struct SessionSettings: Sendable {
    /// The time from creation until the peer must be authenticated and the muxer agreed.
    public var handshakeTimeout: Duration = .seconds(10)
    /// The time for a stream to agree on its protocol, in either direction.
    public var negotiationTimeout: Duration = .seconds(10)
    /// The time between keep-alive pings.
    public var pingInterval: Duration = .seconds(30)
    /// The pings that may go unanswered in a row, with nothing else heard, before the connection is given up.
    public var unansweredPingsMax = 2
    /// How long streams may go on after the peer said that it leaves.
    public var leaveTimeout: Duration = .seconds(30)
    /// The most streams that the peer may have open; more are reset.
    public var inboundStreamsMax = 1024
    /// The most streams of ours that the peer has not acknowledged; more cannot be opened.
    public var unacknowledgedStreamsMax = 256
    /// The largest receive window of a stream, in bytes; all start at 256 KiB.
    public var streamWindowMax = 16 << 20
    /// The most bytes by which all receive windows together may grow beyond their start.
    public var windowGrowthMax = 32 << 20
    /// The most received bytes, over all streams, that the shell has not consumed; a stream that exceeds it is reset.
    public var unconsumedBytesMax = 64 << 20
    /// The most bytes that may wait to be sent on one stream.
    public var streamQueueMax = 16 << 20
    /// The most control frames (acknowledgements, pongs, resets, window updates) that may wait to be sent.
    public var controlFramesMax = 4096
    /// The most pongs that may wait to be sent.
    public var pongsMax = 100
    /// The most Noise messages that this side sends on one connection; then it closes, since libp2p has no rekeying.
    public var messagesMax: UInt64 = 1 << 48
    /// The secret of a private grid; without it the connection is open to everybody.
    public var preSharedKey: PreSharedKey?
    /// The Noise static key of this node; without it each connection makes its own.
    package var staticKey: NoiseStaticKey?
    /// Where this node can be reached, for identify; without `/p2p`.
    public var listenAddresses: [Multiaddr] = []
    /// Where this node sees the peer, for identify.
    public var observedAddress: Multiaddr?
    /// The name and version of this program, for identify.
    public var agentVersion = "tessera"

    /// Creates the default settings.
    public init() {}
}
