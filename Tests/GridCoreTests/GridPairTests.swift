import GridCore
import GridWire
import Testing

/// Stewards and workers in virtual time, with latency, faults and liars, from one seed.
struct PaperGrid {
    struct Node {
        let peer: PeerID
        var worker: Worker
        let threads: Int
        /// Seconds for one block on one thread.
        let blockTime: Double
        /// The share of units in which it lies.
        let lies: Double
        var isAlive = true
        /// Counts restarts, so that events of an earlier life mean nothing.
        var life = 0
        var pixels: [UnitID: Digest] = [:]
        var cancelled: Set<UnitID> = []
    }

    enum Event {
        case request(LeaseRequest, from: Int, life: Int, number: UInt64)
        case grant(LeaseGrant, to: Int, life: Int, number: UInt64)
        case failed(to: Int, life: Int, number: UInt64)
        case finished(UnitID, node: Int, life: Int, elapsed: Double, root: Digest, leaves: [Digest])
        case audited(LeaseGrant.Audit, node: Int, life: Int, leaf: Digest)
        case sceneReady([Int], node: Int, life: Int)
        case pixels(UnitID, Digest, from: Int)
        case offer(to: Int)
        case kill(Int)
        case restart(Int)
        case killSteward
        case restartSteward
        case workerTimer(Int)
        case stewardTimer
    }

    private struct Entry {
        let time: Double
        let order: Int
        let event: Event
    }

    let manifest: SignedRecord
    var steward: Steward
    var stewardIsUp = true
    var nodes: [Node]
    var random: SeededGenerator
    var now = 0.0
    /// What survives a crash of the steward's node.
    var disk: [SignedRecord] = []
    var stored: [UnitID: Digest] = [:]
    var askers: [UInt64: (node: Int, life: Int, number: UInt64)] = [:]
    var burned: [PeerID] = []
    var finals: [Int] = []
    var log: [(time: Double, action: Steward.Action)] = []
    var isComplete = false
    var renderedUnits = 0
    private var nextRequest: UInt64 = 0
    private var events: [Entry] = []
    private var nextOrder = 0

    init(_ manifest: SignedRecord, seed: UInt64, nodes: [(threads: Int, blockTime: Double, lies: Double)]) throws {
        self.manifest = manifest
        self.random = SeededGenerator(seed: seed)
        // It begins with the submitter's word.
        self.disk = [TestGrid.roster(manifest, 1, [TestGrid.peer("node 0")])]
        self.steward = try Self.steward(manifest, records: self.disk, pixels: [:])
        self.nodes = nodes.enumerated().map { index, node in
            let peer = TestGrid.peer("node \(index)")
            return Node(
                peer: peer,
                worker: Self.worker(peer, threads: node.threads, life: 0),
                threads: node.threads,
                blockTime: node.blockTime,
                lies: node.lies
            )
        }
        for index in nodes.indices {
            self.at(0.01 * Double(index), .offer(to: index))
        }
        self.perform(self.steward.start(now: self.instant))
    }

    private static func steward(
        _ manifest: SignedRecord,
        records: [SignedRecord],
        pixels: [UnitID: Digest]
    ) throws -> Steward {
        // The first node is the steward's own.
        let me = TestGrid.peer("node 0")
        return try Steward(
            manifest: manifest,
            settings: Steward.Settings(me: me, sign: TestGrid.signer(me), verify: TestGrid.verify),
            records: records,
            storedPixels: pixels
        )
    }

    private static func worker(_ peer: PeerID, threads: Int, life: Int) -> Worker {
        Worker(
            settings: Worker.Settings(
                me: peer,
                sign: TestGrid.signer(peer),
                verify: TestGrid.verify,
                grid: "test",
                coreVersion: TestGrid.coreVersion,
                threads: threads,
                firstBatchSequence: UInt64(life) << 32
            )
        )
    }

    var instant: Instant { Instant(sinceEpoch: .nanoseconds(Int64(self.now * 1e9))) }

    mutating func at(_ time: Double, _ event: Event) {
        self.nextOrder += 1
        let entry = Entry(time: time, order: self.nextOrder, event: event)
        let place = self.events.firstIndex { $0.time > time } ?? self.events.count
        self.events.insert(entry, at: place)
    }

    private mutating func latency() -> Double {
        Double.random(in: 0.001 ... 0.05, using: &self.random)
    }

    /// Runs until the job is complete, or until `limit` seconds; gives the time.
    mutating func run(limit: Double) throws -> Double {
        while !self.isComplete {
            // The earliest of what was sent and what the machines wait for.
            var time = self.events.first?.time ?? .infinity
            var event: Event?
            if self.stewardIsUp, let due = self.steward.nextDeadline, Self.seconds(due) < time {
                time = Self.seconds(due)
                event = .stewardTimer
            }
            for index in self.nodes.indices where self.nodes[index].isAlive {
                if let due = self.nodes[index].worker.nextDeadline, Self.seconds(due) < time {
                    time = Self.seconds(due)
                    event = .workerTimer(index)
                }
            }
            guard time <= limit else { return self.now }
            self.now = max(self.now, time)
            try self.handle(event ?? self.events.removeFirst().event)
        }
        return self.now
    }

    private static func seconds(_ instant: Instant) -> Double {
        let parts = instant.sinceEpoch.components
        // Upwards, so that a deadline has come when its time has.
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18 + 1e-8
    }

    private mutating func handle(_ event: Event) throws {
        switch event {
        case .request(let request, let from, let life, let number):
            guard self.stewardIsUp, self.nodes[from].life == life, self.nodes[from].isAlive else {
                self.at(self.now + 0.01, .failed(to: from, life: life, number: number))
                return
            }
            self.nextRequest += 1
            self.askers[self.nextRequest] = (from, life, number)
            self.perform(
                self.steward.handleLeaseRequest(
                    request,
                    from: self.nodes[from].peer,
                    requestID: self.nextRequest,
                    now: self.instant
                )
            )
        case .grant(let grant, let to, let life, let number):
            guard self.nodes[to].life == life, self.nodes[to].isAlive else { return }
            self.perform(self.nodes[to].worker.grantReceived(grant, number: number, now: self.instant), on: to)
        case .failed(let to, let life, let number):
            guard self.nodes[to].life == life, self.nodes[to].isAlive else { return }
            self.perform(self.nodes[to].worker.requestFailed(number: number, now: self.instant), on: to)
        case .finished(let unit, let node, let life, let elapsed, let root, let leaves):
            guard self.nodes[node].life == life, self.nodes[node].isAlive,
                self.nodes[node].cancelled.remove(unit) == nil
            else { return }
            self.renderedUnits += 1
            self.nodes[node].pixels[unit] = root
            let actions = self.nodes[node].worker.unitFinished(
                self.steward.job,
                unit,
                root: root,
                leaves: leaves,
                workCount: UInt64(unit.blockCount),
                elapsed: .nanoseconds(Int64(elapsed * 1e9)),
                now: self.instant
            )
            self.perform(actions, on: node)
        case .audited(let audit, let node, let life, let leaf):
            guard self.nodes[node].life == life, self.nodes[node].isAlive else { return }
            let job = self.steward.job
            self.perform(
                self.nodes[node].worker.auditFinished(job, audit, leaf: leaf, now: self.instant),
                on: node
            )
        case .sceneReady(let frames, let node, let life):
            guard self.nodes[node].life == life, self.nodes[node].isAlive else { return }
            let job = self.steward.job
            self.perform(self.nodes[node].worker.sceneReady(job, frames: frames, now: self.instant), on: node)
        case .pixels(let unit, let root, let from):
            guard self.stewardIsUp, self.steward.wantsPixels(of: unit) else { return }
            if self.steward.acceptedRoot(of: unit) == root {
                self.stored[unit] = root
                self.perform(self.steward.pixelsStored(unit, now: self.instant))
            } else {
                self.perform(self.steward.pixelsRefused(unit, from: self.nodes[from].peer, now: self.instant))
            }
        case .offer(let to):
            guard self.nodes[to].isAlive, self.stewardIsUp else { return }
            self.perform(
                self.nodes[to].worker.offerReceived(
                    self.steward.offer,
                    from: TestGrid.peer("node 0"),
                    now: self.instant
                ),
                on: to
            )
        case .kill(let index):
            self.nodes[index].isAlive = false
            self.nodes[index].pixels = [:]
            if self.stewardIsUp {
                self.perform(self.steward.peerDisconnected(self.nodes[index].peer, now: self.instant))
            }
        case .restart(let index):
            self.nodes[index].isAlive = true
            self.nodes[index].life += 1
            self.nodes[index].cancelled = []
            let life = self.nodes[index].life
            self.nodes[index].worker = Self.worker(
                self.nodes[index].peer,
                threads: self.nodes[index].threads,
                life: life
            )
            self.at(self.now + 0.05, .offer(to: index))
        case .killSteward:
            self.stewardIsUp = false
            self.askers = [:]
            for index in self.nodes.indices where self.nodes[index].isAlive {
                self.perform(
                    self.nodes[index].worker.stewardDisconnected(TestGrid.peer("node 0"), now: self.instant),
                    on: index
                )
            }
        case .restartSteward:
            self.stewardIsUp = true
            let pixels = Dictionary(uniqueKeysWithValues: self.stored.shuffled(using: &self.random))
            let records = self.disk.shuffled(using: &self.random)
            self.steward = try Self.steward(self.manifest, records: records, pixels: pixels)
            self.perform(self.steward.start(now: self.instant))
            for index in self.nodes.indices {
                self.at(self.now + self.latency(), .offer(to: index))
            }
        case .workerTimer(let index):
            self.perform(self.nodes[index].worker.handleTimeout(now: self.instant), on: index)
        case .stewardTimer:
            self.perform(self.steward.handleTimeout(now: self.instant))
        }
    }

    private mutating func perform(_ actions: [Steward.Action]) {
        for action in actions {
            switch action {
            case .persist(let record):
                self.disk.append(record)
            case .respond(let requestID, let grant):
                guard let asker = self.askers.removeValue(forKey: requestID) else { continue }
                self.at(
                    self.now + self.latency(),
                    .grant(grant, to: asker.node, life: asker.life, number: asker.number)
                )
            case .frameFinal(let frame):
                self.finals.append(frame)
            case .workerBurned(let burn):
                self.burned.append(burn.worker)
            case .forget(let ids):
                self.disk.removeAll { ids.contains($0.id) }
            case .discardPixels(let unit):
                self.stored[unit] = nil
            case .jobComplete:
                self.isComplete = true
            case .tileVerified, .statusChanged, .rosterChanged, .offer, .tell, .copyPixels:
                break
            }
            self.log.append((self.now, action))
        }
    }

    private mutating func perform(_ actions: [Worker.Action], on index: Int) {
        let life = self.nodes[index].life
        for action in actions {
            switch action {
            case .prepareScene(_, let frames):
                self.at(self.now + self.latency(), .sceneReady(frames, node: index, life: life))
            case .sendLeaseRequest(let request, _, let number):
                let event = Event.request(request, from: index, life: life, number: number)
                self.at(self.now + self.latency(), event)
            case .render(_, let unit):
                self.nodes[index].cancelled.remove(unit)
                let jitter = Double.random(in: 0.8 ... 1.2, using: &self.random)
                let elapsed = self.nodes[index].blockTime * Double(unit.blockCount) * jitter
                let isLie = Double.random(in: 0 ..< 1, using: &self.random) < self.nodes[index].lies
                let wrong = isLie ? Int.random(in: 0 ..< unit.blockCount, using: &self.random) : nil
                let leaves = TestGrid.leaves(unit, wrongAt: wrong, lie: "lie of \(index)")
                self.at(
                    self.now + elapsed,
                    .finished(
                        unit,
                        node: index,
                        life: life,
                        elapsed: elapsed,
                        root: MerkleTree(leaves).root,
                        leaves: leaves
                    )
                )
            case .audit(_, let audit):
                let isLie = Double.random(in: 0 ..< 1, using: &self.random) < self.nodes[index].lies
                let leaves = TestGrid.leaves(audit.unit, wrongAt: isLie ? audit.leafIndex : nil, lie: "lie of \(index)")
                self.at(
                    self.now + self.nodes[index].blockTime,
                    .audited(audit, node: index, life: life, leaf: leaves[audit.leafIndex])
                )
            case .cancelRender(_, let unit):
                self.nodes[index].cancelled.insert(unit)
            case .sendPixels(_, let unit, _):
                if let root = self.nodes[index].pixels[unit] {
                    self.at(self.now + self.latency(), .pixels(unit, root, from: index))
                }
            case .dropPixels(_, let unit):
                self.nodes[index].pixels[unit] = nil
            case .forgetJob:
                self.nodes[index].pixels = [:]
            case .offerIgnored, .foundRoster, .drained:
                break
            }
        }
    }
}

@Suite
struct GridPairTests {
    /// 24 tiles a frame.
    private let manifest = TestGrid.manifest(width: 384, height: 256, samples: 128, frames: 4)

    /// Every frame is final and proved, and every stored pixel is what honest nodes render.
    private func expectSound(_ grid: PaperGrid) throws {
        #expect(grid.isComplete, "stopped at \(grid.now) s: \(grid.log.suffix(20))")
        #expect(Set(grid.finals) == Set(grid.steward.plan.frames))
        #expect(grid.steward.status(now: grid.instant).phase == .complete)
        for frame in grid.steward.plan.frames {
            let verdict = try FrameVerdict(
                manifest: grid.manifest,
                frame: frame,
                evidence: grid.steward.evidence(ofFrame: frame).records,
                verify: TestGrid.verify
            )
            #expect(verdict.missing == nil)
            for unit in verdict.units {
                #expect(verdict.acceptedRoot(of: unit) == TestGrid.root(unit))
                #expect(grid.stored[unit] == TestGrid.root(unit))
            }
        }
    }

    @Test(arguments: 0 ..< 8 as Range<UInt64>)
    func `three honest nodes finish in little more than twice the time of the work`(seed: UInt64) throws {
        var grid = try PaperGrid(self.manifest, seed: seed, nodes: [(1, 0.016, 0), (1, 0.016, 0), (1, 0.016, 0)])
        let time = try grid.run(limit: 1_000)
        try self.expectSound(grid)
        let blocks = Double(4 * 24 * 64)
        let ideal = 2 * blocks * 0.016 / 3
        #expect(time < 1.08 * ideal, "took \(time) s instead of \(ideal) s")
        #expect(grid.renderedUnits <= 2 * grid.steward.plan.unitCount + 6)
        #expect(grid.burned.isEmpty)
        #expect(grid.finals == grid.finals.sorted(), "frames become final in order")
    }

    @Test(arguments: 0 ..< 8 as Range<UInt64>)
    func `nodes of very different speed finish together`(seed: UInt64) throws {
        let nodes = [(4, 0.016, 0.0), (1, 0.016, 0), (2, 0.048, 0), (1, 0.160, 0), (8, 0.012, 0)]
        var grid = try PaperGrid(self.manifest, seed: seed, nodes: nodes)
        let time = try grid.run(limit: 1_000)
        try self.expectSound(grid)
        let speed = nodes.reduce(0) { $0 + Double($1.0) / $1.1 }
        let ideal = 2 * Double(4 * 24 * 64) / speed
        #expect(time < 1.5 * ideal + 2, "took \(time) s instead of \(ideal) s")
    }

    @Test(arguments: 0 ..< 16 as Range<UInt64>)
    func `a node that falsifies a tenth of its units changes no byte and is named`(seed: UInt64) throws {
        let nodes = [(1, 0.016, 0.0), (1, 0.016, 0.1), (1, 0.016, 0), (2, 0.016, 0)]
        var grid = try PaperGrid(self.manifest, seed: seed, nodes: nodes)
        _ = try grid.run(limit: 1_000)
        try self.expectSound(grid)
        #expect(grid.burned == [grid.nodes[1].peer])
    }

    @Test(arguments: 0 ..< 8 as Range<UInt64>)
    func `three nodes of which one lies finish with the other two`(seed: UInt64) throws {
        var grid = try PaperGrid(self.manifest, seed: seed, nodes: [(1, 0.016, 0), (1, 0.016, 0.5), (1, 0.016, 0)])
        _ = try grid.run(limit: 1_000)
        try self.expectSound(grid)
        #expect(grid.burned == [grid.nodes[1].peer])
    }

    @Test(arguments: 0 ..< 8 as Range<UInt64>)
    func `nodes that die and come back lose nothing but time`(seed: UInt64) throws {
        var grid = try PaperGrid(
            self.manifest,
            seed: seed,
            nodes: [(1, 0.016, 0), (1, 0.016, 0), (1, 0.016, 0), (1, 0.016, 0)]
        )
        for time in stride(from: 3.0, to: 40, by: 5) {
            let index = Int.random(in: 1 ..< 4, using: &grid.random)
            grid.at(time, .kill(index))
            grid.at(time + 3, .restart(index))
        }
        let time = try grid.run(limit: 1_000)
        try self.expectSound(grid)
        #expect(time < 200)
        #expect(grid.burned.isEmpty)
    }

    @Test(arguments: 0 ..< 8 as Range<UInt64>)
    func `one of three nodes dies for good and the shot completes`(seed: UInt64) throws {
        var grid = try PaperGrid(self.manifest, seed: seed, nodes: [(1, 0.016, 0), (1, 0.016, 0), (1, 0.016, 0)])
        grid.at(Double.random(in: 1 ... 30, using: &grid.random), .kill(Int(seed % 2) + 1))
        let time = try grid.run(limit: 1_000)
        try self.expectSound(grid)
        #expect(time < 150)
    }

    @Test(arguments: 0 ..< 8 as Range<UInt64>)
    func `a steward that is killed goes on from its records and renders nothing twice`(seed: UInt64) throws {
        var grid = try PaperGrid(self.manifest, seed: seed, nodes: [(1, 0.016, 0), (1, 0.016, 0), (1, 0.016, 0)])
        for time in [8.0, 20, 33] {
            let kill = time + Double.random(in: 0 ... 5, using: &grid.random)
            grid.at(kill, .killSteward)
            grid.at(kill + 2, .restartSteward)
        }
        _ = try grid.run(limit: 1_000)
        try self.expectSound(grid)
        #expect(grid.renderedUnits <= 2 * grid.steward.plan.unitCount + 24)
        #expect(grid.burned.isEmpty)
    }

    @Test(arguments: 0 ..< 24 as Range<UInt64>)
    func `everything at once`(seed: UInt64) throws {
        let nodes = [(2, 0.016, 0.0), (1, 0.020, 0.2), (1, 0.016, 0), (1, 0.030, 0), (3, 0.016, 0.02), (1, 0.010, 0)]
        var grid = try PaperGrid(self.manifest, seed: seed, nodes: nodes)
        for _ in 0 ..< 5 {
            let time = Double.random(in: 1 ... 20, using: &grid.random)
            let index = Int.random(in: 1 ..< 6, using: &grid.random)
            grid.at(time, .kill(index))
            grid.at(time + Double.random(in: 0.5 ... 10, using: &grid.random), .restart(index))
        }
        grid.at(10, .killSteward)
        grid.at(11, .restartSteward)
        _ = try grid.run(limit: 2_000)
        try self.expectSound(grid)
        #expect(Set(grid.burned).isSubset(of: [grid.nodes[1].peer, grid.nodes[4].peer]))
    }

    @Test
    func `a seed replays a run`() throws {
        let nodes = [(2, 0.016, 0.0), (1, 0.020, 0.3), (1, 0.016, 0)]
        var logs: [[Steward.Action]] = []
        var times: [[Double]] = []
        for _ in 0 ..< 2 {
            var grid = try PaperGrid(self.manifest, seed: 7, nodes: nodes)
            _ = try grid.run(limit: 1_000)
            logs.append(grid.log.map(\.action))
            times.append(grid.log.map(\.time))
        }
        #expect(logs[0] == logs[1] && times[0] == times[1])
    }

    @Test
    func `one node alone renders everything once and waits for a second one`() throws {
        var grid = try PaperGrid(self.manifest, seed: 1, nodes: [(4, 0.004, 0)])
        _ = try grid.run(limit: 200)
        let status = grid.steward.status(now: grid.instant)
        #expect(status.unitsRendered == status.unitsTotal)
        #expect(status.unitsVerified == 0)
        #expect(status.waitingFor.contains("checked by a second node"))
        #expect(grid.renderedUnits == status.unitsTotal)
    }
}
