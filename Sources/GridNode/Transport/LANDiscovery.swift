import Discovery
import GridWire
package import Logging
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

/// The sockets of ``Discovery/MulticastDNS``: announces this node on the local network and hears of others.
///
/// There is one socket for each interface, so that what is said on one is never heard on another: a loopback node has one on
/// the loopback interface and no other. What is found is handed to the network, which dials; only the session proves a peer.
/// A machine without multicast, or a port 5353 that cannot be shared, costs discovery and nothing else.
package final class LANDiscovery: Sendable {
    private let network: PeerNetwork
    private let logger: Logger
    private let group: any EventLoopGroup
    private let channels = Mutex<[any Channel]>([])

    private static let reusePort = NIOBSDSocket.Option(rawValue: SO_REUSEPORT)
    /// Linux's IP_MULTICAST_ALL: without it a socket hears only the groups and interfaces that it joined.
    private static let multicastAll = NIOBSDSocket.Option(rawValue: 49)
    /// The most interfaces that are used.
    private static let interfacesMax = 16

    /// Creates discovery for a network that was started.
    package init(
        network: PeerNetwork,
        logger: Logger = Logger(label: "tessera.lan") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.network = network
        self.logger = logger
        self.group = MultiThreadedEventLoopGroup.singleton
    }

    /// Opens the sockets; never fails, but says in the log when nothing could be had.
    package func start() async {
        var reasons: [String] = []
        for (device, addresses) in self.interfaces() {
            do {
                let channel = try await self.open(device, addresses: addresses)
                self.channels.withLock { $0.append(channel) }
            } catch {
                reasons.append("\(device.name): \(error)")
            }
        }
        guard self.channels.withLock({ $0.isEmpty }) else { return }
        self.logger.warning(
            "no peers will be found on the local network; give the address of one with --peer",
            metadata: ["reason": "\(reasons.isEmpty ? "no interface can multicast" : reasons.joined(separator: "; "))"]
        )
    }

    /// Closes the sockets.
    package func shutdown() async {
        let channels = self.channels.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in channels { try? await channel.close() }
    }

    /// The IPv4 interfaces to use, each with the addresses of this node on it.
    private func interfaces() -> [(device: NIONetworkDevice, addresses: [Multiaddr])] {
        let devices = (try? System.enumerateDevices()) ?? []
        let listening = self.network.listenAddresses
        var seen: Set<String> = []
        let usable = devices.compactMap { device -> (device: NIONetworkDevice, addresses: [Multiaddr])? in
            guard let text = device.address?.ipAddress, let ip = IPAddress(text), case .v4 = ip,
                ip.isLoopback == self.network.isLoopbackOnly, ip.isLoopback || device.multicastSupported
            else { return nil }
            let addresses = listening.filter { $0.tcpEndpoint.map { $0.ip == ip || ip.isLoopback } ?? false }
            guard !addresses.isEmpty, seen.insert(device.name).inserted else { return nil }
            return (device, addresses)
        }
        return Array(usable.prefix(Self.interfacesMax))
    }

    private func open(_ device: NIONetworkDevice, addresses: [Multiaddr]) async throws -> any Channel {
        let groupAddress = try SocketAddress(
            ipAddress: "\(MulticastDNS.groupAddress)",
            port: Int(MulticastDNS.port)
        )
        guard case .v4(let group) = MulticastDNS.groupAddress,
            case .v4(let own)? = device.address?.ipAddress.flatMap({ IPAddress($0) })
        else {
            throw ChannelError.unknownLocalAddress
        }
        let configuration = MulticastDNS.Configuration(
            peer: self.network.identity.peerID,
            addresses: addresses,
            isLoopbackOnly: self.network.isLoopbackOnly
        )
        let network = self.network
        var bootstrap = DatagramBootstrap(group: self.group)
            .channelOption(.socketOption(.so_reuseaddr), value: 1)
            .channelOption(.socketOption(Self.reusePort), value: 1)
            .channelOption(.ipOption(.ip_multicast_ttl), value: 255)
            .channelOption(.ipOption(.ip_multicast_loop), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = MulticastHandler(
                        configuration: configuration,
                        group: groupAddress,
                        found: { peer, addresses in network.discovered(peer, at: addresses) }
                    )
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        #if os(Linux)
        bootstrap = bootstrap.channelOption(
            ChannelOptions.Types.SocketOption(level: .ip, name: Self.multicastAll),
            value: 0
        )
        #endif
        // Bound to the group's address, the socket hears nothing that is sent to this machine alone.
        let channel = try await bootstrap.bind(to: groupAddress).get()
        do {
            guard let options = channel as? any SocketOptionProvider else { throw ChannelError.operationUnsupported }
            // `joinGroup` of NIO refuses the loopback interface, which lacks the flag but can multicast. The values are the
            // system's `in_addr` and `ip_mreq`: one and two 32-bit numbers in network order.
            let membership = (group.bigEndian, own.bigEndian)
            try await options.unsafeSetSocketOption(level: .ip, name: .ip_multicast_if, value: own.bigEndian).get()
            try await options.unsafeSetSocketOption(level: .ip, name: .ip_add_membership, value: membership).get()
        } catch {
            try? await channel.close()
            throw error
        }
        return channel
    }
}

/// The shell of one ``Discovery/MulticastDNS``; all of it happens on the socket's event loop.
private final class MulticastHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let group: SocketAddress
    private let found: (PeerID, [Multiaddr]) -> Void
    private var machine: MulticastDNS
    private var context: ChannelHandlerContext?
    private var timer: (deadline: Instant, task: Scheduled<Void>)?

    init(
        configuration: MulticastDNS.Configuration,
        group: SocketAddress,
        found: @escaping (PeerID, [Multiaddr]) -> Void
    ) {
        self.group = group
        self.found = found
        self.machine = MulticastDNS(
            configuration: configuration,
            entropy: SystemEntropy.bytes,
            now: SessionHandler.now
        )
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        // The first query must not leave before the group is joined.
        self.arm(notBefore: .milliseconds(20))
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.task.cancel()
        self.timer = nil
        self.context = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        guard envelope.data.readableBytes <= MulticastDNS.datagramSizeMax,
            let text = envelope.remoteAddress.ipAddress, let source = IPAddress(text),
            let port = envelope.remoteAddress.port.flatMap(UInt16.init(exactly:))
        else { return }
        let bytes = Array(envelope.data.readableBytesView)
        self.perform(self.machine.handleDatagram(bytes, from: source, port: port, now: SessionHandler.now))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A datagram that could not be sent or received is lost; UDP promises no more.
    }

    private func perform(_ actions: [MulticastDNS.Action]) {
        for action in actions {
            switch action {
            case .sendMulticast(let bytes):
                let envelope = AddressedEnvelope(remoteAddress: self.group, data: ByteBuffer(bytes: bytes))
                self.context?.writeAndFlush(self.wrapOutboundOut(envelope), promise: nil)
            case .discovered(let peer, let addresses): self.found(peer, addresses)
            }
        }
        self.arm(notBefore: .zero)
    }

    private func arm(notBefore: Duration) {
        guard let loop = self.context?.eventLoop, let deadline = self.machine.nextDeadline else { return }
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let delay = max(notBefore, SessionHandler.now.duration(to: deadline))
        let task = loop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            guard let self, self.context != nil else { return }
            self.timer = nil
            self.perform(self.machine.handleTimeout(now: SessionHandler.now))
        }
        self.timer = (deadline, task)
    }
}
