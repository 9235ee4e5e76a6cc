import ArgumentParser
import GridNode
import GridSimulator

extension SimulateCommand {
    /// A run on one line of the ladder.
    private struct Rung: Encodable {
        let line: NetworkProfile
        let report: SimulationReport
    }

    /// Runs the scenario of the options on each line, with each seed.
    func runLadder() throws {
        let heads: [(String, TextTable.Alignment)] = [
            ("line", .left), ("round trip", .right), ("lost", .right), ("up/down", .right), ("useful", .right),
            ("efficiency", .right), ("to 99 %", .right), ("makespan", .right), ("sent again", .right),
            ("seeds", .right),
        ]
        var table = TextTable(heads)
        var failed = 0
        for line in NetworkProfile.ladder {
            var reports: [SimulationReport] = []
            for index in 0 ..< self.seeds {
                try Task.checkCancellation()
                var scenario = self.optionsScenario(seed: self.seed &+ UInt64(index))
                scenario.line = line
                let report = try Simulation(scenario).run()
                if !report.isGood { failed += 1 }
                if self.json { Terminal.data(try JSONText.encodeLine(Rung(line: line, report: report))) }
                reports.append(report)
            }
            func mean(_ value: (SimulationReport) -> Double) -> Double {
                reports.reduce(0) { $0 + value($1) } / Double(reports.count)
            }
            let trips = line.roundTripMilliseconds.map { Quantity.fixed($0, $0 < 1 ? 1 : 0) }
            table.add([
                line.name, "\(trips.joined(separator: " to ")) ms", "\(Quantity.fixed(line.lossRate * 100, 2)) %",
                "\(Quantity.fixed(line.uploadMegabits, 0))/\(Quantity.fixed(line.downloadMegabits, 0)) Mbit/s",
                "\(Quantity.fixed(mean(\.usefulShare) * 100, 1)) %", "\(Quantity.fixed(mean(\.efficiency) * 100, 1)) %",
                "\(Quantity.fixed(mean(\.efficiencyTo99) * 100, 1)) %",
                "\(Quantity.fixed(mean(\.makespanSeconds), 1)) s",
                Quantity.fixed(mean { Double($0.lostMessages) }, 0), "\(reports.count)",
            ])
        }
        for line in table.lines where !self.json { Terminal.data(line) }
        if failed > 0 { throw NodeError(.verification, "\(failed) runs failed; --line and --seed show one") }
    }
}
