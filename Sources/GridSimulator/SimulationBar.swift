/// Something that the grid must reach, with the runs that show it.
///
/// The seeds are fixed in advance. The full runs take minutes; the small ones seconds, at a tenth of the work.
public struct SimulationBar: Sendable {
    /// What a bar demands of one report.
    public struct Demand: Sendable {
        /// What is measured, with its unit.
        public let name: String
        /// Gives the figure; some bars compare with the same run without the fault.
        let value: @Sendable (_ report: SimulationReport, _ quiet: SimulationReport?) -> Double
        /// The largest or the smallest figure that passes.
        let limit: Double
        let isMinimum: Bool
    }

    /// A figure and whether it passes.
    public struct Figure: Codable, Hashable, Sendable {
        /// The bar.
        public var bar: String
        /// The run.
        public var run: String
        /// The seed that replays it.
        public var seed: UInt64
        /// What was measured.
        public var name: String
        /// The figure.
        public var value: Double
        /// The limit, and on which side of it the figure must lie.
        public var limit: String
        /// Whether it passes.
        public var passes: Bool
        /// The wall-clock seconds of the run.
        public var wallSeconds: Double
    }

    /// The name, such as `U1`.
    public let id: String
    /// What is run, with a name each.
    package let runs: [(name: String, scenario: SimulationScenario)]
    let demands: [Demand]
    /// Whether each run is also done without incidents and deadlines, for comparison.
    let comparesWithQuiet: Bool

    /// Runs everything and gives each figure to `report` as soon as it is known.
    public func run(report: (Figure) throws -> Void) throws {
        for (name, scenario) in self.runs {
            let result = try Simulation(scenario).run()
            var quiet: SimulationReport?
            if self.comparesWithQuiet {
                var calm = scenario
                calm.incidents = []
                calm.energy?.deadlineSeconds = 0
                quiet = try Simulation(calm).run()
            }
            for demand in self.demands {
                let value = demand.value(result, quiet)
                let isWithin = demand.isMinimum ? value >= demand.limit : value <= demand.limit
                try report(
                    Figure(
                        bar: self.id,
                        run: name,
                        seed: scenario.seed,
                        name: demand.name,
                        value: value,
                        limit: (demand.isMinimum ? ">= " : "<= ") + "\(demand.limit)",
                        passes: isWithin && result.isGood,
                        wallSeconds: result.wallSeconds
                    )
                )
            }
        }
    }

    /// The bars of scheduling and recovery.
    ///
    /// - Parameter workShare: the share of the full work, 0 to 1; below 1 the runs are shorter and their figures somewhat
    ///   worse, since the end of a job weighs more.
    public static func all(workShare: Double = 1) -> [Self] {
        let sizes = [10, 100, 715, 2_000]
        return [
            Self(
                id: "U1",
                runs: sizes.map { ("N = \($0)", Self.base(seed: 1, nodes: $0, work: 979_200 * workShare)) },
                demands: [Self.useful(0.98), Self.tail(0.025)]
            ),
            Self(
                id: "U2",
                runs: [("N = 10000", Self.base(seed: 2, nodes: 10_000, work: 979_200 * workShare))],
                demands: [Self.useful(0.95), Self.tail(0.06)]
            ),
            Self(
                id: "U2",
                runs: [("N = 10000, a film's shot", Self.base(seed: 2, nodes: 10_000, work: 4_773_600 * workShare))],
                demands: [Self.useful(0.98), Self.tail(0.03)]
            ),
            Self(
                id: "U3",
                runs: [10, 100].map { ("N = \($0), 3 shots", Self.backlog(seed: 3, nodes: $0, workShare)) },
                demands: [
                    Demand(
                        name: "busy until 99 %",
                        value: { report, _ in report.efficiencyTo99 },
                        limit: 0.98,
                        isMinimum: true
                    )
                ]
            ),
            Self(
                id: "U4",
                runs: [("N = 715, stays of 10 min", Self.churning(seed: 4, nodes: 715, mean: 600, workShare))],
                demands: [Self.useful(0.97)]
            ),
            Self(
                id: "U5",
                runs: [("N = 715, stragglers x 6", Self.slow(seed: 5, nodes: 715, workShare))],
                demands: [Self.useful(0.98), Self.duplicates(0.01)]
            ),
            Self(
                id: "U6",
                runs: [100, 715].map {
                    ("N = \($0), no faults", Self.quiet(seed: 6, nodes: $0, work: 979_200 * workShare))
                },
                demands: [Self.duplicates(0.01)]
            ),
            Self(
                id: "F1",
                runs: [
                    (
                        "N = 100, one steward dies",
                        Self.incident(seed: 7, nodes: 100, workShare) { $0.stewardsKilled = 1 }
                    )
                ],
                demands: [
                    Demand(
                        name: "longer than without the node, s",
                        value: { report, quiet in
                            report.makespanSeconds - report.absenceSeconds - (quiet?.makespanSeconds ?? 0)
                        },
                        limit: 5,
                        isMinimum: false
                    ),
                    Demand(
                        name: "roster replaced, s",
                        value: { report, _ in report.longestRosterSeconds },
                        limit: 6,
                        isMinimum: false
                    ),
                ],
                comparesWithQuiet: true
            ),
            Self(
                id: "F2",
                runs: [0.5, 0.2].map { share in
                    (
                        "N = 100, cut of \(share) for 60 s",
                        Self.incident(seed: 8, nodes: 100, workShare) {
                            $0.shareCutOff = share
                            $0.cutOffSeconds = 60
                        }
                    )
                },
                demands: [
                    Self.delay(15), Self.moreDuplicates(0.01),
                    Demand(
                        name: "ledgers equal after, s",
                        value: { report, _ in report.longestHealSeconds },
                        limit: 5,
                        isMinimum: false
                    ),
                ],
                comparesWithQuiet: true
            ),
            Self(
                id: "F3",
                runs: [
                    (
                        "N = 100, half of the nodes and 4 stewards die",
                        Self.fetched(
                            Self.incident(seed: 9, nodes: 100, workShare) {
                                $0.stewardsKilled = 4
                                $0.shareKilled = 0.5
                            }
                        )
                    )
                ],
                demands: [
                    Demand(
                        name: "leases given again, s",
                        value: { report, _ in report.longestOrphanSeconds },
                        limit: 8,
                        isMinimum: false
                    ),
                    Self.useful(0.97),
                ]
            ),
            Self(
                id: "F4",
                runs: [
                    (
                        "N = 100, all 5 stewards die for 120 s",
                        Self.incident(seed: 10, nodes: 100, workShare) {
                            $0.stewardsKilled = 5
                            $0.absenceSeconds = 120
                        }
                    )
                ],
                demands: [
                    Demand(
                        name: "useful loss",
                        value: { report, quiet in (quiet?.efficiency ?? 1) - report.efficiency },
                        limit: 0.02,
                        isMinimum: false
                    ),
                    Demand(
                        name: "roster for the time being, s",
                        value: { report, _ in report.longestRosterSeconds },
                        limit: 10,
                        isMinimum: false
                    ),
                    Demand(
                        name: "rebuilt from the workers' batches, s",
                        value: { report, _ in report.longestRebuildSeconds },
                        limit: 30,
                        isMinimum: false
                    ),
                ],
                comparesWithQuiet: true
            ),
            Self(
                id: "E1",
                runs: [("N = 100, 0.7 of what they can do in 2 days", Self.thrifty(seed: 12, nodes: 100, workShare))],
                demands: [
                    Demand(
                        name: "cost beside that without a gate",
                        value: { report, quiet in report.energyCost / max(1e-9, quiet?.energyCost ?? 0) },
                        limit: 0.76,
                        isMinimum: false
                    ),
                    Demand(
                        name: "share of the time until the deadline",
                        value: { report, _ in report.makespanSeconds / Self.thriftySeconds(workShare) },
                        limit: 1,
                        isMinimum: false
                    ),
                ],
                comparesWithQuiet: true
            ),
            Self(
                id: "L1",
                runs: [
                    ("N = 500, 24 shots of 2 GB, new machines for those that leave", Self.local(workShare, false)),
                    ("N = 500, 24 shots of 2 GB, disks survive", Self.local(workShare, true)),
                ],
                demands: [
                    Demand(
                        name: "scenes that a node fetched, in 2 GB",
                        value: { report, _ in report.assetBytes / Double(report.nodes) / (2e9 * workShare) },
                        limit: 8,
                        isMinimum: false
                    ),
                    Self.useful(0.88),
                ]
            ),
            Self(
                id: "M1",
                runs: [("N = 10000", Self.encoded(Self.base(seed: 11, nodes: 10_000, work: 979_200 * workShare)))],
                demands: [
                    Demand(
                        name: "messages a second a steward",
                        value: { report, _ in Double(report.messages) / 2 / max(1, report.makespanSeconds) / 5 },
                        limit: 5_000,
                        isMinimum: false
                    ),
                    Demand(
                        name: "replication a steward, MB/s",
                        value: { report, _ in Double(report.stewardBytes) / max(1, report.makespanSeconds) / 5e6 },
                        limit: 2,
                        isMinimum: false
                    ),
                    Demand(
                        name: "ledger, bytes a unit",
                        value: { report, _ in
                            Double(report.recordBytes) / Double(max(1, report.jobs.reduce(0) { $0 + $1.units })) / 5
                        },
                        limit: 200,
                        isMinimum: false
                    ),
                ]
            ),
        ]
    }

    private init(
        id: String,
        runs: [(name: String, scenario: SimulationScenario)],
        demands: [Demand],
        comparesWithQuiet: Bool = false
    ) {
        self.id = id
        self.runs = runs
        self.demands = demands
        self.comparesWithQuiet = comparesWithQuiet
    }

    // MARK: Demands

    private static func useful(_ limit: Double) -> Demand {
        Demand(name: "useful", value: { report, _ in report.efficiency }, limit: limit, isMinimum: true)
    }

    private static func tail(_ limit: Double) -> Demand {
        Demand(name: "tail", value: { report, _ in report.tailShare }, limit: limit, isMinimum: false)
    }

    private static func duplicates(_ limit: Double) -> Demand {
        Demand(name: "duplicates", value: { report, _ in self.duplicateShare(report) }, limit: limit, isMinimum: false)
    }

    private static func moreDuplicates(_ limit: Double) -> Demand {
        Demand(
            name: "more duplicates",
            value: { report, quiet in self.duplicateShare(report) - (quiet.map(self.duplicateShare) ?? 0) },
            limit: limit,
            isMinimum: false
        )
    }

    private static func delay(_ limit: Double) -> Demand {
        Demand(
            name: "longer by, s",
            value: { report, quiet in report.makespanSeconds - (quiet?.makespanSeconds ?? 0) },
            limit: limit,
            isMinimum: false
        )
    }

    private static func duplicateShare(_ report: SimulationReport) -> Double {
        Double(report.duplicateUnits) / Double(max(1, report.finishedUnits))
    }
}
