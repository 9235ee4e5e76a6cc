/// Finds a small scenario that breaks the same rule as a large one, as shrinking does for property tests (Claessen and Hughes 2000).
///
/// ```swift
/// let report = try Simulation(scenario).run()
/// if let violation = report.violations.first {
///     let failure = try SimulationShrinker().shrink(scenario, violation)
///     print(failure.scenario, failure.violation.lastEvents)
/// }
/// ```
/// One thing after another is taken away: each kind of fault, jobs, nodes, saboteurs, time. What is left after every one was
/// tried in vain, or after so many runs, is the answer. A change makes another run of the same seed, since all chance has one
/// source; so a few other seeds are tried before a change is given up.
public struct SimulationShrinker: Sendable {
    /// The most runs.
    public var runsMax = 1_000
    /// The longest time of all runs in seconds of the wall clock; a run that has begun is finished.
    public var secondsMax = 60.0
    /// The seeds that are tried for each change.
    public var seedsPerChange: UInt64 = 6

    /// Creates a shrinker with the usual bounds.
    public init() {}

    /// A scenario that breaks a rule.
    public struct Failure: Codable, Hashable, Sendable {
        /// The smallest scenario that was found, with its seed.
        public var scenario: SimulationScenario
        /// How it breaks the rule.
        public var violation: SimulationReport.Violation
        /// The runs that it took to find it.
        public var runs: Int
    }

    /// Shrinks a scenario that broke a rule.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public func shrink(_ scenario: SimulationScenario, _ violation: SimulationReport.Violation) throws -> Failure {
        var failure = Failure(scenario: scenario, violation: violation, runs: 0)
        let begin = ContinuousClock.now
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for change in Self.changes {
                // A change that helped may help again: half of the nodes, and half of these.
                while let smaller = change(failure.scenario), smaller != failure.scenario, smaller.problem == nil {
                    guard failure.runs < self.runsMax, (ContinuousClock.now - begin) / .seconds(1) < self.secondsMax
                    else { return failure }
                    guard try self.breaks(smaller, &failure) else { break }
                    hasChanged = true
                }
            }
        }
        return failure
    }

    /// Runs a scenario with a few seeds, and takes it when one of them breaks the rule.
    private func breaks(_ smaller: SimulationScenario, _ failure: inout Failure) throws -> Bool {
        var scenario = smaller
        for offset in 0 ..< self.seedsPerChange {
            scenario.seed = failure.scenario.seed &+ offset
            failure.runs += 1
            let report = try Simulation(scenario).run()
            if let violation = report.violations.first, violation.rule == failure.violation.rule {
                (failure.scenario, failure.violation) = (scenario, violation)
                return true
            }
        }
        return false
    }

    /// Gives a smaller scenario; nothing when there is none.
    private typealias Change = @Sendable (SimulationScenario) -> SimulationScenario?

    /// Faults come first: in a grid that is small already, what is left of them seldom happens.
    private static let changes: [Change] = Self.fewerFaults + Self.fewerJobs + Self.fewerNodes + Self.lessTime

    private static let fewerJobs: [Change] = [
        { Self.with($0) { $0.jobs = Array($0.jobs.prefix(1)) } },
        { Self.with($0) { $0.jobs = Array($0.jobs.dropLast($0.jobs.count > 1 ? 1 : 0)) } },
        { Self.forJobs($0) { $0.frameCount = 1 } },
        { Self.forJobs($0) { $0.height = max(64, $0.height / 2) } },
        { Self.forJobs($0) { $0.width = max(64, $0.width / 2) } },
        { Self.forJobs($0) { $0.samples = max(1, $0.samples / 2) } },
    ]

    private static let fewerNodes: [Change] = [
        { Self.with($0, nodes: 2) }, { Self.with($0, nodes: max(2, $0.nodes / 2)) },
        { Self.with($0, nodes: max(2, $0.nodes - 1)) },
        { scenario in Self.with(scenario) { $0.stewards = scenario.peering == nil ? 1 : scenario.nodes } },
        { scenario in Self.with(scenario) { $0.stewards = scenario.peering == nil ? max(1, $0.stewards / 2) : $0.nodes }
        },
        { Self.with($0) { $0.saboteurs = 0 } }, { Self.with($0) { $0.saboteurs /= 2 } },
        { Self.with($0) { $0.threadsMax = 1 } }, { Self.with($0) { $0.speedSpread = 0 } },
    ]

    private static let fewerFaults: [Change] =
        [
            { Self.with($0) { $0.incidents = [] } },
            { Self.with($0) { $0.incidents = Array($0.incidents.dropLast($0.incidents.isEmpty ? 0 : 1)) } },
            { Self.with($0) { $0.energy = nil } }, { Self.with($0) { $0.line = nil } },
            { Self.with($0) { $0.sealAfterSeconds = nil } }, { Self.with($0) { $0.sessionsMax = nil } },
            { Self.with($0) { $0.peering = nil } }, { Self.with($0) { $0.rendersPixels = false } },
            { Self.with($0) { $0.usesStore = false } },
            { Self.with($0) { $0.faults.stewardsCrash = false } },
        ]
        + Self.rates.map { rate -> Change in
            { scenario in Self.with(scenario) { rate.clear(&$0.faults) } }
        }

    private static let lessTime: [Change] = [
        { Self.with($0) { $0.faults.untilSeconds = ($0.faults.untilSeconds / 2).rounded(.down) } },
        { Self.with($0) { $0.timeLimitSeconds = max(60, ($0.timeLimitSeconds / 2).rounded(.down)) } },
    ]

    /// A kind of fault that can be switched off.
    private struct Rate: Sendable {
        let clear: @Sendable (inout SimulationScenario.Faults) -> Void
    }

    private static let rates: [Rate] = [
        Rate { $0.lossRate = 0 }, Rate { $0.duplicateRate = 0 }, Rate { $0.delayRate = 0 },
        Rate { $0.crashMeanSeconds = 0 }, Rate { $0.sessionMeanSeconds = 0 }, Rate { $0.crashBetweenActionsRate = 0 },
        Rate { $0.silentShare = 0 }, Rate { $0.tornRate = 0 }, Rate { $0.disconnectMeanSeconds = 0 },
        Rate { $0.partitionMeanSeconds = 0 }, Rate { $0.slowdownMeanSeconds = 0 }, Rate { $0.lostWriteRate = 0 },
        Rate { $0.sceneFailureRate = 0 }, Rate { $0.renderFailureRate = 0 }, Rate { $0.pauseMeanSeconds = 0 },
        Rate { $0.newcomerRate = 0 }, Rate { $0.clockSkewSeconds = 0 }, Rate { $0.clockJumpRate = 0 },
        Rate { $0.lostSyncRate = 0 }, Rate { $0.fullDiskMeanSeconds = 0 },
    ]

    private static func with(
        _ scenario: SimulationScenario,
        _ change: (inout SimulationScenario) -> Void
    ) -> SimulationScenario {
        var smaller = scenario
        change(&smaller)
        return smaller
    }

    private static func with(_ scenario: SimulationScenario, nodes: Int) -> SimulationScenario {
        Self.with(scenario) {
            $0.nodes = nodes
            $0.stewards = scenario.peering == nil ? min($0.stewards, nodes) : nodes
            $0.saboteurs = min($0.saboteurs, max(0, nodes - 2))
            $0.peering?.entries = min(nodes, scenario.peering?.entries ?? 1)
        }
    }

    private static func forJobs(
        _ scenario: SimulationScenario,
        _ change: (inout SimulationScenario.Job) -> Void
    ) -> SimulationScenario {
        Self.with(scenario) { scenario in
            for index in scenario.jobs.indices { change(&scenario.jobs[index]) }
        }
    }
}
