package import Discovery
package import GridWire
package import Logging
import NIOCore
import PeerSession
import Synchronization

/// Finds out whether others can dial this node, tells so in plain words, and does what helps.
///
/// The shell around ``PeerSession/Reachability`` and ``PeerSession/RelayClient``: it asks peers to dial this node (AutoNAT v2) and
/// dials for them, has the router forward the port, holds reservations at relays while nothing else works, relays for others
/// when it can be reached, and turns relayed sessions into direct ones (DCUtR).
package actor ReachabilityService {
    private let network: PeerNetwork
    private let settings: ReachabilitySettings
    private let logger: Logger
    private let puncher: HolePuncher
    private let relay: RelayService
    private let prober: AddressProber

    private var machine: Reachability
    private var relays: RelayClient
    /// The peers that dial for others, and who was asked last.
    private var servers: [PeerID] = []
    private var nextServer = 0
    private var isAsking = false
    private var isRelaying = false
    private var announced: [Multiaddr] = []
    /// The peers to which a direct way is sought.
    private var punching: Set<PeerID> = []
    private var mappings: [PortMapping] = []
    /// What the router forwards: sessions, and datagrams.
    private var forwarded: [PortMapper.Transport: ForwardedPort] = [:]
    private var follower: (@Sendable (Standing) -> Void)?
    private var standing = Standing()
    private var runner: Task<Void, Never>?
    private var ticker: Task<Void, Never>?

    /// What discovery has to know.
    package struct Standing: Hashable, Sendable {
        /// Where others may dial this node.
        package var addresses: [Multiaddr] = []
        /// Whether strangers reach a socket of this machine without a router's help; nil when nobody has tried.
        package var isOpen: Bool?
        /// The outside port through which sessions come, where it is known to differ from the one here.
        package var sessionPort: UInt16?
        /// Where the router forwards datagrams from.
        package var datagrams: UDPEndpoint?
    }

    /// The servers that are remembered.
    private static let serversMax = 32
    /// How often deadlines are looked at: none is nearer than some seconds.
    private static let tick = Duration.seconds(1)
    /// How long words on one stream may take, the dial included.
    private static let wordsTime = Duration.seconds(30)
    /// The reports of connections that wait; more are lost, and peers ask again.
    private static let reportsMax = 1024

    /// Creates the service of a network, which it observes.
    package init(
        network: PeerNetwork,
        logger: Logger = Logger(label: "tessera.reachability") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.network = network
        self.settings = network.settings.reachability
        self.logger = logger
        self.machine = Reachability(countsPrivateAddresses: self.settings.countsPrivateAddresses)
        self.relays = RelayClient(me: network.identity.peerID)
        self.relay = RelayService(network: network)
        self.prober = AddressProber(network: network)
        let reference = WeakReference()
        self.puncher = HolePuncher(network: network, logger: logger) { await reference.service?.punchAddresses ?? [] }
        reference.service = self
    }

    /// Begins; to be called once, after the network was started.
    package func start() {
        guard self.runner == nil else { return }
        let (reports, sink) = AsyncStream.makeStream(
            of: ConnectionReport.self,
            bufferingPolicy: .bufferingNewest(Self.reportsMax)
        )
        self.network.state.withLock { $0.observer = { sink.yield($0) } }
        self.machine.listening(at: self.network.listenAddresses)
        self.registerProtocols()
        self.runner = Task { [weak self] in
            for await report in reports { await self?.handle(report) }
        }
        self.ticker = Task { [weak self] in
            while !Task.isCancelled {
                await self?.tick()
                guard (try? await Task.sleep(for: Self.tick)) != nil else { return }
            }
        }
        if self.settings.mapsPort, let port = self.network.boundPort.flatMap({ UInt16(exactly: $0) }) {
            self.map(.tcp, port: port)
        }
    }

    /// Has the router forward the port of discovery's socket too, where it is asked to forward that of sessions.
    package func mapDatagrams(port: UInt16) {
        if self.settings.mapsPort { self.map(.udp, port: port) }
    }

    private func map(_ transport: PortMapper.Transport, port: UInt16) {
        let opensIPv6 = self.network.listenAddresses.contains { address in
            if case .v6 = address.tcpEndpoint?.ip { true } else { false }
        }
        let mapping = PortMapping(transport, port: port, opensIPv6: opensIPv6, logger: self.logger) {
            [weak self] forwarded in
            await self?.mapped(transport, at: forwarded)
        }
        self.mappings.append(mapping)
        mapping.start()
    }

    /// Removes the port mappings and ends.
    package func shutdown() async {
        self.network.state.withLock { $0.observer = nil }
        self.runner?.cancel()
        self.ticker?.cancel()
        for mapping in self.mappings { await mapping.stop() }
        self.mappings = []
    }

    /// Tells how this node stands, now and whenever that changes.
    package func follow(_ follower: @escaping @Sendable (Standing) -> Void) {
        self.follower = follower
        if !self.standing.addresses.isEmpty { follower(self.standing) }
    }

    /// The state in one line: whether others reach this node, how it knows, and what to do.
    package var summary: String {
        self.machine.summary(now: SessionHandler.now)
    }

    /// Where others see this node, for those who dial at an agreed moment.
    private var punchAddresses: [Multiaddr] {
        let own = self.network.listenAddresses.filter { address in
            self.settings.countsPrivateAddresses || !(address.tcpEndpoint?.ip.isPrivate ?? true)
        }
        return Array((self.machine.observedAddresses + own).prefix(8))
    }

    // MARK: Protocols

    private func registerProtocols() {
        var names: [String] = []
        func handle(_ name: String, _ answer: @escaping @Sendable (PeerStream) async -> Void) {
            self.network.handleStreams(name, handler: answer)
            names.append(name)
        }
        if self.settings.asksPeers {
            let prober = self.prober
            handle(AutoNATMessage.requestProtocol) { await prober.answerRequest($0) }
            handle(AutoNATMessage.dialBackProtocol) { await prober.answerDialBack($0) }
        }
        if self.settings.usesRelays {
            handle(StopMessage.protocolName) { [weak self] in await self?.acceptCircuit($0) }
        }
        if self.settings.punchesHoles {
            let puncher = self.puncher
            handle(HolePunch.protocolName) { await puncher.answer($0) }
        }
        self.network.announce(adding: names)
    }

    private func acceptCircuit(_ stream: PeerStream) async {
        await self.network.acceptCircuit(stream, isExpected: self.relays.holdsReservation(at: stream.peer))
    }

    // MARK: What connections tell

    private func handle(_ report: ConnectionReport) async {
        let now = SessionHandler.now
        switch report {
        case .identified(let connection, let peer, let message):
            guard !connection.isRelayed else {
                if connection.direction == .inbound { self.replace(connection, peer, message.listenAddresses) }
                return
            }
            if let address = message.observedAddress, await self.isFromListeningPort(connection) {
                self.machine.observed(address, by: peer)
            }
            if message.protocols.contains(AutoNATMessage.requestProtocol), !self.servers.contains(peer),
                self.servers.count < Self.serversMax
            {
                self.servers.append(peer)
            }
            if message.protocols.contains(HopMessage.protocolName) {
                self.perform(self.relays.relayAppeared(peer, now: now))
            }
            self.tick()
        case .gone(let peer):
            self.servers.removeAll { $0 == peer }
            self.relay.peerGone(peer)
            self.perform(self.relays.relayGone(peer, now: now))
        }
    }

    /// Looks for a direct way to a peer that came through a relay.
    private func replace(_ connection: PeerConnection, _ peer: PeerID, _ addresses: [Multiaddr]) {
        guard self.settings.punchesHoles, !self.network.hasDirectConnection(to: peer),
            self.punching.insert(peer).inserted
        else { return }
        let usable = addresses.filter { self.network.mayPunch($0) }
        let puncher = self.puncher
        self.network.enqueue { [weak self] in
            await puncher.punch(connection, to: peer, at: usable)
            await self?.punched(peer)
        }
    }

    private func punched(_ peer: PeerID) {
        self.punching.remove(peer)
    }

    /// Whether the address under which the peer sees the connection is one that others can dial: that of a connection that the peer
    /// dialed, or that left from the listening port.
    private func isFromListeningPort(_ connection: PeerConnection) async -> Bool {
        guard let port = self.network.boundPort else { return false }
        return await connection.localPort() == port
    }

    private func mapped(_ transport: PortMapper.Transport, at forwarded: ForwardedPort?) {
        self.forwarded[transport] = forwarded
        if transport == .tcp {
            let address = forwarded.map { Multiaddr(ip: $0.ip, tcp: $0.port) }
            self.machine.mapped(address, by: forwarded?.method ?? "")
        }
        if let forwarded {
            self.logger.info(
                "the router forwards a port",
                metadata: [
                    "address": "\(forwarded.ip)", "port": "\(forwarded.port)", "for": "\(transport.rawValue)",
                    "method": "\(forwarded.method)",
                ]
            )
        }
        self.tick()
    }

    // MARK: What to do

    private func tick() {
        let now = SessionHandler.now
        self.machine.listening(at: self.network.listenAddresses)
        if self.settings.asksPeers, !self.isAsking, !self.servers.isEmpty {
            let addresses = self.machine.addressesToAsk(now: now)
            if !addresses.isEmpty { self.ask(addresses) }
        }
        let verdict = self.machine.verdict(now: now)
        self.perform(self.relays.setWanted(self.needsRelays(verdict, now: now), now: now))
        let isOpen = self.machine.isOpenToStrangers(now: now)
        if isOpen, self.settings.relaysForOthers, !self.isRelaying {
            self.isRelaying = true
            let relay = self.relay
            self.network.handleStreams(HopMessage.protocolName) { await relay.answer($0) }
            self.logger.info("this node can be reached, and relays for those that cannot")
        }
        self.announce(now: now)
    }

    /// Whether some or all cannot dial this node: others have tried, or those who could were no strangers, or it does not listen.
    private func needsRelays(_ verdict: Reachability.Verdict, now: Instant) -> Bool {
        guard self.settings.usesRelays else { return false }
        if self.network.boundPort == nil { return true }
        return switch verdict {
        case .unknown: false
        case .unreachable: true
        case .reachable: !self.machine.isOpenToStrangers(now: now)
        }
    }

    private func announce(now: Instant) {
        let addresses = self.machine.addressesToAnnounce(now: now)
        let standing = Standing(
            addresses: addresses,
            isOpen: self.machine.isOwnAddressOpen(now: now),
            sessionPort: self.forwarded[.tcp]?.port,
            datagrams: self.forwarded[.udp].map { UDPEndpoint(ip: $0.ip, port: $0.port) }
        )
        if standing != self.standing {
            self.standing = standing
            self.follower?(standing)
        }
        let isNewRelay = self.isRelaying && !self.isRelayAnnounced
        guard addresses != self.announced || isNewRelay else { return }
        self.announced = addresses
        self.isRelayAnnounced = self.isRelaying
        self.network.announce(addresses)
    }

    private var isRelayAnnounced = false

    private func ask(_ addresses: [Multiaddr]) {
        self.isAsking = true
        self.nextServer = (self.nextServer + 1) % self.servers.count
        let server = self.servers[self.nextServer]
        let prober = self.prober
        self.network.enqueue { [weak self] in
            let verdict = await prober.ask(server, about: addresses)
            await self?.asked(server, verdict)
        }
    }

    private func asked(_ server: PeerID, _ verdict: AutoNATClientStream.Verdict?) {
        self.isAsking = false
        guard let verdict else { return }
        let before = self.machine.verdict(now: SessionHandler.now)
        self.machine.heard(verdict.isReachable, of: verdict.address, from: server, now: SessionHandler.now)
        self.tick()
        if self.machine.verdict(now: SessionHandler.now) != before {
            self.logger.info("reachability", metadata: ["summary": "\(self.summary)"])
        }
    }

    private func perform(_ actions: [RelayClient.Action]) {
        for action in actions {
            switch action {
            case .addressesChanged(let addresses):
                self.machine.relayed(at: addresses)
                self.announce(now: SessionHandler.now)
            case .reserve(let peer):
                self.network.enqueue { [weak self] in await self?.reserve(at: peer) }
            }
        }
    }

    /// Asks a relay for a reservation.
    private func reserve(at peer: PeerID) async {
        let granted = await self.requestReservation(at: peer)
        let now = SessionHandler.now
        if let (lifetime, addresses) = granted {
            self.perform(
                self.relays.reservationGranted(by: peer, lifetime: lifetime, addresses: addresses, now: now)
            )
            self.logger.info("reachable through a relay", metadata: ["peer.id": "\(peer)"])
        } else {
            self.perform(self.relays.reservationFailed(at: peer, now: now))
        }
    }

    private func requestReservation(at peer: PeerID) async -> (Duration, [Multiaddr])? {
        guard let connection = self.network.connection(to: peer), !connection.isRelayed,
            let stream = try? await connection.openStream(HopMessage.protocolName)
        else { return nil }
        let timer = stream.expire(after: Self.wordsTime)
        defer { timer.cancel() }
        var buffer = MessageBuffer()
        guard (try? await stream.writeMessage(HopMessage.reserve.encoded())) != nil,
            let bytes = try? await stream.readMessage(&buffer),
            case .status(.ok, let reservation?, _)? = HopMessage(decoding: bytes)
        else {
            stream.reset()
            return nil
        }
        stream.finish()
        let now = WallClock.milliseconds / 1000
        guard reservation.expiration > now else { return nil }
        // The relay's private addresses mean something only where it is reached at one.
        let isPrivate = connection.remote.tcpEndpoint?.ip.isPrivate ?? false
        var addresses = reservation.addresses.compactMap(\.withoutPeer).filter { address in
            guard self.network.mayDial(address), let ip = address.tcpEndpoint?.ip else { return false }
            return !ip.isPrivate || isPrivate || self.settings.countsPrivateAddresses
        }
        if connection.direction == .outbound, !addresses.contains(connection.remote) {
            // Where this node reached the relay others may well reach it too.
            addresses.insert(connection.remote, at: 0)
        }
        return (.seconds(Int64(min(reservation.expiration - now, 86_400))), addresses)
    }
}

/// Lets a closure that is made before the service refer to it.
private final class WeakReference: @unchecked Sendable {
    // Sound: written once, in the initialiser of the service, before anything else can read it.
    weak var service: ReachabilityService?
}
