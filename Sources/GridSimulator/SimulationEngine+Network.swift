import GridCore
import GridWire

extension SimulationEngine {
    func link(_ worker: Int, _ steward: Int) -> Int {
        worker * self.scenario.stewards + steward
    }

    /// Sends a message over a session; what becomes of it is up to the network.
    func send(_ content: SimulationEvent.Content, over link: Int) {
        let (worker, steward) = (self.links[link].worker, self.links[link].steward)
        if self.peering != nil, worker != steward {
            return self.sendOverSession(content, worker: worker, steward: steward)
        }
        self.report.messages += 1
        if case .steward = content { self.report.stewardMessages += 1 }
        let isLocal = worker == steward
        guard self.links[link].isUp else {
            return self.tellFailure(of: content, worker: worker, after: 0.001)
        }
        let bytesBefore = self.report.messageBytes
        guard let content = self.encodedAndDecoded(content, link: link) else { return }
        let seconds =
            self.latencySeconds(from: worker, to: steward)
        if self.isFaulty, !isLocal, self.random.happens(self.scenario.faults.lossRate) {
            self.report.lostMessages += 1
            if case .offer = content {
                // An offer is repeated by the shell until it is acknowledged.
                self.deliverLater(content, over: link, after: 5)
            } else if self.random.happens(0.5) {
                self.tellFailure(of: content, worker: worker, after: 2 * seconds)
            }
            return
        }
        if isLocal || self.lines.isEmpty {
            self.deliverLater(content, over: link, after: seconds)
        } else {
            let size = self.size(of: content, encoded: Int(self.report.messageBytes - bytesBefore))
            self.deliver(content, of: size, over: link)
        }
        if self.isFaulty, !isLocal, self.random.happens(self.scenario.faults.duplicateRate) {
            self.deliverLater(content, over: link, after: seconds + self.random.within(0, 2))
        }
    }

    /// The bytes of a message on the wire, whether it was encoded or not.
    private func size(of content: SimulationEvent.Content, encoded: Int) -> Int {
        switch content {
        case .pixels(_, let unit, _), .copy(_, let unit, _, _, _): self.pixelBytes(unit)
        case .offer, .leaseRequest, .grant, .refused, .steward: max(encoded, 100)
        }
    }

    /// Sends a message over the lines of two nodes.
    private func deliver(_ content: SimulationEvent.Content, of size: Int, over link: Int) {
        let (worker, steward) = (self.links[link].worker, self.links[link].steward)
        let (from, to) =
            switch content {
            case .steward(_, let from, let to), .copy(_, _, _, let from, let to): (from, to)
            case .leaseRequest, .pixels: (worker, steward)
            case .offer, .grant, .refused: (steward, worker)
            }
        let message = SimulationEvent.Message(link: link, epoch: self.links[link].epoch, content: content)
        self.queue.add(.deliver(message), at: self.streamArrival(bytes: size, from: from, to: to))
    }

    private func deliverLater(_ content: SimulationEvent.Content, over link: Int, after seconds: Double) {
        var delay = seconds + self.random.exponential(mean: seconds / 10)
        if self.isFaulty, self.random.happens(self.scenario.faults.delayRate) {
            delay += self.random.unit()
        }
        let message = SimulationEvent.Message(link: link, epoch: self.links[link].epoch, content: content)
        self.queue.add(.deliver(message), at: self.now + delay)
    }

    /// A request or its answer is lost and the worker's side of the stream is told so.
    func tellFailure(of content: SimulationEvent.Content, worker: Int, after seconds: Double) {
        switch content {
        case .leaseRequest(_, let number), .grant(_, let number), .refused(let number):
            self.queue.add(
                .requestFailed(node: worker, incarnation: self.nodes[worker].incarnation, number: number),
                at: self.now + seconds
            )
        case .offer, .pixels, .steward, .copy:
            break
        }
    }

    /// Sends a message through the wire's own encoding, as on a real grid.
    private func encodedAndDecoded(
        _ content: SimulationEvent.Content,
        link: Int
    ) -> SimulationEvent.Content? {
        guard self.scenario.encodesMessages else { return content }
        do {
            switch content {
            case .offer(let offer):
                let bytes = GridRequest.offer(offer).encoded()
                self.report.messageBytes += UInt64(bytes.count)
                if case .offer(let decoded) = try GridRequest(decoding: bytes), decoded == offer { return content }
            case .leaseRequest(let request, _):
                let bytes = GridRequest.lease(request).encoded()
                self.report.messageBytes += UInt64(bytes.count)
                if case .lease(let decoded) = try GridRequest(decoding: bytes), decoded == request { return content }
            case .grant(let grant, _):
                let bytes = GridResponse.grant(grant).encoded()
                self.report.messageBytes += UInt64(bytes.count)
                if case .grant(let decoded) = try GridResponse(decoding: bytes), decoded == grant { return content }
            case .steward(let message, _, _):
                let bytes = GridRequest.steward(message).encoded()
                self.report.messageBytes += UInt64(bytes.count)
                self.report.stewardBytes += UInt64(bytes.count)
                if case .steward(let decoded) = try GridRequest(decoding: bytes), decoded == message { return content }
            case .refused, .pixels, .copy:
                return content
            }
            self.violate("a message is not what was sent", node: self.links[link].worker, and: self.links[link].steward)
        } catch {
            self.violate(
                "a message cannot be sent: \(error)",
                node: self.links[link].worker,
                and: self.links[link].steward
            )
        }
        return nil
    }

    func deliver(_ message: SimulationEvent.Message) {
        let link = self.links[message.link]
        guard link.isUp, link.epoch == message.epoch else { return }
        switch message.content {
        case .offer(let offer):
            self.offerArrived(offer, at: link.worker, from: link.steward)
        case .leaseRequest(let request, let number):
            self.leaseRequestArrived(request, number: number, over: message.link)
        case .grant(let grant, let number):
            self.withWorker(link.worker) { $0.grantReceived(grant, number: number, now: $1) }
        case .refused(let number):
            self.withWorker(link.worker) { $0.requestFailed(number: number, now: $1) }
        case .pixels(let job, let unit, let film):
            self.pixelsArrived(job: job, unit, film, at: link.steward, from: link.worker)
        case .steward(let content, let from, let to):
            guard let job = self.jobIndex[content.job] else { return }
            let peer = self.nodes[from].peer
            self.withSteward(job, at: to) { $0.handle(content, from: peer, now: $1) }
        case .copy(let job, let unit, let film, let from, let to):
            self.pixelsArrived(job: job, unit, film, at: to, from: from)
        }
    }

    // MARK: - Sessions

    /// Begins a session if both nodes are there.
    func connect(_ index: Int) {
        self.links[index].isConnecting = false
        let (worker, steward) = (self.links[index].worker, self.links[index].steward)
        guard !self.links[index].isUp, self.nodes[worker].isUp, self.nodes[steward].isUp else { return }
        guard !self.isCut(index) else { return self.connectLater(index) }
        // A side that still believes in the old session is told of its end first; a steward not always, since to it the
        // peer has simply come again.
        if self.links[index].workerBelieves {
            self.tellDown(index, isWorker: true)
        }
        if self.links[index].stewardBelieves, self.random.happens(0.7) {
            self.tellDown(index, isWorker: false)
        }
        guard self.nodes[worker].isUp, self.nodes[steward].isUp else { return }
        self.links[index].epoch += 1
        self.links[index].isUp = true
        self.links[index].workerBelieves = true
        self.links[index].stewardBelieves = true
        self.meet(index)
        let peer = self.nodes[steward].peer
        self.withWorker(worker) { $0.stewardConnected(peer, now: $1) }
        self.peersChanged(at: worker)
        self.candidatesChanged(at: steward, by: worker)
        for job in self.jobs.indices where self.jobs[job].seats[steward]?.steward != nil {
            self.sendOffer(job, from: steward, over: index)
        }
        // What this node says as a steward goes over the session in which it is the worker.
        for job in self.jobs.indices where worker != steward && self.jobs[job].seats[worker]?.steward != nil {
            self.withSteward(job, at: worker) { $0.peerConnected(peer, now: $1) }
        }
    }

    /// Tells the worker of a node which nodes that can be stewards it can reach.
    private func peersChanged(at node: Int) {
        guard self.peering == nil else { return }
        guard node < self.scenario.stewards else { return }
        let peers = (0 ..< self.scenario.stewards).filter {
            $0 != node && self.links[self.link(node, $0)].workerBelieves
        }
        // Sessions with those that come next in a circle: each node has others.
        let count = self.scenario.stewards
        let most = self.scenario.sessionsMax ?? count
        let near = peers.filter { ($0 - node + count) % count <= most }
        let known = near.map { self.nodes[$0].peer }
        let others = near.count == peers.count ? [] : peers.map { self.nodes[$0].peer }
        self.withWorker(node) { worker, _ in
            worker.peersChanged(known, others: others)
            return []
        }
    }

    /// Ends a session; both sides notice it some time, and dial again.
    func breakLink(_ index: Int) {
        let (worker, steward) = (self.links[index].worker, self.links[index].steward)
        guard self.links[index].isUp else { return }
        guard self.peering == nil || worker == steward else {
            // The other side finds out by its own session.
            if !self.nodes[steward].isUp {
                self.links[index].isUp = false
                self.links[index].epoch += 1
            }
            return
        }
        if worker == steward, self.nodes[worker].isUp { return }
        self.links[index].isUp = false
        self.links[index].epoch += 1
        for isWorker in [true, false] {
            let node = isWorker ? worker : steward
            guard self.nodes[node].isUp else { continue }
            // A reset is seen at once, silence only by the missing pings.
            let isSilent = self.random.happens(self.scenario.faults.silentShare)
            let seconds = isSilent ? self.random.within(2, 8) : self.random.within(0, 0.2)
            self.queue.add(
                .noticeDown(
                    link: index,
                    isWorker: isWorker,
                    incarnation: self.nodes[node].incarnation,
                    epoch: self.links[index].epoch
                ),
                at: self.now + seconds
            )
        }
        self.connectLater(index)
    }

    func connectLater(_ index: Int) {
        guard !self.links[index].isConnecting else { return }
        self.links[index].isConnecting = true
        self.queue.add(.connect(link: index), at: self.now + self.random.within(0.05, 3))
    }

    func noticeDown(_ index: Int, isWorker: Bool, incarnation: UInt32, epoch: UInt32) {
        let node = isWorker ? self.links[index].worker : self.links[index].steward
        guard self.links[index].epoch == epoch, self.isCurrent(node, incarnation) else { return }
        self.tellDown(index, isWorker: isWorker)
    }

    private func tellDown(_ index: Int, isWorker: Bool) {
        let (worker, steward) = (self.links[index].worker, self.links[index].steward)
        if isWorker, self.links[index].workerBelieves {
            self.links[index].workerBelieves = false
            let peer = self.nodes[steward].peer
            self.peersChanged(at: worker)
            self.withWorker(worker) { $0.stewardDisconnected(peer, now: $1) }
        } else if !isWorker, self.links[index].stewardBelieves {
            self.links[index].stewardBelieves = false
            let peer = self.nodes[worker].peer
            self.candidatesChanged(at: steward, by: worker)
            for job in self.jobs.indices where self.jobs[job].seats[steward]?.steward != nil {
                self.withSteward(job, at: steward) { $0.peerDisconnected(peer, now: $1) }
            }
        }
    }
}
