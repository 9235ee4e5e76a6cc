import GridWire
import NIOCore
import PeerSession

/// What is asked of the peer.
extension SessionHandler {
    /// The most requests that wait for their turn.
    private static let waitingMax = 4_096

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

    func fail(_ stream: StreamID, _ code: NetworkError.Code, _ message: String) {
        guard let outbound = self.outbound[stream] else { return }
        let peer = self.peer.map(\.description) ?? "a peer"
        let error = NetworkError(code, "\(outbound.request.protocolName) to \(peer): \(message)", peer: self.peer)
        self.complete(stream, with: .failure(error))
    }

    func complete(_ stream: StreamID, with result: Result<[UInt8], any Error>) {
        guard let outbound = self.outbound.removeValue(forKey: stream) else { return }
        outbound.timer.cancel()
        outbound.request.continuation.resume(with: result)
        self.openWaiting()
    }

    func openWaiting() {
        guard !self.isEnded else { return }
        var opened = 0
        while opened < self.waiting.count, self.outbound.count < self.settings.outboundRequestsPerPeerMax,
            self.open(self.waiting[opened])
        { opened += 1 }
        self.waiting.removeFirst(opened)
    }
}
