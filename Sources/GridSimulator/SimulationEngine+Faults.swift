import GridCore
import GridWire

extension SimulationEngine {
    func scheduleFaults() {
        for node in self.nodes.indices {
            self.scheduleCrash(node)
            self.scheduleSlowdown(node)
            self.schedulePause(node)
            self.scheduleFullDisk(node)
            if self.peering != nil { self.scheduleBreak(node) }
        }
        for link in self.links.indices where self.peering == nil {
            self.scheduleDisconnect(link)
        }
        self.schedulePartition()
        for (index, incident) in self.scenario.incidents.enumerated() {
            self.queue.add(.incident(index), at: VirtualTime(seconds: incident.atSeconds))
        }
    }

    /// What the scenario wants to happen now.
    func incident(_ incident: SimulationScenario.Incident) {
        var victims: [Int] = []
        if incident.stewardsKilled > 0, let node = self.jobs.first?.seated.first,
            let roster = self.jobs.first?.seats[node]?.steward?.roster
        {
            victims += roster.stewards.compactMap { self.nodeIndex[$0] }.filter { self.nodes[$0].isUp }
                .prefix(incident.stewardsKilled)
        }
        let stewards = Set(self.jobs.flatMap(\.seated))
        for node in self.nodes.indices where !stewards.contains(node) && self.random.happens(incident.shareKilled) {
            victims.append(node)
        }
        for node in victims {
            self.crash(node, absenceSeconds: incident.absenceSeconds, isForGood: incident.absenceSeconds == 0)
            self.nodes[node].missingSince = self.now
        }
        self.noteLosses()
        if incident.shareCutOff > 0 {
            self.cutOff(share: incident.shareCutOff, seconds: incident.cutOffSeconds)
        }
    }

    /// Whether the node may die at all.
    func mayCrash(_ node: Int) -> Bool {
        self.scenario.faults.stewardsCrash || node >= self.scenario.stewards
    }

    func scheduleCrash(_ node: Int) {
        if self.scenario.faults.sessionMeanSeconds > 0, node >= self.scenario.stewards || self.peering != nil {
            // Weibull with shape 0.5: the square of a waiting time without memory.
            let root = self.random.exponential(mean: 1)
            let time = self.now + self.scenario.faults.sessionMeanSeconds / 2 * root * root
            guard time.seconds < self.faultsUntilSeconds else { return }
            self.queue.add(.crash(node: node, incarnation: self.nodes[node].incarnation), at: time)
            return
        }
        guard self.mayCrash(node), let time = self.nextTime(self.scenario.faults.crashMeanSeconds) else { return }
        self.queue.add(.crash(node: node, incarnation: self.nodes[node].incarnation), at: time)
    }

    func scheduleSlowdown(_ node: Int) {
        guard let time = self.nextTime(self.scenario.faults.slowdownMeanSeconds) else { return }
        self.queue.add(.slowDown(node: node), at: time)
    }

    func schedulePause(_ node: Int) {
        guard let time = self.nextTime(self.scenario.faults.pauseMeanSeconds) else { return }
        self.queue.add(.pause(node: node), at: time)
    }

    func scheduleFullDisk(_ node: Int) {
        guard self.disks != nil, let time = self.nextTime(self.scenario.faults.fullDiskMeanSeconds) else { return }
        self.queue.add(.fillDisk(node: node), at: time)
    }

    func scheduleDisconnect(_ link: Int) {
        guard let time = self.nextTime(self.scenario.faults.disconnectMeanSeconds) else { return }
        self.queue.add(.disconnect(link: link), at: time)
    }

    func scheduleBreak(_ node: Int) {
        guard let time = self.nextTime(self.scenario.faults.disconnectMeanSeconds) else { return }
        self.queue.add(.peering(.breakSession(node: node)), at: time)
    }

    func schedulePartition() {
        guard let time = self.nextTime(self.scenario.faults.partitionMeanSeconds) else { return }
        self.queue.add(.partition, at: time)
    }

    /// Cuts a random part of the nodes off for a while.
    func partition() {
        self.schedulePartition()
        guard self.isFaulty else { return }
        self.cutOff(share: self.random.unit(), seconds: self.scenario.faults.partitionSeconds)
    }

    private func cutOff(share: Double, seconds: Double) {
        let until = self.now + seconds
        self.queue.add(.healed, at: until)
        for node in self.nodes.indices where self.random.happens(share) {
            self.nodes[node].cutOffUntil = until
            self.note(node, .note("is cut off"))
        }
        // Where sessions are real, they find out.
        for link in self.links.indices where self.peering == nil && self.isCut(link) {
            self.breakLink(link)
        }
    }

    /// Whether the ends of a session cannot reach each other now.
    func isCut(_ link: Int) -> Bool {
        self.isCut(self.links[link].worker, self.links[link].steward)
    }

    /// Whether two nodes cannot reach each other now.
    func isCut(_ a: Int, _ b: Int) -> Bool {
        (self.nodes[a].cutOffUntil > self.now) != (self.nodes[b].cutOffUntil > self.now)
    }

    /// When a fault that has no memory happens next; nothing when that is after the end of all faults.
    private func nextTime(_ meanSeconds: Double) -> VirtualTime? {
        guard meanSeconds > 0 else { return nil }
        let time = self.now + self.random.exponential(mean: meanSeconds)
        return time.seconds < self.faultsUntilSeconds ? time : nil
    }

    /// `kill -9`: what is in memory is lost, what is on the disk stays.
    func crash(_ node: Int, absenceSeconds: Double? = nil, isForGood: Bool = false) {
        guard self.nodes[node].isUp else { return }
        self.report.crashes += 1
        self.note(node, .note("dies"))
        for render in self.nodes[node].running where self.jobs[render.job].copies[render.unit, default: []].count < 2 {
            if self.jobs[render.job].orphanedAt[render.unit] == nil {
                self.jobs[render.job].orphanedAt[render.unit] = self.now
            }
        }
        self.countIdle(node)
        self.endRenders(node, for: "died with their nodes") { _ in true }
        self.nodes[node].isUp = false
        self.nodes[node].incarnation += 1
        self.storeFetched(node, isEnding: true)
        if self.scenario.assets?.disksSurvive == false { self.nodes[node].diskBytes = [:] }
        self.nodes[node].worker = nil
        self.nodes[node].idleCause = nil
        self.nodes[node].workerWakesAt = nil
        self.nodes[node].held = [:]
        self.nodes[node].finished = []
        for job in self.jobs.indices where self.jobs[job].seats[node]?.steward != nil {
            if self.jobs[job].seats[node]?.steward?.isActing == true {
                self.jobs[job].bereftSince[node] = self.now
            }
            self.jobs[job].seats[node]?.steward = nil
            self.jobs[job].seats[node]?.wakesAt = nil
            self.jobs[job].seats[node]?.pending = [:]
            if self.disks == nil { self.tear(job, at: node) }
        }
        self.crashStore(node)
        if self.peering != nil {
            self.nodes[node].isUnplugged = self.random.happens(self.scenario.faults.silentShare)
            self.endPeering(node, isSilent: self.nodes[node].isUnplugged)
        }
        for link in self.linksOf(node) {
            if self.links[link].worker == node { self.links[link].workerBelieves = false }
            if self.links[link].steward == node { self.links[link].stewardBelieves = false }
            self.breakLink(link)
        }
        guard !isForGood else { return }
        let absence = absenceSeconds ?? self.random.within(0.5, max(0.5, self.scenario.faults.absenceSecondsMax))
        self.queue.add(.restart(node: node), at: self.now + absence)
    }

    /// The power failed before the last records were on the disk.
    private func tear(_ job: Int, at node: Int) {
        guard self.isFaulty, self.random.happens(self.scenario.faults.tornRate), let seat = self.jobs[job].seats[node]
        else { return }
        for _ in 0 ..< self.random.below(4) where seat.records.count > 1 {
            // A database loses the last transactions: where the deletion lasts, so does what was written before it.
            if seat.hasForgotten, let last = seat.records.last, last.kind == .frameSeal || last.kind == .fraudProof {
                break
            }
            seat.recordIDs.remove(seat.records.removeLast().id)
        }
    }

    /// The node's process starts again.
    func restart(_ node: Int) {
        guard !self.nodes[node].isUp else { return }
        self.countAbsence(node)
        self.nodes[node].isUp = true
        self.nodes[node].startedAt = self.now
        self.nodes[node].isUnplugged = false
        self.nodes[node].clock = self.newClock()
        self.jumpWallClock(node)
        self.note(node, .note("comes back"))
        self.openStore(node)
        self.bringUp(node)
        for job in self.jobs.indices where self.jobs[job].seats[node]?.isReceiving == false {
            self.jobs[job].bereftSince[node] = nil
            self.loadSteward(job, at: node)
            self.startSteward(job, at: node)
        }
        self.scheduleCrash(node)
    }

    /// Gives a node its worker and lets it dial.
    func bringUp(_ node: Int) {
        let peer = self.nodes[node].peer
        var settings = Worker.Settings(
            me: peer,
            sign: SimulatedIdentity.signer(peer),
            verify: SimulatedIdentity.verifier,
            grid: Self.grid,
            coreVersion: Self.coreVersion,
            threads: self.nodes[node].threads,
            firstBatchSequence: self.beginBatches(node)
        )
        if self.scenario.energy != nil {
            settings.watts = 100 * self.watts(node) * Double(self.nodes[node].threads)
        }
        if let assets = self.scenario.assets { settings.fetchRate = assets.bytesPerSecond }
        self.nodes[node].worker = Worker(settings: settings)
        self.beginCounting(node)
        self.setWorkerAlarm(node)
        guard self.peering == nil else {
            self.connectLater(self.link(node, node))
            return self.startPeering(node)
        }
        for link in self.linksOf(node) {
            self.connectLater(link)
        }
    }

    /// The sessions of a node, as a worker and as a steward.
    private func linksOf(_ node: Int) -> [Int] {
        var links = (0 ..< self.scenario.stewards).map { self.link(node, $0) }
        if node < self.scenario.stewards {
            links += self.nodes.indices.filter { $0 != node }.map { self.link($0, node) }
        }
        return links
    }
}
