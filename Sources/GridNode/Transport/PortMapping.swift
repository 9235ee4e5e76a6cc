import Dispatch
import GridWire
import Logging
import NIOCore
import NIOPosix
import PeerSession
import Synchronization

/// What a router forwards to this node.
struct ForwardedPort: Hashable, Sendable {
    /// The router's outside address.
    var ip: IPAddress
    /// The port there, which need not be the one here.
    var port: UInt16
    /// How the router was asked, for people.
    var method: String
}

/// Has the router forward one port of the node: by PCP or NAT-PMP at the gateway, and by UPnP where a router announces itself; and
/// let connections through to the node's addresses of IPv6, by PCP.
///
/// Mappings are renewed while the node runs and removed when it stops; a crash leaves one that ends by itself within an hour.
final class PortMapping: Sendable {
    private let transport: PortMapper.Transport
    private let port: UInt16
    private let opensIPv6: Bool
    private let logger: Logger
    private let changed: @Sendable (ForwardedPort?) async -> Void
    private let upnp = DispatchQueue(label: "tessera.upnp")
    private let state = Mutex<State>(State())

    private struct State {
        var isStopped = false
        /// The sockets through which gateways are asked.
        var channels: [any Channel] = []
        var task: Task<Void, Never>?
        var router: (router: UPnPRouter, port: UInt16)?
    }

    /// The time between two looks at the UPnP mapping, which lives twice as long.
    private static let renewalDelay = Duration.seconds(1200)

    init(
        _ transport: PortMapper.Transport,
        port: UInt16,
        opensIPv6: Bool,
        logger: Logger,
        changed: @escaping @Sendable (ForwardedPort?) async -> Void
    ) {
        self.transport = transport
        self.port = port
        self.opensIPv6 = opensIPv6
        self.logger = logger
        self.changed = changed
    }

    /// Begins to look for routers; never fails, since a machine may well have none.
    func start() {
        let task = Task {
            await self.startGatewayProtocols()
            while !Task.isCancelled {
                await self.renewUPnP()
                guard (try? await Task.sleep(for: Self.renewalDelay)) != nil else { return }
            }
        }
        self.state.withLock { $0.task = task }
    }

    /// Removes the mappings.
    func stop() async {
        let (channels, task, mapped) = self.state.withLock { state in
            state.isStopped = true
            defer { state.router = nil }
            return (state.channels, state.task, state.router)
        }
        task?.cancel()
        for channel in channels {
            try? await channel.triggerUserOutboundEvent(GatewayHandler.Stop()).get()
            try? await channel.close()
        }
        if let mapped { await self.onQueue { mapped.router.remove(self.transport, externalPort: mapped.port) } }
    }

    // MARK: UPnP

    private func renewUPnP() async {
        let (transport, port) = (self.transport, self.port)
        let known = self.state.withLock { $0.router }
        let found: (router: UPnPRouter, port: UInt16)? = await self.onQueue {
            if let known, known.router.add(transport, internalPort: port, externalPort: known.port) { return known }
            guard let router = UPnPRouter.discover(), let external = router.map(transport, port: port) else {
                return nil
            }
            return (router, external)
        }
        let (isNews, isLate) = self.state.withLock { state -> (Bool, Bool) in
            guard !state.isStopped else { return (false, found != nil) }
            defer { state.router = found }
            return (found?.port != state.router?.port, false)
        }
        // The node stopped while the router was asked.
        if isLate, let found { await self.onQueue { found.router.remove(transport, externalPort: found.port) } }
        guard isNews else { return }
        let forwarded = found.flatMap { found in
            found.router.externalAddress.map { ForwardedPort(ip: $0, port: found.port, method: "UPnP") }
        }
        await self.changed(forwarded)
    }

    /// Runs a call that blocks, on a thread of its own.
    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            self.upnp.async { continuation.resume(returning: body()) }
        }
    }

    // MARK: PCP and NAT-PMP

    private func startGatewayProtocols() async {
        if let gateway = Gateway.find() { await self.ask(gateway, changed: self.changed) }
        for gateway in self.opensIPv6 ? Gateway.findAllV6() : [] {
            // The address stays what it is, and peers that dial it find out whether it can be reached now.
            let logger = self.logger
            await self.ask(gateway) { forwarded in
                guard let forwarded else { return }
                logger.info("the router lets connections through", metadata: ["address": "\(forwarded.ip)"])
            }
        }
    }

    private func ask(_ gateway: Gateway, changed: @escaping @Sendable (ForwardedPort?) async -> Void) async {
        do {
            let remote = try gateway.endpoint(port: PortMapper.gatewayPort)
            let mapper = PortMapper(
                self.transport,
                internalPort: self.port,
                client: gateway.own,
                gateway: gateway.address,
                nonce: SystemEntropy.bytes(12)
            )
            let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            GatewayHandler(mapper: mapper, gateway: remote, changed: changed)
                        )
                    }
                }
                .bind(host: "\(gateway.own)", port: 0)
                .get()
            let isStopped = self.state.withLock { state in
                state.channels.append(channel)
                return state.isStopped
            }
            if isStopped { try? await channel.close() }
        } catch {
            self.logger.debug("a gateway cannot be asked to forward the port", metadata: ["reason": "\(error)"])
        }
    }
}
