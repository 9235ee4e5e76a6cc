import GridSimulator
import Testing

/// A grid on which nothing goes wrong.
struct QuietSimulationTests {
    @Test
    func `a quiet grid ends its job and wastes little`() throws {
        for seed in UInt64(0) ..< 10 {
            let report = try Simulation(SimulationScenario(seed: seed)).run()
            #expect(report.isGood, "\(report.explanation)")
            #expect(report.burned.isEmpty)
            #expect(report.falsifiedUnits == 0)
            #expect(report.usefulShare > 0.85, "seed \(seed): \(report.usefulShare)")
        }
    }

    @Test
    func `all that threads could have done is useful or lost`() throws {
        for seed in UInt64(0) ..< 4 {
            var scenario = SimulationScenario(seed: seed, nodes: 30, speedSpread: 0.91)
            scenario.faults.slowdownMeanSeconds = 60
            scenario.faults.crashMeanSeconds = 100
            scenario.faults.untilSeconds = 1_000
            let report = try Simulation(scenario).run()
            let sum = report.losses.values.reduce(report.efficiency, +)
            // What is under way when the job ends is neither.
            #expect(abs(sum - 1) < 0.01, "seed \(seed): \(sum), \(report.losses)")
            #expect(report.efficiency != report.timeEfficiency)
        }
    }

    /// With one steward for each worker, most units are rendered by workers of two stewards.
    @Test(arguments: [3, 4])
    func `stewards of few nodes waste neither messages nor time on each other`(nodes: Int) throws {
        for seed in UInt64(0) ..< 5 {
            let scenario = SimulationScenario(
                seed: seed,
                nodes: nodes,
                stewards: nodes,
                threadsMax: 1,
                speedSpread: 0,
                roundTripMilliseconds: [0.2],
                jobs: [SimulationScenario.Job(frameCount: 4, width: 480, height: 270, samples: 32)]
            )
            let report = try Simulation(scenario).run()
            #expect(report.isGood, "\(report.explanation)")
            let units = UInt64(report.jobs.reduce(0) { $0 + $1.units })
            #expect(report.stewardMessages < 15 * units, "seed \(seed): \(report.stewardMessages) for \(units) units")
            #expect(report.efficiency > 0.7, "seed \(seed): \(report.efficiency)")
            #expect(report.duplicateUnits < Int(units) / 10, "seed \(seed): \(report.duplicateUnits)")
        }
    }

    /// A worker that waits at one job has work from others: it is not idle, and nobody's straggler is its business.
    @Test
    func `several jobs do not make stewards think that their workers are late`() throws {
        for seed in UInt64(0) ..< 3 {
            let job = SimulationScenario.Job(frameCount: 8, width: 960, height: 540, samples: 32)
            let scenario = SimulationScenario(
                seed: seed,
                nodes: 24,
                stewards: 4,
                jobs: Array(repeating: job, count: 3)
            )
            let report = try Simulation(scenario).run()
            #expect(report.isGood, "\(report.explanation)")
            let units = report.jobs.reduce(0) { $0 + $1.units }
            #expect(report.duplicateUnits < units / 50, "seed \(seed): \(report.duplicateUnits) of \(units)")
        }
    }

    @Test
    func `two nodes suffice`() throws {
        let report = try Simulation(SimulationScenario(seed: 1, nodes: 2, threadsMax: 1)).run()
        #expect(report.isGood, "\(report.explanation)")
    }

    @Test
    func `several jobs with several stewards all end`() throws {
        for seed in UInt64(0) ..< 10 {
            let jobs = (0 ..< 5).map { SimulationScenario.Job(frameCount: 2, submittedAtSeconds: Double($0)) }
            let report = try Simulation(SimulationScenario(seed: seed, nodes: 8, stewards: 3, jobs: jobs)).run()
            #expect(report.isGood, "\(report.explanation)")
            #expect(report.jobs.allSatisfy { $0.finalFrames == 2 })
        }
    }

    @Test
    func `one seed gives one run`() throws {
        var scenario = SimulationScenario(seed: 5, nodes: 6, saboteurs: 1)
        scenario.faults = .storm(untilSeconds: 60)
        var first = try Simulation(scenario).run()
        var second = try Simulation(scenario).run()
        (first.wallSeconds, second.wallSeconds) = (0, 0)
        #expect(first == second)
        scenario.seed = 6
        #expect(try Simulation(scenario).run().events != first.events)
    }

    @Test
    func `numbers that cannot be simulated are refused with what to change`() {
        var scenarios = Array(repeating: SimulationScenario(seed: 1), count: 8)
        scenarios[0].nodes = 1
        scenarios[1].stewards = 5
        scenarios[2].saboteurs = 3
        scenarios[3].jobs = []
        scenarios[4].faults.lossRate = 1.5
        scenarios[5].timeLimitSeconds = .nan
        scenarios[6].roundTripMilliseconds = []
        scenarios[7].jobs[0].submittedAtSeconds = -1
        for scenario in scenarios {
            #expect(throws: SimulationError.self) { try Simulation(scenario) }
        }
    }
}

extension SimulationReport {
    /// What went wrong, with the seed that replays it.
    var explanation: String {
        guard let violation = self.violations.first else { return "seed \(self.seed): \(self)" }
        return "seed \(violation.seed) at \(violation.seconds) s: \(violation.what)\n"
            + violation.lastActions.joined(separator: "\n")
    }
}
