import GridSimulator

/// The figures of simulated runs as CSV (RFC 4180), a row each.
enum SimulationTable {
    private static let columns: [(name: String, value: @Sendable (SimulationReport) -> String)] = [
        ("seed", { "\($0.seed)" }),
        ("nodes", { "\($0.nodes)" }),
        ("jobs", { "\($0.jobs.count)" }),
        ("jobs_complete", { "\($0.jobs.count { $0.makespanSeconds != nil })" }),
        ("units", { "\($0.jobs.reduce(0) { $0 + $1.units })" }),
        ("makespan_seconds", { "\($0.makespanSeconds)" }),
        ("useful_share", { "\($0.usefulShare)" }),
        ("busy_share", { "\($0.busyShare)" }),
        ("efficiency", { "\($0.efficiency)" }),
        ("time_efficiency", { "\($0.timeEfficiency)" }),
        ("efficiency_to_99", { "\($0.efficiencyTo99)" }),
        ("tail_share", { "\($0.tailShare)" }),
        ("finished_units", { "\($0.finishedUnits)" }),
        ("duplicate_units", { "\($0.duplicateUnits)" }),
        ("repeated_units", { "\($0.repeatedUnits)" }),
        ("falsified_units", { "\($0.falsifiedUnits)" }),
        ("audits", { "\($0.audits)" }),
        ("burned", { "\($0.burned.count)" }),
        ("crashes", { "\($0.crashes)" }),
        ("messages", { "\($0.messages)" }),
        ("steward_messages", { "\($0.stewardMessages)" }),
        ("lost_messages", { "\($0.lostMessages)" }),
        ("message_bytes", { "\($0.messageBytes)" }),
        ("steward_bytes", { "\($0.stewardBytes)" }),
        ("records", { "\($0.records)" }),
        ("record_bytes", { "\($0.recordBytes)" }),
        ("longest_orphan_seconds", { "\($0.longestOrphanSeconds)" }),
        ("longest_roster_seconds", { "\($0.longestRosterSeconds)" }),
        ("longest_heal_seconds", { "\($0.longestHealSeconds)" }),
        ("longest_rebuild_seconds", { "\($0.longestRebuildSeconds)" }),
        ("violations", { "\($0.violations.count)" }),
        ("events", { "\($0.events)" }),
        ("virtual_seconds", { "\($0.virtualSeconds)" }),
        ("wall_seconds", { "\($0.wallSeconds)" }),
    ]

    /// The names of the columns.
    static var header: String {
        Self.columns.map(\.name).joined(separator: ",")
    }

    /// The figures of a run.
    static func row(_ report: SimulationReport) -> String {
        Self.columns.map { $0.value(report) }.joined(separator: ",")
    }
}
