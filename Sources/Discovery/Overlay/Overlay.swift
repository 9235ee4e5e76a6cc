package import GridWire

/// Which of a node's sessions it keeps, whom it dials, and who is dead.
///
/// A pure machine that looks at the sessions about once a second. In a grid of thousands a node keeps some ten of them, spread
/// over blocks of addresses and ``LatencyTier``s, so that news crosses the grid in few hops and no owner of one network stands
/// between a node and the rest. Whoever falls silent is pinged, then asked about at others (SWIM, Das et al. 2002), then forgotten.
/// Sessions that something rides on are never ended.
package struct Overlay: Sendable {
    /// The bounds.
    package struct Settings: Sendable {
        /// With fewer sessions than this a node lets none go.
        package var sessionsMin = 6
        /// With so many sessions no more are dialed; of more the least useful are ended.
        package var sessionsMax = 12
        /// A peer that was silent for so long is pinged: for twelve of them that is 700 bytes a second.
        package var pingAfter = Duration.seconds(4)
        /// A peer that was silent for so long is asked about at others.
        package var askAfter = Duration.seconds(6)
        /// A peer that was silent for so long is dead, unless others hear it.
        package var deadAfter = Duration.seconds(9)
        /// How long a peer that others hear is waited for.
        package var vouchTime = Duration.seconds(30)
        /// The peers that are asked about a silent one.
        package var helpersMax = 3
        /// How long a session stands before it may be ended for others.
        package var youth = Duration.seconds(60)
        /// The wait before a peer that was dialed is dialed again.
        package var dialPause = Duration.seconds(60)
        /// The wait between two dials of strangers by a node that has enough sessions, so that it does not see the same ones for ever.
        package var wanderPause = Duration.seconds(300)
        /// The wait between two dials of those who were taken for dead.
        ///
        /// Both sides of a long cut have enough sessions among themselves; without this they would never meet again.
        package var mournPause = Duration.seconds(60)
        /// How long those who parted, or would not, are left alone.
        package var partingPause = Duration.seconds(600)
        /// The peers that are remembered to be dialed.
        package var candidatesMax = 256

        /// The defaults.
        package init() {}
    }

    /// A session as the shell sees it.
    package struct Session: Hashable, Sendable {
        /// Who is at the other end.
        package var peer: PeerID
        /// From where it comes, or where it was dialed.
        package var ip: IPAddress?
        /// The bytes that have come, which show that the peer lives.
        package var bytesIn: Int
        /// The last measured round trip.
        package var roundTrip: Duration?
        /// How long it has stood.
        package var age: Duration
        /// Whether work rides on it, or a person has asked for it.
        package var isInUse: Bool

        /// Creates a session.
        package init(peer: PeerID, ip: IPAddress?, bytesIn: Int, roundTrip: Duration?, age: Duration, isInUse: Bool) {
            self.peer = peer
            self.ip = ip
            self.bytesIn = bytesIn
            self.roundTrip = roundTrip
            self.age = age
            self.isInUse = isInUse
        }
    }

    /// What the shell must do.
    package enum Action: Hashable, Sendable {
        /// Ping the peer on its session.
        case ping(PeerID)
        /// Ask the others whether they hear the peer, and tell ``Overlay/vouched(for:now:)``.
        case ask(about: PeerID, at: [PeerID])
        /// The peer is dead: end its session.
        case bury(PeerID)
        /// Dial the peer.
        case dial(PeerID, [Multiaddr])
        /// Ask the peer whether it can do without the session, and tell ``Overlay/answeredParting(_:agrees:now:)``.
        case proposeParting(PeerID)
    }

    private struct Watch {
        var bytesIn: Int
        var heardAt: Instant
        var pingedAt: Instant?
        var isAskedAbout = false
        var vouchedAt: Instant?
    }

    private struct Candidate {
        let addresses: [Multiaddr]
        let ip: IPAddress?
        let number: Int
        var dialedAt: Instant?
        /// Whether it was taken for dead and not heard of since.
        var isLost = false
    }

    private let settings: Settings
    private var watches: [PeerID: Watch] = [:]
    private var candidates: [PeerID: Candidate] = [:]
    private var lastNumber = 0
    private var lastLook: Instant?
    private var wanderedAt: Instant?
    private var mournedAt: Instant?
    /// Those who parted, or who would not, and when.
    private var partings: RecentMap<PeerID, Instant>
    private var proposedTo: PeerID?

    /// An overlay of nobody.
    package init(settings: Settings = Settings()) {
        self.settings = settings
        self.partings = RecentMap(countMax: settings.candidatesMax)
    }

    // MARK: Inputs

    /// A genuine record says where a peer is.
    package mutating func heard(of peer: PeerID, at addresses: [Multiaddr]) {
        guard !addresses.isEmpty else { return }
        self.lastNumber += 1
        let former = self.candidates[peer]
        self.candidates[peer] = Candidate(
            addresses: addresses,
            ip: addresses.lazy.compactMap { $0.tcpEndpoint?.ip }.first,
            number: self.lastNumber,
            dialedAt: former?.dialedAt
        )
        if self.candidates.count > self.settings.candidatesMax,
            let oldest = self.candidates.min(by: { $0.value.number < $1.value.number })
        {
            self.candidates[oldest.key] = nil
        }
    }

    /// Another peer hears the one that it was asked about: the way is broken, and not the peer.
    package mutating func vouched(for peer: PeerID, now: Instant) {
        self.watches[peer]?.vouchedAt = now
    }

    /// The peer can do without the session and it is ended, or it cannot.
    package mutating func answeredParting(_ peer: PeerID, agrees: Bool, now: Instant) {
        if self.proposedTo == peer { self.proposedTo = nil }
        self.partings[peer] = now
    }

    /// Whether a peer that proposes to part may go: this node keeps enough others.
    package mutating func agreesToPart(from peer: PeerID, sessions: [Session], now: Instant) -> Bool {
        guard sessions.count > self.settings.sessionsMin,
            sessions.contains(where: { $0.peer == peer && !$0.isInUse })
        else { return false }
        self.partings[peer] = now
        return true
    }

    /// Looks at the sessions; to be called about once a second.
    package mutating func look(at sessions: [Session], now: Instant) -> [Action] {
        self.watch(sessions, now: now)
        return self.tend(sessions, now: now) + self.dial(sessions, now: now) + self.mourn(sessions, now: now)
            + self.part(sessions, now: now)
    }

    /// Those to whom news is told: ``Settings/sessionsMax`` at most, the most useful ones.
    package func neighbours(among sessions: [Session]) -> [PeerID] {
        self.chosen(sessions, first: []).kept.map(\.peer)
    }

    // MARK: The dead

    private mutating func watch(_ sessions: [Session], now: Instant) {
        // When this node itself stood still, it cannot tell who was silent.
        let wasAsleep = self.lastLook.map { $0.duration(to: now) > self.settings.pingAfter } ?? false
        self.lastLook = now
        var watches: [PeerID: Watch] = [:]
        for session in sessions {
            let known = self.watches[session.peer]
            if let known, known.bytesIn == session.bytesIn, !wasAsleep {
                watches[session.peer] = known
            } else {
                watches[session.peer] = Watch(bytesIn: session.bytesIn, heardAt: now)
            }
        }
        self.watches = watches
    }

    private mutating func tend(_ sessions: [Session], now: Instant) -> [Action] {
        var actions: [Action] = []
        let heard = sessions.filter { session in
            self.watches[session.peer].map { $0.heardAt.duration(to: now) < self.settings.pingAfter } ?? false
        }
        for peer in sessions.map(\.peer).sorted() {
            guard var watch = self.watches[peer] else { continue }
            let silence = watch.heardAt.duration(to: now)
            if silence >= self.settings.deadAfter {
                let isVouchedFor = watch.vouchedAt != nil && silence < self.settings.deadAfter + self.settings.vouchTime
                if !isVouchedFor {
                    actions.append(.bury(peer))
                    self.candidates[peer]?.isLost = true
                    self.candidates[peer]?.dialedAt = now
                }
            }
            if silence >= self.settings.askAfter, !watch.isAskedAbout {
                watch.isAskedAbout = true
                let helpers = self.chosen(heard, first: []).kept.prefix(self.settings.helpersMax).map(\.peer)
                if !helpers.isEmpty { actions.append(.ask(about: peer, at: helpers)) }
            }
            let isPingDue = watch.pingedAt.map { $0.duration(to: now) >= self.settings.pingAfter } ?? true
            if silence >= self.settings.pingAfter, isPingDue {
                watch.pingedAt = now
                actions.append(.ping(peer))
            }
            self.watches[peer] = watch
        }
        return actions
    }

    // MARK: More and fewer

    private mutating func dial(_ sessions: [Session], now: Instant) -> [Action] {
        let connected = Set(sessions.map(\.peer))
        let isNeedy = sessions.count < self.settings.sessionsMin
        var room = self.settings.sessionsMax - sessions.count
        guard room > 0 else { return self.wander(connected, now: now) }
        var blocks: [AddressBlock: Int] = [:]
        for session in sessions { if let block = session.ip.map(AddressBlock.init) { blocks[block, default: 0] += 1 } }
        var usable = self.candidates.filter { peer, candidate in
            !connected.contains(peer) && (isNeedy || !candidate.isLost)
                && candidate.dialedAt.map { $0.duration(to: now) >= self.settings.dialPause } ?? true
                && (isNeedy || self.partings[peer].map { $0.duration(to: now) >= self.settings.partingPause } ?? true)
        }
        var actions: [Action] = []
        while room > 0, !usable.isEmpty {
            let best = usable.min { a, b in
                let (x, y) = (self.crowd(a.value.ip, blocks), self.crowd(b.value.ip, blocks))
                // Of equals those that are reached without a relay.
                return (x, a.value.ip == nil ? 1 : 0, b.value.number) < (y, b.value.ip == nil ? 1 : 0, a.value.number)
            }
            guard let (peer, candidate) = best else { break }
            usable[peer] = nil
            self.candidates[peer]?.dialedAt = now
            if let block = candidate.ip.map(AddressBlock.init) { blocks[block, default: 0] += 1 }
            actions.append(.dial(peer, candidate.addresses))
            room -= 1
        }
        return actions
    }

    /// Now and then dials a stranger although there are enough sessions.
    private mutating func wander(_ connected: Set<PeerID>, now: Instant) -> [Action] {
        guard let last = self.wanderedAt else {
            self.wanderedAt = now
            return []
        }
        guard last.duration(to: now) >= self.settings.wanderPause else { return [] }
        self.wanderedAt = now
        let strangers = self.candidates.filter { peer, candidate in
            !candidate.isLost && !connected.contains(peer)
                && self.partings[peer].map { $0.duration(to: now) >= self.settings.partingPause } ?? true
        }
        return self.dialOldest(of: strangers, now: now)
    }

    /// Now and then dials somebody who was taken for dead: it may have been the way between that was.
    private mutating func mourn(_ sessions: [Session], now: Instant) -> [Action] {
        guard self.mournedAt.map({ $0.duration(to: now) >= self.settings.mournPause }) ?? true else { return [] }
        self.mournedAt = now
        let connected = Set(sessions.map(\.peer))
        for peer in connected { self.candidates[peer]?.isLost = false }
        return self.dialOldest(of: self.candidates.filter(\.value.isLost), now: now)
    }

    /// Dials whoever of some candidates was not dialed for the longest time.
    private mutating func dialOldest(of candidates: [PeerID: Candidate], now: Instant) -> [Action] {
        let never = now.advanced(by: .seconds(-1 << 40))
        let next = candidates.min { a, b in
            (a.value.dialedAt ?? never, b.value.number) < (b.value.dialedAt ?? never, a.value.number)
        }
        guard let (peer, candidate) = next else { return [] }
        self.candidates[peer]?.dialedAt = now
        return [.dial(peer, candidate.addresses)]
    }

    private func crowd(_ ip: IPAddress?, _ blocks: [AddressBlock: Int]) -> Int {
        ip.map { blocks[AddressBlock($0)] ?? 0 } ?? 0
    }

    private mutating func part(_ sessions: [Session], now: Instant) -> [Action] {
        if let proposedTo, !sessions.contains(where: { $0.peer == proposedTo }) { self.proposedTo = nil }
        guard self.proposedTo == nil, sessions.count > self.settings.sessionsMax else { return [] }
        let staying = sessions.filter { session in
            session.isInUse || session.age < self.settings.youth
                || self.partings[session.peer].map { $0.duration(to: now) < self.settings.partingPause } ?? false
        }
        guard let surplus = self.chosen(sessions, first: staying).left.last else { return [] }
        self.proposedTo = surplus.peer
        return [.proposeParting(surplus.peer)]
    }

    /// Takes sessions one by one, each time that which adds most to those taken before: the block of which there are fewest, then
    /// the tier of which there are fewest, then the nearest.
    private func chosen(_ sessions: [Session], first: [Session]) -> (kept: [Session], left: [Session]) {
        var kept = first
        var blocks: [AddressBlock: Int] = [:]
        var tiers: [LatencyTier: Int] = [:]
        func count(_ session: Session) {
            if let ip = session.ip { blocks[AddressBlock(ip), default: 0] += 1 }
            tiers[LatencyTier(session.roundTrip), default: 0] += 1
        }
        kept.forEach(count)
        let taken = Set(first.map(\.peer))
        var left = sessions.filter { !taken.contains($0.peer) }
        func rank(_ session: Session) -> (Int, Int, Duration, PeerID) {
            (
                self.crowd(session.ip, blocks), tiers[LatencyTier(session.roundTrip)] ?? 0,
                session.roundTrip ?? .seconds(3_600), session.peer
            )
        }
        while kept.count < self.settings.sessionsMax, let best = left.min(by: { rank($0) < rank($1) }) {
            left.removeAll { $0.peer == best.peer }
            kept.append(best)
            count(best)
        }
        return (kept, left.sorted { rank($0) < rank($1) })
    }
}

/// How far away a peer is: on the same machine or network, in the same city, country, continent, or beyond.
package enum LatencyTier: Int, Hashable, Sendable, CaseIterable {
    /// Up to 3 ms.
    case network
    /// Up to 10 ms.
    case city
    /// Up to 20 ms.
    case country
    /// Up to 100 ms.
    case continent
    /// More, or not known.
    case beyond

    /// The tier of a round trip.
    package init(_ roundTrip: Duration?) {
        let bounds: [Duration] = [.milliseconds(3), .milliseconds(10), .milliseconds(20), .milliseconds(100)]
        let index = roundTrip.flatMap { time in bounds.firstIndex { time <= $0 } }
        self = index.flatMap { LatencyTier(rawValue: $0) } ?? .beyond
    }
}

/// What likely belongs to one owner or place: 256 addresses of IPv4, a network of 48 bits of IPv6.
private struct AddressBlock: Hashable, Sendable {
    private let bits: UInt64

    init(_ ip: IPAddress) {
        switch ip.unmapped {
        case .v4(let value): self.bits = UInt64(value >> 8)
        case .v6(let high, _): self.bits = high >> 16 | 1 << 63
        }
    }
}
