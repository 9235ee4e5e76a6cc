import Dispatch
import GridWire
import Logging
import NIOCore
import NIOPosix
import PeerSession
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Has the router forward the node's port: by PCP or NAT-PMP at the gateway, and by UPnP where a router announces itself.
///
/// Mappings are renewed while the node runs and removed when it stops; a crash leaves one that ends by itself within an hour.
final class PortMapping: Sendable {
    private let port: UInt16
    private let logger: Logger
    private let changed: @Sendable (Multiaddr?, String) async -> Void
    private let upnp = DispatchQueue(label: "tessera.upnp")
    private let state = Mutex<State>(State())

    private struct State {
        var isStopped = false
        var channel: (any Channel)?
        var upnpTask: Task<Void, Never>?
        var router: UPnPRouter?
    }

    /// The time between two looks at the UPnP mapping, which lives twice as long.
    private static let renewalDelay = Duration.seconds(1200)

    init(port: UInt16, logger: Logger, changed: @escaping @Sendable (Multiaddr?, String) async -> Void) {
        self.port = port
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
        self.state.withLock { $0.upnpTask = task }
    }

    /// Removes the mappings.
    func stop() async {
        let (channel, task, router) = self.state.withLock { state in
            state.isStopped = true
            defer { state.router = nil }
            return (state.channel, state.upnpTask, state.router)
        }
        task?.cancel()
        if let channel {
            try? await channel.triggerUserOutboundEvent(GatewayHandler.Stop()).get()
            try? await channel.close()
        }
        if let router { await self.onQueue { router.remove(port: self.port) } }
    }

    // MARK: UPnP

    private func renewUPnP() async {
        let port = self.port
        let known = self.state.withLock { $0.router }
        let found: UPnPRouter? = await self.onQueue {
            if let known, known.add(port: port) { return known }
            guard let router = UPnPRouter.discover(), router.add(port: port) else { return nil }
            return router
        }
        let isNews = self.state.withLock { state in
            guard !state.isStopped else { return false }
            defer { state.router = found }
            return (found == nil) != (state.router == nil)
        }
        guard isNews else { return }
        let address = found?.externalAddress.map { Multiaddr(ip: $0, tcp: port) }
        await self.changed(address, "UPnP")
    }

    /// Runs a call that blocks, on a thread of its own.
    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            self.upnp.async { continuation.resume(returning: body()) }
        }
    }

    // MARK: PCP and NAT-PMP

    private func startGatewayProtocols() async {
        guard let gateway = Gateway.find() else { return }
        guard let remote = try? SocketAddress(ipAddress: "\(gateway.address)", port: PortMapper.gatewayPort) else {
            return
        }
        let changed = self.changed
        do {
            let mapper = PortMapper(
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
            self.state.withLock { $0.channel = channel }
        } catch {
            self.logger.debug("the gateway cannot be asked to forward the port", metadata: ["reason": "\(error)"])
        }
    }
}

/// The router towards the rest of the world.
struct Gateway {
    /// Its address on the local network.
    var address: IPAddress
    /// This machine's address towards it.
    var own: IPAddress

    /// The default gateway of IPv4, by Linux's routing table.
    static func find() -> Gateway? {
        guard let file = fopen("/proc/net/route", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let fields = text.split(whereSeparator: \.isWhitespace)
            guard fields.count > 3, fields[1] == "00000000", let gateway = UInt32(fields[2], radix: 16), gateway != 0
            else {
                continue
            }
            let devices = (try? System.enumerateDevices()) ?? []
            let own = devices.lazy.filter { $0.name == fields[0] }.compactMap { device -> IPAddress? in
                guard let text = device.address?.ipAddress, let ip = IPAddress(text), case .v4 = ip else { return nil }
                return ip
            }.first
            return own.map { Gateway(address: .v4(gateway.byteSwapped), own: $0) }
        }
        return nil
    }
}

/// The shell of one ``PeerSession/PortMapper``; all of it happens on the socket's event loop.
private final class GatewayHandler: ChannelDuplexHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    /// Asks the handler to remove the mapping.
    struct Stop {}

    private var mapper: PortMapper
    private let gateway: SocketAddress
    private let changed: @Sendable (Multiaddr?, String) async -> Void
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?

    init(
        mapper: PortMapper,
        gateway: SocketAddress,
        changed: @escaping @Sendable (Multiaddr?, String) async -> Void
    ) {
        self.mapper = mapper
        self.gateway = gateway
        self.changed = changed
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        self.perform(self.mapper.start(now: SessionHandler.now))
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.context = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        guard let source = envelope.remoteAddress.ipAddress.flatMap({ IPAddress($0) }),
            envelope.remoteAddress.port == self.gateway.port, envelope.data.readableBytes <= 1100
        else { return }
        self.perform(self.mapper.receive(Array(envelope.data.readableBytesView), from: source, now: SessionHandler.now))
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is Stop { self.perform(self.mapper.stop(now: SessionHandler.now)) }
        promise?.succeed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A gateway that refuses datagrams forwards nothing; the repetitions run out by themselves.
    }

    private func perform(_ actions: [PortMapper.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes):
                let envelope = AddressedEnvelope(remoteAddress: self.gateway, data: ByteBuffer(bytes: bytes))
                self.context?.writeAndFlush(self.wrapOutboundOut(envelope), promise: nil)
            case .mapped(let ip, let port, let method):
                let (changed, address) = (self.changed, Multiaddr(ip: ip, tcp: port))
                Task { await changed(address, method.rawValue) }
            case .unmapped:
                let changed = self.changed
                Task { await changed(nil, "") }
            }
        }
        self.timer?.cancel()
        guard let loop = self.context?.eventLoop, let deadline = self.mapper.nextDeadline else { return }
        let delay = max(.zero, SessionHandler.now.duration(to: deadline))
        self.timer = loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            guard let self, self.context != nil else { return }
            self.perform(self.mapper.handleTimeout(now: SessionHandler.now))
        }
    }
}
