/// Counts the connections that others opened, and refuses those that exceed their share.
package struct ConnectionBudget: Sendable {
    /// What becomes of a new connection.
    package enum Admission: Hashable, Sendable {
        /// It may begin its handshake, and is counted.
        case admitted
        /// The same, once the numbered connection is closed, which has come no further than its own handshake.
        case replacing(Int)
        /// Close it.
        case refused
    }

    private let settings: NetworkSettings
    private var inbound = 0
    /// The connections that have not proved who they are, oldest first.
    private var handshakes: [(number: Int, address: String)] = []
    private var handshakesByAddress: [String: Int] = [:]

    /// Creates a budget with nothing used.
    package init(settings: NetworkSettings) {
        self.settings = settings
    }

    /// Whether the numbered connection from the address may begin its handshake; if so it is counted.
    ///
    /// When all places are taken, the newcomer gets that of whoever holds most: a flood from some addresses must not keep out the
    /// others. The one that is replaced counts until ``handshakeEnded(_:)`` and ``connectionEnded()``.
    package mutating func admit(_ number: Int, from address: String) -> Admission {
        let own = self.handshakesByAddress[address, default: 0]
        guard self.inbound < self.settings.inboundConnectionsMax, own < self.settings.inboundHandshakesPerAddressMax
        else { return .refused }
        var victim: Int?
        if self.handshakes.count >= self.settings.inboundHandshakesMax {
            let most = self.handshakesByAddress.values.max() ?? 0
            // Among equals the oldest: an honest handshake is over in a moment, an idle one never.
            victim = self.handshakes.first { self.handshakesByAddress[$0.address] == most && most >= own }?.number
            guard victim != nil else { return .refused }
        }
        self.inbound += 1
        self.handshakes.append((number, address))
        self.handshakesByAddress[address] = own + 1
        return victim.map { .replacing($0) } ?? .admitted
    }

    /// An admitted connection has proved who it is, or is given up.
    package mutating func handshakeEnded(_ number: Int) {
        guard let index = self.handshakes.firstIndex(where: { $0.number == number }) else { return }
        let address = self.handshakes.remove(at: index).address
        let left = self.handshakesByAddress[address, default: 0] - 1
        self.handshakesByAddress[address] = left > 0 ? left : nil
    }

    /// An admitted connection is gone; ``handshakeEnded(_:)`` was called before.
    package mutating func connectionEnded() {
        self.inbound -= 1
    }

    /// The number of connections counted now.
    package var inboundCount: Int {
        self.inbound
    }
}
