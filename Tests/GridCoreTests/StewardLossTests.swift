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

    private func leaseCount(_ desk: Desk) -> Int {
        desk.steward.snapshot(now: desk.now).workers.reduce(0) { $0 + $1.heldUnits }
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

    /// A frame that is final is not looked at again, so what the disk holds of it must be noticed when it becomes so.
    @Test
    func `pixels of a frame that others closed while this steward was down are copied to a second holder`() throws {
        var (ann, bob) = (Hand("ann"), Hand("bob"))
        var old = try Desk(self.manifest)
        let units = [old.unit(0), old.unit(1)]
        for unit in units {
            _ = old.send(ann.report(old.job, [unit]), from: ann)
            _ = old.send(bob.report(old.job, [unit]), from: bob)
            old.store(unit)
        }
        let final = try #require(old.disk.first { $0.kind == .frameFinal })
        func receipt(_ units: [UnitID]) -> GridRecord {
            let items = units.map { StoreReceipt.Item(unit: $0, rootStart: TestGrid.root($0).start) }
            return .storeReceipt(StoreReceipt(job: old.job, items: items))
        }
        let roster = Hand("submitter").sign(
            .rosterEpoch(RosterEpoch(job: old.job, number: 1, stewards: self.stewards))
        )
        let receipts = [Hand("steward").sign(receipt(units)), Hand("third").sign(receipt([units[1]]))]
        var desk = try Desk(self.manifest, records: [roster] + receipts, pixels: units)
        var word = self.word(desk)
        word.records = old.disk.filter { $0.kind == .resultBatch } + [final]
        desk.note(desk.steward.handle(word, from: self.stewards[1], now: desk.now))
        #expect(desk.steward.ledger.isFinal(frame: 1))
        desk.wait(.seconds(4))
        let copied = desk.actions.compactMap { if case .copyPixels(let unit, _) = $0 { unit } else { nil } }
        #expect(Set(copied) == [units[0]])
    }

    /// Beyond a cut it was the only steward, and one holder was enough.
    @Test
    func `who ended a job alone has its pixels copied when it hears of other stewards`() throws {
        let me = self.stewards[0]
        let settings = Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify)
        var desk = try Desk(self.manifest)
        let alone = Roster(number: 2, stewards: [me], isProvisional: true)
        desk.steward = try Steward(manifest: self.manifest, settings: settings, roster: alone)
        desk.note(desk.steward.start(now: desk.now))
        let units = [desk.unit(0), desk.unit(1)]
        for name in ["ann", "bob"] {
            var hand = Hand(name)
            _ = desk.send(hand.report(desk.job, units), from: hand)
        }
        for unit in units { desk.store(unit) }
        #expect(desk.steward.phase == .complete)

        let epoch = RosterEpoch(job: desk.job, number: 1, stewards: [self.stewards[1], self.stewards[2]])
        var word = self.word(desk)
        word.records = [Hand("submitter").sign(.rosterEpoch(epoch))]
        desk.note(desk.steward.handle(word, from: self.stewards[1], now: desk.now))
        #expect(!desk.steward.isActing)
        desk.wait(.seconds(10))
        let copied = desk.actions.compactMap { if case .copyPixels(let unit, _) = $0 { unit } else { nil } }
        #expect(Set(copied) == Set(units))
    }

    /// A worker that falls silent with pixels holds the whole job up in the end.
    @Test(arguments: [(UInt64(10_000_000), 10), (1_000, 2)])
    func `another holder is asked for pixels the sooner, the nearer the end of the job is`(
        blockMicroseconds: UInt64,
        seconds: Int
    ) throws {
        let manifest = TestGrid.manifest(width: 512, height: 64)
        let job = JobID(manifest.id.digest)
        let epoch = RosterEpoch(job: job, number: 1, stewards: [self.stewards[0], self.stewards[1]])
        var desk = try Desk(manifest, records: [Hand("submitter").sign(.rosterEpoch(epoch))])
        let unit = desk.unit(0)
        var hands = [Hand("ann"), Hand("bob")]
        var asked: [Int] = []
        func note(_ desk: Desk, at second: Int) {
            for case .respond(_, let grant) in desk.actions where grant.wantedPixels == [unit] { asked.append(second) }
        }
        for place in hands.indices {
            var report = hands[place].report(desk.job, [desk.unit(1)])
            report.blockMicroseconds = blockMicroseconds
            _ = desk.send(report, from: hands[place])
        }
        desk.wait(.milliseconds(1_500))
        for place in hands.indices {
            _ = desk.send(hands[place].report(desk.job, [unit]), from: hands[place])
            note(desk, at: 0)
        }
        for second in 0 ..< 15 {
            for hand in hands {
                _ = desk.send(hand.ask(desk.job, wanted: 0, blockMicroseconds: blockMicroseconds), from: hand)
                note(desk, at: second)
            }
            desk.wait(.seconds(1))
        }
        #expect(asked.prefix(2) == [0, seconds])
    }

    /// Each receipt is a record that every steward checks and keeps.
    @Test(arguments: [(UInt64(10_000_000), 1, 2), (1_000, 2, 1)])
    func `receipts wait for one another while the job has long to go, and hardly at its end`(
        blockMicroseconds: UInt64,
        records: Int,
        items: Int
    ) throws {
        let manifest = TestGrid.manifest(width: 512, height: 64)
        let job = JobID(manifest.id.digest)
        let epoch = RosterEpoch(job: job, number: 1, stewards: [self.stewards[0], self.stewards[1]])
        var desk = try Desk(manifest, records: [Hand("submitter").sign(.rosterEpoch(epoch))])
        let units = [desk.unit(0), desk.unit(1)]
        for name in ["ann", "bob"] {
            var hand = Hand(name)
            var report = hand.report(desk.job, units)
            report.blockMicroseconds = blockMicroseconds
            _ = desk.send(report, from: hand)
        }
        desk.wait(.seconds(1))
        for unit in units {
            desk.store(unit)
            desk.wait(.milliseconds(900))
        }
        desk.wait(.milliseconds(300))
        let receipts = try desk.disk.compactMap { record -> StoreReceipt? in
            guard case .storeReceipt(let receipt) = try record.decodedBody() else { return nil }
            return receipt
        }
        #expect(receipts.map(\.items.count) == Array(repeating: items, count: records))
    }

    @Test
    func `pixels that were stored for a root that nobody believes any more are discarded after a restart`() throws {
        let unit = try Desk(self.manifest).unit(0)
        let me = self.stewards[0]
        for (root, isDiscarded) in [(TestGrid.root(unit), false), (Digest(hashing: "wrong".utf8), true)] {
            var (ann, bob) = (Hand("ann"), Hand("bob"))
            var desk = try Desk(self.manifest)
            let settings = Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify)
            desk.steward = try Steward(manifest: self.manifest, settings: settings, storedPixels: [unit: root])
            desk.note(desk.steward.start(now: desk.now))
            _ = desk.send(ann.report(desk.job, [unit]), from: ann)
            _ = desk.send(bob.report(desk.job, [unit]), from: bob)
            #expect(desk.actions.contains(.discardPixels(unit)) == isDiscarded)
            #expect(desk.steward.wantsPixels(of: unit) == isDiscarded)
        }
    }

    /// When the power comes back, one is the first.
    @Test
    func `a steward that hears of no other waits until they count as dead before it leases anything`() throws {
        for isHeard in [false, true] {
            let me = self.stewards[0]
            let epoch = RosterEpoch(job: JobID(self.manifest.id.digest), number: 1, stewards: self.stewards)
            let settings = Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify)
            var desk = try Desk(self.manifest)
            desk.steward = try Steward(
                manifest: self.manifest,
                settings: settings,
                records: [Hand("submitter").sign(.rosterEpoch(epoch))]
            )
            desk.note(desk.steward.start(now: desk.now))
            let eve = Hand("eve")
            desk.wait(.seconds(1))
            if isHeard { desk.note(desk.steward.handle(self.word(desk), from: self.stewards[2], now: desk.now)) }
            #expect(desk.send(eve.ask(desk.job), from: eve) == nil)
            desk.wait(.seconds(2))
            #expect(self.leaseCount(desk) == (isHeard ? 1 : 0))
            if !isHeard { #expect(desk.send(eve.ask(desk.job), from: eve) == nil) }
            desk.wait(.seconds(2.1))
            #expect(self.leaseCount(desk) == 1)
        }
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
