import GridWire

/// Which units and audits the threads turn to.
///
/// What the scenes of all that is under way take together is never more than this node lends, as their jobs declare it.
extension Worker {
    /// By how many units a thread a job may fall behind while its scene has no room beside those in use.
    ///
    /// Then nothing else is
    /// begun until it has: that threads wait now and then costs less than loading scenes in turn for each unit.
    static let unitsBehindMax = 8.0

    /// Starts audits, each as soon as the scene of its frame is ready and fits.
    mutating func startAudits(_ actions: inout [Action]) {
        for index in self.jobs.indices where !self.jobs[index].audits.isEmpty {
            var waiting: [LeaseGrant.Audit] = []
            for audit in self.jobs[index].audits {
                guard self.jobs[index].frames[audit.unit.frame] == .ready,
                    self.scenesInUse.hasRoom(for: self.jobs[index], frame: audit.unit.frame)
                else {
                    waiting.append(audit)
                    continue
                }
                self.jobs[index].runningAudits.append(audit)
                actions.append(.audit(self.jobs[index].job, audit))
            }
            self.jobs[index].audits = waiting
        }
    }

    /// Starts units; jobs that have some get threads in proportion to their weights (stride scheduling, Waldspurger and
    /// Weihl 1995).
    mutating func startUnits(_ actions: inout [Action]) {
        guard self.mode == .working else { return }
        while self.running.count < self.settings.threads, let (index, place) = self.nextUnit() {
            // A job that had nothing for a while does not make up for it.
            self.pass = max(self.pass, self.jobs[index].pass)
            self.jobs[index].pass = self.pass + 1 / self.jobs[index].weight
            self.rotation = (index + 1) % self.jobs.count
            let unit = self.jobs[index].queue.remove(at: place)
            // Rendered again, since a steward wants it again.
            if self.jobs[index].held.remove(unit) { self.jobs[index].delivered.release(unit) }
            self.jobs[index].reserve.remove(unit)
            self.running.append(Running(job: self.jobs[index].job, unit: unit))
            actions.append(.render(self.jobs[index].job, unit))
        }
    }

    /// The unit that comes next of those whose scenes fit into memory: its job and its place in the job's queue.
    private mutating func nextUnit() -> (index: Int, place: Int)? {
        if !self.awaitMemory.isEmpty { self.awaitMemory = [] }
        guard self.jobs.contains(where: { !$0.queue.isEmpty }) else { return nil }
        // Audits decide who is right: they wait for what runs, but for nothing that begins after them.
        guard !self.jobs.contains(where: { job in job.audits.contains { job.frames[$0.unit.frame] == .ready } }) else {
            return nil
        }
        let inUse = self.scenesInUse
        var chosen: (index: Int, place: Int)?
        var crowdedOut: Int?
        for index in self.jobs.indices where !self.jobs[index].queue.isEmpty {
            let job = self.jobs[index]
            var hasReady = false
            let place = job.queue.firstIndex { unit in
                guard job.frames[unit.frame] == .ready else { return false }
                hasReady = true
                return inUse.hasRoom(for: job, frame: unit.frame)
            }
            if let place {
                if chosen.map({ job.pass < self.jobs[$0.index].pass }) ?? true { chosen = (index, place) }
            } else if hasReady {
                self.awaitMemory.insert(job.job)
                if crowdedOut.map({ job.pass < self.jobs[$0].pass }) ?? true { crowdedOut = index }
            }
        }
        guard let chosen, let crowdedOut else { return chosen }
        let waiting = self.jobs[crowdedOut]
        let unitsBehind = (self.jobs[chosen.index].pass - waiting.pass) * waiting.weight
        return unitsBehind <= Self.unitsBehindMax * Double(self.settings.threads) ? chosen : nil
    }

    private var scenesInUse: ScenesInUse {
        var scenes = ScenesInUse(bytesMax: self.settings.memoryMax)
        for running in self.running {
            if let index = self.jobIndex(running.job) { scenes.add(self.jobs[index], frame: running.unit.frame) }
        }
        for job in self.jobs {
            for audit in job.runningAudits { scenes.add(job, frame: audit.unit.frame) }
        }
        return scenes
    }

    /// The scenes that must be in memory.
    private struct ScenesInUse {
        private struct Scene: Hashable {
            let job: JobID
            let frame: Int
        }

        let bytesMax: UInt64
        private var scenes: Set<Scene> = []
        private var bytes: UInt64 = 0

        init(bytesMax: UInt64) {
            self.bytesMax = bytesMax
        }

        mutating func add(_ job: JobWork, frame: Int) {
            guard self.scenes.insert(Scene(job: job.job, frame: frame)).inserted else { return }
            self.bytes = self.bytes.addingClamped(job.manifest.memory)
        }

        /// Whether a scene is among these or fits beside them.
        func hasRoom(for job: JobWork, frame: Int) -> Bool {
            self.scenes.isEmpty || self.bytes.addingClamped(job.manifest.memory) <= self.bytesMax
                || self.scenes.contains(Scene(job: job.job, frame: frame))
        }
    }
}
