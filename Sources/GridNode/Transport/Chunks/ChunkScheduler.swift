package import GridWire

/// Which chunk is asked of which peer, and when.
///
/// A pure machine. Chunks are asked for in the order of need, and where several are needed alike the rarest first, so that what one
/// peer alone holds spreads before that peer leaves. A peer that is slower than the others gets no more to do and what it has
/// is asked of another as well; a cap holds the received bytes to so many in a second. What has been received is never asked for
/// again, so whoever is interrupted goes on where it was.
package struct ChunkScheduler: Sendable {
    /// The bounds.
    package struct Settings: Sendable {
        /// The most requests in flight.
        package var requestsMax = 16
        /// The most of them at one peer.
        package var requestsPerPeerMax = 4
        /// The most bytes received in a second, on average; nil for as many as come.
        package var bytesPerSecondMax: Int?
        /// What a chunk is taken to have before it has come, in bytes.
        package var chunkSize = 1 << 20
        /// A request that takes so many times as long as is usual is asked of another peer too.
        package var slowFactor = 4.0
        /// A request is never called slow before this.
        package var slowTimeMin = Duration.seconds(2)
        /// The time for which a slow or failing peer is asked for nothing.
        package var chokeTime = Duration.seconds(15)
        /// The most chunks of which a peer is asked at a time whether it holds them.
        package var inquirySizeMax = 1_024
        /// The most peers of which one chunk is asked at a time.
        package var copiesMax = 2

        /// The defaults.
        package init() {}
    }

    /// What the shell must do.
    package enum Action: Hashable, Sendable {
        /// Ask the peer for the chunk.
        case request(ChunkID, from: PeerID)
        /// The chunk has come from another peer: stop asking this one.
        case cancel(ChunkID, from: PeerID)
        /// No peer holds the chunk, after all were asked.
        case unavailable(ChunkID)
    }

    private struct Want {
        var priority: Int
        let number: Int
        /// Who was asked when, and has not answered.
        var asked: [PeerID: Instant] = [:]
        /// Who has said that it does not hold the chunk, or gave a wrong one.
        var lacking: Set<PeerID> = []
        /// Whether it is slow, was seen to be, and nobody else can be asked for now.
        var isStuck = false
    }

    private struct Peer {
        var holds: Set<ChunkID> = []
        /// The wanted chunks of which it was asked whether it holds them.
        var inquired: Set<ChunkID> = []
        var isInquiring = false
        var inFlight = 0
        var chokedUntil: Instant?
        /// Wrong chunks came from it: it is not asked any more.
        var isBanned = false
    }

    private let settings: Settings
    private var wants: [ChunkID: Want] = [:]
    private var peers: [PeerID: Peer] = [:]
    private var inFlight = 0
    private var lastNumber = 0
    /// How long requests take that succeed, smoothed.
    private var usualTime: Duration?
    /// The bytes that may be asked for now, under the cap.
    private var allowance: Double
    private var allowanceAt: Instant?

    /// The chunks that are remembered of one peer.
    package static let holdingsMax = 65_536

    /// A scheduler that wants nothing.
    package init(settings: Settings = Settings()) {
        self.settings = settings
        self.allowance = Double(settings.bytesPerSecondMax ?? 0)
    }

    // MARK: What is known

    /// A peer can be asked.
    package mutating func peerAppeared(_ peer: PeerID, now: Instant) -> [Action] {
        if self.peers[peer] == nil { self.peers[peer] = Peer() }
        return self.actions(now: now)
    }

    /// A peer cannot be asked any more; what it was asked for is asked of others.
    package mutating func peerGone(_ peer: PeerID, now: Instant) -> [Action] {
        guard self.peers.removeValue(forKey: peer) != nil else { return [] }
        for id in self.wants.keys {
            if self.wants[id]?.asked.removeValue(forKey: peer) != nil { self.inFlight -= 1 }
            self.wants[id]?.lacking.remove(peer)
        }
        return self.actions(now: now)
    }

    /// A peer holds chunks.
    package mutating func peerHolds(_ chunks: some Sequence<ChunkID>, peer: PeerID, now: Instant) -> [Action] {
        guard var known = self.peers[peer] else { return [] }
        for chunk in chunks where known.holds.count < Self.holdingsMax {
            known.holds.insert(chunk)
            self.wants[chunk]?.lacking.remove(peer)
        }
        self.peers[peer] = known
        return self.actions(now: now)
    }

    /// A peer has said which chunks it holds of those of which it was asked, or nothing.
    package mutating func inquiryEnded(
        _ chunks: [ChunkID],
        of peer: PeerID,
        held: Set<ChunkID>?,
        now: Instant
    ) -> [Action] {
        self.peers[peer]?.isInquiring = false
        guard let held, self.peers[peer] != nil else { return self.actions(now: now) }
        for chunk in chunks where !held.contains(chunk) && self.wants[chunk]?.asked[peer] == nil {
            self.wants[chunk]?.lacking.insert(peer)
        }
        return self.peerHolds(chunks.filter { held.contains($0) }, peer: peer, now: now)
    }

    /// What to ask peers about what is wanted: which of these chunks they hold.
    ///
    /// To be called after each input. A peer is asked one question at a time, so that what comes to be wanted meanwhile is in the
    /// next; nothing waits for the answers, which say what is rare among the rest. With one peer alone there is nothing to choose.
    package mutating func inquiriesDue() -> [(chunks: [ChunkID], peer: PeerID)] {
        guard self.peers.count > 1, !self.wants.isEmpty else { return [] }
        let wanted = self.wants.map { (id: $0.key, rank: self.rank($0.key, $0.value)) }.sorted { $0.rank < $1.rank }
        var inquiries: [(chunks: [ChunkID], peer: PeerID)] = []
        for id in self.peers.keys.sorted() {
            guard var peer = self.peers[id], !peer.isInquiring, !peer.isBanned else { continue }
            let unknown = wanted.map(\.id).filter { chunk in
                self.wants[chunk].map { !$0.lacking.contains(id) } ?? false
                    && !peer.holds.contains(chunk) && !peer.inquired.contains(chunk)
            }
            guard !unknown.isEmpty else { continue }
            let asked = Array(unknown.prefix(self.settings.inquirySizeMax))
            peer.inquired.formUnion(asked)
            peer.isInquiring = true
            self.peers[id] = peer
            inquiries.append((asked, id))
        }
        return inquiries
    }

    // MARK: What is wanted

    /// A chunk is needed; a lower priority comes first, and a chunk that is wanted already keeps the lower one.
    package mutating func want(_ chunk: ChunkID, priority: Int, now: Instant) -> [Action] {
        if let present = self.wants[chunk] {
            self.wants[chunk]?.priority = min(present.priority, priority)
        } else {
            self.lastNumber += 1
            self.wants[chunk] = Want(priority: priority, number: self.lastNumber)
        }
        return self.actions(now: now)
    }

    /// Nobody needs the chunk any more.
    package mutating func forget(_ chunk: ChunkID, now: Instant) -> [Action] {
        let cancelled = self.end(chunk, except: nil)
        return cancelled + self.actions(now: now)
    }

    /// The chunks that are wanted and have not come.
    package var wantedCount: Int {
        self.wants.count
    }

    // MARK: What becomes of requests

    /// The chunk came from a peer, and is what its name says.
    package mutating func received(_ chunk: ChunkID, byteCount: Int, from peer: PeerID, now: Instant) -> [Action] {
        self.refill(now: now)
        if let asked = self.wants[chunk]?.asked[peer] {
            let time = asked.duration(to: now)
            self.usualTime = self.usualTime.map { $0 * 0.8 + time * 0.2 } ?? time
            // What was taken off for a whole chunk is settled by what came.
            if self.settings.bytesPerSecondMax != nil { self.allowance += Double(self.settings.chunkSize - byteCount) }
        }
        if self.peers[peer]?.holds.count ?? .max < Self.holdingsMax { self.peers[peer]?.holds.insert(chunk) }
        self.peers[peer]?.chokedUntil = nil
        let cancelled = self.end(chunk, except: peer)
        return cancelled + self.actions(now: now)
    }

    /// Why a request came to nothing.
    package enum Failure: Hashable, Sendable {
        /// The peer does not hold the chunk.
        case notHeld
        /// The peer did not answer, or only a part.
        case broken
        /// What came has another name.
        case wrong
    }

    /// A request came to nothing.
    package mutating func failed(_ chunk: ChunkID, from peer: PeerID, _ failure: Failure, now: Instant) -> [Action] {
        guard self.wants[chunk]?.asked[peer] != nil else { return [] }
        self.refill(now: now)
        self.endRequest(chunk, peer)
        if self.settings.bytesPerSecondMax != nil { self.allowance += Double(self.settings.chunkSize) }
        self.peers[peer]?.holds.remove(chunk)
        switch failure {
        case .notHeld:
            self.wants[chunk]?.lacking.insert(peer)
        case .broken:
            self.peers[peer]?.chokedUntil = now.advanced(by: self.settings.chokeTime)
        case .wrong:
            self.wants[chunk]?.lacking.insert(peer)
            self.peers[peer]?.isBanned = true
        }
        return self.actions(now: now)
    }

    // MARK: Time

    /// When ``handleTimeout(now:)`` has work to do.
    package var nextDeadline: Instant? {
        guard !self.wants.isEmpty else { return nil }
        var deadlines = self.peers.values.compactMap(\.chokedUntil)
        let slow = self.slowTime
        for want in self.wants.values where want.asked.count < self.settings.copiesMax && !want.isStuck {
            deadlines += want.asked.values.map { $0.advanced(by: slow) }
        }
        if let cap = self.settings.bytesPerSecondMax, let allowanceAt,
            self.inFlight < self.settings.requestsMax, !self.isAllowed
        {
            let missing = Double(min(self.settings.chunkSize, cap)) - self.allowance
            deadlines.append(allowanceAt.advanced(by: .seconds(max(0.01, missing / Double(cap)))))
        }
        return deadlines.min()
    }

    /// Asks again for what is due.
    package mutating func handleTimeout(now: Instant) -> [Action] {
        for peer in self.peers.keys {
            if let until = self.peers[peer]?.chokedUntil, until <= now { self.peers[peer]?.chokedUntil = nil }
        }
        return self.actions(now: now)
    }

    // MARK: Choosing

    private var slowTime: Duration {
        max(self.settings.slowTimeMin, (self.usualTime ?? .zero) * self.settings.slowFactor)
    }

    private mutating func actions(now: Instant) -> [Action] {
        self.refill(now: now)
        self.choke(now: now)
        var actions: [Action] = []
        // The order is made of numbers and names alone, so that the same events give the same requests.
        let order = self.wants.map { (id: $0.key, rank: self.rank($0.key, $0.value)) }.sorted { $0.rank < $1.rank }
        for (id, _) in order {
            guard let want = self.wants[id] else { continue }
            if want.asked.isEmpty, self.isHopeless(want) {
                self.drop(id)
                actions.append(.unavailable(id))
                continue
            }
            guard self.inFlight < self.settings.requestsMax, self.isAllowed else {
                if !want.asked.isEmpty, self.isSlow(want, now: now) { self.wants[id]?.isStuck = true }
                continue
            }
            let isSlow = !want.asked.isEmpty && self.isSlow(want, now: now)
            guard want.asked.isEmpty || isSlow else { continue }
            guard let peer = self.choose(id, want, now: now) else {
                self.wants[id]?.isStuck = isSlow
                continue
            }
            self.wants[id]?.isStuck = false
            self.wants[id]?.asked[peer] = now
            self.peers[peer]?.inFlight += 1
            self.inFlight += 1
            if self.settings.bytesPerSecondMax != nil { self.allowance -= Double(self.settings.chunkSize) }
            actions.append(.request(id, from: peer))
        }
        return actions
    }

    private struct Rank: Comparable {
        let priority: Int
        let holders: Int
        let number: Int

        static func < (a: Self, b: Self) -> Bool {
            (a.priority, a.holders, a.number) < (b.priority, b.holders, b.number)
        }
    }

    private func rank(_ id: ChunkID, _ want: Want) -> Rank {
        let holders = self.peers.values.count { $0.holds.contains(id) }
        // Of what nobody is known to hold, nothing can be said; it comes behind what is known to be rare.
        return Rank(priority: want.priority, holders: holders == 0 ? .max : holders, number: want.number)
    }

    /// Whether all requests for the chunk take longer than is usual, and one more may help.
    private func isSlow(_ want: Want, now: Instant) -> Bool {
        let slow = self.slowTime
        return want.asked.count < self.settings.copiesMax
            && want.asked.values.allSatisfy { $0.duration(to: now) >= slow }
    }

    /// A peer that keeps a request for long gets no other until it has answered or some time has passed.
    private mutating func choke(now: Instant) {
        let slow = self.slowTime
        for want in self.wants.values {
            for (peer, asked) in want.asked where asked.duration(to: now) >= slow {
                if self.peers[peer]?.chokedUntil == nil {
                    self.peers[peer]?.chokedUntil = now.advanced(by: self.settings.chokeTime)
                }
            }
        }
    }

    /// Whether every peer has said that it lacks the chunk.
    private func isHopeless(_ want: Want) -> Bool {
        self.peers.allSatisfy { want.lacking.contains($0.key) || $0.value.isBanned }
    }

    /// The best peer to ask: one that is known to hold the chunk, else one that may; of equals the one with least to do.
    private func choose(_ id: ChunkID, _ want: Want, now: Instant) -> PeerID? {
        let usable = self.peers.filter { peer, state in
            !state.isBanned && state.chokedUntil.map { $0 <= now } ?? true
                && state.inFlight < self.settings.requestsPerPeerMax
                && want.asked[peer] == nil && !want.lacking.contains(peer)
        }
        return usable.min { a, b in
            let (x, y) = (a.value.holds.contains(id), b.value.holds.contains(id))
            guard x == y else { return x }
            guard a.value.inFlight == b.value.inFlight else { return a.value.inFlight < b.value.inFlight }
            return a.key < b.key
        }?.key
    }

    // MARK: The cap

    private var isAllowed: Bool {
        guard let cap = self.settings.bytesPerSecondMax else { return true }
        return self.allowance >= Double(min(self.settings.chunkSize, cap))
    }

    private mutating func refill(now: Instant) {
        guard let cap = self.settings.bytesPerSecondMax else { return }
        if let allowanceAt {
            self.allowance += Double(cap) * (allowanceAt.duration(to: now) / .seconds(1))
        }
        // At most a second's bytes are saved up, or one chunk where that is more.
        self.allowance = min(self.allowance, Double(max(cap, self.settings.chunkSize)))
        self.allowanceAt = now
    }

    // MARK: Helpers

    private mutating func endRequest(_ chunk: ChunkID, _ peer: PeerID) {
        guard self.wants[chunk]?.asked.removeValue(forKey: peer) != nil else { return }
        self.inFlight -= 1
        self.peers[peer]?.inFlight -= 1
    }

    /// Forgets a want and ends its requests.
    private mutating func end(_ chunk: ChunkID, except kept: PeerID?) -> [Action] {
        guard let want = self.wants[chunk] else { return [] }
        var actions: [Action] = []
        for peer in want.asked.keys.sorted() {
            self.endRequest(chunk, peer)
            if peer != kept { actions.append(.cancel(chunk, from: peer)) }
        }
        self.drop(chunk)
        return actions
    }

    private mutating func drop(_ chunk: ChunkID) {
        self.wants[chunk] = nil
        for peer in self.peers.keys { self.peers[peer]?.inquired.remove(chunk) }
    }
}
