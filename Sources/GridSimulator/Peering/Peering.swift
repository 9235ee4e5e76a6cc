import Discovery
import GridWire
import PeerSession

/// Everything that lies between nodes that find each other: addresses, connections, and each node's shell.
final class Peering {
    /// What a node keeps through a crash.
    struct Place {
        let identity: IdentityKey
        let ip: IPAddress
        /// The tables of its node of the DHT, as they were last written to the disk.
        var savedTables: [UInt8]?
    }

    /// A node from one start of its process to the end.
    struct Life: Hashable {
        let node: Int
        let incarnation: UInt32
    }

    /// A request of a peer that is to be answered.
    struct Reply {
        let end: SessionEnd
        let stream: StreamID
    }

    /// The port of every node.
    static let port: UInt16 = 7_877
    /// What wall clocks show at the beginning, in milliseconds since 1970.
    static let unixMilliseconds: UInt64 = 1_700_000_000_000

    let settings: SimulationScenario.Peering
    var places: [Place] = []
    var shells: [PeerShell?] = []
    var nodeAt: [IPAddress: Int] = [:]
    var wires: [Int: Wire] = [:]
    var lastWire = 0
    var replies: [UInt64: Reply] = [:]
    var lastReply: UInt64 = 0
    var figures = SimulationReport.Peering()
    /// When each life of a node ended.
    var deaths: [Life: VirtualTime] = [:]
    /// The nodes that finished a unit.
    var workers: Set<Int> = []
    /// The jobs that every node knows.
    var known: Set<Int> = []

    init(_ settings: SimulationScenario.Peering) {
        self.settings = settings
    }

    /// Gives a node a place: a block of addresses of its own on the Internet.
    func settle(_ identity: IdentityKey) {
        let index = UInt32(self.places.count)
        let ip = IPAddress.v4(11 << 24 | (index / 250) << 16 | (index % 250 + 1) << 8 | 7)
        self.nodeAt[ip] = self.places.count
        self.places.append(Place(identity: identity, ip: ip))
        self.shells.append(nil)
    }
}

/// What a node's process has in memory to find others and to talk to them.
final class PeerShell {
    let node: Int
    let incarnation: UInt32
    let identity: IdentityKey
    let address: Multiaddr
    let entropy: Entropy
    let staticKey: NoiseStaticKey
    var discovery: GridDiscovery
    var overlay = Overlay()
    var fanOut: FanOut
    var book: NodeRecordBook
    var own: NodeRecord?
    var redial: RedialSchedule
    var budget = ConnectionBudget(
        limits: .init(sessionsMax: 256, handshakesMax: 2_048, handshakesPerSourceMax: 16)
    )
    /// Its ends of connections, by the connection's number.
    var ends: [Int: SessionEnd] = [:]
    /// The end that is used for each peer.
    var sessions: [PeerID: SessionEnd] = [:]
    /// The peers that have said what they are.
    var greeted: Set<PeerID> = []
    var heardOffers: [JobID: JobOffer] = [:]
    var discoveryWakesAt: VirtualTime?
    var redialWakesAt: VirtualTime?
    var hostsAskedAt: VirtualTime?

    init(node: Int, incarnation: UInt32, place: Peering.Place, seed: UInt64, now: Instant, unixMilliseconds: UInt64) {
        self.node = node
        self.incarnation = incarnation
        self.identity = place.identity
        self.address = Multiaddr(ip: place.ip, tcp: Peering.port)
        let entropy = SimulatedEntropy(seed: seed)
        self.entropy = { entropy.bytes($0) }
        self.staticKey = NoiseStaticKey(identity: place.identity, entropy: self.entropy)
        let configuration = GridDiscovery.Configuration(
            dht: DHTConfiguration(scope: .internet, families: [.v4], isReadOnly: false, ownAddresses: [place.ip]),
            grid: SimulationEngine.grid,
            secret: nil,
            peer: place.identity.peerID,
            sign: place.identity.signer,
            announcement: .port(Peering.port),
            addresses: [self.address],
            unixMilliseconds: unixMilliseconds
        )
        self.discovery = GridDiscovery(
            configuration: configuration,
            saved: place.savedTables,
            seed: entropy.bytes(32),
            now: now
        )
        self.fanOut = FanOut(now: now)
        self.book = NodeRecordBook(me: place.identity.peerID, verify: SodiumSignature.verifier)
        self.redial = RedialSchedule(settings: RedialSettings(), seed: entropy.next())
    }

    var me: PeerID {
        self.identity.peerID
    }

    /// The peers that there are sessions with, ascending.
    var peers: [PeerID] {
        self.sessions.keys.sorted()
    }
}

/// What stands for the system's randomness in a run.
final class SimulatedEntropy {
    private var random: SeededRandom

    init(seed: UInt64) {
        self.random = SeededRandom(seed: seed)
    }

    func next() -> UInt64 {
        self.random.next()
    }

    func bytes(_ count: Int) -> [UInt8] {
        (0 ..< count).map { _ in UInt8(truncatingIfNeeded: self.random.next() >> 32) }
    }
}
