import GridWire
import NIOCore
import PeerSession
import Synchronization

/// What a connection's handler tells the network that it belongs to; called on the connection's event loop.
protocol SessionHandlerDelegate: AnyObject, Sendable {
    /// The peer proved who it is; false when the connection is not wanted after all.
    func sessionEstablished(_ connection: PeerConnection, peer: PeerID) -> Bool
    /// The connection is gone.
    func connectionEnded(_ connection: PeerConnection, peer: PeerID?, reason: String)
    /// Who answers streams of a protocol.
    func responder(for protocolName: String) -> Responder?
    /// Who holds the conversations of a protocol.
    func streamResponder(for protocolName: String) -> (@Sendable (PeerStream) async -> Void)?
    /// The peer has said what it is.
    func identified(_ connection: PeerConnection, peer: PeerID, message: IdentifyMessage)
    /// Counts bytes that connections make this node hold; false, and nothing is counted, when all together hold too many: for what
    /// can wait, more than half of what they may.
    func holdBytes(_ count: Int, canWait: Bool) -> Bool
    /// The caps on what all connections together send and read, where there are any.
    var upload: SharedBandwidth? { get }
    var download: SharedBandwidth? { get }
    /// Runs the answering of a request as a task.
    func enqueue(_ job: @escaping @Sendable () async -> Void)
}

/// Who answers the streams of one protocol.
struct Responder: Sendable {
    let requestLimit: Int
    /// What is set aside for an answer while it is made; 0 where it is counted only when it is there.
    let answerReserve: Int
    let answer: @Sendable (PeerID, [UInt8]) async -> [UInt8]?
}

/// The shell of one ``PeerSession/SessionConnection``.
///
/// It feeds the session bytes and time, writes what it gives, and keeps the requests that ride on its streams. All of it
/// happens on the connection's event loop.
final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    // Objects and not values: a copy that is only looked at would make every piece that is appended copy all that came before.

    final class Outbound {
        let request: OutboundRequest
        let timer: Scheduled<Void>
        var response = ByteQueue()

        init(request: OutboundRequest, timer: Scheduled<Void>) {
            self.request = request
            self.timer = timer
        }
    }

    final class Inbound {
        let responder: Responder
        let timer: Scheduled<Void>
        var body = ByteQueue()
        /// Whether the request is whole and being answered.
        var isAnswering = false

        init(responder: Responder, timer: Scheduled<Void>) {
            self.responder = responder
            self.timer = timer
        }
    }

    let statistics = ConnectionStatistics()

    let session: SessionConnection
    let settings: NetworkSettings
    let delegate: any SessionHandlerDelegate
    /// Fulfilled with the peer when the session stands.
    private var established: EventLoopPromise<PeerID>?

    private(set) var connection: PeerConnection?
    private(set) var context: ChannelHandlerContext?
    private(set) var peer: PeerID?
    var closeReason: String?
    private(set) var isEnded = false
    private var isRetired = false
    private var retirementChecks = 0

    var outbound: [StreamID: Outbound] = [:]
    var waiting: [OutboundRequest] = []
    var inbound: [StreamID: Inbound] = [:]
    /// The answers that are being made or still leave.
    var answers: AnswerQueue
    /// Whole requests whose answers must wait until there is memory for them.
    var unanswered: [(stream: StreamID, body: [UInt8])] = []
    var isAnsweringDue = false
    /// The bytes of inbound requests that are not whole yet.
    var bodyBytes = 0
    /// Those that the network has counted for this connection.
    var countedBytes = 0
    var timer: (deadline: Instant, task: Scheduled<Void>)?
    var output = ByteBuffer()
    /// Whether output waits for the cap.
    var isUploadDue = false
    var isReadingPaused = false

    /// Streams that are conversations, and those who wait for room on them.
    var streams: [StreamID: PeerStream] = [:]
    var streamWriters: [(StreamID, CheckedContinuation<Void, any Error>)] = []

    /// Creates the shell of a session.
    init(
        session: SessionConnection,
        settings: NetworkSettings,
        delegate: any SessionHandlerDelegate,
        established: EventLoopPromise<PeerID>? = nil
    ) {
        self.session = session
        self.settings = settings
        self.delegate = delegate
        self.established = established
        self.answers = AnswerQueue(stallTime: settings.answerStallTimeout)
    }

    /// Names the connection that this handler serves; once, before any byte moves.
    func attach(_ connection: PeerConnection) {
        self.connection = connection
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.flush() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end(reason: "the connection closed")
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.flush()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        self.statistics.bytesIn.add(buffer.readableBytes, ordering: .relaxed)
        guard !self.isEnded else { return }
        let now = Self.now
        let events = buffer.withUnsafeReadableBytes { self.session.receive($0, now: now) }
        self.perform(events)
        self.count(read: buffer.readableBytes, now: now)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.flush() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.perform(self.session.transportClosed())
        self.end(reason: "the connection closed")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.end(reason: "the connection broke: \(error)")
        context.close(promise: nil)
    }

    // MARK: From outside

    /// Asks the peer for a sign of life.
    func ping() {
        guard !self.isEnded else { return }
        self.session.ping(now: Self.now)
        self.flush()
    }

    /// Says goodbye and closes.
    func close(reason: String) {
        guard !self.isEnded else { return }
        self.session.close()
        self.flush()
        self.finishClosing(reason: reason)
    }

    /// Closes when nothing is in progress, but not before the other side had time to see the session that stays.
    func retire(after delay: TimeAmount = .seconds(2)) {
        guard !self.isRetired, !self.isEnded else { return }
        self.isRetired = true
        self.retirementChecks = 0
        self.scheduleRetirementCheck(after: delay)
    }

    /// Takes ``retire()`` back.
    func reinstate() {
        self.isRetired = false
    }

    private func scheduleRetirementCheck(after delay: TimeAmount) {
        guard let loop = self.context?.eventLoop else { return }
        loop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            guard let self, self.isRetired, !self.isEnded else { return }
            self.retirementChecks += 1
            let isIdle =
                self.inbound.isEmpty && self.outbound.isEmpty && self.waiting.isEmpty && self.answers.isEmpty
                && self.streams.isEmpty
            // Two minutes in all: longer than any question that is parked.
            if isIdle || self.retirementChecks > 240 {
                self.close(reason: "another session with the peer stays")
            } else {
                self.scheduleRetirementCheck(after: .milliseconds(500))
            }
        }
    }

    // MARK: Events

    func perform(_ events: [SessionEvent]) {
        for event in events {
            switch event {
            case .established(let peer): self.sessionEstablished(peer)
            case .streamOpened(let stream, let name): self.streamOpened(stream, name)
            case .streamAccepted: break
            case .streamRefused(let stream):
                self.fail(stream, .refused, "the peer does not speak the protocol")
                self.streamFailed(stream, .refused, "the peer does not speak the protocol")
            case .data(let stream, let bytes): self.received(bytes, on: stream)
            case .finished(let stream): self.finished(stream)
            case .reset(let stream):
                self.streamFailed(stream, .refused, "the peer ended the stream")
                self.fail(stream, .refused, "the peer ended the stream without an answer")
                self.forgetInbound(stream)
                self.answers.forget(stream)
                self.settleHeldBytes()
            case .roundTrip(let duration): self.statistics.roundTrip = duration
            case .identified(let message):
                guard let connection = self.connection, let peer = self.peer else { break }
                self.delegate.identified(connection, peer: peer, message: message)
            case .peerIsLeaving: break
            case .closed(let reason):
                self.flush()
                self.finishClosing(reason: "\(reason)")
            }
        }
    }

    private func sessionEstablished(_ peer: PeerID) {
        self.peer = peer
        guard let connection = self.connection, self.delegate.sessionEstablished(connection, peer: peer) else {
            self.established?.fail(NetworkError(.unavailable, "the session is not wanted", peer: peer))
            self.close(reason: "not wanted")
            return
        }
        self.established?.succeed(peer)
        self.established = nil
        self.session.ping(now: Self.now)
        self.session.identify()
    }

    /// Tells the peer where this node can be reached and what it speaks, when that has changed.
    func announce(_ addresses: [Multiaddr], protocols: [String]) {
        guard !self.isEnded else { return }
        self.session.update(listenAddresses: addresses, inboundProtocols: protocols)
        self.flush()
    }

    // MARK: The end

    /// Closes the socket after what was written, or after a grace if the peer does not take it.
    private func finishClosing(reason: String) {
        guard !self.isEnded else { return }
        self.end(reason: reason)
        guard let context = self.context else { return }
        let channel = context.channel
        guard self.peer != nil else {
            // A stranger is owed nothing more, and of a flood of them none may be kept for a while.
            channel.close(promise: nil)
            return
        }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            channel.close(promise: nil)
        }
        context.eventLoop.scheduleTask(in: .init(self.settings.shutdownGrace)) {
            channel.close(promise: nil)
        }
    }

    /// Ends everything that rides on the connection; once.
    private func end(reason: String) {
        guard !self.isEnded else { return }
        self.isEnded = true
        self.closeReason = reason
        self.timer?.task.cancel()
        self.timer = nil
        self.session.close()
        let error = NetworkError(.disconnected, "the session ended: \(reason)", peer: self.peer)
        let requests = self.outbound.values.map { outbound in
            outbound.timer.cancel()
            return outbound.request
        }
        for request in requests + self.waiting { request.continuation.resume(throwing: error) }
        for inbound in self.inbound.values { inbound.timer.cancel() }
        self.outbound = [:]
        self.waiting = []
        self.inbound = [:]
        self.bodyBytes = 0
        self.answers = AnswerQueue(stallTime: self.settings.answerStallTimeout)
        self.unanswered.removeAll()
        self.settleHeldBytes()
        self.endStreams(error)
        self.established?.fail(NetworkError(.cannotConnect, reason, peer: self.peer))
        if let connection = self.connection {
            self.delegate.connectionEnded(connection, peer: self.peer, reason: reason)
        }
        self.connection = nil
    }

    /// The monotonic clock of the machines.
    static var now: Instant {
        Instant(sinceEpoch: .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)))
    }
}
