import GridWire
import NIOCore
import PeerSession
import Synchronization

/// Carries connections between peers that cannot reach each other (circuit relay v2, the relay's side).
final class RelayService: Sendable {
    private let network: PeerNetwork
    private let server: Mutex<RelayServer>
    private let limit: RelayLimit

    /// How long words may take before a circuit stands.
    private static let wordsTime = Duration.seconds(15)

    init(network: PeerNetwork, limits: RelayServer.Limits = RelayServer.Limits()) {
        self.network = network
        self.limit = limits.circuit
        self.server = Mutex(RelayServer(limits: limits))
    }

    /// Answers one stream of the hop protocol.
    func answer(_ stream: PeerStream) async {
        let timer = stream.expire(after: Self.wordsTime)
        defer { timer.cancel() }
        var buffer = MessageBuffer()
        do {
            guard let bytes = try await stream.readMessage(&buffer) else { return }
            switch HopMessage(decoding: bytes) {
            case .reserve:
                try await stream.writeMessage(self.reserve(for: stream).encoded())
                stream.finish()
            case .connect(let target):
                timer.cancel()
                try await self.connect(stream, to: target, rest: buffer.takeRest())
            case .status:
                try await self.refuse(stream, .unexpectedMessage)
            case nil:
                try await self.refuse(stream, .malformedMessage)
            }
        } catch {
            stream.reset()
        }
    }

    /// The last session with a peer ended.
    func peerGone(_ peer: PeerID) {
        self.server.withLock { $0.peerGone(peer) }
    }

    private func refuse(_ stream: PeerStream, _ status: RelayStatus) async throws {
        try await stream.writeMessage(HopMessage.status(status, nil, nil).encoded())
        stream.finish()
    }

    private func reserve(for stream: PeerStream) -> HopMessage {
        let ip = stream.connection.remote.tcpEndpoint?.ip ?? .v4(0)
        let result = self.server.withLock {
            $0.reserve(for: stream.peer, at: ip, isRelayed: stream.connection.isRelayed, now: SessionHandler.now)
        }
        switch result {
        case .failure(let refusal): return .status(refusal.status, nil, nil)
        case .success(let time):
            let me = self.network.identity.peerID
            let expiration = WallClock.milliseconds / 1000 + UInt64(time.components.seconds)
            let voucher = RelayVoucher(relay: me, peer: stream.peer, expiration: expiration)
            let addresses = self.network.announcedAddresses.filter { $0.tcpEndpoint != nil }
            let reservation = HopMessage.Reservation(
                expiration: expiration,
                addresses: addresses.compactMap { $0.withPeer(me) },
                voucher: voucher.signed(by: self.network.identity)
            )
            return .status(.ok, reservation, self.limit)
        }
    }

    private func connect(_ source: PeerStream, to target: PeerID, rest: [UInt8]) async throws {
        let status = self.server.withLock {
            $0.connect(
                from: source.peer,
                to: target,
                isRelayed: source.connection.isRelayed,
                now: SessionHandler.now
            )
        }
        guard status == .ok else { return try await self.refuse(source, status) }
        defer { self.server.withLock { $0.circuitEnded(from: source.peer, to: target) } }
        guard let stream = await self.stop(source.peer, at: target) else {
            return try await self.refuse(source, .connectionFailed)
        }
        try await source.writeMessage(HopMessage.status(.ok, nil, self.limit).encoded())
        await self.carry(between: source, and: stream.0, rest: (rest, stream.1))
    }

    /// Asks the target whether it takes the connection; the stream, and what came on it behind the answer.
    private func stop(_ source: PeerID, at target: PeerID) async -> (PeerStream, [UInt8])? {
        guard let connection = self.network.connection(to: target), !connection.isRelayed,
            let stream = try? await connection.openStream(StopMessage.protocolName)
        else { return nil }
        let timer = stream.expire(after: Self.wordsTime)
        defer { timer.cancel() }
        var buffer = MessageBuffer()
        do {
            try await stream.writeMessage(StopMessage.connect(source, self.limit).encoded())
            if let bytes = try await stream.readMessage(&buffer), case .status(.ok)? = StopMessage(decoding: bytes) {
                return (stream, buffer.takeRest())
            }
        } catch {
            // No answer is an answer.
        }
        stream.reset()
        return nil
    }

    /// Carries bytes both ways until one side ends or the limit is reached.
    private func carry(between a: PeerStream, and b: PeerStream, rest: ([UInt8], [UInt8])) async {
        let timers = self.limit.duration.map { time in [a.expire(after: time), b.expire(after: time)] } ?? []
        defer { for timer in timers { timer.cancel() } }
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.copy(from: a, to: b, first: rest.0) }
            group.addTask { await self.copy(from: b, to: a, first: rest.1) }
            // One half may end while the other goes on; a failure ends both.
            for await isOrderly in group where !isOrderly {
                a.reset()
                b.reset()
            }
        }
    }

    /// Copies to the end of one half; false when it broke or came to its limit.
    private func copy(from source: PeerStream, to target: PeerStream, first: [UInt8]) async -> Bool {
        var left = self.limit.bytes.map { Int(clamping: $0) } ?? .max
        do {
            var bytes: [UInt8]? = first
            while let piece = bytes {
                guard piece.count <= left else { return false }
                left -= piece.count
                if !piece.isEmpty { try await target.write(piece) }
                bytes = try await source.read()
            }
            target.finish()
            return true
        } catch {
            return false
        }
    }
}
