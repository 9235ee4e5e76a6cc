import GridCore
import GridWire

extension SimulationEngine {
    /// An answer must have come after this time; the longest that a request may be parked, and a little.
    private static let answerSecondsMax = 5.0

    /// Feeds a steward of a job, performs what it asks for, and sets its alarm.
    func withSteward(_ job: Int, at node: Int, _ input: (inout Steward, Instant) -> [Steward.Action]) {
        let instant = self.nodes[node].clock.instant(self.now)
        guard let seat = self.jobs[job].seats[node], let actions = seat.steward?.inPlace({ input(&$0, instant) }) else {
            return
        }
        self.performUntilCrash(actions, node: node) { engine, action in
            engine.note(node, .steward(action))
            engine.perform(action, job: job, node: node)
        }
        self.writeRest(job, at: node)
        self.checkRevision(job, at: node)
        self.setStewardAlarm(job, at: node)
    }

    func setStewardAlarm(_ job: Int, at node: Int) {
        guard let seat = self.jobs[job].seats[node] else { return }
        guard let deadline = seat.steward?.nextDeadline else {
            seat.wakesAt = nil
            return
        }
        let time = max(self.now, self.nodes[node].clock.time(deadline))
        guard time != seat.wakesAt else { return }
        seat.wakesAt = time
        let incarnation = self.nodes[node].incarnation
        self.queue.add(.wakeSteward(job: job, node: node, incarnation: incarnation), at: time)
    }

    func perform(_ action: Steward.Action, job: Int, node: Int) {
        guard self.isWritten(before: action, job, at: node) else { return }
        self.keep(action, job, at: node)
        switch action {
        case .persist(let record):
            guard let seat = self.jobs[job].seats[node] else { return }
            if !seat.recordIDs.insert(record.id).inserted {
                self.check("a record was persisted twice: \(record.kind)", job, node)
            }
            if self.isFaulty, self.random.happens(self.scenario.faults.lostWriteRate) {
                return self.note(node, .note("its disk loses a record"))
            }
            if self.disks == nil { seat.records.append(record) } else { seat.unwritten.append(record) }
            self.report.records += 1
            self.report.recordBytes += UInt64(record.body.count + 100)
            self.check(self.jobs[job].checker.persisted(record), job, node)
        case .respond(let requestID, let grant):
            self.respond(job, node, requestID: requestID, grant)
        case .tileVerified:
            break
        case .frameFinal(let frame):
            self.jobs[job].seats[node]?.finalFrames.insert(frame)
            self.checkFinalFrame(job, frame, at: node)
            self.tellSubmitter(job, frame)
        case .forget(let ids):
            self.forget(ids, job, node)
        case .workerBurned(let burn):
            self.jobs[job].seats[node]?.burned.insert(burn.worker)
            self.check(self.jobs[job].checker.workerBurned(burn), job, node)
        case .discardPixels(let unit):
            self.jobs[job].seats[node]?.films[unit] = nil
        case .jobComplete:
            self.jobComplete(job, node)
        case .statusChanged:
            self.checkStatus(job, at: node)
        case .tell(let message, let peer):
            guard let other = self.nodeIndex[peer], other < self.scenario.stewards else {
                return self.violate("a steward tells a node that cannot be one", node: node)
            }
            self.send(.steward(message, from: node, to: other), over: self.link(node, other))
        case .copyPixels(let unit, let peer):
            guard let other = self.nodeIndex[peer], other < self.scenario.stewards else { return }
            guard let film = self.readPixels(unit, job, at: node) else {
                return self.violate("a steward promises pixels of \(unit) that are not on its disk", node: node)
            }
            self.send(.copy(job: job, unit, film, from: node, to: other), over: self.link(node, other))
        case .offer(let peer):
            if let other = peer.flatMap({ self.nodeIndex[$0] }) {
                self.sendOffer(job, from: node, over: self.link(other, node))
            } else {
                self.sendOffers(job, from: node)
            }
        case .rosterChanged(let roster):
            self.rosterChanged(job, roster, at: node)
        }
    }

    /// Hands the job to its first steward; when that node is away, tries again a little later, as a person would.
    func submit(_ job: Int) {
        let node = self.jobs[job].entryNode
        guard self.nodes[node].isUp else {
            return self.queue.add(.submit(job: job), at: self.now + 1)
        }
        let others = (0 ..< self.scenario.stewards).filter { $0 != node && self.nodes[$0].isUp }
        let greeted = self.peering?.shells[node]?.greeted.compactMap { self.nodeIndex[$0] }.sorted()
        self.hear(of: job, at: node)
        let chosen = Roster.chosen(
            Roster.size - 1,
            of: self.candidates(greeted ?? others, for: job, at: node),
            besides: [self.nodes[node].peer],
            for: self.jobs[job].id,
            now: self.nodes[node].clock.instant(self.now)
        )
        guard self.keepReceived(job, at: node) else {
            return self.queue.add(.submit(job: job), at: self.now + 1)
        }
        let submitter = self.jobs[job].record.signer
        let epoch = RosterEpoch(job: self.jobs[job].id, number: 1, stewards: [self.nodes[node].peer] + chosen)
        let vote = GridRecord.rosterEpoch(epoch).signed(by: submitter, with: SimulatedIdentity.signer(submitter))
        let seat = SimulatedJob.Seat()
        seat.records = [vote]
        if let deadline = self.scenario.energy?.deadlineSeconds, deadline > 0 {
            let milliseconds = UInt64((self.jobs[job].submittedAt.seconds + deadline) * 1_000)
            let order = JobOrder(job: self.jobs[job].id, sequence: 1, state: .running, deadline: milliseconds)
            seat.records.append(
                GridRecord.jobOrder(order).signed(by: submitter, with: SimulatedIdentity.signer(submitter))
            )
        }
        seat.recordIDs = Set(seat.records.map(\.id))
        self.jobs[job].handedIn = seat.records
        self.jobs[job].seats[node] = seat
        if self.disks == nil { self.loadSteward(job, at: node) } else { seat.isReceiving = true }
        self.queue.add(.start(job: job), at: self.now + self.random.within(0.1, 2))
    }

    /// All chunks are there.
    func start(_ job: Int) {
        let node = self.jobs[job].entryNode
        guard self.nodes[node].isUp else {
            return self.queue.add(.start(job: job), at: self.now + 1)
        }
        if let seat = self.jobs[job].seats[node], seat.isReceiving {
            guard self.keepBegun(job, at: node) else {
                return self.queue.add(.start(job: job), at: self.now + 1)
            }
            seat.isReceiving = false
            seat.records = self.jobs[job].handedIn
            seat.recordIDs = Set(seat.records.map(\.id))
            self.loadSteward(job, at: node)
        }
        self.startSteward(job, at: node)
        self.jobs[job].offeredAt = self.now
        self.sendOffers(job, from: node)
    }

    /// Starts a steward that was made from what lies on the disk.
    func startSteward(_ job: Int, at node: Int) {
        self.beginSeconds = min(self.beginSeconds, self.now.seconds)
        self.withSteward(job, at: node) { $0.start(now: $1) }
    }

    /// Makes the steward from what lies on the disk.
    func loadSteward(_ job: Int, at node: Int) {
        guard let seat = self.jobs[job].seats[node] else { return }
        let peer = self.nodes[node].peer
        var settings = Steward.Settings(
            me: peer,
            sign: SimulatedIdentity.signer(peer),
            verify: SimulatedIdentity.verifier
        )
        // Right wall clocks show the virtual time, in which deadlines are.
        settings.sinceUnixEpoch =
            .nanoseconds(-self.nodes[node].clock.offsetNanoseconds) + .seconds(self.nodes[node].wallClockAhead)
        if let energy = self.scenario.energy {
            settings.energyWindow = .seconds(energy.daySeconds)
        }
        // A database promises no order.
        let records = seat.records.shuffled(using: &self.random)
        do {
            seat.steward = try Steward(
                manifest: self.jobs[job].record,
                settings: settings,
                records: records,
                storedPixels: seat.films.mapValues(\.root),
                roster: seat.roster,
                rosterProof: seat.rosterProof
            )
        } catch {
            self.violate("a steward cannot be made from its disk: \(error)", node: node)
        }
        // What a torn disk lost is not final, and what was written just before the crash is, whether it was told or not.
        let final = seat.steward.map(\.ledger)
        seat.finalFrames = Set(self.jobs[job].plan.frames.filter { final?.isFinal(frame: $0) == true })
        seat.burned = Set(final?.burned.map(\.worker) ?? [])
        seat.lastRevision = 0
        self.candidatesChanged(at: node)
        self.setStewardAlarm(job, at: node)
    }

    /// Gives a node the office of a steward, unless it has it.
    func seat(
        _ job: Int,
        at node: Int,
        roster: Roster,
        proof: [SignedRecord],
        from other: Int? = nil,
        hasEnded: Bool = false
    ) {
        guard node < self.scenario.stewards, self.nodes[node].isUp else { return }
        guard self.jobs[job].seats[node]?.steward == nil else {
            let peer = other.map { self.nodes[$0].peer }
            return self.withSteward(job, at: node) { $0.rosterHeard(roster, proof: proof, from: peer, now: $1) }
        }
        if self.jobs[job].seats[node]?.isReceiving != false {
            let seat = SimulatedJob.Seat()
            seat.records = roster.isProvisional ? [] : proof
            guard self.keepJoined(job, proof: seat.records, at: node) else { return }
            seat.recordIDs = Set(seat.records.map(\.id))
            self.jobs[job].seats[node] = seat
        }
        self.jobs[job].seats[node]?.roster = roster
        self.jobs[job].seats[node]?.rosterProof = roster.isProvisional ? proof : []
        self.loadSteward(job, at: node)
        self.startSteward(job, at: node)
        if !hasEnded { self.sendOffers(job, from: node) }
    }

    private func rosterChanged(_ job: Int, _ roster: Roster, at node: Int) {
        for (lost, since) in self.jobs[job].bereftSince where !roster.stewards.contains(self.nodes[lost].peer) {
            self.report.longestRosterSeconds = max(self.report.longestRosterSeconds, self.now.seconds - since.seconds)
            self.jobs[job].bereftSince[lost] = nil
        }
        self.sendOffers(job, from: node)
    }

    /// Tells every node with a session of the job.
    func sendOffers(_ job: Int, from node: Int) {
        guard let offer = self.offer(of: job, by: node) else { return }
        for worker in self.nodes.indices {
            let link = self.link(worker, node)
            if self.links[link].isUp { self.send(.offer(offer), over: link) }
        }
    }

    func sendOffer(_ job: Int, from node: Int, over link: Int) {
        guard self.links[link].isUp, let offer = self.offer(of: job, by: node) else { return }
        self.send(.offer(offer), over: link)
    }

    /// What a steward says of a job, once it has begun.
    private func offer(of job: Int, by node: Int) -> JobOffer? {
        self.jobs[job].seats[node]?.steward?.inPlace { $0.phase == .receiving ? nil : $0.offer } ?? nil
    }

    /// An offer has arrived at a node: at its worker, and where the node is to be a steward, at that.
    func offerArrived(_ offer: JobOffer, at node: Int, from steward: Int) {
        let peer = self.nodes[steward].peer
        guard let job = self.jobIndex[JobID(offer.manifest.id.digest)] else { return }
        self.hear(of: job, at: node)
        let missing = self.missingBytes(of: job, at: node)
        self.withWorker(node) { $0.offerReceived(offer, from: peer, missingBytes: missing, now: $1) }
        guard self.nodes[node].isUp else { return }
        let roster = Roster(offer)
        let isKnown = self.jobs[job].seats[node]?.steward != nil
        let isCalled = roster.stewards.contains(self.nodes[node].peer)
        if isKnown || (isCalled && Steward.isCalled(by: offer, verify: SimulatedIdentity.verifier)) {
            let proof = offer.rosterProof
            self.seat(job, at: node, roster: roster, proof: proof, from: steward, hasEnded: offer.isClosed)
        }
    }

    /// A request has arrived.
    func leaseRequestArrived(_ request: LeaseRequest, number: UInt64, over link: Int) {
        let node = self.links[link].steward
        guard let job = self.jobIndex[request.job], self.jobs[job].seats[node]?.steward != nil else {
            return self.send(.refused(number: number), over: link)
        }
        self.nextRequestID += 1
        let requestID = self.nextRequestID
        self.jobs[job].seats[node]?.pending[requestID] = SimulatedJob.Pending(
            worker: self.links[link].worker,
            link: link,
            epoch: self.links[link].epoch,
            number: number,
            receivedAt: self.now,
            stewardIncarnation: self.nodes[node].incarnation
        )
        self.queue.add(.answerIsDue(job: job, node: node, requestID: requestID), at: self.now + Self.answerSecondsMax)
        let peer = self.nodes[self.links[link].worker].peer
        self.withSteward(job, at: node) { $0.handleLeaseRequest(request, from: peer, requestID: requestID, now: $1) }
    }

    /// The steward has had time enough to answer.
    func answerIsDue(_ job: Int, at node: Int, requestID: UInt64) {
        guard self.jobs[job].seats[node]?.waitsForDisk != true else {
            let time = self.now + Self.answerSecondsMax
            return self.queue.add(.answerIsDue(job: job, node: node, requestID: requestID), at: time)
        }
        guard let pending = self.jobs[job].seats[node]?.pending.removeValue(forKey: requestID) else { return }
        let link = self.links[pending.link]
        // A steward forgets the requests of a peer whose session ended.
        guard link.isUp, link.epoch == pending.epoch,
            self.isCurrent(node, pending.stewardIncarnation), self.jobs[job].seats[node]?.steward != nil
        else { return }
        self.violate("request \(pending.number) of node \(link.worker) was not answered", node: node, and: link.worker)
    }

    private func respond(_ job: Int, _ node: Int, requestID: UInt64, _ grant: LeaseGrant) {
        guard let pending = self.jobs[job].seats[node]?.pending.removeValue(forKey: requestID) else {
            return self.check("a request was answered twice, or one that was not asked", job, node)
        }
        let worker = self.nodes[pending.worker].peer
        let seat = self.jobs[job].seats[node]
        // An answer that a full disk held up may name what has come meanwhile.
        let isLate = seat?.wroteAgainAt == self.now
        self.check(
            self.jobs[job].checker.granted(
                grant,
                to: worker,
                finalFrames: isLate ? [] : seat?.finalFrames ?? [],
                burned: seat?.burned ?? [],
                isLost: { seat?.steward?.isRenderedAgain($0) ?? false }
            ),
            job,
            node
        )
        for unit in grant.units {
            if !isLate, let root = seat?.films[unit]?.root,
                root == seat?.steward?.acceptedRoot(of: unit)
            {
                self.check("unit \(unit) is leased, and its pixels are on the disk", job, node)
            }
            if let since = self.jobs[job].orphanedAt.removeValue(forKey: unit) {
                self.report.longestOrphanSeconds = max(
                    self.report.longestOrphanSeconds,
                    self.now.seconds - since.seconds
                )
            }
        }
        guard self.links[pending.link].isUp, self.links[pending.link].epoch == pending.epoch else { return }
        self.send(.grant(grant, number: pending.number), over: pending.link)
    }

    /// Pixels have arrived at a steward's node, from a worker or another steward.
    func pixelsArrived(job: Int, _ unit: UnitID, _ film: SimulatedFilm, at node: Int, from other: Int) {
        guard let seat = self.jobs[job].seats[node],
            let accepted = seat.steward?.inPlace({ $0.acceptedRoot(of: unit) }) ?? nil
        else { return }
        guard let root = self.measuredRoot(film, of: unit, job: job), root == accepted else {
            let peer = self.nodes[other].peer
            return self.withSteward(job, at: node) { $0.pixelsRefused(unit, from: peer, now: $1) }
        }
        let truth = self.jobs[job].truth.unit(unit).root
        self.check(self.jobs[job].checker.pixelsAccepted(unit, root: root, truth: truth), job, node)
        let isKept = self.keepPixels(unit, SimulatedFilm(root: root, payloads: film.payloads), job, at: node)
        self.storageChanged(job, at: node, isFull: !isKept)
        guard isKept else { return }
        seat.films[unit] = SimulatedFilm(root: root, payloads: film.payloads)
        self.withSteward(job, at: node) { $0.pixelsStored(unit, now: $1) }
    }

    private func jobComplete(_ job: Int, _ node: Int) {
        if self.jobs[job].seats[node]?.finalFrames.count != self.jobs[job].manifest.frameCount {
            self.check("the job was called complete with frames that are not final", job, node)
        }
        if self.jobs[job].completedAt == nil {
            self.jobs[job].completedAt = self.now
        }
        self.sendOffers(job, from: node)
    }
}
