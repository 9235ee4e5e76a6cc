import GridCore

extension NodeStore {
    private static let batchSequenceName = "batch.sequence"

    /// The first of the ``GridCore/BatchNumbers`` of a node that starts now; kept before it is used.
    ///
    /// - Parameter milliseconds: the clock's milliseconds since 1970.
    public func beginBatches(milliseconds: UInt64) async throws(StoreError) -> UInt64 {
        let last = try await self.database.setting(Self.batchSequenceName).flatMap { UInt64($0) }
        let first = BatchNumbers.first(milliseconds: milliseconds, last: last)
        try await self.database.setSetting(Self.batchSequenceName, to: "\(first)")
        return first
    }
}
