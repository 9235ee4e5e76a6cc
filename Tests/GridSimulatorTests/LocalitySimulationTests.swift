import GridSimulator
import Testing

/// Large scenes: a node that moves from shot to shot with the crowd fetches all of them.
struct LocalitySimulationTests {
    /// A tenth of the bar's work, scenes and stays, for fewer nodes and shots: fetching takes as large a part of the time.
    @Test(arguments: [(false, 6.0), (true, 5.0)])
    func `nodes stay with their shots, and what they fetch costs them little of their time`(
        disksSurvive: Bool,
        scenesMax: Double
    ) throws {
        let scenario = SimulationBar.local(
            seed: 13,
            nodes: 60,
            shots: 6,
            work: 94_000,
            size: (2, 240, 136),
            0.1,
            disksSurvive
        )
        let report = try Simulation(scenario).run()
        #expect(report.isGood, "\(report.explanation)")
        let bytes = try #require(scenario.assets).bytes
        let scenes = report.assetBytes / Double(report.nodes) / bytes
        #expect(scenes < scenesMax, "\(scenes) scenes a node")
        #expect(report.efficiency >= 0.88, "\(report.losses)")
    }
}
