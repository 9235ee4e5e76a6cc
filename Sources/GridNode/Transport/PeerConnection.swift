import GridWire
import NIOCore
import Synchronization

/// One TCP connection with a session on it, as seen from outside of its event loop.
final class PeerConnection: Sendable {
    /// A number of its own, in the order in which connections were made.
    let number: Int
    /// Who dialed.
    let direction: ConnectionDirection
    /// The address of the other end.
    let remote: Multiaddr
    /// What the budget counts an inbound connection under.
    let budgetKey: String?

    private let loop: any EventLoop
    private let handler: NIOLoopBound<SessionHandler>
    private let openedAt = ContinuousClock.now
    private let statistics: ConnectionStatistics

    init(
        number: Int,
        direction: ConnectionDirection,
        remote: Multiaddr,
        budgetKey: String?,
        handler: SessionHandler,
        loop: any EventLoop
    ) {
        self.number = number
        self.direction = direction
        self.remote = remote
        self.budgetKey = budgetKey
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
            roundTrip: self.statistics.roundTrip,
            bytesIn: self.statistics.bytesIn.load(ordering: .relaxed),
            bytesOut: self.statistics.bytesOut.load(ordering: .relaxed),
            age: ContinuousClock.now - self.openedAt
        )
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
    func retire() {
        self.loop.execute { self.handler.value.retire() }
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
