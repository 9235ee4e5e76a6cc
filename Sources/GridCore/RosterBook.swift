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

    /// Ranks peers for a job by a hash of the job and the peer, so that all nodes have the same order.
    ///
    /// By this nodes that lost all stewards find out who stands in for them; stewards are chosen with more care, see
    /// ``chosen(_:of:besides:for:now:)``.
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
    /// A roster that was proved before, from which others follow.
    private let base: Roster?
    private var votes: [RosterEpoch: [PeerID: SignedRecord]] = [:]
    /// The bodies by number, then by digest, so that all replicas choose alike.
    private var order: [(epoch: RosterEpoch, digest: Digest)] = []
    private var strangersBodies = 0
    /// The roster with the highest number of those that stand.
    private(set) var standing: Roster?
    /// The last few that stood before it, oldest first.
    private(set) var earlier: [Roster] = []
    /// All who ever were stewards of a standing roster.
    private(set) var authorities: Set<PeerID>
    /// What shows anybody that the standing one stands: a roster of the submitter, and for each that followed it the votes of
    /// more than half of those before; the last records where there are more than ``WireLimits/rosterProofMax``.
    private(set) var proof: [SignedRecord] = []

    init(submitter: PeerID, base: Roster? = nil) {
        self.submitter = submitter
        self.base = base
        self.standing = base
        self.authorities = Set(base?.stewards ?? [])
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
    mutating func insert(_ epoch: RosterEpoch, _ record: SignedRecord) -> Bool {
        let signer = record.signer
        guard self.takes(epoch, by: signer) else { return false }
        let counts = self.hasVote(signer)
        if self.votes[epoch] == nil {
            if !counts { self.strangersBodies += 1 }
            let digest = Digest(hashing: GridRecord.rosterEpoch(epoch).encodedBody())
            let place = self.order.firstIndex { (epoch.number, digest) < ($0.epoch.number, $0.digest) }
            self.order.insert((epoch, digest), at: place ?? self.order.endIndex)
        }
        guard self.votes[epoch]?[signer] == nil else { return false }
        self.votes[epoch, default: [:]][signer] = record
        // Only the submitter and stewards of a roster that stood have a vote; who becomes one is judged with what stood by.
        guard counts else { return false }
        let before = (self.standing, self.authorities)
        self.judge()
        return before != (self.standing, self.authorities)
    }

    /// Who signed a roster.
    func voters(for epoch: RosterEpoch) -> Set<PeerID> {
        Set((self.votes[epoch] ?? [:]).keys)
    }

    /// The rosters of a number that anybody voted for, in an order that is the same everywhere.
    func proposals(_ number: Int) -> [RosterEpoch] {
        self.order.lazy.filter { $0.epoch.number == number }.map(\.epoch)
    }

    private mutating func judge() {
        var last = self.base
        var proof: [SignedRecord] = []
        self.authorities = Set(self.base?.stewards ?? [])
        self.earlier = []
        for (epoch, _) in self.order where last.map({ $0.number < epoch.number }) ?? true {
            guard let voters = self.votes[epoch] else { continue }
            if let word = voters[self.submitter] {
                proof = [word]
            } else {
                guard let last, last.number == epoch.number - 1 else { continue }
                let votes = last.stewards.compactMap { voters[$0] }
                guard 2 * votes.count > last.stewards.count else { continue }
                proof += votes.prefix(last.stewards.count / 2 + 1)
            }
            self.earlier = (self.earlier + [last].compactMap(\.self)).suffix(Self.earlierMax)
            last = Roster(epoch)
            self.authorities.formUnion(epoch.stewards)
        }
        self.standing = last
        self.proof = proof.suffix(WireLimits.rosterProofMax)
    }
}
