import GridWire

/// What others say our address is (BEP 42): one vote for each block of addresses, so that one liar has one.
struct ExternalAddress: Sendable {
    /// The votes that count: the last ones.
    static let votesMax = 16
    /// The votes that an address needs; it also needs most of those that count.
    static let votesNeeded = 4
    /// The least time between two changes.
    static let changeInterval = Duration.seconds(300)

    private struct Vote: Sendable {
        let voter: DHTSource
        let ip: IPAddress
    }

    private var votes: [Vote] = []
    private(set) var current: IPAddress?
    private var changedAt: Instant?

    /// Counts a vote.
    ///
    /// - Returns: The address, when it has just become another one.
    mutating func vote(for ip: IPAddress, by voter: DHTSource, now: Instant) -> IPAddress? {
        self.votes.removeAll { $0.voter == voter }
        self.votes.append(Vote(voter: voter, ip: ip))
        if self.votes.count > Self.votesMax { self.votes.removeFirst() }
        guard ip != self.current else { return nil }
        let count = self.votes.count { $0.ip == ip }
        guard count >= Self.votesNeeded, 2 * count > self.votes.count,
            self.changedAt.map({ $0.duration(to: now) >= Self.changeInterval }) ?? true
        else { return nil }
        self.current = ip
        self.changedAt = now
        return ip
    }
}
