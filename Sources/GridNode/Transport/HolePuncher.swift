package import GridWire
import Logging
import NIOCore
import PeerSession
import Synchronization

/// Replaces relayed connections by direct ones where the NATs allow it (DCUtR).
struct HolePuncher: Sendable {
    let network: PeerNetwork
    let logger: Logger
    /// Where others see this node.
    let addresses: @Sendable () async -> [Multiaddr]

    /// How long both sides keep dialing in one attempt.
    private static let dialTime = Duration.seconds(4)
    /// How long the words before it may take.
    private static let wordsTime = Duration.seconds(10)

    /// Begins at the side that was reached through the relay; gives up after some attempts.
    ///
    /// - Parameter addresses: Where the peer says that it can be dialed, which is tried first.
    func punch(_ connection: PeerConnection, to peer: PeerID, at addresses: [Multiaddr]) async {
        for address in addresses.prefix(4) {
            guard let target = address.withPeer(peer), (try? await self.network.open(target, purpose: .session)) != nil
            else { continue }
            self.logger.info("dialed back", metadata: ["peer.id": "\(peer)", "address": "\(address)"])
            return
        }
        for _ in 0 ..< HolePunch.attemptsMax {
            do {
                let stream = try await connection.openStream(HolePunch.protocolName)
                if await self.converse(stream, as: .initiator) {
                    self.logger.info("hole punched", metadata: ["peer.id": "\(peer)"])
                    return
                }
            } catch {
                // The relayed connection is over, or the peer does not know the protocol.
                return
            }
        }
        self.logger.info("no hole could be punched; the relay stays", metadata: ["peer.id": "\(peer)"])
    }

    /// Answers at the side that dialed through the relay.
    func answer(_ stream: PeerStream) async {
        guard stream.connection.isRelayed else {
            stream.reset()
            return
        }
        if await self.converse(stream, as: .responder) {
            self.logger.info("hole punched", metadata: ["peer.id": "\(stream.peer)"])
        }
    }

    /// One attempt; whether a direct connection stands.
    private func converse(_ stream: PeerStream, as role: HolePunch.Role) async -> Bool {
        var machine = HolePunch(role: role, addresses: await self.addresses())
        let timer = stream.expire(after: Self.wordsTime)
        defer { timer.cancel() }
        do {
            var actions = machine.start(now: SessionHandler.now)
            while true {
                for action in actions {
                    switch action {
                    case .send(let bytes): try await stream.write(bytes)
                    case .fail:
                        stream.reset()
                        return false
                    case .dial(let addresses, let delay):
                        stream.finish()
                        try await Task.sleep(for: delay)
                        return await self.dial(addresses, stream.peer, role)
                    }
                }
                guard let bytes = try await stream.read() else { return false }
                actions = machine.receive(bytes, now: SessionHandler.now)
            }
        } catch {
            stream.reset()
            return false
        }
    }

    /// Dials all addresses again and again until one of the connections, or one of the peer's, stands.
    private func dial(_ addresses: [Multiaddr], _ peer: PeerID, _ role: HolePunch.Role) async -> Bool {
        let usable = addresses.compactMap(\.withoutPeer).filter { self.network.mayPunch($0) }.prefix(8)
        if role == .responder { self.network.expectPunch(from: Array(usable), by: peer) }
        defer { if role == .responder { self.network.forgetPunch(from: Array(usable)) } }
        let deadline = ContinuousClock.now + Self.dialTime
        await withTaskGroup(of: Void.self) { group in
            for address in usable {
                group.addTask {
                    while ContinuousClock.now < deadline, !self.network.hasDirectConnection(to: peer), !Task.isCancelled
                    {
                        _ = try? await self.network.open(address, purpose: .punch(role, peer))
                        try? await Task.sleep(for: .milliseconds(150))
                    }
                }
            }
            group.addTask {
                while ContinuousClock.now < deadline, !self.network.hasDirectConnection(to: peer), !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(50))
                }
            }
            await group.waitForAll()
        }
        return self.network.hasDirectConnection(to: peer)
    }
}

extension PeerNetwork.State {
    /// The peer that dials this node from the address by agreement; its router may have chosen another port than was told.
    func punch(from remote: Multiaddr?) -> PeerID? {
        guard let remote, !self.punches.isEmpty else { return nil }
        if let peer = self.punches[remote] { return peer }
        let ip = remote.tcpEndpoint?.ip
        return self.punches.first { $0.key.tcpEndpoint?.ip == ip }?.value
    }
}

extension PeerNetwork {
    /// Whether a session without a relay stands with the peer.
    func hasDirectConnection(to peer: PeerID) -> Bool {
        self.connection(to: peer).map { !$0.isRelayed } ?? false
    }

    /// Whether this node would dial an address that a stranger names; what is private there is another machine here.
    package func mayPunch(_ address: Multiaddr) -> Bool {
        guard self.mayDial(address), let ip = address.tcpEndpoint?.ip else { return false }
        return self.settings.reachability.countsPrivateAddresses || !ip.isPrivate
    }

    /// Whether an address is one of a machine at all, and not of this one; a private network's may be.
    func mayDial(_ address: Multiaddr) -> Bool {
        guard let (ip, port) = address.tcpEndpoint, port > 0 else { return false }
        if self.isLoopbackOnly { return ip.isLoopback }
        return !ip.isLoopback && !ip.isUnspecified && !ip.isMulticast && !ip.isLinkLocal
    }

    /// The peer dials this node from the addresses now, and waits to be spoken to.
    func expectPunch(from addresses: [Multiaddr], by peer: PeerID) {
        self.state.withLock { state in
            for address in addresses { state.punches[address] = peer }
        }
    }

    /// It does so no more.
    func forgetPunch(from addresses: [Multiaddr]) {
        self.state.withLock { state in
            for address in addresses { state.punches[address] = nil }
        }
    }
}
