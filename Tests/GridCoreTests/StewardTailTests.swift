import GridCore
import GridWire
import Testing

/// The end of a job: most workers have nothing left to do, and everyone waits for a few units.
@Suite
struct StewardTailTests {
    /// One unit of 64 blocks.
    private let one = TestGrid.manifest(width: 64, height: 64)

    /// A worker that says how long a block takes it.
    private func ask(_ hand: Hand, _ desk: Desk, _ blockMicroseconds: UInt64, holding: [UnitID] = []) -> LeaseRequest {
        hand.ask(desk.job, wanted: holding.isEmpty ? 1 : 0, holding: holding, blockMicroseconds: blockMicroseconds)
    }

    @Test
    func `of workers that wait, the fastest is the first to help`() throws {
        var desk = try Desk(self.one)
        let (ann, bob, carol, dave) = (Hand("ann"), Hand("bob"), Hand("carol"), Hand("dave"))
        for hand in [ann, bob] { _ = desk.send(self.ask(hand, desk, 1_000), from: hand) }
        #expect(desk.send(self.ask(carol, desk, 20_000), from: carol) == nil)
        let carols = desk.nextRequest
        #expect(desk.send(self.ask(dave, desk, 10_000), from: dave) == nil)
        let daves = desk.nextRequest
        // Both who render the unit have become slow.
        for hand in [ann, bob] { _ = desk.send(self.ask(hand, desk, 100_000, holding: [desk.unit(0)]), from: hand) }
        desk.wait(.milliseconds(600))
        var answered: [UInt64] = []
        for case .respond(let request, let grant) in desk.actions where !grant.units.isEmpty {
            answered.append(request)
        }
        #expect(answered == [daves, carols])
    }

    @Test
    func `each of two missing copies may be with four workers, so that two slow ones do not shut out the fast ones`()
        throws
    {
        var desk = try Desk(self.one)
        for name in ["ann", "bob"] { _ = desk.send(self.ask(Hand(name), desk, 100_000), from: Hand(name)) }
        for (name, speed) in [("carol", 20_000), ("dave", 20_000), ("erin", 5_000), ("frank", 2_000)] as [(_, UInt64)] {
            desk.wait(.milliseconds(300))
            #expect(desk.send(self.ask(Hand(name), desk, speed), from: Hand(name))?.units == [desk.unit(0)], "\(name)")
        }
    }

    @Test
    func `a slow worker stores nothing up that the others will have done before it begins`() throws {
        // Six units.
        var desk = try Desk(TestGrid.manifest(width: 384, height: 64))
        let (ann, bob) = (Hand("ann"), Hand("bob"))
        _ = desk.send(ann.ask(desk.job, wanted: 1, blockMicroseconds: 1_000), from: ann)
        let first = desk.send(bob.ask(desk.job, wanted: 2, blockMicroseconds: 100_000), from: bob)
        #expect(first?.units.count == 1)
        let more = bob.ask(desk.job, wanted: 1, holding: first?.units ?? [], blockMicroseconds: 100_000, isIdle: false)
        #expect(desk.send(more, from: bob) == nil)
        let second = ann.ask(desk.job, wanted: 1, holding: [desk.unit(0)], blockMicroseconds: 1_000, isIdle: false)
        #expect(desk.send(second, from: ann)?.units.count == 1)
    }

    /// Ann and bob have each rendered one of two units, and each is at the other's.
    private func crossed(work: (UInt64, UInt64)) throws -> Desk {
        var desk = try Desk(TestGrid.manifest(width: 128, height: 64))
        var (ann, bob) = (Hand("ann"), Hand("bob"))
        let (a, b) = (desk.unit(0), desk.unit(1))
        for hand in [ann, bob] { _ = desk.send(self.ask(hand, desk, 100_000), from: hand) }
        _ = desk.send(ann.report(desk.job, [a], workCount: work.0), from: ann)
        _ = desk.send(bob.report(desk.job, [b], workCount: work.1), from: bob)
        for (hand, unit) in [(ann, b), (bob, a)] {
            _ = desk.send(self.ask(hand, desk, 100_000, holding: [unit]), from: hand)
        }
        return desk
    }

    /// Both are with workers of one speed, but their first copies show which one takes longer.
    @Test
    func `of late units the one that cost more when it was rendered first is helped first`() throws {
        for isFirstCostly in [true, false] {
            var desk = try self.crossed(work: isFirstCostly ? (30, 10) : (10, 30))
            let grant = desk.send(self.ask(Hand("carol"), desk, 50_000), from: Hand("carol"))
            #expect(grant?.units == [desk.unit(isFirstCostly ? 0 : 1)])
        }
    }

    /// The whole unit takes 6.4 s at this speed; who has worked on it for 4 s needs 2.4 s more.
    @Test
    func `what a holder has spent on a unit counts: nobody helps who would be later`() throws {
        var desk = try Desk(self.one)
        let (ann, bob, carol) = (Hand("ann"), Hand("bob"), Hand("carol"))
        for hand in [ann, bob] { _ = desk.send(self.ask(hand, desk, 100_000), from: hand) }
        for _ in 0 ..< 2 {
            desk.wait(.seconds(2))
            for hand in [ann, bob] { _ = desk.send(self.ask(hand, desk, 100_000, holding: [desk.unit(0)]), from: hand) }
        }
        #expect(desk.send(self.ask(carol, desk, 50_000), from: carol) == nil, "3.2 s")
        #expect(desk.send(self.ask(carol, desk, 20_000), from: carol)?.units == [desk.unit(0)], "1.3 s")
    }

    /// Records of results are many, and nobody waits for them while much is left to do.
    private func word(_ desk: Desk) -> StewardMessage {
        StewardMessage(job: desk.job, recordCount: 0, summary: Digest(hashing: "".utf8))
    }

    /// A steward of one unit, with another steward that is there.
    private func pair(_ manifest: SignedRecord, records: [SignedRecord] = []) throws -> Desk {
        let (me, other) = (TestGrid.peer("steward"), TestGrid.peer("other"))
        var desk = try Desk(manifest)
        desk.steward = try Steward(
            manifest: manifest,
            settings: Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify),
            records: records,
            roster: Roster(number: 1, stewards: [me, other])
        )
        desk.note(desk.steward.start(now: desk.now))
        desk.note(desk.steward.handle(self.word(desk), from: other, now: desk.now))
        desk.wait(.seconds(2))
        desk.note(desk.steward.handle(self.word(desk), from: other, now: desk.now))
        return desk
    }

    /// Who does not know that a unit is accepted refuses its pixels, and is asked again a second later.
    @Test
    func `pixels are copied to a second steward after the records that show that it needs them`() throws {
        var desk = try self.pair(self.one)
        for name in ["ann", "bob"] {
            var hand = Hand(name)
            _ = desk.send(hand.report(desk.job, [desk.unit(0)]), from: hand)
        }
        desk.store(desk.unit(0))
        var order: [String] = []
        func note(_ actions: [Steward.Action]) {
            for action in actions {
                if case .tell(let message, _) = action, !message.records.isEmpty { order.append("records") }
                if case .copyPixels = action { order.append("pixels") }
            }
        }
        note(desk.actions)
        desk.wait(.milliseconds(150))
        note(desk.actions)
        #expect(!order.isEmpty && !order.contains("pixels"))
        desk.wait(.milliseconds(100))
        note(desk.actions)
        #expect(order.last == "pixels")
    }

    /// After a long cut each side has thousands of records that the other lacks; they once went over 2,048 a second.
    @Test
    func `one comparison brings all that is missing, in as many messages as it takes`() throws {
        let manifest = TestGrid.manifest(width: 64 * 50, height: 64 * 50)
        let job = JobID(manifest.id.digest)
        let body = try #require(try self.body(of: manifest))
        let plan = try UnitPlan(manifest: body)
        var ann = Hand("ann")
        let records = (0 ..< 2_400).map { ann.batch(job, [plan.unit(at: $0)]) }
        var desk = try self.pair(manifest, records: records)
        var question = StewardMessage(job: job, recordCount: 0, summary: Digest(hashing: "".utf8))
        question.bucketNumbers = Array(0 ..< StewardMessage.bucketCount)
        desk.note(desk.steward.handle(question, from: TestGrid.peer("other"), now: desk.now))
        var sent = 0
        for case .tell(let message, _) in desk.actions { sent += message.records.count }
        #expect(sent >= records.count)
    }

    /// A loan of which its owner does not hear is leased to somebody else after three seconds.
    @Test
    func `all that is borrowed is told each second, in as many messages as it takes`() throws {
        let manifest = TestGrid.manifest(width: 64 * 60, height: 64 * 60)
        let plan = try UnitPlan(manifest: try #require(try self.body(of: manifest)))
        var desk = try self.pair(manifest)
        // Every other one is its own, and is not borrowed.
        for start in stride(from: 0, to: plan.unitCount, by: StewardMessage.unitsMax) {
            var message = self.word(desk)
            message.ceded = (start ..< min(start + StewardMessage.unitsMax, plan.unitCount))
                .map { StewardMessage.Cession(unit: plan.unit(at: $0), holders: []) }
            desk.note(desk.steward.handle(message, from: TestGrid.peer("other"), now: desk.now))
        }
        var told: Set<UnitID> = []
        for _ in 0 ..< 20 {
            desk.wait(.milliseconds(50))
            for case .tell(let message, _) in desk.actions { told.formUnion(message.borrowed) }
        }
        #expect(plan.unitCount / 2 > StewardMessage.unitsMax && told.count == plan.unitCount / 2)
    }

    private func body(of manifest: SignedRecord) throws -> JobManifest? {
        guard case .jobManifest(let body) = try manifest.decodedBody() else { return nil }
        return body
    }
}
