import GridCore
import GridWire

extension SimulationEngine {
    /// Records a problem of a job, if there is one.
    func check(_ problem: String?, _ job: Int, _ node: Int) {
        guard let problem else { return }
        self.violate("job \(job) at node \(node): \(problem)", node: node)
    }

    func checkRevision(_ job: Int, at node: Int) {
        guard let seat = self.jobs[job].seats[node], let revision = seat.steward?.revision else { return }
        if revision < seat.lastRevision {
            self.check("the revision fell from \(seat.lastRevision) to \(revision)", job, node)
        }
        seat.lastRevision = revision
    }

    /// Looks at the status now and then: it costs more than an event.
    func checkStatus(_ job: Int, at node: Int) {
        guard self.random.below(64) == 0, let seat = self.jobs[job].seats[node], let steward = seat.steward else {
            return
        }
        let status = steward.status(now: self.nodes[node].clock.instant(self.now))
        let total = self.jobs[job].plan.unitCount
        if status.unitsTotal != total || status.unitsRendered > total || status.unitsVerified > status.unitsRendered
            || status.unitsVerified < 0
        {
            self.check(
                "the status counts \(status.unitsVerified) verified of \(status.unitsRendered) rendered of "
                    + "\(status.unitsTotal) units",
                job,
                node
            )
        }
        if Set(status.burned) != Set(steward.ledger.burned.map(\.worker)) {
            self.check("the status and the ledger name different burned workers", job, node)
        }
    }

    func checkFinalFrame(_ job: Int, _ frame: Int, at node: Int) {
        guard let steward = self.jobs[job].seats[node]?.steward else { return }
        let evidence = steward.wholeEvidence(ofFrame: frame)
        // Equal evidence is judged equally, so that of stewards who closed a frame by the same records one is checked.
        let ids = Set(evidence.map(\.id))
        guard self.jobs[job].judgedEvidence[frame] != ids else { return }
        let truth = self.jobs[job].truth
        let seats = self.jobs[job].seats
        let problem = self.jobs[job].checker.frameClosed(
            frame,
            evidence: evidence,
            holdsPixels: { unit, root in seats.values.contains { $0.films[unit]?.root == root } },
            truth: { truth.unit($0).root }
        )
        self.jobs[job].judgedEvidence[frame] = ids
        self.check(problem, job, node)
    }

    /// Notes what the stewards of both sides hold when a cut ends.
    func cutHasEnded() {
        self.cutEndedAt = self.now
        for job in self.jobs.indices {
            self.jobs[job].recordsAtHealing = self.actingSeats(job).reduce(into: []) { $0.formUnion($1.recordIDs) }
        }
        self.queue.add(.compareLedgers(since: self.now), at: self.now + 0.25)
    }

    private func actingSeats(_ job: Int) -> [SimulatedJob.Seat] {
        self.jobs[job].seated.compactMap { self.jobs[job].seats[$0] }.filter { $0.steward?.isActing == true }
    }

    /// Measures how long it takes until all acting stewards hold what any of them held when a cut ended; it is asked again
    /// until they do.
    ///
    /// While a job runs something new is always under way, so that equal ledgers would be a matter of luck.
    func compareLedgers(since: VirtualTime) {
        let differs = self.jobs.indices.contains { job in
            let records = self.jobs[job].recordsAtHealing
            return !self.actingSeats(job).allSatisfy { records.isSubset(of: $0.recordIDs) }
        }
        let seconds = self.now.seconds - since.seconds
        if differs, seconds < 60 {
            self.queue.add(.compareLedgers(since: since), at: self.now + 0.05)
        } else {
            self.report.longestHealSeconds = max(self.report.longestHealSeconds, seconds)
        }
    }

    /// Notes what the nodes that are left know of jobs without any acting steward.
    func noteLosses() {
        for job in self.jobs.indices where self.jobs[job].completedAt == nil && self.actingSeats(job).isEmpty {
            let known = self.jobs[job].seats.values.flatMap(\.records).filter { record in
                record.kind == .resultBatch && self.nodeIndex[record.signer].map { self.nodes[$0].isUp } ?? false
            }
            self.jobs[job].resultsAtLoss = Set(known.map(\.id))
            self.queue.add(.compareRebuilt(since: self.now), at: self.now + 0.25)
        }
    }

    /// Measures how long it takes until somebody who acts as a steward has all results again that the nodes which are left
    /// can tell; it is asked again until then.
    func compareRebuilt(since: VirtualTime) {
        let misses = self.jobs.indices.contains { job in
            let results = self.jobs[job].resultsAtLoss
            return !results.isEmpty && !self.actingSeats(job).contains { results.isSubset(of: $0.recordIDs) }
        }
        let seconds = self.now.seconds - since.seconds
        if misses, seconds < 600 {
            self.queue.add(.compareRebuilt(since: since), at: self.now + 0.25)
        } else {
            self.report.longestRebuildSeconds = max(self.report.longestRebuildSeconds, seconds)
        }
    }

    /// What must hold when everything has come to rest.
    func checkEnd() {
        for job in self.jobs.indices where self.jobs[job].completedAt == nil {
            var texts: [String] = []
            for node in self.jobs[job].seated {
                let now = self.nodes[node].clock.instant(self.now)
                guard let steward = self.jobs[job].seats[node]?.steward else { continue }
                let status = steward.status(now: now)
                texts.append(
                    "node \(node) (roster \(steward.roster.number)\(steward.isActing ? "" : ", not of it")): "
                        + "\(status.unitsVerified) of \(status.unitsTotal) units verified, \(status.unitsRendered) "
                        + "rendered, \(status.activeWorkers) active workers, waits for: \(status.waitingFor); "
                        + steward.accountOfFirstOpenUnit
                )
            }
            self.check("it did not end: \(texts)", job, self.jobs[job].seated.first ?? self.jobs[job].entryNode)
        }
        guard self.report.violations.isEmpty else { return }
        for job in self.jobs.indices {
            self.checkReplicas(job)
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

    /// When the grid has come to rest, the acting stewards hold the same records and say the same, and a replica that gets
    /// these in another order does so too.
    private func checkReplicas(_ job: Int) {
        let acting = self.jobs[job].seated.filter { self.jobs[job].seats[$0]?.steward?.isActing ?? false }
        guard let first = acting.first, let steward = self.jobs[job].seats[first]?.steward else {
            return self.check("no steward is left", job, self.jobs[job].entryNode)
        }
        for node in acting {
            guard let other = self.jobs[job].seats[node]?.steward else { continue }
            if other.phase != .complete {
                self.check("a steward did not learn that the job ended", job, node)
            }
            if other.ledger != steward.ledger {
                let (a, b) = (steward.ledger.count, other.ledger.count)
                let rosters = [steward, other].map { "\($0.roster.number)" }.joined(separator: " and ")
                self.violate(
                    "job \(job) at node \(node): it holds \(b) records and node \(first) \(a), of rosters \(rosters)",
                    node: first,
                    and: node
                )
                break
            }
            // Of disks that hold the same, one is read back.
            let (mine, others) = (self.jobs[job].seats[node], self.jobs[job].seats[first])
            let isSame = mine?.recordIDs == others?.recordIDs && mine?.records.count == others?.records.count
            if node == first || !isSame {
                self.checkReplica(job, at: node)
            }
            self.checkCompaction(job, at: node)
        }
        self.jobs[job].judgedEvidence = [:]
        for frame in self.jobs[job].plan.frames {
            // What was final must be so after any number of restarts.
            self.checkFinalFrame(job, frame, at: first)
            if !steward.ledger.isSealed(frame: frame) { self.checkPixels(job, frame: frame) }
        }
        self.checkHolders(job, steward, first)
        self.checkStores(job)
    }

    /// In the end two nodes hold the pixels of each unit, where there are two.
    private func checkHolders(_ job: Int, _ steward: Steward, _ first: Int) {
        let plan = self.jobs[job].plan
        let needed = min(2, steward.roster.stewards.count { self.nodeIndex[$0].map { self.nodes[$0].isUp } ?? false })
        for index in 0 ..< plan.unitCount {
            let unit = plan.unit(at: index)
            // The submitter has a sealed frame.
            guard !steward.ledger.isSealed(frame: unit.frame) else { continue }
            let held = self.jobs[job].seats.count { $0.value.films[unit] != nil && self.nodes[$0.key].isUp }
            if held < needed {
                let accounts = self.jobs[job].seats.sorted { $0.key < $1.key }.map { node, seat in
                    "\n        node \(node)\(seat.films[unit] == nil ? "" : " (on its disk)"): \(seat.steward?.account(of: unit) ?? "away")"
                }
                let text = "the pixels of unit \(unit) are on \(held) disks" + accounts.joined()
                return self.check(text, job, first)
            }
        }
    }

    private func checkReplica(_ job: Int, at node: Int) {
        guard let seat = self.jobs[job].seats[node], let steward = seat.steward else { return }
        guard
            var ledger = try? Ledger(
                manifest: self.jobs[job].record,
                stewards: [self.nodes[node].peer],
                verify: SimulatedIdentity.verifier
            )
        else { return self.check("its manifest is refused", job, node) }
        ledger.insert(contentsOf: seat.records.shuffled(using: &self.random))
        if ledger != steward.ledger {
            self.check("the disk holds \(ledger.count) records and the memory \(steward.ledger.count)", job, node)
        }
        if ledger.burned != steward.ledger.burned || ledger.finalFrames != steward.ledger.finalFrames {
            self.check("replicas differ in who is burned or what is final", job, node)
        }
        for index in 0 ..< self.jobs[job].plan.unitCount {
            let (mine, other) = (steward.ledger.verdict(ofUnitAt: index), ledger.verdict(ofUnitAt: index))
            guard mine == other else {
                return self.check("replicas differ about unit \(self.jobs[job].plan.unit(at: index))", job, node)
            }
        }
    }

    /// What the nodes that were there did with their time until the last job ended.
    func countEfficiency() {
        self.countAllIdle()
        for node in self.nodes.indices { self.countAbsence(node) }
        self.report.losses = self.capacity.losses
        self.report.efficiency = self.capacity.efficiency
        self.report.timeEfficiency =
            self.capacity.readySeconds > 0 ? self.usefulSeconds / self.capacity.readySeconds : 0
        let all = self.now.seconds - self.beginSeconds
        self.report.tailShare = all > 0 ? (all - (self.report.secondsTo99 ?? all)) / all : 0
    }

    /// The report with its sums.
    func finishedReport() -> SimulationReport {
        self.finishPeering()
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
                    finalFrames: job.seats.values.map(\.finalFrames.count).max() ?? 0,
                    makespanSeconds: job.completedAt.map { $0.seconds - job.submittedAt.seconds }
                )
            )
        }
        report.burned = burned.sorted().map(\.description)
        return report
    }
}
