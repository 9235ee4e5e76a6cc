import GridCore
import GridWire

extension SimulationEngine {
    /// An answer must have come after this time; the longest that a request may be parked, and a little.
    private static let answerSecondsMax = 31.0

    /// Feeds the steward of a job, performs what it asks for, and sets its alarm.
    func withSteward(_ job: Int, _ input: (inout Steward, Instant) -> [Steward.Action]) {
        let node = self.jobs[job].stewardNode
        let instant = self.nodes[node].clock.instant(self.now)
        guard let actions = self.jobs[job].steward.mutate({ input(&$0, instant) }) else { return }
        self.performUntilCrash(actions, node: node) { engine, action in
            engine.note(node, .steward(action))
            engine.perform(action, job: job)
        }
        self.checkRevision(job)
        self.setStewardAlarm(job)
    }

    func setStewardAlarm(_ job: Int) {
        guard let deadline = self.jobs[job].steward?.nextDeadline else {
            self.jobs[job].stewardWakesAt = nil
            return
        }
        let node = self.jobs[job].stewardNode
        let time = max(self.now, self.nodes[node].clock.time(deadline))
        guard time != self.jobs[job].stewardWakesAt else { return }
        self.jobs[job].stewardWakesAt = time
        self.queue.add(.wakeSteward(job: job, incarnation: self.nodes[node].incarnation), at: time)
    }

    private func perform(_ action: Steward.Action, job: Int) {
        let node = self.jobs[job].stewardNode
        switch action {
        case .persist(let record):
            self.jobs[job].records.append(record)
            self.check(self.jobs[job].checker.persisted(record), job)
        case .respond(let requestID, let grant):
            self.respond(job, requestID: requestID, grant)
        case .tileVerified(let frame, let tile):
            self.check(self.tileProblem(job, frame: frame, tile: tile), job)
        case .frameFinal(let frame):
            self.checkFinalFrame(job, frame)
        case .workerBurned(let burn):
            self.check(self.jobs[job].checker.workerBurned(burn), job)
        case .discardPixels(let unit):
            if self.jobs[job].checker.finalFrames.contains(unit.frame) {
                self.check("the pixels of unit \(unit) of a final frame are discarded", job)
            }
            self.jobs[job].pixels[unit] = nil
        case .jobComplete:
            self.jobComplete(job)
        case .statusChanged:
            self.checkStatus(job)
        }
        _ = node
    }

    /// Hands the job to its steward; when that node is away, tries again a little later, as a person would.
    func submit(_ job: Int) {
        let node = self.jobs[job].stewardNode
        guard self.nodes[node].isUp else {
            return self.queue.add(.submit(job: job), at: self.now + 1)
        }
        self.jobs[job].isSubmitted = true
        self.loadSteward(job)
        self.queue.add(.start(job: job), at: self.now + self.random.within(0.1, 2))
    }

    /// All chunks are there.
    func start(_ job: Int) {
        let node = self.jobs[job].stewardNode
        guard self.nodes[node].isUp else {
            return self.queue.add(.start(job: job), at: self.now + 1)
        }
        self.jobs[job].isStarted = true
        self.withSteward(job) { $0.start(now: $1) }
        self.sendOffers(job)
    }

    /// Makes the steward from what lies on the disk.
    func loadSteward(_ job: Int) {
        let node = self.jobs[job].stewardNode
        let peer = self.nodes[node].peer
        let settings = Steward.Settings(
            me: peer,
            sign: SimulatedIdentity.signer(peer),
            verify: SimulatedIdentity.verifier
        )
        // A database promises no order.
        self.jobs[job].records.shuffle(using: &self.random)
        do {
            self.jobs[job].steward = try Steward(
                manifest: self.jobs[job].record,
                settings: settings,
                records: self.jobs[job].records,
                storedPixels: self.jobs[job].pixels.keys.sorted()
            )
        } catch {
            self.violate("a steward cannot be made from its disk: \(error)", node: node)
        }
        self.jobs[job].checker.lastRevision = 0
        self.setStewardAlarm(job)
    }

    /// Tells every worker with a session of the job.
    func sendOffers(_ job: Int) {
        for worker in self.nodes.indices {
            self.sendOffer(job, over: self.link(worker, self.jobs[job].stewardNode))
        }
    }

    func sendOffer(_ job: Int, over link: Int) {
        guard self.links[link].isUp, let offer = self.jobs[job].steward?.offer else { return }
        self.send(.offer(offer), over: link)
    }

    /// A request has arrived.
    func leaseRequestArrived(_ request: LeaseRequest, number: UInt64, over link: Int) {
        guard let job = self.jobIndex[request.job], self.jobs[job].steward != nil,
            self.jobs[job].stewardNode == self.links[link].steward
        else {
            return self.send(.refused(number: number), over: link)
        }
        self.nextRequestID += 1
        let requestID = self.nextRequestID
        let node = self.jobs[job].stewardNode
        self.jobs[job].pending[requestID] = SimulatedJob.Pending(
            worker: self.links[link].worker,
            link: link,
            epoch: self.links[link].epoch,
            number: number,
            receivedAt: self.now,
            stewardIncarnation: self.nodes[node].incarnation
        )
        self.queue.add(.answerIsDue(job: job, requestID: requestID), at: self.now + Self.answerSecondsMax)
        let peer = self.nodes[self.links[link].worker].peer
        self.withSteward(job) { $0.handleLeaseRequest(request, from: peer, requestID: requestID, now: $1) }
    }

    func answerIsDue(_ job: Int, requestID: UInt64) {
        guard let pending = self.jobs[job].pending.removeValue(forKey: requestID) else { return }
        // Who is gone needs no answer.
        let node = self.jobs[job].stewardNode
        guard self.isCurrent(node, pending.stewardIncarnation), self.links[pending.link].epoch == pending.epoch
        else { return }
        self.violate("a request was not answered in \(Self.answerSecondsMax) s", node: node, and: pending.worker)
    }

    private func respond(_ job: Int, requestID: UInt64, _ grant: LeaseGrant) {
        guard let pending = self.jobs[job].pending.removeValue(forKey: requestID) else {
            return self.check("an answer \(requestID) was given twice, too late, or to nobody", job)
        }
        self.check(self.jobs[job].checker.granted(grant, to: self.nodes[pending.worker].peer), job)
        for unit in grant.units {
            if let since = self.jobs[job].orphanedAt.removeValue(forKey: unit) {
                let seconds = self.now.seconds - since.seconds
                self.report.longestOrphanSeconds = max(self.report.longestOrphanSeconds, seconds)
            }
        }
        guard self.links[pending.link].epoch == pending.epoch else { return }
        self.send(.grant(grant, number: pending.number), over: pending.link)
    }

    /// Pixels have arrived at the steward's node.
    func pixelsArrived(job: Int, _ unit: UnitID, root: Digest, over link: Int) {
        guard let accepted = self.jobs[job].steward?.acceptedRoot(of: unit) else { return }
        guard root == accepted else {
            let peer = self.nodes[self.links[link].worker].peer
            return self.withSteward(job) { $0.pixelsRefused(unit, from: peer, now: $1) }
        }
        let truth = self.jobs[job].truth.unit(unit).root
        self.check(self.jobs[job].checker.pixelsAccepted(unit, root: root, truth: truth), job)
        self.jobs[job].pixels[unit] = root
        self.withSteward(job) { $0.pixelsStored(unit, now: $1) }
    }

    private func jobComplete(_ job: Int) {
        if self.jobs[job].checker.finalFrames.count != self.jobs[job].manifest.frameCount {
            self.check("the job was called complete with frames that are not final", job)
        }
        if self.jobs[job].completedAt == nil {
            self.jobs[job].completedAt = self.now
        }
        self.sendOffers(job)
    }
}
