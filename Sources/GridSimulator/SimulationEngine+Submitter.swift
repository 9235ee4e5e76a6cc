import GridCore
import GridWire

/// The program of the one who handed the jobs in: it fetches frames and seals what it has.
extension SimulationEngine {
    /// A frame is final somewhere.
    func tellSubmitter(_ job: Int, _ frame: Int) {
        guard let seconds = self.scenario.sealAfterSeconds, self.jobs[job].fetched.insert(frame).inserted else {
            return
        }
        self.queue.add(.fetched(job: job, frame: frame), at: self.now + seconds * self.random.within(0.5, 1.5))
    }

    /// The submitter has fetched a frame from some steward that has it, and checked it; it tells that steward so.
    func seal(_ job: Int, _ frame: Int) {
        let nodes = self.jobs[job].seated.filter {
            self.jobs[job].seats[$0]?.steward?.ledger.isFinal(frame: frame) ?? false
        }
        guard let node = nodes.randomElement(using: &self.random),
            let evidence = self.jobs[job].seats[node]?.steward?.wholeEvidence(ofFrame: frame),
            let final = evidence.first(where: { $0.kind == .frameFinal })
        else {
            // Whoever had it lost it with its last writes.
            self.queue.add(.fetched(job: job, frame: frame), at: self.now + 5)
            return
        }
        let manifest = self.jobs[job].record
        let verdict = try? FrameVerdict(
            manifest: manifest,
            frame: frame,
            evidence: evidence,
            verify: SimulatedIdentity.verifier
        )
        guard let verdict, verdict.isAccepted, !verdict.isSealed else {
            return self.check("frame \(frame) cannot be sealed: \(verdict?.missing ?? "it is")", job, node)
        }
        self.checkPixels(job, frame: frame)
        let roots = verdict.units.compactMap { verdict.acceptedRoot(of: $0) }
        let seal = FrameSeal(job: self.jobs[job].id, frame: frame, final: final.id, roots: roots)
        let record = GridRecord.frameSeal(seal)
            .signed(by: manifest.signer, with: SimulatedIdentity.signer(manifest.signer))
        self.withSteward(job, at: node) { $0.handleOrder(record, now: $1) ?? [] }
    }

    /// A steward deletes records.
    func forget(_ ids: [RecordID], _ job: Int, _ node: Int) {
        guard let seat = self.jobs[job].seats[node] else { return }
        let gone = Set(ids)
        for record in seat.records where gone.contains(record.id) {
            self.report.forgottenRecords += 1
            self.report.forgottenBytes += UInt64(record.body.count + 100)
        }
        seat.records.removeAll { gone.contains($0.id) }
        seat.recordIDs.subtract(gone)
        seat.hasForgotten = true
        // What one may delete the others need not get after a cut.
        self.jobs[job].recordsAtHealing.subtract(gone)
        self.jobs[job].resultsAtLoss.subtract(gone)
    }

    /// In the end nobody keeps, in memory or on the disk, what a seal made superfluous.
    func checkCompaction(_ job: Int, at node: Int) {
        guard let seat = self.jobs[job].seats[node], let steward = seat.steward else { return }
        for record in seat.records where record.kind != .frameSeal {
            let id = record.id
            guard let decoded = try? record.decodedBody() else { continue }
            if steward.ledger.isSpent(decoded, id: id, by: record.signer) {
                return self.check("a spent record is on the disk: \(record.kind)", job, node)
            }
        }
    }
}

extension Steward {
    /// All answers to the question for a frame's evidence.
    func wholeEvidence(ofFrame frame: Int) -> [SignedRecord] {
        var evidence: [SignedRecord] = []
        var unit: Int? = 0
        while let first = unit {
            let answer = self.evidence(ofFrame: frame, from: first)
            evidence += answer.records
            unit = answer.nextUnit
        }
        return evidence
    }
}
