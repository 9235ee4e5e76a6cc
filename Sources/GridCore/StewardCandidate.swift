public import GridWire

/// A node that could keep a job, as another node knows it.
///
/// Keys cost nothing: whoever has seen a job's id can make thousands of them in seconds and keep those that rank first for
/// it by hash. So the hash decides only among nodes of which there is equally much to say, and what is said is what the
/// node that chooses saw itself, see ``Acquaintances``: nothing in it is the candidate's own word.
public struct StewardCandidate: Hashable, Sendable {
    /// What is to be said for a node; the least comes first.
    public enum Standing: Int, Hashable, Sendable, Comparable {
        /// It was met before the job was heard of, and did work for its submitter, or for the node that chooses, that was
        /// verified.
        case proven
        /// It was met before the job was heard of.
        case known
        /// It was met later, or never: its key may have been made for this job.
        case stranger

        /// Orders by how much is to be said.
        public static func < (a: Self, b: Self) -> Bool {
            a.rawValue < b.rawValue
        }
    }

    /// The node.
    public var peer: PeerID
    /// What is to be said for it.
    public var standing: Standing
    /// Since when it is here, by the clock of the node that chooses.
    public var presentSince: Instant
    /// Where it is seen to be; nothing when it is on this machine, or nobody knows.
    public var network: NetworkPrefix?

    /// Creates a candidate.
    public init(peer: PeerID, standing: Standing, presentSince: Instant, network: NetworkPrefix? = nil) {
        self.peer = peer
        self.standing = standing
        self.presentSince = presentSince
        self.network = network
    }

    /// Who was here for so long is not likely to leave soon: of nodes that stayed an hour, one in two hours leaves, of those
    /// that stayed a minute, one in a quarter of an hour.
    public static let settledAfter = Duration.seconds(3_600)

    /// Whether it is here for long enough to be expected to stay.
    func isSettled(now: Instant) -> Bool {
        self.presentSince.advanced(by: Self.settledAfter) <= now
    }
}

/// A part of the Internet that is likely to be in one hand: an IPv4 /24 or an IPv6 /48.
public struct NetworkPrefix: Hashable, Sendable {
    private let bits: UInt64
    private let isIPv6: Bool

    /// The prefix of an address; nothing for those of this machine itself.
    public init?(_ address: IPAddress) {
        guard !address.isLoopback else { return nil }
        switch address.unmapped {
        case .v4(let value): (self.bits, self.isIPv6) = (UInt64(value >> 8), false)
        case .v6(let high, _): (self.bits, self.isIPv6) = (high >> 16, true)
        }
    }
}

extension Roster {
    /// So many stewards of a job may come from one network while there are others of whom as much is to be said.
    public static let perNetworkMax = 2

    /// Chooses who is to keep a job with those who do.
    ///
    /// Those come first who were met before the job was heard of and have done verified work, then others who were met
    /// before, then strangers: a grid where all are new has stewards too. Among equals nodes that are here for an hour come
    /// first, and then a hash of job and peer decides, which nobody chooses. At most ``perNetworkMax`` come from one network
    /// (an IPv4 /24 or IPv6 /48) before the others of the same standing.
    ///
    /// - Parameters:
    ///   - count: how many are wanted; there are fewer when there are not as many.
    ///   - candidates: the nodes that there are, in any order; those that keep the job already are only looked up.
    ///   - keepers: those who keep the job already.
    ///   - job: the job.
    ///   - now: the present, by the clock of ``StewardCandidate/presentSince``.
    /// - Complexity: O(n log n) hashes and comparisons for the n candidates of the best standings that are needed.
    public static func chosen(
        _ count: Int,
        of candidates: [StewardCandidate],
        besides keepers: [PeerID],
        for job: JobID,
        now: Instant
    ) -> [PeerID] {
        var chosen: [PeerID] = []
        guard count > 0 else { return chosen }
        var seats: [NetworkPrefix: Int] = [:]
        for candidate in candidates where keepers.contains(candidate.peer) {
            if let network = candidate.network { seats[network, default: 0] += 1 }
        }
        for standing in [StewardCandidate.Standing.proven, .known, .stranger] {
            let equals = candidates.filter { $0.standing == standing && !keepers.contains($0.peer) }
            let ranked =
                Self.ranked(equals.filter { $0.isSettled(now: now) }, for: job)
                + Self.ranked(equals.filter { !$0.isSettled(now: now) }, for: job)
            var crowded: [PeerID] = []
            for candidate in ranked where chosen.count < count {
                if let network = candidate.network {
                    guard seats[network, default: 0] < Self.perNetworkMax else {
                        crowded.append(candidate.peer)
                        continue
                    }
                    seats[network, default: 0] += 1
                }
                chosen.append(candidate.peer)
            }
            chosen += crowded.prefix(count - chosen.count)
            if chosen.count == count { break }
        }
        return chosen
    }

    private static func ranked(_ candidates: [StewardCandidate], for job: JobID) -> [StewardCandidate] {
        let salt = job.digest.bytes
        return candidates.map { (Digest(hashing: salt + $0.peer.publicKey), $0) }
            .sorted { ($0.0, $0.1.peer) < ($1.0, $1.1.peer) }.map(\.1)
    }
}
