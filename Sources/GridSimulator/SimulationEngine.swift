import GridCore
import GridWire
import PeerSession

/// The second shell of the ``GridCore`` machines: virtual clock, network and disks.
///
/// One event is taken from the queue and fed to one machine; the actions that come back become further events. Nothing
/// calls a machine from within the actions of another.
final class SimulationEngine {
    let scenario: SimulationScenario
    var random: SeededRandom
    var queue = EventQueue<SimulationEvent>()
    var now = VirtualTime.zero
    var nodes: [SimulatedNode] = []
    var jobs: [SimulatedJob] = []
    /// The session of worker `w` and steward node `s` is at `w * stewards + s`.
    var links: [Link] = []
    /// The lines of the nodes; none where they have latencies alone.
    var lines: [AccessLine] = []
    /// What lies between nodes that find each other; nothing where sessions are simply there.
    var peering: Peering?
    /// The data directories of the nodes; nothing where disks are in memory.
    var disks: SimulationDisks?
    /// When the last cut ended.
    var cutEndedAt = VirtualTime.zero
    var nodeIndex: [PeerID: Int] = [:]
    var jobIndex: [JobID: Int] = [:]
    var report: SimulationReport
    var nextRequestID: UInt64 = 0
    var nextToken: UInt64 = 0
    var busySeconds = 0.0
    var usefulSeconds = 0.0
    /// What was done and what could have been, since the first submission.
    var capacity = Capacity()
    /// Whether every job has ended.
    var hasEnded = false
    var usefulCopies = 0
    /// The copies of all units of all jobs, two of each.
    var wantedCopies = 0
    /// When the first job began: its scene was there, and its first steward offered it.
    var beginSeconds = Double.infinity
    /// How often in a row a machine was woken without time going on.
    var idleWakes = 0
    /// When faults stop; some time after the last job ended there is nothing left to disturb.
    var faultsUntilSeconds: Double

    static let grid = "simulated"
    static let coreVersion = Digest(hashing: "tessera-simulated-core".utf8)
    /// The run stops at so many violations.
    static let violationsMax = 4
    /// A machine that is woken so often at one instant never sleeps.
    static let idleWakesMax = 1_000
    /// How long faults go on after the last job ended.
    static let disturbedEndSeconds = 30.0
    /// After the last job ended, the grid must come to rest within this time.
    static let settleSeconds = 120.0

    init(_ scenario: SimulationScenario) {
        self.scenario = scenario
        self.random = SeededRandom(seed: scenario.seed)
        self.faultsUntilSeconds = scenario.faults.untilSeconds
        self.report = SimulationReport(seed: scenario.seed, nodes: scenario.nodes)
        self.peering = scenario.peering.map { Peering($0) }
        if scenario.usesStore {
            self.disks = SimulationDisks(scenario)
            self.report.store = SimulationReport.Store()
        }
        self.makeNodes()
        self.makeJobs()
        self.wantedCopies = self.jobs.reduce(0) { $0 + 2 * $1.plan.unitCount }
        self.scheduleFaults()
    }

    /// Whether things still go wrong.
    var isFaulty: Bool {
        self.now.seconds < self.faultsUntilSeconds
    }

    /// How many events pass between two looks at whether the run is still wanted.
    private static let cancellationInterval: UInt64 = 16_384

    /// Runs to the end.
    func run() throws {
        let limit = VirtualTime(seconds: self.scenario.timeLimitSeconds)
        var end = limit
        while let (time, event) = self.queue.popFirst() {
            guard time <= end else { break }
            if time > self.now {
                self.idleWakes = 0
            }
            self.now = time
            self.report.events += 1
            self.handle(event)
            if self.report.events % Self.cancellationInterval == 0 { try Task.checkCancellation() }
            guard self.report.violations.count < Self.violationsMax else { return }
            if !self.hasEnded, self.jobs.allSatisfy({ $0.completedAt != nil }) {
                self.countEfficiency()
                self.hasEnded = true
                self.faultsUntilSeconds = min(self.faultsUntilSeconds, self.now.seconds + Self.disturbedEndSeconds)
                let calm = max(self.now, VirtualTime(seconds: self.faultsUntilSeconds))
                end = calm + self.scenario.faults.absenceSecondsMax + Self.settleSeconds
            }
        }
        self.checkEnd()
    }

    private func handle(_ event: SimulationEvent) {
        switch event {
        case .wakeWorker(let node, let incarnation):
            guard self.isCurrent(node, incarnation), self.nodes[node].workerWakesAt == self.now else { return }
            self.nodes[node].workerWakesAt = nil
            self.countWake(node, "a worker never sleeps")
            self.withWorker(node) { $0.handleTimeout(now: $1) }
        case .wakeSteward(let job, let node, let incarnation):
            guard self.isCurrent(node, incarnation), self.jobs[job].seats[node]?.wakesAt == self.now else { return }
            self.jobs[job].seats[node]?.wakesAt = nil
            self.countWake(node, "a steward never sleeps")
            self.withSteward(job, at: node) { $0.handleTimeout(now: $1) }
        case .deliver(let message):
            self.deliver(message)
        case .requestFailed(let node, let incarnation, let number):
            guard self.isCurrent(node, incarnation) else { return }
            self.withWorker(node) { $0.requestFailed(number: number, now: $1) }
        case .renderDone(let node, let incarnation, let token):
            guard self.isCurrent(node, incarnation) else { return }
            self.renderDone(node, token: token)
        case .auditDone(let node, let incarnation, let job, let audit):
            guard self.isCurrent(node, incarnation) else { return }
            self.auditDone(node, job: job, audit)
        case .sceneDone(let node, let incarnation, let job, let frames, let hasFailed):
            guard self.isCurrent(node, incarnation) else { return }
            let id = self.jobs[job].id
            self.storeFetched(node)
            if hasFailed {
                self.withWorker(node) { $0.sceneFailed(id, frames: frames, reason: "a chunk is missing", now: $1) }
            } else {
                self.withWorker(node) { $0.sceneReady(id, frames: frames, now: $1) }
            }
        case .answerIsDue(let job, let node, let requestID):
            self.answerIsDue(job, at: node, requestID: requestID)
        case .submit(let job):
            self.submit(job)
        case .start(let job):
            self.start(job)
        case .fetched(let job, let frame):
            self.seal(job, frame)
        case .connect(let link):
            self.connect(link)
        case .disconnect(let link):
            self.scheduleDisconnect(link)
            if self.isFaulty {
                self.breakLink(link)
            }
        case .noticeDown(let link, let isWorker, let incarnation, let epoch):
            self.noticeDown(link, isWorker: isWorker, incarnation: incarnation, epoch: epoch)
        case .crash(let node, let incarnation):
            // The next one is scheduled when the node is back.
            guard self.isFaulty, self.isCurrent(node, incarnation) else { return }
            self.crash(node)
        case .kill(let node, let incarnation):
            guard self.isCurrent(node, incarnation) else { return }
            self.crash(node)
        case .restart(let node):
            self.restart(node)
        case .partition:
            self.partition()
        case .healed:
            self.cutHasEnded()
        case .incident(let index):
            self.incident(self.scenario.incidents[index])
        case .compareLedgers(let since):
            self.compareLedgers(since: since)
        case .compareRebuilt(let since):
            self.compareRebuilt(since: since)
        case .slowDown(let node):
            self.scheduleSlowdown(node)
            if self.isFaulty {
                self.countIdle(node)
                self.nodes[node].slowUntil = self.now + self.random.within(10, 60)
            }
        case .pause(let node):
            self.schedulePause(node)
            if self.isFaulty, self.nodes[node].isUp {
                self.pause(node)
            }
        case .resume(let node, let incarnation):
            guard self.isCurrent(node, incarnation) else { return }
            self.note(node, .note("its owner lets it go on"))
            self.withWorker(node) { $0.resume(now: $1) }
        case .peering(let event):
            self.handle(event)
        case .searchPixels(let job, let node, let incarnation, let lost, let attempts):
            guard self.isCurrent(node, incarnation) else { return }
            self.search(for: lost, job, at: node, attempts: attempts)
        case .fillDisk(let node):
            self.scheduleFullDisk(node)
            if self.isFaulty { self.fillDisk(node) }
        case .diskHasRoom(let node):
            self.disks?[node].isFull = false
        case .writeAgain(let job, let node, let incarnation):
            guard self.isCurrent(node, incarnation) else { return }
            self.writeAgain(job, at: node)
        }
    }

    func isCurrent(_ node: Int, _ incarnation: UInt32) -> Bool {
        self.nodes[node].isUp && self.nodes[node].incarnation == incarnation
    }

    private func countWake(_ node: Int, _ what: String) {
        self.idleWakes += 1
        if self.idleWakes > Self.idleWakesMax * max(1, self.nodes.count / 10) {
            self.idleWakes = 0
            self.violate(what, node: node)
        }
    }

    /// Remembers what a node did.
    func note(_ node: Int, _ what: TraceEntry.What) {
        let entry = TraceEntry(time: self.now, what: what)
        if self.nodes[node].trace.count < TraceEntry.countMax {
            self.nodes[node].trace.append(entry)
        } else {
            self.nodes[node].trace[self.nodes[node].traceNext] = entry
            self.nodes[node].traceNext = (self.nodes[node].traceNext + 1) % TraceEntry.countMax
        }
    }

    /// Something happened that must not.
    func violate(_ what: String, node: Int, and other: Int? = nil) {
        var actions: [String] = []
        for index in [node] + (other.map { $0 == node ? [] : [$0] } ?? []) {
            let node = self.nodes[index]
            let entries = node.trace[node.traceNext...] + node.trace[..<node.traceNext]
            actions += entries.map { "node \(index) \(node.peer.shortDescription) at \($0.description)" }
        }
        self.report.violations.append(
            SimulationReport.Violation(
                seed: self.scenario.seed,
                seconds: self.now.seconds,
                what: what,
                lastActions: actions,
                lastEvents: self.lastEvents
            )
        )
    }

    /// The most events that a violation names.
    private static let lastEventsMax = 40

    /// What all nodes did last.
    private var lastEvents: [String] {
        self.nodes.indices.flatMap { index in self.nodes[index].trace.map { (index, $0) } }
            .sorted { ($0.1.time, $0.0) < ($1.1.time, $1.0) }
            .suffix(Self.lastEventsMax)
            .map { "node \($0.0) at \($0.1.description)" }
    }

    // MARK: - Beginning

    private func makeNodes() {
        let scenario = self.scenario
        for index in 0 ..< scenario.nodes {
            let peer: PeerID
            if let peering = self.peering {
                let identity = SimulatedIdentity.key(UInt64(index), seed: scenario.seed)
                peering.settle(identity)
                peer = identity.peerID
            } else {
                peer = SimulatedIdentity.peer(UInt64(index), seed: scenario.seed)
            }
            let speed = min(6, max(0.1, self.random.logNormal(spread: scenario.speedSpread)))
            let latencies = scenario.roundTripMilliseconds
            self.nodes.append(
                SimulatedNode(
                    peer: peer,
                    threads: 1 + self.random.below(scenario.threadsMax),
                    speed: speed,
                    latencySeconds: latencies[self.random.below(latencies.count)] * 0.0005,
                    isSaboteur: index >= scenario.nodes - scenario.saboteurs,
                    clock: self.newClock()
                )
            )
            if let energy = scenario.energy {
                self.nodes[index].energyFactor = self.random.logNormal(spread: energy.efficiencySpread)
                self.nodes[index].region = self.random.below(3)
            }
            self.nodeIndex[peer] = index
            for steward in 0 ..< scenario.stewards {
                self.links.append(Link(worker: index, steward: steward))
            }
        }
        for index in self.nodes.indices { self.openStore(index) }
        self.introduceNodes()
        self.setWallClocks()
        if let profile = scenario.line {
            self.lines = self.nodes.indices.map { _ in AccessLine(profile, using: &self.random) }
        }
        for index in self.nodes.indices {
            self.bringUp(index)
        }
        if self.peering != nil { self.startSweeping() }
    }

    /// A monotonic clock begins anew when a machine is switched on.
    func newClock() -> NodeClock {
        NodeClock(offsetNanoseconds: Int64(self.random.within(0, 1e6) * 1e9))
    }

    private func makeJobs() {
        let submitter = SimulatedIdentity.peer(.max, seed: self.scenario.seed)
        let saboteurs = Set(self.nodes.lazy.filter(\.isSaboteur).map(\.peer))
        for (index, job) in self.scenario.jobs.enumerated() {
            let manifest = JobManifest(
                title: "job \(index)",
                grid: Self.grid,
                sceneRoot: ChunkID(Digest(hashing: "scene \(index)".utf8)),
                assetSize: UInt64(self.scenario.assets?.bytes ?? 1_000_000),
                memory: 1_000_000,
                firstFrame: 1,
                frameCount: job.frameCount,
                width: job.width,
                height: job.height,
                samples: job.samples,
                maxDepth: 8,
                seed: UInt32(truncatingIfNeeded: self.scenario.seed),
                coreVersion: Self.coreVersion,
                submittedAt: UInt64(index)
            )
            let record = GridRecord.jobManifest(manifest)
                .signed(by: submitter, with: SimulatedIdentity.signer(submitter))
            let id = JobID(record.id.digest)
            let node = index % self.scenario.stewards
            let plan: UnitPlan
            do {
                plan = try UnitPlan(manifest: manifest)
            } catch {
                self.violate("job \(index) is not possible: \(error)", node: node)
                continue
            }
            let submittedAt = VirtualTime(seconds: job.submittedAtSeconds)
            self.jobIndex[id] = self.jobs.count
            self.queue.add(.submit(job: self.jobs.count), at: submittedAt)
            self.jobs.append(
                SimulatedJob(
                    id: id,
                    manifest: manifest,
                    record: record,
                    entryNode: node,
                    submittedAt: submittedAt,
                    plan: plan,
                    truth: GroundTruth(job: id, manifest: manifest, rendersPixels: self.scenario.rendersPixels),
                    checker: JobChecker(manifest: record, plan: plan, saboteurs: saboteurs)
                )
            )
        }
    }
}
