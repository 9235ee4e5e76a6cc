package import GridWire

/// Counts the connections that others opened, and refuses those that exceed their share.
package struct ConnectionBudget: Sendable {
    /// How many there may be.
    package struct Limits: Hashable, Sendable {
        /// The most sessions that others opened.
        package var sessionsMax: Int
        /// The most handshakes in progress.
        package var handshakesMax: Int
        /// The most handshakes in progress from one block of addresses.
        package var handshakesPerSourceMax: Int

        /// Creates limits.
        package init(sessionsMax: Int, handshakesMax: Int, handshakesPerSourceMax: Int) {
            self.sessionsMax = sessionsMax
            self.handshakesMax = handshakesMax
            self.handshakesPerSourceMax = handshakesPerSourceMax
        }
    }

    /// What becomes of a new connection.
    package enum Admission: Hashable, Sendable {
        /// It may begin its handshake, and is counted.
        case admitted
        /// The same, once the numbered connection is closed, which has come no further than its own handshake.
        case replacing(Int)
        /// Close it.
        case refused
    }

    private let limits: Limits
    private var inbound = 0
    /// The connections that have not proved who they are, oldest first.
    private var handshakes: [(number: Int, source: IPAddress)] = []
    private var handshakesBySource: [IPAddress: Int] = [:]

    /// Creates a budget with nothing used.
    package init(limits: Limits) {
        self.limits = limits
    }

    /// Whether the numbered connection may begin its handshake; if so it is counted.
    ///
    /// When all places are taken, the newcomer gets that of whoever holds most: a flood from some addresses must not keep out the
    /// others. The one that is replaced counts until ``handshakeEnded(_:)`` and ``connectionEnded()``.
    ///
    /// - Parameter source: The block of addresses that it comes from.
    package mutating func admit(_ number: Int, from source: IPAddress) -> Admission {
        let own = self.handshakesBySource[source, default: 0]
        guard self.inbound - self.handshakes.count < self.limits.sessionsMax, own < self.limits.handshakesPerSourceMax
        else { return .refused }
        var victim: Int?
        if self.handshakes.count >= self.limits.handshakesMax {
            let most = self.handshakesBySource.values.max() ?? 0
            // Among equals the oldest: an honest handshake is over in a moment, an idle one never.
            victim = self.handshakes.first { self.handshakesBySource[$0.source] == most && most >= own }?.number
            guard victim != nil else { return .refused }
        }
        self.inbound += 1
        self.handshakes.append((number, source))
        self.handshakesBySource[source] = own + 1
        return victim.map { .replacing($0) } ?? .admitted
    }

    /// An admitted connection has proved who it is, or is given up; false when it is one session too many.
    @discardableResult
    package mutating func handshakeEnded(_ number: Int) -> Bool {
        guard let index = self.handshakes.firstIndex(where: { $0.number == number }) else { return true }
        let source = self.handshakes.remove(at: index).source
        let left = self.handshakesBySource[source, default: 0] - 1
        self.handshakesBySource[source] = left > 0 ? left : nil
        return self.inbound - self.handshakes.count <= self.limits.sessionsMax
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
