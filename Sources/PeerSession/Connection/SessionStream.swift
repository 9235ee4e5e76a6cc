import GridWire

/// What a connection knows of one stream.
final class SessionStream {
    /// Whose words the stream carries now.
    enum Mode {
        /// Ours: the answer to the proposal is awaited.
        case proposing(Multistream.Dialer)
        /// The peer's: its proposal is awaited.
        case listening(Multistream.Listener)
        /// The peer's: all that it proposed was refused, and what follows is thrown away.
        case refused
        /// The shell's bytes.
        case application
        /// Answering pings: the bytes of the next one so far.
        case answeringPings([UInt8])
        /// Our identify message is on its way, and nothing is to be heard.
        case telling
        /// The peer's identify message so far.
        case awaitingIdentify([UInt8])
        /// What the peer pushes of itself so far.
        case hearingPush([UInt8])
    }

    /// How far this side has come to its end.
    enum LocalEnd {
        /// More may be sent.
        case open
        /// The end comes after what is queued.
        case queued
        /// The end was sent.
        case sent
    }

    let id: UInt32
    let isLocal: Bool
    /// Whether a stream of ours is for the connection itself, so that the shell hears nothing of it.
    let isInternal: Bool
    var mode: Mode
    var queue = ByteQueue()
    /// What the peer lets us send.
    var sendWindow = YamuxHeader.initialWindow
    /// What the peer may still send.
    var receiveWindow = YamuxHeader.initialWindow
    /// The size to which the receive window is filled up.
    var receiveWindowSize = YamuxHeader.initialWindow
    /// What was given to the shell and not consumed.
    var unconsumed = 0
    /// What was consumed and not granted anew.
    var toGrant = 0
    /// What was granted since ``growthEpoch``.
    var grantedInEpoch = 0
    /// When the present window began to be consumed.
    var growthEpoch: Instant
    var isAcknowledged = false
    var localEnd = LocalEnd.open
    var hasRemoteEnded = false
    /// Whether the connection has forgotten this stream.
    var isGone = false
    /// Whether the stream stands in the queue of those that can send.
    var isReady = false

    init(id: UInt32, isLocal: Bool, isInternal: Bool, mode: Mode, now: Instant) {
        self.id = id
        self.isLocal = isLocal
        self.isInternal = isInternal
        self.mode = mode
        self.growthEpoch = now
    }

    var streamID: StreamID {
        StreamID(rawValue: self.id)
    }

    /// Whether a frame can be sent now.
    var canSend: Bool {
        guard !self.isGone else { return false }
        return self.queue.isEmpty ? self.localEnd == .queued : self.sendWindow > 0
    }

    /// The bytes that can be sent now.
    var sendableBytes: Int {
        self.isGone ? 0 : min(self.queue.count, self.sendWindow)
    }

    /// Whether the shell has heard of the stream (or opened it itself).
    var isKnownToShell: Bool {
        switch self.mode {
        case .application: true
        case .proposing: !self.isInternal
        case .listening, .refused, .answeringPings, .telling, .awaitingIdentify, .hearingPush: false
        }
    }

    /// Whether the protocol is not agreed yet.
    var isNegotiating: Bool {
        switch self.mode {
        case .proposing, .listening, .refused: true
        case .application, .answeringPings, .telling, .awaitingIdentify, .hearingPush: false
        }
    }

    var isAnsweringPings: Bool {
        if case .answeringPings = self.mode { true } else { false }
    }

    var isHearingPush: Bool {
        if case .hearingPush = self.mode { true } else { false }
    }

    /// Appends to the identify message that is coming; false when it would become too long.
    func append(_ bytes: borrowing Span<UInt8>, upTo limit: Int) -> Bool {
        // The stream lets go of the message while it grows, so that it is appended to and not copied.
        switch self.mode {
        case .awaitingIdentify(var message):
            self.mode = .awaitingIdentify([])
            guard Self.append(bytes, to: &message, upTo: limit) else { return false }
            self.mode = .awaitingIdentify(message)
        case .hearingPush(var message):
            self.mode = .hearingPush([])
            guard Self.append(bytes, to: &message, upTo: limit) else { return false }
            self.mode = .hearingPush(message)
        case .proposing, .listening, .refused, .application, .answeringPings, .telling:
            return false
        }
        return true
    }

    private static func append(_ bytes: borrowing Span<UInt8>, to message: inout [UInt8], upTo limit: Int) -> Bool {
        guard message.count + bytes.count <= limit else { return false }
        bytes.withUnsafeBufferPointer { message.append(contentsOf: $0) }
        return true
    }
}
