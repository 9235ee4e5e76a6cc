package import GridWire
import NIOCore

/// Brings chunks from peers: the shell of a ``ChunkScheduler``.
///
/// ```swift
/// let exchange = ChunkExchange { chunk, peer in
///     try await network.request(peer, ...)
/// } inquire: { chunks, peer in
///     try await network.request(peer, ...)
/// }
/// await exchange.peerAppeared(peer)
/// let bytes = try await exchange.fetch(chunk, priority: 0)
/// ```
/// Nothing that a peer sends is believed: a chunk must hash to its name.
package actor ChunkExchange {
    /// Asks a peer for a chunk; empty or nil when it does not hold it.
    package typealias Request = @Sendable (_ chunk: ChunkID, _ peer: PeerID) async throws -> [UInt8]?

    /// Asks a peer which of the chunks it holds.
    package typealias Inquire = @Sendable (_ chunks: [ChunkID], _ peer: PeerID) async throws -> [ChunkID]

    private let request: Request
    private let inquire: Inquire
    private var scheduler: ChunkScheduler
    private var waiting: [ChunkID: [(number: Int, continuation: CheckedContinuation<[UInt8], any Error>)]] = [:]
    private var transfers: [Transfer: Task<Void, Never>] = [:]
    private var lastNumber = 0
    private var timer: (deadline: Instant, task: Task<Void, Never>)?

    private struct Transfer: Hashable {
        let chunk: ChunkID
        let peer: PeerID
    }

    /// An exchange without peers.
    package init(
        settings: ChunkScheduler.Settings = ChunkScheduler.Settings(),
        request: @escaping Request,
        inquire: @escaping Inquire
    ) {
        self.request = request
        self.inquire = inquire
        self.scheduler = ChunkScheduler(settings: settings)
    }

    /// A peer can be asked.
    package func peerAppeared(_ peer: PeerID) {
        self.perform(self.scheduler.peerAppeared(peer, now: SessionHandler.now))
    }

    /// A peer cannot be asked any more.
    package func peerGone(_ peer: PeerID) {
        self.perform(self.scheduler.peerGone(peer, now: SessionHandler.now))
    }

    /// Brings a chunk; of several that are needed the lower priority comes first.
    ///
    /// - Throws: ``NodeError`` when no peer holds it, `CancellationError` when the task is cancelled.
    package func fetch(_ chunk: ChunkID, priority: Int = 0) async throws -> [UInt8] {
        self.lastNumber += 1
        let number = self.lastNumber
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                self.waiting[chunk, default: []].append((number, continuation))
                self.perform(self.scheduler.want(chunk, priority: priority, now: SessionHandler.now))
            }
        } onCancel: {
            Task { await self.abandon(chunk, number) }
        }
    }

    private func abandon(_ chunk: ChunkID, _ number: Int) {
        guard let index = self.waiting[chunk]?.firstIndex(where: { $0.number == number }) else { return }
        self.waiting[chunk]?.remove(at: index).continuation.resume(throwing: CancellationError())
        guard self.waiting[chunk]?.isEmpty ?? false else { return }
        self.waiting[chunk] = nil
        self.perform(self.scheduler.forget(chunk, now: SessionHandler.now))
    }

    // MARK: Actions

    private func perform(_ actions: [ChunkScheduler.Action]) {
        for action in actions {
            switch action {
            case .request(let chunk, let peer):
                let transfer = Transfer(chunk: chunk, peer: peer)
                self.transfers[transfer] = Task { [weak self, request] in
                    let result: Result<[UInt8]?, any Error>
                    do {
                        result = .success(try await request(chunk, peer))
                    } catch {
                        result = .failure(error)
                    }
                    await self?.ended(transfer, result)
                }
            case .cancel(let chunk, let peer):
                self.transfers.removeValue(forKey: Transfer(chunk: chunk, peer: peer))?.cancel()
            case .unavailable(let chunk):
                let error = NodeError(.network, "no peer holds the chunk \(chunk)")
                for waiter in self.waiting.removeValue(forKey: chunk) ?? [] {
                    waiter.continuation.resume(throwing: error)
                }
            }
        }
        for (chunks, peer) in self.scheduler.inquiriesDue() {
            Task { [weak self, inquire] in
                let held = try? await inquire(chunks, peer)
                await self?.inquiryEnded(chunks, peer, held: held.map { Set($0) })
            }
        }
        self.rearm()
    }

    private func inquiryEnded(_ chunks: [ChunkID], _ peer: PeerID, held: Set<ChunkID>?) {
        self.perform(self.scheduler.inquiryEnded(chunks, of: peer, held: held, now: SessionHandler.now))
    }

    private func ended(_ transfer: Transfer, _ result: Result<[UInt8]?, any Error>) {
        guard self.transfers.removeValue(forKey: transfer) != nil else { return }
        let now = SessionHandler.now
        func fail(_ failure: ChunkScheduler.Failure) {
            self.perform(self.scheduler.failed(transfer.chunk, from: transfer.peer, failure, now: now))
        }
        switch result {
        case .success(let bytes?) where !bytes.isEmpty:
            guard Digest(hashing: bytes) == transfer.chunk.digest else { return fail(.wrong) }
            for waiter in self.waiting.removeValue(forKey: transfer.chunk) ?? [] {
                waiter.continuation.resume(returning: bytes)
            }
            self.perform(
                self.scheduler.received(transfer.chunk, byteCount: bytes.count, from: transfer.peer, now: now)
            )
        case .success:
            fail(.notHeld)
        case .failure(let error):
            // A stream that is reset is the answer of one that does not hold the chunk.
            fail((error as? NetworkError)?.code == .refused ? .notHeld : .broken)
        }
    }

    private func rearm() {
        guard let deadline = self.scheduler.nextDeadline else { return }
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let delay = max(.zero, SessionHandler.now.duration(to: deadline))
        let task = Task { [weak self] in
            guard (try? await Task.sleep(for: delay)) != nil else { return }
            await self?.timerFired(deadline)
        }
        self.timer = (deadline, task)
    }

    private func timerFired(_ deadline: Instant) {
        guard self.timer?.deadline == deadline else { return }
        self.timer = nil
        self.perform(self.scheduler.handleTimeout(now: SessionHandler.now))
    }
}
