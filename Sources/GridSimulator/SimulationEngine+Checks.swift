import GridCore
import GridWire

extension SimulationEngine {
    /// Records a problem of a job, if there is one.
    func check(_ problem: String?, _ job: Int) {
        guard let problem else { return }
        self.violate("job \(job): \(problem)", node: self.jobs[job].stewardNode)
    }

    func checkRevision(_ job: Int) {
        guard let revision = self.jobs[job].steward?.revision else { return }
        if revision < self.jobs[job].checker.lastRevision {
            self.check("the revision fell from \(self.jobs[job].checker.lastRevision) to \(revision)", job)
        }
        self.jobs[job].checker.lastRevision = revision
    }

    /// Looks at the status now and then: it costs more than an event.
    func checkStatus(_ job: Int) {
        guard self.random.below(8) == 0, let steward = self.jobs[job].steward else { return }
        let status = steward.status(now: self.nodes[self.jobs[job].stewardNode].clock.instant(self.now))
        let total = self.jobs[job].plan.unitCount
        if status.unitsTotal != total || status.unitsRendered > total || status.unitsVerified > status.unitsRendered
            || status.unitsVerified < 0
        {
            self.check(
                "the status counts \(status.unitsVerified) verified of \(status.unitsRendered) rendered of "
                    + "\(status.unitsTotal) units",
                job
            )
        }
        if Set(status.finalFrames) != self.jobs[job].checker.finalFrames {
            self.check("the status names final frames \(status.finalFrames)", job)
        }
        if Set(status.burned) != Set(steward.ledger.burned.map(\.worker)) {
            self.check("the status and the ledger name different burned workers", job)
        }
    }

    func tileProblem(_ job: Int, frame: Int, tile: Int) -> String? {
        let plan = self.jobs[job].plan
        for index in plan.units(ofTile: tile, inFrame: frame) where self.jobs[job].pixels[plan.unit(at: index)] == nil {
            return "tile \(frame)/\(tile) is called verified, but pixels are missing"
        }
        return nil
    }

    func checkFinalFrame(_ job: Int, _ frame: Int) {
        guard let steward = self.jobs[job].steward else { return }
        var truth = self.jobs[job].truth
        let problem = self.jobs[job].checker.frameClosed(
            frame,
            evidence: steward.evidence(ofFrame: frame),
            pixels: self.jobs[job].pixels,
            truth: { truth.unit($0).root }
        )
        self.check(problem, job)
    }

    /// What must hold when everything has come to rest.
    func checkEnd() {
        for job in self.jobs.indices where self.jobs[job].completedAt == nil {
            let node = self.jobs[job].stewardNode
            let now = self.nodes[node].clock.instant(self.now)
            let status = self.jobs[job].steward?.status(now: now)
            let text =
                status.map {
                    "\($0.unitsVerified) of \($0.unitsTotal) units verified, \($0.unitsRendered) rendered, "
                        + "\($0.activeWorkers) active workers, waits for: \($0.waitingFor)"
                } ?? "no steward"
            self.check("it did not end: \(text)", job)
        }
        guard self.report.violations.isEmpty else { return }
        for job in self.jobs.indices {
            self.checkReplica(job)
            // What was final must be so after any number of restarts.
            for frame in self.jobs[job].plan.frames {
                self.checkFinalFrame(job, frame)
            }
        }
        for node in self.nodes.indices where self.nodes[node].isUp {
            if !self.nodes[node].held.isEmpty {
                self.violate("\(self.nodes[node].held.count) pixels are still held after all jobs ended", node: node)
            }
            if !self.nodes[node].running.isEmpty {
                self.violate("units are still rendered after all jobs ended", node: node)
            }
        }
    }

    /// The verdicts are a function of the set of records: another order must give the same.
    private func checkReplica(_ job: Int) {
        guard let steward = self.jobs[job].steward else { return }
        let peer = self.nodes[self.jobs[job].stewardNode].peer
        guard
            var ledger = try? Ledger(
                manifest: self.jobs[job].record,
                stewards: [peer],
                verify: SimulatedIdentity.verifier
            )
        else { return self.check("its manifest is refused", job) }
        for record in self.jobs[job].records.shuffled(using: &self.random) {
            if case .rejected(let reason) = ledger.insert(record) {
                self.check("a persisted record is refused by another replica: \(reason)", job)
            }
        }
        if ledger != steward.ledger {
            self.check("the disk holds \(ledger.count) records and the memory \(steward.ledger.count)", job)
        }
        if ledger.burned != steward.ledger.burned || ledger.finalFrames != steward.ledger.finalFrames {
            self.check("replicas differ in who is burned or what is final", job)
        }
        for index in 0 ..< self.jobs[job].plan.unitCount {
            let (mine, other) = (steward.ledger.verdict(ofUnitAt: index), ledger.verdict(ofUnitAt: index))
            guard mine == other else {
                return self.check("replicas differ about unit \(self.jobs[job].plan.unit(at: index))", job)
            }
        }
    }

    /// The report with its sums.
    func finishedReport() -> SimulationReport {
        var report = self.report
        report.virtualSeconds = self.now.seconds
        report.usefulShare = self.busySeconds > 0 ? self.usefulSeconds / self.busySeconds : 0
        let begin = self.jobs.map(\.submittedAt.seconds).min() ?? 0
        let end = self.jobs.compactMap(\.completedAt?.seconds).max() ?? begin
        report.makespanSeconds = end - begin
        let capacity = Double(self.nodes.reduce(0) { $0 + $1.threads }) * (end - begin)
        report.busyShare = capacity > 0 ? self.busySeconds / capacity : 0
        var burned: Set<PeerID> = []
        for job in self.jobs {
            burned.formUnion(job.checker.burned)
            report.jobs.append(
                SimulationReport.Job(
                    id: job.id.description,
                    units: job.plan.unitCount,
                    finalFrames: job.checker.finalFrames.count,
                    makespanSeconds: job.completedAt.map { $0.seconds - job.submittedAt.seconds }
                )
            )
        }
        report.burned = burned.sorted().map(\.description)
        return report
    }
}
