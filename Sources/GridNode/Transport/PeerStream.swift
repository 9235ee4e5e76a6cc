package import GridWire
import NIOCore
import PeerSession
import Synchronization

/// One stream with a peer, for protocols that are a conversation and not one question with one answer.
///
/// Usable from any task; one task at a time may read. What was not read stays with the peer, by the stream's window.
package final class PeerStream: Sendable {
    private struct State {
        var received = ByteQueue()
        var hasEnded = false
        var failure: NetworkError?
        var reader: CheckedContinuation<[UInt8]?, any Error>?
    }

    /// The other end.
    package let peer: PeerID
    /// The connection that carries the stream.
    let connection: PeerConnection
    let id: StreamID
    private let loop: any EventLoop
    private let handler: NIOLoopBound<SessionHandler>
    private let state = Mutex(State())

    init(peer: PeerID, connection: PeerConnection, id: StreamID, handler: SessionHandler, loop: any EventLoop) {
        self.peer = peer
        self.connection = connection
        self.id = id
        self.loop = loop
        self.handler = NIOLoopBound(handler, eventLoop: loop)
    }

    /// The bytes that have come, or nothing when the peer has ended its half.
    ///
    /// - Throws: ``NetworkError`` when the stream is gone, `CancellationError` when the task is cancelled.
    package func read() async throws -> [UInt8]? {
        let bytes: [UInt8]? = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.state.withLock { state in
                    precondition(state.reader == nil, "two tasks read one stream")
                    state.reader = continuation
                }
                self.wakeReader()
            }
        } onCancel: {
            self.reset()
        }
        if let bytes {
            self.loop.execute { self.handler.value.streamRead(bytes.count, on: self.id) }
        }
        try Task.checkCancellation()
        return bytes
    }

    /// Sends bytes; returns when there is room for more.
    ///
    /// - Throws: ``NetworkError`` when the stream is gone.
    package func write(_ bytes: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { continuation in
            self.loop.execute { self.handler.value.streamWrite(bytes, on: self.id, continuation) }
        }
    }

    /// Ends this half of the stream after what was written.
    package func finish() {
        self.loop.execute { self.handler.value.streamFinish(self.id) }
    }

    /// Ends the stream in both directions at once.
    package func reset() {
        self.failed(NetworkError(.refused, "the stream was reset by this node", peer: self.peer))
        self.loop.execute { self.handler.value.streamReset(self.id) }
    }

    /// Resets the stream after a time, unless the returned timer is cancelled.
    func expire(after time: Duration) -> Scheduled<Void> {
        self.loop.scheduleTask(in: .init(time)) { self.reset() }
    }

    // MARK: From the handler

    func received(_ bytes: [UInt8]) {
        self.state.withLock { $0.received.append(bytes) }
        self.wakeReader()
    }

    func ended() {
        self.state.withLock { $0.hasEnded = true }
        self.wakeReader()
    }

    func failed(_ error: NetworkError) {
        self.state.withLock { state in
            if state.failure == nil { state.failure = error }
        }
        self.wakeReader()
    }

    private func wakeReader() {
        typealias Wake = (CheckedContinuation<[UInt8]?, any Error>, Result<[UInt8]?, any Error>)
        let wake: Wake? = self.state.withLock { state in
            guard let reader = state.reader else { return nil }
            let result: Result<[UInt8]?, any Error>
            if !state.received.isEmpty {
                result = .success(state.received.takeAll())
            } else if let failure = state.failure {
                result = .failure(failure)
            } else if state.hasEnded {
                result = .success(nil)
            } else {
                return nil
            }
            state.reader = nil
            return (reader, result)
        }
        if let (reader, result) = wake { reader.resume(with: result) }
    }
}

extension PeerStream {
    /// Reads the next length-prefixed message; nothing when the stream ends or the message makes no sense.
    func readMessage(_ buffer: inout MessageBuffer) async throws -> [UInt8]? {
        while true {
            if let message = try buffer.next() { return message }
            guard let bytes = try await self.read() else { return nil }
            buffer.append(bytes)
        }
    }

    /// Sends a message with its length before it.
    func writeMessage(_ message: [UInt8]) async throws {
        try await self.write(MessageBuffer.frame(message))
    }
}
