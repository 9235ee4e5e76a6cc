package import GridStore

/// Numbers for signed batches that never repeat, also when the machine's clock was set back: two different batches with one
/// number would prove an honest node a fraud.
package enum BatchSequence {
    private static let name = "batch.sequence"
    /// More than the batches that a node signs between two starts: weeks of two a second.
    static let stride: UInt64 = 1 << 22

    /// The first number of a node that starts now; kept before it is used.
    ///
    /// The clock's milliseconds run ahead of all that was used, so that a key that comes back without its database is safe
    /// too; where the clock was set back, what was kept decides.
    package static func begin(in database: GridDatabase, milliseconds: UInt64) async throws -> UInt64 {
        let last = try await database.setting(self.name).flatMap { UInt64($0) }
        let first = max(milliseconds, last.map { $0.addingReportingOverflow(self.stride).partialValue } ?? 0)
        try await database.setSetting(self.name, to: "\(first)")
        return first
    }
}
