import Discovery
import FoundationEssentials
package import GridWire
package import Logging
import NIOCore
import NIOPosix
import PeerSession
import Synchronization

/// The sockets of ``Discovery/GridDiscovery``: finds the grid's peers through the Mainline DHT.
///
/// A loopback node speaks with this machine alone. Others use the Internet, and private networks too when the operator named a
/// host there. A port that cannot be had costs discovery and nothing else. What is found is handed to the network, which dials;
/// only the session proves a peer.
package final class DHTService: Sendable {
    /// How the service behaves.
    package struct Settings: Sendable {
        /// The grid's name.
        package var grid: String
        /// The secret of a private grid, from which nobody learns its key; nil for a public grid.
        package var secret: [UInt8]?
        /// Hosts of the DHT to begin with, `host:port`; without any, and not on loopback, the well-known public ones.
        package var hosts: [String]
        /// Where the tables are kept between runs.
        package var stateFile: String

        /// Creates settings.
        package init(grid: String, secret: [UInt8]?, hosts: [String], stateFile: String) {
            self.grid = grid
            self.secret = secret
            self.hosts = hosts
            self.stateFile = stateFile
        }
    }

    /// What people see of it.
    package struct Status: Hashable, Sendable {
        /// The good nodes of the DHT that are known.
        package var goodNodes: Int
        /// The own addresses, as other nodes see them.
        package var externalAddresses: [String]
        /// Whether this node asks and does not answer, since others cannot reach it.
        package var isReadOnly: Bool
    }

    /// The hosts that BitTorrent programs begin with; none of them is ours.
    private static let publicHosts = [
        "router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "router.utorrent.com:6881",
        "dht.libtorrent.org:25401",
    ]
    /// The time between saves of the tables.
    private static let saveInterval = TimeAmount.minutes(10)

    private let network: PeerNetwork
    private let settings: Settings
    private let logger: Logger
    private let loop: any EventLoop
    private let shell: NIOLoopBoundBox<DiscoveryShell?>
    private let resolving = Mutex<Task<Void, Never>?>(nil)
    private let lastStatus = Mutex<Status?>(nil)

    /// Creates discovery for a network that was started.
    package init(
        network: PeerNetwork,
        settings: Settings,
        logger: Logger = Logger(label: "tessera.dht") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.network = network
        self.settings = settings
        self.logger = logger
        self.loop = MultiThreadedEventLoopGroup.singleton.next()
        self.shell = NIOLoopBoundBox.makeEmptyBox(eventLoop: self.loop)
    }

    // MARK: Life

    /// Opens the socket; never fails, but says in the log when it cannot be had.
    package func start() async {
        guard let listening = self.network.listenAddresses.first?.tcpEndpoint, let host = self.bindHost else { return }
        let channel: any Channel
        do {
            channel = try await self.bind(host: host, port: Int(listening.port))
        } catch {
            self.logger.warning(
                "no peers will be found on the Internet; give the address of one with --peer",
                metadata: ["reason": "\(error)"]
            )
            return
        }
        let configuration = self.configuration(port: listening.port)
        let saved = (try? Data(contentsOf: URL(fileURLWithPath: self.settings.stateFile))).map { [UInt8]($0) }
        try? await self.loop.submit {
            let shell = DiscoveryShell(
                discovery: GridDiscovery(
                    configuration: configuration,
                    saved: saved,
                    seed: SystemEntropy.bytes(32),
                    now: SessionHandler.now
                ),
                channel: channel,
                service: self
            )
            self.shell.value = shell
            shell.act { $0.handleTimeout(now: $1) }
            shell.saving = self.loop.scheduleRepeatedTask(
                initialDelay: Self.saveInterval,
                delay: Self.saveInterval
            ) { _ in
                if let shell = self.shell.value { self.save(shell) }
            }
        }.get()
        self.logger.info("discovery started", metadata: ["address": "\(channel.localAddress.map { "\($0)" } ?? "")"])
        if !self.settings.hosts.isEmpty { self.resolveHosts() }
    }

    /// Saves the tables and closes the socket.
    package func shutdown() async {
        self.resolving.withLock { $0 }?.cancel()
        let channel = try? await self.loop.submit { () -> (any Channel)? in
            guard let shell = self.shell.value else { return nil }
            self.save(shell)
            shell.stop()
            self.shell.value = nil
            return shell.channel
        }.get()
        try? await channel?.close()
    }

    // MARK: What the node tells

    /// There is a session with a peer of the grid.
    package func connected(to address: Multiaddr?) {
        // Whoever was dialed has its node of the DHT most likely at the same port.
        let endpoint = address?.tcpEndpoint.map { UDPEndpoint(ip: $0.ip, port: $0.port) }
        let count = self.network.peers.count
        self.loop.execute {
            self.shell.value?.act { $0.connected(to: endpoint, peerCount: count, now: $1) }
        }
    }

    /// The last session with a peer ended.
    package func disconnected(from peer: PeerID) {
        let count = self.network.peers.count
        self.loop.execute {
            self.shell.value?.act { $0.disconnected(from: peer, peerCount: count, now: $1) }
        }
    }

    /// How it stood a moment ago; nil when there is no socket.
    package var status: Status? {
        self.lastStatus.withLock { $0 }
    }

    // MARK: Beginning

    /// The address of the network's listener.
    private var bindHost: String? {
        self.network.isLoopbackOnly ? self.network.listenAddresses.first?.tcpEndpoint.map { "\($0.ip)" } : "0.0.0.0"
    }

    /// Binds the number that the TCP listener has, since one mapping of a router may serve both; on a loopback node that has to
    /// share the machine, else any.
    private func bind(host: String, port: Int) async throws -> any Channel {
        let bootstrap = DatagramBootstrap(group: self.loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(DatagramHandler(shell: self.shell))
            }
        }
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch {
            return try await bootstrap.bind(host: host, port: 0).get()
        }
    }

    private func configuration(port: UInt16) -> GridDiscovery.Configuration {
        let listening = self.network.listenAddresses
        let own = listening.compactMap { $0.tcpEndpoint?.ip }
        let namesPrivateHost = self.settings.hosts.contains { text in
            (try? PeerAddress.parse(text))?.tcpEndpoint.map { $0.ip.isPrivate } ?? false
        }
        let scope: DHTScope =
            self.network.isLoopbackOnly ? .loopback : namesPrivateHost ? .privateNetworks : .internet
        let isIPv6 = self.bindHost.flatMap { IPAddress($0) }.map { if case .v6 = $0 { true } else { false } } ?? false
        return GridDiscovery.Configuration(
            dht: DHTConfiguration(
                scope: scope,
                families: [isIPv6 ? .v6 : .v4],
                // Behind a router nobody reaches us unasked, as far as we know.
                isReadOnly: scope == .internet && !own.contains { DHTScope.internet.allows($0) },
                ownAddresses: own
            ),
            grid: self.settings.grid,
            secret: self.settings.secret,
            peer: self.network.identity.peerID,
            sign: self.network.identity.signer,
            announcement: .port(port),
            addresses: listening,
            unixMilliseconds: WallClock.milliseconds
        )
    }

    /// Finds the addresses of the hosts and hands them in; one search at a time.
    fileprivate func resolveHosts() {
        let isLoopback = self.network.isLoopbackOnly
        let hosts = self.settings.hosts.isEmpty && !isLoopback ? Self.publicHosts : self.settings.hosts
        guard !hosts.isEmpty else { return }
        self.resolving.withLock { task in
            guard task == nil else { return }
            task = Task {
                var endpoints: [UDPEndpoint] = []
                for host in hosts {
                    if let endpoint = await Self.resolve(host) { endpoints.append(endpoint) }
                }
                if endpoints.isEmpty {
                    self.logger.info(
                        "no host of the DHT could be found",
                        metadata: ["hosts": "\(hosts.joined(separator: " "))"]
                    )
                }
                let found = endpoints
                self.loop.execute { self.shell.value?.act { $0.bootstrap(from: found, now: $1) } }
                // Names are not asked for more often than this.
                try? await Task.sleep(for: .seconds(30))
                self.resolving.withLock { $0 = nil }
            }
        }
    }

    private static func resolve(_ text: String) async -> UDPEndpoint? {
        guard let address = try? PeerAddress.parse(text), let (host, port) = PeerAddress.endpoint(of: address) else {
            return nil
        }
        if let ip = IPAddress(host) { return UDPEndpoint(ip: ip, port: UInt16(clamping: port)) }
        // The system's resolver blocks.
        let resolved = try? await NIOThreadPool.singleton.runIfActive {
            try SocketAddress.makeAddressResolvingHost(host, port: port)
        }
        return resolved?.ipAddress.flatMap { IPAddress($0) }.map { UDPEndpoint(ip: $0, port: UInt16(clamping: port)) }
    }

    // MARK: What the machine says

    fileprivate func tryReaching(_ addresses: [Multiaddr]) {
        for address in addresses { self.network.tryReaching(address) }
    }

    fileprivate func note(_ status: DHTStatus) {
        let status = Status(
            goodNodes: status.goodNodes,
            externalAddresses: status.networks.compactMap { $0.externalAddress.map { "\($0)" } },
            isReadOnly: status.isReadOnly
        )
        let hasChanged = self.lastStatus.withLock { last in
            defer { last = status }
            return last != status
        }
        guard hasChanged else { return }
        self.logger.debug("discovery", metadata: ["nodes": "\(status.goodNodes)"])
    }

    private func save(_ shell: DiscoveryShell) {
        let bytes = shell.discovery.saved(now: SessionHandler.now)
        let file = URL(fileURLWithPath: self.settings.stateFile)
        do {
            try Data(bytes).write(to: file, options: .atomic)
        } catch {
            self.logger.debug("the tables of the DHT could not be saved", metadata: ["reason": "\(error)"])
        }
    }
}

/// The shell of one ``Discovery/GridDiscovery``; all of it happens on the socket's event loop.
private final class DiscoveryShell {
    private(set) var discovery: GridDiscovery
    let channel: any Channel
    var saving: RepeatedTask?
    private let service: DHTService
    private var timer: (deadline: Instant, task: Scheduled<Void>)?

    init(discovery: GridDiscovery, channel: any Channel, service: DHTService) {
        self.discovery = discovery
        self.channel = channel
        self.service = service
    }

    func stop() {
        self.saving?.cancel()
        self.timer?.task.cancel()
        self.timer = nil
    }

    /// Calls the machine, does what it says, and sets the timer.
    func act(_ body: (inout GridDiscovery, Instant) -> [GridDiscovery.Action]) {
        for action in body(&self.discovery, SessionHandler.now) {
            switch action {
            case .send(let bytes, let endpoint):
                guard let address = try? SocketAddress(ipAddress: "\(endpoint.ip)", port: Int(endpoint.port)) else {
                    continue
                }
                let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
                self.channel.write(envelope, promise: nil)
            case .tryReaching(let addresses): self.service.tryReaching(addresses)
            case .hostsWanted: self.service.resolveHosts()
            case .statusChanged: self.service.note(self.discovery.status(now: SessionHandler.now))
            }
        }
        self.channel.flush()
        self.arm()
    }

    private func arm() {
        let deadline = self.discovery.nextDeadline
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let delay = max(.zero, SessionHandler.now.duration(to: deadline))
        let task = self.channel.eventLoop.assumeIsolated().scheduleTask(in: .init(delay)) { [weak self] in
            guard let self, self.timer != nil else { return }
            self.timer = nil
            self.act { $0.handleTimeout(now: $1) }
            self.service.note(self.discovery.status(now: SessionHandler.now))
        }
        self.timer = (deadline, task)
    }
}

/// Hands datagrams to the shell.
private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let shell: NIOLoopBoundBox<DiscoveryShell?>

    init(shell: NIOLoopBoundBox<DiscoveryShell?>) {
        self.shell = shell
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        guard let text = envelope.remoteAddress.ipAddress, let ip = IPAddress(String(text.prefix { $0 != "%" })),
            let port = envelope.remoteAddress.port.flatMap(UInt16.init(exactly:))
        else { return }
        let bytes = Array(envelope.data.readableBytesView)
        self.shell.value?.act { $0.handleDatagram(bytes, from: UDPEndpoint(ip: ip, port: port), now: $1) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A datagram that could not be sent or received is lost; UDP promises no more.
    }
}
