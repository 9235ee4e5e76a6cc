import GridSimulator
import Testing

/// Nodes with real data directories, which are killed and lose their power.
struct StoreSimulationTests {
    private func scenario(_ seed: UInt64, nodes: Int = 10) -> SimulationScenario {
        var scenario = SimulationScenario(seed: seed, nodes: nodes, stewards: min(8, nodes))
        scenario.jobs = [SimulationScenario.Job(frameCount: 2, width: 256, height: 192, samples: 512)]
        scenario.faults = .storm(untilSeconds: 60)
        scenario.faults.crashMeanSeconds = 30
        scenario.usesStore = true
        return scenario
    }

    @Test
    func `what a store has confirmed outlives kills, power cuts and full disks`() throws {
        var (powerCuts, fullDisks, lost) = (0, 0, 0)
        for seed in 0 ..< 8 as Range<UInt64> {
            var scenario = self.scenario(seed)
            scenario.sealAfterSeconds = seed % 2 == 0 ? nil : 5
            let report = try Simulation(scenario).run()
            #expect(report.isGood, "\(report.explanation)")
            powerCuts += report.store?.powerCuts ?? 0
            fullDisks += report.store?.fullDisks ?? 0
            lost += report.store?.lost ?? 0
        }
        #expect(
            powerCuts > 0 && fullDisks > 0 && lost > 0,
            "\(powerCuts) power cuts, \(fullDisks) full disks, \(lost) lost"
        )
    }

    @Test
    func `real pixels lie on the disks, and the frames are as a direct render`() throws {
        var scenario = self.scenario(3, nodes: 5)
        scenario.jobs = [SimulationScenario.Job(frameCount: 1, width: 160, height: 96, samples: 2)]
        scenario.rendersPixels = true
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(report.explanation)")
        #expect(report.framesEqual ?? 0 >= 1)
    }

    @Test
    func `disks that only say that they have forced something are found out`() throws {
        var rules: Set<String> = []
        for seed in UInt64(0) ..< 4 {
            var scenario = self.scenario(seed)
            scenario.faults.lostSyncRate = 1
            scenario.faults.tornRate = 1
            rules.formUnion(try Simulation(scenario).run().violations.map(\.what))
        }
        #expect(rules.contains { $0.hasPrefix("what was forced to the disk is gone after a power cut") }, "\(rules)")
    }

    @Test
    func `a run with stores is equal to itself`() throws {
        var scenario = self.scenario(11, nodes: 6)
        scenario.faults.untilSeconds = 30
        var (first, second) = (try Simulation(scenario).run(), try Simulation(scenario).run())
        (first.wallSeconds, second.wallSeconds) = (0, 0)
        #expect(first == second)
    }
}
