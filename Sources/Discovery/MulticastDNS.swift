public import GridWire

/// libp2p's mDNS: peers on one network find each other with no configuration.
///
/// The shell joins ``groupAddress`` (and ``groupAddress6``) at ``port`` with TTL 255, feeds datagrams and timeouts, and
/// sends what it is told. What is found is a hint for dialing: only the session proves a peer.
public struct MulticastDNS {
    /// The IPv4 group, 224.0.0.251.
    public static let groupAddress = IPAddress.v4(0xE000_00FB)
    /// The IPv6 group, `ff02::fb`.
    public static let groupAddress6 = IPAddress.v6(high: 0xFF02_0000_0000_0000, low: 0xFB)
    /// The UDP port.
    public static let port: UInt16 = 5353
    /// The largest datagram that is read.
    public static let datagramSizeMax = 9000

    /// What is announced and what is accepted.
    public struct Configuration: Sendable {
        /// This node.
        public var peer: PeerID
        /// Where this node listens, without `/p2p`.
        ///
        /// Loopback addresses are announced by loopback nodes alone.
        public var addresses: [Multiaddr]
        /// A loopback node announces and accepts loopback addresses only; any other node refuses them.
        public var isLoopbackOnly: Bool

        /// Creates a configuration.
        public init(peer: PeerID, addresses: [Multiaddr], isLoopbackOnly: Bool) {
            self.peer = peer
            self.addresses = addresses
            self.isLoopbackOnly = isLoopbackOnly
        }
    }

    /// What the shell must do.
    public enum Action: Hashable, Sendable {
        /// Send the datagram to the group.
        case sendMulticast([UInt8])
        /// A peer says that it can be reached at these addresses (without `/p2p`).
        case discovered(peer: PeerID, addresses: [Multiaddr])
    }

    /// Begins: the first query is due at `now`.
    public init(configuration: Configuration, entropy: (_ count: Int) -> [UInt8], now: Instant) {}

    /// Takes a datagram that came from `source` (the address and port of its sender).
    public mutating func handleDatagram(
        _ bytes: [UInt8],
        from source: IPAddress,
        port: UInt16,
        now: Instant
    ) -> [Action] { [] }

    /// Replaces the announced addresses, and announces them soon.
    public mutating func setAddresses(_ addresses: [Multiaddr], now: Instant) {}

    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] { [] }

    /// When ``handleTimeout(now:)`` has work to do.
    public var nextDeadline: Instant? { nil }
}
