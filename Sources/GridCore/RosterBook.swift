public import GridWire

/// Who keeps a job, with a number that rises with every change.
public struct Roster: Hashable, Sendable {
    /// The number; 0 before any roster is known.
    public var number: Int
    /// The stewards by rank.
    public var stewards: [PeerID]
    /// Whether nodes that were cut off from all stewards made it for themselves; it gives way to one that stands.
    public var isProvisional: Bool

    /// Creates a roster.
    public init(number: Int, stewards: [PeerID], isProvisional: Bool = false) {
        self.number = number
        self.stewards = stewards
        self.isProvisional = isProvisional
    }

    init(_ epoch: RosterEpoch) {
        self.init(number: epoch.number, stewards: epoch.stewards)
    }

    /// Stewards of a job on a grid of many nodes.
    ///
    /// Safety needs only one honest steward, and with five of them half of all nodes may vanish at once and one is left in
    /// 97 of 100 cases.
    public static let size = 5

    /// What becomes of two provisional rosters whose stewards hear of each other: of both, those who rank first.
    ///
    /// In whatever order any number of rosters meet, all end with the same one. A later one replaces an earlier one.
    func joined(with other: Roster, for job: JobID) -> Roster {
        guard self != other else { return self }
        guard self.number == other.number else { return self.number > other.number ? self : other }
        let both = Set(self.stewards).union(other.stewards)
        let first = Self.ranked(both, for: job).prefix(Self.size)
        return Roster(number: self.number, stewards: Array(first), isProvisional: true)
    }

    /// Ranks peers for a job in an order that nobody chooses: by a hash of the job and the peer.
    public static func ranked(_ peers: some Sequence<PeerID>, for job: JobID) -> [PeerID] {
        let salt = job.digest.bytes
        return peers.map { (Digest(hashing: salt + $0.publicKey), $0) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.1)
    }
}

/// The votes for rosters of one job, and which rosters stand: a function of the set of votes.
struct RosterBook: Sendable {
    /// The most bodies that are kept of the submitter and of stewards; a job that loses a steward every minute has as many in
    /// a month.
    static let bodiesMax = 65_536
    /// The most bodies that are kept of others, who may be stewards of a roster that is not known here yet.
    static let strangersBodiesMax = 1024

    /// The most voters of a body of whom nothing is known.
    static let votersMax = 64

    /// The most of ``earlier``.
    static let earlierMax = 4

    private let submitter: PeerID
    private var votes: [RosterEpoch: Set<PeerID>] = [:]
    /// The bodies by number, then by digest, so that all replicas choose alike.
    private var order: [(epoch: RosterEpoch, digest: Digest)] = []
    private var strangersBodies = 0
    /// The roster with the highest number of those that stand.
    private(set) var standing: Roster?
    /// The last few that stood before it, oldest first.
    private(set) var earlier: [Roster] = []
    /// All who ever were stewards of a standing roster.
    private(set) var authorities: Set<PeerID> = []

    init(submitter: PeerID) {
        self.submitter = submitter
    }

    /// Whether there is room for a vote: strangers have little of it, so that no flood of theirs keeps out those who count.
    func takes(_ epoch: RosterEpoch, by signer: PeerID) -> Bool {
        guard let voters = self.votes[epoch] else {
            guard self.votes.count < Self.bodiesMax else { return false }
            return self.hasVote(signer) || self.strangersBodies < Self.strangersBodiesMax
        }
        return self.hasVote(signer) || voters.count < Self.votersMax
    }

    private func hasVote(_ peer: PeerID) -> Bool {
        peer == self.submitter || self.authorities.contains(peer)
    }

    /// Adds a vote.
    ///
    /// - Returns: Whether a roster now stands that did not.
    mutating func insert(_ epoch: RosterEpoch, by signer: PeerID) -> Bool {
        guard self.takes(epoch, by: signer) else { return false }
        let counts = self.hasVote(signer)
        if self.votes[epoch] == nil {
            if !counts { self.strangersBodies += 1 }
            let digest = Digest(hashing: GridRecord.rosterEpoch(epoch).encodedBody())
            let place = self.order.firstIndex { (epoch.number, digest) < ($0.epoch.number, $0.digest) }
            self.order.insert((epoch, digest), at: place ?? self.order.endIndex)
        }
        guard self.votes[epoch, default: []].insert(signer).inserted else { return false }
        // Only the submitter and stewards of a roster that stood have a vote; who becomes one is judged with what stood by.
        guard counts else { return false }
        let before = (self.standing, self.authorities)
        self.judge()
        return before != (self.standing, self.authorities)
    }

    /// Who signed a roster.
    func voters(for epoch: RosterEpoch) -> Set<PeerID> {
        self.votes[epoch] ?? []
    }

    private mutating func judge() {
        var last: Roster?
        self.authorities = []
        self.earlier = []
        for (epoch, _) in self.order where last?.number != epoch.number {
            guard let voters = self.votes[epoch] else { continue }
            let isVoted =
                last.map { last in
                    last.number == epoch.number - 1
                        && 2 * last.stewards.count(where: { voters.contains($0) }) > last.stewards.count
                } ?? false
            guard isVoted || voters.contains(self.submitter) else { continue }
            self.earlier = (self.earlier + [last].compactMap(\.self)).suffix(Self.earlierMax)
            last = Roster(epoch)
            self.authorities.formUnion(epoch.stewards)
        }
        self.standing = last
    }
}
