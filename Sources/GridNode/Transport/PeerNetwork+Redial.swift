import Discovery
public import GridWire
import Logging
import NIOCore
import PeerSession
import Synchronization

// MARK: - Dialing again

extension PeerNetwork {
    /// Keeps trying until there is a session with whoever answers at the address, and again when it ends.
    public func keepConnected(to address: Multiaddr) {
        self.want(address, isPermanent: true, delay: .zero)
    }

    /// Tries to reach a peer that was heard of; after some failures it is forgotten until it is heard of again.
    ///
    /// When two nodes hear of each other, the lower peer id dials at once and the other one a moment later.
    ///
    /// - Parameter isNeeded: Whether the session is wanted however many there are.
    public func discovered(_ peer: PeerID, at addresses: [Multiaddr], isNeeded: Bool = false) {
        guard peer != self.identity.peerID, !self.isConnected(to: peer), isNeeded || self.wantsSessions else { return }
        let usable = addresses.compactMap { $0.withPeer(peer) }.filter {
            (PeerAddress.endpoint(of: $0) != nil || PeerAddress.circuit(of: $0) != nil)
                && (!self.isLoopbackOnly || PeerAddress.isLoopback($0))
        }
        let delay: Duration = self.identity.peerID < peer ? .zero : .seconds(1)
        let direct = usable.filter { PeerAddress.circuit(of: $0) == nil }
        for address in direct.prefix(4) { self.want(address, isPermanent: false, delay: delay) }
        // A relay is asked when the ways without one had their time.
        let relays = usable.filter { PeerAddress.circuit(of: $0).map { $0.relayPeer != self.identity.peerID } ?? false }
        let later = delay + (direct.isEmpty ? .zero : Self.directTime)
        for address in relays.prefix(2) { self.want(address, isPermanent: false, delay: later) }
    }

    /// The time that direct ways to a peer have before one through a relay is tried too.
    private static let directTime = Duration.seconds(2)

    /// Tries to reach whoever answers at an address that was heard of; after some failures it is forgotten.
    public func tryReaching(_ address: Multiaddr) {
        let circuit = PeerAddress.circuit(of: address)
        guard self.wantsSessions, circuit != nil || PeerAddress.endpoint(of: address) != nil,
            circuit?.relayPeer != self.identity.peerID,
            !self.isLoopbackOnly || PeerAddress.isLoopback(address), !self.listenAddresses.contains(address)
        else { return }
        self.want(address, isPermanent: false, delay: .zero)
    }

    /// Whether there are fewer sessions than are looked for.
    private var wantsSessions: Bool {
        self.state.withLock { $0.sessions.count } < self.settings.sessionsWanted
    }

    private func want(_ address: Multiaddr, isPermanent: Bool, delay: Duration) {
        let now = SessionHandler.now.advanced(by: delay)
        self.state.withLock { $0.redial.want(.init(address: address), isPermanent: isPermanent, now: now) }
        self.scheduleRedials()
    }

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
