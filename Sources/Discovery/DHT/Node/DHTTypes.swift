public import GridWire

/// How a node of the DHT behaves.
public struct DHTConfiguration: Hashable, Sendable {
    /// With whom it speaks.
    public var scope: DHTScope
    /// The networks that it takes part in: those that the shell has a socket for.
    public var families: Set<AddressFamily>
    /// Whether it asks and does not answer (BEP 43), since nobody from outside could reach it.
    public var isReadOnly: Bool
    /// Addresses of the Internet that this machine has itself; the ids fit them from the start (BEP 42).
    public var ownAddresses: [IPAddress]

    /// Creates a configuration.
    public init(scope: DHTScope, families: Set<AddressFamily>, isReadOnly: Bool, ownAddresses: [IPAddress] = []) {
        self.scope = scope
        self.families = families
        self.isReadOnly = isReadOnly
        self.ownAddresses = ownAddresses
    }
}

/// The number of something that a node was asked to look for.
public struct DHTLookupID: Hashable, Sendable, Comparable {
    let number: UInt64

    /// Orders by the time of the question.
    public static func < (a: Self, b: Self) -> Bool {
        a.number < b.number
    }
}

/// How a lookup went.
public struct DHTLookupReport: Hashable, Sendable {
    /// The queries that were sent, those that store something included.
    public var queries = 0
    /// The nodes that answered.
    public var answers = 0
    /// The answers on the way to the nearest node.
    public var hops = 0
    /// The nodes that were asked to store something and did.
    public var stored = 0
}

/// Which port is announced.
public enum DHTAnnouncement: Hashable, Sendable {
    /// The TCP port of the listener.
    case port(UInt16)
    /// The port that others see, since one mapping serves both protocols.
    case sourcePort
}

/// How much a node knows.
public struct DHTStatus: Hashable, Sendable {
    /// What is known in one of the two networks.
    public struct Network: Hashable, Sendable {
        /// The network.
        public var family: AddressFamily
        /// The own id there.
        public var id: DHTKey
        /// The nodes in the table.
        public var nodes: Int
        /// Those of them that may be told to others.
        public var goodNodes: Int
        /// The own address, as others see it.
        public var externalAddress: IPAddress?
    }

    /// One element for each network that the node takes part in.
    public var networks: [Network]
    /// Whether it asks and does not answer.
    public var isReadOnly: Bool
    /// The infohashes that others announced here.
    public var storedInfohashes: Int
    /// The peers that others announced here.
    public var storedPeers: Int
    /// The items that others stored here.
    public var storedItems: Int

    /// The good nodes of both networks.
    public var goodNodes: Int {
        self.networks.reduce(0) { $0 + $1.goodNodes }
    }
}
