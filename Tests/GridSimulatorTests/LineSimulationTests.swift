import GridSimulator
import Testing

/// Lines from a good one to a satellite.
struct LineSimulationTests {
    private func run(_ name: String, seed: UInt64) throws -> SimulationReport {
        var scenario = SimulationScenario(seed: seed, nodes: 12, stewards: 4)
        scenario.jobs = [SimulationScenario.Job(frameCount: 4, width: 640, height: 320, samples: 1_024)]
        scenario.line = NetworkProfile.named(name)
        #expect(scenario.line != nil)
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(name): \(report.explanation)")
        return report
    }

    @Test(arguments: NetworkProfile.ladder.map(\.name))
    func `a grid on each line of the ladder ends its job and wastes little`(name: String) throws {
        let report = try self.run(name, seed: 4)
        #expect(report.efficiency > 0.7, "\(name): \(report.efficiency)")
    }

    /// What is under way must not be sent again and again: such lines carried six times more repetitions than pixels.
    @Test(arguments: ["crowded", "satellite"])
    func `a short job with many pixels does not fill a slow line with repetitions`(name: String) throws {
        var scenario = SimulationScenario(seed: 1, nodes: 10, stewards: 8)
        scenario.jobs = [SimulationScenario.Job(frameCount: 8, width: 640, height: 360, samples: 64)]
        scenario.line = NetworkProfile.named(name)
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(name): \(report.explanation)")
        #expect(report.makespanSeconds < 80, "\(name)")
        #expect(Double(report.stewardBytes) < 8 * Double(report.recordBytes), "\(name)")
    }

    @Test
    func `a worse line costs time and repeats what was lost`() throws {
        let (good, bad) = (try self.run("lan", seed: 5), try self.run("satellite", seed: 5))
        #expect(good.lostMessages == 0)
        #expect(bad.lostMessages > 0)
        #expect(bad.makespanSeconds > good.makespanSeconds)
    }

    @Test
    func `a line that cannot carry the pixels holds the job up`() throws {
        var scenario = SimulationScenario(seed: 5, nodes: 6, stewards: 2)
        scenario.jobs = [SimulationScenario.Job(frameCount: 4, width: 640, height: 320, samples: 16)]
        var makespans: [Double] = []
        for megabits in [100.0, 4] {
            scenario.line = NetworkProfile(
                name: "test",
                roundTripMilliseconds: [10, 10],
                uploadMegabits: megabits,
                downloadMegabits: megabits
            )
            let report = try Simulation(scenario).run()
            #expect(report.isGood, "\(report.explanation)")
            makespans.append(report.makespanSeconds)
        }
        #expect(makespans[1] > 1.5 * makespans[0], "\(makespans)")
    }

    @Test
    func `a line with numbers that mean nothing is refused`() throws {
        var line = try #require(NetworkProfile.named("dsl"))
        line.lossRate = 0.9
        var scenario = SimulationScenario(seed: 1)
        scenario.line = line
        #expect(throws: SimulationError.self) { try Simulation(scenario) }
    }
}
