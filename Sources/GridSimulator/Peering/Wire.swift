import Discovery
import GridWire
import PeerSession

/// A TCP connection between two nodes: what is on its way, and the two ends.
final class Wire {
    /// What goes over it, in order.
    enum Segment {
        case bytes([UInt8])
        /// The sender closed it, or its system knows nothing of it.
        case end
    }

    /// Which end.
    enum Side: Int {
        case dialer = 0
        case listener = 1

        var other: Self {
            self == .dialer ? .listener : .dialer
        }
    }

    let number: Int
    /// The nodes of the two sides and their lives.
    let nodes: [Int]
    let incarnations: [UInt32]
    /// What was dialed.
    let target: RedialSchedule.Target
    /// Whether the dialer knows by now what came of it.
    var isDialOver = false
    /// Nothing before the connection is open, and when a side is gone.
    var ends: [SessionEnd?] = [nil, nil]
    /// What is on its way to each side.
    var inFlight: [[Segment]] = [[], []]
    /// When the last of it arrives.
    var arrivesAt: [VirtualTime] = [.zero, .zero]
    /// Since when the way to each side is cut.
    var stalledSince: [VirtualTime?] = [nil, nil]

    init(number: Int, nodes: [Int], incarnations: [UInt32], target: RedialSchedule.Target) {
        self.number = number
        self.nodes = nodes
        self.incarnations = incarnations
        self.target = target
    }

    func node(_ side: Side) -> Int {
        self.nodes[side.rawValue]
    }
}

/// One end of a connection: the session on it, and the questions that ride on its streams.
final class SessionEnd {
    /// A question of ours.
    struct Outbound {
        let timer: VirtualTime
        /// What to do with the answer, or without one.
        let completion: (SimulationEngine, [UInt8]?) -> Void
        var response: [UInt8] = []
    }

    /// A question of the peer's.
    struct Inbound {
        let name: String
        var body: [UInt8] = []
        var isAnswering = false
    }

    let wire: Wire
    let side: Wire.Side
    let session: SessionConnection
    let openedAt: VirtualTime
    var peer: PeerID?
    var bytesIn = 0
    var roundTrip: Duration?
    /// When something was asked last that does not serve the overlay.
    var usedAt: VirtualTime
    /// Since when it is the connection that is used for the peer.
    var usedSince = VirtualTime.zero
    var wakesAt: VirtualTime?
    var isEnded = false
    var isRetired = false
    var retirementChecks = 0
    var outbound: [StreamID: Outbound] = [:]
    var inbound: [StreamID: Inbound] = [:]

    init(wire: Wire, side: Wire.Side, session: SessionConnection, now: VirtualTime) {
        self.wire = wire
        self.side = side
        self.session = session
        self.openedAt = now
        self.usedAt = now
    }

    var node: Int {
        self.wire.node(self.side)
    }

    /// The node that should be at the other end.
    var otherNode: Int {
        self.wire.node(self.side.other)
    }

    var incarnation: UInt32 {
        self.wire.incarnations[self.side.rawValue]
    }

    var isIdle: Bool {
        self.inbound.isEmpty && self.outbound.isEmpty
    }

    /// What another protocol than those of the overlay asks shows that the session is in use.
    func used(_ name: String, now: VirtualTime) {
        guard name != TesseraProtocol.overlay, name != TesseraProtocol.peers else { return }
        self.usedAt = now
    }
}

/// What happens between nodes that find each other.
enum PeeringEvent {
    /// A node's process opens its sockets.
    case begin(node: Int, incarnation: UInt32)
    /// The overlay looks at the sessions.
    case look(node: Int, incarnation: UInt32)
    case discoveryDue(node: Int, incarnation: UInt32)
    case redialDue(node: Int, incarnation: UInt32)
    /// It is time to exchange records with some peer.
    case exchange(node: Int, incarnation: UInt32)
    /// The names of the DHT's hosts were looked up.
    case hosts(node: Int, incarnation: UInt32)
    /// The tables of the DHT's node are written to the disk.
    case save(node: Int, incarnation: UInt32)
    case datagram(Datagram)
    /// Somebody's first packet arrives.
    case opening(Wire)
    /// The answer to it.
    case opened(Wire)
    case refused(Wire)
    /// A dial has taken too long; the number says which step of it.
    case dialTimeout(Wire, isOpen: Bool)
    case segment(Wire, Wire.Side)
    case sessionDue(SessionEnd)
    case requestTimeout(SessionEnd, StreamID)
    case retirement(SessionEnd)
    case hears(Hearing)
    /// A session of a node breaks.
    case breakSession(node: Int)
    /// All is looked at.
    case sweep
}

/// A datagram on its way.
final class Datagram {
    let from: UDPEndpoint
    let to: Int
    let bytes: [UInt8]

    init(from: UDPEndpoint, to: Int, bytes: [UInt8]) {
        self.from = from
        self.to = to
        self.bytes = bytes
    }
}

/// The question whether a peer is heard, while it is waited for.
final class Hearing {
    let end: SessionEnd
    let bytesBefore: Int
    let until: VirtualTime
    let reply: UInt64

    init(end: SessionEnd, bytesBefore: Int, until: VirtualTime, reply: UInt64) {
        self.end = end
        self.bytesBefore = bytesBefore
        self.until = until
        self.reply = reply
    }
}
