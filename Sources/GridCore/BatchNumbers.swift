/// Numbers for signed batches that never repeat, also when the machine's clock was set back: two different batches with one
/// number would prove an honest node a fraud.
public enum BatchNumbers {
    /// More than the batches that a node signs between two starts: weeks of two a second.
    public static let stride: UInt64 = 1 << 22

    /// The first number of a node that starts now; it must be kept before it is used.
    ///
    /// The clock's milliseconds run ahead of all that was used, so that a key that comes back without its database is safe
    /// too; where the clock was set back, what was kept decides.
    ///
    /// - Parameters:
    ///   - milliseconds: what the wall clock shows, since 1970.
    ///   - last: what the last start got and kept; nothing at the first.
    public static func first(milliseconds: UInt64, last: UInt64?) -> UInt64 {
        max(milliseconds, last.map { $0.addingReportingOverflow(self.stride).partialValue } ?? 0)
    }
}
