public import GridWire

extension Steward {
    /// When ``handleTimeout(now:)`` next has work to do, if ever; ask again after every input.
    public var nextDeadline: Instant? {
        self.timers.nextDeadline
    }

    /// All chunks of the scene are here: units may be leased.
    ///
    /// Calling it twice is harmless.
    public mutating func start(now: Instant) -> [Action] {
        guard self.phase == .receiving else { return [] }
        self.phase = .running
        self.startedAt = now
        self.mustTellStatus = true
        self.isRebuilding = true
        self.rebuild(now: now)
        self.isRebuilding = false
        self.mustServeParked = true
        return self.finish(now: now)
    }

    /// Takes a worker's results and gives it work, now or, when there is none, later.
    ///
    /// Records of other kinds or by other signers than the worker itself are ignored, as are batches whose leaves do not
    /// come with them.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - peer: who sent it, as the session says.
    ///   - requestID: the shell's name for the request, unique in this steward; it comes back in
    ///     ``Action/respond(requestID:_:)``.
    ///   - now: the present.
    public mutating func handleLeaseRequest(
        _ request: LeaseRequest,
        from peer: PeerID,
        requestID: UInt64,
        now: Instant
    ) -> [Action] {
        guard !self.hasEnded, request.job == self.job else {
            return [.respond(requestID: requestID, self.closedGrant)]
        }
        guard let worker = self.worker(for: peer) else {
            return [.respond(requestID: requestID, self.emptyGrant)]
        }
        guard !self.workers[worker].isBurned else {
            return [.respond(requestID: requestID, self.closedGrant)]
        }
        let wasGone = !self.isActive(worker, now: now)
        self.workers[worker].lastNews = now
        self.workers[worker].disconnectedAt = nil
        if request.blockMicroseconds > 0 {
            self.workers[worker].blockMicroseconds = request.blockMicroseconds
        }
        if let old = self.unpark(worker) {
            self.actions.append(.respond(requestID: old.requestID, self.emptyGrant))
        }
        if self.phase == .running {
            self.take(request, from: worker, now: now)
            self.askIdleReferees(now: now)
            if wasGone {
                self.askForPixels(worker, now: now)
            }
        }
        self.closeIfComplete(now: now)
        guard !self.hasEnded, !self.workers[worker].isBurned else {
            self.actions.append(.respond(requestID: requestID, self.closedGrant))
            return self.finish(now: now)
        }
        let parked = Parked(
            requestID: requestID,
            wanted: min(max(request.wantedUnits, 0), Self.grantUnitsMax),
            isIdle: request.holding.isEmpty,
            deadline: now.advanced(by: self.settings.parkedMax)
        )
        if let grant = self.grant(for: worker, parked, mustAnswer: parked.wanted == 0, now: now) {
            self.actions.append(.respond(requestID: requestID, grant))
        } else {
            self.workers[worker].parked = parked
            self.parkedWorkers.append(worker)
            self.timers.set(.parked(worker: worker, requestID: requestID), at: parked.deadline)
        }
        return self.finish(now: now)
    }

    /// The pixels of the unit, which hash to its ``acceptedRoot(of:)``, are on the disk.
    public mutating func pixelsStored(_ unit: UnitID, now: Instant) -> [Action] {
        guard self.phase == .running, let index = self.plan.index(of: unit), let wish = self.wishes[index] else {
            return []
        }
        self.storedRoots[index] = wish.root
        self.reconsider(index, now: now)
        self.closeIfComplete(now: now)
        return self.finish(now: now)
    }

    /// A worker sent pixels that do not hash to the accepted root, or says that it has none; another holder is asked.
    public mutating func pixelsRefused(_ unit: UnitID, from peer: PeerID, now: Instant) -> [Action] {
        guard self.phase == .running, let index = self.plan.index(of: unit), let worker = self.workerIndex[peer] else {
            return []
        }
        self.pixelsAreMissing(index, at: worker, now: now)
        return self.finish(now: now)
    }

    /// The session with the peer ended; its parked request is forgotten, its leases are kept for a while.
    public mutating func peerDisconnected(_ peer: PeerID, now: Instant) -> [Action] {
        guard !self.hasEnded, let worker = self.workerIndex[peer] else { return [] }
        _ = self.unpark(worker)
        self.workers[worker].disconnectedAt = now
        self.timers.set(.disconnected(worker: worker), at: now.advanced(by: self.settings.disconnectGrace))
        self.dismissReferee(worker, now: now)
        for index in self.wishes.keys.sorted() where self.wishes[index]?.holder == worker {
            self.chooseHolder(ofPixels: index, now: now)
        }
        self.mustTellStatus = true
        return self.finish(now: now)
    }

    /// Ends the job for good; the shell calls it only for the ``submitter``.
    public mutating func cancel(now: Instant) -> [Action] {
        guard !self.hasEnded else { return [] }
        self.end(.cancelled, now: now)
        return self.finish(now: now)
    }

    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] {
        while let timer = self.timers.popDue(now: now) {
            guard !self.hasEnded else { continue }
            switch timer {
            case .lease(let worker, let unit):
                self.leaseFallsDue(unit, of: worker, now: now)
            case .parked(let worker, let requestID):
                if let parked = self.workers[worker].parked, parked.requestID == requestID {
                    _ = self.unpark(worker)
                    let grant = self.grant(for: worker, parked, mustAnswer: true, now: now)
                    self.actions.append(.respond(requestID: requestID, grant ?? self.emptyGrant))
                }
            case .disconnected(let worker):
                if let since = self.workers[worker].disconnectedAt,
                    since.advanced(by: self.settings.disconnectGrace) <= now
                {
                    self.releaseLeases(of: worker)
                }
            case .pixels(let unit, let attempts):
                if self.wishes[unit]?.attempts == attempts {
                    self.chooseHolder(ofPixels: unit, now: now)
                }
            case .audit(let unit, let referee):
                if self.disputes[unit]?.referee == referee {
                    self.disputes[unit]?.referee = nil
                    self.argue(unit, now: now)
                }
            case .speculate:
                self.isSpeculationTimerSet = false
                self.mustServeParked = true
            }
        }
        return self.finish(now: now)
    }

    /// Whether the job is complete or cancelled.
    public var hasEnded: Bool {
        switch self.phase {
        case .receiving, .running: false
        case .complete, .cancelled: true
        }
    }

    /// Serves those who wait, and hands the collected actions out.
    private mutating func finish(now: Instant) -> [Action] {
        self.closeIfComplete(now: now)
        if !self.hasEnded {
            self.serveParked(now: now)
            if !self.parkedWorkers.isEmpty, self.counts.leases > 0, !self.isSpeculationTimerSet {
                self.isSpeculationTimerSet = true
                self.timers.set(.speculate, at: now.advanced(by: .seconds(1)))
            }
        }
        let waitingFor = self.waitingFor(now: now)
        if waitingFor != self.lastWaitingFor {
            self.lastWaitingFor = waitingFor
            self.mustTellStatus = true
        }
        if self.mustTellStatus {
            self.mustTellStatus = false
            self.revision += 1
            self.actions.append(.statusChanged)
        }
        defer { self.actions = [] }
        return self.actions
    }

    private mutating func closeIfComplete(now: Instant) {
        guard self.phase == .running, self.counts.finalFrames == self.frames.count else { return }
        self.end(.complete, now: now)
        self.actions.append(.jobComplete)
    }

    private mutating func end(_ phase: JobStatus.Phase, now: Instant) {
        self.phase = phase
        self.endedAt = now
        self.mustTellStatus = true
        for worker in self.parkedWorkers {
            if let parked = self.workers[worker].parked {
                self.workers[worker].parked = nil
                self.actions.append(.respond(requestID: parked.requestID, self.closedGrant))
            }
        }
        self.parkedWorkers = []
        self.timers = TimerQueue()
    }

    /// Makes the state of all units from the records and the pixels that an earlier steward left.
    private mutating func rebuild(now: Instant) {
        var claimed: [PeerID: [Int]] = [:]
        for index in self.units.indices {
            for worker in Set(self.ledger.claims[index, default: []].map(\.worker)) {
                claimed[worker, default: []].append(index)
            }
        }
        for (peer, indices) in claimed.sorted(by: { $0.key < $1.key }) {
            guard let worker = self.worker(for: peer) else { continue }
            self.workers[worker].claimed = indices
            if self.ledger.burn(of: peer) != nil {
                self.workers[worker].isBurned = true
                self.counts.burned += 1
            }
        }
        for frame in self.frames.indices where self.ledger.isFinal(frame: self.plan.firstFrame + frame) {
            self.closeAgain(frame: frame)
        }
        for unit in self.initialPixels {
            guard let index = self.plan.index(of: unit), !self.frames[self.frame(of: index)].isFinal else {
                continue
            }
            if case .accepted(let root, _) = self.ledger.verdict(ofUnitAt: index) {
                self.storedRoots[index] = root
            } else {
                self.actions.append(.discardPixels(unit))
            }
        }
        self.initialPixels = []
        for index in self.units.indices {
            self.reconsider(index, now: now)
        }
    }

    /// The number of a unit's frame, from 0.
    func frame(of index: Int) -> Int {
        index / self.plan.unitsPerFrame
    }

    /// The worker's number; a new one unless there are too many.
    private mutating func worker(for peer: PeerID) -> Int? {
        if let known = self.workerIndex[peer] { return known }
        guard self.workers.count < Self.workersMax else { return nil }
        self.workers.append(WorkerState(peer: peer))
        self.workerIndex[peer] = self.workers.count - 1
        self.mustTellStatus = true
        return self.workers.count - 1
    }

    private mutating func unpark(_ worker: Int) -> Parked? {
        guard let parked = self.workers[worker].parked else { return nil }
        self.workers[worker].parked = nil
        self.parkedWorkers.removeAll { $0 == worker }
        return parked
    }

    private mutating func serveParked(now: Instant) {
        guard self.mustServeParked else { return }
        self.mustServeParked = false
        for worker in self.parkedWorkers {
            guard let parked = self.workers[worker].parked,
                let grant = self.grant(for: worker, parked, mustAnswer: false, now: now)
            else { continue }
            _ = self.unpark(worker)
            self.actions.append(.respond(requestID: parked.requestID, grant))
        }
        self.mustServeParked = false
    }
}
