import Discovery
import GridWire
import Logging
import PeerSession
import Synchronization

// MARK: - What connections tell

extension PeerNetwork.State {
    /// Whether a connection that has proved who it is finds a place, and whose, where it takes another's.
    fileprivate mutating func takePlace(
        _ connection: PeerConnection,
        idleMin: Duration
    ) -> (hasPlace: Bool, victim: PeerConnection?) {
        guard connection.isCounted else { return (true, nil) }
        guard self.budget.handshakeEnded(connection.number, hasProved: true) else { return (false, nil) }
        let (connections, established, redial) = (self.connections, self.established, self.redial)
        let admission = self.inboundSessions.admit(
            connection.number,
            from: PeerAddress.source(of: connection.remote)
        ) { number in
            guard let other = connections[number], let peer = established[number], !redial.isPermanent(peer),
                other.idle >= idleMin
            else { return nil }
            return other.idle
        }
        switch admission {
        case .admitted: return (true, nil)
        case .replacing(let number): return (true, self.connections[number])
        case .refused: return (false, nil)
        }
    }
}

extension PeerNetwork: SessionHandlerDelegate {
    func responder(for protocolName: String) -> Responder? {
        self.state.withLock { $0.responders[protocolName] }
    }

    func streamResponder(for protocolName: String) -> (@Sendable (PeerStream) async -> Void)? {
        self.state.withLock { $0.streamResponders[protocolName] }
    }

    func identified(_ connection: PeerConnection, peer: PeerID, message: IdentifyMessage) {
        let (observer, ours) = self.state.withLock { ($0.observer, Set($0.responders.keys)) }
        observer?(.identified(connection, peer, message))
        // Every libp2p program on the network may knock. Who speaks nothing that this node speaks has no use for the session.
        let helping = [HopMessage.protocolName, AutoNATMessage.requestProtocol]
        let isStranger = !message.protocols.contains { ours.contains($0) || helping.contains($0) }
        if isStranger, !message.protocols.isEmpty, connection.path == .direct {
            let isWanted = self.state.withLock { $0.redial.isPermanent(peer) }
            if !isWanted { connection.retire(after: self.settings.strangerTimeout) }
        }
    }

    func holdBytes(_ count: Int, canWait: Bool) -> Bool {
        let held = self.heldBytes.add(count, ordering: .relaxed).newValue
        guard count > 0, held > self.settings.memoryMax / (canWait ? 2 : 1) else { return true }
        self.heldBytes.subtract(count, ordering: .relaxed)
        return false
    }

    func enqueue(_ job: @escaping @Sendable () async -> Void) {
        if case .terminated = self.jobSink.yield(job) {
            // Nobody runs jobs any more; what they would have resumed must not hang.
            Task { await job() }
        }
    }

    func sessionEstablished(_ connection: PeerConnection, peer: PeerID) -> Bool {
        let own = self.identity.peerID
        enum Verdict {
            case unwanted
            case first
            case replaces(PeerConnection)
            case spare
            case probe
        }
        func judge(_ state: inout State, _ hasPlace: Bool) -> Verdict {
            let count = state.established.values.count { $0 == peer }
            state.established[connection.number] = peer
            guard state.phase == .running, hasPlace, peer != own,
                count < self.settings.connectionsPerPeerMax
            else {
                return .unwanted
            }
            let isProbe = connection.direction == .inbound && state.probing.contains(peer)
            if connection.path == .probe || isProbe {
                state.probes.insert(connection.number)
                return .probe
            }
            guard let present = state.sessions[peer] else {
                state.sessions[peer] = connection
                return .first
            }
            let choice = SessionChoice(
                of: .init(isOutbound: connection.direction == .outbound, isRelayed: connection.isRelayed),
                beside: .init(isOutbound: present.direction == .outbound, isRelayed: present.isRelayed),
                me: own,
                peer: peer
            )
            guard choice == .replaces else { return .spare }
            state.sessions[peer] = connection
            return .replaces(present)
        }
        let (verdict, victim): (Verdict, PeerConnection?) = self.state.withLock { state in
            let (hasPlace, victim) = state.takePlace(connection, idleMin: self.settings.inboundIdleTime)
            return (judge(&state, hasPlace), victim)
        }
        victim?.close(reason: "a peer from another network needed its place")
        switch verdict {
        case .unwanted: return false
        case .first:
            self.logger.info(
                "peer connected",
                metadata: [
                    "peer.id": "\(peer)", "address": "\(connection.remote)",
                    "direction": "\(connection.direction.rawValue)",
                ]
            )
            self.eventSink.yield(.connected(peer, connection.remote, connection.direction))
        case .replaces(let other): other.retire()
        case .spare: connection.retire()
        case .probe: return true
        }
        return true
    }

    func connectionEnded(_ connection: PeerConnection, peer: PeerID?, reason: String) {
        let (isLast, heir) = self.state.withLock { state -> (Bool, PeerConnection?) in
            guard state.connections.removeValue(forKey: connection.number) != nil else { return (false, nil) }
            state.probes.remove(connection.number)
            let wasEstablished = state.established.removeValue(forKey: connection.number) != nil
            if connection.isCounted {
                if !wasEstablished { state.budget.handshakeEnded(connection.number, hasProved: false) }
                state.budget.connectionEnded()
                state.inboundSessions.ended(connection.number)
            }
            guard let peer, state.sessions[peer] === connection else { return (false, nil) }
            let others = state.established.filter { $0.value == peer && !state.probes.contains($0.key) }.keys.sorted()
                .compactMap { state.connections[$0] }
            let heir = others.last { !$0.isRelayed } ?? others.last
            state.sessions[peer] = heir
            if heir == nil { state.redial.disconnected(peer, now: SessionHandler.now) }
            return (heir == nil, heir)
        }
        heir?.reinstate()
        guard let peer else {
            self.logger.debug(
                "handshake failed",
                metadata: ["address": "\(connection.remote)", "reason": "\(reason)"]
            )
            return
        }
        guard isLast else { return }
        self.logger.info("peer disconnected", metadata: ["peer.id": "\(peer)", "reason": "\(reason)"])
        self.eventSink.yield(.disconnected(peer, reason: reason))
        self.state.withLock { $0.observer }?(.gone(peer))
        self.scheduleRedials()
    }
}

/// What the parts that care for reachability hear of connections.
enum ConnectionReport: Sendable {
    /// The peer has said what it is and where it sees this node.
    case identified(PeerConnection, PeerID, IdentifyMessage)
    /// The last session with the peer ended.
    case gone(PeerID)
}
