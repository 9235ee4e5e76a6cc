import Discovery
import GridCore
import GridWire
import PeerSession

// The shell of discovery: sockets, alarms, records, and the overlay's looks.
extension SimulationEngine {
    /// How often the overlay looks at the sessions in seconds.
    private static let lookSeconds = 1.0
    /// The time between two exchanges of records with some peer in seconds.
    private static let exchangeSeconds = 300.0
    /// The time between two writes of the DHT's tables in seconds.
    private static let saveSeconds = 600.0
    /// Names are looked up at most so often, in seconds.
    private static let hostSeconds = 30.0
    /// How long a peer that another asks about has to answer, and how often it is looked, in seconds.
    private static let hearingSeconds = (all: 1.5, step: 0.1)
    /// How long another's word is waited for in seconds.
    static let wordSeconds = 3.0

    // MARK: Life

    /// Switches a node's network on, after a while at the beginning of the run.
    func startPeering(_ node: Int) {
        guard let peering else { return }
        let seconds = self.now == .zero && node >= peering.settings.entries ? peering.settings.startSeconds : 0
        self.add(.begin(node: node, incarnation: self.nodes[node].incarnation), after: self.random.within(0, seconds))
    }

    /// The node's process is gone; when its machine is too, nobody hears of it.
    func endPeering(_ node: Int, isSilent: Bool) {
        guard let peering, let shell = peering.shells[node] else { return }
        peering.shells[node] = nil
        for number in shell.ends.keys.sorted() {
            guard let end = shell.ends[number] else { continue }
            end.isEnded = true
            end.wire.ends[end.side.rawValue] = nil
            if !isSilent { self.transmit(.end, on: end.wire, to: end.side.other) }
        }
        peering.replies = peering.replies.filter { $0.value.end.node != node }
        peering.deaths[Peering.Life(node: node, incarnation: shell.incarnation)] = self.now
    }

    func add(_ event: PeeringEvent, after seconds: Double) {
        self.queue.add(.peering(event), at: self.now + seconds)
    }

    func handle(_ event: PeeringEvent) {
        switch event {
        case .begin(let node, let incarnation):
            if self.isCurrent(node, incarnation) { self.begin(node) }
        case .look(let node, let incarnation):
            guard self.isCurrent(node, incarnation) else { return }
            self.look(node)
            self.add(.look(node: node, incarnation: incarnation), after: Self.lookSeconds)
        case .discoveryDue(let node, let incarnation):
            guard self.isCurrent(node, incarnation), let shell = self.peering?.shells[node],
                shell.discoveryWakesAt == self.now
            else { return }
            shell.discoveryWakesAt = nil
            self.withDiscovery(node) { $0.handleTimeout(now: $1) }
        case .redialDue(let node, let incarnation):
            if self.isCurrent(node, incarnation) { self.redial(node) }
        case .exchange(let node, let incarnation):
            guard self.isCurrent(node, incarnation), let shell = self.peering?.shells[node] else { return }
            if let peer = shell.peers.randomElement(using: &self.random) { self.exchangeRecords(node, with: peer) }
            self.add(.exchange(node: node, incarnation: incarnation), after: Self.exchangeSeconds)
        case .hosts(let node, let incarnation):
            guard self.isCurrent(node, incarnation) else { return }
            let hosts = self.entries(for: node).map { UDPEndpoint(ip: $0, port: Peering.port) }
            self.withDiscovery(node) { $0.bootstrap(from: hosts, now: $1) }
        case .save(let node, let incarnation):
            guard self.isCurrent(node, incarnation), let shell = self.peering?.shells[node] else { return }
            self.peering?.places[node].savedTables = shell.discovery.saved(now: self.instant(node))
            self.add(.save(node: node, incarnation: incarnation), after: Self.saveSeconds)
        case .datagram(let datagram):
            guard !self.isCut(datagram.to, self.peering?.nodeAt[datagram.from.ip] ?? datagram.to) else { return }
            self.withDiscovery(datagram.to) { $0.handleDatagram(datagram.bytes, from: datagram.from, now: $1) }
        case .hears(let question): self.hears(question)
        case .breakSession(let node): self.breakSession(node)
        case .sweep: self.sweep()
        case .opening, .opened, .refused, .dialTimeout, .segment, .sessionDue, .requestTimeout, .retirement:
            self.handleConnection(event)
        }
    }

    /// The present by a node's own clock.
    func instant(_ node: Int) -> Instant {
        self.nodes[node].clock.instant(self.now)
    }

    /// What a node's wall clock shows.
    var unixMilliseconds: UInt64 {
        Peering.unixMilliseconds + UInt64(self.now.nanoseconds / 1_000_000)
    }

    private func begin(_ node: Int) {
        guard let peering else { return }
        let shell = PeerShell(
            node: node,
            incarnation: self.nodes[node].incarnation,
            place: peering.places[node],
            seed: self.random.next(),
            now: self.instant(node),
            unixMilliseconds: self.unixMilliseconds
        )
        peering.shells[node] = shell
        let incarnation = shell.incarnation
        self.withDiscovery(node) { $0.handleTimeout(now: $1) }
        self.hostsWanted(node)
        if peering.settings.dialsEntries {
            for ip in self.entries(for: node) {
                let target = RedialSchedule.Target(address: Multiaddr(ip: ip, tcp: Peering.port))
                shell.redial.want(target, isPermanent: true, now: self.instant(node))
            }
            self.armRedial(node)
        }
        self.add(.look(node: node, incarnation: incarnation), after: self.random.within(0, Self.lookSeconds))
        self.add(.exchange(node: node, incarnation: incarnation), after: Self.exchangeSeconds)
        self.add(.save(node: node, incarnation: incarnation), after: Self.saveSeconds)
    }

    /// Where everybody begins, but for the node itself.
    private func entries(for node: Int) -> [IPAddress] {
        guard let peering else { return [] }
        return peering.places.prefix(peering.settings.entries).map(\.ip).filter { peering.nodeAt[$0] != node }
    }

    // MARK: The DHT

    /// Feeds a node's discovery, performs what it asks for, and sets its alarm.
    func withDiscovery(_ node: Int, _ input: (inout GridDiscovery, Instant) -> [GridDiscovery.Action]) {
        guard let shell = self.peering?.shells[node] else { return }
        for action in input(&shell.discovery, self.instant(node)) {
            switch action {
            case .send(let bytes, let endpoint): self.send(bytes, from: node, to: endpoint)
            case .tryReaching(let addresses):
                for address in addresses { self.tryReaching(address, from: node) }
            case .hostsWanted: self.hostsWanted(node)
            case .statusChanged: break
            }
        }
        let due = self.nodes[node].clock.time(shell.discovery.nextDeadline)
        let time = max(self.now + 0.001, due)
        if let wakesAt = shell.discoveryWakesAt, wakesAt <= time { return }
        shell.discoveryWakesAt = time
        self.queue.add(.peering(.discoveryDue(node: node, incarnation: shell.incarnation)), at: time)
    }

    private func send(_ bytes: [UInt8], from node: Int, to endpoint: UDPEndpoint) {
        guard let peering else { return }
        peering.figures.datagrams += 1
        peering.figures.datagramBytes += bytes.count
        guard let other = peering.nodeAt[endpoint.ip], endpoint.port == Peering.port else { return }
        let source = UDPEndpoint(ip: peering.places[node].ip, port: Peering.port)
        let datagram = Datagram(from: source, to: other, bytes: bytes)
        // A datagram has 28 bytes of headers.
        for time in self.datagramArrivals(bytes: bytes.count + 28, from: node, to: other) {
            self.queue.add(.peering(.datagram(datagram)), at: time)
        }
    }

    private func hostsWanted(_ node: Int) {
        guard let shell = self.peering?.shells[node], !self.entries(for: node).isEmpty else { return }
        let asked = shell.hostsAskedAt.map { $0 + Self.hostSeconds } ?? self.now
        guard asked <= self.now else { return }
        shell.hostsAskedAt = self.now
        self.add(.hosts(node: node, incarnation: shell.incarnation), after: 0.05)
    }

    // MARK: Records

    /// This node's record, signed anew when it is time.
    private func ownRecord(_ shell: PeerShell) -> NodeRecord {
        let now = self.unixMilliseconds
        if let own = shell.own, NodeRecordBook.isCurrent(own, at: [shell.address], unixMilliseconds: now) { return own }
        let record = NodeRecord(
            peer: shell.me,
            sequence: max(now, shell.own.map { $0.sequence + 1 } ?? 0),
            addresses: [shell.address],
            signedBy: shell.identity.signer
        )
        shell.own = record
        return record
    }

    /// What a node tells a peer about others.
    func selection(_ shell: PeerShell, for peer: PeerID) -> [UInt8] {
        NodeRecord.encode(
            shell.book.selection(for: peer, own: self.ownRecord(shell), unixMilliseconds: self.unixMilliseconds)
        )
    }

    func exchangeRecords(_ node: Int, with peer: PeerID) {
        guard let shell = self.peering?.shells[node] else { return }
        let body = self.selection(shell, for: peer)
        self.request(node, of: peer, TesseraProtocol.peers, body, seconds: 10) { engine, answer in
            if let records = answer.flatMap({ try? NodeRecord.decode($0) }) { engine.take(records, at: node) }
        }
    }

    /// Takes in records that a peer has told.
    func take(_ records: [NodeRecord], at node: Int) {
        guard let shell = self.peering?.shells[node] else { return }
        let news = shell.book.merge(records, scope: .internet, unixMilliseconds: self.unixMilliseconds)
        guard !news.isEmpty else { return }
        for (peer, addresses) in news { shell.overlay.heard(of: peer, at: addresses) }
        self.look(node)
        self.tellWhoIsHere(node)
    }

    // MARK: The overlay

    /// The sessions of a node as its overlay sees them.
    func overlaySessions(_ shell: PeerShell) -> [Overlay.Session] {
        shell.peers.compactMap { peer in
            shell.sessions[peer].map { end in
                Overlay.Session(
                    peer: peer,
                    ip: self.peering?.places[end.otherNode].ip,
                    bytesIn: end.bytesIn,
                    roundTrip: end.roundTrip,
                    age: .seconds(self.now.seconds - end.openedAt.seconds),
                    isInUse: self.now.seconds - end.usedAt.seconds < Self.useSeconds || shell.redial.isPermanent(peer)
                )
            }
        }
    }

    /// A session on which nothing was asked for so many seconds is not in use.
    static var useSeconds: Double { 120 }

    func look(_ node: Int) {
        guard let shell = self.peering?.shells[node] else { return }
        for action in shell.overlay.look(at: self.overlaySessions(shell), now: self.instant(node)) {
            switch action {
            case .ping(let peer): self.ping(shell.sessions[peer])
            case .ask(let peer, let helpers):
                for helper in helpers { self.ask(helper, about: peer, from: node) }
            case .bury(let peer):
                self.note(node, .note("buries a peer"))
                self.disconnect(node, from: peer)
            case .dial(let peer, let addresses): self.discovered(peer, at: addresses, by: node)
            case .proposeParting(let peer): self.proposeParting(to: peer, from: node)
            }
        }
    }

    private func ask(_ helper: PeerID, about peer: PeerID, from node: Int) {
        let body = OverlayRequest.hears(peer).encoded()
        self.request(node, of: helper, TesseraProtocol.overlay, body, seconds: Self.wordSeconds) { engine, answer in
            guard answer == [OverlayRequest.Answer.yes.rawValue] else { return }
            engine.peering?.shells[node]?.overlay.vouched(for: peer, now: engine.instant(node))
        }
    }

    private func proposeParting(to peer: PeerID, from node: Int) {
        let body = OverlayRequest.parting.encoded()
        self.request(node, of: peer, TesseraProtocol.overlay, body, seconds: Self.wordSeconds) { engine, answer in
            guard let shell = engine.peering?.shells[node] else { return }
            let agrees = answer == [OverlayRequest.Answer.yes.rawValue]
            shell.overlay.answeredParting(peer, agrees: agrees, now: engine.instant(node))
            guard agrees else { return }
            shell.redial.forget(peer)
            engine.disconnect(node, from: peer)
        }
    }

    /// Answers what a peer asks for the overlay's sake.
    func answerOverlay(_ body: [UInt8], at node: Int, from peer: PeerID, reply: UInt64) {
        guard let shell = self.peering?.shells[node] else { return }
        switch OverlayRequest(decoding: body) {
        case .hears(let other):
            guard let end = shell.sessions[other] else {
                return self.answer(reply, [OverlayRequest.Answer.unknown.rawValue])
            }
            let until = self.now + Self.hearingSeconds.all
            let question = Hearing(end: end, bytesBefore: end.bytesIn, until: until, reply: reply)
            self.ping(end)
            self.add(.hears(question), after: Self.hearingSeconds.step)
        case .parting:
            let sessions = self.overlaySessions(shell)
            let agrees = shell.overlay.agreesToPart(from: peer, sessions: sessions, now: self.instant(node))
            if agrees { shell.redial.forget(peer) }
            self.answer(reply, [(agrees ? OverlayRequest.Answer.yes : .no).rawValue])
        case .whereAre(let peers):
            self.answer(reply, NodeRecord.encode(peers.compactMap { shell.book[$0] }))
        case nil: self.answer(reply, nil)
        }
    }

    private func hears(_ question: Hearing) {
        if question.end.bytesIn != question.bytesBefore {
            self.answer(question.reply, [OverlayRequest.Answer.yes.rawValue])
        } else if self.now < question.until {
            self.add(.hears(question), after: Self.hearingSeconds.step)
        } else {
            self.answer(question.reply, [OverlayRequest.Answer.no.rawValue])
        }
    }

    /// Sees to sessions with peers that a peer has named.
    func seek(_ peers: [PeerID], by node: Int, namedBy teller: PeerID) {
        guard let shell = self.peering?.shells[node] else { return }
        let missing = peers.filter { $0 != shell.me && shell.sessions[$0] == nil }
        guard !missing.isEmpty else { return }
        let unknown = missing.filter { shell.book[$0] == nil }
        guard !unknown.isEmpty, teller != shell.me else { return self.reach(missing, from: node) }
        let body = OverlayRequest.whereAre(unknown).encoded()
        self.request(node, of: teller, TesseraProtocol.overlay, body, seconds: Self.wordSeconds) { engine, answer in
            if let records = answer.flatMap({ try? NodeRecord.decode($0) }) { engine.take(records, at: node) }
            engine.reach(missing, from: node)
        }
    }

    private func reach(_ peers: [PeerID], from node: Int) {
        guard let shell = self.peering?.shells[node] else { return }
        for peer in peers where shell.sessions[peer] == nil {
            self.discovered(peer, at: shell.book[peer]?.addresses ?? [], by: node)
        }
    }
}
