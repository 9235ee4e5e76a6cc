import Dashboard
import GridCore
import Logging

/// The node's pages, fed with snapshots of its service.
struct NodeDashboard {
    let service: GridService
    let port: Int
    let logger: Logger

    /// How often the pages learn what changed.
    private static let interval = Duration.milliseconds(250)

    /// Serves until the task is cancelled; a port that cannot be had costs the pages and nothing else.
    func run() async {
        let service = self.service
        let logger = self.logger
        let server = DashboardServer(
            settings: DashboardSettings(port: self.port),
            source: SnapshotSource(
                current: { await service.snapshot() },
                updates: { Self.updates(of: service) }
            ),
            controls: DashboardControls { await service.setPaused($0) },
            logger: logger
        ) { port in
            let address = "http://127.0.0.1:\(port)/"
            logger.info("dashboard", metadata: ["address": "\(address)"])
            Task { await service.dashboardStarted(at: address) }
        }
        do {
            try await server.run()
        } catch {
            logger.error("the dashboard is not served", metadata: ["why": "\(error.message)"])
        }
    }

    /// A snapshot now and after every interval.
    private static func updates(of service: GridService) -> AsyncStream<GridSnapshot> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
                while !Task.isCancelled {
                    continuation.yield(await service.snapshot())
                    try? await Task.sleep(for: Self.interval)
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
