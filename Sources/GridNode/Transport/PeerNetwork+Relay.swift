import GridWire
import NIOCore
import PeerSession

// MARK: - Connections through relays

extension PeerNetwork {
    /// How long a relay may take to connect.
    private static let circuitTimeout = Duration.seconds(15)

    /// Makes a session with the target through its relay.
    func connect(through circuit: PeerAddress.Circuit, to address: Multiaddr) async throws -> PeerID {
        if self.connection(to: circuit.relayPeer)?.isRelayed ?? true { try await self.dial(circuit.relay) }
        let stream = try await self.openStream(circuit.relayPeer, protocol: HopMessage.protocolName)
        let timer = stream.expire(after: Self.circuitTimeout)
        defer { timer.cancel() }
        var buffer = MessageBuffer()
        try await stream.writeMessage(HopMessage.connect(circuit.target).encoded())
        guard let bytes = try await stream.readMessage(&buffer),
            case .status(let status, _, let limit)? = HopMessage(decoding: bytes)
        else {
            stream.reset()
            throw NetworkError(.cannotConnect, "the relay of \(address) gave no answer", peer: circuit.target)
        }
        guard status == .ok else {
            stream.reset()
            throw NetworkError(.cannotConnect, "the relay of \(address) refused: \(status)", peer: circuit.target)
        }
        return try await self.open(
            stream,
            rest: buffer.takeRest(),
            as: .dialer,
            with: circuit.target,
            at: address.withoutPeer ?? address,
            limit: limit
        )
    }

    /// Takes a connection that a relay brings.
    ///
    /// - Parameter isExpected: Whether this node has asked the relay to carry connections.
    func acceptCircuit(_ stream: PeerStream, isExpected: Bool) async {
        let timer = stream.expire(after: Self.circuitTimeout)
        defer { timer.cancel() }
        var buffer = MessageBuffer()
        do {
            guard let bytes = try await stream.readMessage(&buffer),
                case .connect(let peer, let limit)? = StopMessage(decoding: bytes)
            else {
                try await stream.writeMessage(StopMessage.status(.malformedMessage).encoded())
                stream.finish()
                return
            }
            guard isExpected, let relay = stream.connection.remote.withPeer(stream.peer),
                let remote = Multiaddr(relay.components + [.p2pCircuit])
            else {
                try await stream.writeMessage(StopMessage.status(.permissionDenied).encoded())
                stream.finish()
                return
            }
            try await stream.writeMessage(StopMessage.status(.ok).encoded())
            _ = try await self.open(
                stream,
                rest: buffer.takeRest(),
                as: .listener,
                with: peer,
                at: remote,
                limit: limit
            )
        } catch {
            stream.reset()
        }
    }

    /// Makes a session inside of a stream.
    private func open(
        _ stream: PeerStream,
        rest: [UInt8],
        as role: SessionRole,
        with peer: PeerID,
        at remote: Multiaddr,
        limit: RelayLimit?
    ) async throws -> PeerID {
        let established = self.group.next().makePromise(of: PeerID.self)
        let channel: any Channel
        do {
            channel = try await CircuitChannel.open(
                over: stream,
                rest: rest,
                group: self.group,
                enqueue: { self.enqueue($0) },
                initializer: { [self] channel in
                    let session = self.makeSession(role, expectedPeer: peer, observed: nil)
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
                        path: .relayed(by: stream.peer, limit)
                    )
                }
            )
        } catch {
            established.fail(error)
            throw error
        }
        return try await self.wait(for: established.futureResult, on: channel, remote)
    }
}
