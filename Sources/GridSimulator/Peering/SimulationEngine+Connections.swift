import Discovery
import GridCore
import GridWire
import PeerSession

// The shell of sessions: dials, bytes, alarms, and which of two connections with a peer is used.
extension SimulationEngine {
    /// The longest wait for a connection, and for a dialed session as a whole, in seconds.
    private static let dialSeconds = (connect: 5.0, session: 12.0)
    /// With so many sessions nobody is dialed where the DHT says that somebody may be.
    private static let sessionsWanted = Overlay.Settings().sessionsMax
    /// The most connections with one peer.
    private static let connectionsPerPeerMax = 4
    /// When a connection that is not used is looked at first and then again, in seconds, and how often at most.
    private static let retirement = (first: 2.0, step: 0.5, checksMax: 240)
    /// The wait of TCP before it sends again over a way that was cut, in seconds; it grows with the length of the cut.
    private static let stallSeconds = (least: 0.3, most: 16.0)

    // MARK: Dialing

    /// A peer was heard of: the lower id dials at once, the other a moment later.
    func discovered(_ peer: PeerID, at addresses: [Multiaddr], by node: Int) {
        guard let shell = self.peering?.shells[node], peer != shell.me, shell.sessions[peer] == nil
        else { return }
        let time = self.instant(node).advanced(by: shell.me < peer ? .zero : .seconds(1))
        for address in addresses.prefix(4).compactMap({ $0.withPeer(peer) }) {
            shell.redial.want(.init(address: address), isPermanent: false, now: time)
        }
        self.armRedial(node)
    }

    /// Somebody may answer at an address.
    func tryReaching(_ address: Multiaddr, from node: Int) {
        guard let shell = self.peering?.shells[node], shell.sessions.count < Self.sessionsWanted,
            address != shell.address
        else { return }
        shell.redial.want(.init(address: address), isPermanent: false, now: self.instant(node))
        self.armRedial(node)
    }

    func armRedial(_ node: Int) {
        guard let shell = self.peering?.shells[node], let deadline = shell.redial.nextDeadline else { return }
        let time = max(self.now, self.nodes[node].clock.time(deadline))
        if let wakesAt = shell.redialWakesAt, wakesAt <= time { return }
        shell.redialWakesAt = time
        self.queue.add(.peering(.redialDue(node: node, incarnation: shell.incarnation)), at: time)
    }

    func redial(_ node: Int) {
        guard let shell = self.peering?.shells[node], shell.redialWakesAt == self.now else { return }
        shell.redialWakesAt = nil
        for target in shell.redial.dialsDue(now: self.instant(node)) { self.dial(target, from: shell) }
        self.armRedial(node)
    }

    private func dial(_ target: RedialSchedule.Target, from shell: PeerShell) {
        guard let peering else { return }
        if let peer = target.address.peer, shell.sessions[peer] != nil {
            return shell.redial.dialSucceeded(target, peer: peer)
        }
        let node = shell.node
        guard let ip = target.address.tcpEndpoint?.ip, let other = peering.nodeAt[ip], other != node else {
            return shell.redial.dialFailed(target, isHopeless: true, now: self.instant(node))
        }
        peering.lastWire += 1
        peering.figures.dials += 1
        let wire = Wire(
            number: peering.lastWire,
            nodes: [node, other],
            incarnations: [shell.incarnation, self.nodes[other].incarnation],
            target: target
        )
        self.queue.add(.peering(.opening(wire)), at: self.streamArrival(bytes: 60, from: node, to: other))
        self.add(.dialTimeout(wire, isOpen: false), after: Self.dialSeconds.connect)
    }

    /// A dial is over.
    private func dialEnded(_ wire: Wire, peer: PeerID?) {
        guard !wire.isDialOver else { return }
        wire.isDialOver = true
        let node = wire.node(.dialer)
        guard let shell = self.shell(of: wire, .dialer) else { return }
        if let peer {
            shell.redial.dialSucceeded(wire.target, peer: peer)
            if shell.sessions[peer] == nil { shell.redial.disconnected(peer, now: self.instant(node)) }
        } else {
            shell.redial.dialFailed(wire.target, now: self.instant(node))
        }
        self.armRedial(node)
    }

    /// The shell at a side of a connection, if it is still the one that the connection was made by.
    private func shell(of wire: Wire, _ side: Wire.Side) -> PeerShell? {
        guard let shell = self.peering?.shells[wire.node(side)],
            shell.incarnation == wire.incarnations[side.rawValue]
        else { return nil }
        return shell
    }

    // MARK: What happens

    func handleConnection(_ event: PeeringEvent) {
        switch event {
        case .opening(let wire): self.opening(wire)
        case .opened(let wire): self.opened(wire)
        case .refused(let wire): self.dialEnded(wire, peer: nil)
        case .dialTimeout(let wire, let isOpen):
            guard !wire.isDialOver, isOpen || wire.ends[Wire.Side.dialer.rawValue] == nil else { return }
            if let end = wire.ends[Wire.Side.dialer.rawValue] { self.close(end) }
            self.dialEnded(wire, peer: nil)
        case .segment(let wire, let side): self.segmentArrived(on: wire, side)
        case .sessionDue(let end):
            guard !end.isEnded, end.wakesAt == self.now else { return }
            end.wakesAt = nil
            self.perform(end.session.handleTimeout(now: self.instant(end.node)), at: end)
        case .requestTimeout(let end, let stream):
            guard !end.isEnded, end.outbound[stream]?.timer == self.now else { return }
            end.session.reset(stream)
            self.complete(end, stream, with: nil)
            self.flush(end)
        case .retirement(let end): self.retirementIsDue(end)
        default: break
        }
    }

    private func opening(_ wire: Wire) {
        let (dialer, node) = (wire.node(.dialer), wire.node(.listener))
        guard !self.isCut(dialer, node), self.nodes[node].isUp else {
            // A machine that is switched on refuses where no process listens; one without power says nothing.
            guard !self.isCut(dialer, node), !self.nodes[node].isUnplugged else { return }
            return self.add(.refused(wire), after: self.latencySeconds(from: node, to: dialer))
        }
        guard let peering, let shell = peering.shells[node], shell.incarnation == wire.incarnations[1] else {
            return self.add(.refused(wire), after: self.latencySeconds(from: node, to: dialer))
        }
        let source = peering.places[dialer].ip.block
        switch shell.budget.admit(wire.number, from: source) {
        case .refused: return self.add(.refused(wire), after: self.latencySeconds(from: node, to: dialer))
        case .replacing(let other):
            if let end = shell.ends[other] { self.close(end) }
        case .admitted: break
        }
        self.install(wire, .listener, on: shell, expecting: nil)
        let time = self.streamArrival(bytes: 60, from: node, to: dialer)
        self.queue.add(.peering(.opened(wire)), at: time)
    }

    private func opened(_ wire: Wire) {
        guard !wire.isDialOver, let shell = self.shell(of: wire, .dialer) else {
            return self.transmit(.end, on: wire, to: .listener)
        }
        self.install(wire, .dialer, on: shell, expecting: wire.target.address.peer)
        self.add(.dialTimeout(wire, isOpen: true), after: Self.dialSeconds.session)
    }

    private func install(_ wire: Wire, _ side: Wire.Side, on shell: PeerShell, expecting peer: PeerID?) {
        var settings = SessionSettings()
        settings.staticKey = shell.staticKey
        settings.listenAddresses = [shell.address]
        let session = SessionConnection(
            role: side == .dialer ? .dialer : .listener,
            identity: shell.identity,
            expectedPeer: peer,
            entropy: shell.entropy,
            inboundProtocols: TesseraProtocol.all,
            settings: settings,
            now: self.instant(shell.node)
        )
        let end = SessionEnd(wire: wire, side: side, session: session, now: self.now)
        wire.ends[side.rawValue] = end
        shell.ends[wire.number] = end
        self.flush(end)
    }

    // MARK: Bytes

    /// Sends what a session has, and sets its alarm.
    func flush(_ end: SessionEnd) {
        while true {
            let bytes = end.session.takeOutput()
            guard !bytes.isEmpty else { break }
            self.peering?.figures.streamBytes += bytes.count
            self.transmit(.bytes(bytes), on: end.wire, to: end.side.other)
        }
        guard !end.isEnded, let deadline = end.session.nextDeadline else { return }
        let time = max(self.now, self.nodes[end.node].clock.time(deadline))
        if let wakesAt = end.wakesAt, wakesAt <= time { return }
        end.wakesAt = time
        self.queue.add(.peering(.sessionDue(end)), at: time)
    }

    func transmit(_ segment: Wire.Segment, on wire: Wire, to side: Wire.Side) {
        let size = if case .bytes(let bytes) = segment { bytes.count + 40 } else { 40 }
        let arrival = self.streamArrival(bytes: size, from: wire.node(side.other), to: wire.node(side))
        let time = max(arrival, wire.arrivesAt[side.rawValue])
        wire.arrivesAt[side.rawValue] = time
        wire.inFlight[side.rawValue].append(segment)
        self.queue.add(.peering(.segment(wire, side)), at: time)
    }

    private func segmentArrived(on wire: Wire, _ side: Wire.Side) {
        let index = side.rawValue
        guard !self.isCut(wire.nodes[0], wire.nodes[1]) else {
            let since = wire.stalledSince[index] ?? self.now
            wire.stalledSince[index] = since
            let wait = (self.now.seconds - since.seconds) / 2
            let limits = Self.stallSeconds
            return self.add(.segment(wire, side), after: min(limits.most, max(limits.least, wait)))
        }
        let wasStalled = wire.stalledSince[index] != nil
        guard !wire.inFlight[index].isEmpty else { return }
        let segment = wire.inFlight[index].removeFirst()
        if wire.inFlight[index].isEmpty { wire.stalledSince[index] = nil }
        // What did not come through is sent again only by one who lives.
        if wasStalled, case .bytes = segment, wire.ends[1 - index] == nil { return }
        guard let end = wire.ends[index], !end.isEnded else {
            // A system that knows nothing of the connection says so; one without power does not.
            if case .bytes = segment, self.nodes[wire.nodes[index]].isUp, wire.ends[1 - index] != nil {
                self.transmit(.end, on: wire, to: side.other)
            }
            return
        }
        switch segment {
        case .bytes(let bytes):
            end.bytesIn += bytes.count
            let now = self.instant(end.node)
            self.perform(bytes.withUnsafeBytes { end.session.receive($0, now: now) }, at: end)
        case .end:
            self.perform(end.session.transportClosed(), at: end)
            self.ended(end)
        }
    }

    func ping(_ end: SessionEnd?) {
        guard let end, !end.isEnded else { return }
        end.session.ping(now: self.instant(end.node))
        self.flush(end)
    }

    // MARK: Sessions

    /// Does what a session tells.
    private func perform(_ events: [SessionEvent], at end: SessionEnd) {
        for event in events {
            guard !end.isEnded else { return }
            switch event {
            case .established(let peer): self.established(end, peer)
            case .streamOpened(let stream, let name):
                end.inbound[stream] = SessionEnd.Inbound(name: name)
                end.used(name, now: self.now)
            case .streamRefused(let stream): self.complete(end, stream, with: nil)
            case .data(let stream, let bytes):
                end.session.consumed(bytes.count, on: stream)
                if end.outbound[stream] != nil {
                    end.outbound[stream]?.response += bytes
                } else {
                    end.inbound[stream]?.body += bytes
                }
            case .finished(let stream): self.finished(end, stream)
            case .reset(let stream):
                self.complete(end, stream, with: nil)
                end.inbound[stream] = nil
            case .roundTrip(let duration): end.roundTrip = duration
            case .closed:
                self.flush(end)
                self.close(end)
            case .streamAccepted, .identified, .peerIsLeaving: break
            }
        }
        if !end.isEnded { self.flush(end) }
    }

    private func established(_ end: SessionEnd, _ peer: PeerID) {
        end.peer = peer
        guard let peering, let shell = peering.shells[end.node] else { return }
        peering.figures.sessions += end.side == .dialer ? 1 : 0
        let hasPlace = end.side == .dialer || shell.budget.handshakeEnded(end.wire.number, hasProved: true)
        let others = shell.ends.values.count { $0.peer == peer && $0 !== end }
        guard hasPlace, peer != shell.me, others < Self.connectionsPerPeerMax else { return self.close(end) }
        end.session.ping(now: self.instant(end.node))
        end.session.identify()
        if let present = shell.sessions[peer] {
            let choice = SessionChoice(
                of: .init(isOutbound: end.side == .dialer, isRelayed: false),
                beside: .init(isOutbound: present.side == .dialer, isRelayed: false),
                me: shell.me,
                peer: peer
            )
            if choice == .replaces { self.use(end, for: peer, shell) }
            self.retire(choice == .replaces ? present : end)
        } else {
            self.use(end, for: peer, shell)
            self.connected(shell, to: peer, end)
        }
        if end.side == .dialer { self.dialEnded(end.wire, peer: peer) }
    }

    private func use(_ end: SessionEnd, for peer: PeerID, _ shell: PeerShell) {
        shell.sessions[peer] = end
        end.usedSince = self.now
    }

    private func retire(_ end: SessionEnd) {
        guard !end.isRetired, !end.isEnded else { return }
        end.isRetired = true
        end.retirementChecks = 0
        self.add(.retirement(end), after: Self.retirement.first)
    }

    private func retirementIsDue(_ end: SessionEnd) {
        guard end.isRetired, !end.isEnded else { return }
        end.retirementChecks += 1
        guard end.isIdle || end.retirementChecks > Self.retirement.checksMax else {
            return self.add(.retirement(end), after: Self.retirement.step)
        }
        self.close(end)
    }

    /// Ends all connections with a peer.
    func disconnect(_ node: Int, from peer: PeerID) {
        guard let shell = self.peering?.shells[node] else { return }
        for number in shell.ends.keys.sorted() {
            if let end = shell.ends[number], end.peer == peer { self.close(end) }
        }
    }

    /// Says goodbye and closes.
    func close(_ end: SessionEnd) {
        guard !end.isEnded else { return }
        end.session.close()
        self.flush(end)
        self.transmit(.end, on: end.wire, to: end.side.other)
        self.ended(end)
    }

    /// An end is gone, and with it all that rode on it.
    private func ended(_ end: SessionEnd) {
        guard !end.isEnded else { return }
        end.isEnded = true
        end.session.close()
        end.wire.ends[end.side.rawValue] = nil
        guard let peering, let shell = peering.shells[end.node], shell.ends[end.wire.number] === end else { return }
        shell.ends[end.wire.number] = nil
        if end.side == .listener {
            if end.peer == nil { shell.budget.handshakeEnded(end.wire.number, hasProved: false) }
            shell.budget.connectionEnded()
        } else {
            self.dialEnded(end.wire, peer: nil)
        }
        for stream in end.outbound.keys.sorted() { self.complete(end, stream, with: nil) }
        guard let peer = end.peer, shell.sessions[peer] === end else { return }
        let heir = shell.ends.values.filter { $0.peer == peer }.max { $0.wire.number < $1.wire.number }
        if let heir {
            heir.isRetired = false
            return self.use(heir, for: peer, shell)
        }
        shell.sessions[peer] = nil
        shell.redial.disconnected(peer, now: self.instant(end.node))
        self.disconnected(shell, from: peer)
        self.armRedial(end.node)
    }
}
