import Discovery
package import GridWire
package import Logging
import NIOCore
import PeerSession

/// Keeps a node's sessions: the shell of ``Discovery/Overlay``, and of ``Discovery/FanOut`` for what is passed on.
package actor OverlayService {
    private let network: PeerNetwork
    private let exchange: PeerExchange
    private let logger: Logger
    private var overlay = Overlay()
    private var fanOut = FanOut(now: SessionHandler.now)
    private var ticker: Task<Void, Never>?
    private var isClockWrong = false

    /// The most sessions that are looked for.
    static let sessionsMax = Overlay.Settings().sessionsMax
    /// How often the sessions are looked at.
    private static let interval = Duration.seconds(1)
    /// How long another's word about a silent peer is waited for.
    private static let wordTime = Duration.seconds(3)
    /// How long a peer that another asks about has to answer a ping.
    private static let pingTime = Duration.milliseconds(1_500)
    /// A session on which nothing was asked for so long is not in use.
    private static let useTime = Duration.seconds(120)

    /// Creates the service of a network, which must not have been started.
    package init(
        network: PeerNetwork,
        exchange: PeerExchange,
        logger: Logger = Logger(label: "tessera.overlay") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.network = network
        self.exchange = exchange
        self.logger = logger
    }

    /// Begins; to be called once.
    package func start() async {
        guard self.ticker == nil else { return }
        await self.exchange.follow { [weak self] news in await self?.heard(of: news) }
        self.ticker = Task { [weak self] in
            while (try? await Task.sleep(for: Self.interval)) != nil {
                guard let self else { return }
                await self.look()
                await self.lookAtClock()
            }
        }
    }

    /// Ends.
    package func shutdown() {
        self.ticker?.cancel()
    }

    // MARK: Others

    /// Answers a peer's question; nil resets the stream of one that asks something else.
    package func answer(_ request: [UInt8], from peer: PeerID) async -> [UInt8]? {
        switch OverlayRequest(decoding: request) {
        case .hears(let other): return [await self.hears(other).rawValue]
        case .parting:
            let sessions = self.sessions
            let agrees = self.overlay.agreesToPart(from: peer, sessions: sessions, now: SessionHandler.now)
            if agrees { self.network.forget(peer) }
            return [(agrees ? OverlayRequest.Answer.yes : .no).rawValue]
        case .whereAre(let peers): return NodeRecord.encode(await self.exchange.records(of: peers))
        case nil: return nil
        }
    }

    /// Whether the peer says something within a moment.
    private func hears(_ peer: PeerID) async -> OverlayRequest.Answer {
        guard let connection = self.network.connection(to: peer) else { return .unknown }
        let before = connection.bytesIn
        connection.ping()
        let deadline = ContinuousClock.now + Self.pingTime
        while ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(100))
            if connection.bytesIn != before { return .yes }
        }
        return .no
    }

    /// Sees to sessions with peers that a peer has named, as far as it is known where they are.
    package func seek(_ peers: [PeerID], namedBy teller: PeerID) async {
        let me = self.network.identity.peerID
        func missing() -> [PeerID] { peers.filter { $0 != me && !self.network.isConnected(to: $0) } }
        guard !missing().isEmpty else { return }
        let known = Set(await self.exchange.records(of: missing()).map(\.peer))
        let unknown = missing().filter { !known.contains($0) }
        if !unknown.isEmpty, teller != me, let bytes = try? await self.ask(teller, .whereAre(unknown)),
            let records = try? NodeRecord.decode(bytes)
        {
            await self.exchange.take(records, from: teller)
        }
        for peer in missing() {
            self.network.discovered(peer, at: await self.exchange.addresses(of: peer, toldBy: teller), isNeeded: true)
        }
    }

    /// The peers to whom something is passed on that a peer has told; nobody when it was told before.
    package func neighbours(toTell digest: Digest, from peer: PeerID) -> [PeerID] {
        guard self.fanOut.isNews(digest, from: peer, now: SessionHandler.now) else { return [] }
        return self.overlay.neighbours(among: self.sessions).filter { $0 != peer }
    }

    private func ask(_ peer: PeerID, _ request: OverlayRequest) async throws -> [UInt8] {
        try await self.network.request(
            peer,
            protocol: TesseraProtocol.overlay,
            body: request.encoded(),
            responseLimit: TesseraProtocol.peersSizeMax,
            timeout: Self.wordTime
        )
    }

    private func heard(of news: [(peer: PeerID, addresses: [Multiaddr])]) {
        for (peer, addresses) in news { self.overlay.heard(of: peer, at: addresses) }
        self.look()
    }

    // MARK: Looking

    private var sessions: [Overlay.Session] {
        self.network.peers.map { session in
            Overlay.Session(
                peer: session.peer,
                ip: session.isRelayed ? nil : session.address.tcpEndpoint?.ip,
                bytesIn: session.bytesIn,
                roundTrip: session.roundTrip,
                age: session.age,
                isInUse: session.idle < Self.useTime || self.network.isPermanent(session.peer)
            )
        }
    }

    private func look() {
        for action in self.overlay.look(at: self.sessions, now: SessionHandler.now) {
            switch action {
            case .ping(let peer): self.network.connection(to: peer)?.ping()
            case .ask(let peer, let helpers):
                for helper in helpers { Task { await self.ask(helper, about: peer) } }
            case .bury(let peer):
                self.logger.info("a peer is silent", metadata: ["peer.id": "\(peer)"])
                self.network.disconnect(peer, reason: "it was silent, and no other peer hears it")
            case .dial(let peer, let addresses): self.network.discovered(peer, at: addresses, isNeeded: true)
            case .proposeParting(let peer): Task { await self.propose(to: peer) }
            }
        }
    }

    /// Says once that the machine's clock is wrong, and once that it is right again.
    private func lookAtClock() async {
        let difference = await self.exchange.clockDifference
        guard (difference != nil) != self.isClockWrong else { return }
        self.isClockWrong = difference != nil
        if let difference {
            self.logger.warning("\(difference)")
        } else {
            self.logger.info("the clock of this machine agrees with its peers' again")
        }
    }

    private func ask(_ helper: PeerID, about peer: PeerID) async {
        guard let answer = try? await self.ask(helper, .hears(peer)), answer == [OverlayRequest.Answer.yes.rawValue]
        else { return }
        self.overlay.vouched(for: peer, now: SessionHandler.now)
    }

    private func propose(to peer: PeerID) async {
        let answer = try? await self.ask(peer, .parting)
        let agrees = answer == [OverlayRequest.Answer.yes.rawValue]
        self.overlay.answeredParting(peer, agrees: agrees, now: SessionHandler.now)
        guard agrees else { return }
        self.network.forget(peer)
        self.network.disconnect(peer, reason: "both keep enough other sessions")
    }
}
