import GridWire

extension Worker {
    /// After this many failures in a row another steward is asked.
    static let failuresBeforeChange = 2

    mutating func ignore(_ job: JobID, _ reason: String) -> [Action] {
        self.lastIgnored = reason
        return [.offerIgnored(job, reason: reason)]
    }

    mutating func stewardIsBack(_ index: Int, now: Instant) {
        self.jobs[index].failures = 0
        self.jobs[index].pausedUntil = nil
        self.jobs[index].lastAnswer = now
        self.jobs[index].isDry = false
    }

    /// Takes a request off the list of those that are under way.
    mutating func takeRequest(_ number: UInt64) -> (Int, Request)? {
        for index in self.jobs.indices {
            if let place = self.jobs[index].requests.firstIndex(where: { $0.number == number }) {
                return (index, self.jobs[index].requests.remove(at: place))
            }
        }
        return nil
    }

    /// Keeps what a lost request reported for the next one, and waits a while.
    ///
    /// - Parameter isSilence: whether no answer came in the time in which a steward always gives one. Another steward is
    ///   then asked at once; a failure may be a passing one.
    mutating func requestIsLost(
        _ request: Request,
        _ index: Int,
        isSilence: Bool = false,
        now: Instant
    ) -> [Action] {
        self.jobs[index].reports = request.reports + self.jobs[index].reports
        self.jobs[index].lost = request.lost + self.jobs[index].lost
        self.jobs[index].failures += 1
        let doublings = min(self.jobs[index].failures - 1, 16)
        let pause = min(self.settings.backoff * (1 << doublings), self.settings.backoffMax)
        self.jobs[index].pausedUntil = now.advanced(by: pause)
        if isSilence || self.jobs[index].failures >= Self.failuresBeforeChange {
            self.turnAway(index, now: now)
        }
        if self.jobs[index].lastAnswer.advanced(by: self.settings.stewardLostAfter) <= now {
            return self.forget(index)
        }
        return []
    }

    mutating func forget(_ index: Int) -> [Action] {
        let job = self.jobs.remove(at: index).job
        self.running.removeAll { $0.job == job }
        return [.forgetJob(job)]
    }

    /// Keeps the pixels of a unit that others hold, in place of the oldest ones where there is no room.
    mutating func reserve(_ unit: UnitID, _ index: Int, _ actions: inout [Action]) {
        self.jobs[index].reserve.append(unit)
        while self.jobs.reduce(0, { $0 + $1.reserve.bytes }) > self.settings.reservePixelBytesMax,
            let oldest = self.jobs[index].reserve.popOldest()
        {
            actions.append(.dropPixels(self.jobs[index].job, oldest))
        }
    }

    mutating func cancel(_ units: [UnitID], _ index: Int, _ actions: inout [Action]) {
        let job = self.jobs[index].job
        for unit in units.prefix(WireLimits.unitsMax) {
            self.jobs[index].queue.removeAll { $0 == unit }
            if let place = self.running.firstIndex(of: Running(job: job, unit: unit)) {
                self.running.remove(at: place)
                actions.append(.cancelRender(job, unit))
            }
        }
    }

    mutating func take(_ units: [UnitID], _ index: Int, now: Instant) {
        guard self.mode == .working else {
            // They were on their way when a person paused the node; the next report shows that they are not held.
            if !units.isEmpty {
                self.jobs[index].reportSince = now
                self.jobs[index].lastSent = nil
            }
            return
        }
        let busy = Set(self.rendering(self.jobs[index].job) + self.jobs[index].unansweredUnits)
        for unit in units.prefix(WireLimits.unitsMax) where self.jobs[index].plan.index(of: unit) != nil {
            guard !busy.contains(unit), !self.jobs[index].queue.contains(unit),
                !self.jobs[index].finished.contains(where: { $0.unit == unit }),
                self.jobs[index].queue.count < Steward.heldUnitsMax
            else { continue }
            self.jobs[index].queue.append(unit)
        }
    }

    mutating func take(_ audits: [LeaseGrant.Audit], _ index: Int) {
        for audit in audits where self.jobs[index].plan.index(of: audit.unit) != nil {
            guard (0 ..< audit.unit.blockCount).contains(audit.leafIndex),
                !self.jobs[index].audits.contains(audit), !self.jobs[index].runningAudits.contains(audit),
                self.jobs[index].audits.count + self.jobs[index].runningAudits.count < Self.auditsMax
            else { continue }
            self.jobs[index].audits.append(audit)
        }
    }

    /// Gives units back that have not begun.
    mutating func giveBack(now: Instant) {
        for index in self.jobs.indices {
            guard !self.jobs[index].queue.isEmpty || self.jobs[index].hasWantingRequest else { continue }
            self.jobs[index].queue = []
            self.jobs[index].reportSince = now
            self.jobs[index].lastSent = nil
        }
    }

    /// Feeds the threads and sends what is to be sent.
    mutating func advance(now: Instant) -> [Action] {
        var actions: [Action] = []
        self.prepareScenes(now: now, &actions)
        self.prepareFrames(&actions)
        self.startAudits(&actions)
        self.startUnits(&actions)
        self.sendRequests(now: now, &actions)
        if self.mode == .draining, !self.saidDrained, self.running.isEmpty,
            self.jobs.allSatisfy(\.owesNothing)
        {
            self.saidDrained = true
            actions.append(.drained)
        }
        return actions
    }

    private mutating func prepareFrames(_ actions: inout [Action]) {
        for index in self.jobs.indices {
            var frames: [Int] = []
            for frame in self.jobs[index].audits.map(\.unit.frame) + self.jobs[index].queue.map(\.frame)
            where self.jobs[index].frames[frame] == nil {
                self.jobs[index].frames[frame] = .preparing
                frames.append(frame)
            }
            if !frames.isEmpty {
                actions.append(.prepareScene(self.jobs[index].job, frames: frames))
            }
        }
    }
}
