import GridWire

/// Reports that a steward has answered, each until no unit of it is waited for any more.
///
/// Where workers differ in speed, the faster one has many that wait for the other's results, so that a unit finds its report
/// without a search.
struct DeliveredReports: Sendable {
    private struct Entry: Sendable {
        let report: Worker.Report
        /// The units of it that are waited for.
        var unitsLeft: Int
    }

    private var entries: [Int: Entry] = [:]
    /// The last report of each unit.
    private var numbers: [UnitID: Int] = [:]
    private var nextNumber = 0

    /// Keeps a report, unless no unit of it is waited for.
    mutating func insert(_ report: Worker.Report, where isAwaited: (UnitID) -> Bool) {
        let units = report.leaves.map(\.unit).filter(isAwaited)
        guard !units.isEmpty else { return }
        for unit in units {
            self.release(unit)
            self.numbers[unit] = self.nextNumber
        }
        self.entries[self.nextNumber] = Entry(report: report, unitsLeft: units.count)
        self.nextNumber += 1
    }

    /// A unit is not waited for any more.
    mutating func release(_ unit: UnitID) {
        guard let number = self.numbers.removeValue(forKey: unit) else { return }
        self.entries[number]?.unitsLeft -= 1
        if self.entries[number]?.unitsLeft == 0 { self.entries[number] = nil }
    }

    /// Takes all out, the oldest first.
    mutating func takeAll() -> [Worker.Report] {
        defer { self = Self() }
        return self.entries.sorted { $0.key < $1.key }.map(\.value.report)
    }
}
