public import GridWire
public import Logging
import NIOCore
import NIOPosix
public import PeerSession
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

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
        var listener: (any Channel)?
        var listenAddresses: [Multiaddr] = []
        var lastNumber = 0
        /// All connections, handshakes included.
        var connections: [Int: PeerConnection] = [:]
        /// The peers of the established ones.
        var established: [Int: PeerID] = [:]
        /// The connection that is used for each peer.
        var sessions: [PeerID: PeerConnection] = [:]
        var budget: ConnectionBudget
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

    private let listenHost: String
    private let listenPort: Int?
    let settings: NetworkSettings
    private let sessionSettings: SessionSettings
    let logger: Logger
    private let group: any EventLoopGroup
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
        self.logger = logger
        self.group = MultiThreadedEventLoopGroup.singleton
        var sessionSettings = SessionSettings()
        sessionSettings.agentVersion = agentVersion
        sessionSettings.streamQueueMax = settings.connectionMemoryMax
        self.sessionSettings = sessionSettings
        (self.events, self.eventSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.eventsMax))
        (self.jobs, self.jobSink) = AsyncStream.makeStream()
        let jitter = SystemEntropy.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.state = Mutex(
            State(
                budget: ConnectionBudget(settings: settings),
                redial: RedialSchedule(settings: settings.redial, seed: jitter)
            )
        )
    }

    /// Answers streams of a protocol; to be called before ``start()``.
    ///
    /// - Parameter requestLimit: The most bytes of a request; longer ones are reset.
    public func handle(_ protocolName: String, requestLimit: Int, handler: @escaping Handler) {
        self.state.withLock { state in
            precondition(state.phase == .idle, "\(protocolName) was registered after the network was started")
            state.responders[protocolName] = Responder(requestLimit: requestLimit, answer: handler)
        }
    }

    /// Where others reach this node, without `/p2p`; empty before ``start()``.
    public var listenAddresses: [Multiaddr] {
        self.state.withLock { $0.listenAddresses }
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
        var listener: (any Channel)?
        if let port = self.listenPort { listener = try await self.bind(port: port) }
        let bound = PeerAddress.multiaddr(listener?.localAddress)
        self.state.withLock { state in
            state.phase = .running
            state.listener = listener
            state.listenAddresses = bound.map { PeerAddress.reachable(boundTo: $0) } ?? []
            state.runner = Task { [jobs] in
                await withDiscardingTaskGroup { group in
                    for await job in jobs { group.addTask { await job() } }
                    group.cancelAll()
                }
            }
        }
        if let bound { self.logger.info("listening", metadata: ["address": "\(bound)"]) }
        self.scheduleRedials()
    }

    /// Says goodbye to all peers, ends all requests, and returns when nothing is left running.
    public func shutdown() async {
        let (listener, connections, dials, runner) = self.state.withLock { state in
            state.phase = .stopped
            state.redialTimer?.task.cancel()
            defer { state.listener = nil }
            return (state.listener, Array(state.connections.values), Array(state.dials.values), state.runner)
        }
        for dial in dials { dial.cancel() }
        try? await listener?.close()
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

    private func bind(port: Int) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
        do {
            return try await bootstrap.bind(host: self.listenHost, port: port).get()
        } catch {
            throw self.bindError(error, port: port)
        }
    }

    private func bindError(_ error: any Error, port: Int) -> NetworkError {
        let address = "\(self.listenHost):\(port)"
        guard let error = error as? IOError else {
            return NetworkError(.cannotListen, "this node cannot listen on \(address): \(error)")
        }
        switch error.errnoCode {
        case EADDRINUSE:
            return NetworkError(.addressInUse, "\(address) is in use; choose another with --listen")
        case EACCES:
            return NetworkError(.cannotListen, "\(address) may not be used by this user; choose a port above 1023")
        case EADDRNOTAVAIL:
            return NetworkError(.cannotListen, "\(self.listenHost) is not an address of this machine")
        default:
            return NetworkError(.cannotListen, "this node cannot listen on \(address): \(error.localizedReason)")
        }
    }

    // MARK: Sessions

    /// Makes a session with whoever answers at the address, or takes the one that stands with the peer that it names.
    ///
    /// - Throws: ``NetworkError``; `wrongPeer` when this node itself answers there.
    @discardableResult
    public func dial(_ address: Multiaddr) async throws -> PeerID {
        if let peer = address.peer, self.isConnected(to: peer) { return peer }
        guard let endpoint = PeerAddress.endpoint(of: address) else {
            throw NetworkError(
                .unsupportedAddress,
                "\(address) is not an address that this node can dial (ip or dns, tcp)"
            )
        }
        guard !self.isLoopbackOnly || PeerAddress.isLoopback(address) else {
            throw NetworkError(
                .unsupportedAddress,
                "\(address) is on the network, but this node listens on \(self.listenHost) and keeps to this machine"
            )
        }
        // One dial to one address at a time; others wait for its result.
        let dial: Task<PeerID, any Error>? = self.state.withLock { state in
            guard state.phase == .running else { return nil }
            if let dial = state.dials[address] { return dial }
            let dial = Task {
                defer { _ = self.state.withLock { $0.dials.removeValue(forKey: address) } }
                return try await self.connect(to: address, endpoint: endpoint)
            }
            state.dials[address] = dial
            return dial
        }
        guard let dial else { throw NetworkError(.unavailable, "this node is not running") }
        return try await dial.value
    }

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
        return try await connection.request(name, body: body, responseLimit: responseLimit, timeout: timeout)
    }

    /// Ends the session with a peer, if there is one; a wanted peer is dialed again.
    public func disconnect(_ peer: PeerID, reason: String = "closed by this node") {
        let connections = self.state.withLock { state in
            state.established.filter { $0.value == peer }.compactMap { state.connections[$0.key] }
        }
        for connection in connections { connection.close(reason: reason) }
    }

    /// Keeps trying until there is a session with whoever answers at the address, and again when it ends.
    public func keepConnected(to address: Multiaddr) {
        self.want(address, isPermanent: true, delay: .zero)
    }

    /// Tries to reach a peer that was heard of; after some failures it is forgotten until it is heard of again.
    ///
    /// When two nodes hear of each other, the lower peer id dials at once and the other one a moment later.
    public func discovered(_ peer: PeerID, at addresses: [Multiaddr]) {
        guard peer != self.identity.peerID, !self.isConnected(to: peer) else { return }
        let usable = addresses.compactMap { $0.withPeer(peer) }.filter {
            PeerAddress.endpoint(of: $0) != nil && (!self.isLoopbackOnly || PeerAddress.isLoopback($0))
        }
        let delay: Duration = self.identity.peerID < peer ? .zero : .seconds(1)
        for address in usable.prefix(4) { self.want(address, isPermanent: false, delay: delay) }
    }

    private func want(_ address: Multiaddr, isPermanent: Bool, delay: Duration) {
        let now = SessionHandler.now.advanced(by: delay)
        self.state.withLock { $0.redial.want(.init(address: address), isPermanent: isPermanent, now: now) }
        self.scheduleRedials()
    }

    // MARK: Making connections

    private func makeSession(_ role: SessionRole, expectedPeer: PeerID?, observed: Multiaddr?) -> SessionConnection {
        let (protocols, addresses) = self.state.withLock { ($0.responders.keys.sorted(), $0.listenAddresses) }
        var settings = self.sessionSettings
        settings.listenAddresses = addresses
        settings.observedAddress = observed
        return SessionConnection(
            role: role,
            identity: self.identity,
            expectedPeer: expectedPeer,
            entropy: SystemEntropy.bytes,
            inboundProtocols: protocols,
            settings: settings,
            now: SessionHandler.now
        )
    }

    /// Sets up a connection that somebody opened; throws to have it closed at once.
    private func accept(_ channel: any Channel) throws {
        let remote = PeerAddress.multiaddr(channel.remoteAddress)
        let key = remote?.tcpEndpoint.map { "\($0.ip)" } ?? "unknown"
        let isAdmitted = self.state.withLock { $0.phase == .running && $0.budget.admit(from: key) }
        guard isAdmitted, let remote else {
            throw NetworkError(.unavailable, "no room for another connection")
        }
        let session = self.makeSession(.listener, expectedPeer: nil, observed: remote)
        let handler = SessionHandler(session: session, settings: self.settings, delegate: self)
        try self.install(handler, on: channel, direction: .inbound, remote: remote, budgetKey: key)
    }

    private func install(
        _ handler: SessionHandler,
        on channel: any Channel,
        direction: ConnectionDirection,
        remote: Multiaddr,
        budgetKey: String?
    ) throws {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let connection = PeerConnection(
            number: number,
            direction: direction,
            remote: remote,
            budgetKey: budgetKey,
            handler: handler,
            loop: channel.eventLoop
        )
        handler.attach(connection)
        self.state.withLock { $0.connections[number] = connection }
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func connect(to address: Multiaddr, endpoint: (host: String, port: Int)) async throws -> PeerID {
        let loop = self.group.next()
        let established = loop.makePromise(of: PeerID.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(.init(self.settings.connectTimeout))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let session = self.makeSession(
                            .dialer,
                            expectedPeer: address.peer,
                            observed: address.withoutPeer
                        )
                        let handler = SessionHandler(
                            session: session,
                            settings: self.settings,
                            delegate: self,
                            established: established
                        )
                        let remote = address.withoutPeer ?? address
                        try self.install(handler, on: channel, direction: .outbound, remote: remote, budgetKey: nil)
                    }
                }
                .connect(host: endpoint.host, port: endpoint.port)
                .get()
        } catch {
            // Not every failure passes through the handler, and a promise must not be left behind.
            established.fail(error)
            throw NetworkError(.cannotConnect, "nobody answers at \(address): \(Self.reason(error))")
        }
        let timeout = loop.scheduleTask(in: .init(self.settings.dialTimeout)) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await established.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch let error as NetworkError {
            let code = error.peer == self.identity.peerID ? .wrongPeer : error.code
            let reason = code == .wrongPeer ? "that is this node itself" : error.message
            throw NetworkError(code, "no session with \(address): \(reason)", peer: error.peer)
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { Self.reason($0.error) } ?? "the name \(error.host) is not known"
        case let error as IOError: error.localizedReason
        case ChannelError.connectTimeout: "no answer in time"
        default: "\(error)"
        }
    }

    // MARK: Dialing again

    func scheduleRedials() {
        let now = SessionHandler.now
        self.state.withLock { state in
            guard state.phase == .running, let deadline = state.redial.nextDeadline else { return }
            if let timer = state.redialTimer, timer.deadline <= deadline { return }
            state.redialTimer?.task.cancel()
            let delay = max(.zero, now.duration(to: deadline))
            let task = self.group.any().scheduleTask(in: .init(delay)) { [weak self] in
                guard let self else { return }
                self.redial()
            }
            state.redialTimer = (deadline, task)
        }
    }

    private func redial() {
        let due = self.state.withLock { state in
            state.redialTimer = nil
            return state.phase == .running ? state.redial.dialsDue(now: SessionHandler.now) : []
        }
        for target in due {
            self.enqueue { await self.redial(target) }
        }
        self.scheduleRedials()
    }

    private func redial(_ target: RedialSchedule.Target) async {
        let result: Result<PeerID, any Error>
        do {
            result = .success(try await self.dial(target.address))
        } catch {
            result = .failure(error)
        }
        self.redialEnded(target, result)
    }

    /// Takes note of a dial's result.
    private func redialEnded(_ target: RedialSchedule.Target, _ result: Result<PeerID, any Error>) {
        switch result {
        case .success(let peer):
            let isConnected = self.state.withLock { state in
                state.redial.dialSucceeded(target, peer: peer)
                // It may have ended before anyone was told that it stood.
                if state.sessions[peer] == nil { state.redial.disconnected(peer, now: SessionHandler.now) }
                return state.sessions[peer] != nil
            }
            if !isConnected { self.scheduleRedials() }
        case .failure(let error):
            let isHopeless = [.wrongPeer, .unsupportedAddress].contains((error as? NetworkError)?.code)
            self.logger.log(
                level: isHopeless ? .warning : .debug,
                isHopeless ? "an address is given up" : "a peer could not be reached",
                metadata: ["address": "\(target.address)", "reason": "\(error)"]
            )
            self.state.withLock {
                $0.redial.dialFailed(target, isHopeless: isHopeless, now: SessionHandler.now)
            }
            self.scheduleRedials()
        }
    }
}

extension IOError {
    /// What the system says, without the call that failed.
    fileprivate var localizedReason: String {
        String(cString: strerror(self.errnoCode))
    }
}
