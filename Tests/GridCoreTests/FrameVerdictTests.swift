import GridCore
import GridWire
import Testing

@Suite
struct FrameVerdictTests {
    private let manifest = TestGrid.manifest(width: 128, height: 64, frames: 2)

    /// A job whose first frame was closed after Bob had lied in it and was caught.
    private func closed() throws -> Desk {
        var desk = try Desk(self.manifest)
        var (alice, bob, carol) = (Hand("alice"), Hand("bob"), Hand("carol"))
        _ = desk.send(carol.ask(desk.job, wanted: 0), from: carol)
        _ = desk.send(alice.report(desk.job, [desk.unit(0), desk.unit(1)]), from: alice)
        _ = desk.send(bob.report(desk.job, [desk.unit(0)], wrongAt: 3), from: bob)
        _ = desk.send(carol.audit(desk.job, LeaseGrant.Audit(unit: desk.unit(0), leafIndex: 3)), from: carol)
        _ = desk.send(carol.report(desk.job, [desk.unit(0)]), from: carol)
        _ = desk.send(carol.report(desk.job, [desk.unit(1)]), from: carol)
        desk.store(desk.unit(0))
        desk.store(desk.unit(1))
        #expect(desk.steward.finalFrames == [1])
        return desk
    }

    private func verdict(_ evidence: [SignedRecord], frame: Int = 1) throws -> FrameVerdict {
        try FrameVerdict(manifest: self.manifest, frame: frame, evidence: evidence, verify: TestGrid.verify)
    }

    @Test
    func `the steward's evidence proves every unit to a stranger`() throws {
        let desk = try self.closed()
        let evidence = desk.steward.evidence(ofFrame: 1).records
        let verdict = try self.verdict(evidence)
        #expect(verdict.isAccepted && verdict.missing == nil)
        #expect(verdict.units == [desk.unit(0), desk.unit(1)])
        let signers = [TestGrid.peer("alice"), TestGrid.peer("carol")].sorted()
        #expect(verdict.states == verdict.units.map { .accepted(root: TestGrid.root($0), signers: signers) })
        #expect(verdict.acceptedRoot(of: desk.unit(1)) == TestGrid.root(desk.unit(1)))
        #expect(verdict.acceptedRoot(of: desk.unit(2)) == nil)
        guard case .frameFinal(let final) = try evidence.first?.decodedBody() else {
            Issue.record("no final record")
            return
        }
        #expect(verdict.framePixels == final.framePixels)
        let kinds = Set(evidence.map(\.kind))
        #expect(kinds == [.frameFinal, .resultBatch, .fraudProof, .auditReport])
    }

    @Test
    func `no evidence is given of a frame that is not final or does not exist`() throws {
        let desk = try self.closed()
        #expect(desk.steward.evidence(ofFrame: 2).records.isEmpty)
        #expect(desk.steward.evidence(ofFrame: 99).records.isEmpty)
        #expect(throws: JobError(.noSuchFrame, "")) { try self.verdict([], frame: 99) }
    }

    @Test
    func `evidence that one answer cannot hold is given in several`() throws {
        let desk = try self.closed()
        var records: [SignedRecord] = []
        var answers = 0
        var unit: Int? = 0
        while let first = unit {
            let (some, next) = desk.steward.evidence(ofFrame: 1, from: first, recordsMax: 3)
            #expect(try !self.verdict(some).isAccepted, "one answer of three records does not suffice")
            #expect(next.map { $0 > first } ?? true)
            records += some
            answers += 1
            unit = next
        }
        #expect(answers == 2)
        #expect(try self.verdict(records) == self.verdict(desk.steward.evidence(ofFrame: 1).records))
        #expect(desk.steward.evidence(ofFrame: 1, from: .max).nextUnit == nil)
    }

    @Test
    func `every batch of the evidence is needed, and the order does not matter`() throws {
        let evidence = try self.closed().steward.evidence(ofFrame: 1).records
        let whole = try self.verdict(evidence)
        #expect(try self.verdict(evidence.reversed()) == whole)
        #expect(try self.verdict(evidence + evidence) == whole)
        for (index, record) in evidence.enumerated() where record.kind == .resultBatch {
            guard record.signer != TestGrid.peer("bob") else { continue }
            var some = evidence
            some.remove(at: index)
            let verdict = try self.verdict(some)
            #expect(!verdict.isAccepted)
            #expect(verdict.missing?.isEmpty == false)
            #expect(verdict.framePixels == nil)
        }
    }

    @Test
    func `one signer, however often, proves nothing`() throws {
        var alice = Hand("alice")
        let job = JobID(self.manifest.id.digest)
        let desk = try Desk(self.manifest)
        let units = [desk.unit(0), desk.unit(1)]
        let verdict = try self.verdict([alice.batch(job, units), alice.batch(job, units)])
        #expect(!verdict.isAccepted)
        #expect(verdict.missing?.contains("only") == true)
    }

    @Test
    func `forged signatures and a false manifest prove nothing`() throws {
        let evidence = try self.closed().steward.evidence(ofFrame: 1).records
        let forged = evidence.map {
            SignedRecord(kind: $0.kind, body: $0.body, signer: $0.signer, signature: $0.signature.reversed())
        }
        #expect(try !self.verdict(forged).isAccepted)
        #expect(throws: JobError(.badManifest, "")) {
            try FrameVerdict(manifest: forged[0], frame: 1, evidence: [], verify: TestGrid.verify)
        }
    }
}
