import GridCore
import GridWire
import Testing

/// What a node that cannot hold all its scenes at once turns to; each scene of these tests takes 1 MB.
@Suite
struct WorkerMemoryTests {
    private let shots = ["a", "b"].map { TestGrid.manifest(width: 1_280, height: 1_280, title: $0) }
    private var jobs: [JobID] { self.shots.map { JobID($0.id.digest) } }

    private func units(_ range: Range<Int>) throws -> [UnitID] {
        guard case .jobManifest(let manifest) = try self.shots[0].decodedBody() else {
            throw JobError(.badManifest, "no manifest")
        }
        let plan = try UnitPlan(manifest: manifest)
        return range.map { plan.unit(at: $0) }
    }

    /// A node of two threads with both jobs, of which each has given it units.
    private func bench(memory: UInt64) throws -> Bench {
        var bench = Bench(threads: 2) {
            $0.memoryMax = memory
            $0.workAhead = .seconds(1_000)
        }
        for (shot, job) in zip(self.shots, self.jobs) {
            _ = bench.ready(shot)
            while let sent = bench.unanswered.last(where: { $0.request.job == job }) {
                let units = try self.units(0 ..< 64)
                bench.grant(sent.number) { $0.units = sent.request.wantedUnits > 0 ? units : [] }
            }
        }
        return bench
    }

    private func rendered(_ bench: Bench) -> [(job: JobID, unit: UnitID)] {
        bench.actions.compactMap { if case .render(let job, let unit) = $0 { (job, unit) } else { nil } }
    }

    /// The jobs of the next units, finished one after the other, and the most jobs under way at a time.
    private func history(_ bench: inout Bench, count: Int) -> (jobs: [JobID], most: Int) {
        var running: [(job: JobID, unit: UnitID)] = []
        var jobs: [JobID] = []
        var most = 0
        let first = bench.worker.snapshots(now: bench.now).map(\.unitsRendered)
        #expect(first == [0, 0])
        running = self.begun
        for _ in 0 ..< count where !running.isEmpty {
            most = max(most, Set(running.map(\.job)).count)
            let (job, unit) = running.removeFirst()
            jobs.append(job)
            bench.finish(job, unit)
            running += self.rendered(bench)
        }
        return (jobs, most)
    }

    /// What ``bench(memory:)`` leaves under way: the first job came first, and both threads turned to it.
    private var begun: [(job: JobID, unit: UnitID)] {
        ((try? self.units(0 ..< 2)) ?? []).map { (self.jobs[0], $0) }
    }

    @Test
    func `scenes that do not fit together are used one after the other, and each job gets its share`() throws {
        var bench = try self.bench(memory: 1_500_000)
        var next = bench
        next.finish(self.jobs[0], self.begun[0].unit)
        let waiting = next.worker.snapshots(now: next.now).map(\.waitingFor)
        #expect(waiting[0].isEmpty)
        #expect(waiting[1].contains("tessera node --memory"))
        let history = self.history(&bench, count: 120)
        #expect(history.jobs.count == 120)
        #expect(history.most == 1)
        let shares = self.jobs.map { job in history.jobs.count { $0 == job } }
        #expect(shares.allSatisfy { $0 >= 40 }, "\(shares)")
        let changes = zip(history.jobs, history.jobs.dropFirst()).count { $0 != $1 }
        #expect(changes <= 10, "loading a scene for each unit would cost more than it gives")
    }

    @Test
    func `scenes that fit are used at the same time`() throws {
        var bench = try self.bench(memory: 2_000_000)
        #expect(bench.worker.snapshots(now: bench.now).map(\.waitingFor) == ["", ""])
        let history = self.history(&bench, count: 60)
        #expect(history.most == 2)
    }

    @Test
    func `an audit waits for room, and nothing else begins before it`() throws {
        var bench = try self.bench(memory: 1_500_000)
        let audit = LeaseGrant.Audit(unit: try self.units(3 ..< 4)[0], leafIndex: 3)
        let audits: (Bench) -> [Worker.Action] = { $0.actions.filter { if case .audit = $0 { true } else { false } } }
        bench.wait(.seconds(10))
        let number = try #require(bench.unanswered.last { $0.request.job == self.jobs[1] }?.number)
        bench.grant(number) { $0.audits = [audit] }
        #expect(audits(bench).isEmpty)
        bench.finish(self.jobs[0], self.begun[0].unit)
        #expect(audits(bench).isEmpty && self.rendered(bench).isEmpty)
        bench.finish(self.jobs[0], self.begun[1].unit)
        #expect(audits(bench) == [.audit(self.jobs[1], audit)])
        #expect(self.rendered(bench).allSatisfy { $0.job == self.jobs[1] })
    }
}
