public import GridCore

/// Where the dashboard gets what it shows.
public struct SnapshotSource: Sendable {
    /// What is true now.
    ///
    /// Asked once for each page, for each new browser, and for each reading of the metrics.
    public var current: @Sendable () async -> GridSnapshot
    /// A new stream of what becomes true, as often as the node likes; the dashboard takes the newest and skips the
    /// rest.
    ///
    /// Asked for once for each run of the server. Make it with `.bufferingNewest(1)`.
    public var updates: @Sendable () -> AsyncStream<GridSnapshot>

    /// Creates a source.
    public init(
        current: @escaping @Sendable () async -> GridSnapshot,
        updates: @escaping @Sendable () -> AsyncStream<GridSnapshot>
    ) {
        self.current = current
        self.updates = updates
    }
}

/// What a person may do to the node from the page.
public struct DashboardControls: Sendable {
    /// Takes no more work until resumed, or takes work again.
    public var setPaused: @Sendable (Bool) async -> Void

    /// Creates controls.
    public init(setPaused: @escaping @Sendable (Bool) async -> Void) {
        self.setPaused = setPaused
    }
}
