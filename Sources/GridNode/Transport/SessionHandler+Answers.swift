import NIOCore
import PeerSession

/// What arrives on the streams of requests, and the answers to those of the peer.
extension SessionHandler {
    /// How long answers wait while other connections have all memory.
    private static let answerPause = TimeAmount.milliseconds(100)

    func streamOpened(_ stream: StreamID, _ name: String) {
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

    func received(_ bytes: [UInt8], on stream: StreamID) {
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

    func finished(_ stream: StreamID) {
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
    func answerWaiting() {
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
    var heldBytes: Int {
        self.bodyBytes + self.answers.bytes
    }

    func forgetInbound(_ stream: StreamID) {
        guard let inbound = self.inbound.removeValue(forKey: stream) else { return }
        inbound.timer.cancel()
        self.unanswered.removeAll { $0.stream == stream }
        self.bodyBytes -= inbound.body.count
        self.settleHeldBytes()
    }

    /// Counts bytes of requests and answers towards what all connections together may hold.
    func hold(_ count: Int, canWait: Bool = false) -> Bool {
        guard self.delegate.holdBytes(count, canWait: canWait) else { return false }
        self.countedBytes += count
        return true
    }

    /// Gives back what was counted and is held no more.
    func settleHeldBytes() {
        let held = self.heldBytes
        guard held < self.countedBytes else { return }
        _ = self.delegate.holdBytes(held - self.countedBytes, canWait: false)
        self.countedBytes = held
    }
}
