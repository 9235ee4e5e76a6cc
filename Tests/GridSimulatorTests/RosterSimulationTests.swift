import GridSimulator
import Testing

/// Jobs that five nodes keep: stewards die, are cut off, come back, and nothing is lost.
struct RosterSimulationTests {
    private let job = SimulationScenario.Job(frameCount: 2, width: 200, height: 130, samples: 1_024)
    private let longer = SimulationScenario.Job(frameCount: 4, width: 320, height: 192, samples: 1_024)

    @discardableResult
    private func run(_ scenario: SimulationScenario) throws -> SimulationReport {
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(report.explanation)")
        return report
    }

    @Test
    func `five stewards waste little more than one`() throws {
        for seed in UInt64(0) ..< 6 {
            let report = try self.run(SimulationScenario(seed: seed, nodes: 8, stewards: 8, jobs: [self.longer]))
            #expect(report.usefulShare > 0.85, "seed \(seed): \(report.usefulShare)")
            #expect(report.provisionalRosters == 0)
        }
    }

    @Test(arguments: 0 ..< 8)
    func `small grids whose stewards are five survive a storm`(part: Int) throws {
        for seed in UInt64(part) * 6 ..< UInt64(part) * 6 + 6 {
            let nodes = 2 + Int(seed % 8)
            var scenario = SimulationScenario(seed: 10_000 + seed, nodes: nodes, stewards: nodes, jobs: [self.job])
            scenario.saboteurs = nodes > 3 ? Int(seed % 2) : 0
            scenario.faults = .storm(untilSeconds: 150)
            try self.run(scenario)
        }
    }

    /// Each of these once left pixels on one disk, or two rosters that never heard of each other: what told a steward of its
    /// office was lost, it was away when the job ended, or it was voted out while it alone held something.
    @Test(arguments: [251, 297, 570, 1_886, 2_413] as [UInt64])
    func `what a storm over a hundred nodes leaves lies on two disks, and all who keep it agree`(seed: UInt64) throws {
        let job = SimulationScenario.Job(frameCount: 2, width: 320, height: 192, samples: 64)
        var scenario = SimulationScenario(seed: seed, nodes: 100, stewards: 12, jobs: [job])
        scenario.saboteurs = 5
        scenario.threadsMax = 2
        scenario.encodesMessages = false
        scenario.faults.lossRate = 0.02
        scenario.faults.duplicateRate = 0.02
        scenario.faults.delayRate = 0.05
        scenario.faults.crashMeanSeconds = 60
        scenario.faults.crashBetweenActionsRate = 0.001
        scenario.faults.tornRate = 0.3
        scenario.faults.stewardsCrash = true
        scenario.faults.disconnectMeanSeconds = 60
        scenario.faults.partitionMeanSeconds = 60
        scenario.faults.partitionSeconds = 15
        scenario.faults.slowdownMeanSeconds = 120
        scenario.faults.sceneFailureRate = 0.05
        scenario.faults.renderFailureRate = 0.005
        scenario.faults.pauseMeanSeconds = 200
        scenario.faults.untilSeconds = 40
        try self.run(scenario)
    }

    @Test
    func `a steward that dies for good is replaced within 6 s and nothing is lost`() throws {
        for seed in UInt64(0) ..< 8 {
            var scenario = SimulationScenario(seed: 11_000 + seed, nodes: 9, stewards: 9, jobs: [self.longer])
            scenario.incidents = [.init(atSeconds: 20)]
            scenario.incidents[0].stewardsKilled = 1
            let report = try self.run(scenario)
            #expect(report.longestRosterSeconds <= 6.5, "seed \(seed): \(report.longestRosterSeconds) s")
        }
    }

    @Test
    func `when all five stewards die for good, the others choose new ones and finish`() throws {
        for seed in UInt64(0) ..< 8 {
            var scenario = SimulationScenario(seed: 12_000 + seed, nodes: 10, stewards: 10, jobs: [self.longer])
            scenario.incidents = [.init(atSeconds: 20)]
            scenario.incidents[0].stewardsKilled = 5
            let report = try self.run(scenario)
            #expect(report.provisionalRosters >= 1)
        }
    }

    /// Each knows that twelve are there; ranked among those alone, several nodes are the first.
    @Test
    func `of many nodes with twelve sessions each, one stands in for five stewards that are gone`() throws {
        for seed in UInt64(0) ..< 4 {
            var scenario = SimulationScenario(seed: 17_000 + seed, nodes: 40, stewards: 40, jobs: [self.longer])
            scenario.sessionsMax = 12
            scenario.incidents = [.init(atSeconds: 8)]
            scenario.incidents[0].stewardsKilled = 5
            let report = try self.run(scenario)
            #expect(report.provisionalRosters == 1, "seed \(seed)")
        }
    }

    @Test
    func `all five stewards die and come back after a minute`() throws {
        for seed in UInt64(0) ..< 8 {
            var scenario = SimulationScenario(seed: 13_000 + seed, nodes: 10, stewards: 10, jobs: [self.longer])
            scenario.incidents = [.init(atSeconds: 20)]
            scenario.incidents[0].stewardsKilled = 5
            scenario.incidents[0].absenceSeconds = 60
            try self.run(scenario)
        }
    }

    /// Workers that stand-ins sent to the stewards that were back once asked the stand-ins for ever: 25 of 100 nodes worked.
    @Test
    func `stewards that come back after two minutes cost their grid little but the time until others stand in`() throws
    {
        let job = SimulationScenario.Job(frameCount: 24, width: 512, height: 256, samples: 1_024)
        for seed in UInt64(0) ..< 4 {
            var scenario = SimulationScenario(seed: 17_000 + seed, nodes: 30, stewards: 10, threadsMax: 1, jobs: [job])
            scenario.faults.silentShare = 1
            let quiet = try self.run(scenario)
            scenario.incidents = [.init(atSeconds: quiet.makespanSeconds / 3)]
            scenario.incidents[0].stewardsKilled = 5
            scenario.incidents[0].absenceSeconds = 120
            let report = try self.run(scenario)
            #expect(report.provisionalRosters >= 1)
            let loss = quiet.efficiency - report.efficiency
            #expect(loss < 0.05, "seed \(seed): \(loss)")
            #expect(report.longestRosterSeconds <= 10, "seed \(seed): \(report.longestRosterSeconds) s")
            #expect((1e-9 ... 30).contains(report.longestRebuildSeconds), "\(seed): \(report.longestRebuildSeconds) s")
        }
    }

    /// Both holders of a unit may be among the four.
    @Test
    func `four of five stewards and half of the nodes die for good, and no result is lost`() throws {
        let job = SimulationScenario.Job(frameCount: 24, width: 512, height: 256, samples: 1_024)
        for seed in UInt64(0) ..< 4 {
            var scenario = SimulationScenario(seed: 18_000 + seed, nodes: 30, stewards: 10, threadsMax: 1, jobs: [job])
            scenario.faults.silentShare = 1
            scenario.incidents = [.init(atSeconds: 60)]
            scenario.incidents[0].stewardsKilled = 4
            scenario.incidents[0].shareKilled = 0.5
            try self.run(scenario)
        }
    }

    /// What half of the nodes had leased once waited for half a minute, behind whatever came before it in the job.
    @Test
    func `a hundred nodes of which half and four stewards die lease again within 8 s and waste little`() throws {
        let bar = try #require(SimulationBar.all(workShare: 0.1).first { $0.id == "F3" })
        try bar.run { #expect($0.passes, "\($0.name): \($0.value), must be \($0.limit)") }
    }

    /// Its loans come back although it was never missed: none waits for two minutes.
    @Test
    func `stewards that are killed and started again at once delay nothing`() throws {
        for seed in UInt64(0) ..< 8 {
            var scenario = SimulationScenario(seed: 15_000 + seed, nodes: 4, stewards: 4, jobs: [self.longer])
            let quiet = try self.run(scenario).makespanSeconds
            scenario.incidents = (0 ..< 4).map { SimulationScenario.Incident(atSeconds: 8 + Double($0) * 12) }
            for index in scenario.incidents.indices {
                scenario.incidents[index].stewardsKilled = 1 + index % 3
                scenario.incidents[index].absenceSeconds = 1
            }
            let report = try self.run(scenario)
            #expect(report.makespanSeconds < quiet + 60, "seed \(seed): \(report.makespanSeconds) after \(quiet) s")
        }
    }

    @Test
    func `both sides of a cut work, and agree soon after it`() throws {
        for seed in UInt64(0) ..< 8 {
            var scenario = SimulationScenario(seed: 14_000 + seed, nodes: 10, stewards: 10, jobs: [self.longer])
            scenario.incidents = [.init(atSeconds: 15)]
            scenario.incidents[0].shareCutOff = seed % 2 == 0 ? 0.5 : 0.2
            scenario.incidents[0].cutOffSeconds = 40
            try self.run(scenario)
        }
    }

    /// Without rules for it both sides render the same units in the same order: every tenth one a third or fourth time.
    @Test
    func `both sides of a cut render little twice, and know the same within 5 s`() throws {
        let job = SimulationScenario.Job(frameCount: 20, width: 320, height: 192, samples: 1_024)
        for seed in UInt64(0) ..< 4 {
            var scenario = SimulationScenario(seed: 16_000 + seed, nodes: 20, stewards: 10, threadsMax: 1, jobs: [job])
            scenario.faults.silentShare = 1
            scenario.incidents = [.init(atSeconds: 60)]
            scenario.incidents[0].shareCutOff = seed % 2 == 0 ? 0.5 : 0.2
            scenario.incidents[0].cutOffSeconds = 60
            let report = try self.run(scenario)
            let share = Double(report.duplicateUnits) / Double(max(1, report.finishedUnits))
            #expect(share < 0.05, "seed \(seed): \(share)")
            #expect(report.longestHealSeconds <= 5, "seed \(seed): \(report.longestHealSeconds) s")
        }
    }
}
