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
package final class DHTService: DiscoveryShellDelegate {
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
        /// The datagrams and bytes that left the sockets.
        package var datagramsSent: Int
        package var bytesSent: Int
        /// The datagrams and bytes that came and were read.
        package var datagramsReceived: Int
        package var bytesReceived: Int
    }

    /// The hosts that BitTorrent programs begin with; none of them is ours.
    private static let publicHosts = [
        "router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "router.utorrent.com:6881",
        "dht.libtorrent.org:25401",
    ]
    /// The time between saves of the tables.
    private static let saveInterval = TimeAmount.minutes(10)

    private let network: PeerNetwork
    private let reachability: ReachabilityService?
    private let settings: Settings
    private let logger: Logger
    private let loop: any EventLoop
    private let shell: NIOLoopBoundBox<DiscoveryShell?>
    private let resolving = Mutex<Task<Void, Never>?>(nil)
    private let lastStatus = Mutex<DHTStatus?>(nil)
    private let traffic = DatagramTraffic()

    /// Creates discovery for a network that was started, which follows what is learned about its reachability.
    package init(
        network: PeerNetwork,
        reachability: ReachabilityService? = nil,
        settings: Settings,
        logger: Logger = Logger(label: "tessera.dht") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.network = network
        self.reachability = reachability
        self.settings = settings
        self.logger = logger
        self.loop = MultiThreadedEventLoopGroup.singleton.next()
        self.shell = NIOLoopBoundBox.makeEmptyBox(eventLoop: self.loop)
    }

    // MARK: Life

    /// Opens the sockets; never fails, but says in the log when none can be had.
    package func start() async {
        guard let listening = self.network.listenAddresses.first?.tcpEndpoint else { return }
        var channels: [AddressFamily: any Channel] = [:]
        for host in self.bindHosts {
            let family: AddressFamily = if case .v6 = host { .v6 } else { .v4 }
            do {
                channels[family] = try await self.bind(host: host, port: Int(listening.port))
            } catch {
                // A machine without IPv6 is no news.
                self.logger.log(
                    level: family == .v4 ? .warning : .debug,
                    "no peers will be found on the Internet by this family of addresses",
                    metadata: ["family": "\(family)", "reason": "\(error)"]
                )
            }
        }
        guard !channels.isEmpty else {
            self.logger.warning("no peers will be found on the Internet; give the address of one with --peer")
            return
        }
        let configuration = self.configuration(port: listening.port, families: Set(channels.keys))
        let saved = (try? Data(contentsOf: URL(fileURLWithPath: self.settings.stateFile))).map { [UInt8]($0) }
        let opened = channels
        try? await self.loop.submit {
            let shell = DiscoveryShell(
                discovery: GridDiscovery(
                    configuration: configuration,
                    saved: saved,
                    seed: SystemEntropy.bytes(32),
                    now: SessionHandler.now
                ),
                channels: opened,
                loop: self.loop,
                traffic: self.traffic,
                delegate: self
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
        let addresses = opened.values.compactMap { $0.localAddress.map { "\($0)" } }.sorted()
        self.logger.info("discovery started", metadata: ["addresses": "\(addresses.joined(separator: " "))"])
        if !self.settings.hosts.isEmpty { self.resolveHosts() }
        await self.reachability?.follow { [weak self] in self?.follow($0) }
        if let port = opened[.v4]?.localAddress?.port.flatMap({ UInt16(exactly: $0) }) {
            await self.reachability?.mapDatagrams(port: port)
        }
    }

    /// Saves the tables and closes the sockets.
    package func shutdown() async {
        self.resolving.withLock { $0 }?.cancel()
        let channels = try? await self.loop.submit { () -> [any Channel] in
            guard let shell = self.shell.value else { return [] }
            self.save(shell)
            shell.stop()
            self.shell.value = nil
            return Array(shell.channels.values)
        }.get()
        for channel in channels ?? [] { try? await channel.close() }
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

    /// Where others dial this node is told to the DHT, and who cannot be reached only asks.
    private func follow(_ standing: ReachabilityService.Standing) {
        guard let listening = self.network.listenAddresses.first?.tcpEndpoint else { return }
        self.loop.execute {
            self.shell.value?.act { discovery, now in
                discovery.setAddresses(standing.addresses, now: now)
                discovery.setAnnouncedPort(standing.sessionPort ?? listening.port, now: now)
                // A router behind another one forwards from an address that strangers cannot reach.
                let isForwarded = standing.datagrams.map { discovery.allows($0.ip) } ?? false
                if isForwarded || standing.isOpen != nil {
                    discovery.setReadOnly(!isForwarded && standing.isOpen != true)
                }
                return []
            }
        }
    }

    /// How it stood a moment ago; nil when there is no socket.
    package var status: Status? {
        self.lastStatus.withLock { $0 }.map { status in
            Status(
                goodNodes: status.goodNodes,
                externalAddresses: status.networks.compactMap { $0.externalAddress.map { "\($0)" } },
                isReadOnly: status.isReadOnly,
                datagramsSent: self.traffic.datagramsOut.load(ordering: .relaxed),
                bytesSent: self.traffic.bytesOut.load(ordering: .relaxed),
                datagramsReceived: self.traffic.datagramsIn.load(ordering: .relaxed),
                bytesReceived: self.traffic.bytesIn.load(ordering: .relaxed)
            )
        }
    }

    // MARK: Beginning

    /// The addresses of the sockets: like the network's listener, and for all addresses one of each family.
    private var bindHosts: [IPAddress] {
        guard let host = IPAddress(self.network.listenHost) ?? self.network.listenAddresses.first?.tcpEndpoint?.ip
        else {
            return []
        }
        return host.isUnspecified ? [.v4(0), .v6(high: 0, low: 0)] : [host]
    }

    /// Binds the number that the TCP listener has, since one mapping of a router may serve both; where another program has it,
    /// any.
    private func bind(host: IPAddress, port: Int) async throws -> any Channel {
        var bootstrap = DatagramBootstrap(group: self.loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    DatagramHandler(shell: self.shell, traffic: self.traffic)
                )
            }
        }
        if case .v6 = host {
            let onlyIPv6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.channelOption(onlyIPv6, value: 1)
        }
        do {
            return try await bootstrap.bind(host: "\(host)", port: port).get()
        } catch {
            return try await bootstrap.bind(host: "\(host)", port: 0).get()
        }
    }

    private func configuration(port: UInt16, families: Set<AddressFamily>) -> GridDiscovery.Configuration {
        let listening = self.network.listenAddresses
        let own = listening.compactMap { $0.tcpEndpoint?.ip }
        let namesPrivateHost = self.settings.hosts.contains { text in
            (try? PeerAddress.parse(text))?.tcpEndpoint.map { $0.ip.isPrivate } ?? false
        }
        let scope: DHTScope =
            self.network.isLoopbackOnly ? .loopback : namesPrivateHost ? .privateNetworks : .internet
        return GridDiscovery.Configuration(
            dht: DHTConfiguration(
                scope: scope,
                families: families,
                // Behind a router nobody reaches us unasked, as far as is known before others have tried.
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
    func resolveHosts() {
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

    func tryReaching(_ addresses: [Multiaddr]) {
        for address in addresses { self.network.tryReaching(address) }
    }

    func note(_ status: DHTStatus) {
        let hasChanged = self.lastStatus.withLock { last in
            defer { last = status }
            return last?.goodNodes != status.goodNodes || last?.isReadOnly != status.isReadOnly
        }
        guard hasChanged else { return }
        self.logger.debug(
            "discovery",
            metadata: ["nodes": "\(status.goodNodes)", "read.only": "\(status.isReadOnly)"]
        )
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
