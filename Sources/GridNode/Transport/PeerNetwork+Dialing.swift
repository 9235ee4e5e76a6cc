public import GridWire
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

// MARK: - Dialing

extension PeerNetwork {
    /// Makes a session with whoever answers at the address, or takes the one that stands with the peer that it names.
    ///
    /// - Throws: ``NetworkError``; `wrongPeer` when this node itself answers there.
    @discardableResult
    public func dial(_ address: Multiaddr) async throws -> PeerID {
        if let peer = address.peer, self.isConnected(to: peer) { return peer }
        let circuit = PeerAddress.circuit(of: address)
        guard circuit != nil || PeerAddress.endpoint(of: address) != nil else {
            throw NetworkError(
                .unsupportedAddress,
                "\(address) is not an address that this node can dial (ip or dns, tcp, or through a relay)"
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
                if let circuit { return try await self.connect(through: circuit, to: address) }
                return try await self.connect(to: address, purpose: .session)
            }
            state.dials[address] = dial
            return dial
        }
        guard let dial else { throw NetworkError(.unavailable, "this node is not running") }
        return try await dial.value
    }

    /// What a dialed connection is for.
    enum DialPurpose: Hashable {
        /// To talk.
        case session
        /// To find out whether the address answers (AutoNAT): not from the listening port, and nobody else's session.
        case probe
        /// To meet the peer's own dial in the middle (DCUtR); the part decides who speaks first.
        case punch(HolePunch.Role, PeerID)
    }

    /// Connects to an address of a machine and proves who answers.
    func connect(to address: Multiaddr, purpose: DialPurpose) async throws -> PeerID {
        try await self.open(address, purpose: purpose).peer
    }

    /// The same, with the connection itself.
    func open(_ address: Multiaddr, purpose: DialPurpose) async throws -> (peer: PeerID, connection: PeerConnection) {
        guard let endpoint = PeerAddress.endpoint(of: address) else {
            throw NetworkError(.unsupportedAddress, "\(address) is not an address that this node can dial")
        }
        let source = purpose == .probe ? nil : self.sourceAddress(towards: address)
        do {
            return try await self.open(address, endpoint: endpoint, from: source, purpose: purpose)
        } catch let error as NetworkError where error.code == .cannotBind && purpose == .session {
            // The way from this very port to that address is taken by an earlier connection; another port will do.
            return try await self.open(address, endpoint: endpoint, from: nil, purpose: purpose)
        }
    }

    /// The listening port for connections to other machines, so that NATs give them its outside address.
    private func sourceAddress(towards address: Multiaddr) -> SocketAddress? {
        guard !self.isLoopbackOnly, !PeerAddress.isLoopback(address), let ip = address.tcpEndpoint?.ip,
            let port = self.boundPort
        else { return nil }
        let isIPv4 = if case .v4 = ip { true } else { false }
        let own = IPAddress(self.listenHost)
        let isOwnIPv4 = if case .v4? = own { true } else { false }
        guard isIPv4 == isOwnIPv4 || own?.isUnspecified == true else { return nil }
        let host = own?.isUnspecified == false ? self.listenHost : (isIPv4 ? "0.0.0.0" : "::")
        return try? SocketAddress(ipAddress: host, port: port)
    }

    private func open(
        _ address: Multiaddr,
        endpoint: (host: String, port: Int),
        from source: SocketAddress?,
        purpose: DialPurpose
    ) async throws -> (peer: PeerID, connection: PeerConnection) {
        let loop = self.group.next()
        let established = loop.makePromise(of: PeerID.self)
        let made = ConnectionBox()
        let remote = address.withoutPeer ?? address
        let channel: any Channel
        do {
            var bootstrap = ClientBootstrap(group: loop)
                .connectTimeout(.init(self.settings.connectTimeout))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        var role = SessionRole.dialer
                        var expected = address.peer
                        if case .punch(let part, let peer) = purpose { (role, expected) = (part.sessionRole, peer) }
                        let session = self.makeSession(role, expectedPeer: expected, observed: remote)
                        let handler = SessionHandler(
                            session: session,
                            settings: self.settings,
                            delegate: self,
                            established: established
                        )
                        try self.install(
                            handler,
                            on: channel,
                            direction: role == .dialer ? .outbound : .inbound,
                            remote: remote,
                            path: purpose == .probe ? .probe : .direct
                        )
                        made.connection.withLock { $0 = handler.connection }
                    }
                }
            if let source {
                bootstrap = bootstrap.channelOption(.socketOption(.so_reuseaddr), value: 1)
                    .channelOption(.socketOption(Self.reusePort), value: 1)
                    .bind(to: source)
            }
            // An address is connected to as it is; only a name is looked up, which may lead to several.
            if let socket = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) {
                channel = try await bootstrap.connect(to: socket).get()
            } else {
                channel = try await bootstrap.connect(host: endpoint.host, port: endpoint.port).get()
            }
        } catch {
            // Not every failure passes through the handler, and a promise must not be left behind.
            established.fail(error)
            let isTaken = (error as? IOError).map { [EADDRNOTAVAIL, EADDRINUSE].contains($0.errnoCode) } ?? false
            throw NetworkError(
                isTaken && source != nil ? .cannotBind : .cannotConnect,
                "nobody answers at \(address): \(Self.reason(error))"
            )
        }
        let timeout = loop.scheduleTask(in: .init(self.settings.dialTimeout)) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        let peer = try await self.wait(for: established.futureResult, on: channel, address)
        guard let connection = made.connection.withLock({ $0 }) else {
            throw NetworkError(.cannotConnect, "no session with \(address)")
        }
        return (peer, connection)
    }

    /// Waits until the peer has proved who it is.
    func wait(
        for established: EventLoopFuture<PeerID>,
        on channel: any Channel,
        _ address: Multiaddr
    ) async throws
        -> PeerID
    {
        do {
            return try await withTaskCancellationHandler {
                try await established.get()
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
}

/// Carries a connection out of the closure that makes it.
private final class ConnectionBox: Sendable {
    let connection = Mutex<PeerConnection?>(nil)
}
