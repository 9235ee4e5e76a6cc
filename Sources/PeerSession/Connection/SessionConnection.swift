public import GridWire

/// One secure, multiplexed connection between two peers, without its socket.
///
/// ```swift
/// let session = SessionConnection(role: .dialer, identity: key, expectedPeer: peer, entropy: SystemEntropy.bytes,
///     inboundProtocols: ["/tessera/grid/1"], now: clock.now)
/// socket.write(session.takeOutput())
/// for event in session.receive(bytesFromSocket, now: clock.now) { ... }
/// socket.write(session.takeOutput())
/// ```
/// After every call, the shell writes what ``takeOutput(limit:)`` gives (until it gives nothing) as the socket takes it,
/// and arms one timer for ``nextDeadline``. A reference type, because a copy would encrypt two messages with one nonce;
/// not thread-safe: one actor or event loop owns it.
///
/// Underneath: multistream-select 1.0, libp2p Noise (`Noise_XX_25519_ChaChaPoly_SHA256`), and Yamux.
public final class SessionConnection {
    /// The protocol that secures the connection.
    package static let securityProtocol = "/noise"
    /// The protocol that carries the streams.
    package static let muxerProtocol = "/yamux/1.0.0"
    /// The echo protocol of libp2p, answered here.
    public static let pingProtocol = "/ipfs/ping/1.0.0"
    /// The protocol that tells who a peer is, answered here.
    public static let identifyProtocol = "/ipfs/id/1.0.0"
    /// The protocol that tells what has changed, heard and spoken here.
    public static let identifyPushProtocol = "/ipfs/id/push/1.0.0"

    enum Phase {
        /// Plain multistream lines, for `/noise`.
        case negotiatingSecurity
        /// Noise handshake messages.
        case handshaking
        /// Multistream lines inside Noise, for the muxer, when it was not agreed in the handshake.
        case negotiatingMuxer
        case established
        case closed
    }

    enum Negotiation {
        case dialer(Multistream.Dialer)
        case listener(Multistream.Listener)
    }

    /// Which side this is.
    public let role: SessionRole
    let identity: IdentityKey
    let expectedPeer: PeerID?
    let entropy: Entropy
    var inboundProtocols: [String]
    var settings: SessionSettings
    let privateGrid: PreSharedKeyLayer?

    /// The latest time that the shell told.
    var now: Instant
    var phase = Phase.negotiatingSecurity
    var events: [SessionEvent] = []

    // The handshake.
    var negotiation: Negotiation
    var handshake: NoiseHandshake?
    var handshakeDeadline: Instant?
    /// Whether streams are opened already while the peer's answer to the muxer is awaited.
    var isMuxerUnconfirmed = false
    /// The peer, once authenticated.
    public internal(set) var peer: PeerID?

    // From the transport.
    /// The part of a Noise frame that has come.
    var frameBuffer: [UInt8] = []
    var receiveCipher: CipherState?
    let plaintext = PlaintextBuffer()
    /// The part of a Yamux header that has come.
    var headerBuffer: [UInt8] = []
    var bodyRemaining = 0
    var bodyFlags: YamuxHeader.Flags = []
    /// Whose body it is; nothing when it is thrown away.
    var bodyStream: SessionStream?

    // To the transport.
    var plainOutput = ByteQueue()
    var sendCipher: CipherState?
    /// Multistream lines that go before all frames.
    var muxerOutput: [UInt8] = []
    var controlFrames = FIFO<YamuxHeader>()
    var queuedPongs = 0
    /// The streams that can send, in the order of their turns.
    var readyStreams = FIFO<SessionStream>()

    // Streams.
    var streams: [UInt32: SessionStream] = [:]
    var nextStreamID: UInt32
    var inboundCount = 0
    var inboundPingCount = 0
    var unacknowledgedCount = 0
    var unconsumedTotal = 0
    var windowGrowth = 0
    /// The bytes for streams that are gone that the peer may still send: what was granted and not used.
    var discardBudget = YamuxHeader.initialWindow
    var negotiationDeadlines = FIFO<(deadline: Instant, stream: SessionStream)>()
    var isPeerLeaving = false
    var leaveDeadline: Instant?

    // Identify.
    /// What the peer has said of itself so far.
    var peerIdentify = IdentifyMessage()
    var inboundPushCount = 0

    // Pings.
    var nextPingValue: UInt32 = 0
    var outstandingPings: [(value: UInt32, sentAt: Instant)] = []
    var nextPing: Instant?
    var unansweredPings = 0
    var hasHeardSincePing = false
    /// The least recent round trip, for window growth.
    var roundTrip: Duration?

    /// Begins a connection; the handshake's time limit runs from `now`.
    ///
    /// - Parameters:
    ///   - role: Which side this is: the dialer is the one that connected.
    ///   - identity: The key of this node.
    ///   - expectedPeer: The peer that was dialed; another one fails the handshake. Nothing accepts any peer.
    ///   - entropy: Gives the keys of this connection: it must be unpredictable outside simulations.
    ///   - inboundProtocols: What the peer may open streams for, besides ping and identify.
    ///   - settings: Bounds and times.
    ///   - now: The present.
    public init(
        role: SessionRole,
        identity: IdentityKey,
        expectedPeer: PeerID?,
        entropy: @escaping Entropy,
        inboundProtocols: [String],
        settings: SessionSettings = SessionSettings(),
        now: Instant
    ) {
        self.role = role
        self.identity = identity
        self.expectedPeer = expectedPeer
        self.entropy = entropy
        self.inboundProtocols = inboundProtocols
        self.settings = settings
        self.privateGrid = settings.preSharedKey.map { PreSharedKeyLayer(key: $0, entropy: entropy) }
        self.now = now
        self.nextStreamID = role == .dialer ? 1 : 2
        switch role {
        case .dialer: self.negotiation = .dialer(.init(proposal: Self.securityProtocol))
        case .listener: self.negotiation = .listener(.init())
        }
        self.handshakeDeadline = now.advanced(by: settings.handshakeTimeout)
        self.beginHandshake()
    }

    // MARK: From the transport

    /// Takes bytes from the transport.
    public func receive(_ bytes: [UInt8], now: Instant) -> [SessionEvent] {
        self.receive(bytes.span, now: now)
    }

    /// Takes bytes from the transport.
    public func receive(_ bytes: ArraySlice<UInt8>, now: Instant) -> [SessionEvent] {
        self.receive(bytes.span, now: now)
    }

    /// Takes bytes from the transport; they are read during the call only.
    public func receive(_ bytes: UnsafeRawBufferPointer, now: Instant) -> [SessionEvent] {
        // Sound: the caller keeps the bytes valid during the call, and nothing below keeps the span.
        bytes.withMemoryRebound(to: UInt8.self) { self.receive(Span(_unsafeElements: $0), now: now) }
    }

    /// Tells that the transport ended; gives `closed` unless the connection was over already.
    public func transportClosed() -> [SessionEvent] {
        self.end(.transportClosed)
        return self.takeEvents()
    }

    // MARK: Streams

    /// Opens a stream; the proposal travels with the first data.
    ///
    /// - Returns: Nothing when not established, when the peer leaves, or when too many streams are unacknowledged.
    public func openStream(protocol name: String) -> StreamID? {
        self.openStream(protocol: name, isInternal: false)?.streamID
    }

    /// Queues bytes on a stream.
    ///
    /// - Returns: False, and nothing is queued, when the stream is gone or finished or its queue would exceed
    ///   ``SessionSettings/streamQueueMax``.
    @discardableResult
    public func send(_ bytes: [UInt8], on stream: StreamID) -> Bool {
        guard let stream = self.streams[stream.rawValue], stream.isKnownToShell, stream.localEnd == .open,
            bytes.count <= self.settings.streamQueueMax - stream.queue.count
        else { return false }
        stream.queue.append(bytes)
        self.makeReady(stream)
        return true
    }

    /// Ends this side of a stream, after what is queued.
    public func finish(_ stream: StreamID) {
        guard let stream = self.streams[stream.rawValue], stream.isKnownToShell else { return }
        self.finishLocally(stream)
    }

    /// Ends a stream in both directions and drops what is queued on it.
    ///
    /// No more events come for it, but those that were returned already.
    public func reset(_ stream: StreamID) {
        guard let stream = self.streams[stream.rawValue], stream.isKnownToShell else { return }
        self.abandon(stream)
    }

    /// Returns bytes of ``SessionEvent/data(_:_:)`` to the stream's window, so that the peer may send as many more.
    public func consumed(_ count: Int, on stream: StreamID) {
        guard count > 0, let stream = self.streams[stream.rawValue] else { return }
        let count = min(count, stream.unconsumed)
        stream.unconsumed -= count
        self.unconsumedTotal -= count
        self.giveBack(count, to: stream)
    }

    /// Whether the stream still is, in one direction at least.
    public func hasStream(_ stream: StreamID) -> Bool {
        self.streams[stream.rawValue] != nil
    }

    /// The bytes that wait to be sent on a stream, including those that wait for the peer's window.
    public func queuedBytes(on stream: StreamID) -> Int {
        self.streams[stream.rawValue]?.queue.count ?? 0
    }

    // MARK: The connection

    /// Measures the round trip; ``SessionEvent/roundTrip(_:)`` follows.
    ///
    /// - Parameter now: The present: nothing may have happened on the connection for long.
    public func ping(now: Instant) {
        // More than a few at a time measure nothing new.
        guard self.isEstablished, self.outstandingPings.count < 8 else { return }
        let value = self.nextPingValue
        self.nextPingValue &+= 1
        self.outstandingPings.append((value, now))
        self.queueControl(YamuxHeader(.ping, .syn, stream: 0, length: value))
    }

    /// Asks the peer what it says of itself; ``SessionEvent/identified(_:)`` follows if it answers well.
    public func identify() {
        guard let stream = self.openStream(protocol: Self.identifyProtocol, isInternal: true) else { return }
        self.finishLocally(stream)
    }

    /// Tells the peer where this node can be reached and what it speaks from now on, unless it knows.
    public func update(listenAddresses: [Multiaddr], inboundProtocols: [String]) {
        guard listenAddresses != self.settings.listenAddresses || inboundProtocols != self.inboundProtocols else {
            return
        }
        self.settings.listenAddresses = listenAddresses
        self.inboundProtocols = inboundProtocols
        guard self.isEstablished, let stream = self.openStream(protocol: Self.identifyPushProtocol, isInternal: true)
        else { return }
        stream.queue.append(self.identifyMessage.encoded())
        self.finishLocally(stream)
    }

    /// Ends the connection: a goodbye is queued, everything else is dropped.
    ///
    /// No event follows.
    public func close() {
        self.end(.local)
        self.events.removeAll()
    }

    /// Whether streams can be used.
    public var isEstablished: Bool {
        if case .established = self.phase { true } else { false }
    }

    /// Whether the connection is over.
    public var isClosed: Bool {
        if case .closed = self.phase { true } else { false }
    }

    /// The number of open streams, those of ping and identify and those without an agreed protocol included.
    public var openStreamCount: Int {
        self.streams.count
    }

    /// How many streams are remembered for their negotiation's time limit.
    package var negotiationCount: Int {
        self.negotiationDeadlines.count
    }

    /// When ``handleTimeout(now:)`` has work to do; nothing when the connection is over.
    public var nextDeadline: Instant? {
        if !self.events.isEmpty { return self.now }
        if self.isClosed { return nil }
        return [self.handshakeDeadline, self.nextPing, self.negotiationDeadlines.first?.deadline, self.leaveDeadline]
            .compactMap { $0 }.min()
    }

    /// Does what is due; calling it early or twice is harmless.
    public func handleTimeout(now: Instant) -> [SessionEvent] {
        self.now = max(self.now, now)
        if let deadline = self.handshakeDeadline, deadline <= self.now {
            self.end(.handshakeTimeout)
        }
        if let deadline = self.leaveDeadline, deadline <= self.now {
            self.end(.remote(code: 0))
        }
        while let (deadline, stream) = self.negotiationDeadlines.first,
            deadline <= self.now || stream.isGone || !stream.isNegotiating
        {
            _ = self.negotiationDeadlines.popFirst()
            if stream.isNegotiating, !stream.isGone {
                if stream.isKnownToShell { self.events.append(.reset(stream.streamID)) }
                self.abandon(stream)
            }
        }
        if let due = self.nextPing, due <= self.now {
            self.keepAlive()
        }
        return self.takeEvents()
    }

    private func keepAlive() {
        let isUnanswered = !self.outstandingPings.isEmpty && !self.hasHeardSincePing
        self.unansweredPings = isUnanswered ? self.unansweredPings + 1 : 0
        guard self.unansweredPings < self.settings.unansweredPingsMax else {
            self.end(.unresponsive)
            return
        }
        // Only the newest matter: an answer that has not come by now may come, but is no measure.
        self.outstandingPings.removeAll()
        self.hasHeardSincePing = false
        self.nextPing = self.now.advanced(by: self.settings.pingInterval)
        self.ping(now: self.now)
    }

    // MARK: Helpers

    func takeEvents() -> [SessionEvent] {
        defer { self.events = [] }
        return self.events
    }

    /// Ends the connection, once.
    ///
    /// A peer that is authenticated is told goodbye; any other is told nothing.
    func end(_ reason: SessionCloseReason) {
        guard !self.isClosed else { return }
        let wasEstablished = self.isEstablished
        self.phase = .closed
        self.handshake = nil
        self.receiveCipher = nil
        self.isMuxerUnconfirmed = false
        self.plainOutput.removeAll()
        self.muxerOutput = []
        self.controlFrames.removeAll()
        self.readyStreams.removeAll()
        self.negotiationDeadlines.removeAll()
        for stream in self.streams.values {
            stream.isGone = true
        }
        self.streams.removeAll()
        (self.handshakeDeadline, self.nextPing, self.leaveDeadline) = (nil, nil, nil)
        self.frameBuffer = []
        self.bodyStream = nil
        self.events.append(.closed(reason))
        guard wasEstablished else {
            self.sendCipher = nil
            return
        }
        let code: UInt32? =
            switch reason {
            case .local: 0
            case .protocolViolation, .limitExceeded: 1
            case .unresponsive, .handshakeTimeout, .handshakeFailed: nil
            case .remote, .transportClosed: nil
            }
        if let code {
            self.controlFrames.append(YamuxHeader(.goAway, stream: 0, length: code))
        } else {
            self.sendCipher = nil
        }
    }
}
