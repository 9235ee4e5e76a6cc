import GridCore
import GridWire
import Testing

@Suite
struct LedgerTests {
    private let manifest = TestGrid.manifest(frames: 2)
    private let steward = TestGrid.peer("steward")

    private func ledger(_ records: [SignedRecord] = []) throws -> Ledger {
        var ledger = try Ledger(manifest: self.manifest, stewards: [self.steward], verify: TestGrid.verify)
        for record in records {
            _ = ledger.insert(record)
        }
        return ledger
    }

    private func sign(_ record: GridRecord, by peer: PeerID? = nil) -> SignedRecord {
        record.signed(by: peer ?? self.steward, with: TestGrid.signer(peer ?? self.steward))
    }

    private func proof(
        _ ledger: Ledger,
        against liar: Hand,
        batch: SignedRecord,
        unit: UnitID,
        witnesses: [SignedRecord]
    ) -> FraudProof {
        let leaves = TestGrid.leaves(unit, wrongAt: 2)
        return FraudProof(
            job: ledger.job,
            unit: unit,
            worker: liar.peer,
            batch: batch.id,
            leafIndex: 2,
            claimedLeaf: leaves[2],
            path: MerkleTree(leaves).path(to: 2),
            correctLeaf: TestGrid.leaves(unit)[2],
            witnesses: witnesses.map(\.id)
        )
    }

    private func report(_ hand: Hand, _ job: JobID, _ unit: UnitID) -> SignedRecord {
        let leaf = TestGrid.leaves(unit)[2]
        return hand.sign(.auditReport(AuditReport(job: job, unit: unit, leafIndex: 2, leaf: leaf)))
    }

    @Test
    func `a unit goes from pending over committed to accepted by two workers`() throws {
        var ledger = try self.ledger()
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let unit = ledger.plan.unit(at: 0)
        #expect(ledger.verdict(ofUnitAt: 0) == .pending)
        _ = ledger.insert(alice.batch(ledger.job, [unit]))
        #expect(ledger.verdict(ofUnitAt: 0) == .committed(root: TestGrid.root(unit), worker: alice.peer))
        _ = ledger.insert(bob.batch(ledger.job, [unit]))
        let workers = [alice.peer, bob.peer].sorted()
        #expect(ledger.verdict(ofUnitAt: 0) == .accepted(root: TestGrid.root(unit), workers: workers))
    }

    @Test
    func `two batches of one worker are one voice`() throws {
        var ledger = try self.ledger()
        var alice = Hand("alice")
        let unit = ledger.plan.unit(at: 0)
        _ = ledger.insert(alice.batch(ledger.job, [unit]))
        _ = ledger.insert(alice.batch(ledger.job, [unit]))
        #expect(ledger.count == 2)
        #expect(ledger.verdict(ofUnitAt: 0) == .committed(root: TestGrid.root(unit), worker: alice.peer))
    }

    @Test
    func `different roots are disputed until one has strictly the most workers`() throws {
        var ledger = try self.ledger()
        var (alice, bob, carol, dave) = (Hand("alice"), Hand("bob"), Hand("carol"), Hand("dave"))
        let unit = ledger.plan.unit(at: 0)
        _ = ledger.insert(alice.batch(ledger.job, [unit]))
        _ = ledger.insert(bob.batch(ledger.job, [unit], wrongAt: 1))
        #expect(ledger.verdict(ofUnitAt: 0) == .disputed)
        _ = ledger.insert(carol.batch(ledger.job, [unit]))
        let workers = [alice.peer, carol.peer].sorted()
        #expect(ledger.verdict(ofUnitAt: 0) == .accepted(root: TestGrid.root(unit), workers: workers))
        _ = ledger.insert(dave.batch(ledger.job, [unit], wrongAt: 1))
        #expect(ledger.verdict(ofUnitAt: 0) == .disputed)
    }

    @Test
    func `a record is new once and a duplicate afterwards`() throws {
        var ledger = try self.ledger()
        var alice = Hand("alice")
        let batch = alice.batch(ledger.job, [ledger.plan.unit(at: 0)])
        guard case .new(.resultBatch) = ledger.insert(batch) else {
            Issue.record("not new")
            return
        }
        #expect(ledger.insert(batch) == .duplicate)
        #expect(ledger.records == [batch])
    }

    @Test
    func `what does not belong here is rejected and changes nothing`() throws {
        var ledger = try self.ledger()
        var alice = Hand("alice")
        let unit = ledger.plan.unit(at: 0)
        let good = alice.batch(ledger.job, [unit])
        let other = JobID(Digest(hashing: "other".utf8))
        let final = FrameFinal(job: ledger.job, frame: 9, framePixels: TestGrid.coreVersion, work: [])
        let bad = [
            SignedRecord(kind: good.kind, body: good.body, signer: good.signer, signature: good.signature.reversed()),
            SignedRecord(kind: good.kind, body: good.body, signer: self.steward, signature: good.signature),
            SignedRecord(kind: .auditReport, body: good.body, signer: good.signer, signature: good.signature),
            alice.batch(other, [unit]),
            alice.batch(ledger.job, []),
            alice.batch(ledger.job, [UnitID(frame: 9, tile: 0, firstBlock: 0, blockCount: unit.blockCount)]),
            self.report(alice, other, unit),
            self.sign(.frameFinal(final)),
            self.manifest,
        ]
        for record in bad {
            guard case .rejected(let reason) = ledger.insert(record) else {
                Issue.record("taken: \(record.kind)")
                continue
            }
            #expect(!reason.isEmpty)
        }
        #expect(try ledger == self.ledger())
    }

    /// A frame's pixels when all is right.
    private func pixels(_ ledger: Ledger, frame: Int) -> Digest {
        let roots = ledger.plan.units(ofFrame: frame).map { TestGrid.root(ledger.plan.unit(at: $0)) }
        return Digest(hashing: roots.flatMap(\.bytes))
    }

    @Test
    func `a final frame counts when the results of its workers bear it out, whoever signed it`() throws {
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let empty = try self.ledger()
        let units = empty.plan.units(ofFrame: 1).map { empty.plan.unit(at: $0) }
        let work = [alice.peer, bob.peer].sorted().map { FrameFinal.WorkShare(worker: $0, workCount: 1) }
        let right = FrameFinal(job: empty.job, frame: 1, framePixels: self.pixels(empty, frame: 1), work: work)
        var wrong = right
        wrong.framePixels = TestGrid.coreVersion
        var lonely = right
        lonely.work.removeLast()
        let batches = [alice.batch(empty.job, units), bob.batch(empty.job, units)]
        for bad in [wrong, lonely] {
            #expect(try self.ledger(batches + [self.sign(.frameFinal(bad))]).finalFrames.isEmpty)
        }
        let good = self.sign(.frameFinal(right), by: TestGrid.peer("carol"))
        for records in [[good] + batches, batches + [good], [batches[0], good, batches[1]]] {
            #expect(try self.ledger(records).finalFrames == [1])
        }
    }

    @Test
    func `a proof by somebody who is no steward burns nobody until a roster names it`() throws {
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let (carol, dave) = (Hand("carol"), Hand("dave"))
        let empty = try self.ledger()
        let unit = empty.plan.unit(at: 0)
        let lie = bob.batch(empty.job, [unit], wrongAt: 2)
        let truth = alice.batch(empty.job, [unit])
        let report = self.report(carol, empty.job, unit)
        let proof = self.proof(empty, against: bob, batch: lie, unit: unit, witnesses: [truth, report])
        var ledger = try self.ledger([lie, truth, report, dave.sign(.fraudProof(proof))])
        #expect(ledger.burned.isEmpty)
        let epoch = RosterEpoch(job: empty.job, number: 1, stewards: [self.steward, dave.peer])
        _ = ledger.insert(dave.sign(.rosterEpoch(epoch)))
        #expect(ledger.burned.isEmpty && ledger.roster == nil, "nobody makes itself a steward")
        _ = ledger.insert(Hand("submitter").sign(.rosterEpoch(epoch)))
        #expect(ledger.roster?.stewards == epoch.stewards)
        #expect(ledger.burned.map(\.worker) == [bob.peer])
    }

    @Test
    func `a proof burns its worker when all that it names is there, in any order`() throws {
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let carol = Hand("carol")
        let empty = try self.ledger()
        let unit = empty.plan.unit(at: 0)
        let lie = bob.batch(empty.job, [unit], wrongAt: 2)
        let truth = alice.batch(empty.job, [unit])
        let report = self.report(carol, empty.job, unit)
        let proof = self.sign(
            .fraudProof(self.proof(empty, against: bob, batch: lie, unit: unit, witnesses: [truth, report]))
        )
        let records = [lie, truth, report, proof]
        for missing in records.indices {
            var some = records
            let last = some.remove(at: missing)
            var ledger = try self.ledger(some)
            #expect(ledger.burned.isEmpty)
            _ = ledger.insert(last)
            #expect(ledger.burned.map(\.worker) == [bob.peer])
            #expect(ledger.burned.map(\.offence) == [.wrongLeaf(unit, leafIndex: 2)])
            #expect(ledger.verdict(ofUnitAt: 0) == .committed(root: TestGrid.root(unit), worker: alice.peer))
        }
    }

    @Test
    func `a proof without two other witnesses, or with a wrong path, burns nobody`() throws {
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        let carol = Hand("carol")
        let empty = try self.ledger()
        let unit = empty.plan.unit(at: 0)
        let lie = bob.batch(empty.job, [unit], wrongAt: 2)
        let truth = alice.batch(empty.job, [unit])
        let again = alice.batch(empty.job, [unit])
        let report = self.report(carol, empty.job, unit)
        let own = self.report(bob, empty.job, unit)
        let aliceToo = self.report(alice, empty.job, unit)
        let base = self.proof(empty, against: bob, batch: lie, unit: unit, witnesses: [truth, report])
        var proofs: [FraudProof] = []
        for witnesses in [[], [truth], [report], [truth, again], [truth, truth], [report, own], [truth, aliceToo]] {
            var proof = base
            proof.witnesses = witnesses.map(\.id)
            proofs.append(proof)
        }
        var proof = base
        proof.path[0] = TestGrid.coreVersion
        proofs.append(proof)
        proof = base
        proof.path.removeLast()
        proofs.append(proof)
        proof = base
        proof.leafIndex = 3
        proofs.append(proof)
        proof = base
        proof.worker = alice.peer
        proofs.append(proof)
        proof = base
        proof.batch = truth.id
        proofs.append(proof)
        proof = base
        proof.correctLeaf = TestGrid.coreVersion
        proofs.append(proof)
        proof = base
        proof.unit = empty.plan.unit(at: 1)
        proofs.append(proof)
        let ledger = try self.ledger(
            [lie, truth, again, report, own, aliceToo] + proofs.map { self.sign(.fraudProof($0)) }
        )
        #expect(ledger.count == 6 + proofs.count)
        #expect(ledger.burned.isEmpty)
    }

    @Test
    func `who contradicts itself is burned`() throws {
        var alice = Hand("alice")
        let empty = try self.ledger()
        let unit = empty.plan.unit(at: 0)
        let ledger = try self.ledger([
            alice.batch(empty.job, [unit]), alice.batch(empty.job, [unit], wrongAt: 1),
        ])
        #expect(ledger.burned.map(\.offence) == [.contradiction(unit)])
        #expect(ledger.verdict(ofUnitAt: 0) == .pending)
    }

    @Test
    func `who signs two batches with one number is burned`() throws {
        var alice = Hand("alice")
        let empty = try self.ledger()
        let first = alice.batch(empty.job, [empty.plan.unit(at: 0)])
        alice.sequence = 0
        let ledger = try self.ledger([first, alice.batch(empty.job, [empty.plan.unit(at: 1)])])
        #expect(ledger.burned.map(\.offence) == [.equivocation(sequence: 0)])
    }

    @Test
    func `a closed frame keeps the results of those who were trusted when it was closed`() throws {
        var (alice, bob) = (Hand("alice"), Hand("bob"))
        var ledger = try self.ledger()
        let unit = ledger.plan.unit(at: 0)
        let late = ledger.plan.unit(at: ledger.plan.unitsPerFrame)
        let work = [alice.peer, bob.peer].sorted().map { FrameFinal.WorkShare(worker: $0, workCount: 10) }
        let final = FrameFinal(job: ledger.job, frame: 1, framePixels: self.pixels(ledger, frame: 1), work: work)
        let units = ledger.plan.units(ofFrame: 1).map { ledger.plan.unit(at: $0) }
        for record in [
            alice.batch(ledger.job, units), bob.batch(ledger.job, units), self.sign(.frameFinal(final)),
            alice.batch(ledger.job, [late]), bob.batch(ledger.job, [late]), bob.batch(ledger.job, [late], wrongAt: 0),
        ] {
            _ = ledger.insert(record)
        }
        #expect(ledger.burned.map(\.worker) == [bob.peer])
        #expect(ledger.verdict(ofUnitAt: 0) == .accepted(root: TestGrid.root(unit), workers: work.map(\.worker)))
        let committed = UnitVerdict.committed(root: TestGrid.root(late), worker: alice.peer)
        #expect(ledger.verdict(ofUnitAt: ledger.plan.unitsPerFrame) == committed)
    }

    // MARK: Laws

    /// A pile of honest, false, contradicting, proving and closing records.
    private func pile(seed: UInt64) throws -> [SignedRecord] {
        var random = SeededGenerator(seed: seed)
        let ledger = try self.ledger()
        var hands = ["a", "b", "c", "d"].map(Hand.init)
        var records: [SignedRecord] = []
        var lies: [(Int, UnitID, SignedRecord)] = []
        for _ in 0 ..< 24 {
            let who = Int.random(in: 0 ..< 4, using: &random)
            let unit = ledger.plan.unit(at: Int.random(in: 0 ..< ledger.plan.unitCount, using: &random))
            switch Int.random(in: 0 ..< 8, using: &random) {
            case 0:
                let lie = hands[who].batch(ledger.job, [unit], wrongAt: 2)
                lies.append((who, unit, lie))
                records.append(lie)
            case 1:
                records.append(self.report(hands[who], ledger.job, unit))
            case 2:
                if let (liar, unit, lie) = lies.randomElement(using: &random) {
                    let witnesses = [self.report(hands[who], ledger.job, unit), hands[3].batch(ledger.job, [unit])]
                    records += witnesses
                    records.append(
                        self.sign(
                            .fraudProof(
                                self.proof(ledger, against: hands[liar], batch: lie, unit: unit, witnesses: witnesses)
                            )
                        )
                    )
                }
            case 3:
                let work = hands.prefix(who).map(\.peer).sorted().map { FrameFinal.WorkShare(worker: $0, workCount: 1) }
                let frame = Int.random(in: 1 ... 2, using: &random)
                records.append(
                    self.sign(
                        .frameFinal(
                            FrameFinal(
                                job: ledger.job,
                                frame: frame,
                                framePixels: self.pixels(ledger, frame: frame),
                                work: work
                            )
                        )
                    )
                )
            default:
                records.append(hands[who].batch(ledger.job, [unit]))
            }
        }
        return records
    }

    private func expectSame(_ a: Ledger, _ b: Ledger) {
        #expect(a == b)
        #expect(a.records == b.records)
        #expect(a.burned == b.burned)
        #expect(a.finalFrames == b.finalFrames)
        for index in 0 ..< a.plan.unitCount {
            #expect(a.verdict(ofUnitAt: index) == b.verdict(ofUnitAt: index))
            #expect(a.acceptedRoot(ofUnitAt: index) == TestGrid.acceptedRoot(a.verdict(ofUnitAt: index)))
        }
    }

    @Test(arguments: 0 ..< 40 as Range<UInt64>)
    func `verdicts depend on the set of records and not on their order`(seed: UInt64) throws {
        let records = try self.pile(seed: seed)
        let reference = try self.ledger(records)
        var random = SeededGenerator(seed: ~seed)
        for _ in 0 ..< 4 {
            self.expectSame(reference, try self.ledger(records.shuffled(using: &random)))
        }
        self.expectSame(reference, try self.ledger(records + records))
    }

    @Test(arguments: 0 ..< 20 as Range<UInt64>)
    func `union is commutative, associative and idempotent`(seed: UInt64) throws {
        let a = try self.ledger(self.pile(seed: 3 * seed))
        let b = try self.ledger(self.pile(seed: 3 * seed + 1))
        let c = try self.ledger(self.pile(seed: 3 * seed + 2))
        func union(_ x: Ledger, _ y: Ledger) -> Ledger {
            var z = x
            z.formUnion(y)
            return z
        }
        self.expectSame(union(a, b), union(b, a))
        self.expectSame(union(union(a, b), c), union(a, union(b, c)))
        self.expectSame(union(a, a), a)
        self.expectSame(union(union(a, b), b), union(a, b))
    }
}
