import GridCore
import GridWire
import Testing

/// Who keeps a job, as one of its stewards sees it.
@Suite
struct StewardRosterTests {
    private let manifest = TestGrid.manifest(width: 64, height: 64)
    private let me = TestGrid.peer("steward")
    private let other = TestGrid.peer("other")

    private func steward(_ roster: Roster) throws -> Steward {
        let settings = Steward.Settings(me: self.me, sign: TestGrid.signer(self.me), verify: TestGrid.verify)
        var steward = try Steward(manifest: self.manifest, settings: settings, roster: roster)
        _ = steward.start(now: TestGrid.start)
        return steward
    }

    @Test
    func `who stands in for lost stewards asks everyone for them, and is answered by those who are back`() throws {
        let provisional = Roster(number: 2, stewards: [self.me], isProvisional: true)
        var standIn = try self.steward(provisional)
        var offered: [Duration] = []
        while let next = standIn.nextDeadline, TestGrid.start.duration(to: next) < .seconds(100) {
            for case .offer(let peer) in standIn.handleTimeout(now: next) {
                #expect(peer == nil)
                offered.append(TestGrid.start.duration(to: next))
            }
        }
        #expect(offered.count == 3)
        #expect(offered.allSatisfy { $0 >= .seconds(30) })

        let standing = Roster(number: 1, stewards: [self.me, self.other])
        var returned = try self.steward(standing)
        #expect(returned.rosterHeard(provisional, from: self.other, now: TestGrid.start) == [.offer(to: self.other)])
        #expect(returned.rosterHeard(standing, from: self.other, now: TestGrid.start).isEmpty)
        let later = TestGrid.start.advanced(by: .seconds(101))
        #expect(standIn.rosterHeard(standing, from: self.other, now: later).isEmpty, "anyone can say so")
        let proof = [TestGrid.roster(self.manifest, 1, standing.stewards)]
        let actions = standIn.rosterHeard(standing, proof: proof, from: self.other, now: later)
        #expect(actions.contains(.rosterChanged(standing)))
        #expect(actions.contains(.persist(proof[0])))
        #expect(standIn.offer.rosterProof == proof)
    }

    @Test
    func `a steward that says nothing is told from time to time that it is one, and nobody else is asked`() throws {
        var steward = try self.steward(Roster(number: 1, stewards: [self.me, self.other]))
        var reminded: [Duration] = []
        let word = StewardMessage(job: steward.job, recordCount: 0, summary: Digest(hashing: "".utf8))
        var now = TestGrid.start
        while let next = steward.nextDeadline, TestGrid.start.duration(to: next) < .seconds(200) {
            now = max(now, next)
            var actions = steward.handleTimeout(now: now)
            let time = TestGrid.start.duration(to: now)
            if time > .seconds(100) { actions += steward.handle(word, from: self.other, now: now) }
            for case .offer(let peer) in actions {
                #expect(peer == self.other)
                reminded.append(time)
            }
        }
        #expect(reminded.count == 3, "\(reminded)")
        #expect(reminded.allSatisfy { $0 >= .seconds(30) && $0 < .seconds(101) }, "\(reminded)")
    }

    /// Nodes that work for others cannot know how long this job lasts, and whether its scene is worth fetching.
    @Test
    func `the first steward tells everyone every five minutes how long the job lasts`() throws {
        var steward = try self.steward(Roster(number: 1, stewards: [self.me]))
        let ann = Hand("ann")
        var offered: [UInt64] = []
        while let next = steward.nextDeadline, TestGrid.start.duration(to: next) < .seconds(700) {
            let ask = ann.ask(steward.job, wanted: 1, blockMicroseconds: 1_000_000)
            _ = steward.handleLeaseRequest(ask, from: ann.peer, requestID: UInt64(offered.count), now: next)
            for case .offer(let peer) in steward.handleTimeout(now: next) {
                #expect(peer == nil)
                offered.append(steward.offer.secondsLeft)
            }
        }
        // Two copies of 64 blocks of a second each.
        #expect(offered == [128, 128])
    }

    /// A steward of eight units, every other one its own, and another steward that has said how many of its own wait, the
    /// last ones.
    private func pair(waiting: Int) throws -> Desk {
        let manifest = TestGrid.manifest(width: 512, height: 64)
        let settings = Steward.Settings(me: self.me, sign: TestGrid.signer(self.me), verify: TestGrid.verify)
        let roster = Roster(number: 1, stewards: [self.me, self.other])
        var desk = try Desk(manifest)
        desk.steward = try Steward(manifest: manifest, settings: settings, roster: roster)
        desk.note(desk.steward.start(now: desk.now))
        try #require(desk.steward.plan.unitCount == 8)
        var word = StewardMessage(job: desk.job, recordCount: 0, summary: Digest(hashing: "".utf8))
        word.openUnits = waiting
        word.frontier = 9 - 2 * waiting
        desk.note(desk.steward.handle(word, from: self.other, now: desk.now))
        return desk
    }

    private func places(_ units: [UnitID]?, _ desk: Desk) -> [Int] {
        (units ?? []).compactMap { desk.steward.plan.index(of: $0) }
    }

    @Test
    func `the units of a steward that fell silent come last, from the other end: it may be leasing them beyond a cut`()
        throws
    {
        var desk = try self.pair(waiting: 4)
        desk.wait(.seconds(7))
        let ann = Hand("ann")
        let grant = desk.send(ann.ask(desk.job, wanted: 8), from: ann)
        #expect(self.places(grant?.units, desk) == [0, 2, 4, 6, 7, 5, 3, 1])
    }

    @Test
    func `a steward that stays silent for two minutes is gone, and its units come in their turn`() throws {
        var desk = try self.pair(waiting: 4)
        desk.wait(.seconds(130))
        let ann = Hand("ann")
        let grant = desk.send(ann.ask(desk.job, wanted: 8), from: ann)
        #expect(self.places(grant?.units, desk) == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test
    func `what a silent steward had leased is leased again at once, but the second copies of it come last`() throws {
        var desk = try self.pair(waiting: 2)
        desk.wait(.seconds(7))
        let (ann, bob) = (Hand("ann"), Hand("bob"))
        let grant = desk.send(ann.ask(desk.job, wanted: 8), from: ann)
        #expect(self.places(grant?.units, desk) == [1, 3, 0, 2, 4, 6, 7, 5])
        var second: [Int] = []
        while second.count < 8 {
            let held = second.map { desk.unit($0) }
            let more = desk.send(bob.ask(desk.job, wanted: 8, holding: held), from: bob)
            let places = self.places(more?.units, desk)
            if places.isEmpty { break }
            second += places
        }
        #expect(second == [0, 2, 4, 6, 7, 5, 3, 1])
    }

    /// What is borrowed beyond that lies here until it is given back, and its own steward would have leased it meanwhile.
    @Test
    func `no more is borrowed than workers wait for`() throws {
        var desk = try self.pair(waiting: 4)
        let carol = Hand("carol")
        var word = StewardMessage(job: desk.job, recordCount: 0, summary: Digest(hashing: "".utf8))
        word.openUnits = 3
        desk.wait(.seconds(1))
        desk.note(desk.steward.handle(word, from: self.other, now: desk.now))
        desk.wait(.seconds(1))
        func questions(_ actions: [Steward.Action]) -> Int {
            actions.count { if case .tell(let message, self.other) = $0 { message.wantedUnits > 0 } else { false } }
        }
        var before = 0
        for number in 0 ..< 16 {
            let hand = Hand("other \(number)")
            _ = desk.send(hand.ask(desk.job, wanted: 0, blockMicroseconds: 1_000), from: hand)
        }
        for hand in [Hand("ann"), Hand("bob")] {
            _ = desk.send(hand.ask(desk.job, wanted: 4), from: hand)
            before += questions(desk.actions)
        }
        #expect(desk.send(carol.ask(desk.job, wanted: 1), from: carol) == nil)
        before += questions(desk.actions)
        desk.wait(.milliseconds(1_100))
        before += questions(desk.actions)
        #expect(before > 0)
        // What comes is what carol cannot take: she has the other copy.
        word.ceded = [StewardMessage.Cession(unit: desk.unit(1), holders: [carol.peer])]
        desk.note(desk.steward.handle(word, from: self.other, now: desk.now))
        var asked = questions(desk.actions)
        desk.wait(.milliseconds(900))
        asked += questions(desk.actions)
        word.ceded = []
        desk.note(desk.steward.handle(word, from: self.other, now: desk.now))
        asked += questions(desk.actions)
        #expect(asked == 0)
    }

    @Test
    func `a steward whose session begins is told at once what is known here`() throws {
        var desk = try self.pair(waiting: 4)
        let actions = desk.steward.peerConnected(self.other, now: desk.now)
        let told = actions.compactMap { action -> StewardMessage? in
            if case .tell(let message, self.other) = action { message } else { nil }
        }
        #expect(told.count == 1)
        #expect(told.first?.buckets.count == 256)
        #expect(desk.steward.peerConnected(TestGrid.peer("stranger"), now: desk.now).isEmpty)
    }

    /// What a comparison brings is long under way on a slow line: asked each second, all of it would be sent each second.
    @Test
    func `a sibling that holds other records is compared with ever more seldom, until both hold the same`() throws {
        var desk = try self.pair(waiting: 4)
        var mine: StewardMessage?
        func comparisons(_ seconds: Int, _ word: StewardMessage) -> [Int] {
            var times: [Int] = []
            for second in 0 ..< seconds {
                desk.note(desk.steward.handle(word, from: self.other, now: desk.now))
                desk.actions = []
                desk.wait(.seconds(1))
                for case .tell(let message, self.other) in desk.actions {
                    mine = message
                    if !message.buckets.isEmpty { times.append(second) }
                }
            }
            return times
        }
        let different = StewardMessage(job: desk.job, recordCount: 9, summary: Digest(hashing: "".utf8))
        let first = comparisons(60, different)
        #expect((7 ... 12).contains(first.count), "\(first)")
        #expect(first.dropFirst().first.map { $0 <= 5 } ?? false, "\(first)")
        let same = try #require(mine)
        _ = comparisons(1, StewardMessage(job: desk.job, recordCount: same.recordCount, summary: same.summary))
        let second = comparisons(20, different)
        #expect(second.count >= 3, "\(second)")
        #expect(second.first.map { $0 <= 2 } ?? false, "\(second)")
    }

    @Test
    func `who replaces a steward takes over its rank, and the others keep theirs`() throws {
        let names = ["steward", "other", "third", "fourth", "fifth", "sixth"].map { TestGrid.peer($0) }
        let job = JobID(self.manifest.id.digest)
        let submitter = Hand("submitter")
        let first = RosterEpoch(job: job, number: 1, stewards: Array(names.prefix(5)))
        var desk = try Desk(self.manifest, records: [submitter.sign(.rosterEpoch(first))])
        let sixth = StewardCandidate(peer: names[5], standing: .stranger, presentSince: desk.now)
        desk.steward.candidatesChanged([sixth])
        var votes: [[PeerID]] = []
        let word = StewardMessage(job: job, recordCount: 0, summary: Digest(hashing: "".utf8))
        for _ in 0 ..< 8 {
            for name in names[2 ..< 5] {
                desk.note(desk.steward.handle(word, from: name, now: desk.now))
            }
            desk.wait(.seconds(1))
            for case .persist(let record) in desk.actions {
                if case .rosterEpoch(let epoch)? = try? record.decodedBody() { votes.append(epoch.stewards) }
            }
        }
        #expect(votes.first == [names[0], names[5], names[2], names[3], names[4]])
    }

    @Test
    func `rosters that were founded apart become one, in whatever order their stewards hear of each other`() throws {
        let names = (0 ..< 12).map { TestGrid.peer("n\($0)") }
        let job = JobID(self.manifest.id.digest)
        let founded = [names[0 ..< 5], names[4 ..< 9], names[9 ..< 12]].map {
            Roster(number: 2, stewards: Array($0), isProvisional: true)
        }
        let expected = Array(Roster.ranked(names, for: job).prefix(Roster.size))
        var random = SeededGenerator(seed: 3)
        for _ in 0 ..< 20 {
            // Each node is in the first of the rosters that name it.
            var stewards: [PeerID: Steward] = [:]
            for name in names {
                let roster = try #require(founded.first { $0.stewards.contains(name) })
                let settings = Steward.Settings(me: name, sign: TestGrid.signer(name), verify: TestGrid.verify)
                stewards[name] = try Steward(manifest: self.manifest, settings: settings, roster: roster)
                _ = stewards[name]?.start(now: TestGrid.start)
            }
            for _ in 0 ..< 400 {
                let (one, other) = (names.randomElement(using: &random), names.randomElement(using: &random))
                guard let one, let other, one != other, let roster = stewards[one]?.roster else { continue }
                _ = stewards[other]?.rosterHeard(roster, from: one, now: TestGrid.start)
            }
            for name in names where stewards[name]?.isActing == true {
                #expect(stewards[name]?.roster.stewards == expected)
            }
            #expect(names.filter { stewards[$0]?.isActing == true }.sorted() == expected.sorted())
        }
    }

    @Test
    func `a provisional roster is believed only from its own stewards, and who knows less is told`() throws {
        let third = TestGrid.peer("third")
        let mine = Roster(number: 2, stewards: [self.me, self.other], isProvisional: true)
        var steward = try self.steward(mine)
        let another = Roster(number: 2, stewards: [third], isProvisional: true)
        #expect(steward.rosterHeard(another, from: self.other, now: TestGrid.start).isEmpty)
        #expect(steward.roster == mine)
        #expect(!steward.rosterHeard(another, from: third, now: TestGrid.start).isEmpty)
        #expect(Set(steward.roster.stewards) == [self.me, self.other, third])
        // It has not heard of the others yet.
        #expect(steward.rosterHeard(another, from: third, now: TestGrid.start) == [.offer(to: third)])
        #expect(steward.rosterHeard(steward.roster, from: third, now: TestGrid.start).isEmpty)
    }
}
