import GridCore
import GridWire
import Testing

/// Frames that the submitter has: what is kept of them, and what old records can do.
struct CompactionTests {
    private let manifest = TestGrid.manifest(width: 128, height: 64, frames: 2)
    private let submitter = Hand("submitter")

    /// A job of which frame 1 is final: two units, each signed by Alice and Bob.
    private func closed() throws -> Desk {
        var desk = try Desk(self.manifest)
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        for index in 0 ..< 2 {
            _ = desk.send(alice.report(desk.job, [desk.unit(index)]), from: alice)
            _ = desk.send(bob.report(desk.job, [desk.unit(index)]), from: bob)
            desk.store(desk.unit(index))
        }
        #expect(desk.steward.finalFrames == [1])
        return desk
    }

    private func seal(_ ledger: Ledger, frame: Int = 1, final: RecordID? = nil) -> FrameSeal {
        FrameSeal(
            job: ledger.job,
            frame: frame,
            final: final ?? ledger.finalRecord(ofFrame: frame) ?? RecordID(TestGrid.coreVersion),
            roots: ledger.plan.units(ofFrame: frame).map { TestGrid.root(ledger.plan.unit(at: $0)) }
        )
    }

    /// Seals frame 1, and deletes from the disk what the steward says.
    private func seal(_ desk: inout Desk) -> SignedRecord {
        let record = self.submitter.sign(.frameSeal(self.seal(desk.steward.ledger)))
        desk.note(desk.steward.handleOrder(record, now: desk.now) ?? [])
        for case .forget(let ids) in desk.actions {
            desk.disk.removeAll { ids.contains($0.id) }
        }
        return record
    }

    @Test
    func `of a sealed frame the seal and the final record that it names are left`() throws {
        var desk = try self.closed()
        let final = try #require(desk.steward.ledger.finalRecord(ofFrame: 1))
        let before = (desk.disk.count, desk.steward.snapshot(now: desk.now).workers)
        let seal = self.seal(&desk)
        #expect(before.0 == 5)
        #expect(Set(desk.steward.ledger.records.map(\.id)) == [seal.id, final])
        #expect(Set(desk.disk.map(\.id)) == [seal.id, final])
        #expect(desk.steward.ledger.sealedFrames == [1] && desk.steward.finalFrames == [1])
        #expect(desk.steward.ledger.frameFinal(ofFrame: 1)?.id == final, "credit comes from it")
        #expect(desk.steward.snapshot(now: desk.now).workers == before.1)
        let root = TestGrid.root(desk.unit(1))
        #expect(desk.steward.ledger.verdict(ofUnitAt: 1) == .accepted(root: root, workers: [self.submitter.peer]))
        #expect(desk.steward.acceptedRoot(of: desk.unit(1)) == root)

        // Restarted, it says the same of the frame and of who worked for it.
        let again = try Desk(self.manifest, records: desk.disk, pixels: [desk.unit(0), desk.unit(1)])
        #expect(again.steward.ledger == desk.steward.ledger && again.steward.finalFrames == [1])
        #expect(again.steward.snapshot(now: again.now).workers.map(\.workCount) == [20, 20])
        #expect(again.disk == desk.disk, "nothing is written again")
    }

    @Test
    func `the evidence of a sealed frame proves it to a stranger`() throws {
        var desk = try self.closed()
        let before = try FrameVerdict(
            manifest: self.manifest,
            frame: 1,
            evidence: desk.steward.evidence(ofFrame: 1).records,
            verify: TestGrid.verify
        )
        let seal = self.seal(&desk)
        let (evidence, next) = desk.steward.evidence(ofFrame: 1)
        func verdict(_ records: [SignedRecord]) throws -> FrameVerdict {
            try FrameVerdict(manifest: self.manifest, frame: 1, evidence: records, verify: TestGrid.verify)
        }
        let after = try verdict(evidence)
        #expect(next == nil && evidence.count == 2 && evidence.contains(seal))
        #expect(after.isAccepted && after.isSealed && !before.isSealed)
        #expect(after.framePixels == before.framePixels)
        #expect(
            after.states.map(\.self)
                == after.units.map { .accepted(root: TestGrid.root($0), signers: [self.submitter.peer]) }
        )
        // A seal by anybody else, or of another frame, proves nothing.
        let forged = Hand("alice").sign(.frameSeal(self.seal(desk.steward.ledger)))
        let other = self.submitter.sign(.frameSeal(self.seal(desk.steward.ledger, frame: 2)))
        #expect(try !verdict([forged, other]).isAccepted)
    }

    @Test
    func `only the submitter seals, and only a whole frame of this job`() throws {
        var desk = try self.closed()
        let right = self.seal(desk.steward.ledger)
        var short = right
        short.roots.removeLast()
        var foreign = right
        foreign.job = JobID(TestGrid.coreVersion)
        var beyond = right
        beyond.frame = 3
        let bad =
            [short, foreign, beyond].map { self.submitter.sign(.frameSeal($0)) }
            + [Hand("steward").sign(.frameSeal(right))]
        for record in bad {
            #expect(desk.steward.handleOrder(record, now: desk.now) == nil)
        }
        #expect(desk.steward.ledger.sealedFrames.isEmpty && desk.steward.ledger.count == 5)
    }

    @Test
    func `old records of a sealed frame change nothing, and their worker is told to forget them`() throws {
        var desk = try self.closed()
        let old = desk.disk
        _ = self.seal(&desk)
        let ledger = desk.steward.ledger
        var (bob, carol) = (Hand("bob"), Hand("carol"))
        bob.sequence = 9
        var lies = desk.steward.ledger
        for record in old + [carol.batch(desk.job, [desk.unit(0)], wrongAt: 1), bob.batch(desk.job, [desk.unit(1)])] {
            _ = lies.insert(record)
        }
        #expect(lies == ledger && lies.burned.isEmpty)
        let grant = desk.send(carol.report(desk.job, [desk.unit(0), desk.unit(1)], wrongAt: 0), from: carol)
        #expect(grant?.released == [desk.unit(0), desk.unit(1)])
        #expect(desk.steward.ledger == ledger && desk.steward.status(now: desk.now).unitsVerified == 2)
        #expect(!desk.actions.contains { if case .persist = $0 { true } else { false } })
        // What lies in an open frame too stays, and counts there.
        let mixed = carol.report(desk.job, [desk.unit(1), desk.unit(2)])
        _ = desk.send(mixed, from: carol)
        #expect(desk.steward.ledger.count == ledger.count + 1)
        #expect(desk.steward.ledger.countedClaims(ofUnitAt: 2).map(\.worker) == [carol.peer])
        #expect(desk.steward.ledger.countedClaims(ofUnitAt: 1).isEmpty)
    }

    @Test
    func `a crash before the deletion is made good at the next start`() throws {
        let desk = try self.closed()
        let seal = self.submitter.sign(.frameSeal(self.seal(desk.steward.ledger)))
        let again = try Desk(self.manifest, records: [seal] + desk.disk)
        #expect(again.steward.ledger.count == 2)
        let forgotten = again.actions.flatMap { if case .forget(let ids) = $0 { ids } else { [RecordID]() } }
        #expect(Set(forgotten) == Set(desk.disk.filter { $0.kind == .resultBatch }.map(\.id)))
    }

    @Test
    func `of two seals the one with the lower id counts, whichever comes first`() throws {
        let desk = try self.closed()
        let first = try #require(desk.disk.first { $0.kind == .frameFinal })
        guard case .frameFinal(let body) = try first.decodedBody() else { return }
        let second = Hand("carol").sign(.frameFinal(body))
        let seals = [first, second].map {
            self.submitter.sign(.frameSeal(self.seal(desk.steward.ledger, final: $0.id)))
        }
        let winner = seals[0].id < seals[1].id ? 0 : 1
        let records = desk.disk + [second]
        for order in [seals, seals.reversed()] {
            var ledger = try Ledger(manifest: self.manifest, stewards: nil, verify: TestGrid.verify)
            for record in records + order { _ = ledger.insert(record) }
            // What the other seal had made superfluous is taken again.
            for record in records { _ = ledger.insert(record) }
            #expect(Set(ledger.records.map(\.id)) == [seals[winner].id, [first, second][winner].id])
            #expect(ledger.finalRecord(ofFrame: 1) == [first, second][winner].id)
        }
    }

    // MARK: Burned keys

    @Test
    func `a worker that was proved wrong in a sealed frame stays burned`() throws {
        var desk = try Desk(self.manifest)
        var (alice, bob, carol) = (Hand("alice"), Hand("bob"), Hand("carol"))
        _ = desk.send(carol.ask(desk.job, wanted: 0), from: carol)
        _ = desk.send(alice.report(desk.job, [desk.unit(0), desk.unit(1)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wrongAt: 3), from: bob)
        _ = desk.send(carol.audit(desk.job, LeaseGrant.Audit(unit: desk.unit(0), leafIndex: 3)), from: carol)
        _ = desk.send(carol.report(desk.job, [desk.unit(0), desk.unit(1)]), from: carol)
        desk.store(desk.unit(0))
        desk.store(desk.unit(1))
        let burned = desk.steward.ledger.burned
        #expect(burned.map(\.worker) == [bob.peer] && desk.steward.finalFrames == [1])
        _ = self.seal(&desk)
        #expect(desk.steward.ledger.burned == burned)
        // Carol's batch is no witness and goes; the lie, who vouched against it, and the proof stay.
        let kinds = desk.steward.ledger.records.map(\.kind).sorted { $0.rawValue < $1.rawValue }
        #expect(kinds == [.resultBatch, .resultBatch, .auditReport, .fraudProof, .frameFinal, .frameSeal])
        let again = try Desk(self.manifest, records: desk.disk.reversed())
        #expect(again.steward.ledger.burned == burned && again.steward.ledger == desk.steward.ledger)
        // A replica that sealed before it heard of the lie burns the liar when it gets what the other one kept.
        var late = try Desk(self.manifest, records: desk.disk.filter { $0.kind == .frameSeal }).steward.ledger
        for _ in 0 ..< 2 {
            for record in desk.steward.ledger.records.reversed() { _ = late.insert(record) }
        }
        #expect(late == desk.steward.ledger && late.burned == burned)
    }

    @Test
    func `a worker that contradicted itself stays burned after the frames are sealed`() throws {
        var desk = try self.closed()
        var mallory = Hand("mallory")
        let pair = [
            mallory.batch(desk.job, [desk.unit(0)]), mallory.batch(desk.job, [desk.unit(0)], wrongAt: 1),
            mallory.batch(desk.job, [desk.unit(1)]),
        ]
        var disk = desk.disk + pair
        desk = try Desk(self.manifest, records: disk)
        let burned = desk.steward.ledger.burned
        #expect(burned.map(\.offence) == [.contradiction(desk.unit(0))])
        _ = self.seal(&desk)
        disk = desk.disk
        #expect(desk.steward.ledger.burned == burned)
        let kept = Set(disk.map(\.id))
        #expect(pair.map { kept.contains($0.id) } == [true, true, false])
        #expect(disk.count(where: { $0.kind == .fraudProof }) == 1)
        let again = try Desk(self.manifest, records: disk)
        #expect(again.steward.ledger.burned == burned && again.disk.count == disk.count)
    }

    // MARK: Laws

    /// Results of both frames, some of them contradicting, proofs, finals and seals.
    private func pile(seed: UInt64) throws -> [SignedRecord] {
        var random = SeededGenerator(seed: seed)
        let ledger = try Ledger(manifest: self.manifest, stewards: nil, verify: TestGrid.verify)
        var hands = ["a", "b", "c"].map(Hand.init)
        var batches: [(Int, SignedRecord)] = []
        var records: [SignedRecord] = []
        for _ in 0 ..< 20 {
            let who = Int.random(in: 0 ..< 3, using: &random)
            let count = Int.random(in: 1 ... 2, using: &random)
            let units = Set((0 ..< count).map { _ in ledger.plan.unit(at: Int.random(in: 0 ..< 4, using: &random)) })
            if Int.random(in: 0 ..< 6, using: &random) == 0, hands[who].sequence > 0 { hands[who].sequence -= 1 }
            let wrong = Int.random(in: 0 ..< 5, using: &random) == 0 ? 1 : nil
            let batch = hands[who].batch(ledger.job, Array(units), wrongAt: wrong)
            batches.append((who, batch))
            records.append(batch)
            if Int.random(in: 0 ..< 8, using: &random) == 0, let (liar, lie) = batches.randomElement(using: &random) {
                let proof = FraudProof(
                    job: ledger.job,
                    unit: ledger.plan.unit(at: 0),
                    worker: hands[liar].peer,
                    batch: lie.id,
                    leafIndex: 0,
                    claimedLeaf: lie.id.digest,
                    path: [],
                    correctLeaf: TestGrid.coreVersion,
                    witnesses: batches.shuffled(using: &random).prefix(2).map(\.1.id)
                )
                records.append(hands[who].sign(.fraudProof(proof)))
            }
        }
        for frame in 1 ... 2 where Int.random(in: 0 ..< 4, using: &random) > 0 {
            let final = hands[0].sign(
                .frameFinal(FrameFinal(job: ledger.job, frame: frame, framePixels: TestGrid.coreVersion, work: []))
            )
            records += [final, self.submitter.sign(.frameSeal(self.seal(ledger, frame: frame, final: final.id)))]
        }
        return records
    }

    @Test(arguments: 0 ..< 60 as Range<UInt64>)
    func `what is dropped depends on the set of records and not on their order`(seed: UInt64) throws {
        func ledger(_ records: [SignedRecord]) throws -> Ledger {
            var ledger = try Ledger(manifest: self.manifest, stewards: nil, verify: TestGrid.verify)
            ledger.insert(contentsOf: records)
            return ledger
        }
        let records = try self.pile(seed: seed)
        let reference = try ledger(records)
        var random = SeededGenerator(seed: ~seed)
        for _ in 0 ..< 4 {
            let other = try ledger(records.shuffled(using: &random))
            #expect(other == reference && other.burned == reference.burned)
        }
        // What is left says the same as what there was.
        let left = try ledger(reference.records)
        #expect(left == reference && left.burned == reference.burned && left.finalFrames == reference.finalFrames)
        for index in 0 ..< left.plan.unitCount {
            let verdict = left.verdict(ofUnitAt: index)
            #expect(verdict == reference.verdict(ofUnitAt: index))
            #expect(left.acceptedRoot(ofUnitAt: index) == TestGrid.acceptedRoot(verdict))
        }
        // Nothing that was dropped comes back.
        var again = reference
        again.formUnion(try ledger(records.filter { $0.kind != .frameSeal && $0.kind != .fraudProof }))
        #expect(again == reference)
    }
}
