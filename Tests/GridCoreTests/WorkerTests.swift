import GridCore
import GridWire
import Testing

/// A worker of a test, with a clock.
struct Bench {
    var worker: Worker
    var now = TestGrid.start
    var actions: [Worker.Action] = [] {
        didSet { self.unanswered += self.sent }
    }
    /// Requests that no test has answered.
    var unanswered: [Sent] = []
    let me = TestGrid.peer("worker")

    init(threads: Int = 1, adjust: (inout Worker.Settings) -> Void = { _ in }) {
        var settings = Worker.Settings(
            me: self.me,
            sign: TestGrid.signer(self.me),
            verify: TestGrid.verify,
            grid: "test",
            coreVersion: TestGrid.coreVersion,
            threads: threads,
            firstBatchSequence: 100
        )
        adjust(&settings)
        self.worker = Worker(settings: settings)
    }

    struct Sent {
        let request: LeaseRequest
        let steward: PeerID
        let number: UInt64
    }

    var sent: [Sent] {
        self.actions.compactMap {
            if case .sendLeaseRequest(let request, let steward, let number) = $0 {
                Sent(request: request, steward: steward, number: number)
            } else {
                nil
            }
        }
    }

    var rendered: [UnitID] {
        self.actions.compactMap { if case .render(_, let unit) = $0 { unit } else { nil } }
    }

    mutating func offer(
        _ manifest: SignedRecord,
        from steward: PeerID = TestGrid.peer("steward"),
        priority: Int = JobOrder.priorityDefault,
        missingBytes: UInt64? = nil,
        secondsLeft: UInt64 = 0
    ) {
        var offer = TestGrid.offer(manifest, [steward])
        offer.priority = priority
        offer.secondsLeft = secondsLeft
        self.actions = self.worker.offerReceived(offer, from: steward, missingBytes: missingBytes, now: self.now)
    }

    /// A worker with a job whose scene is there; gives the number of its first request.
    mutating func ready(_ manifest: SignedRecord, steward: PeerID = TestGrid.peer("steward")) -> UInt64 {
        self.offer(manifest, from: steward)
        let job = JobID(manifest.id.digest)
        var number: UInt64 = .max
        self.actions = self.worker.sceneReady(job, frames: [], now: self.now)
        number = self.sent.first?.number ?? .max
        for frame in self.worker.manifest(of: job).map({ $0.firstFrame ..< ($0.firstFrame + $0.frameCount) }) ?? 0 ..< 0
        {
            _ = self.worker.sceneReady(job, frames: [frame], now: self.now)
        }
        return number
    }

    mutating func grant(_ number: UInt64, _ change: (inout LeaseGrant) -> Void = { _ in }) {
        var grant = LeaseGrant(
            units: [],
            expiryMilliseconds: 15_000,
            audits: [],
            wantedPixels: [],
            cancelled: [],
            released: [],
            isClosed: false
        )
        change(&grant)
        self.unanswered.removeAll { $0.number == number }
        self.actions = self.worker.grantReceived(grant, number: number, now: self.now)
    }

    /// Answers what is unanswered as a steward does: all but the newest with nothing.
    mutating func grantNewest(_ change: (inout LeaseGrant) -> Void = { _ in }) {
        guard let newest = self.unanswered.last else { return }
        for sent in self.unanswered.dropLast() {
            self.grant(sent.number)
        }
        self.grant(newest.number, change)
    }

    mutating func failAll() {
        let sent = self.unanswered
        self.unanswered = []
        for sent in sent {
            self.actions = self.worker.requestFailed(number: sent.number, now: self.now)
        }
    }

    mutating func finish(_ job: JobID, _ unit: UnitID, after elapsed: Duration = .seconds(1)) {
        let leaves = TestGrid.leaves(unit)
        self.actions = self.worker.unitFinished(
            job,
            unit,
            root: MerkleTree(leaves).root,
            leaves: leaves,
            workCount: 10,
            elapsed: elapsed,
            now: self.now
        )
    }

    mutating func wait(_ duration: Duration) {
        let end = self.now.advanced(by: duration)
        var all: [Worker.Action] = []
        while let next = self.worker.nextDeadline, next <= end {
            self.now = max(self.now, next)
            all += self.worker.handleTimeout(now: self.now)
        }
        self.now = end
        self.actions = all
    }
}

@Suite
struct WorkerTests {
    private let manifest = TestGrid.manifest(width: 640, height: 640, frames: 2)
    private var job: JobID { JobID(self.manifest.id.digest) }

    private func unit(_ index: Int) throws -> UnitID {
        guard case .jobManifest(let manifest) = try self.manifest.decodedBody() else {
            throw JobError(.badManifest, "no manifest")
        }
        return try UnitPlan(manifest: manifest).unit(at: index)
    }

    private func units(_ range: Range<Int>) throws -> [UnitID] {
        try range.map(self.unit)
    }

    @Test
    func `an offer leads to the scene, the scene to a request for one unit a thread`() throws {
        var bench = Bench(threads: 3)
        #expect(bench.worker.idleReason == "no peer offers a job")
        bench.offer(self.manifest)
        #expect(bench.actions == [.prepareScene(self.job, frames: [])])
        #expect(bench.worker.idleReason == "fetching the scene of \"leviathan\"")
        bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
        #expect(bench.sent.map(\.request.wantedUnits) == [3])
        #expect(bench.sent.map(\.steward) == [TestGrid.peer("steward")])
        #expect(bench.sent.first?.request.blockMicroseconds == 0)
        bench.wait(.seconds(5))
        #expect(bench.sent.isEmpty, "a parked request is not repeated")
        #expect(bench.worker.idleReason.contains("no work left"))
    }

    @Test
    func `jobs of another grid or core, or with a false signature, are ignored and people are told`() throws {
        var bench = Bench()
        bench.offer(TestGrid.manifest(grid: "other"))
        guard case .offerIgnored(_, let reason) = bench.actions.first else {
            Issue.record("not ignored")
            return
        }
        #expect(reason.contains("other"))
        #expect(bench.worker.idleReason.contains("other"))
        let good = self.manifest
        let forged = SignedRecord(kind: good.kind, body: good.body, signer: bench.me, signature: good.signature)
        bench.offer(forged)
        guard case .offerIgnored = bench.actions.first else {
            Issue.record("not ignored")
            return
        }
        var other = Bench { $0.coreVersion = Digest(hashing: "another core".utf8) }
        other.offer(self.manifest)
        #expect(other.worker.idleReason.contains("core version"))
        #expect(other.worker.knownJobs.isEmpty)
    }

    @Test
    func `units are rendered in their order, one on each thread, after their frame was prepared`() throws {
        var bench = Bench(threads: 2)
        bench.offer(self.manifest)
        bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
        let units = try self.units(0 ..< 3)
        bench.grant(bench.sent[0].number) { $0.units = units }
        #expect(bench.actions.contains(.prepareScene(self.job, frames: [1])))
        #expect(bench.rendered.isEmpty)
        bench.actions = bench.worker.sceneReady(self.job, frames: [1], now: bench.now)
        #expect(bench.rendered == Array(units[0 ..< 2]))
        #expect(bench.worker.idleReason.isEmpty)
        bench.finish(self.job, units[1])
        #expect(bench.rendered == [units[2]])
    }

    @Test
    func `results are signed and reported with their leaves, together with the next question for work`() throws {
        var bench = Bench()
        let units = try self.units(0 ..< 4)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = units }
        #expect(bench.rendered == [units[0]])
        bench.finish(self.job, units[0], after: .milliseconds(100))
        #expect(bench.sent.isEmpty)
        bench.wait(.milliseconds(200))
        #expect(bench.sent.isEmpty)
        bench.finish(self.job, units[1], after: .milliseconds(100))
        guard let sent = bench.sent.first, case .resultBatch(let batch) = try sent.request.records.first?.decodedBody()
        else {
            Issue.record("nothing reported")
            return
        }
        #expect(bench.sent.count == 1)
        #expect(batch.sequence == 100)
        #expect(batch.results.map(\.unit) == Array(units[0 ..< 2]))
        #expect(batch.results.map(\.pixelRoot) == units[0 ..< 2].map(TestGrid.root))
        #expect(sent.request.leaves.map(\.leaves) == units[0 ..< 2].map { TestGrid.leaves($0) })
        #expect(sent.request.holding == Array(units[2 ..< 4]))
        #expect(sent.request.blockMicroseconds == 1_562)
        #expect(bench.worker.totals.units == 2)
    }

    @Test
    func `a result waits half a second for others, at most`() throws {
        var bench = Bench()
        let number = bench.ready(self.manifest)
        let units = try self.units(0 ..< 9)
        bench.grant(number) { $0.units = units }
        bench.finish(self.job, units[0])
        bench.wait(.milliseconds(400))
        bench.finish(self.job, units[1])
        #expect(bench.sent.isEmpty)
        bench.wait(.milliseconds(99))
        #expect(bench.sent.isEmpty)
        bench.wait(.milliseconds(1))
        #expect(bench.sent.first?.request.leaves.map(\.unit) == Array(units[0 ..< 2]))
    }

    @Test
    func `the last result of a queue is reported at once`() throws {
        var bench = Bench()
        let unit = try self.unit(0)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = [unit] }
        bench.finish(self.job, unit)
        #expect(bench.sent.first?.request.records.count == 1)
    }

    /// How many units of a second are held while units are finished one by one.
    private func holds(secondsLeft: UInt64) throws -> [Int] {
        var bench = Bench()
        let units = try self.units(0 ..< 60)
        _ = bench.ready(self.manifest)
        var holds: [Int] = []
        var next = 0
        var held: [UnitID] = []
        for _ in 0 ..< 8 {
            // Grant all that is wanted, then finish one unit.
            while let newest = bench.unanswered.last, newest.request.wantedUnits > 0 {
                let granted = Array(units[next ..< (next + newest.request.wantedUnits)])
                next += granted.count
                held += granted
                bench.grantNewest {
                    $0.units = granted
                    $0.secondsLeft = secondsLeft
                }
            }
            holds.append(held.count)
            bench.finish(self.job, held.removeFirst(), after: .seconds(1))
        }
        return holds
    }

    @Test
    func `ten seconds of work are held when the speed is known, growing with what was done`() throws {
        #expect(try self.holds(secondsLeft: 0) == [1, 4, 6, 5, 10, 9, 8, 7])
        #expect(try self.holds(secondsLeft: 10_000) == [1, 4, 6, 5, 10, 9, 8, 7])
    }

    @Test
    func `the nearer the end of the job, the less is held, but two seconds of work`() throws {
        #expect(try self.holds(secondsLeft: 100).max() == 5)
        #expect(try self.holds(secondsLeft: 10).max() == 2)
    }

    @Test
    func `more work is asked for at the low-water mark`() throws {
        var bench = Bench()
        let units = try self.units(0 ..< 20)
        _ = bench.ready(self.manifest)
        for index in 0 ..< 5 {
            bench.grantNewest { $0.units = [units[index]] }
            bench.finish(self.job, units[index], after: .seconds(1))
        }
        bench.grantNewest { $0.units = Array(units[5 ..< 15]) }
        for index in 5 ..< 9 {
            bench.finish(self.job, units[index], after: .seconds(1))
            #expect(bench.sent.isEmpty)
        }
        bench.finish(self.job, units[9], after: .seconds(1))
        #expect(bench.sent.first?.request.wantedUnits == 5)
    }

    @Test
    func `a steward whose units are held hears from the worker every 2 s`() throws {
        var bench = Bench()
        let unit = try self.unit(0)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = [unit] }
        bench.wait(.milliseconds(1_999))
        #expect(bench.sent.isEmpty)
        bench.wait(.milliseconds(1))
        #expect(bench.sent.map(\.request.holding) == [[unit]])
        #expect(bench.sent.map(\.request.wantedUnits) == [0])
    }

    @Test
    func `what a lost request reported is reported again, after pauses that double up to 8 s`() throws {
        var bench = Bench()
        let unit = try self.unit(0)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = [unit] }
        bench.finish(self.job, unit)
        var sent = try #require(bench.sent.first)
        let record = sent.request.records
        var pauses: [Duration] = []
        for _ in 0 ..< 7 {
            bench.actions = bench.worker.requestFailed(number: sent.number, now: bench.now)
            #expect(bench.sent.isEmpty)
            let due = try #require(bench.worker.nextDeadline)
            pauses.append(bench.now.duration(to: due))
            bench.wait(bench.now.duration(to: due))
            sent = try #require(bench.sent.first)
            #expect(sent.request.records == record)
        }
        #expect(pauses == [0.5, 1, 2, 4, 8, 8, 8].map { .seconds($0) })
        #expect(bench.worker.idleReason.contains("does not answer"))
        bench.grant(sent.number) { $0.units = [] }
        bench.wait(.seconds(1))
        #expect(bench.sent.allSatisfy { $0.request.records.isEmpty })
    }

    @Test
    func `a job whose scene does not fit into this node is not taken, and people are told why`() throws {
        var bench = Bench()
        guard case .jobManifest(var body) = try self.manifest.decodedBody() else { return }
        body.memory = 5 << 30
        let submitter = Hand("submitter")
        bench.offer(submitter.sign(.jobManifest(body)))
        #expect(bench.worker.knownJobs.isEmpty)
        #expect(bench.worker.idleReason.contains("5120 MiB"))
    }

    @Test
    func `a request without an answer fails after 6 s, a steward without any after five minutes`() throws {
        var bench = Bench()
        _ = bench.ready(self.manifest)
        bench.wait(.seconds(5))
        #expect(bench.sent.isEmpty)
        bench.wait(.seconds(2))
        #expect(bench.sent.count == 1)
        bench.wait(.seconds(300))
        #expect(bench.actions.contains(.forgetJob(self.job)))
        #expect(bench.worker.knownJobs.isEmpty)
        #expect(bench.worker.nextDeadline == nil)
    }

    /// Stewards of which the worker's first choice is not known beforehand.
    private func roster(_ names: [PeerID]) -> JobOffer {
        TestGrid.offer(self.manifest, names)
    }

    @Test
    func `a steward on this node comes before the others`() throws {
        for count in 1 ..< 5 {
            var bench = Bench()
            let names = (0 ..< count).map { TestGrid.peer("steward \($0)") } + [bench.me]
            bench.actions = bench.worker.offerReceived(self.roster(names), from: names[0], now: bench.now)
            #expect(bench.worker.steward(of: self.job) == bench.me)
        }
    }

    @Test
    func `a steward that answers nothing is left at once, one that fails once is asked again`() throws {
        var bench = Bench()
        let names = (0 ..< 3).map { TestGrid.peer("steward \($0)") }
        bench.actions = bench.worker.offerReceived(self.roster(names), from: names[0], now: bench.now)
        bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
        let first = try #require(bench.sent.first?.steward)
        bench.failAll()
        bench.wait(.seconds(1))
        #expect(bench.worker.steward(of: self.job) == first)
        bench.wait(.seconds(7))
        #expect(bench.worker.steward(of: self.job) != first)
    }

    @Test
    func `when a steward's session ends, work goes on, and the report follows when it is back`() throws {
        var bench = Bench()
        let units = try self.units(0 ..< 2)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = units }
        bench.actions = bench.worker.stewardDisconnected(TestGrid.peer("steward"), now: bench.now)
        bench.finish(self.job, units[0])
        #expect(bench.rendered == [units[1]])
        bench.wait(.milliseconds(600))
        bench.failAll()
        bench.actions = bench.worker.stewardConnected(TestGrid.peer("steward"), now: bench.now)
        #expect(bench.sent.first?.request.records.count == 1)
        #expect(bench.sent.first?.request.holding == [units[1]])
    }

    @Test
    func `audits go to the threads at once and are reported at once`() throws {
        var bench = Bench()
        let units = try self.units(0 ..< 3)
        let audit = LeaseGrant.Audit(unit: try self.unit(9), leafIndex: 3)
        let number = bench.ready(self.manifest)
        bench.grant(number) {
            $0.units = units
            $0.audits = [audit, audit, LeaseGrant.Audit(unit: units[0], leafIndex: 64)]
        }
        #expect(bench.actions.filter { if case .audit = $0 { true } else { false } } == [.audit(self.job, audit)])
        bench.actions = bench.worker.auditFinished(
            self.job,
            audit,
            leaf: TestGrid.leaves(audit.unit)[3],
            now: bench.now
        )
        guard case .auditReport(let report) = try bench.sent.first?.request.records.first?.decodedBody() else {
            Issue.record("not reported")
            return
        }
        #expect(report.leaf == TestGrid.leaves(audit.unit)[3] && report.leafIndex == 3)
    }

    @Test
    func `wanted pixels are sent, those that are not there are called lost, released ones dropped`() throws {
        var bench = Bench { $0.reservePixelBytesMax = 0 }
        let units = try self.units(0 ..< 3)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = units }
        bench.finish(self.job, units[0])
        bench.wait(.milliseconds(500))
        let other = try self.unit(50)
        bench.grantNewest { $0.wantedPixels = [units[0], other] }
        #expect(bench.actions.contains(.sendPixels(self.job, units[0], to: TestGrid.peer("steward"))))
        bench.wait(.milliseconds(500))
        let sent = try #require(bench.unanswered.last)
        #expect(sent.request.lostPixels == [other])
        bench.grant(sent.number) { $0.released = [units[0], other] }
        #expect(bench.actions.contains(.dropPixels(self.job, units[0])))
        #expect(!bench.actions.contains(.dropPixels(self.job, other)))
    }

    /// Those who hold them may vanish: then nobody need render the units again.
    @Test
    func `pixels that others hold are kept while there is room, and sent when a steward asks for them`() throws {
        let units = try self.units(0 ..< 3)
        var bench = Bench { $0.reservePixelBytesMax = 2 * 64 * (64 * 12 + 64) }
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = units }
        for unit in units {
            bench.finish(self.job, unit)
        }
        bench.wait(.milliseconds(500))
        bench.grantNewest { $0.released = units }
        let dropped = units.filter { bench.actions.contains(.dropPixels(self.job, $0)) }
        #expect(dropped == [units[0]])
        bench.wait(.seconds(5))
        bench.grantNewest { $0.wantedPixels = units }
        let sent = units.filter { bench.actions.contains(.sendPixels(self.job, $0, to: TestGrid.peer("steward"))) }
        #expect(sent == [units[1], units[2]])
    }

    @Test
    func `cancelled units leave the queue and the threads`() throws {
        var bench = Bench()
        let units = try self.units(0 ..< 3)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = units }
        bench.wait(.seconds(2))
        bench.grant(try #require(bench.sent.first).number) { $0.cancelled = Array(units[0 ..< 2]) }
        #expect(bench.actions.contains(.cancelRender(self.job, units[0])))
        #expect(bench.rendered == [units[2]])
        bench.finish(self.job, units[0])
        #expect(bench.actions.contains(.dropPixels(self.job, units[0])))
    }

    @Test
    func `a closed job is forgotten, and a late offer does not bring it back`() throws {
        var bench = Bench()
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.isClosed = true }
        #expect(bench.actions == [.forgetJob(self.job)])
        bench.offer(self.manifest)
        #expect(bench.actions.isEmpty)
    }

    @Test
    func `a paused node gives back what has not begun, finishes the rest, and goes on when resumed`() throws {
        var bench = Bench()
        let units = try self.units(0 ..< 3)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = units }
        bench.actions = bench.worker.pause(now: bench.now)
        #expect(bench.sent.map(\.request.holding) == [[units[0]]])
        bench.finish(self.job, units[0])
        #expect(bench.rendered.isEmpty)
        #expect(bench.sent.map(\.request.records.count) == [1])
        #expect(bench.worker.idleReason == "paused by its owner")
        bench.grantNewest { $0.units = [units[1]] }
        #expect(bench.rendered.isEmpty, "a grant that was on its way is not rendered either")
        bench.grantNewest()
        bench.actions = bench.worker.resume(now: bench.now)
        #expect(bench.sent.contains { $0.request.wantedUnits > 0 })
    }

    @Test
    func `a drained node has reported everything and holds no pixels`() throws {
        var bench = Bench()
        let units = try self.units(0 ..< 3)
        let number = bench.ready(self.manifest)
        bench.grant(number) { $0.units = units }
        bench.actions = bench.worker.drain(now: bench.now)
        bench.finish(self.job, units[0])
        bench.grantNewest()
        #expect(!bench.actions.contains(.drained))
        bench.wait(.seconds(3))
        bench.grant(try #require(bench.sent.last).number) { $0.released = [units[0]] }
        #expect(bench.actions.contains(.drained))
        bench.wait(.seconds(10))
        #expect(!bench.actions.contains(.drained))
    }

    @Test
    func `two jobs share the threads, and one without work leaves them to the other`() throws {
        let second = TestGrid.manifest(width: 640, height: 640, title: "kraken")
        let other = JobID(second.id.digest)
        var bench = Bench(threads: 4)
        let first = bench.ready(self.manifest)
        bench.grant(first) { $0.units = (0 ..< 4).compactMap { try? self.unit($0) } }
        #expect(bench.rendered.count == 4)
        bench.offer(second, from: TestGrid.peer("second steward"))
        bench.actions = bench.worker.sceneReady(other, frames: [], now: bench.now)
        _ = bench.worker.sceneReady(other, frames: [1], now: bench.now)
        #expect(bench.sent.map(\.request.wantedUnits) == [2])
        #expect(bench.sent.map(\.steward) == [TestGrid.peer("second steward")])
        let asked = try #require(bench.sent.first)
        bench.grant(asked.number) { $0.units = (0 ..< 2).compactMap { try? self.unit($0) } }
        bench.finish(self.job, try self.unit(0))
        let rendered = bench.actions.compactMap { if case .render(let job, _) = $0 { job } else { nil } }
        #expect(rendered == [other])
    }

    @Test
    func `of many jobs two are at hand, the next when one of them has no work, and one that matters more at once`()
        throws
    {
        var bench = Bench()
        func prepared() -> [JobID] {
            bench.actions.compactMap { if case .prepareScene(let job, []) = $0 { job } else { nil } }
        }
        let manifests = (0 ..< 5).map { TestGrid.manifest(title: "shot \($0)") }
        var atHand: [JobID] = []
        for manifest in manifests {
            bench.offer(manifest)
            atHand += prepared()
        }
        #expect(atHand == manifests.prefix(2).map { JobID($0.id.digest) })
        let waiting = bench.worker.snapshots(now: bench.now).map(\.waitingFor)
        #expect(waiting == ["", ""] + Array(repeating: "other shots come first on this node", count: 3))

        // The first one has no work.
        bench.actions = bench.worker.sceneReady(atHand[0], frames: [], now: bench.now)
        bench.grant(try #require(bench.sent.first).number)
        #expect(prepared().count == 1)

        let urgent = TestGrid.manifest(title: "urgent")
        bench.offer(urgent, priority: 2)
        #expect(prepared() == [JobID(urgent.id.digest)])
        bench.offer(TestGrid.manifest(title: "not urgent"))
        #expect(prepared().isEmpty)
    }

    @Test
    func `jobs get their share of a node by what they matter and how late they are`() throws {
        var bench = Bench()
        let other = TestGrid.manifest(title: "late")
        let first = bench.ready(self.manifest)
        bench.grant(first)
        let second = bench.ready(other, steward: TestGrid.peer("second steward"))
        bench.grant(second) { $0.urgency = 400 }
        let shares = bench.worker.weights
        #expect(shares[JobID(other.id.digest)] == 4 * (try #require(shares[self.job])))
    }

    @Test
    func `a scene that cannot be had is asked for again, and its leases are given back`() throws {
        var bench = Bench()
        bench.offer(self.manifest)
        bench.actions = bench.worker.sceneFailed(self.job, frames: [], reason: "no peer has it", now: bench.now)
        #expect(bench.worker.idleReason.contains("no peer has it"))
        bench.wait(.seconds(8))
        #expect(bench.actions == [.prepareScene(self.job, frames: [])])
        bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
        let unit = try self.unit(0)
        bench.grant(try #require(bench.sent.first).number) { $0.units = [unit] }
        bench.actions = bench.worker.sceneFailed(self.job, frames: [1], reason: "no chunk", now: bench.now)
        #expect(bench.sent.map(\.request.holding) == [[]])
    }

    @Test
    func `no more is taken while too many pixels wait for a second node`() throws {
        var bench = Bench { $0.heldPixelBytesMax = 100_000 }
        let units = try self.units(0 ..< 4)
        var number = bench.ready(self.manifest)
        for index in 0 ..< 2 {
            bench.grant(number) { $0.units = [units[index]] }
            bench.finish(self.job, units[index])
            number = bench.sent.last?.number ?? .max
        }
        #expect(bench.sent.map(\.request.wantedUnits) == [0])
        bench.grant(number)
        #expect(bench.worker.idleReason.contains("no other node has checked"))
    }

    @Test
    func `a steward that answers nothing at once is not asked again at once`() throws {
        var bench = Bench()
        let number = bench.ready(self.manifest)
        bench.grant(number)
        #expect(bench.sent.isEmpty)
        bench.wait(.milliseconds(999))
        #expect(bench.sent.isEmpty)
        bench.wait(.milliseconds(1))
        #expect(bench.sent.count == 1)
    }

    @Test
    func `answers to nobody's question are ignored`() throws {
        var bench = Bench()
        bench.grant(99) { $0.units = (0 ..< 4).compactMap { try? self.unit($0) } }
        #expect(bench.actions.isEmpty)
        bench.actions = bench.worker.requestFailed(number: 99, now: bench.now)
        #expect(bench.actions.isEmpty)
        let number = bench.ready(self.manifest)
        let foreign = UnitID(frame: 99, tile: 0, firstBlock: 0, blockCount: 64)
        bench.grant(number) { $0.units = [foreign] }
        #expect(bench.rendered.isEmpty)
    }
}
