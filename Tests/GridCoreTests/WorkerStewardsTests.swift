import GridCore
import GridWire
import Testing

/// Whom a worker asks when stewards change, and what it tells them.
@Suite
struct WorkerStewardsTests {
    private let manifest = TestGrid.manifest(width: 640, height: 640, frames: 2)
    private let names = (0 ..< 3).map { TestGrid.peer("steward \($0)") }
    private let standIn = TestGrid.peer("stand-in")
    private var job: JobID { JobID(self.manifest.id.digest) }

    private func offer(_ number: Int, _ stewards: [PeerID], isProvisional: Bool = false) -> JobOffer {
        TestGrid.offer(self.manifest, stewards, number: number, isProvisional: isProvisional)
    }

    /// A worker that has rendered one unit for the first of three stewards, which all fell silent then.
    private func bench() throws -> Bench {
        var bench = Bench()
        bench.actions = bench.worker.offerReceived(self.offer(1, self.names), from: self.names[0], now: bench.now)
        bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
        guard case .jobManifest(let manifest) = try self.manifest.decodedBody() else {
            throw JobError(.badManifest, "no manifest")
        }
        let unit = try UnitPlan(manifest: manifest).unit(at: 0)
        bench.grantNewest { $0.units = [unit] }
        bench.actions = bench.worker.sceneReady(self.job, frames: [1], now: bench.now)
        bench.finish(self.job, unit)
        bench.wait(.seconds(1))
        // Two holders have it.
        bench.grantNewest { $0.released = [unit] }
        for name in self.names {
            bench.actions = bench.worker.stewardDisconnected(name, now: bench.now)
        }
        bench.failAll()
        return bench
    }

    @Test
    func `a steward that answers and releases nothing for ten minutes is left, and the next is told all of it`() throws
    {
        for releases in [false, true] {
            var bench = Bench()
            bench.actions = bench.worker.offerReceived(self.offer(1, self.names), from: self.names[0], now: bench.now)
            bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
            let first = try #require(bench.worker.steward(of: self.job))
            guard case .jobManifest(let manifest) = try self.manifest.decodedBody() else { return }
            let plan = try UnitPlan(manifest: manifest)
            let units = (0 ..< 2).map { plan.unit(at: $0) }
            bench.grantNewest { $0.units = units }
            bench.actions = bench.worker.sceneReady(self.job, frames: [1], now: bench.now)
            for unit in units { bench.finish(self.job, unit) }
            bench.wait(.seconds(1))
            for second in 0 ..< 598 {
                bench.grantNewest { if releases, second == 300 { $0.released = [units[0]] } }
                bench.wait(.seconds(1))
                #expect(bench.worker.steward(of: self.job) == first, "after \(second) s")
            }
            var told: [SignedRecord] = []
            for _ in 0 ..< 4 {
                bench.grantNewest()
                bench.wait(.seconds(1))
                told += bench.unanswered.filter { $0.steward != first }.flatMap(\.request.records)
            }
            #expect((bench.worker.steward(of: self.job) == first) == releases)
            #expect(told.isEmpty == releases)
        }
    }

    @Test
    func `whoever stands in for lost stewards is told all that this node rendered, once`() throws {
        var bench = try self.bench()
        bench.wait(.seconds(6))
        bench.failAll()
        bench.unanswered = []
        let roster = self.offer(2, [self.standIn], isProvisional: true)
        bench.actions = bench.worker.offerReceived(roster, from: self.standIn, now: bench.now)
        let sent = try #require(bench.sent.first)
        #expect(sent.steward == self.standIn)
        #expect(sent.request.records.map(\.kind) == [.resultBatch])
        #expect(sent.request.leaves.isEmpty)
        bench.grantNewest()
        bench.wait(.seconds(5))
        #expect(bench.sent.allSatisfy { $0.request.records.isEmpty })
    }

    /// Else it waits until its own turn comes to stand in, for up to a minute.
    @Test
    func `who hears of a stand-in before it knows that the stewards are gone turns to it when it does`() throws {
        var bench = try self.bench()
        let roster = self.offer(2, [self.standIn], isProvisional: true)
        bench.wait(.seconds(2))
        bench.actions = bench.worker.offerReceived(roster, from: self.standIn, now: bench.now)
        #expect(bench.worker.steward(of: self.job) != self.standIn, "they were there 2 s ago")
        var answered = bench
        answered.grantNewest()
        answered.wait(.milliseconds(3_500))
        #expect(answered.worker.steward(of: self.job) != self.standIn, "one of them has answered since")
        bench.unanswered = []
        bench.wait(.milliseconds(3_500))
        #expect(bench.worker.steward(of: self.job) == self.standIn)
        #expect(bench.unanswered.contains { $0.steward == self.standIn && !$0.request.records.isEmpty })
    }

    @Test
    func `who is told by a stand-in that the stewards are back goes to one of them, though it found them silent`()
        throws
    {
        var bench = try self.bench()
        bench.wait(.seconds(6))
        let roster = self.offer(2, [self.standIn], isProvisional: true)
        bench.actions = bench.worker.offerReceived(roster, from: self.standIn, now: bench.now)
        #expect(bench.worker.steward(of: self.job) == self.standIn)
        bench.grantNewest()
        bench.actions = bench.worker.offerReceived(self.offer(1, self.names), from: self.standIn, now: bench.now)
        let steward = try #require(bench.worker.steward(of: self.job))
        #expect(self.names.contains(steward))
        bench.wait(.milliseconds(1))
        #expect(bench.sent.allSatisfy { self.names.contains($0.steward) })
    }

    @Test
    func `stewards whose sessions all ended are replaced after 6 s, others that do not answer after 10 s`() throws {
        for isGone in [true, false] {
            var bench = Bench()
            let names = Array(self.names.prefix(2))
            bench.actions = bench.worker.offerReceived(self.offer(1, names), from: names[0], now: bench.now)
            bench.worker.peersChanged(names)
            bench.actions = bench.worker.sceneReady(self.job, frames: [], now: bench.now)
            let begin = bench.now
            for name in names where isGone || name != bench.worker.steward(of: self.job) {
                bench.actions = bench.worker.stewardDisconnected(name, now: bench.now)
            }
            var founded: Duration?
            while founded == nil, begin.duration(to: bench.now) < .seconds(20) {
                bench.wait(.milliseconds(100))
                if bench.actions.contains(where: { if case .foundRoster = $0 { true } else { false } }) {
                    founded = begin.duration(to: bench.now)
                }
            }
            let seconds = try #require(founded)
            #expect(isGone ? seconds < .seconds(7) : seconds >= .seconds(6), "\(seconds)")
        }
    }
}
