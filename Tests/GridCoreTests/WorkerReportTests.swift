import GridCore
import GridWire
import Testing

/// When a worker reports what it has rendered.
@Suite
struct WorkerReportTests {
    private let manifest = TestGrid.manifest(width: 640, height: 640, frames: 2)
    private var job: JobID { JobID(self.manifest.id.digest) }

    /// How long the first of many leased units waits for others, where the job still takes so long.
    private func delay(secondsLeft: UInt64) throws -> Duration? {
        guard case .jobManifest(let body) = try self.manifest.decodedBody() else { return nil }
        let plan = try UnitPlan(manifest: body)
        var bench = Bench()
        let number = bench.ready(self.manifest)
        bench.grant(number) {
            $0.units = (0 ..< 9).map { plan.unit(at: $0) }
            $0.secondsLeft = secondsLeft
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
}
