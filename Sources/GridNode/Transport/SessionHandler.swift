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

    private final class Outbound {
        let request: OutboundRequest
        let timer: Scheduled<Void>
        var response = ByteQueue()

        init(request: OutboundRequest, timer: Scheduled<Void>) {
            self.request = request
            self.timer = timer
        }
    }

    private final class Inbound {
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

    /// How long answers wait while other connections have all memory.
    private static let answerPause = TimeAmount.milliseconds(100)
    /// The most requests that wait for their turn.
    private static let waitingMax = 4_096
    /// The most bytes taken from the session at a time.
    private static let outputSize = 256 << 10
    /// The same while there is a cap, so that connections take turns.
    private static let cappedOutputSize = 16 << 10
    /// So many bytes are words, which do not wait for the cap; they are counted.
    private static let wordsSize = 4 << 10
    /// The most memory for output that an idle connection keeps.
    private static let outputKept = 4 << 10

    let statistics = ConnectionStatistics()

    let session: SessionConnection
    let settings: NetworkSettings
    let delegate: any SessionHandlerDelegate
    /// Fulfilled with the peer when the session stands.
    private var established: EventLoopPromise<PeerID>?

    private(set) var connection: PeerConnection?
    private(set) var context: ChannelHandlerContext?
    private(set) var peer: PeerID?
    private var closeReason: String?
    private(set) var isEnded = false
    private var isRetired = false
    private var retirementChecks = 0

    private var outbound: [StreamID: Outbound] = [:]
    private var waiting: [OutboundRequest] = []
    private var inbound: [StreamID: Inbound] = [:]
    /// The answers that are being made or still leave.
    private var answers: AnswerQueue
    /// Whole requests whose answers must wait until there is memory for them.
    private var unanswered: [(stream: StreamID, body: [UInt8])] = []
    private var isAnsweringDue = false
    /// The bytes of inbound requests that are not whole yet.
    private var bodyBytes = 0
    /// Those that the network has counted for this connection.
    private var countedBytes = 0
    private var timer: (deadline: Instant, task: Scheduled<Void>)?
    private var output = ByteBuffer()
    /// Whether output waits for the cap.
    private var isUploadDue = false
    private var isReadingPaused = false

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

    /// Starts a request, or keeps it until there is room.
    func start(_ request: OutboundRequest) {
        guard !request.ticket.isCancelled else {
            request.continuation.resume(throwing: CancellationError())
            return
        }
        guard !self.isEnded, let peer = self.peer else {
            let error = NetworkError(
                .disconnected,
                "the session ended: \(self.closeReason ?? "closed")",
                peer: self.peer
            )
            request.continuation.resume(throwing: error)
            return
        }
        guard self.outbound.count < self.settings.outboundRequestsPerPeerMax, self.open(request) else {
            guard self.waiting.count < Self.waitingMax else {
                let error = NetworkError(.unavailable, "too many requests wait for \(peer)", peer: peer)
                request.continuation.resume(throwing: error)
                return
            }
            self.waiting.append(request)
            return
        }
        self.flush()
    }

    /// Forgets a request whose asker was cancelled.
    func cancel(_ ticket: RequestTicket) {
        if let index = self.waiting.firstIndex(where: { $0.ticket === ticket }) {
            self.waiting.remove(at: index).continuation.resume(throwing: CancellationError())
        }
        guard let (stream, _) = self.outbound.first(where: { $0.value.request.ticket === ticket }) else { return }
        self.session.reset(stream)
        self.complete(stream, with: .failure(CancellationError()))
        self.flush()
    }

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

    private func perform(_ events: [SessionEvent]) {
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

    private func streamOpened(_ stream: StreamID, _ name: String) {
        guard !self.acceptStream(stream, name) else { return }
        guard let responder = self.delegate.responder(for: name),
            self.inbound.count < self.settings.inboundRequestsPerPeerMax,
            self.heldBytes < self.settings.connectionMemoryMax,
            let loop = self.context?.eventLoop
        else {
            self.session.reset(stream)
            return
        }
        let timer = loop.assumeIsolated().scheduleTask(in: .init(self.settings.inboundRequestTimeout)) { [weak self] in
            guard let self, self.inbound[stream]?.isAnswering == false else { return }
            self.forgetInbound(stream)
            self.session.reset(stream)
            self.flush()
        }
        self.inbound[stream] = Inbound(responder: responder, timer: timer)
        self.statistics.used(name, now: Self.now)
    }

    private func received(_ bytes: [UInt8], on stream: StreamID) {
        if self.streamReceived(bytes, on: stream) { return }
        if let outbound = self.outbound[stream] {
            guard outbound.response.count + bytes.count <= outbound.request.responseLimit else {
                self.session.reset(stream)
                self.fail(
                    stream,
                    .responseTooLarge,
                    "the answer is longer than \(outbound.request.responseLimit) bytes"
                )
                return
            }
            outbound.response.append(bytes)
            self.session.consumed(bytes.count, on: stream)
        } else if let inbound = self.inbound[stream] {
            guard !inbound.isAnswering, inbound.body.count + bytes.count <= inbound.responder.requestLimit,
                self.heldBytes + bytes.count <= self.settings.connectionMemoryMax, self.hold(bytes.count)
            else {
                self.forgetInbound(stream)
                self.session.reset(stream)
                return
            }
            inbound.body.append(bytes)
            self.bodyBytes += bytes.count
            self.session.consumed(bytes.count, on: stream)
        } else {
            // Left over from a stream that was reset here.
            self.session.consumed(bytes.count, on: stream)
        }
    }

    private func finished(_ stream: StreamID) {
        if self.streamEnded(stream) { return }
        if let outbound = self.outbound[stream] {
            self.complete(stream, with: .success(outbound.response.takeAll()))
        } else if let inbound = self.inbound[stream] {
            inbound.isAnswering = true
            self.bodyBytes -= inbound.body.count
            let body = inbound.body.takeAll()
            self.settleHeldBytes()
            inbound.timer.cancel()
            guard inbound.responder.answerReserve > 0 else { return self.begin(stream, inbound.responder, body) }
            self.unanswered.append((stream, body))
            self.answerWaiting()
        }
    }

    /// Has the requests answered that wait, in their order, as far as there is memory for the answers.
    private func answerWaiting() {
        while let (stream, body) = self.unanswered.first {
            guard let responder = self.inbound[stream]?.responder else { return }
            // What lies here leaves as the peer reads, and then it goes on; half is left for what is not set aside.
            let reserve = responder.answerReserve
            guard self.answers.isEmpty || self.heldBytes + reserve <= self.settings.connectionMemoryMax / 2 else {
                return
            }
            guard self.hold(reserve, canWait: true) else { return self.answerLater() }
            self.answers.reserve(reserve, for: stream)
            self.unanswered.removeFirst()
            self.begin(stream, responder, body)
        }
    }

    private func begin(_ stream: StreamID, _ responder: Responder, _ body: [UInt8]) {
        guard let peer = self.peer, let loop = self.context?.eventLoop else { return }
        let handler = NIOLoopBound(self, eventLoop: loop)
        self.delegate.enqueue {
            let response = await responder.answer(peer, body)
            loop.execute { handler.value.answer(stream, response) }
        }
    }

    /// All connections together hold all that they may.
    private func answerLater() {
        guard !self.isAnsweringDue, let loop = self.context?.eventLoop else { return }
        self.isAnsweringDue = true
        loop.assumeIsolated().scheduleTask(in: Self.answerPause) { [weak self] in
            self?.isAnsweringDue = false
            self?.answerWaiting()
        }
    }

    private func answer(_ stream: StreamID, _ response: [UInt8]?) {
        guard !self.isEnded else { return }
        self.answers.release(stream)
        self.settleHeldBytes()
        defer { self.flush() }
        guard self.inbound.removeValue(forKey: stream) != nil else { return }
        guard let response, self.heldBytes + response.count <= self.settings.connectionMemoryMax,
            self.hold(response.count)
        else { return self.session.reset(stream) }
        guard response.isEmpty || self.session.send(response, on: stream) else {
            self.session.reset(stream)
            return self.settleHeldBytes()
        }
        self.session.finish(stream)
        self.answers.add(stream, bytes: response.count, now: Self.now)
    }

    /// The bytes of requests and answers that this connection makes the node hold.
    private var heldBytes: Int {
        self.bodyBytes + self.answers.bytes
    }

    private func forgetInbound(_ stream: StreamID) {
        guard let inbound = self.inbound.removeValue(forKey: stream) else { return }
        inbound.timer.cancel()
        self.unanswered.removeAll { $0.stream == stream }
        self.bodyBytes -= inbound.body.count
        self.settleHeldBytes()
    }

    /// Counts bytes of requests and answers towards what all connections together may hold.
    private func hold(_ count: Int, canWait: Bool = false) -> Bool {
        guard self.delegate.holdBytes(count, canWait: canWait) else { return false }
        self.countedBytes += count
        return true
    }

    /// Gives back what was counted and is held no more.
    private func settleHeldBytes() {
        let held = self.heldBytes
        guard held < self.countedBytes else { return }
        _ = self.delegate.holdBytes(held - self.countedBytes, canWait: false)
        self.countedBytes = held
    }

    // MARK: Requests

    private func open(_ request: OutboundRequest) -> Bool {
        guard let loop = self.context?.eventLoop, let stream = self.session.openStream(protocol: request.protocolName)
        else { return false }
        let timer = loop.assumeIsolated().scheduleTask(in: .init(request.timeout)) { [weak self] in
            guard let self, self.outbound[stream] != nil else { return }
            self.session.reset(stream)
            self.fail(stream, .timedOut, "no answer within \(request.timeout)")
            self.flush()
        }
        self.outbound[stream] = Outbound(request: request, timer: timer)
        self.statistics.used(request.protocolName, now: Self.now)
        if !request.body.isEmpty, !self.session.send(request.body, on: stream) {
            self.session.reset(stream)
            self.fail(stream, .unavailable, "a request of \(request.body.count) bytes is too long to be sent")
            return true
        }
        self.session.finish(stream)
        return true
    }

    private func fail(_ stream: StreamID, _ code: NetworkError.Code, _ message: String) {
        guard let outbound = self.outbound[stream] else { return }
        let peer = self.peer.map(\.description) ?? "a peer"
        let error = NetworkError(code, "\(outbound.request.protocolName) to \(peer): \(message)", peer: self.peer)
        self.complete(stream, with: .failure(error))
    }

    private func complete(_ stream: StreamID, with result: Result<[UInt8], any Error>) {
        guard let outbound = self.outbound.removeValue(forKey: stream) else { return }
        outbound.timer.cancel()
        outbound.request.continuation.resume(with: result)
        self.openWaiting()
    }

    private func openWaiting() {
        guard !self.isEnded else { return }
        var opened = 0
        while opened < self.waiting.count, self.outbound.count < self.settings.outboundRequestsPerPeerMax,
            self.open(self.waiting[opened])
        { opened += 1 }
        self.waiting.removeFirst(opened)
    }

    // MARK: Output and time

    /// Writes what the session has for the socket, as far as the socket takes it, and arms the timer.
    func flush() {
        guard let context = self.context else { return }
        while context.channel.isActive, context.channel.isWritable {
            let limit = self.upload == nil ? Self.outputSize : Self.cappedOutputSize
            let capacity = self.session.outputCapacity(limit: limit)
            if capacity == 0 || self.mustWait(toSend: capacity) { break }
            // The memory of the last write is used again as soon as the socket has taken it.
            self.output.clear(minimumCapacity: capacity)
            let count = self.output.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { memory in
                self.session.takeOutput(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<capacity]))
            }
            if count == 0 { break }
            self.statistics.bytesOut.add(count, ordering: .relaxed)
            _ = self.upload?.spend(count, now: Self.now)
            context.writeAndFlush(self.wrapOutboundOut(self.output), promise: nil)
        }
        if self.output.capacity > Self.outputKept, self.session.pendingOutputBytes == 0 { self.output = ByteBuffer() }
        self.wakeStreamWriters()
        if !self.answers.isEmpty {
            self.answers.update(isHeldBack: self.isUploadDue, now: Self.now) { self.session.queuedBytes(on: $0) }
            self.settleHeldBytes()
        }
        self.answerWaiting()
        self.armTimer(on: context.eventLoop)
    }

    /// The cap on what is sent; what goes through a relay is counted where it leaves this node.
    private var upload: SharedBandwidth? {
        self.connection?.isRelayed == false ? self.delegate.upload : nil
    }

    /// Whether so many bytes have to wait for the cap; they are sent when it is time.
    private func mustWait(toSend count: Int) -> Bool {
        guard count > Self.wordsSize, let upload, let loop = self.context?.eventLoop else { return false }
        let delay = upload.wait(now: Self.now)
        guard delay > .zero else { return false }
        if !self.isUploadDue {
            self.isUploadDue = true
            loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
                self?.isUploadDue = false
                self?.flush()
            }
        }
        return true
    }

    /// Counts what has come, and reads no more for a while when it is more than the cap allows: the sender's window then closes.
    private func count(read count: Int, now: Instant) {
        guard self.connection?.isRelayed == false, let delay = self.delegate.download?.spend(count, now: now),
            delay > .zero, !self.isReadingPaused, let context = self.context
        else { return }
        self.isReadingPaused = true
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            self?.isReadingPaused = false
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    /// A timer that fires too early is harmless and arms the next one, so it is replaced only by an earlier one.
    private func armTimer(on loop: any EventLoop) {
        let deadlines = [self.session.nextDeadline, self.answers.nextDeadline].compactMap { $0 }
        guard !self.isEnded, let deadline = deadlines.min() else { return }
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let delay = max(.zero, Self.now.duration(to: deadline))
        let task = loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            guard let self, !self.isEnded else { return }
            self.timer = nil
            self.perform(self.session.handleTimeout(now: Self.now))
            for stream in self.answers.stalled(now: Self.now) {
                self.session.reset(stream)
                self.answers.forget(stream)
            }
            self.settleHeldBytes()
            self.openWaiting()
            self.flush()
        }
        self.timer = (deadline, task)
    }

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
