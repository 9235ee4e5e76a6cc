import GridCore
import GridSimulator
import Testing

/// Nobody is harmed by wall clocks that are wrong and jump by a day while their nodes are down.
struct WallClockSimulationTests {
    @Test
    func `numbers of batches rise over starts whatever the clock shows`() {
        let day: UInt64 = 86_400_000
        var last: UInt64?
        for milliseconds in [3 * day, 2 * day, 2 * day + 5, 9 * day, 0] {
            let first = BatchNumbers.first(milliseconds: milliseconds, last: last)
            #expect(first >= milliseconds)
            if let last { #expect(first >= last + BatchNumbers.stride) }
            last = first
        }
    }

    @Test
    func `jobs with deadlines end, and no honest node is burned, when clocks jump with every start`() throws {
        for seed in UInt64(0) ..< 8 {
            var scenario = SimulationScenario(seed: 12_000 + seed, nodes: 6, stewards: 3)
            scenario.jobs = [SimulationScenario.Job(frameCount: 2, width: 200, height: 130, samples: 1_024)]
            scenario.energy = SimulationScenario.Energy()
            scenario.energy?.deadlineSeconds = 600
            scenario.faults.stewardsCrash = true
            scenario.faults.crashMeanSeconds = 20
            scenario.faults.absenceSecondsMax = 5
            scenario.faults.clockSkewSeconds = 86_400
            scenario.faults.clockJumpRate = 1
            scenario.faults.untilSeconds = 200
            let report = try Simulation(scenario).run()
            #expect(report.isGood, "\(report.explanation)")
            #expect(report.burned.isEmpty && report.crashes > 0)
        }
    }
}
