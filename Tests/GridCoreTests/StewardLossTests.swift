import GridCore
import GridWire
import Testing

/// What becomes of pixels that lay only with stewards that are gone.
@Suite
struct StewardLossTests {
    private let manifest = TestGrid.manifest()
    private let stewards = ["steward", "other", "third"].map { TestGrid.peer($0) }

    /// A steward of two units, of which the first is stored with the two others.
    private func desk() throws -> Desk {
        let job = JobID(self.manifest.id.digest)
        var (ann, bob) = (Hand("ann"), Hand("bob"))
        var desk = try Desk(self.manifest)
        let unit = desk.unit(0)
        let item = StoreReceipt.Item(unit: unit, rootStart: TestGrid.root(unit).start)
        let receipt = GridRecord.storeReceipt(StoreReceipt(job: job, items: [item]))
        let records = [
            Hand("submitter").sign(.rosterEpoch(RosterEpoch(job: job, number: 1, stewards: self.stewards))),
            ann.batch(job, [unit]), bob.batch(job, [unit]),
            Hand("other").sign(receipt), Hand("third").sign(receipt),
        ]
        let me = self.stewards[0]
        let settings = Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify)
        desk.steward = try Steward(manifest: self.manifest, settings: settings, records: records)
        desk.note(desk.steward.start(now: desk.now))
        try #require(desk.steward.plan.unitCount == 2)
        return desk
    }

    private func word(_ desk: Desk) -> StewardMessage {
        StewardMessage(job: desk.job, recordCount: 0, summary: Digest(hashing: "".utf8))
    }

    /// The second unit is rendered by two, and stored here.
    private func finishSecond(_ desk: inout Desk) {
        for name in ["carol", "dave"] {
            var hand = Hand(name)
            #expect(desk.send(hand.ask(desk.job), from: hand)?.units == [desk.unit(1)])
            _ = desk.send(hand.report(desk.job, [desk.unit(1)]), from: hand)
        }
        desk.store(desk.unit(1))
        desk.wait(.milliseconds(200))
    }

    @Test
    func `pixels that nobody holds who is left are rendered again, after all else, and the job does not end before`()
        throws
    {
        var desk = try self.desk()
        desk.wait(.seconds(30))
        self.finishSecond(&desk)
        #expect(desk.steward.status(now: desk.now).finalFrames == [1])
        #expect(desk.steward.phase == .running)

        var eve = Hand("eve")
        #expect(desk.send(eve.ask(desk.job), from: eve)?.units == [desk.unit(0)])
        let grant = desk.send(eve.report(desk.job, [desk.unit(0)]), from: eve)
        #expect(grant?.wantedPixels == [desk.unit(0)])
        #expect(grant?.released == [])
        desk.store(desk.unit(0))
        #expect(desk.steward.phase == .complete)
    }

    @Test
    func `when one of its holders is back, nobody renders a unit again`() throws {
        var desk = try self.desk()
        desk.wait(.seconds(30))
        #expect(desk.steward.isRenderedAgain(desk.unit(0)))
        desk.note(desk.steward.handle(self.word(desk), from: self.stewards[2], now: desk.now))
        desk.wait(.seconds(2))
        #expect(!desk.steward.isRenderedAgain(desk.unit(0)))
    }

    @Test
    func `who rendered a lost unit is asked for its pixels before it is rendered again`() throws {
        var desk = try self.desk()
        let bob = Hand("bob")
        _ = desk.send(bob.ask(desk.job, wanted: 0), from: bob)
        desk.wait(.seconds(7))
        #expect(desk.send(bob.ask(desk.job, wanted: 0), from: bob)?.wantedPixels == [desk.unit(0)])
        desk.store(desk.unit(0))
        #expect(!desk.steward.isRenderedAgain(desk.unit(0)))
    }

    @Test
    func `what is lost comes first when those who had it stay away for two minutes`() throws {
        var desk = try self.desk()
        desk.wait(.seconds(130))
        let eve = Hand("eve")
        #expect(desk.send(eve.ask(desk.job, wanted: 2), from: eve)?.units.contains(desk.unit(0)) == true)
    }

    @Test
    func `whoever is no steward answers at once, leases nothing, and says who is one`() throws {
        var desk = try self.desk()
        let epoch = RosterEpoch(job: desk.job, number: 2, stewards: Array(self.stewards[1...]))
        var word = self.word(desk)
        word.records = [Hand("submitter").sign(.rosterEpoch(epoch))]
        desk.note(desk.steward.handle(word, from: self.stewards[1], now: desk.now))
        #expect(!desk.steward.isActing)
        let eve = Hand("eve")
        #expect(desk.send(eve.ask(desk.job), from: eve)?.units == [])
        #expect(desk.actions.contains(.offer(to: eve.peer)))
    }

    @Test
    func `pixels that this node once stored and its disk has lost are nobody's`() throws {
        let job = JobID(self.manifest.id.digest)
        var (ann, bob) = (Hand("ann"), Hand("bob"))
        let first = try Desk(self.manifest)
        let unit = first.unit(0)
        let item = StoreReceipt.Item(unit: unit, rootStart: TestGrid.root(unit).start)
        let receipt = GridRecord.storeReceipt(StoreReceipt(job: job, items: [item]))
        let records = [
            Hand("submitter").sign(.rosterEpoch(RosterEpoch(job: job, number: 1, stewards: self.stewards))),
            ann.batch(job, [unit]), bob.batch(job, [unit]),
            Hand("steward").sign(receipt), Hand("third").sign(receipt),
        ]
        for (pixels, isLost) in [([unit], false), ([], true)] {
            var desk = try Desk(self.manifest, records: records, pixels: pixels)
            desk.wait(.seconds(30))
            #expect(desk.steward.isRenderedAgain(unit) == isLost)
        }
    }

    /// Its disk lost the records, and not the pixels.
    @Test
    func `pixels whose records a restarted steward gets from others are held, and the job ends`() throws {
        var (ann, bob) = (Hand("ann"), Hand("bob"))
        let job = JobID(self.manifest.id.digest)
        let units = try Desk(self.manifest).steward.plan
        let unit = units.unit(at: 0)
        let item = StoreReceipt.Item(unit: unit, rootStart: TestGrid.root(unit).start)
        let receipt = GridRecord.storeReceipt(StoreReceipt(job: job, items: [item]))
        let roster = Hand("submitter").sign(.rosterEpoch(RosterEpoch(job: job, number: 1, stewards: self.stewards)))
        var desk = try Desk(self.manifest, records: [roster], pixels: [unit])
        var word = self.word(desk)
        word.records = [
            Hand("steward").sign(receipt), Hand("third").sign(receipt), ann.batch(job, [unit]), bob.batch(job, [unit]),
        ]
        desk.note(desk.steward.handle(word, from: self.stewards[1], now: desk.now))
        desk.wait(.seconds(30))
        #expect(!desk.steward.isRenderedAgain(unit))
    }

    @Test
    func `results without leaves are taken only by whoever stands in for lost stewards`() throws {
        let me = self.stewards[0]
        let settings = Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify)
        for isProvisional in [false, true] {
            var desk = try Desk(self.manifest)
            let roster = Roster(number: 2, stewards: [me], isProvisional: isProvisional)
            desk.steward = try Steward(manifest: self.manifest, settings: settings, roster: roster)
            desk.note(desk.steward.start(now: desk.now))
            var ann = Hand("ann")
            let batch = ann.batch(desk.job, [desk.unit(0)])
            _ = desk.send(ann.ask(desk.job, wanted: 0, records: [batch]), from: ann)
            #expect((desk.steward.ledger.count == 1) == isProvisional)
        }
    }
}
