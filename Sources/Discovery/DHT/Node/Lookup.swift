import GridWire

/// One walk towards a target: asks the nearest nodes that it knows, learns of nearer ones, and ends when the eight nearest
/// that live have answered (BEP 5).
struct Lookup: Sendable {
    /// The queries in flight; Kademlia's alpha.
    static let parallel = 4
    /// How long a query counts as in flight; it may still be answered later.
    static let lateTime = Duration.milliseconds(1_500)
    /// The most queries of one walk.
    static let queriesMax = 100
    /// The longest walk.
    static let timeMax = Duration.seconds(30)
    /// The queries in a row without an answer after which a walk that never had one gives up.
    static let deadMax = 24
    /// The nodes that are taken from one answer.
    static let contactsPerAnswer = 8
    /// The most candidates that are remembered.
    static let candidatesMax = 96

    private enum State: Hashable, Sendable {
        case fresh
        case asked(at: Instant)
        /// Asked, and silent for so long that others are asked.
        case late
        case answered
        case failed
    }

    private struct Candidate: Sendable {
        /// Unknown of a bootstrap host until it answers.
        var id: DHTKey?
        let endpoint: UDPEndpoint
        /// The answers that led to it.
        let hops: Int
        var state = State.fresh
        var token: [UInt8]?
    }

    /// A node that may be asked to store something.
    struct Storer: Hashable, Sendable {
        let endpoint: UDPEndpoint
        let token: [UInt8]
    }

    let target: DHTKey
    let family: AddressFamily
    private let scope: DHTScope
    private let startedAt: Instant
    /// The nearest first; those without an id last.
    private var candidates: [Candidate] = []
    private(set) var queryCount = 0
    private(set) var answerCount = 0
    private var silentCount = 0

    init(target: DHTKey, family: AddressFamily, scope: DHTScope, now: Instant) {
        self.target = target
        self.family = family
        self.scope = scope
        self.startedAt = now
    }

    /// Begins with known nodes and with hosts whose id is not known.
    mutating func begin(contacts: [DHTContact], hosts: [UDPEndpoint]) {
        for contact in contacts { self.add(id: contact.id, endpoint: contact.endpoint, hops: 0) }
        for host in hosts { self.add(id: nil, endpoint: host, hops: 0) }
    }

    /// The endpoints to ask now; each counts as asked when ``asked(_:now:)`` says so.
    func due(now: Instant) -> [UDPEndpoint] {
        guard !self.isFinished(now: now), self.queryCount < Self.queriesMax else { return [] }
        let inFlight = self.candidates.count { if case .asked = $0.state { true } else { false } }
        let nearest = self.nearestLiving
        // Those beyond the nearest eight are asked only while too few are known to live.
        return nearest.filter { $0.state == .fresh }.prefix(max(0, Self.parallel - inFlight)).map(\.endpoint)
    }

    /// A query was sent.
    mutating func asked(_ endpoint: UDPEndpoint, now: Instant) {
        guard let index = self.index(of: endpoint) else { return }
        self.candidates[index].state = .asked(at: now)
        self.queryCount += 1
    }

    /// A node that was asked answered.
    ///
    /// One that says another id than the one that it was named with stands where its own id belongs: it may have changed, or
    /// somebody lied about it.
    ///
    /// - Parameter nodes: What it named, filtered for addresses that may be asked at all.
    mutating func answered(_ endpoint: UDPEndpoint, id: DHTKey, token: [UInt8]?, nodes: [DHTContact]) {
        guard let index = self.index(of: endpoint) else { return }
        var candidate = self.candidates.remove(at: index)
        candidate.id = id
        candidate.state = .answered
        candidate.token = token
        self.insert(candidate)
        self.answerCount += 1
        self.silentCount = 0
        for contact in nodes.prefix(Self.contactsPerAnswer) {
            self.add(id: contact.id, endpoint: contact.endpoint, hops: candidate.hops + 1)
        }
    }

    /// A node that was asked did not answer in time, or with an error.
    mutating func failed(_ endpoint: UDPEndpoint) {
        guard let index = self.index(of: endpoint) else { return }
        self.candidates[index].state = .failed
        self.silentCount += 1
    }

    /// Turns queries that were unanswered for long into late ones.
    mutating func handleTimeout(now: Instant) {
        for i in self.candidates.indices {
            if case .asked(let at) = self.candidates[i].state, at.advanced(by: Self.lateTime) <= now {
                self.candidates[i].state = .late
            }
        }
    }

    /// When the state changes by itself.
    var nextDeadline: Instant {
        var deadline = self.startedAt.advanced(by: Self.timeMax)
        for candidate in self.candidates {
            if case .asked(let at) = candidate.state { deadline = min(deadline, at.advanced(by: Self.lateTime)) }
        }
        return deadline
    }

    /// Whether nothing more is to be learned, or enough was tried.
    func isFinished(now: Instant) -> Bool {
        if self.startedAt.advanced(by: Self.timeMax) <= now { return true }
        if self.answerCount == 0, self.silentCount >= Self.deadMax { return true }
        let hasOneInFlight = self.candidates.contains { if case .asked = $0.state { true } else { false } }
        if hasOneInFlight { return false }
        let isExhausted = self.nearestLiving.allSatisfy { $0.state == .answered }
        // A late answer may still come as long as nobody else is there to ask.
        if isExhausted, self.answerCount == 0 { return !self.candidates.contains { $0.state == .late } }
        return isExhausted || self.queryCount >= Self.queriesMax
    }

    /// The nearest nodes that gave a token, those first whose id fits their address.
    var storers: [Storer] {
        let answered = self.candidates.filter { $0.state == .answered && $0.token != nil }
        let secure = answered.filter { candidate in
            candidate.id.map { SecureNodeID.isValid($0, for: candidate.endpoint.ip) } ?? false
        }
        let chosen = secure.count >= RoutingTable.bucketSize ? secure : answered
        return chosen.prefix(RoutingTable.bucketSize).compactMap { candidate in
            candidate.token.map { Storer(endpoint: candidate.endpoint, token: $0) }
        }
    }

    /// The answers on the way to the nearest node that answered.
    var hops: Int {
        self.candidates.first { $0.state == .answered }.map { $0.hops + 1 } ?? 0
    }

    /// The eight nearest that are not known to be dead; a late one is as good as dead until it answers.
    private var nearestLiving: ArraySlice<Candidate> {
        self.candidates.filter { $0.state != .failed && $0.state != .late }.prefix(RoutingTable.bucketSize)
    }

    private func index(of endpoint: UDPEndpoint) -> Int? {
        self.candidates.firstIndex { $0.endpoint == endpoint }
    }

    /// Adds a candidate, unless its address or block is there already: one liar can name many nodes, but not own many blocks.
    private mutating func add(id: DHTKey?, endpoint: UDPEndpoint, hops: Int) {
        guard endpoint.family == self.family else { return }
        let source = self.scope.source(of: endpoint)
        let block = self.scope.block(of: endpoint)
        let isPresent = self.candidates.contains { other in
            self.scope.source(of: other.endpoint) == source
                || block.map { self.scope.block(of: other.endpoint) == $0 } ?? false
        }
        if !isPresent { self.insert(Candidate(id: id, endpoint: endpoint, hops: hops)) }
    }

    private mutating func insert(_ candidate: Candidate) {
        let distance = candidate.id?.distance(to: self.target)
        let index = self.candidates.firstIndex { other in
            guard let distance else { return false }
            guard let otherID = other.id else { return true }
            return distance < otherID.distance(to: self.target)
        }
        self.candidates.insert(candidate, at: index ?? self.candidates.count)
        if self.candidates.count > Self.candidatesMax,
            let last = self.candidates.lastIndex(where: { $0.state == .fresh })
        {
            self.candidates.remove(at: last)
        }
    }
}
