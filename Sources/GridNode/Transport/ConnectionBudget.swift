/// Counts the connections that others opened, and refuses those that exceed their share.
package struct ConnectionBudget: Sendable {
    private let settings: NetworkSettings
    private var inbound = 0
    private var handshakes = 0
    private var handshakesByAddress: [String: Int] = [:]

    /// Creates a budget with nothing used.
    package init(settings: NetworkSettings) {
        self.settings = settings
    }

    /// Whether a connection from the address may begin its handshake; if so it is counted.
    package mutating func admit(from address: String) -> Bool {
        guard self.inbound < self.settings.inboundConnectionsMax,
            self.handshakes < self.settings.inboundHandshakesMax,
            self.handshakesByAddress[address, default: 0] < self.settings.inboundHandshakesPerAddressMax
        else { return false }
        self.inbound += 1
        self.handshakes += 1
        self.handshakesByAddress[address, default: 0] += 1
        return true
    }

    /// An admitted connection has proved who it is.
    package mutating func handshakeEnded(from address: String) {
        self.handshakes -= 1
        let left = self.handshakesByAddress[address, default: 0] - 1
        self.handshakesByAddress[address] = left > 0 ? left : nil
    }

    /// An admitted connection is gone; ``handshakeEnded(from:)`` was called before.
    package mutating func connectionEnded() {
        self.inbound -= 1
    }

    /// The number of connections counted now.
    package var inboundCount: Int {
        self.inbound
    }
}
