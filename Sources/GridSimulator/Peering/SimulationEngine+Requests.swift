import Discovery
import GridCore
import GridWire
import PeerSession

// Questions and answers on the streams of sessions, and what the grid says over them.
extension SimulationEngine {
    /// How long an answer is waited for: by a worker for a lease, by one who tells, and for pixels; in seconds.
    private static let answerSeconds = (lease: 8.0, told: 45.0, hello: 10.0, pixels: 60.0)

    // MARK: Streams

    /// Asks a peer something; the answer, or nothing, is handed to the engine later.
    ///
    /// Without a session nothing happens.
    ///
    /// - Returns: Whether it was asked.
    @discardableResult
    func request(
        _ node: Int,
        of peer: PeerID,
        _ name: String,
        _ body: [UInt8],
        seconds: Double,
        then completion: @escaping (SimulationEngine, [UInt8]?) -> Void
    ) -> Bool {
        guard let end = self.peering?.shells[node]?.sessions[peer], !end.isEnded,
            let stream = end.session.openStream(protocol: name)
        else { return false }
        let timer = self.now + seconds
        end.outbound[stream] = SessionEnd.Outbound(timer: timer, completion: completion)
        end.used(name, now: self.now)
        if !body.isEmpty { end.session.send(body, on: stream) }
        end.session.finish(stream)
        self.queue.add(.peering(.requestTimeout(end, stream)), at: timer)
        self.flush(end)
        return true
    }

    /// A question of this side has its answer, or none.
    func complete(_ end: SessionEnd, _ stream: StreamID, with answer: [UInt8]?) {
        end.outbound.removeValue(forKey: stream)?.completion(self, answer)
    }

    /// The peer has said all on a stream.
    func finished(_ end: SessionEnd, _ stream: StreamID) {
        if let outbound = end.outbound[stream] { return self.complete(end, stream, with: outbound.response) }
        guard let inbound = end.inbound[stream], !inbound.isAnswering, let peering, let peer = end.peer else { return }
        end.inbound[stream]?.isAnswering = true
        peering.lastReply += 1
        let reply = peering.lastReply
        peering.replies[reply] = Peering.Reply(end: end, stream: stream)
        let node = end.node
        switch inbound.name {
        case TesseraProtocol.overlay: self.answerOverlay(inbound.body, at: node, from: peer, reply: reply)
        case TesseraProtocol.peers:
            guard let shell = peering.shells[node], let records = try? NodeRecord.decode(inbound.body) else {
                return self.answer(reply, nil)
            }
            self.answer(reply, self.selection(shell, for: peer))
            self.take(records, at: node)
        case TesseraProtocol.grid: self.answerGrid(inbound.body, at: node, from: peer, reply: reply)
        case TesseraProtocol.pixelsPut: self.answerPixels(inbound.body, at: node, from: peer, reply: reply)
        default: self.answer(reply, nil)
        }
    }

    /// Answers a question; nothing ends its stream.
    func answer(_ reply: UInt64, _ bytes: [UInt8]?) {
        guard let place = self.peering?.replies.removeValue(forKey: reply), !place.end.isEnded,
            place.end.inbound.removeValue(forKey: place.stream) != nil
        else { return }
        if let bytes, bytes.isEmpty || place.end.session.send(bytes, on: place.stream) {
            place.end.session.finish(place.stream)
        } else {
            place.end.session.reset(place.stream)
        }
        self.flush(place.end)
    }

    // MARK: Who is here

    /// A session began and there was none before.
    func connected(_ shell: PeerShell, to peer: PeerID, _ end: SessionEnd) {
        let node = shell.node
        let hello = GridRequest.hello(self.hello(shell)).encoded()
        let seconds = Self.answerSeconds.hello
        self.request(node, of: peer, TesseraProtocol.grid, hello, seconds: seconds) { engine, answer in
            if case .hello(let hello)? = answer.flatMap({ try? GridResponse(decoding: $0) }), hello.isWorker {
                engine.greeted(peer, at: node)
            } else {
                engine.disconnect(node, from: peer)
            }
        }
        let endpoint = end.side == .dialer ? end.wire.target.address.tcpEndpoint : nil
        let count = shell.sessions.count
        self.withDiscovery(node) {
            $0.connected(to: endpoint.map { .init(ip: $0.ip, port: $0.port) }, peerCount: count, now: $1)
        }
        self.exchangeRecords(node, with: peer)
    }

    /// The last session with a peer ended.
    func disconnected(_ shell: PeerShell, from peer: PeerID) {
        let node = shell.node
        if shell.greeted.remove(peer) != nil, let other = self.nodeIndex[peer] {
            self.links[self.link(node, other)].workerBelieves = false
            let link = self.link(other, node)
            (self.links[link].stewardBelieves, self.links[link].isUp) = (false, false)
            self.links[link].epoch += 1
            self.tellWhoIsHere(node)
            self.withWorker(node) { $0.stewardDisconnected(peer, now: $1) }
            for job in self.jobs.indices where self.jobs[job].seats[node]?.steward != nil {
                self.withSteward(job, at: node) { $0.peerDisconnected(peer, now: $1) }
            }
        }
        let count = shell.sessions.count
        self.withDiscovery(node) { $0.disconnected(from: peer, peerCount: count, now: $1) }
    }

    private func hello(_ shell: PeerShell) -> Hello {
        Hello(
            grid: Self.grid,
            coreVersion: Self.coreVersion,
            agent: "simulated",
            isWorker: true,
            threads: self.nodes[shell.node].threads,
            addresses: [shell.address]
        )
    }

    /// A peer has said that it is of the grid.
    private func greeted(_ peer: PeerID, at node: Int) {
        guard let shell = self.peering?.shells[node], shell.sessions[peer] != nil,
            shell.greeted.insert(peer).inserted, let other = self.nodeIndex[peer]
        else { return }
        self.links[self.link(node, other)].workerBelieves = true
        let link = self.link(other, node)
        (self.links[link].stewardBelieves, self.links[link].isUp) = (true, true)
        self.meet(link)
        self.tellWhoIsHere(node)
        self.withWorker(node) { $0.stewardConnected(peer, now: $1) }
        for job in self.jobs.indices where self.jobs[job].seats[node]?.steward != nil {
            self.withSteward(job, at: node) { $0.peerConnected(peer, now: $1) }
            guard let steward = self.jobs[job].seats[node]?.steward, steward.isActing else { continue }
            let isMissed = steward.phase == .complete && steward.roster.stewards.contains(peer)
            if steward.phase == .running || isMissed { self.sendOffer(job, from: node, over: link) }
        }
        self.tellOfJobs(shell, peer)
    }

    /// Tells the machines of a node who has a session with it, and who else there is.
    func tellWhoIsHere(_ node: Int) {
        guard let shell = self.peering?.shells[node] else { return }
        let here = shell.greeted.sorted()
        let known = shell.book.present(unixMilliseconds: self.unixMilliseconds).sorted()
        self.withWorker(node) { worker, _ in
            worker.peersChanged(here, others: known)
            return []
        }
        self.candidatesChanged(at: node)
    }

    // MARK: Jobs

    /// A peer told of a job: sees to sessions with those who keep it, and passes it on to this node's neighbours.
    func spread(_ offer: JobOffer, at node: Int, from peer: PeerID) {
        let job = JobID(offer.manifest.id.digest)
        guard let shell = self.peering?.shells[node], !offer.isClosed,
            self.nodes[node].worker?.believes(offer) == true
        else { return }
        shell.heardOffers[job] = offer
        self.seek(offer.stewards, by: node, namedBy: peer)
        guard !offer.stewards.contains(shell.me) else { return }
        var news = offer
        news.openPerMille = 0
        news.rosterProof = []
        let digest = Digest(hashing: GridRequest.offer(news).encoded())
        guard shell.fanOut.isNews(digest, from: peer, now: self.instant(node)) else { return }
        let neighbours = shell.overlay.neighbours(among: self.overlaySessions(shell)).filter { $0 != peer }
        for other in neighbours where shell.greeted.contains(other) && !offer.stewards.contains(other) {
            self.tell(other, .offer(offer), from: node)
        }
    }

    /// Tells a peer that has just come of the jobs that this node works for.
    private func tellOfJobs(_ shell: PeerShell, _ peer: PeerID) {
        let node = shell.node
        shell.heardOffers = shell.heardOffers.filter { self.nodes[node].worker?.manifestRecord(of: $0.key) != nil }
        for job in shell.heardOffers.keys.sorted() {
            guard let index = self.jobIndex[job], self.jobs[index].seats[node]?.steward == nil,
                let offer = shell.heardOffers[job], !offer.stewards.contains(peer)
            else { continue }
            self.tell(peer, .offer(offer), from: node)
        }
    }

    private func tell(_ peer: PeerID, _ message: GridRequest, from node: Int, seconds: Double? = nil) {
        let bytes = message.encoded()
        self.report.messages += 1
        self.report.messageBytes += UInt64(bytes.count)
        let seconds = seconds ?? Self.answerSeconds.told
        self.request(node, of: peer, TesseraProtocol.grid, bytes, seconds: seconds) { _, _ in }
    }

    /// Sends what the grid's machines say to each other over the session between two nodes.
    func sendOverSession(_ content: SimulationEvent.Content, worker: Int, steward: Int) {
        let (workerPeer, stewardPeer) = (self.nodes[worker].peer, self.nodes[steward].peer)
        switch content {
        case .offer(let offer): self.tell(workerPeer, .offer(offer), from: steward)
        case .steward(let message, let from, let to):
            self.report.stewardMessages += 1
            self.report.stewardBytes += UInt64(GridRequest.steward(message).encoded().count)
            let peer = self.nodes[to].peer
            self.tell(peer, .steward(message), from: from, seconds: Self.answerSeconds.lease)
        case .leaseRequest(let request, let number):
            let bytes = GridRequest.lease(request).encoded()
            self.report.messages += 1
            self.report.messageBytes += UInt64(bytes.count)
            let seconds = Self.answerSeconds.lease
            let wasAsked = self.request(worker, of: stewardPeer, TesseraProtocol.grid, bytes, seconds: seconds) {
                engine,
                answer in
                if case .grant(let grant)? = answer.flatMap({ try? GridResponse(decoding: $0) }) {
                    engine.withWorker(worker) { $0.grantReceived(grant, number: number, now: $1) }
                } else {
                    engine.withWorker(worker) { $0.requestFailed(number: number, now: $1) }
                }
            }
            if !wasAsked { self.tellFailure(of: content, worker: worker, after: 0.001) }
        case .grant(let grant, let number):
            let bytes = GridResponse.grant(grant).encoded()
            self.report.messages += 1
            self.report.messageBytes += UInt64(bytes.count)
            self.answer(number, bytes)
        case .refused(let number):
            self.answer(number, GridResponse.refused("this node is no steward of the job").encoded())
        case .pixels(let job, let unit, let film): self.put(job, unit, film, from: worker, to: stewardPeer)
        case .copy(let job, let unit, let film, let from, let to):
            self.put(job, unit, film, from: from, to: self.nodes[to].peer)
        }
    }

    /// Brings pixels to a steward; where they are made up, their root and as many bytes as they would have.
    private func put(_ job: Int, _ unit: UnitID, _ film: SimulatedFilm, from node: Int, to peer: PeerID) {
        let header = UnitPixelsAddress(job: self.jobs[job].id, unit: unit).encoded()
        let padding = max(0, self.pixelBytes(unit) - header.count - Digest.byteCount)
        let body = header + (film.payloads ?? film.root.bytes + [UInt8](repeating: 0, count: padding))
        self.report.messages += 1
        self.request(node, of: peer, TesseraProtocol.pixelsPut, body, seconds: Self.answerSeconds.pixels) { _, _ in }
    }

    // MARK: Answers

    func answerPixels(_ body: [UInt8], at node: Int, from peer: PeerID, reply: UInt64) {
        let size = UnitPixelsAddress.byteCount
        guard let address = try? UnitPixelsAddress(decoding: body.prefix(size)), let job = self.jobIndex[address.job],
            let other = self.nodeIndex[peer]
        else { return self.answer(reply, nil) }
        let payloads = Array(body.dropFirst(size))
        let isReal = self.jobs[job].truth.pixels != nil
        let root = isReal ? nil : Digest(Array(payloads.prefix(Digest.byteCount)))
        let film = SimulatedFilm(root: root ?? Digest(hashing: payloads), payloads: isReal ? payloads : nil)
        self.pixelsArrived(job: job, address.unit, film, at: node, from: other)
        let isHeld = self.jobs[job].seats[node]?.films[address.unit] != nil
        self.answer(reply, [(isHeld ? TesseraProtocol.PutAnswer.stored : .refused).rawValue])
    }

    func answerGrid(_ body: [UInt8], at node: Int, from peer: PeerID, reply: UInt64) {
        guard let request = try? GridRequest(decoding: body), let other = self.nodeIndex[peer] else {
            self.violate("a message is not what was sent", node: node)
            return self.answer(reply, nil)
        }
        if case .hello(let hello) = request {
            guard let shell = self.peering?.shells[node], hello.grid == Self.grid else { return }
            self.answer(reply, GridResponse.hello(self.hello(shell)).encoded())
            return self.greeted(peer, at: node)
        }
        guard self.peering?.shells[node]?.greeted.contains(peer) == true else {
            return self.answer(reply, GridResponse.refused("say hello first").encoded())
        }
        switch request {
        case .lease(let lease): self.leaseRequestArrived(lease, number: reply, over: self.link(other, node))
        case .offer(let offer):
            self.answer(reply, GridResponse.accepted.encoded())
            self.offerArrived(offer, at: node, from: other)
            self.spread(offer, at: node, from: peer)
        case .steward(let message):
            guard let job = self.jobIndex[message.job], self.jobs[job].seats[node]?.steward != nil else {
                return self.answer(reply, GridResponse.refused("this node is no steward of the job").encoded())
            }
            self.answer(reply, GridResponse.accepted.encoded())
            self.withSteward(job, at: node) { $0.handle(message, from: peer, now: $1) }
        case .hello, .submit, .start, .status, .frameEvidence, .haveChunks, .order:
            self.answer(reply, GridResponse.refused("nobody asks this in a simulation").encoded())
        }
    }
}
