import GridSimulator
import Testing

/// Real pixels, small ones.
struct PixelSimulationTests {
    private func scenario(seed: UInt64, nodes: Int, stewards: Int) -> SimulationScenario {
        var scenario = SimulationScenario(seed: seed, nodes: nodes, stewards: stewards)
        scenario.jobs = [SimulationScenario.Job(frameCount: 2, width: 136, height: 72, samples: 2)]
        scenario.rendersPixels = true
        return scenario
    }

    @Test
    func `frames of a grid are those of a direct render, bit for bit`() throws {
        let report = try Simulation(self.scenario(seed: 1, nodes: 5, stewards: 3)).run()
        #expect(report.isGood, "\(report.explanation)")
        #expect(report.framesEqual == 2)
    }

    @Test
    func `so they are after a storm, and when nodes find each other`() throws {
        var scenario = self.scenario(seed: 2, nodes: 5, stewards: 5)
        scenario.peering = SimulationScenario.Peering()
        scenario.jobs[0].submittedAtSeconds = 20
        scenario.faults = .storm(untilSeconds: 60)
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(report.explanation)")
        #expect(report.framesEqual == 2)
    }

    @Test
    func `a saboteur that turns one bit over is found by the hash`() throws {
        var burned = 0
        for seed in UInt64(0) ..< 6 {
            var scenario = self.scenario(seed: 20 + seed, nodes: 4, stewards: 2)
            scenario.saboteurs = 1
            scenario.falsifyRate = 0.5
            let report = try Simulation(scenario).run()
            #expect(report.isGood, "\(report.explanation)")
            #expect(report.framesEqual == 2)
            burned += report.burned.count
        }
        #expect(burned > 0)
    }

    @Test
    func `frames that would take hours are refused`() {
        var scenario = self.scenario(seed: 1, nodes: 4, stewards: 1)
        scenario.jobs[0].samples = 4_096
        #expect(throws: SimulationError.self) { try Simulation(scenario) }
    }
}
