import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Serves the node's page, its live events and its metrics over HTTP.
///
///     let dashboard = DashboardServer(source: source, controls: controls, logger: logger)
///     try await dashboard.run()
///
/// `run` serves until its task is cancelled or ``stop()`` is called. A shell that shuts down gracefully calls ``stop()``
/// first: browsers that follow live events would otherwise hold the server.
public final class DashboardServer: Sendable {
    private enum State {
        case idle
        case running(stop: AsyncStream<Void>.Continuation)
        case stopped
    }

    private let settings: DashboardSettings
    private let source: SnapshotSource
    private let controls: DashboardControls?
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void
    private let state = Mutex(State.idle)
    private let boundPort = Mutex<Int?>(nil)

    /// The most connections at one time.
    package static let connectionsMax = 256
    /// The longest header line and the longest header in bytes.
    package static let headerSizeMax = 16 << 10

    /// Creates a server; it listens when it runs.
    ///
    /// - Parameters:
    ///   - controls: What the page's buttons do; without it the page only shows.
    ///   - onListening: Told the port as soon as the server accepts connections.
    public init(
        settings: DashboardSettings = DashboardSettings(),
        source: SnapshotSource,
        controls: DashboardControls? = nil,
        logger: Logger = Logger(label: "tessera.dashboard"),
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.settings = settings
        self.source = source
        self.controls = controls
        var logger = logger
        // Hummingbird and its services tell of their own beginning and end; the node's log says that better.
        logger.logLevel = max(logger.logLevel, .critical)
        self.logger = logger
        self.onListening = onListening
    }

    /// The port on which the server listens, once it does.
    public var port: Int? {
        self.boundPort.withLock { $0 }
    }

    /// Serves until ``stop()`` or cancellation; call it once.
    ///
    /// - Throws: ``DashboardError`` when the server cannot listen.
    public func run() async throws(DashboardError) {
        guard (0 ... 65_535).contains(self.settings.port) else {
            throw DashboardError(
                .badPort,
                message: "\(self.settings.port) is not a port for the dashboard: give one from 0 to 65535"
            )
        }
        let (stops, stop) = AsyncStream<Void>.makeStream()
        let mayRun = self.state.withLock { state in
            switch state {
            case .idle:
                state = .running(stop: stop)
                return true
            case .stopped:
                return false
            case .running:
                preconditionFailure("a dashboard server runs once")
            }
        }
        guard mayRun else { return }
        defer { self.state.withLock { $0 = .stopped } }
        let hub = SnapshotHub(source: self.source, settings: self.settings)
        let failure = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    try await self.makeApplication(hub: hub).run()
                    return nil
                } catch {
                    return error
                }
            }
            group.addTask {
                await hub.run()
                return nil
            }
            group.addTask {
                for await _ in stops {}
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            await group.waitForAll()
            return first
        }
        if let failure, !(failure is CancellationError), !Task.isCancelled { throw self.explain(failure) }
    }

    /// Ends ``run()``, and with it all connections; harmless before, after and twice.
    public func stop() {
        self.state.withLock { state in
            if case .running(let stop) = state { stop.finish() }
            state = .stopped
        }
    }

    private func makeApplication(hub: SnapshotHub) -> some ApplicationProtocol {
        let responder = DashboardResponder(
            source: self.source,
            controls: self.controls,
            hub: hub,
            requestGuard: RequestGuard(hostNames: self.settings.hostNames + [self.settings.host])
        )
        var configuration = ApplicationConfiguration(
            address: .hostname(self.settings.host, port: self.settings.port),
            backlog: 64
        )
        configuration.availableConnectionsDelegate = MaximumAvailableConnections(Self.connectionsMax)
        let http = HTTP1Channel.Configuration(
            idleTimeout: .seconds(self.settings.idleTimeoutSeconds),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: Self.headerSizeMax,
                maxHeaderListSize: Self.headerSizeMax,
                maxHeaderFieldCount: 100
            )
        )
        return Application(
            responder: responder,
            server: HTTPServerBuilder { respond in
                GuardedHTTPChannel(HTTP1Channel(responder: respond, configuration: http))
            },
            configuration: configuration,
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? self.settings.port
                self.boundPort.withLock { $0 = port }
                self.onListening(port)
            },
            logger: self.logger
        )
    }

    private func explain(_ failure: any Error) -> DashboardError {
        let place = "port \(self.settings.port) of \(self.settings.host)"
        guard let error = failure as? IOError else {
            return DashboardError(.serverFailed, message: "the dashboard on \(place) ended: \(failure)")
        }
        switch error.errnoCode {
        case EADDRINUSE:
            return DashboardError(
                .portInUse,
                message: "the dashboard cannot listen on \(place): another program does; stop it, or give another port "
                    + "(0 takes any free one)"
            )
        case EACCES, EPERM:
            return DashboardError(
                .portForbidden,
                message: "the dashboard cannot listen on \(place): this user may not; give a port above 1023"
            )
        case EADDRNOTAVAIL:
            return DashboardError(
                .noSuchAddress,
                message: "the dashboard cannot listen on \(place): this machine has no such address; use 127.0.0.1"
            )
        default:
            return DashboardError(.serverFailed, message: "the dashboard on \(place) ended: \(error)")
        }
    }
}
