import GRDB

/// What was counted on one day under one name.
public struct DayCount: Hashable, Sendable {
    /// Whole days since 1970, in UTC.
    public var day: Int
    /// What was counted, such as `units_rendered`.
    public var name: String
    /// How much: a number of things, seconds, or joules.
    public var amount: Double

    /// Creates a count.
    public init(day: Int, name: String, amount: Double) {
        self.day = day
        self.name = name
        self.amount = amount
    }
}

extension GridDatabase {
    /// Adds to the counters of a day.
    ///
    /// Amounts that are not finite are left out.
    public func count(_ amounts: [String: Double], on day: Int) async throws(StoreError) {
        let amounts = amounts.filter { $0.value.isFinite && $0.value != 0 }
        if amounts.isEmpty { return }
        try await self.writer.write(.committed) { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO day_counter (day, name, amount) VALUES (?, ?, ?)
                    ON CONFLICT (day, name) DO UPDATE SET amount = amount + excluded.amount
                    """
            )
            for (name, amount) in amounts {
                try statement.execute(arguments: [day, name, amount])
            }
        }
    }

    /// What was counted on some days, ascending by day and name.
    public func counts(on days: ClosedRange<Int>) async throws(StoreError) -> [DayCount] {
        try await self.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT day, name, amount FROM day_counter WHERE day BETWEEN ? AND ? ORDER BY day, name",
                arguments: [days.lowerBound, days.upperBound]
            ).map { DayCount(day: $0["day"], name: $0["name"], amount: $0["amount"]) }
        }
    }

    /// What was counted over all days, by name.
    public func totalCounts() async throws(StoreError) -> [String: Double] {
        try await self.read { db in
            var totals: [String: Double] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT name, sum(amount) AS total FROM day_counter GROUP BY name")
            while let row = try rows.next() {
                totals[row["name"]] = row["total"]
            }
            return totals
        }
    }

    /// Keeps a small value over restarts, such as whether the node is paused; nil forgets it.
    public func setSetting(_ name: String, to value: String?) async throws(StoreError) {
        try await self.writer.write(.durable) { db in
            if let value {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
                    arguments: [name, value]
                )
            } else {
                try db.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: [name])
            }
        }
    }

    /// A value that was kept with ``setSetting(_:to:)``.
    public func setting(_ name: String) async throws(StoreError) -> String? {
        try await self.read { db in
            try String.fetchOne(db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
        }
    }
}
