package import GridWire

/// Counts the connections that others opened, and refuses those that exceed their share.
///
/// Whoever has finished a handshake lately is preferred to whoever never has: that took a round trip and a key, and a flood of forged
/// openings shows neither. So a node's usual peers come back while strangers crowd it.
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

    /// The most blocks of addresses that are remembered for a handshake that they finished.
    package static let provenMax = 8_192

    private let limits: Limits
    private var inbound = 0
    /// The connections that have not proved who they are: those from blocks that never have, and those from blocks that have.
    private var strangers = HandshakeQueue()
    private var acquaintances = HandshakeQueue()
    /// The blocks from which a handshake was finished: the latest, and those before.
    private var proven: (younger: Set<IPAddress>, older: Set<IPAddress>) = ([], [])

    /// Creates a budget with nothing used.
    package init(limits: Limits) {
        self.limits = limits
    }

    /// Whether the numbered connection may begin its handshake; if so it is counted.
    ///
    /// When all places are taken, the newcomer gets that of whoever holds most: a flood from some addresses must not keep out the
    /// others. The one that is replaced counts until ``handshakeEnded(_:hasProved:)`` and ``connectionEnded()``.
    ///
    /// - Parameter source: The block of addresses that it comes from.
    package mutating func admit(_ number: Int, from source: IPAddress) -> Admission {
        let isProven = self.proven.younger.contains(source) || self.proven.older.contains(source)
        let own = isProven ? self.acquaintances.count(of: source) : self.strangers.count(of: source)
        let handshakes = self.strangers.count + self.acquaintances.count
        guard self.inbound - handshakes < self.limits.sessionsMax, own < self.limits.handshakesPerSourceMax
        else { return .refused }
        var victim: Int?
        if handshakes >= self.limits.handshakesMax {
            // Half of the places stay for strangers, or who finished one handshake could shut them out for ever.
            let isCrowded = self.acquaintances.count > self.limits.handshakesMax / 2 || self.strangers.count == 0
            victim =
                isCrowded
                ? self.acquaintances.victim(forHolderOf: isProven ? own : 0)
                : self.strangers.victim(forHolderOf: isProven ? 0 : own)
            guard victim != nil else { return .refused }
        }
        self.inbound += 1
        if isProven {
            self.acquaintances.append(number, from: source)
        } else {
            self.strangers.append(number, from: source)
        }
        return victim.map { .replacing($0) } ?? .admitted
    }

    /// An admitted connection has proved who it is, or is given up; false when it is one session too many.
    @discardableResult
    package mutating func handshakeEnded(_ number: Int, hasProved: Bool) -> Bool {
        guard let source = self.strangers.remove(number) ?? self.acquaintances.remove(number) else { return true }
        if hasProved { self.remember(source) }
        return self.inbound - self.strangers.count - self.acquaintances.count <= self.limits.sessionsMax
    }

    /// An admitted connection is gone; ``handshakeEnded(_:hasProved:)`` was called before.
    package mutating func connectionEnded() {
        self.inbound -= 1
    }

    /// The number of connections counted now.
    package var inboundCount: Int {
        self.inbound
    }

    private mutating func remember(_ source: IPAddress) {
        guard !self.proven.younger.contains(source) else { return }
        if self.proven.younger.count >= Self.provenMax / 2 { self.proven = ([], self.proven.younger) }
        self.proven.younger.insert(source)
    }
}

/// Handshakes in progress in the order in which they began, and how many each block of addresses has.
private struct HandshakeQueue: Sendable {
    private var sources: [Int: IPAddress] = [:]
    private var counts: [IPAddress: Int] = [:]
    /// How many blocks have so many handshakes, by that number.
    private var blocksWith: [Int] = [0]
    /// The numbers, oldest first; those that have ended stay until they are at the front or are too many.
    private var order: [Int] = []
    private var first = 0

    var count: Int {
        self.sources.count
    }

    func count(of source: IPAddress) -> Int {
        self.counts[source] ?? 0
    }

    mutating func append(_ number: Int, from source: IPAddress) {
        self.sources[number] = source
        self.order.append(number)
        let count = self.count(of: source)
        self.move(source, from: count, to: count + 1)
    }

    /// Takes a handshake out, and tells from where it came.
    mutating func remove(_ number: Int) -> IPAddress? {
        guard let source = self.sources.removeValue(forKey: number) else { return nil }
        let count = self.count(of: source)
        self.move(source, from: count, to: count - 1)
        while self.first < self.order.count, self.sources[self.order[self.first]] == nil { self.first += 1 }
        if self.order.count > 2 * self.sources.count + 64 {
            self.order = self.order[self.first...].filter { self.sources[$0] != nil }
            self.first = 0
        }
        return source
    }

    /// The oldest handshake of the block that has most, unless the one that asks for its place has more.
    ///
    /// Among equals the oldest: an honest handshake is over in a moment, an idle one never.
    func victim(forHolderOf own: Int) -> Int? {
        guard let most = self.blocksWith.lastIndex(where: { $0 > 0 }), most >= own else { return nil }
        return self.order[self.first...].first { number in
            self.sources[number].map { self.counts[$0] == most } ?? false
        }
    }

    private mutating func move(_ source: IPAddress, from old: Int, to new: Int) {
        self.counts[source] = new > 0 ? new : nil
        if new >= self.blocksWith.count { self.blocksWith.append(0) }
        if old > 0 { self.blocksWith[old] -= 1 }
        if new > 0 { self.blocksWith[new] += 1 }
    }
}
