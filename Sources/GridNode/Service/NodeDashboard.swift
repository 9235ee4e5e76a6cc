import Logging

/// The node's pages.
struct NodeDashboard {
    let service: GridService
    let port: Int
    let logger: Logger

    func run() async {}
}
