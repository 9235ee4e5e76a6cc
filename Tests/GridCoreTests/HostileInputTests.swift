import GridCore
import GridWire
import Testing

@Suite
struct HostileInputTests {
    private let manifest = TestGrid.manifest(width: 200, height: 136, samples: 4_096, frames: 2)

    private func unit(_ random: inout SeededGenerator, _ plan: UnitPlan) -> UnitID {
        let real = plan.unit(at: Int.random(in: 0 ..< plan.unitCount, using: &random))
        guard Int.random(in: 0 ..< 4, using: &random) == 0 else { return real }
        let numbers = [Int.min, -1, 0, 1, 2, 63, 64, 65_535, Int.max]
        func any() -> Int { numbers.randomElement(using: &random) ?? 0 }
        return UnitID(frame: any(), tile: any(), firstBlock: any(), blockCount: any())
    }

    @Test(arguments: 0 ..< 10 as Range<UInt64>)
    func `a steward survives whatever peers send, and lets nothing be accepted by one of them`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var desk = try Desk(self.manifest)
        let plan = desk.steward.plan
        var hands = (0 ..< 3).map { Hand("hand \($0)") }
        for _ in 0 ..< 300 {
            let who = Int.random(in: 0 ..< 3, using: &random)
            var request = hands[who].ask(desk.job, wanted: Int.random(in: -1 ... 300, using: &random))
            request.blockMicroseconds = [0, 1, 1_000, .max].randomElement(using: &random) ?? 0
            for _ in 0 ..< Int.random(in: 0 ..< 4, using: &random) {
                let unit = self.unit(&random, plan)
                switch Int.random(in: 0 ..< 5, using: &random) {
                case 0: request.holding.append(unit)
                case 1: request.lostPixels.append(unit)
                case 2 where plan.index(of: unit) != nil:
                    let leafIndex = Int.random(in: 0 ..< unit.blockCount, using: &random)
                    let audit = LeaseGrant.Audit(unit: unit, leafIndex: leafIndex)
                    request.records += hands[who].audit(desk.job, audit).records
                case 3 where plan.index(of: unit) != nil:
                    let report = hands[0].report(desk.job, [unit])
                    request.records += report.records
                    request.leaves += report.leaves
                default:
                    guard unit.isWithinLimits else { continue }
                    let wrong = Bool.random(using: &random) ? 0 : nil
                    let report = hands[who].report(desk.job, [unit], wrongAt: wrong)
                    request.records += report.records
                    request.leaves += Bool.random(using: &random) ? report.leaves : []
                }
            }
            _ = desk.send(request, from: hands[who])
            switch Int.random(in: 0 ..< 12, using: &random) {
            case 0: desk.note(desk.steward.peerDisconnected(hands[who].peer, now: desk.now))
            case 1: desk.store(self.unit(&random, plan))
            case 2:
                let unit = self.unit(&random, plan)
                desk.note(desk.steward.pixelsRefused(unit, from: hands[who].peer, now: desk.now))
            case 3: desk.wait(.seconds(Int.random(in: 0 ..< 20, using: &random)))
            default: break
            }
            _ = desk.steward.snapshot(now: desk.now)
            let status = desk.steward.status(now: desk.now)
            #expect((0 ... status.unitsTotal).contains(status.unitsVerified))
            #expect((status.unitsVerified ... status.unitsTotal).contains(status.unitsRendered))
        }
        for index in 0 ..< plan.unitCount {
            guard desk.steward.acceptedRoot(of: plan.unit(at: index)) != nil else { continue }
            #expect(Set(desk.steward.ledger.countedClaims(ofUnitAt: index).map(\.worker)).count > 1)
        }
        // What was written down makes the same ledger.
        let again = try Desk(self.manifest, records: desk.disk)
        #expect(again.steward.ledger == desk.steward.ledger)
        #expect(again.steward.ledger.burned == desk.steward.ledger.burned)
    }

    @Test(arguments: 0 ..< 10 as Range<UInt64>)
    func `a worker survives whatever a steward sends`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bench = Bench(threads: 2)
        _ = bench.ready(self.manifest)
        let job = JobID(self.manifest.id.digest)
        let plan = try Desk(self.manifest).steward.plan
        var rendering: [UnitID] = []
        for _ in 0 ..< 500 {
            func some() -> [UnitID] {
                (0 ..< Int.random(in: 0 ..< 5, using: &random)).map { _ in self.unit(&random, plan) }
            }
            let (units, wanted, cancelled, released) = (some(), some(), some(), some())
            let audits = some().map { LeaseGrant.Audit(unit: $0, leafIndex: Int.random(in: -1 ... 70, using: &random)) }
            bench.grantNewest {
                $0.units = units
                $0.wantedPixels = wanted
                $0.cancelled = cancelled
                $0.released = released
                $0.audits = audits
                $0.expiryMilliseconds = .max
            }
            rendering += bench.rendered
            for case .cancelRender(_, let unit) in bench.actions {
                rendering.removeAll { $0 == unit }
            }
            #expect(rendering.count <= 2)
            #expect(bench.rendered.allSatisfy { plan.index(of: $0) != nil })
            if let unit = rendering.popLast() {
                bench.finish(job, unit, after: .milliseconds(Int.random(in: 0 ... 2_000, using: &random)))
                rendering += bench.rendered
            }
            for sent in bench.unanswered {
                #expect(sent.request.holding.count <= 256 && sent.request.wantedUnits <= 256)
                #expect(sent.request.records.count <= 256 && sent.request.leaves.count <= 256)
            }
            bench.wait(.milliseconds(Int.random(in: 0 ... 3_000, using: &random)))
            rendering += bench.rendered
        }
        #expect(bench.worker.totals.units > 50)
    }

    @Test
    func `records that strangers bring take a quarter of a ledger, and none of the stewards' room`() throws {
        var desk = try Desk(self.manifest)
        let sibling = TestGrid.peer("sibling")
        let epoch = RosterEpoch(job: desk.job, number: 1, stewards: [TestGrid.peer("steward"), sibling])
        var word = StewardMessage(job: desk.job, recordCount: 0, summary: Digest(hashing: "".utf8))
        word.records = [Hand("submitter").sign(.rosterEpoch(epoch))]
        desk.note(desk.steward.handle(word, from: sibling, now: desk.now))
        let unit = desk.unit(0)
        let stranger = Hand("stranger")
        let most = desk.steward.ledger.recordsMax / 4
        for start in stride(from: 0, to: most + 3 * StewardMessage.recordsMax, by: StewardMessage.recordsMax) {
            word.records = (start ..< start + StewardMessage.recordsMax).map { number in
                let leaf = Digest(hashing: "\(number)".utf8)
                return stranger.sign(.auditReport(AuditReport(job: desk.job, unit: unit, leafIndex: 0, leaf: leaf)))
            }
            desk.note(desk.steward.handle(word, from: stranger.peer, now: desk.now))
        }
        #expect((most ... most + 8).contains(desk.steward.ledger.count))
        var (ann, bob) = (Hand("ann"), Hand("bob"))
        word.records = [ann.batch(desk.job, [unit]), bob.batch(desk.job, [unit])]
        desk.note(desk.steward.handle(word, from: sibling, now: desk.now))
        #expect(desk.steward.acceptedRoot(of: unit) == TestGrid.root(unit))
    }

    @Test
    func `of the final records that strangers sign for a frame few are kept`() throws {
        var ledger = try Ledger(manifest: self.manifest, stewards: [TestGrid.peer("steward")], verify: TestGrid.verify)
        for number in 0 ..< 100 {
            let pixels = Digest(hashing: "\(number)".utf8)
            let final = FrameFinal(job: ledger.job, frame: 1, framePixels: pixels, work: [])
            _ = ledger.insert(Hand("stranger \(number)").sign(.frameFinal(final)))
        }
        #expect(ledger.count == 64)
    }
}
