/// Runs the shipping ``GridCore`` machines under virtual time, with everything that can go wrong, from one seed.
///
/// ```swift
/// var scenario = SimulationScenario(seed: 7, nodes: 20, saboteurs: 1)
/// scenario.faults = .storm(untilSeconds: 300)
/// let report = try Simulation(scenario).run()
/// ```
/// Pixels are digests here; nothing is rendered. The network is a session between each worker and each steward, in which
/// requests and answers are lost, doubled and overtaken, and which breaks and comes back. Disks keep what was written; they
/// are real ones where ``SimulationScenario/usesStore``.
/// Two runs of one scenario are equal event by event.
public struct Simulation: Sendable {
    /// The scenario.
    public let scenario: SimulationScenario

    /// Prepares a run.
    ///
    /// - Throws: ``SimulationError`` when the scenario's numbers cannot be simulated.
    public init(_ scenario: SimulationScenario) throws(SimulationError) {
        if let problem = scenario.problem {
            throw SimulationError(message: problem)
        }
        self.scenario = scenario
    }

    /// Simulates until every job has ended and the grid is quiet, or the time is up.
    ///
    /// - Complexity: About ten microseconds an event.
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public func run() throws -> SimulationReport {
        let engine = SimulationEngine(self.scenario)
        let elapsed = try ContinuousClock().measure { try engine.run() }
        var report = engine.finishedReport()
        let (seconds, attoseconds) = elapsed.components
        report.wallSeconds = Double(seconds) + Double(attoseconds) * 1e-18
        return report
    }
}

/// Why a scenario cannot be simulated.
public struct SimulationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in a sentence that says what to change.
    public let message: String

    /// The message.
    public var description: String {
        self.message
    }
}
