import GridWire

/// The clock of a node: monotonic, counted from the node's start.
struct NodeClock: Sendable {
    private let start = ContinuousClock.now

    /// The present instant.
    var now: Instant {
        Instant(sinceEpoch: self.start.duration(to: .now))
    }

    /// Sleeps until an instant has come.
    func sleep(until instant: Instant) async throws {
        try await Task.sleep(until: self.start.advanced(by: instant.sinceEpoch), clock: .continuous)
    }
}
