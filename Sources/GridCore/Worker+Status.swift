public import GridWire

extension Worker {
    /// When ``handleTimeout(now:)`` next has work to do, if ever; ask again after every input.
    public var nextDeadline: Instant? {
        var next: Instant?
        func consider(_ instant: Instant) {
            next = min(next ?? instant, instant)
        }
        for index in self.jobs.indices {
            for request in self.jobs[index].requests {
                consider(request.sentAt.advanced(by: self.settings.requestTimeout))
            }
            if case .failed(_, let retryAt) = self.jobs[index].scene {
                consider(retryAt)
            }
            for case .failed(_, let retryAt) in self.jobs[index].frames.values {
                consider(retryAt)
            }
            if let asked = self.jobs[index].requests.first(where: { $0.wanted > 0 })?.sentAt, !self.jobs[index].isDry {
                consider(asked.advanced(by: self.settings.rotateAfter))
            }
            if let due = self.requestDue(index) {
                consider(due)
            }
            if let due = self.hoarderDue(index) {
                consider(due)
            }
            if let due = self.stewardsDue(index) {
                consider(due)
            }
            // With nothing else at hand it begins then; else it begins when something ends.
            if self.mode == .working, self.jobs[index].scene == .waiting,
                let due = self.fetchDue(index),
                !self.jobs.contains(where: \.isPromising)
            {
                consider(due)
            }
        }
        return next
    }

    /// The manifest of a job that the worker knows.
    public func manifest(of job: JobID) -> JobManifest? {
        self.jobIndex(job).map { self.jobs[$0].manifest }
    }

    /// The signed manifest of a job that the worker knows.
    public func manifestRecord(of job: JobID) -> SignedRecord? {
        self.jobIndex(job).map { self.jobs[$0].manifestRecord }
    }

    /// The stewards of a job that the worker knows, the preferred one first.
    public func stewards(of job: JobID) -> [PeerID] {
        self.jobIndex(job).map { self.jobs[$0].stewards } ?? []
    }

    /// The jobs that the worker knows, in the order in which they were offered.
    public var knownJobs: [JobID] {
        self.jobs.map(\.job)
    }

    /// The shares of this node that the known jobs get, by their ratios.
    package var weights: [JobID: Double] {
        Dictionary(uniqueKeysWithValues: self.jobs.map { ($0.job, $0.weight) })
    }

    /// The steward of a job that the worker knows.
    public func steward(of job: JobID) -> PeerID? {
        self.jobIndex(job).map { self.jobs[$0].steward }
    }

    /// The number of units that are rendering.
    public var renderingCount: Int {
        self.running.count
    }

    /// Why this node renders nothing, in a sentence for people; empty when it does.
    public var idleReason: String {
        guard self.running.isEmpty else { return "" }
        switch self.mode {
        case .paused: return "paused by its owner"
        case .draining: return "about to stop"
        case .working: break
        }
        guard !self.jobs.isEmpty else {
            if let reason = self.lastIgnored {
                return "no job that it can work for; the last offer was ignored: \(reason)"
            }
            return "no peer offers a job"
        }
        for job in self.jobs {
            if case .failed(let reason, _) = job.scene {
                return "the scene of \"\(job.manifest.title)\" cannot be had: \(reason); it will try again"
            }
            for frame in job.frames.keys.sorted() {
                if case .failed(let reason, _) = job.frames[frame] {
                    return "frame \(frame) of \"\(job.manifest.title)\" cannot be had: \(reason); it will try again"
                }
            }
        }
        if let job = self.jobs.first(where: { $0.scene == .preparing || $0.frames.values.contains(.preparing) }) {
            return "fetching the scene of \"\(job.manifest.title)\""
        }
        if self.heldPixelBytes >= self.settings.heldPixelBytesMax {
            return "it holds \(self.heldPixelBytes >> 20) MiB of pixels that no other node has checked yet"
        }
        if let job = self.jobs.first(where: { $0.failures > 0 }) {
            return "\(job.steward), the steward of \"\(job.manifest.title)\", does not answer"
        }
        let cost = self.energyCost
        if cost > 0, let job = self.jobs.first(where: { $0.energyCostMax > 0 && $0.energyCostMax < cost }) {
            let percent = 100 * (Double(cost) / Double(job.energyCostMax) - 1)
            return "\"\(job.manifest.title)\" has time until its deadline, and energy costs this node "
                + "\(max(1, Int(min(percent, 1e6)))) % more than is needed now; it waits for a cheaper hour"
        }
        let titles = self.jobs.map { "\"\($0.manifest.title)\"" }.joined(separator: ", ")
        return "\(titles): no work left that this node could do"
    }

    /// What threads wait for that have nothing to do.
    package enum IdleCause: String, Sendable {
        /// Its owner paused the node, or is about to stop it.
        case paused = "paused"
        /// No job is known.
        case job = "no job known"
        /// The scene of a job, or of a frame of which units are here.
        case scene = "fetching"
        /// A steward that was asked a moment ago.
        case answer = "waiting for a grant"
        /// A steward that had no work when it was asked.
        case work = "no work"
        /// A steward that does not answer.
        case silence = "silent stewards"
        /// Nothing of these.
        case other = "not asking"
    }

    /// What this node's idle threads wait for.
    package var idleCause: IdleCause {
        guard self.mode == .working else { return .paused }
        guard !self.jobs.isEmpty else { return .job }
        if self.jobs.contains(where: { $0.hasWantingRequest && !$0.isDry }) { return .answer }
        if self.jobs.contains(where: { $0.scene == .preparing || $0.frames.values.contains(.preparing) }) {
            return .scene
        }
        if self.jobs.contains(where: { $0.failures > 0 }) { return .silence }
        return self.jobs.contains(where: \.isDry) ? .work : .other
    }

    /// The share of this node that a job gets while all that it knows have work, 0 to 1; nothing of others.
    public func share(of job: JobID) -> Double? {
        guard let index = self.jobIndex(job) else { return nil }
        return self.jobs[index].weight / self.jobs.reduce(0) { $0 + $1.weight }
    }

    /// Why a job gets no threads now although it has work, for people; empty when that is not so.
    private func waitingFor(_ job: JobWork) -> String {
        if job.scene == .waiting { return "other shots come first on this node" }
        guard self.awaitMemory.contains(job.job) else { return "" }
        return "its scene takes \(job.manifest.memory >> 20) MiB, and those in use leave too little of this node's "
            + "\(self.settings.memoryMax >> 20) MiB; tessera node --memory lends more"
    }

    /// The jobs that the worker knows, as the faces show them.
    public func snapshots(now: Instant) -> [JobSnapshot] {
        self.jobs.map { job in
            JobSnapshot(
                id: job.job.description,
                title: job.manifest.title,
                phase: "running",
                role: .worker,
                steward: job.steward.description,
                width: job.manifest.width,
                height: job.manifest.height,
                samples: job.manifest.samples,
                memory: job.manifest.memory,
                tilesAcross: job.plan.geometry.tilesAcross,
                tilesDown: job.plan.geometry.tilesDown,
                frameCount: job.plan.frameCount,
                unitsTotal: job.plan.unitCount,
                unitsRendered: job.unitsDone,
                workers: [
                    JobSnapshot.WorkerShare(
                        peerID: self.settings.me.description,
                        verifiedUnits: 0,
                        workCount: job.workDone,
                        heldUnits: self.rendering(job.job).count + job.queue.count,
                        isActive: true,
                        isBurned: false
                    )
                ],
                seconds: job.firstHeard.duration(to: now).seconds,
                waitingFor: self.waitingFor(job),
                priority: job.priority,
                share: self.share(of: job.job)
            )
        }
    }
}
