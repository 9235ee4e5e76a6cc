import FoundationEssentials
package import GridCore
import GridStore
import GridWire
public import Logging
import NIOPosix
import PeerSession
import RenderCore
import ServiceLifecycle
import UnixSignals

/// A node: takes part in a grid until it is told to stop.
///
/// ```swift
/// let node = NodeService(configuration: NodeConfiguration(dataDirectory: "/home/ada/.local/share/tessera", threads: 8),
///     logger: logger)
/// try await node.run()
/// ```
public struct NodeService: Sendable {
    /// The program's name and version, as peers see it.
    public static let agent = "tessera/0.1.0"

    private let configuration: NodeConfiguration
    private let logger: Logger
    private let tampering: FilmTampering?
    private let isStarted: @Sendable (Running) -> Void

    /// What a running node can be asked in the same process.
    package struct Running: Sendable {
        let service: GridService
        /// Where the node can be dialed, with its peer id.
        package let addresses: [String]

        /// What the node shows of itself.
        package func snapshot() async -> GridSnapshot {
            await self.service.snapshot()
        }
    }

    /// Creates a node that does nothing yet.
    public init(configuration: NodeConfiguration, logger: Logger) {
        self.init(configuration: configuration, logger: logger, tampering: nil, isStarted: { _ in })
    }

    /// Creates a node for a test, which may make it lie.
    package init(
        configuration: NodeConfiguration,
        logger: Logger,
        tampering: FilmTampering?,
        isStarted: @escaping @Sendable (Running) -> Void
    ) {
        precondition(configuration.threads >= 1, "a node needs a thread, got \(configuration.threads)")
        self.configuration = configuration
        self.logger = logger
        self.tampering = tampering
        self.isStarted = isStarted
    }

    /// Runs until the process gets SIGTERM or SIGINT, or the task is cancelled, then finishes what it is rendering.
    ///
    /// - Throws: ``NodeError`` or the error of the part that could not start, as a sentence for people.
    public func run() async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: GridNodeService(node: self), successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: self.logger
            )
        )
        try await group.run()
    }

    /// Runs in a test until the task's graceful shutdown or cancellation.
    package func runWithoutSignals() async throws {
        let directory = try DataDirectory(path: self.configuration.dataDirectory)
        let identity = try NodeIdentity.loadOrCreate(in: self.configuration.dataDirectory)
        let database = try GridDatabase(in: directory)
        let store = NodeStore(
            database: database,
            chunks: try ChunkStore(in: directory, quota: self.configuration.chunkQuota)
        )
        let pool = RenderPool(threads: self.configuration.threads)
        defer { pool.shutDown() }
        let coreVersion = try await CoreCheck.version(on: pool)
        let settings = try self.networkSettings()
        let network = PeerNetwork(
            identity: identity,
            listenHost: self.configuration.listenHost,
            listenPort: self.configuration.listenPort,
            settings: settings,
            agentVersion: Self.agent,
            logger: self.logger
        )
        let reachability = ReachabilityService(network: network, logger: self.logger)
        let service = GridService(
            configuration: self.configuration,
            identity: identity,
            coreVersion: coreVersion,
            store: store,
            network: network,
            pool: pool,
            reachability: reachability,
            acquaintances: try await store.acquaintances(),
            firstBatchSequence: try await store.beginBatches(milliseconds: WallClock.milliseconds),
            tampering: self.tampering,
            logger: self.logger
        )
        let exchange = PeerExchange(network: network)
        let overlay = OverlayService(network: network, exchange: exchange, logger: self.logger)
        self.register(service, exchange, overlay, on: network)
        let peers = try self.configuration.peers.map { try PeerAddress.parse($0) }
        try await network.start()
        do {
            try await service.start()
            await reachability.start()
            await service.use(overlay)
            await service.use(exchange)
            await overlay.start()
            await exchange.follow { [weak exchange, weak service] _ in
                guard let present = await exchange?.present else { return }
                await service?.nodesChanged(present)
            }
            let dht = self.configuration.usesDHT ? self.makeDHT(network, reachability, settings.preSharedKey) : nil
            try await self.serve(service, exchange, dht, network: network, peers: peers)
        } catch {
            await service.stop()
            await reachability.shutdown()
            await network.shutdown()
            throw error
        }
        await overlay.shutdown()
        await service.stop()
        await reachability.shutdown()
        await network.shutdown()
        try? database.close()
    }

    private func networkSettings() throws -> NetworkSettings {
        var settings = NetworkSettings()
        settings.preSharedKey = try SwarmKey.load(
            self.configuration.swarmKeyPath,
            dataDirectory: self.configuration.dataDirectory
        )
        settings.directProtocols = [
            TesseraProtocol.chunk, TesseraProtocol.chunkPut, TesseraProtocol.pixels, TesseraProtocol.pixelsPut,
        ]
        if self.configuration.isLoopback { settings.reachability = .off }
        settings.sessionsWanted = OverlayService.sessionsMax
        settings.uploadMax = self.configuration.uploadMax
        settings.downloadMax = self.configuration.downloadMax
        settings.reachability.mapsPort = self.configuration.mapsPort && !self.configuration.isLoopback
        return settings
    }

    private func register(
        _ service: GridService,
        _ exchange: PeerExchange,
        _ overlay: OverlayService,
        on network: PeerNetwork
    ) {
        func handle(_ name: String, _ answer: @escaping PeerNetwork.Handler) {
            // Words are short as a rule, and some answers are waited for; what is read from the disk is neither.
            let isBulk = [TesseraProtocol.chunk, TesseraProtocol.pixels].contains(name)
            network.handle(
                name,
                requestLimit: TesseraProtocol.requestSizeMax(name) ?? 0,
                answerReserve: isBulk ? TesseraProtocol.responseSizeMax(name) ?? 0 : 0,
                handler: answer
            )
        }
        handle(TesseraProtocol.grid) { await service.answer($1, from: $0) }
        handle(TesseraProtocol.chunk) { await service.answerChunk($1, from: $0) }
        handle(TesseraProtocol.chunkPut) { await service.answerChunkPut($1, from: $0) }
        handle(TesseraProtocol.pixels) { await service.answerPixels($1, from: $0) }
        handle(TesseraProtocol.pixelsPut) { await service.answerPixelsPut($1, from: $0) }
        handle(TesseraProtocol.peers) { await exchange.answer($1, from: $0) }
        handle(TesseraProtocol.overlay) { await overlay.answer($1, from: $0) }
    }

    /// Tells everybody of sessions that begin and end.
    private func follow(
        _ network: PeerNetwork,
        _ service: GridService,
        _ exchange: PeerExchange,
        _ dht: DHTService?
    ) async {
        await withDiscardingTaskGroup { group in
            for await event in network.events {
                switch event {
                case .connected(let peer, let address, let direction):
                    await service.connected(peer, at: address)
                    dht?.connected(to: direction == .outbound ? address : nil)
                    group.addTask { await exchange.connected(to: peer) }
                case .disconnected(let peer, _):
                    await service.disconnected(peer)
                    dht?.disconnected(from: peer)
                }
            }
        }
    }

    private func makeDHT(
        _ network: PeerNetwork,
        _ reachability: ReachabilityService,
        _ key: PreSharedKey?
    ) -> DHTService {
        DHTService(
            network: network,
            reachability: reachability,
            settings: DHTService.Settings(
                grid: self.configuration.grid,
                secret: key?.derived(for: "meeting"),
                hosts: self.configuration.bootstrapHosts,
                stateFile: self.configuration.dataDirectory + "/dht.dat"
            ),
            logger: self.logger
        )
    }

    /// Does the node's work until it is told to stop.
    private func serve(
        _ service: GridService,
        _ exchange: PeerExchange,
        _ dht: DHTService?,
        network: PeerNetwork,
        peers: [Multiaddr]
    ) async throws {
        let control = try await ControlSocket.start(
            dataDirectory: self.configuration.dataDirectory,
            group: MultiThreadedEventLoopGroup.singleton
        ) { command in
            await service.answer(command)
        }
        for peer in peers { network.keepConnected(to: peer) }
        let lan = self.configuration.usesLAN ? LANDiscovery(network: network, logger: self.logger) : nil
        let addresses = network.listenAddresses.map { "\($0)/p2p/\(network.identity.peerID)" }
        self.logger.info(
            "node started",
            metadata: ["peer.id": "\(network.identity.peerID)", "address": "\(addresses.first ?? "none")"]
        )
        await lan?.start()
        await dht?.start()
        if let dht { await service.use(dht) }
        self.isStarted(Running(service: service, addresses: addresses))
        await withDiscardingTaskGroup { group in
            group.addTask { await self.follow(network, service, exchange, dht) }
            group.addTask { await exchange.keepExchanging() }
            group.addTask {
                // By then the first announcements and dials are over, which need code of their own.
                guard (try? await Task.sleep(for: .seconds(15))) != nil else { return }
                CodeMemory.releaseUnused()
            }
            if let port = self.configuration.dashboardPort {
                group.addTask { await NodeDashboard(service: service, port: port, logger: self.logger).run() }
            }
            try? await gracefulShutdown()
            await lan?.shutdown()
            await dht?.shutdown()
            await control.stop()
            group.cancelAll()
        }
    }
}

/// The node as a service of its process.
private struct GridNodeService: Service {
    let node: NodeService

    func run() async throws {
        try await self.node.runWithoutSignals()
    }
}

extension GridService {
    /// Answers a command from the local socket.
    func answer(_ command: ControlProtocol.Command) async -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        switch command {
        case .snapshot:
            return (try? encoder.encode(await self.snapshot())).map { [UInt8]($0) } ?? []
        case .pause, .resume:
            self.setPaused(command == .pause)
            return (try? encoder.encode(ControlProtocol.Acknowledgement(ok: true))).map { [UInt8]($0) } ?? []
        }
    }
}
