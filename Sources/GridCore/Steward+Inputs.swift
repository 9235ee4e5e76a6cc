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
        self.rosterMayHaveChanged(now: now)
        self.obey(now: now)
        if self.isShared, !self.roster.isProvisional {
            // Who stands in for lost stewards has nobody to wait for.
            self.syncUntil = now.advanced(by: self.settings.syncMax)
            self.timers.set(.synced, at: now.advanced(by: self.settings.syncMax))
        }
        self.keepBeating(now: now)
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
            return [.respond(requestID: requestID, self.emptyGrant(now: now))]
        }
        guard !self.workers[worker].isBurned else {
            return [.respond(requestID: requestID, self.closedGrant)]
        }
        let wasGone = !self.isActive(worker, now: now)
        let lastNews = self.workers[worker].lastNews
        self.workers[worker].lastNews = now
        self.workers[worker].disconnectedAt = nil
        if request.blockMicroseconds > 0 {
            self.workers[worker].blockMicroseconds = request.blockMicroseconds
        }
        self.noteEnergy(of: worker, cost: request.energyCost, lastNews: lastNews, now: now)
        if let old = self.unpark(worker) {
            self.actions.append(.respond(requestID: old.requestID, self.emptyGrant(now: now)))
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
            isIdle: request.isIdle,
            deadline: now.advanced(by: self.settings.parkedMax)
        )
        let mustAnswer = parked.wanted == 0 || !self.isActing
        if let grant = self.grant(for: worker, parked, mustAnswer: mustAnswer, now: now) {
            self.actions.append(.respond(requestID: requestID, grant))
            if !self.isActing {
                // It never heard who keeps the job now.
                self.actions.append(.offer(to: peer))
            }
        } else {
            self.workers[worker].parked = parked
            self.parkedWorkers.append(ParkedPlace(worker: worker, requestID: requestID))
            self.timers.set(.parked(worker: worker, requestID: requestID), at: parked.deadline)
        }
        return self.finish(now: now)
    }

    /// The pixels of the unit, which hash to its ``acceptedRoot(of:)``, are on the disk.
    public mutating func pixelsStored(_ unit: UnitID, now: Instant) -> [Action] {
        guard self.phase == .running || self.phase == .complete, let index = self.plan.index(of: unit),
            let root = self.acceptedRoot(of: unit), self.storedRoots[index] != root
        else { return [] }
        self.storedRoots[index] = root
        self.pixelsAreHere(index, root: root, now: now)
        if self.wishes[index]?.root == root {
            self.wishes[index] = nil
        }
        self.reconsider(index, now: now)
        self.closeIfComplete(now: now)
        return self.finish(now: now)
    }

    /// The disk that keeps this job's records and pixels takes none, or does again.
    ///
    /// - Parameter trouble: What is wrong and what to do, in a sentence; nothing when all is well.
    public mutating func storageChanged(trouble: String?, now: Instant) -> [Action] {
        self.storageTrouble = trouble
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

    /// The session with a peer began: when it is a steward too, or was one, both may have records that the other lacks.
    public mutating func peerConnected(_ peer: PeerID, now: Instant) -> [Action] {
        guard self.phase != .receiving, self.siblings[peer] != nil else { return [] }
        var message = self.emptyMessage(now: now)
        message.buckets = self.ledger.summary.buckets
        self.siblings[peer]?.comparedAt = now
        self.siblings[peer]?.comparisons = 0
        self.tell(message, to: peer)
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

    /// What the submitter wants, a signed ``JobOrder``, or has, a ``FrameSeal``; whoever brings it.
    ///
    /// - Returns: Nothing when the record is neither, or not by the submitter.
    public mutating func handleOrder(_ record: SignedRecord, now: Instant) -> [Action]? {
        let id = record.id
        guard !self.ledger.contains(id) else { return [] }
        let decoded: GridRecord
        switch self.ledger.examine(record) {
        case .success(let body): decoded = body
        case .failure(let refusal): return refusal.isSpent ? [] : nil
        }
        switch decoded {
        case .jobOrder, .frameSeal: break
        default: return nil
        }
        _ = self.ledger.insert(record, id: id, decoded: decoded)
        self.actions.append(.persist(record))
        self.spread(id)
        if case .frameSeal(let seal) = decoded {
            self.adoptSeal(frame: seal.frame - self.plan.firstFrame, now: now)
        } else {
            self.obey(now: now)
        }
        return self.finish(now: now)
    }

    /// Does what the submitter last wanted.
    mutating func obey(now: Instant) {
        guard !self.hasEnded else { return }
        self.mustTellStatus = true
        switch self.ledger.lastOrder.state {
        case .running: self.mustServeParked = true
        case .paused: break
        case .cancelled: self.end(.cancelled, now: now)
        }
    }

    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] {
        while let timer = self.timers.popDue(now: now) {
            guard !self.hasEnded || timer.isForSiblings else { continue }
            switch timer {
            case .lease(let worker, let unit):
                self.leaseFallsDue(unit, of: worker, now: now)
            case .parked(let worker, let requestID):
                if let parked = self.workers[worker].parked, parked.requestID == requestID {
                    _ = self.unpark(worker)
                    if let grant = self.grant(for: worker, parked, mustAnswer: true, now: now) {
                        self.actions.append(.respond(requestID: requestID, grant))
                    }
                }
            case .disconnected(let worker):
                if let since = self.workers[worker].disconnectedAt,
                    since.advanced(by: self.settings.disconnectGrace) <= now
                {
                    if self.isAnyoneMissed(now: now) {
                        for lease in self.workers[worker].leases { self.awaitCopy(of: lease.unit) }
                    }
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
                self.mayHelp = true
            case .beat:
                self.timers.set(
                    .beat,
                    at: now.advanced(by: self.hasEnded ? self.settings.beatAfterEnd : self.settings.beat)
                )
                self.shareOut(now: now)
                self.scanCopies(now: now)
                self.beat(now: now)
                self.keepRoster(now: now)
                self.askAround(now: now)
                self.remind(now: now)
                self.offerAgain(now: now)
            case .flush:
                self.isFlushTimerSet = false
                self.mustFlush = false
                self.flush(now: now)
            case .receipts:
                self.isReceiptTimerSet = false
                self.signReceipts(now: now)
                self.flush(now: now)
            case .synced:
                self.waitForSiblings(now: now)
            case .close(let frame):
                if self.frames[frame].unitsLeft == 0, !self.frames[frame].isFinal {
                    self.close(frame: frame)
                }
            case .copy(let unit, let attempts):
                if self.copies[unit]?.attempts == attempts {
                    self.sendCopy(unit, now: now)
                }
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
    mutating func finish(now: Instant) -> [Action] {
        self.closeIfComplete(now: now)
        self.compact()
        self.sendWaitingCopies(now: now)
        if !self.hasEnded {
            self.serveParked(now: now)
            self.askForUnits(now: now)
            self.tellAdopted(now: now)
            if !self.parkedWorkers.isEmpty, self.counts.leases > 0 || self.isShared, !self.isSpeculationTimerSet {
                self.isSpeculationTimerSet = true
                self.timers.set(.speculate, at: now.advanced(by: Self.recount))
            }
        }
        if self.mustFlush, !self.isFlushTimerSet {
            self.isFlushTimerSet = true
            self.timers.set(.flush, at: now.advanced(by: self.settings.pushDelay))
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
        guard self.phase == .running, self.counts.finalFrames == self.frames.count, self.lost.isEmpty else { return }
        self.end(.complete, now: now)
        self.actions.append(.jobComplete)
    }

    private mutating func end(_ phase: JobStatus.Phase, now: Instant) {
        self.phase = phase
        self.endedAt = now
        self.mustTellStatus = true
        for place in self.parkedWorkers {
            if let parked = self.workers[place.worker].parked {
                self.workers[place.worker].parked = nil
                self.actions.append(.respond(requestID: parked.requestID, self.closedGrant))
            }
        }
        self.parkedWorkers = []
        self.timers = TimerQueue()
        self.isFlushTimerSet = false
        self.borrowed = [:]
        self.ceded = [:]
        self.isBeatTimerSet = false
        self.keepBeating(now: now)
        self.isReceiptTimerSet = false
        if self.isShared {
            for index in self.unsignedReceipts { self.promiseReceipt(of: index, now: now) }
            for index in self.copies.keys.sorted() {
                self.endCopy(index, now: now)
                self.wantCopy(index, now: now)
            }
        }
    }

    /// Makes the state of all units from the records and the pixels that an earlier steward left.
    private mutating func rebuild(now: Instant) {
        var claimed: [PeerID: [Int]] = [:]
        for index in self.units.indices {
            for worker in Set(self.ledger.claims[index].map(\.worker)) {
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
        self.mustScanCopies = true
        for index in self.units.indices {
            self.reconsider(index, now: now)
        }
    }

    /// The number of a unit's frame, from 0.
    func frame(of index: Int) -> Int {
        index / self.plan.unitsPerFrame
    }

    /// The worker's number; a new one unless there are too many.
    mutating func worker(for peer: PeerID) -> Int? {
        if let known = self.workerIndex[peer] { return known }
        guard self.workers.count < Self.workersMax else { return nil }
        self.workers.append(WorkerState(peer: peer))
        self.workerIndex[peer] = self.workers.count - 1
        self.mustTellStatus = true
        return self.workers.count - 1
    }

    mutating func unpark(_ worker: Int) -> Parked? {
        guard let parked = self.workers[worker].parked else { return nil }
        self.workers[worker].parked = nil
        return parked
    }
}
