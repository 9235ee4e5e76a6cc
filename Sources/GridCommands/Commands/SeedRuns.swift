import GridSimulator

/// Runs of one scenario with one seed after the other, several at once, told in the order of their seeds.
struct SeedRuns {
    /// What is run; its seed is the first.
    let first: SimulationScenario
    /// How many seeds.
    let count: Int
    /// How many runs are under way together.
    let atOnce: Int

    /// Runs all of them and gives each report to `tell` as soon as those before it were told.
    ///
    /// - Throws: what `tell` throws, `CancellationError`, or ``SimulationError`` when the scenario cannot be simulated.
    func run(_ tell: (_ scenario: SimulationScenario, _ report: SimulationReport) throws -> Void) async throws {
        try await withThrowingTaskGroup(of: (Int, SimulationReport).self) { group in
            var (begun, told) = (0, 0)
            var done: [Int: SimulationReport] = [:]
            while told < self.count {
                // What waits to be told is bounded too: one long run holds up all that follow it.
                while begun < self.count, begun - told - done.count < self.atOnce, begun - told < 16 * self.atOnce {
                    let (index, scenario) = (begun, self.scenario(begun))
                    group.addTask { (index, try Simulation(scenario).run()) }
                    begun += 1
                }
                if let (index, report) = try await group.next() { done[index] = report }
                while let report = done.removeValue(forKey: told) {
                    try Task.checkCancellation()
                    try tell(self.scenario(told), report)
                    told += 1
                }
            }
        }
    }

    private func scenario(_ index: Int) -> SimulationScenario {
        var scenario = self.first
        scenario.seed = self.first.seed &+ UInt64(index)
        return scenario
    }
}
