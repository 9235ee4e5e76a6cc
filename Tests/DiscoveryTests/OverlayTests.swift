import Discovery
import GridWire
import Testing

@Suite
struct OverlayTests {
    private static let start = Instant(sinceEpoch: .seconds(100))

    private static func peer(_ number: Int) throws -> PeerID {
        var bytes = [UInt8](repeating: 7, count: 32)
        (bytes[0], bytes[1]) = (UInt8(number >> 8), UInt8(number & 255))
        return try #require(PeerID(publicKey: bytes))
    }

    private static func ip(_ number: Int, block: Int) -> IPAddress {
        .v4(UInt32(0x0900_0000 + block << 8 + number & 255))
    }

    private static func session(
        _ number: Int,
        block: Int? = nil,
        milliseconds: Int? = 50,
        bytes: Int = 1,
        age: Duration = .seconds(3_600),
        isInUse: Bool = false
    ) throws -> Overlay.Session {
        Overlay.Session(
            peer: try self.peer(number),
            ip: self.ip(number, block: block ?? number),
            bytesIn: bytes,
            roundTrip: milliseconds.map { .milliseconds($0) },
            age: age,
            isInUse: isInUse
        )
    }

    private static func address(_ number: Int, block: Int) -> [Multiaddr] {
        [Multiaddr(ip: self.ip(number, block: block), tcp: 7_877)]
    }

    private static func dialed(_ actions: [Overlay.Action]) -> [PeerID] {
        actions.compactMap { if case .dial(let peer, _) = $0 { peer } else { nil } }
    }

    // MARK: The dead

    @Test
    func `a silent peer is pinged, asked about at others, and dead within ten seconds`() throws {
        var overlay = Overlay()
        let silent = try Self.peer(0)
        var seen: [String: Int] = [:]
        for second in 0 ... 10 {
            let sessions = try [Self.session(0)] + (1 ... 5).map { try Self.session($0, bytes: second) }
            for action in overlay.look(at: sessions, now: Self.start.advanced(by: .seconds(second))) {
                switch action {
                case .ping(let peer):
                    #expect(peer == silent)
                    seen["ping"] = seen["ping"] ?? second
                case .ask(let peer, let helpers):
                    #expect(peer == silent && helpers.count == 3 && !helpers.contains(silent))
                    seen["ask", default: 0] += second
                case .bury(let peer):
                    #expect(peer == silent)
                    seen["bury"] = seen["bury"] ?? second
                case .dial, .proposeParting: Issue.record("\(action)")
                }
            }
        }
        #expect(seen == ["ping": 4, "ask": 6, "bury": 9])
    }

    @Test
    func `a peer that speaks again is as alive as before`() throws {
        var overlay = Overlay()
        for second in 0 ... 60 {
            // Eight seconds of silence again and again.
            let sessions = try [Self.session(0, bytes: second / 8), Self.session(1, bytes: second)]
            let actions = overlay.look(at: sessions, now: Self.start.advanced(by: .seconds(second)))
            #expect(!actions.contains { if case .bury = $0 { true } else { false } })
        }
    }

    @Test
    func `a peer that others hear is waited for, but not for ever`() throws {
        var overlay = Overlay()
        let silent = try Self.peer(0)
        var buriedAt: Int?
        for second in 0 ... 60 where buriedAt == nil {
            let now = Self.start.advanced(by: .seconds(second))
            for action in overlay.look(at: try [Self.session(0), Self.session(1, bytes: second)], now: now) {
                if case .ask = action { overlay.vouched(for: silent, now: now) }
                if action == .bury(silent) { buriedAt = second }
            }
        }
        #expect(buriedAt == 39)
    }

    @Test
    func `a node that stood still itself buries nobody`() throws {
        var overlay = Overlay()
        let sessions = try (0 ..< 8).map { try Self.session($0) }
        let looks = [0, 300].map { overlay.look(at: sessions, now: Self.start.advanced(by: .seconds($0))) }
        #expect(looks == [[], []])
    }

    // MARK: More and fewer

    @Test
    func `those are dialed first that are in blocks of which there are few, and never more than there is room for`()
        throws
    {
        var overlay = Overlay()
        // Twenty in one block, three elsewhere; three sessions with the block stand.
        for number in 10 ..< 30 { overlay.heard(of: try Self.peer(number), at: Self.address(number, block: 1)) }
        for number in 30 ..< 33 { overlay.heard(of: try Self.peer(number), at: Self.address(number, block: number)) }
        let sessions = try (0 ..< 3).map { try Self.session($0, block: 1) }
        let dialed = Self.dialed(overlay.look(at: sessions, now: Self.start))
        #expect(dialed.count == 9)
        #expect(try Set(dialed.prefix(3)) == Set((30 ..< 33).map { try Self.peer($0) }))
        // Those who did not answer are left alone for a minute; others are tried.
        let more = Self.dialed(overlay.look(at: sessions, now: Self.start.advanced(by: .seconds(1))))
        #expect(more.count == 9 && Set(more).isDisjoint(with: dialed))
        let full = try (0 ..< 12).map { try Self.session($0, bytes: 2) }
        let none = overlay.look(at: full, now: Self.start.advanced(by: .seconds(2)))
        #expect(none.isEmpty)
    }

    @Test
    func `of those in equal blocks whoever is reached without a relay is dialed first`() throws {
        var settings = Overlay.Settings()
        settings.sessionsMax = 3
        var overlay = Overlay(settings: settings)
        for number in 10 ..< 13 { overlay.heard(of: try Self.peer(number), at: Self.address(number, block: number)) }
        for number in 20 ..< 23 {
            let relay = try #require(try Multiaddr(parsing: "/ip4/8.8.8.8/tcp/1").withPeer(try Self.peer(1)))
            overlay.heard(of: try Self.peer(number), at: [try #require(Multiaddr(relay.components + [.p2pCircuit]))])
        }
        let dialed = Self.dialed(overlay.look(at: [], now: Self.start))
        #expect(try Set(dialed) == Set((10 ..< 13).map { try Self.peer($0) }))
    }

    /// Two halves of a grid that were cut for long have enough sessions each.
    @Test
    func `whoever was taken for dead is dialed each minute, until it is back`() throws {
        var overlay = Overlay()
        let silent = try Self.peer(12)
        overlay.heard(of: silent, at: Self.address(12, block: 12))
        var dialed: [Int] = []
        for second in 0 ..< 300 {
            var sessions = try (0 ..< 12).map { try Self.session($0, bytes: second) }
            if second < 10 || second > 200 { sessions.append(try Self.session(12, bytes: second / 201)) }
            let actions = overlay.look(at: sessions, now: Self.start.advanced(by: .seconds(second)))
            if !Self.dialed(actions).isEmpty { dialed.append(second) }
        }
        #expect(dialed == [60, 120, 180])
    }

    @Test
    func `a node with enough sessions dials a stranger now and then, each time another one`() throws {
        var overlay = Overlay()
        for number in 20 ..< 23 { overlay.heard(of: try Self.peer(number), at: Self.address(number, block: number)) }
        var dialed: [PeerID] = []
        for second in 0 ..< 1_500 {
            let sessions = try (0 ..< 12).map { try Self.session($0, bytes: second) }
            dialed += Self.dialed(overlay.look(at: sessions, now: Self.start.advanced(by: .seconds(second))))
        }
        #expect(dialed.count == 4)
        #expect(try Set(dialed.prefix(3)) == Set((20 ..< 23).map { try Self.peer($0) }))
        #expect(dialed.last == dialed.first)
    }

    @Test
    func `of too many sessions the one that adds least goes, and none that is young or in use`() throws {
        var overlay = Overlay()
        var sessions = try (0 ..< 12).map {
            try Self.session($0, block: $0, milliseconds: [2, 8, 15, 80, 300][$0 % 5])
        }
        sessions.append(try Self.session(12, block: 3, milliseconds: 80))
        let twins = try [Self.peer(3), Self.peer(12)]
        let actions = overlay.look(at: sessions, now: Self.start)
        guard case .proposeParting(let peer)? = actions.last else {
            Issue.record("nobody is to go")
            return
        }
        #expect(actions.count == 1 && twins.contains(peer))
        // One at a time, and whoever would rather stay is left alone.
        let waiting = overlay.look(at: sessions, now: Self.start.advanced(by: .seconds(1)))
        #expect(waiting.isEmpty)
        overlay.answeredParting(peer, agrees: false, now: Self.start.advanced(by: .seconds(1)))
        let next = overlay.look(at: sessions, now: Self.start.advanced(by: .seconds(2)))
        #expect(next.count == 1 && next != [.proposeParting(peer)])

        var other = Overlay()
        for index in sessions.indices { sessions[index].isInUse = true }
        sessions[0].isInUse = false
        sessions[0].age = .seconds(59)
        let none = other.look(at: sessions, now: Self.start)
        #expect(none.isEmpty)
    }

    @Test
    func `a node agrees to part while it keeps enough others`() throws {
        var overlay = Overlay()
        let sessions = try (0 ..< 7).map { try Self.session($0, isInUse: $0 == 1) }
        let asked = try [Self.peer(0), Self.peer(1), Self.peer(40)]
        let answers = asked.map { overlay.agreesToPart(from: $0, sessions: sessions, now: Self.start) }
        #expect(answers == [true, false, false])
        let few = Array(sessions.prefix(6))
        let agrees = overlay.agreesToPart(from: asked[0], sessions: few, now: Self.start)
        #expect(!agrees)
        // Whom one has parted from one does not dial for a while, unless others are wanting.
        overlay.heard(of: asked[0], at: Self.address(0, block: 0))
        let rest = Array(sessions.dropFirst())
        let calm = overlay.look(at: rest, now: Self.start)
        let needy = overlay.look(at: Array(rest.dropFirst()), now: Self.start)
        #expect(calm.isEmpty && Self.dialed(needy) == [asked[0]])
    }

    @Test
    func `round trips fall into five tiers`() {
        let times: [Duration?] = [
            .milliseconds(3), .milliseconds(10), .milliseconds(11), .milliseconds(100), .seconds(1), nil,
        ]
        #expect(times.map { LatencyTier($0) } == [.network, .city, .country, .continent, .beyond, .beyond])
    }

    @Test
    func `what is remembered is bounded`() throws {
        var overlay = Overlay()
        for number in 0 ..< 2_000 { overlay.heard(of: try Self.peer(number), at: Self.address(number, block: number)) }
        var dialed: Set<PeerID> = []
        for second in 0 ..< 59 {
            dialed.formUnion(Self.dialed(overlay.look(at: [], now: Self.start.advanced(by: .seconds(second)))))
        }
        #expect(dialed.count == 256)
    }
}

@Suite
struct OverlayRequestTests {
    @Test
    func `questions come back as they went, and anything else is none`() throws {
        let peers = try (0 ..< 16).map { try #require(PeerID(publicKey: [UInt8](repeating: UInt8($0), count: 32))) }
        let requests: [OverlayRequest] = [.hears(peers[0]), .parting, .whereAre([peers[1]]), .whereAre(peers)]
        for request in requests {
            let bytes = request.encoded()
            #expect(OverlayRequest(decoding: bytes) == request)
            for cut in Damage.truncations(of: bytes) where OverlayRequest(decoding: cut) != nil {
                // Fewer peers, whole ones.
                #expect(OverlayRequest(decoding: cut)?.encoded() == cut)
            }
            for damaged in Damage.mutations(of: bytes, count: 300, seed: 17) {
                if let read = OverlayRequest(decoding: damaged) { #expect(read.encoded() == damaged) }
            }
        }
        #expect(OverlayRequest.whereAre(peers + peers).encoded() == OverlayRequest.whereAre(peers).encoded())
        #expect(OverlayRequest(decoding: [3] + [UInt8](repeating: 1, count: 17 * 32)) == nil)
        #expect(OverlayRequest(decoding: [4]) == nil && OverlayRequest(decoding: []) == nil)
    }
}

/// Many nodes whose sessions are those of their overlays.
@Suite
struct OverlaySwarmTests {
    private struct Swarm {
        private(set) var now = Instant(sinceEpoch: .seconds(100))
        private var overlays: [Overlay] = []
        private var fanOuts: [FanOut] = []
        private(set) var links: [Set<Int>] = []
        private var linkedAt: [[Int]: Instant] = [:]
        private(set) var dead: Set<Int> = []
        private var second = 0
        let peers: [PeerID]
        private let numbers: [PeerID: Int]
        private let addresses: [[Multiaddr]]
        private var generator: SeededGenerator

        init(count: Int, seed: UInt64) throws {
            self.generator = SeededGenerator(seed: seed)
            self.peers = try (0 ..< count).map { number in
                var bytes = [UInt8](repeating: 7, count: 32)
                (bytes[0], bytes[1]) = (UInt8(number >> 8), UInt8(number & 255))
                return try #require(PeerID(publicKey: bytes))
            }
            self.numbers = Dictionary(uniqueKeysWithValues: self.peers.enumerated().map { ($0.element, $0.offset) })
            // Half of them are one owner's.
            self.addresses = (0 ..< count).map { number in
                let block = number % 2 == 0 ? 1 : number
                return [Multiaddr(ip: .v4(UInt32(0x0900_0000 + block << 8 + number & 255)), tcp: 7_877)]
            }
            for number in 0 ..< count {
                self.overlays.append(Overlay())
                self.fanOuts.append(FanOut(now: self.now))
                self.links.append([])
                // Everybody enters through one of the first three.
                if number > 2 { self.link(number, number % 3) }
            }
            self.link(0, 1)
            self.link(1, 2)
        }

        private mutating func link(_ a: Int, _ b: Int) {
            guard a != b else { return }
            self.links[a].insert(b)
            self.links[b].insert(a)
            self.linkedAt[[min(a, b), max(a, b)]] = self.now
            // Records are exchanged when a session begins.
            for (one, other) in [(a, b), (b, a)] {
                for known in [other] + self.links[other].sorted() where known != one {
                    self.overlays[one].heard(of: self.peers[known], at: self.addresses[known])
                }
            }
        }

        private mutating func unlink(_ a: Int, _ b: Int) {
            self.links[a].remove(b)
            self.links[b].remove(a)
        }

        private func sessions(of number: Int) -> [Overlay.Session] {
            self.links[number].sorted().map { other in
                let beganAt = self.linkedAt[[min(number, other), max(number, other)]] ?? self.now
                return Overlay.Session(
                    peer: self.peers[other],
                    ip: self.addresses[other].first?.tcpEndpoint?.ip,
                    bytesIn: self.dead.contains(other) ? 0 : self.second,
                    roundTrip: .milliseconds(1 + (number * 31 + other * 31) % 150),
                    age: beganAt.duration(to: self.now),
                    isInUse: false
                )
            }
        }

        mutating func run(seconds: Int) {
            for _ in 0 ..< seconds {
                self.second += 1
                self.now = self.now.advanced(by: .seconds(1))
                for number in self.peers.indices where !self.dead.contains(number) { self.look(number) }
            }
        }

        private mutating func look(_ number: Int) {
            for action in self.overlays[number].look(at: self.sessions(of: number), now: self.now) {
                switch action {
                case .ping: break
                case .ask(let peer, let helpers):
                    let isHeard = helpers.contains { helper in
                        guard let helper = self.numbers[helper], let other = self.numbers[peer] else { return false }
                        return self.links[helper].contains(other) && !self.dead.contains(other)
                    }
                    if isHeard { self.overlays[number].vouched(for: peer, now: self.now) }
                case .bury(let peer):
                    if let other = self.numbers[peer] { self.unlink(number, other) }
                case .dial(let peer, _):
                    if let other = self.numbers[peer], !self.dead.contains(other) { self.link(number, other) }
                case .proposeParting(let peer):
                    guard let other = self.numbers[peer] else { break }
                    let sessions = self.sessions(of: other)
                    let agrees = self.overlays[other].agreesToPart(
                        from: self.peers[number],
                        sessions: sessions,
                        now: self.now
                    )
                    self.overlays[number].answeredParting(peer, agrees: agrees, now: self.now)
                    if agrees { self.unlink(number, other) }
                }
            }
        }

        mutating func kill(_ numbers: some Sequence<Int>) {
            self.dead.formUnion(numbers)
        }

        /// Tells something to one node; who heard it, in how many hops at most, by how many messages.
        mutating func spread(_ news: Digest, from first: Int) -> (heard: Int, hops: Int, messages: Int) {
            var (wave, heard, hops, messages) = ([(first, first)], Set([first]), 0, 0)
            while !wave.isEmpty {
                var next: [(Int, Int)] = []
                for (number, teller) in wave
                where self.fanOuts[number].isNews(news, from: self.peers[teller], now: self.now) {
                    for peer in self.overlays[number].neighbours(among: self.sessions(of: number)) {
                        guard let other = self.numbers[peer], other != teller else { continue }
                        messages += 1
                        heard.insert(other)
                        next.append((other, number))
                    }
                }
                wave = next
                if !wave.isEmpty { hops += 1 }
            }
            return (heard.count, hops, messages)
        }
    }

    @Test
    func `sessions are six to twelve, news reaches all in few hops, and the dead are forgotten within ten seconds`()
        throws
    {
        var swarm = try Swarm(count: 100, seed: 5)
        swarm.run(seconds: 900)
        let counts = swarm.links.map(\.count)
        #expect(counts.allSatisfy { (6 ... 14).contains($0) }, "\(counts)")
        #expect(counts.reduce(0, +) <= 100 * 12)
        let all = swarm.spread(Digest(hashing: [1]), from: 0)
        #expect(all.heard == 100)
        #expect(all.hops <= 5)
        #expect(all.messages <= 100 * 12)
        print(
            "overlay of 100: \(all.messages) messages in \(all.hops) hops, sessions \(counts.min() ?? 0) to \(counts.max() ?? 0)"
        )
        // The same news again goes nowhere.
        let again = swarm.spread(Digest(hashing: [1]), from: 7)
        #expect(again.messages == 0)

        swarm.kill((0 ..< 100).filter { $0 % 4 == 3 })
        swarm.run(seconds: 10)
        for (number, links) in swarm.links.enumerated() where !swarm.dead.contains(number) {
            #expect(links.isDisjoint(with: swarm.dead), "\(number)")
        }
        swarm.run(seconds: 300)
        let living = swarm.spread(Digest(hashing: [2]), from: 0)
        #expect(living.heard == 75)
    }

    @Test
    func `nobody makes others pass on more than an allowance`() throws {
        let now = Instant(sinceEpoch: .seconds(100))
        var fanOut = FanOut(now: now)
        let peer = try #require(PeerID(publicKey: [UInt8](repeating: 1, count: 32)))
        let other = try #require(PeerID(publicKey: [UInt8](repeating: 2, count: 32)))
        func digest(_ number: Int) -> Digest { Digest(hashing: [UInt8(number & 255), UInt8(number >> 8)]) }
        let passed = (0 ..< 10_000).count { fanOut.isNews(digest($0), from: peer, now: now) }
        #expect(passed == 64)
        let first = fanOut.isNews(digest(20_000), from: other, now: now)
        let second = fanOut.isNews(digest(20_000), from: peer, now: now.advanced(by: .seconds(60)))
        #expect(first && !second)
    }
}
