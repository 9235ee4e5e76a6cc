import GridWire
import NIOCore
import PeerSession
import Synchronization

/// One TCP connection with a session on it, as seen from outside of its event loop.
final class PeerConnection: Sendable {
    /// A number of its own, in the order in which connections were made.
    let number: Int
    /// Who dialed.
    let direction: ConnectionDirection
    /// The address of the other end.
    let remote: Multiaddr
    /// What lies between.
    let path: Path
    /// Whether the budget counts the connection.
    let isCounted: Bool

    /// What lies between the two ends of a connection.
    enum Path: Hashable {
        /// The network.
        case direct
        /// The same, made only to see whether it can be made.
        case probe
        /// A relay, with its limit on the connection if it has one.
        case relayed(by: PeerID, RelayLimit?)
    }

    private let loop: any EventLoop
    private let handler: NIOLoopBound<SessionHandler>
    private let openedAt = ContinuousClock.now
    private let statistics: ConnectionStatistics

    init(
        number: Int,
        direction: ConnectionDirection,
        remote: Multiaddr,
        path: Path,
        isCounted: Bool,
        handler: SessionHandler,
        loop: any EventLoop
    ) {
        self.number = number
        self.direction = direction
        self.remote = remote
        self.path = path
        self.isCounted = isCounted
        self.loop = loop
        self.handler = NIOLoopBound(handler, eventLoop: loop)
        self.statistics = handler.statistics
    }

    /// How the session stands.
    func snapshot(peer: PeerID) -> SessionSnapshot {
        SessionSnapshot(
            peer: peer,
            address: self.remote,
            direction: self.direction,
            isRelayed: self.isRelayed,
            roundTrip: self.statistics.roundTrip,
            bytesIn: self.statistics.bytesIn.load(ordering: .relaxed),
            bytesOut: self.statistics.bytesOut.load(ordering: .relaxed),
            age: ContinuousClock.now - self.openedAt,
            idle: self.statistics.idle(now: SessionHandler.now)
        )
    }

    /// How long nothing was asked.
    var idle: Duration {
        self.statistics.idle(now: SessionHandler.now)
    }

    /// The bytes that have come.
    var bytesIn: Int {
        self.statistics.bytesIn.load(ordering: .relaxed)
    }

    /// Asks for a sign of life.
    func ping() {
        self.loop.execute { self.handler.value.ping() }
    }

    /// Whether a relay lies between.
    var isRelayed: Bool {
        if case .relayed = self.path { true } else { false }
    }

    /// Whether a relay lies between that carries only so much.
    var isLimited: Bool {
        if case .relayed(_, let limit?) = self.path { !limit.isAbsent } else { false }
    }

    /// Opens a stream for a conversation.
    func openStream(_ name: String) async throws -> PeerStream {
        let stream = try await self.loop.submit { self.handler.value.openStream(name) }.get()
        guard let stream else {
            throw NetworkError(.unavailable, "no stream for \(name) can be opened")
        }
        return stream
    }

    /// The port of this end.
    func localPort() async -> Int? {
        try? await self.loop.submit { self.handler.value.context?.channel.localAddress?.port }.get()
    }

    /// Tells the peer where this node can be reached and what it speaks.
    func announce(_ addresses: [Multiaddr], protocols: [String]) {
        self.loop.execute { self.handler.value.announce(addresses, protocols: protocols) }
    }

    /// Asks one question and collects the answer.
    func request(
        _ name: String,
        body: [UInt8],
        responseLimit: Int,
        timeout: Duration
    ) async throws -> [UInt8] {
        let ticket = RequestTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let request = OutboundRequest(
                    protocolName: name,
                    body: body,
                    responseLimit: responseLimit,
                    timeout: timeout,
                    ticket: ticket,
                    continuation: continuation
                )
                self.loop.execute { self.handler.value.start(request) }
            }
        } onCancel: {
            ticket.cancel()
            self.loop.execute { self.handler.value.cancel(ticket) }
        }
    }

    /// Ends the connection after what is queued for the socket.
    func close(reason: String) {
        self.loop.execute { self.handler.value.close(reason: reason) }
    }

    /// Lets running streams end and then closes: another session with the same peer goes on.
    func retire(after delay: Duration = .seconds(2)) {
        self.loop.execute { self.handler.value.retire(after: .init(delay)) }
    }

    /// Takes ``retire()`` back: the other session ended.
    func reinstate() {
        self.loop.execute { self.handler.value.reinstate() }
    }
}

/// What is counted on a connection's event loop and read from anywhere.
final class ConnectionStatistics: Sendable {
    let bytesIn = Atomic<Int>(0)
    let bytesOut = Atomic<Int>(0)
    private let lastRoundTrip = Mutex<Duration?>(nil)
    private let lastUse = Mutex(SessionHandler.now)

    /// A question was asked, or came.
    func used(_ protocolName: String, now: Instant) {
        guard protocolName != TesseraProtocol.overlay, protocolName != TesseraProtocol.peers else { return }
        self.lastUse.withLock { $0 = now }
    }

    /// How long nothing was asked.
    func idle(now: Instant) -> Duration {
        max(.zero, self.lastUse.withLock { $0 }.duration(to: now))
    }

    var roundTrip: Duration? {
        get { self.lastRoundTrip.withLock { $0 } }
        set { self.lastRoundTrip.withLock { $0 = newValue } }
    }
}

/// A request's identity, and whether its asker lost interest.
final class RequestTicket: Sendable {
    private let flag = Atomic<Bool>(false)

    var isCancelled: Bool {
        self.flag.load(ordering: .relaxed)
    }

    func cancel() {
        self.flag.store(true, ordering: .relaxed)
    }
}

/// A question on its way to a peer.
struct OutboundRequest: Sendable {
    let protocolName: String
    let body: [UInt8]
    let responseLimit: Int
    let timeout: Duration
    let ticket: RequestTicket
    /// Resumed exactly once, by the handler that took the request.
    let continuation: CheckedContinuation<[UInt8], any Error>
}
