import GridWire
import NIOCore
import PeerSession
import Synchronization

/// Both sides of AutoNAT v2: asks peers to dial this node, and dials for those that ask.
final class AddressProber: Sendable {
    private struct State {
        /// The numbers that servers must bring along, and whether they have.
        var nonces: [UInt64: Bool] = [:]
        /// The dials for others that are in progress, and when the last ones began.
        var dialing: Set<PeerID> = []
        var begun: [Instant] = []
    }

    private let network: PeerNetwork
    private let state = Mutex(State())

    /// How long words on one stream may take, the dial included.
    private static let wordsTime = Duration.seconds(30)
    /// The dials for others in one minute.
    private static let dialsPerMinute = 30
    /// The dials for others at one time.
    private static let dialsMax = 8

    init(network: PeerNetwork) {
        self.network = network
    }

    // MARK: Asking

    /// Asks a peer to dial this node; its word, if it has one that can be believed.
    func ask(_ server: PeerID, about addresses: [Multiaddr]) async -> AutoNATClientStream.Verdict? {
        let nonce = SystemEntropy.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.state.withLock { $0.nonces[nonce] = false }
        self.network.state.withLock { _ = $0.probing.insert(server) }
        defer {
            self.network.state.withLock { _ = $0.probing.remove(server) }
            self.state.withLock { _ = $0.nonces.removeValue(forKey: nonce) }
        }
        guard let stream = try? await self.network.openStream(server, protocol: AutoNATMessage.requestProtocol) else {
            return nil
        }
        let timer = stream.expire(after: Self.wordsTime)
        defer {
            timer.cancel()
            stream.finish()
        }
        var machine = AutoNATClientStream(addresses: addresses)
        do {
            try await stream.write(machine.opening(nonce: nonce))
            while true {
                let bytes = try await stream.read()
                for action in bytes.map({ machine.receive($0) }) ?? machine.streamEnded() {
                    switch action {
                    case .send(let bytes): try await stream.write(bytes)
                    case .ended(let verdict):
                        guard let verdict else { return nil }
                        // Whoever says that it came through must have brought the number along.
                        let isProved = self.state.withLock { $0.nonces[nonce] ?? false }
                        return verdict.isReachable && !isProved ? nil : verdict
                    }
                }
            }
        } catch {
            return nil
        }
    }

    /// A server dialed this node and brings a number along.
    func answerDialBack(_ stream: PeerStream) async {
        let timer = stream.expire(after: Self.wordsTime)
        defer { timer.cancel() }
        var buffer = MessageBuffer()
        do {
            guard let message = try await stream.readMessage(&buffer),
                let nonce = AutoNATMessage.decodeDialBack(message)
            else {
                stream.reset()
                return
            }
            let isKnown = self.state.withLock { state in
                guard state.nonces[nonce] != nil else { return false }
                state.nonces[nonce] = true
                return true
            }
            guard isKnown else {
                stream.reset()
                return
            }
            try await stream.write(AutoNATMessage.dialBackResponse)
            stream.finish()
        } catch {
            stream.reset()
        }
    }

    // MARK: Serving

    /// Answers a peer that wants to be dialed.
    func answerRequest(_ stream: PeerStream) async {
        guard self.begin(stream.peer) else {
            stream.reset()
            return
        }
        defer { self.state.withLock { _ = $0.dialing.remove(stream.peer) } }
        let timer = stream.expire(after: Self.wordsTime)
        defer { timer.cancel() }
        let client = stream.connection.isRelayed ? nil : stream.connection.remote.tcpEndpoint?.ip
        let network = self.network
        var machine = AutoNATServerStream(client: client) { address in
            // An address of a private network is dialed for those only that speak from it: it means another machine here.
            guard network.mayDial(address), let ip = address.tcpEndpoint?.ip else { return false }
            return !ip.isPrivate || ip.unmapped == client?.unmapped
        }
        do {
            while let bytes = try await stream.read() {
                var actions = machine.receive(bytes)[...]
                while let action = actions.popFirst() {
                    switch action {
                    case .send(let bytes): try await stream.write(bytes)
                    case .dial(let address, let nonce):
                        actions += machine.dialEnded(await self.dial(address, stream.peer, nonce))
                    case .finish:
                        stream.finish()
                        return
                    case .reset:
                        stream.reset()
                        return
                    }
                }
            }
        } catch {
            // The client is gone.
        }
        stream.reset()
    }

    /// Whether there is room for another dial; if so it is counted.
    private func begin(_ peer: PeerID) -> Bool {
        let now = SessionHandler.now
        return self.state.withLock { state in
            state.begun.removeAll { $0.duration(to: now) > .seconds(60) }
            guard state.dialing.count < Self.dialsMax, state.begun.count < Self.dialsPerMinute,
                state.dialing.insert(peer).inserted
            else { return false }
            state.begun.append(now)
            return true
        }
    }

    private func dial(_ address: Multiaddr, _ peer: PeerID, _ nonce: UInt64) async -> AutoNATMessage.DialStatus {
        guard let target = address.withPeer(peer),
            let (_, connection) = try? await self.network.open(target, purpose: .probe)
        else { return .dialError }
        defer { connection.close(reason: "the address was tried") }
        do {
            let stream = try await connection.openStream(AutoNATMessage.dialBackProtocol)
            let timer = stream.expire(after: Self.wordsTime / 3)
            defer { timer.cancel() }
            try await stream.write(AutoNATMessage.encodeDialBack(nonce: nonce))
            var buffer = MessageBuffer()
            guard try await stream.readMessage(&buffer) != nil else { return .dialBackError }
            stream.finish()
            return .ok
        } catch {
            return .dialBackError
        }
    }
}
