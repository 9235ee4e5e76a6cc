import GridWire
import NIOCore
import PeerSession

/// Streams that are conversations.
extension SessionHandler {
    /// Bytes that may wait on a stream before its writer has to.
    private static let streamQueueMax = 256 << 10

    /// Opens a stream; nothing when the session is over or has too many.
    func openStream(_ name: String) -> PeerStream? {
        guard !self.isEnded, let peer = self.peer, let connection = self.connection, let loop = self.context?.eventLoop,
            let id = self.session.openStream(protocol: name)
        else { return nil }
        let stream = PeerStream(peer: peer, connection: connection, id: id, handler: self, loop: loop)
        self.streams[id] = stream
        self.flush()
        return stream
    }

    /// Takes a stream of the peer's, if somebody here speaks its protocol.
    func acceptStream(_ id: StreamID, _ name: String) -> Bool {
        guard let answer = self.delegate.streamResponder(for: name), let peer = self.peer,
            let connection = self.connection, let loop = self.context?.eventLoop,
            self.streams.count < self.settings.streamsPerPeerMax
        else { return false }
        let stream = PeerStream(peer: peer, connection: connection, id: id, handler: self, loop: loop)
        self.streams[id] = stream
        self.delegate.enqueue { await answer(stream) }
        return true
    }

    func streamRead(_ count: Int, on id: StreamID) {
        guard !self.isEnded else { return }
        self.session.consumed(count, on: id)
        self.flush()
    }

    func streamWrite(_ bytes: [UInt8], on id: StreamID, _ writer: CheckedContinuation<Void, any Error>) {
        guard !self.isEnded, self.streams[id] != nil, bytes.isEmpty || self.session.send(bytes, on: id) else {
            writer.resume(throwing: NetworkError(.disconnected, "the stream ended", peer: self.peer))
            return
        }
        self.streamWriters.append((id, writer))
        self.flush()
    }

    func streamFinish(_ id: StreamID) {
        guard !self.isEnded, self.streams[id] != nil else { return }
        self.session.finish(id)
        self.flush()
        self.forgetStreamIfOver(id)
    }

    func streamReset(_ id: StreamID) {
        guard self.streams.removeValue(forKey: id) != nil, !self.isEnded else { return }
        self.session.reset(id)
        self.flush()
    }

    /// What the session says of a stream; whether the stream is one of these.
    func streamReceived(_ bytes: [UInt8], on id: StreamID) -> Bool {
        guard let stream = self.streams[id] else { return false }
        stream.received(bytes)
        return true
    }

    /// The peer has ended its half.
    func streamEnded(_ id: StreamID) -> Bool {
        guard let stream = self.streams[id] else { return false }
        stream.ended()
        self.forgetStreamIfOver(id)
        return true
    }

    /// The stream is gone.
    func streamFailed(_ id: StreamID, _ code: NetworkError.Code, _ message: String) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        stream.failed(NetworkError(code, message, peer: self.peer))
    }

    /// The session has no place for the stream any more when both halves are over.
    private func forgetStreamIfOver(_ id: StreamID) {
        if !self.session.hasStream(id) { self.streams[id] = nil }
    }

    /// Lets those go on whose bytes have left, and forgets the streams that are over.
    func wakeStreamWriters() {
        if self.streams.contains(where: { !self.session.hasStream($0.key) }) {
            self.streams = self.streams.filter { self.session.hasStream($0.key) }
        }
        guard !self.streamWriters.isEmpty else { return }
        self.streamWriters.removeAll { id, writer in
            guard self.streams[id] != nil || self.session.hasStream(id) else {
                writer.resume(throwing: NetworkError(.disconnected, "the stream ended", peer: self.peer))
                return true
            }
            guard self.session.queuedBytes(on: id) <= Self.streamQueueMax else { return false }
            writer.resume()
            return true
        }
    }

    /// The connection is over.
    func endStreams(_ error: NetworkError) {
        let (streams, writers) = (self.streams, self.streamWriters)
        self.streams = [:]
        self.streamWriters = []
        for stream in streams.values { stream.failed(error) }
        for (_, writer) in writers { writer.resume(throwing: error) }
    }
}
