public import GridWire

/// Why something could not be done over the network.
///
/// What went wrong in the other peer's part of a handshake is never told to that peer; it is only said here.
public struct NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller may want to tell apart.
    public enum Code: String, Hashable, Sendable {
        /// Another program listens on the port.
        case addressInUse
        /// The address to listen on cannot be had.
        case cannotListen
        /// An address that this node cannot dial.
        case unsupportedAddress
        /// The way from the listening port to the address is taken.
        case cannotBind
        /// Nobody answers at the address, or the session was not agreed upon.
        case cannotConnect
        /// Another peer than the named one answers at the address.
        case wrongPeer
        /// There is no session with the peer.
        case notConnected
        /// The peer did not answer in time.
        case timedOut
        /// The peer ended the stream without an answer: it refuses, or does not speak the protocol.
        case refused
        /// The peer sent more than was agreed.
        case responseTooLarge
        /// The session ended before the answer.
        case disconnected
        /// The node is stopping, or its own budget is used up.
        case unavailable
    }

    /// The kind of failure.
    public let code: Code
    /// What failed, on which value.
    public let message: String
    /// The peer concerned, where there is one.
    public let peer: PeerID?

    /// Creates an error.
    public init(_ code: Code, _ message: String, peer: PeerID? = nil) {
        self.code = code
        self.message = message
        self.peer = peer
    }

    /// The message, for people.
    public var description: String {
        self.message
    }
}
