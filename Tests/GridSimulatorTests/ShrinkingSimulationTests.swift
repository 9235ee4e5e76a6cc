import GridSimulator
import Testing

/// A grid that is broken on purpose shows that its checks see it, and that the way to it is found.
struct ShrinkingSimulationTests {
    @Test
    func `of a storm that breaks a rule only what breaks it is left, and that replays`() throws {
        var scenario = SimulationScenario(seed: 2, nodes: 14, stewards: 6, saboteurs: 1)
        scenario.jobs = Array(
            repeating: SimulationScenario.Job(frameCount: 3, width: 256, height: 192, samples: 256),
            count: 2
        )
        scenario.faults = .storm(untilSeconds: 120)
        scenario.faults.lostWriteRate = 0.02
        let report = try Simulation(scenario).run()
        let violation = try #require(report.violations.first)
        var shrinker = SimulationShrinker()
        shrinker.secondsMax = 300
        let failure = try shrinker.shrink(scenario, violation)
        #expect(failure.violation.rule == violation.rule)
        #expect(failure.scenario.faults.lostWriteRate == 0.02)
        #expect(failure.scenario.nodes < 14)
        #expect(failure.scenario.jobs.count == 1)
        #expect(failure.scenario.saboteurs == 0)
        #expect(failure.scenario.faults.partitionMeanSeconds == 0)
        #expect(failure.scenario.faults.slowdownMeanSeconds == 0)
        #expect(failure.runs <= shrinker.runsMax + Int(shrinker.seedsPerChange))
        #expect(!failure.violation.lastEvents.isEmpty)
        let again = try Simulation(failure.scenario).run()
        #expect(again.violations.first == failure.violation)
    }

    @Test
    func `a rule is its sentence without what differs from run to run`() throws {
        var scenario = SimulationScenario(seed: 3, nodes: 6, stewards: 3)
        scenario.timeLimitSeconds = 2
        let report = try Simulation(scenario).run()
        #expect(report.violations.first?.rule == "it did not end")
    }

    @Test
    func `a bound on the runs is kept`() throws {
        var scenario = SimulationScenario(seed: 3, nodes: 6, stewards: 3)
        scenario.timeLimitSeconds = 2
        let violation = try #require(try Simulation(scenario).run().violations.first)
        var shrinker = SimulationShrinker()
        shrinker.runsMax = 1
        let failure = try shrinker.shrink(scenario, violation)
        #expect(failure.runs == 1)
    }
}
