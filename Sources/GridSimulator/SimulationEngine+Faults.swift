import GridCore
import GridWire

extension SimulationEngine {
    func scheduleFaults() {
        for node in self.nodes.indices {
            self.scheduleCrash(node)
            self.scheduleSlowdown(node)
            self.schedulePause(node)
        }
        for link in self.links.indices {
            self.scheduleDisconnect(link)
        }
        self.schedulePartition()
    }

    /// Whether the node may die at all.
    func mayCrash(_ node: Int) -> Bool {
        self.scenario.faults.stewardsCrash || node >= self.scenario.stewards
    }

    func scheduleCrash(_ node: Int) {
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

    func scheduleDisconnect(_ link: Int) {
        guard let time = self.nextTime(self.scenario.faults.disconnectMeanSeconds) else { return }
        self.queue.add(.disconnect(link: link), at: time)
    }

    func schedulePartition() {
        guard let time = self.nextTime(self.scenario.faults.partitionMeanSeconds) else { return }
        self.queue.add(.partition, at: time)
    }

    /// Cuts a random part of the nodes off for a while.
    func partition() {
        self.schedulePartition()
        guard self.isFaulty else { return }
        let until = self.now + self.scenario.faults.partitionSeconds
        let share = self.random.unit()
        for node in self.nodes.indices where self.random.happens(share) {
            self.nodes[node].cutOffUntil = until
            self.note(node, .note("is cut off"))
        }
        for link in self.links.indices where self.isCut(link) {
            self.breakLink(link)
        }
    }

    /// Whether the ends of a session cannot reach each other now.
    func isCut(_ link: Int) -> Bool {
        let worker = self.nodes[self.links[link].worker].cutOffUntil
        let steward = self.nodes[self.links[link].steward].cutOffUntil
        return (worker > self.now) != (steward > self.now)
    }

    /// When a fault that has no memory happens next; nothing when that is after the end of all faults.
    private func nextTime(_ meanSeconds: Double) -> VirtualTime? {
        guard meanSeconds > 0 else { return nil }
        let time = self.now + self.random.exponential(mean: meanSeconds)
        return time.seconds < self.faultsUntilSeconds ? time : nil
    }

    /// `kill -9`: what is in memory is lost, what is on the disk stays.
    func crash(_ node: Int) {
        guard self.nodes[node].isUp else { return }
        self.report.crashes += 1
        self.note(node, .note("dies"))
        for render in self.nodes[node].running where self.jobs[render.job].copies[render.unit, default: []].count < 2 {
            if self.jobs[render.job].orphanedAt[render.unit] == nil {
                self.jobs[render.job].orphanedAt[render.unit] = self.now
            }
        }
        self.endRenders(node) { _ in true }
        self.nodes[node].isUp = false
        self.nodes[node].incarnation += 1
        self.nodes[node].worker = nil
        self.nodes[node].workerWakesAt = nil
        self.nodes[node].held = [:]
        self.nodes[node].finished = []
        for job in self.jobs.indices where self.jobs[job].stewardNode == node {
            self.jobs[job].steward = nil
            self.jobs[job].stewardWakesAt = nil
            self.jobs[job].pending = [:]
        }
        for link in self.linksOf(node) {
            if self.links[link].worker == node { self.links[link].workerBelieves = false }
            if self.links[link].steward == node { self.links[link].stewardBelieves = false }
            self.breakLink(link)
        }
        let absence = self.random.within(0.5, max(0.5, self.scenario.faults.absenceSecondsMax))
        self.queue.add(.restart(node: node), at: self.now + absence)
    }

    /// The node's process starts again.
    func restart(_ node: Int) {
        guard !self.nodes[node].isUp else { return }
        self.nodes[node].isUp = true
        self.nodes[node].clock = self.newClock()
        self.note(node, .note("comes back"))
        self.bringUp(node)
        for job in self.jobs.indices where self.jobs[job].stewardNode == node && self.jobs[job].isSubmitted {
            self.loadSteward(job)
            if self.jobs[job].isStarted {
                self.withSteward(job) { $0.start(now: $1) }
            }
        }
        self.scheduleCrash(node)
    }

    /// Gives a node its worker and lets it dial.
    func bringUp(_ node: Int) {
        let peer = self.nodes[node].peer
        self.nodes[node].worker = Worker(
            settings: Worker.Settings(
                me: peer,
                sign: SimulatedIdentity.signer(peer),
                verify: SimulatedIdentity.verifier,
                grid: Self.grid,
                coreVersion: Self.coreVersion,
                threads: self.nodes[node].threads,
                firstBatchSequence: UInt64(self.now.nanoseconds / 1_000_000)
            )
        )
        self.setWorkerAlarm(node)
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
