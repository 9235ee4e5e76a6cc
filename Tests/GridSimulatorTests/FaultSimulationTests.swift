import GridSimulator
import Testing

/// Safety always; every job ends after the faults stop.
struct FaultSimulationTests {
    private func run(_ scenario: SimulationScenario) throws -> SimulationReport {
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(report.explanation)")
        return report
    }

    @Test(arguments: 0 ..< 8)
    func `small grids survive a storm`(part: Int) throws {
        for seed in UInt64(part) * 25 ..< UInt64(part) * 25 + 25 {
            var scenario = SimulationScenario(seed: seed, nodes: 2 + Int(seed % 7), stewards: 1 + Int(seed % 2))
            scenario.jobs = (0 ... Int(seed % 3)).map { .init(frameCount: 2, submittedAtSeconds: Double(10 * $0)) }
            scenario.faults = .storm(untilSeconds: 120)
            _ = try self.run(scenario)
        }
    }

    @Test(arguments: 0 ..< 8)
    func `one saboteur changes no pixel, and no honest node is burned`(part: Int) throws {
        var burned = 0
        for seed in UInt64(part) * 25 ..< UInt64(part) * 25 + 25 {
            var scenario = SimulationScenario(seed: 1_000 + seed, nodes: 3 + Int(seed % 5), saboteurs: 1)
            if seed % 2 == 1 {
                scenario.faults = .storm(untilSeconds: 120)
            }
            burned += try self.run(scenario).burned.count
        }
        #expect(burned > 0, "a saboteur is caught now and then")
    }

    @Test
    func `a saboteur on a quiet grid is named`() throws {
        for seed in UInt64(0) ..< 30 {
            var scenario = SimulationScenario(seed: 2_000 + seed, nodes: 4, saboteurs: 1)
            scenario.falsifyRate = 0.5
            let report = try self.run(scenario)
            #expect(report.burned.count == 1 || report.falsifiedUnits == 0, "seed \(report.seed)")
        }
    }

    @Test
    func `several saboteurs that do not collude are survived`() throws {
        for seed in UInt64(0) ..< 20 {
            var scenario = SimulationScenario(seed: 3_000 + seed, nodes: 8, saboteurs: 3)
            scenario.faults = .storm(untilSeconds: 60)
            _ = try self.run(scenario)
        }
    }

    @Test
    func `lost, doubled and overtaken messages alone do no harm`() throws {
        for seed in UInt64(0) ..< 30 {
            var scenario = SimulationScenario(seed: 4_000 + seed, nodes: 5)
            scenario.faults.lossRate = 0.2
            scenario.faults.duplicateRate = 0.2
            scenario.faults.delayRate = 0.2
            scenario.faults.disconnectMeanSeconds = 20
            scenario.faults.untilSeconds = 200
            _ = try self.run(scenario)
        }
    }

    @Test
    func `a steward that is killed again and again loses nothing`() throws {
        for seed in UInt64(0) ..< 30 {
            var scenario = SimulationScenario(seed: 5_000 + seed, nodes: 4, saboteurs: Int(seed % 2))
            scenario.faults.stewardsCrash = true
            scenario.faults.crashMeanSeconds = 15
            scenario.faults.crashBetweenActionsRate = 0.02
            scenario.faults.absenceSecondsMax = 5
            scenario.faults.untilSeconds = 300
            _ = try self.run(scenario)
        }
    }

    @Test
    func `the units of a killed worker are leased again soon`() throws {
        for seed in UInt64(0) ..< 30 {
            var scenario = SimulationScenario(seed: 6_000 + seed, nodes: 5)
            scenario.faults.crashMeanSeconds = 20
            scenario.faults.absenceSecondsMax = 60
            scenario.faults.untilSeconds = 100
            let report = try self.run(scenario)
            // 15 s of lease, and the longest unit that somebody else must finish before it asks for more.
            #expect(report.longestOrphanSeconds < 60, "seed \(report.seed): \(report.longestOrphanSeconds) s")
        }
    }
}
