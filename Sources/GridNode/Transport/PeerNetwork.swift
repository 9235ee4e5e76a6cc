import Discovery
public import GridWire
public import Logging
import NIOCore
import NIOPosix
public import PeerSession
import Synchronization

/// The node's sessions with its peers: listens, dials, asks, answers.
///
/// ```swift
/// let network = PeerNetwork(identity: key, listenHost: "127.0.0.1", listenPort: 0, logger: logger)
/// network.handle("/tessera/grid/1", requestLimit: 1 << 20) { peer, request in await service.answer(request, from: peer) }
/// try await network.start()
/// let peer = try await network.dial(try PeerAddress.parse("127.0.0.1:7877"))
/// let response = try await network.request(peer, protocol: "/tessera/grid/1", body: question, responseLimit: 1 << 20,
///     timeout: .seconds(10))
/// await network.shutdown()
/// ```
/// One request is one stream: the asker writes and ends its half, the answerer likewise. A bad stream ends that stream, a bad
/// connection that connection. Between two peers one session is kept; when both dialed, that of the lower peer id.
public final class PeerNetwork: Sendable {
    /// Answers one request; nil resets the stream.
    public typealias Handler = @Sendable (_ peer: PeerID, _ request: [UInt8]) async -> [UInt8]?

    enum Phase {
        case idle
        case running
        case stopped
    }

    struct State {
        var phase = Phase.idle
        var responders: [String: Responder] = [:]
        var streamResponders: [String: @Sendable (PeerStream) async -> Void] = [:]
        /// What peers are told that this node speaks.
        var protocols: [String] = []
        var listeners: [any Channel] = []
        var listenAddresses: [Multiaddr] = []
        /// What peers are told of where this node can be reached.
        var announced: [Multiaddr] = []
        /// The addresses whose owner dials this node at this moment, by agreement: this side speaks first.
        var punches: [Multiaddr: PeerID] = [:]
        /// The peers that were asked to dial this node, and the connections that are no more than such dials.
        var probing: Set<PeerID> = []
        var probes: Set<Int> = []
        /// What others have told about reachability goes here.
        var observer: (@Sendable (ConnectionReport) -> Void)?
        var lastNumber = 0
        /// All connections, handshakes included.
        var connections: [Int: PeerConnection] = [:]
        /// The peers of the established ones.
        var established: [Int: PeerID] = [:]
        /// The connection that is used for each peer.
        var sessions: [PeerID: PeerConnection] = [:]
        var budget: ConnectionBudget
        var inboundSessions: InboundSessions
        /// The dials in progress.
        var dials: [Multiaddr: Task<PeerID, any Error>] = [:]
        var redial: RedialSchedule
        var redialTimer: (deadline: Instant, task: Scheduled<Void>)?
        var runner: Task<Void, Never>?
    }

    /// This node.
    public let identity: IdentityKey
    /// What happens to sessions, for one listener; the oldest are dropped when nobody listens.
    public let events: AsyncStream<NetworkEvent>

    let listenHost: String
    private let listenPort: Int?
    let settings: NetworkSettings
    let sessionSettings: SessionSettings
    /// The bytes of requests and answers that all connections hold.
    let heldBytes = Atomic<Int>(0)
    let upload: SharedBandwidth?
    let download: SharedBandwidth?
    let logger: Logger
    let group: any EventLoopGroup
    let state: Mutex<State>
    let eventSink: AsyncStream<NetworkEvent>.Continuation
    private let jobs: AsyncStream<@Sendable () async -> Void>
    let jobSink: AsyncStream<@Sendable () async -> Void>.Continuation

    /// The most events that wait for a listener.
    private static let eventsMax = 4_096

    /// Creates a network that does nothing yet.
    ///
    /// - Parameters:
    ///   - listenHost: The address to listen on; with a loopback address nothing else is dialed either.
    ///   - listenPort: The TCP port, or 0 for any free one, or nil not to listen at all.
    public init(
        identity: IdentityKey,
        listenHost: String,
        listenPort: Int?,
        settings: NetworkSettings = NetworkSettings(),
        agentVersion: String = "tessera",
        logger: Logger = Logger(label: "tessera.network") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.identity = identity
        self.listenHost = listenHost
        self.listenPort = listenPort
        self.settings = settings
        self.upload = settings.uploadMax.map { SharedBandwidth(bytesPerSecond: $0) }
        self.download = settings.downloadMax.map { SharedBandwidth(bytesPerSecond: $0) }
        self.logger = logger
        self.group = MultiThreadedEventLoopGroup.singleton
        var sessionSettings = SessionSettings()
        sessionSettings.agentVersion = agentVersion
        sessionSettings.streamQueueMax = settings.connectionMemoryMax
        sessionSettings.preSharedKey = settings.preSharedKey
        sessionSettings.staticKey = NoiseStaticKey(identity: identity, entropy: SystemEntropy.bytes)
        self.sessionSettings = sessionSettings
        (self.events, self.eventSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.eventsMax))
        (self.jobs, self.jobSink) = AsyncStream.makeStream()
        let jitter = SystemEntropy.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.state = Mutex(
            State(
                budget: ConnectionBudget(limits: settings.connectionLimits(openFiles: OpenFiles.raisedLimit())),
                inboundSessions: InboundSessions(
                    sessionsMax: settings.inboundConnectionsMax,
                    sessionsPerSourceMax: settings.inboundSessionsPerAddressMax
                ),
                redial: RedialSchedule(settings: settings.redial, seed: jitter)
            )
        )
    }

    /// Answers streams of a protocol; to be called before ``start()``.
    ///
    /// - Parameters:
    ///   - requestLimit: The most bytes of a request; longer ones are reset.
    ///   - answerReserve: The memory, in bytes, that is set aside for an answer before it is made, where answers are long; requests
    ///     wait until there is as much.
    public func handle(
        _ protocolName: String,
        requestLimit: Int,
        answerReserve: Int = 0,
        handler: @escaping Handler
    ) {
        self.state.withLock { state in
            precondition(state.phase == .idle, "\(protocolName) was registered after the network was started")
            state.responders[protocolName] = Responder(
                requestLimit: requestLimit,
                answerReserve: answerReserve,
                answer: handler
            )
            state.protocols = (state.protocols + [protocolName]).sorted()
        }
    }

    /// Holds the conversations of a protocol; `isAnnounced` when peers are told that this node speaks it.
    package func handleStreams(
        _ protocolName: String,
        isAnnounced: Bool = true,
        handler: @escaping @Sendable (PeerStream) async -> Void
    ) {
        self.state.withLock { state in
            state.streamResponders[protocolName] = handler
            if isAnnounced { state.protocols = (state.protocols + [protocolName]).sorted() }
        }
    }

    /// Tells all peers, now and later, where this node can be reached and what it speaks; nothing keeps what was told before.
    package func announce(_ addresses: [Multiaddr]? = nil, adding added: [String] = []) {
        let (connections, announced, protocols) = self.state.withLock { state in
            if let addresses { state.announced = addresses }
            state.protocols = Set(state.protocols).union(added).sorted()
            return (
                state.connections.keys.sorted().compactMap { state.connections[$0] }, state.announced, state.protocols
            )
        }
        for connection in connections { connection.announce(announced, protocols: protocols) }
    }

    /// Where others reach this node, without `/p2p`; empty before ``start()``.
    public var listenAddresses: [Multiaddr] {
        self.state.withLock { $0.listenAddresses }
    }

    /// Where peers are told that this node can be reached: its own addresses, confirmed outside ones, and those through relays.
    public var announcedAddresses: [Multiaddr] {
        self.state.withLock { $0.announced }
    }

    /// The TCP port that is listened on, if any.
    var boundPort: Int? {
        self.state.withLock { $0.listeners.first?.localAddress?.port }
    }

    /// The bytes of requests and answers that all sessions make this node hold now.
    package var heldByteCount: Int {
        self.heldBytes.load(ordering: .relaxed)
    }

    /// Whether this node keeps to the loopback interface.
    public var isLoopbackOnly: Bool {
        self.listenHost == "localhost" || IPAddress(self.listenHost)?.isLoopback == true
    }

    /// The sessions as they stand, ascending by peer.
    public var peers: [SessionSnapshot] {
        self.state.withLock { $0.sessions }
            .map { $0.value.snapshot(peer: $0.key) }
            .sorted { $0.peer < $1.peer }
    }

    /// Whether there is a session with the peer.
    public func isConnected(to peer: PeerID) -> Bool {
        self.state.withLock { $0.sessions[peer] != nil }
    }

    // MARK: Life

    /// Binds the socket and begins to answer.
    ///
    /// - Throws: ``NetworkError`` when the address cannot be had.
    public func start() async throws {
        var listeners: [any Channel] = []
        if let port = self.listenPort { listeners = try await self.bindListeners(port: port) }
        let bound = listeners.compactMap { PeerAddress.multiaddr($0.localAddress) }
        self.state.withLock { state in
            state.phase = .running
            state.listeners = listeners
            // A socket for all addresses of IPv6 beside one for those of IPv4 hears both kinds of addresses once.
            var seen: Set<Multiaddr> = []
            state.listenAddresses = bound.flatMap { PeerAddress.reachable(boundTo: $0) }.filter {
                seen.insert($0).inserted
            }
            state.announced = state.listenAddresses
            state.runner = Task { [jobs] in
                await withDiscardingTaskGroup { group in
                    for await job in jobs { group.addTask { await job() } }
                    group.cancelAll()
                }
            }
        }
        for address in bound { self.logger.info("listening", metadata: ["address": "\(address)"]) }
        self.scheduleRedials()
    }

    /// Says goodbye to all peers, ends all requests, and returns when nothing is left running.
    public func shutdown() async {
        let (listeners, connections, dials, runner) = self.state.withLock { state in
            state.phase = .stopped
            state.redialTimer?.task.cancel()
            defer { state.listeners = [] }
            return (state.listeners, Array(state.connections.values), Array(state.dials.values), state.runner)
        }
        for dial in dials { dial.cancel() }
        for listener in listeners { try? await listener.close() }
        for connection in connections { connection.close(reason: "this node is stopping") }
        runner?.cancel()
        self.jobSink.finish()
        await runner?.value
        for dial in dials { _ = await dial.result }
        // Connections that were being made while the phase changed end by themselves; wait for all of them, within reason.
        let deadline = ContinuousClock.now + self.settings.shutdownGrace * 4
        while !self.state.withLock({ $0.connections.isEmpty }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
        self.eventSink.finish()
    }

    // MARK: Sessions

    /// Asks one question and collects the answer.
    ///
    /// - Parameters:
    ///   - responseLimit: The most bytes of the answer; a longer one is refused.
    ///   - timeout: The longest wait from now on, the transfer of both included.
    /// - Throws: ``NetworkError``, or `CancellationError` when the task is cancelled.
    public func request(
        _ peer: PeerID,
        protocol name: String,
        body: [UInt8],
        responseLimit: Int,
        timeout: Duration
    ) async throws -> [UInt8] {
        guard let connection = self.state.withLock({ $0.sessions[peer] }) else {
            throw NetworkError(.notConnected, "there is no session with \(peer)", peer: peer)
        }
        guard !connection.isLimited || !self.settings.directProtocols.contains(name) else {
            throw NetworkError(
                .unavailable,
                "\(peer) is reached through a relay, which carries no \(name)",
                peer: peer
            )
        }
        return try await connection.request(name, body: body, responseLimit: responseLimit, timeout: timeout)
    }

    /// Opens a stream for a conversation.
    ///
    /// - Throws: ``NetworkError`` when there is no session, or no room for another stream.
    package func openStream(_ peer: PeerID, protocol name: String) async throws -> PeerStream {
        guard let connection = self.state.withLock({ $0.sessions[peer] }) else {
            throw NetworkError(.notConnected, "there is no session with \(peer)", peer: peer)
        }
        return try await connection.openStream(name)
    }

    /// The connection that is used for a peer.
    func connection(to peer: PeerID) -> PeerConnection? {
        self.state.withLock { $0.sessions[peer] }
    }

    /// Whether a person has asked for the session with the peer.
    func isPermanent(_ peer: PeerID) -> Bool {
        self.state.withLock { $0.redial.isPermanent(peer) }
    }

    /// Dials a peer that was only heard of no more, until it is heard of again.
    func forget(_ peer: PeerID) {
        self.state.withLock { $0.redial.forget(peer) }
    }

    /// Ends the session with a peer, if there is one; a wanted peer is dialed again.
    public func disconnect(_ peer: PeerID, reason: String = "closed by this node") {
        let connections = self.state.withLock { state in
            state.established.filter { $0.value == peer }.compactMap { state.connections[$0.key] }
        }
        for connection in connections { connection.close(reason: reason) }
    }
}
