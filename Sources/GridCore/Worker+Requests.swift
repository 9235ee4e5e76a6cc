import GridWire

extension Worker {
    /// The most requests to one steward that are under way: one may be parked, another reports meanwhile.
    static let requestsMax = 2

    /// The bytes of pixels that are held.
    var heldPixelBytes: Int {
        self.jobs.reduce(0) { $0 + $1.held.bytes }
    }

    /// How many units of a job this node wants to hold: those of some time, see ``WorkAhead``, shared with the other jobs that
    /// have some; one for each thread while the speed is not known, growing with what was rendered.
    func share(of index: Int) -> Int {
        let weight = self.jobs[index].weight
        var weights = weight
        for other in self.jobs.indices
        where other != index && !self.jobs[other].isDry && self.jobs[other].scene == .ready {
            weights += self.jobs[other].weight
        }
        let threads = self.settings.threads
        var target = threads
        if let blockTime = self.jobs[index].blockTime {
            let unit = max(1, (blockTime * self.jobs[index].plan.blocksPerUnit).wholeMicroseconds)
            let left = self.jobs[index].ending?.seconds ?? 0
            let time = WorkAhead.time(atMost: self.settings.workAhead, secondsLeft: left)
            let ahead = time.wholeMicroseconds.multipliedClamped(by: UInt64(threads)) / unit
            target = min(max(threads + 1, Int(clamping: ahead)), 2 * (self.jobs[index].unitsDone + threads))
        }
        return min(max(1, Int(Double(target) * weight / weights)), Self.wantedUnitsMax)
    }

    /// How many units to ask for now.
    private func wanted(_ index: Int) -> Int {
        guard self.mode == .working, self.jobs[index].scene == .ready,
            self.heldPixelBytes < self.settings.heldPixelBytesMax
        else { return 0 }
        let held = self.renderingCount(self.jobs[index].job) + self.jobs[index].queue.count
        let share = self.share(of: index)
        let isLow = 2 * held <= share || (held < share && self.running.count < self.settings.threads)
        return isLow ? max(0, share - held) : 0
    }

    mutating func sendRequests(now: Instant, _ actions: inout [Action]) {
        for step in self.jobs.indices {
            let index = (self.rotation + step) % self.jobs.count
            if let due = self.requestDue(index), due <= now {
                self.send(index, now: now, &actions)
            }
        }
    }

    /// When the next request to the job's steward is due, in the past when at once; nothing while nothing is to be said.
    func requestDue(_ index: Int) -> Instant? {
        // Asked after every event: the job is looked at where it lies, since a copy takes as long as the rest.
        let atOnce = self.jobs[index].firstHeard
        guard self.jobs[index].requests.count < Self.requestsMax else { return nil }
        var due: Instant?
        func consider(_ instant: Instant) {
            due = min(due ?? instant, instant)
        }
        let leased = self.renderingCount(self.jobs[index].job) + self.jobs[index].queue.count
        let mayWait = self.mayWait(index)
        if self.jobs[index].hasNews || self.jobs[index].reportSince != nil {
            let since = self.jobs[index].reportSince ?? atOnce
            consider(mayWait ? since.advanced(by: self.reportDelay(ending: self.jobs[index].ending?.seconds)) : since)
        }
        if let since = self.jobs[index].finishedSince {
            consider(mayWait ? since.advanced(by: self.batchDelay(index)) : since)
        }
        if !self.jobs[index].hasWantingRequest, self.wanted(index) > 0 {
            consider(atOnce)
        }
        if leased > 0 || (!self.jobs[index].held.isEmpty && self.jobs[index].requests.isEmpty) {
            // It must be heard.
            consider(self.jobs[index].lastSent?.advanced(by: self.settings.heartbeat) ?? atOnce)
        }
        guard let due, let pausedUntil = self.jobs[index].pausedUntil else { return due }
        return max(due, pausedUntil)
    }

    /// How long finished units of a job wait for others: a two-hundredth of what the job still takes.
    ///
    /// Nobody waits for them meanwhile, and every batch is a record that each steward checks and keeps. What waits is leased
    /// anew when its steward is started again, so that it must be little beside the job.
    private func reportDelay(ending left: Double?) -> Duration {
        guard let left else { return self.settings.reportDelay }
        return min(max(self.settings.reportDelay, .seconds(left / 200)), self.settings.reportDelayMax)
    }

    /// Whether what is to be said may wait for company: only while there is work to go on with.
    private func mayWait(_ index: Int) -> Bool {
        self.mode == .working && self.jobs[index].finished.count < Self.batchUnitsMax
            && self.renderingCount(self.jobs[index].job) + self.jobs[index].queue.count > 0
    }

    /// How long finished units wait for others to be signed with: as other news do, or longer when a job has so many workers
    /// that its stewards would otherwise have a record to check, keep and tell each other of for every single unit.
    ///
    /// The nearer the end of the job, the more depends on the stewards knowing what is done.
    private func batchDelay(_ index: Int) -> Duration {
        let left = self.jobs[index].ending?.seconds
        return max(self.reportDelay(ending: left), self.crowdDelay(index))
    }

    private func crowdDelay(_ index: Int) -> Duration {
        guard let left = self.jobs[index].ending?.seconds else { return .zero }
        let delay = min(self.jobs[index].batchEvery, .seconds(left / 2))
        // Up to some hundreds of workers, what is finished goes with every request.
        return delay > self.settings.reportDelay ? delay : .zero
    }

    private mutating func send(_ index: Int, now: Instant, _ actions: inout [Action]) {
        let wanted = self.wanted(index)
        if let since = self.jobs[index].finishedSince,
            !self.mayWait(index) || since.advanced(by: self.crowdDelay(index)) <= now
        {
            self.sign(index)
            self.jobs[index].finishedSince = self.jobs[index].finished.isEmpty ? nil : now
        }
        let request = Request(
            number: self.nextRequest,
            steward: self.jobs[index].steward,
            sentAt: now,
            wanted: wanted,
            reports: Array(self.jobs[index].reports.prefix(Self.reportCount(self.jobs[index].reports))),
            lost: Array(self.jobs[index].lost.prefix(WireLimits.unitsMax))
        )
        self.nextRequest += 1
        self.jobs[index].reports.removeFirst(request.reports.count)
        self.jobs[index].lost.removeFirst(request.lost.count)
        self.jobs[index].reportSince = self.jobs[index].hasNews ? now : nil
        self.jobs[index].lastSent = now
        // A report that is under way may be lost or overtaken: until it is answered, its units stay leased.
        let holding =
            self.rendering(self.jobs[index].job) + self.jobs[index].queue
            + self.jobs[index].finished.map(\.unit) + self.jobs[index].unansweredUnits
        self.jobs[index].requests.append(request)
        let threadMicroseconds = self.jobs[index].blockTime?.wholeMicroseconds ?? 0
        let blockMicroseconds =
            threadMicroseconds == 0 ? 0 : max(1, threadMicroseconds / UInt64(self.settings.threads))
        let message = LeaseRequest(
            job: self.jobs[index].job,
            records: request.reports.map(\.record),
            leaves: request.reports.flatMap(\.leaves),
            lostPixels: request.lost,
            holding: Array(holding.prefix(WireLimits.unitsMax)),
            wantedUnits: wanted,
            blockMicroseconds: min(blockMicroseconds, WireLimits.blockMicrosecondsMax),
            isIdle: self.isIdle,
            energyCost: self.energyCost
        )
        actions.append(.sendLeaseRequest(message, to: request.steward, number: request.number))
    }

    /// What energy costs this node for 10^18 of work, by the work that it did so far; 0 while that is not known.
    var energyCost: UInt64 {
        let (busy, work) = (self.totals.busy.seconds, Double(self.totals.workCount))
        guard self.settings.watts > 0, self.energyPrice > 0, busy > 0, work > 0 else { return 0 }
        let perSecond = self.energyPrice * self.settings.watts / 3.6e6
        let cost = perSecond * busy / (work * Double(self.settings.threads)) * 1e18
        return UInt64(min(max(cost, 1), Double(WireLimits.energyCostMax)))
    }

    /// Whether a thread has nothing to do and no unit of any job waits for one.
    private var isIdle: Bool {
        self.running.count < self.settings.threads && self.jobs.allSatisfy { $0.queue.isEmpty }
    }

    /// How many of the first reports fit a request, with their leaves.
    private static func reportCount(_ reports: [Report]) -> Int {
        var leaves = 0
        for (count, report) in reports.prefix(WireLimits.requestRecordsMax).enumerated() {
            leaves += report.leaves.count
            if leaves > WireLimits.unitsMax { return count }
        }
        return min(reports.count, WireLimits.requestRecordsMax)
    }

    /// Signs a batch over what is finished.
    private mutating func sign(_ index: Int) {
        guard !self.jobs[index].finished.isEmpty else { return }
        let finished = self.jobs[index].finished.prefix(Self.batchUnitsMax).sorted { $0.unit < $1.unit }
        self.jobs[index].finished.removeFirst(finished.count)
        let batch = ResultBatch(
            job: self.jobs[index].job,
            sequence: self.nextSequence,
            results: finished.map {
                ResultBatch.UnitResult(unit: $0.unit, pixelRoot: $0.root, workCount: $0.workCount)
            }
        )
        self.nextSequence += 1
        let record = GridRecord.resultBatch(batch).signed(by: self.settings.me, with: self.settings.sign)
        let leaves = finished.map { LeaseRequest.Leaves(unit: $0.unit, leaves: $0.leaves) }
        self.jobs[index].reports.append(Report(record: record, leaves: leaves))
        self.jobs[index].history.append(record)
        if self.jobs[index].history.count > Self.historyMax {
            self.jobs[index].history.removeFirst(Self.historyMax / 8)
        }
    }
}
