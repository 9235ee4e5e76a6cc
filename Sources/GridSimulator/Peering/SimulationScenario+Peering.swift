extension SimulationScenario {
    /// How nodes find each other, when they do so with the machines that a real node has.
    ///
    /// Each node then has a node of the DHT, a book of signed records, an overlay that keeps some sessions, and connections that
    /// shake hands, ping and time out; all that the grid says goes over streams of these. Every node can keep jobs.
    public struct Peering: Codable, Hashable, Sendable {
        /// How many nodes, the first ones, everybody knows as hosts of the DHT.
        public var entries = 1
        /// Whether everybody also dials these as peers, again and again; else only their nodes of the DHT are asked.
        public var dialsEntries = false
        /// Within so many seconds after the beginning all nodes are switched on.
        public var startSeconds = 10.0

        /// Creates a grid with one entry.
        public init() {}

        func problem(nodes: Int, stewards: Int) -> String? {
            if stewards != nodes {
                return "where nodes find each other all of them can keep jobs: name \(nodes) stewards, not \(stewards)"
            }
            if nodes > 1_000 {
                return "\(nodes) nodes that find each other take too much memory; name at most 1000"
            }
            if !(1 ... nodes).contains(self.entries) {
                return "\(self.entries) of \(nodes) nodes cannot be entries; name 1 to \(nodes)"
            }
            if !(0 ... 86_400).contains(self.startSeconds) {
                return "nodes must be switched on within 0 to 86,400 seconds"
            }
            return nil
        }
    }
}

extension SimulationReport {
    /// What it took that nodes found each other and stayed together.
    public struct Peering: Codable, Hashable, Sendable {
        /// The virtual time until every node had found enough others and there was a way between any two of them, in seconds;
        /// nothing when that never was.
        public var secondsUntilMeshed: Double?
        /// The longest virtual time from a job's submission until every node that was there knew it, in seconds.
        public var longestReachSeconds = 0.0
        /// The longest virtual time that a living node kept a session with one that had died, in seconds.
        public var longestGhostSeconds = 0.0
        /// The fewest and the most sessions of a node at the end.
        public var sessionsLeast = 0
        /// See ``sessionsLeast``.
        public var sessionsMost = 0
        /// The nodes that finished a unit.
        public var nodesThatWorked = 0
        /// Addresses that were dialed.
        public var dials = 0
        /// Sessions that were established.
        public var sessions = 0
        /// Datagrams of the DHT that were sent.
        public var datagrams = 0
        /// Their bytes.
        public var datagramBytes = 0
        /// The bytes of all sessions, encryption included.
        public var streamBytes = 0
    }
}
