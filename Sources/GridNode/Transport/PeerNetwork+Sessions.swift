import GridWire
import Logging
import PeerSession
import Synchronization

// MARK: - What connections tell

extension PeerNetwork: SessionHandlerDelegate {
    func responder(for protocolName: String) -> Responder? {
        self.state.withLock { $0.responders[protocolName] }
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
        }
        let verdict: Verdict = self.state.withLock { state in
            if let key = connection.budgetKey { state.budget.handshakeEnded(from: key) }
            state.established[connection.number] = peer
            guard state.phase == .running, peer != own else { return .unwanted }
            guard let present = state.sessions[peer] else {
                state.sessions[peer] = connection
                return .first
            }
            // Both ends come to the same choice: the newer of two in one direction (the older one is most likely dead),
            // else the one that the lower peer id dialed.
            let dialer = connection.direction == .outbound ? own : peer
            guard present.direction == connection.direction || dialer == min(own, peer) else { return .spare }
            state.sessions[peer] = connection
            return .replaces(present)
        }
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
        }
        return true
    }

    func connectionEnded(_ connection: PeerConnection, peer: PeerID?, reason: String) {
        let (isLast, heir) = self.state.withLock { state -> (Bool, PeerConnection?) in
            guard state.connections.removeValue(forKey: connection.number) != nil else { return (false, nil) }
            let wasEstablished = state.established.removeValue(forKey: connection.number) != nil
            if let key = connection.budgetKey {
                if !wasEstablished { state.budget.handshakeEnded(from: key) }
                state.budget.connectionEnded()
            }
            guard let peer, state.sessions[peer] === connection else { return (false, nil) }
            let heir = state.established.filter { $0.value == peer }.keys.max().flatMap { state.connections[$0] }
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
        self.scheduleRedials()
    }
}
