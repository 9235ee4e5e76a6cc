public import GridWire

extension Worker {
    /// A steward has work, or says that a job has ended.
    ///
    /// Also to be called with every repeated offer: it shows that the steward is alive.
    ///
    /// - Parameter missingBytes: what of the scene is not on this node's disk; nothing stands for all of it. It matters with
    ///   the first offer of a job.
    public mutating func offerReceived(
        _ offer: JobOffer,
        from steward: PeerID,
        missingBytes: UInt64? = nil,
        now: Instant
    ) -> [Action] {
        let id = JobID(offer.manifest.id.digest)
        if let index = self.jobIndex(id) {
            self.jobs[index].hear(secondsLeft: offer.secondsLeft, now: now)
            if offer.isClosed {
                let isKnown = self.jobs[index].stewards.contains(steward)
                return isKnown ? self.forget(index) + self.advance(now: now) : []
            }
            self.hear(offer, from: steward, index, now: now)
            guard self.jobs[index].stewards.contains(steward) else { return self.advance(now: now) }
            self.jobs[index].silentAt[steward] = nil
            self.jobs[index].priority = offer.priority
            if self.jobs[index].steward == steward {
                self.stewardIsBack(index, now: now)
            } else if self.jobs[index].failures > 0 {
                self.change(to: steward, index, now: now)
            }
            return self.advance(now: now)
        }
        guard !offer.isClosed, self.mode != .draining, !self.closedJobs.contains(id) else { return [] }
        let manifest: JobManifest
        let plan: UnitPlan
        do {
            let ledger = try Ledger(manifest: offer.manifest, stewards: [], verify: self.settings.verify)
            manifest = ledger.manifest
            plan = ledger.plan
        } catch {
            return self.ignore(id, error.message)
        }
        guard manifest.grid == self.settings.grid else {
            return self.ignore(
                id,
                "it belongs to the grid \"\(manifest.grid)\", and this node to \"\(self.settings.grid)\""
            )
        }
        guard manifest.coreVersion == self.settings.coreVersion else {
            return self.ignore(
                id,
                "\"\(manifest.title)\" needs core version \(manifest.coreVersion.shortDescription), and this node has "
                    + "\(self.settings.coreVersion.shortDescription); install the same release"
            )
        }
        guard manifest.memory <= self.settings.memoryMax else {
            return self.ignore(
                id,
                "\"\(manifest.title)\" takes \(manifest.memory >> 20) MiB of memory, and this node lends "
                    + "\(self.settings.memoryMax >> 20) MiB; tessera node --memory lends more"
            )
        }
        guard self.jobs.count < Self.jobsMax else {
            return self.ignore(id, "\(Self.jobsMax) jobs are known already")
        }
        guard let roster = self.proven(by: offer), offer.isProvisional || roster == Roster(offer) else {
            return self.ignore(id, "nothing proves that those keep \"\(manifest.title)\" who are said to")
        }
        let stewards = self.preferred(roster.stewards, id)
        var work = JobWork(
            job: id,
            manifest: manifest,
            manifestRecord: offer.manifest,
            plan: plan,
            steward: stewards.first ?? steward,
            roster: roster,
            standing: roster,
            rosterProof: offer.rosterProof,
            stewards: stewards,
            priority: offer.priority,
            reciprocity: self.reciprocity.weight(of: offer.manifest.signer),
            missingBytes: min(missingBytes ?? manifest.assetSize, manifest.assetSize),
            lastAnswer: now,
            firstHeard: now
        )
        work.hear(secondsLeft: offer.secondsLeft, now: now)
        self.jobs.append(work)
        // Those who stood are asked first, whoever is said to stand in for them.
        if offer.isProvisional { self.hear(offer, from: steward, self.jobs.count - 1, now: now) }
        return self.advance(now: now)
    }

    /// What ``Action/prepareScene(_:frames:)`` asked for is there.
    public mutating func sceneReady(_ job: JobID, frames: [Int], now: Instant) -> [Action] {
        guard let index = self.jobIndex(job) else { return [] }
        if frames.isEmpty {
            self.jobs[index].scene = .ready
            self.jobs[index].missingBytes = 0
            // Nobody was asked for work while the scene was not here, so that nobody was silent.
            self.jobs[index].standIn = self.jobs[index].standIn.map {
                JobWork.StandIn(lastAnswer: now, roster: $0.roster, peer: $0.peer)
            }
            self.jobs[index].lastAnswer = now
        }
        for frame in frames where self.jobs[index].plan.frames.contains(frame) {
            self.jobs[index].frames[frame] = .ready
        }
        return self.advance(now: now)
    }

    /// What ``Action/prepareScene(_:frames:)`` asked for cannot be had now: leases that need it are given back, and it is
    /// asked for again later.
    public mutating func sceneFailed(_ job: JobID, frames: [Int], reason: String, now: Instant) -> [Action] {
        guard let index = self.jobIndex(job) else { return [] }
        let state = SceneState.failed(reason: reason, retryAt: now.advanced(by: self.settings.backoffMax))
        if frames.isEmpty {
            self.jobs[index].scene = state
        }
        for frame in frames where self.jobs[index].plan.frames.contains(frame) {
            self.jobs[index].frames[frame] = state
        }
        let unusable = Set(frames)
        self.jobs[index].audits.removeAll { unusable.contains($0.unit.frame) }
        let count = self.jobs[index].queue.count
        self.jobs[index].queue.removeAll { unusable.contains($0.frame) }
        if count != self.jobs[index].queue.count {
            // Say at once that the units are free, and do not ask for the same ones again at once.
            self.jobs[index].reportSince = now
            self.jobs[index].lastSent = nil
        }
        return self.advance(now: now)
    }

    /// A steward answered a request.
    public mutating func grantReceived(_ grant: LeaseGrant, number: UInt64, now: Instant) -> [Action] {
        guard let (index, request) = self.takeRequest(number) else { return [] }
        self.jobs[index].failures = 0
        self.jobs[index].pausedUntil = nil
        self.jobs[index].lastAnswer = now
        self.jobs[index].silentAt[request.steward] = nil
        self.jobs[index].urgency = grant.urgency
        self.jobs[index].energyCostMax = grant.energyCostMax
        self.jobs[index].hear(secondsLeft: grant.secondsLeft, now: now)
        self.jobs[index].batchEvery = .milliseconds(Int64(clamping: grant.batchMilliseconds))
        for report in request.reports {
            let held = self.jobs[index].held
            self.jobs[index].delivered.insert(report) { held.contains($0) }
        }
        guard !grant.isClosed else {
            self.closedJobs.append(self.jobs[index].job)
            self.closedJobs.removeFirst(max(0, self.closedJobs.count - Self.closedJobsMax))
            return self.forget(index) + self.advance(now: now)
        }
        var actions: [Action] = []
        self.cancel(grant.cancelled, index, &actions)
        if !request.reports.isEmpty {
            self.jobs[index].unreleasedSince = self.jobs[index].unreleasedSince ?? now
        }
        for unit in grant.released.prefix(WireLimits.unitsMax)
        where self.jobs[index].held.remove(unit) {
            self.jobs[index].delivered.release(unit)
            self.jobs[index].finished.removeAll { $0.unit == unit }
            self.jobs[index].unreleasedSince = self.jobs[index].held.isEmpty ? nil : now
            if self.jobs[index].finished.isEmpty { self.jobs[index].finishedSince = nil }
            self.reserve(unit, index, &actions)
        }
        for unit in grant.wantedPixels.prefix(WireLimits.unitsMax) {
            if self.jobs[index].held.contains(unit) || self.jobs[index].reserve.contains(unit) {
                actions.append(.sendPixels(self.jobs[index].job, unit, to: self.jobs[index].steward))
            } else if self.jobs[index].plan.index(of: unit) != nil, !self.jobs[index].lost.contains(unit),
                self.jobs[index].lost.count < WireLimits.unitsMax
            {
                self.jobs[index].lost.append(unit)
                self.jobs[index].reportSince = self.jobs[index].reportSince ?? now
            }
        }
        self.take(grant.units, index, now: now)
        self.take(grant.audits, index)
        if request.wanted > 0 {
            let isSuperseded = self.jobs[index].hasWantingRequest
            if !grant.units.isEmpty || !isSuperseded {
                self.jobs[index].isDry = grant.units.isEmpty
            }
            if grant.units.isEmpty, grant.audits.isEmpty, grant.wantedPixels.isEmpty, !isSuperseded,
                request.sentAt.advanced(by: .seconds(1)) > now
            {
                // A steward that has nothing parks the request. This one did not: do not spin.
                self.jobs[index].pausedUntil = now.advanced(by: .seconds(1))
            }
        }
        return actions + self.advance(now: now)
    }

    /// A request could not be sent, was refused or got no answer; what it reported is reported again.
    public mutating func requestFailed(number: UInt64, now: Instant) -> [Action] {
        guard let (index, request) = self.takeRequest(number) else { return [] }
        return self.requestIsLost(request, index, now: now) + self.advance(now: now)
    }

    /// A thread finished a unit; the shell keeps its pixels.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - unit: the unit.
    ///   - root: the root of the ``MerkleTree`` over `leaves`.
    ///   - leaves: the leaf of each block.
    ///   - workCount: the sum of the blocks' weighted work counters.
    ///   - elapsed: how long the thread took.
    ///   - now: the present.
    public mutating func unitFinished(
        _ job: JobID,
        _ unit: UnitID,
        root: Digest,
        leaves: [Digest],
        workCount: UInt64,
        elapsed: Duration,
        now: Instant
    ) -> [Action] {
        self.totals.units += 1
        self.totals.blocks += UInt64(unit.blockCount)
        self.totals.workCount = self.totals.workCount.addingClamped(workCount)
        self.totals.busy += elapsed
        guard let place = self.running.firstIndex(of: Running(job: job, unit: unit)), let index = self.jobIndex(job)
        else {
            // It was cancelled, or its job forgotten, while the thread finished.
            return [.dropPixels(job, unit)] + self.advance(now: now)
        }
        self.running.remove(at: place)
        let blockTime = elapsed / max(1, unit.blockCount)
        let known = self.jobs[index].blockTime ?? blockTime
        self.jobs[index].blockTime = (known * 3 + blockTime) / 4
        self.jobs[index].unitsDone += 1
        self.jobs[index].workDone = self.jobs[index].workDone.addingClamped(workCount)
        self.jobs[index].held.append(unit)
        self.jobs[index].finished.append(Finished(unit: unit, root: root, leaves: leaves, workCount: workCount))
        self.jobs[index].finishedSince = self.jobs[index].finishedSince ?? now
        return self.advance(now: now)
    }

    /// A unit cannot be rendered here; its lease is given back.
    public mutating func unitFailed(_ job: JobID, _ unit: UnitID, reason: String, now: Instant) -> [Action] {
        self.running.removeAll { $0 == Running(job: job, unit: unit) }
        return self.sceneFailed(job, frames: [unit.frame], reason: reason, now: now)
    }

    /// A leaf was recomputed.
    public mutating func auditFinished(
        _ job: JobID,
        _ audit: LeaseGrant.Audit,
        leaf: Digest,
        now: Instant
    ) -> [Action] {
        guard let index = self.jobIndex(job), let place = self.jobs[index].runningAudits.firstIndex(of: audit) else {
            return []
        }
        self.jobs[index].runningAudits.remove(at: place)
        self.totals.blocks += 1
        let report = AuditReport(job: job, unit: audit.unit, leafIndex: audit.leafIndex, leaf: leaf)
        let record = GridRecord.auditReport(report).signed(by: self.settings.me, with: self.settings.sign)
        self.jobs[index].reports.append(Report(record: record, leaves: []))
        // Somebody waits for it: no delay.
        self.jobs[index].reportSince = now.advanced(by: .zero - self.settings.reportDelayMax)
        return self.advance(now: now)
    }

    /// Pixels that were held are gone, for example because the disk is full.
    public mutating func pixelsLost(_ job: JobID, _ unit: UnitID, now: Instant) -> [Action] {
        guard let index = self.jobIndex(job) else { return [] }
        self.jobs[index].reserve.remove(unit)
        guard self.jobs[index].held.remove(unit) else { return [] }
        self.jobs[index].delivered.release(unit)
        self.jobs[index].lost.append(unit)
        self.jobs[index].reportSince = self.jobs[index].reportSince ?? now
        return self.advance(now: now)
    }

    /// Stops taking work until ``resume(now:)``: units that have begun are finished, the others given back.
    public mutating func pause(now: Instant) -> [Action] {
        guard self.mode == .working else { return [] }
        self.mode = .paused
        self.giveBack(now: now)
        return self.advance(now: now)
    }

    /// Takes work again.
    public mutating func resume(now: Instant) -> [Action] {
        guard self.mode == .paused else { return [] }
        self.mode = .working
        return self.advance(now: now)
    }

    /// Finishes what is rendering, gives the rest back and reports.
    ///
    /// It ends with ``Action/drained`` when stewards have fetched or released all pixels too. The shell need not wait for
    /// that longer than it likes.
    public mutating func drain(now: Instant) -> [Action] {
        guard self.mode != .draining else { return [] }
        self.mode = .draining
        self.giveBack(now: now)
        return self.advance(now: now)
    }

    /// A kilowatt-hour costs something else from now on.
    ///
    /// - Parameter price: the price in any currency, the same for the whole grid; 0 when it is not to be said.
    public mutating func energyPriceChanged(_ price: Double) {
        self.energyPrice = price
    }

    /// Frames were closed somewhere: who owes whom has changed.
    public mutating func reciprocityChanged(_ reciprocity: Reciprocity, now: Instant) -> [Action] {
        self.reciprocity = reciprocity
        for index in self.jobs.indices {
            self.jobs[index].reciprocity = reciprocity.weight(of: self.jobs[index].manifestRecord.signer)
        }
        return self.advance(now: now)
    }

    /// The session with a peer began: whatever waits for it as a steward is sent at once.
    public mutating func stewardConnected(_ steward: PeerID, now: Instant) -> [Action] {
        for index in self.jobs.indices {
            self.jobs[index].silentAt[steward] = nil
            if self.jobs[index].steward == steward {
                self.stewardIsBack(index, now: now)
                // It may have begun anew, and lease to others what this node holds until it hears of it.
                self.jobs[index].lastSent = nil
            }
        }
        return self.advance(now: now)
    }

    /// The session with a peer ended: what was asked of it as a steward is lost, and will be asked again.
    public mutating func stewardDisconnected(_ steward: PeerID, now: Instant) -> [Action] {
        var actions: [Action] = []
        for index in self.jobs.indices where self.jobs[index].stewards.contains(steward) {
            self.jobs[index].silentAt[steward] = now
        }
        for job in self.jobs.filter({ $0.steward == steward }).map(\.job) {
            guard let index = self.jobIndex(job) else { continue }
            let requests = self.jobs[index].requests
            self.jobs[index].requests = []
            for request in requests {
                guard let index = self.jobIndex(job) else { break }
                actions += self.requestIsLost(request, index, now: now)
            }
            if let index = self.jobIndex(job), self.jobs[index].steward == steward {
                self.turnAway(index, now: now)
            }
        }
        return actions + self.advance(now: now)
    }

    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] {
        var actions: [Action] = []
        for request in self.jobs.flatMap(\.requests)
        where request.sentAt.advanced(by: self.settings.requestTimeout) <= now {
            guard let (index, request) = self.takeRequest(request.number) else { continue }
            actions += self.requestIsLost(request, index, isSilence: true, now: now)
        }
        for index in self.jobs.indices {
            let job = self.jobs[index].job
            if let asked = self.jobs[index].requests.first(where: { $0.wanted > 0 })?.sentAt,
                asked.advanced(by: self.settings.rotateAfter) <= now
            {
                // The request is parked: let other jobs have the threads.
                self.jobs[index].isDry = true
            }
            self.turnFromHoarder(index, now: now)
            self.turnToStandIn(index, now: now)
            self.foundRoster(index, now: now, &actions)
            if case .failed(_, let retryAt) = self.jobs[index].scene, retryAt <= now {
                self.jobs[index].scene = .preparing
                actions.append(.prepareScene(job, frames: []))
            }
            for (frame, state) in self.jobs[index].frames {
                // Asked for again when a unit needs it.
                if case .failed(_, let retryAt) = state, retryAt <= now {
                    self.jobs[index].frames[frame] = nil
                }
            }
        }
        return actions + self.advance(now: now)
    }
}
