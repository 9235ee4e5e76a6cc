import GridCore
package import GridStore

/// ``BatchNumbers`` that are kept in a node's database.
package enum BatchSequence {
    private static let name = "batch.sequence"

    /// The first number of a node that starts now; kept before it is used.
    package static func begin(in database: GridDatabase, milliseconds: UInt64) async throws -> UInt64 {
        let last = try await database.setting(self.name).flatMap { UInt64($0) }
        let first = BatchNumbers.first(milliseconds: milliseconds, last: last)
        try await database.setSetting(self.name, to: "\(first)")
        return first
    }
}
