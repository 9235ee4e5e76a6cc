import GridCore
import GridWire
import Testing

/// When a worker reports what it has rendered.
@Suite
struct WorkerReportTests {
    private let manifest = TestGrid.manifest(width: 640, height: 640, frames: 2)
    private var job: JobID { JobID(self.manifest.id.digest) }

    /// How long the first of many leased units waits for others, where the job still takes so long.
    private func delay(secondsLeft: UInt64, batchMilliseconds: UInt64 = 0) throws -> Duration? {
        guard case .jobManifest(let body) = try self.manifest.decodedBody() else { return nil }
        let plan = try UnitPlan(manifest: body)
        var bench = Bench()
        let number = bench.ready(self.manifest)
        bench.grant(number) {
            $0.units = (0 ..< 9).map { plan.unit(at: $0) }
            $0.secondsLeft = secondsLeft
            $0.batchMilliseconds = batchMilliseconds
        }
        bench.finish(self.job, plan.unit(at: 0))
        let finished = bench.now
        for _ in 0 ..< 100 where !bench.sent.contains(where: { !$0.request.records.isEmpty }) {
            bench.wait(.milliseconds(50))
        }
        return finished.duration(to: bench.now)
    }

    @Test
    func `results wait the longer for others the more is left to do, two seconds at most`() throws {
        #expect(try self.delay(secondsLeft: 0) == .milliseconds(500))
        #expect(try self.delay(secondsLeft: 100) == .milliseconds(500))
        #expect(try self.delay(secondsLeft: 200) == .seconds(1))
        #expect(try self.delay(secondsLeft: 100_000) == .seconds(2))
    }

    @Test
    func `a worker of thousands lets results wait longer, but less and less towards the end`() throws {
        #expect(try self.delay(secondsLeft: 100, batchMilliseconds: 5_000) == .seconds(5))
        #expect(try self.delay(secondsLeft: 6, batchMilliseconds: 5_000) == .seconds(3))
        #expect(try self.delay(secondsLeft: 1, batchMilliseconds: 5_000) == .milliseconds(500))
        #expect(try self.delay(secondsLeft: 0, batchMilliseconds: 5_000) == .milliseconds(500))
    }

    @Test
    func `all workers together are asked for fifteen hundred batches a second`() throws {
        var desk = try Desk(self.manifest)
        var grant: LeaseGrant?
        for number in 0 ..< 40 {
            desk.wait(.milliseconds(20))
            let hand = Hand("worker \(number)")
            grant = desk.send(hand.ask(desk.job, wanted: 1, blockMicroseconds: 1_000), from: hand)
        }
        desk.wait(.milliseconds(300))
        let again = Hand("worker 0")
        grant = desk.send(again.ask(desk.job, wanted: 1, blockMicroseconds: 1_000, isIdle: false), from: again)
        #expect(grant?.batchMilliseconds == 26)
    }

    @Test
    func `results that wait for others are listed as held, and asking for more does not sign them`() throws {
        guard case .jobManifest(let body) = try self.manifest.decodedBody() else { return }
        let plan = try UnitPlan(manifest: body)
        var bench = Bench()
        let number = bench.ready(self.manifest)
        let units = (0 ..< 4).map { plan.unit(at: $0) }
        bench.grant(number) {
            $0.units = units
            $0.secondsLeft = 100
            $0.batchMilliseconds = 5_000
        }
        bench.finish(self.job, units[0])
        bench.finish(self.job, units[1])
        var beat: LeaseRequest?
        for _ in 0 ..< 60 where beat == nil {
            bench.wait(.milliseconds(50))
            beat = bench.sent.last?.request
        }
        let held = try #require(beat)
        #expect(held.records.isEmpty && Set(held.holding) == Set(units))
        // With nothing left to go on with, there is nothing to wait for.
        bench.finish(self.job, units[2])
        bench.finish(self.job, units[3])
        var reported = bench.sent.flatMap(\.request.leaves).map(\.unit)
        for sent in bench.unanswered where reported.isEmpty {
            bench.grant(sent.number) {
                $0.secondsLeft = 100
                $0.batchMilliseconds = 5_000
            }
            reported = bench.sent.flatMap(\.request.leaves).map(\.unit)
        }
        #expect(reported == units)
    }
}
