public import GridWire

/// This machine's wall clock beside those of the peers that it talks with.
///
/// A node signs its record anew at least each hour (``NodeRecordBook/renewalTime``), so what a peer itself tells was signed within
/// the last hour by the peer's clock. A node whose clock is off by more than that signs records that others refuse, and finds
/// nobody under the names that its grid has on other days; its operator should know. Between two tellings a monotonic clock
/// counts, so that a jump of the wall clock shows at once.
public struct ClockComparison: Sendable {
    /// The most peers; the one heard the longest time ago makes room.
    static let peersMax = 64

    private struct Reading: Sendable {
        var peer: PeerID
        var signedAt: UInt64
        var heardAt: Instant
    }

    /// How far this clock is from those of most peers.
    public struct Difference: Hashable, Sendable {
        /// By how many minutes, at least, this clock is ahead; negative where it is behind.
        public var minutesAhead: Int
        /// How many peers it was compared with.
        public var peers: Int
    }

    /// In the order in which they were heard.
    private var readings: [Reading] = []

    /// Creates a comparison with nobody yet.
    public init() {}

    /// Takes in when a peer signed the record that it has told of itself.
    ///
    /// - Parameters:
    ///   - signedAt: Milliseconds since 1970 by the peer's clock.
    ///   - now: The time by a monotonic clock of this machine.
    public mutating func heard(_ peer: PeerID, signedAt: UInt64, now: Instant) {
        self.readings.removeAll { $0.peer == peer }
        if self.readings.count >= Self.peersMax { self.readings.removeFirst() }
        self.readings.append(Reading(peer: peer, signedAt: signedAt, heardAt: now))
    }

    /// The difference, where more than half of the peers say that there is one; nothing where the clock may well be right.
    ///
    /// - Parameters:
    ///   - unixMilliseconds: This machine's wall clock.
    ///   - now: The time by the monotonic clock of ``heard(_:signedAt:now:)``.
    public func difference(unixMilliseconds: UInt64, now: Instant) -> Difference? {
        guard !self.readings.isEmpty else { return nil }
        let tolerance = Double(NodeRecordBook.futureMax)
        // How much later it is here than the peer's clock can be now, or (negative) how much earlier than it must be.
        let excesses = self.readings.map { reading in
            let earliest = Double(reading.signedAt) + reading.heardAt.duration(to: now) / .milliseconds(1)
            let (early, late) = (earliest - tolerance, earliest + Double(NodeRecordBook.renewalTime) + tolerance)
            let here = Double(unixMilliseconds)
            return here > late ? here - late + tolerance : here < early ? here - early - tolerance : 0
        }.sorted()
        // The median, nearer to zero of the two middle ones.
        let (low, high) = (excesses[(excesses.count - 1) / 2], excesses[excesses.count / 2])
        guard low * high > 0 else { return nil }
        let excess = abs(low) < abs(high) ? low : high
        return Difference(minutesAhead: Int(excess / 60_000), peers: self.readings.count)
    }
}

extension ClockComparison.Difference: CustomStringConvertible {
    /// The difference in a sentence that says what to do.
    public var description: String {
        let minutes = abs(self.minutesAhead)
        let time = minutes < 120 ? "\(minutes) minutes" : "\(minutes / 60) hours"
        let others = self.peers == 1 ? "the one peer that it was compared with" : "most of \(self.peers) peers"
        return "the clock of this machine is at least \(time) \(self.minutesAhead > 0 ? "ahead of" : "behind") that of "
            + "\(others): set it (timedatectl set-ntp true); until then others refuse what this node says of itself, and new "
            + "ones do not find it. Work goes on, and nothing is lost."
    }
}
