import GridSimulator
import Testing

/// Nodes that find each other by the shipping machines of discovery and talk over the shipping sessions.
struct PeeringSimulationTests {
    private func scenario(seed: UInt64, nodes: Int) -> SimulationScenario {
        var scenario = SimulationScenario(seed: seed, nodes: nodes, stewards: nodes)
        scenario.peering = SimulationScenario.Peering()
        scenario.jobs = [
            SimulationScenario.Job(frameCount: 4, width: 320, height: 192, samples: 1_024, submittedAtSeconds: 30)
        ]
        return scenario
    }

    private func run(
        _ scenario: SimulationScenario
    ) throws -> (report: SimulationReport, peering: SimulationReport.Peering) {
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(report.explanation)")
        return (report, try #require(report.peering))
    }

    @Test(arguments: [2, 5, 12, 24])
    func `nodes that know one entry find all others, and a job that is handed in at one is rendered by all`(
        nodes: Int
    ) throws {
        let (_, peering) = try self.run(self.scenario(seed: UInt64(nodes), nodes: nodes))
        #expect(try #require(peering.secondsUntilMeshed) < 60)
        #expect(peering.sessionsLeast >= min(6, nodes - 1))
        #expect(peering.nodesThatWorked == nodes)
        #expect(peering.longestReachSeconds < 10)
    }

    @Test
    func `an entry that is dialed as a peer will do without its node of the DHT being named`() throws {
        var scenario = self.scenario(seed: 3, nodes: 8)
        scenario.peering?.dialsEntries = true
        let (_, peering) = try self.run(scenario)
        #expect(peering.nodesThatWorked == 8)
    }

    @Test(arguments: 0 ..< 4)
    func `storms do not make the nodes fall apart or keep the dead`(part: Int) throws {
        for seed in UInt64(part) * 3 ..< UInt64(part) * 3 + 3 {
            var scenario = self.scenario(seed: 100 + seed, nodes: 6 + Int(seed))
            scenario.faults = .storm(untilSeconds: 150)
            let (report, peering) = try self.run(scenario)
            #expect(report.crashes > 0)
            #expect(peering.sessionsLeast >= 5, "seed \(scenario.seed)")
        }
    }

    @Test
    func `the entry may vanish for ever`() throws {
        var scenario = self.scenario(seed: 8, nodes: 10)
        var incident = SimulationScenario.Incident(atSeconds: 45)
        incident.stewardsKilled = 1
        scenario.incidents = [incident]
        let (report, _) = try self.run(scenario)
        #expect(report.crashes == 1)
    }

    @Test
    func `one seed gives one run of the nodes that find each other, too`() throws {
        var scenario = self.scenario(seed: 5, nodes: 7)
        scenario.faults = .storm(untilSeconds: 60)
        scenario.line = NetworkProfile.named("lte")
        var (first, second) = (try Simulation(scenario).run(), try Simulation(scenario).run())
        (first.wallSeconds, second.wallSeconds) = (0, 0)
        #expect(first == second)
    }

    @Test
    func `both sides of a long cut become one grid again`() throws {
        // Each side has enough nodes for twelve sessions, and what was known of the other side's has been given up.
        var scenario = self.scenario(seed: 11, nodes: 40)
        scenario.jobs[0].submittedAtSeconds = 540
        var incident = SimulationScenario.Incident(atSeconds: 60)
        (incident.shareCutOff, incident.cutOffSeconds) = (0.5, 400)
        scenario.incidents = [incident]
        let (_, peering) = try self.run(scenario)
        #expect(peering.nodesThatWorked == 40)
    }

    @Test
    func `nodes that find each other are refused where only some can keep jobs`() {
        var scenario = self.scenario(seed: 1, nodes: 4)
        scenario.stewards = 1
        #expect(throws: SimulationError.self) { try Simulation(scenario) }
        scenario.stewards = 4
        scenario.peering?.entries = 5
        #expect(throws: SimulationError.self) { try Simulation(scenario) }
    }
}
