import GridWire
import NIOCore
import NIOPosix
import PeerSession
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// MARK: - Listening

extension PeerNetwork {
    static let reusePort = NIOBSDSocket.Option(rawValue: SO_REUSEPORT)

    /// Binds the sockets: for all IPv4 addresses also one for all IPv6 addresses, where the machine has IPv6.
    func bindListeners(port: Int) async throws -> [any Channel] {
        let first = try await self.bind(host: self.listenHost, port: port)
        var listeners = [first]
        if self.listenHost == "0.0.0.0", let port = first.localAddress?.port,
            let second = try? await self.bind(host: "::", port: port, isOnlyIPv6: true)
        {
            listeners.append(second)
        }
        guard !self.isLoopbackOnly else { return listeners }
        // Only now, so that a second node on the port is still told that it is in use: with this, connections can be made
        // from the listening port, and NATs show the same outside address for both.
        for listener in listeners {
            try? await listener.setOption(.socketOption(Self.reusePort), value: 1).get()
        }
        return listeners
    }

    private func bind(host: String, port: Int, isOnlyIPv6: Bool = false) async throws -> any Channel {
        var bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
        if isOnlyIPv6 {
            let onlyIPv6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(onlyIPv6, value: 1)
        }
        do {
            return try await bootstrap.bind(host: host, port: port).get()
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

    /// Makes the machine of a connection.
    func makeSession(_ role: SessionRole, expectedPeer: PeerID?, observed: Multiaddr?) -> SessionConnection {
        let (protocols, addresses) = self.state.withLock { ($0.protocols, $0.announced) }
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
        let source = PeerAddress.source(of: remote)
        let (number, admission, punch, victim) = self.state.withLock { state in
            state.lastNumber += 1
            let number = state.lastNumber
            let isWelcome = state.phase == .running && state.inboundSessions.mayHoldMore(source)
            let admission = isWelcome ? state.budget.admit(number, from: source) : .refused
            var victim: PeerConnection?
            if case .replacing(let other) = admission { victim = state.connections[other] }
            return (number, admission, state.punch(from: remote), victim)
        }
        guard admission != .refused, let remote else {
            throw NetworkError(.unavailable, "no room for another connection")
        }
        victim?.close(reason: "its place was needed")
        // Where both sides dial at once, the first packet that gets through may be the other's though this side is to speak first.
        let role: SessionRole = punch == nil ? .listener : .dialer
        let session = self.makeSession(role, expectedPeer: punch, observed: remote)
        let handler = SessionHandler(session: session, settings: self.settings, delegate: self)
        try self.install(
            handler,
            on: channel,
            direction: role == .listener ? .inbound : .outbound,
            remote: remote,
            path: .direct,
            budgetNumber: number
        )
    }

    /// Puts the session's shell on a channel.
    func install(
        _ handler: SessionHandler,
        on channel: any Channel,
        direction: ConnectionDirection,
        remote: Multiaddr,
        path: PeerConnection.Path,
        budgetNumber: Int? = nil
    ) throws {
        let number = self.state.withLock { state in
            if let budgetNumber { return budgetNumber }
            state.lastNumber += 1
            return state.lastNumber
        }
        let connection = PeerConnection(
            number: number,
            direction: direction,
            remote: remote,
            path: path,
            isCounted: budgetNumber != nil,
            handler: handler,
            loop: channel.eventLoop
        )
        handler.attach(connection)
        self.state.withLock { $0.connections[number] = connection }
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
        // Larger than a Noise message, so that most are decrypted where they were read; smaller again when little comes.
        // With a cap little is read at a time, so that the others are not kept waiting for long.
        let readMax = self.download == nil ? 512 << 10 : 16 << 10
        let reads = AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 4 << 10, maximum: readMax)
        try channel.syncOptions?.setOption(.recvAllocator, value: reads)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}

extension IOError {
    /// What the system says, without the call that failed.
    var localizedReason: String {
        String(cString: strerror(self.errnoCode))
    }
}
