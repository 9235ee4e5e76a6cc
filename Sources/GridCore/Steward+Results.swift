import GridWire

extension Steward {
    /// Takes what a worker reports.
    mutating func take(_ request: LeaseRequest, from worker: Int, now: Instant) {
        var leaves: [UnitID: [Digest]] = [:]
        for entry in request.leaves.prefix(WireLimits.unitsMax) {
            leaves[entry.unit] = entry.leaves
        }
        for record in request.records.prefix(WireLimits.requestRecordsMax) {
            guard record.signer == self.workers[worker].peer, !self.workers[worker].isBurned else { continue }
            switch record.kind {
            case .resultBatch: self.takeBatch(record, leaves: leaves, from: worker, now: now)
            case .auditReport: self.takeReport(record, from: worker, now: now)
            case .jobManifest, .fraudProof, .frameFinal, .rosterEpoch, .storeReceipt, .jobOrder, .frameSeal: continue
            }
        }
        guard !self.workers[worker].isBurned else { return }
        for unit in request.lostPixels.prefix(WireLimits.unitsMax) {
            if let index = self.plan.index(of: unit) {
                self.pixelsAreMissing(index, at: worker, now: now)
            }
        }
        self.renew(request.holding, of: worker, now: now)
    }

    /// Takes a batch as a whole or not at all, since its signature covers the whole.
    private mutating func takeBatch(_ record: SignedRecord, leaves: [UnitID: [Digest]], from worker: Int, now: Instant)
    {
        let id = record.id
        guard !self.ledger.contains(id) else { return }
        let decoded: GridRecord
        switch self.ledger.examine(record) {
        case .success(let body): decoded = body
        case .failure(let refusal):
            if refusal.isSpent { self.releaseSealed(record, worker) }
            return
        }
        guard case .resultBatch(let batch) = decoded else { return }
        let indices = batch.results.compactMap { self.plan.index(of: $0.unit) }
        let isWelcome = self.isWelcome(batch, indices, leaves: leaves, from: worker)
        let peer = self.workers[worker].peer
        for index in indices where isWelcome || self.ledger.hasClaim(onUnitAt: index, by: peer) {
            self.useLoan(of: index, by: worker)
            self.removeLease(index, of: worker)
        }
        guard isWelcome else {
            self.workers[worker].released += indices.filter { self.isDone($0) }
            return
        }
        for (index, result) in zip(indices, batch.results) {
            if let known = leaves[result.unit], !self.frames[self.frame(of: index)].isFinal {
                self.leaves.insert(known, root: result.pixelRoot, unit: index)
            }
        }
        _ = self.ledger.insert(record, id: id, decoded: decoded)
        self.actions.append(.persist(record))
        self.spread(id)
        self.workers[worker].claimed += indices
        self.spentWork.add(batch.results)
        for index in indices {
            if self.isDone(index) {
                self.workers[worker].released.append(index)
            }
            self.pixelsAppear(index, at: worker, now: now)
            self.reconsider(index, now: now)
        }
        self.applyBurns(now: now)
    }

    private func isWelcome(
        _ batch: ResultBatch,
        _ indices: [Int],
        leaves: [UnitID: [Digest]],
        from worker: Int
    ) -> Bool {
        let peer = self.workers[worker].peer
        var isNews = false
        for (index, result) in zip(indices, batch.results) {
            if let leavesOfUnit = leaves[result.unit] {
                guard leavesOfUnit.count == result.unit.blockCount, MerkleTree(leavesOfUnit).root == result.pixelRoot
                else { return false }
            } else if !self.roster.isProvisional {
                // Only to whoever stands in for lost stewards batches are told again, long after their leaves are gone.
                return false
            }
            if self.frames[self.frame(of: index)].isFinal {
                // A closed frame is not argued about any more, and must not look disputed in the ledger.
                guard case .accepted(let root, _) = self.ledger.verdict(ofUnitAt: index), root == result.pixelRoot
                else { return false }
                isNews = isNews || self.wishes[index]?.isRedo == true
                continue
            }
            isNews =
                isNews || self.wishes[index]?.isRedo == true
                || !self.ledger.hasClaim(onUnitAt: index, by: peer, root: result.pixelRoot)
        }
        return isNews
    }

    /// Brings a unit's state in line with the records.
    mutating func reconsider(_ index: Int, now: Instant) {
        guard !self.frames[self.frame(of: index)].isFinal else { return }
        let camps = UnitVerdict.Camp.camps(of: self.ledger.countedClaims(ofUnitAt: index))
        let verdict = UnitVerdict(of: camps)
        let isArguable = self.isArguable(camps, index)
        self.wantLeaves(index, camps, isArguable: isArguable)
        let missing =
            switch verdict {
            case .pending, .committed: 2 - camps.count
            case .disputed: isArguable ? 0 : 1
            case .accepted: 0
            }
        self.counts.copiesMissing += missing - self.units[index].missing
        self.units[index].missing = missing
        if missing == 0, !self.orphaned.isEmpty { self.orphaned.remove(index) }
        if camps.isEmpty == self.units[index].isRendered {
            self.counts.rendered += camps.isEmpty ? -1 : 1
            self.units[index].isRendered = !camps.isEmpty
            self.mustTellStatus = true
        }
        // Consequences last: they may bring this unit up again.
        if isArguable {
            self.setPhase(.disputed, of: index, now: now)
            self.replace(index)
            self.openDispute(index, now: now)
            return
        }
        if !self.disputes.isEmpty { self.disputes[index] = nil }
        switch verdict {
        case .pending, .committed: self.setPhase(.open, of: index, now: now)
        case .disputed: self.setPhase(.disputed, of: index, now: now)
        case .accepted(let root, _): self.accept(index, root: root, now: now)
        }
        self.replace(index)
        if camps.count == 1 { self.sortByCost(index) }
    }

    private mutating func accept(_ index: Int, root: Digest, now: Instant) {
        self.reviewPixels(index, root: root, now: now)
        if self.isKept(index, root: root) {
            self.reviewLoss(of: index, root: root, now: now)
            if !self.lost.contains(index) {
                self.wishes[index] = nil
                self.cancelHolders(of: index)
            }
            if self.units[index].phase == .stored {
                self.credit(index)
            } else {
                self.setPhase(.stored, of: index, now: now)
            }
            return
        }
        self.setPhase(.accepted, of: index, now: now)
        guard self.storedRoots[index] == nil else {
            // A second holder is missing.
            self.wishes[index] = nil
            self.cancelHolders(of: index)
            return
        }
        guard self.wishes[index]?.root != root else { return }
        self.cancelHolders(of: index)
        if self.isMine(index) || self.isHome(index) || self.hasActiveClaimant(index, root: root, now: now) {
            self.wishes[index] = PixelWish(root: root)
            self.chooseHolder(ofPixels: index, now: now)
        }
    }

    /// Tells those who render a unit that nobody needs it any more.
    mutating func cancelHolders(of index: Int) {
        for worker in self.units[index].holders {
            self.removeLease(index, of: worker)
            self.workers[worker].cancelled.append(index)
        }
    }

    private mutating func setPhase(_ phase: UnitPhase, of index: Int, now: Instant) {
        let old = self.units[index].phase
        guard old != phase else { return }
        let frame = self.frame(of: index)
        self.mustTellStatus = true
        switch old {
        case .stored:
            self.frames[frame].unitsLeft += 1
            self.counts.stored -= 1
            self.uncredit(index)
            if self.lost.remove(index) != nil { self.wishes[index] = nil }
        case .accepted:
            self.wishes[index] = nil
        case .open, .disputed:
            break
        }
        self.units[index].phase = phase
        switch phase {
        case .stored:
            self.frames[frame].unitsLeft -= 1
            self.counts.stored += 1
            self.credit(index)
            self.release(index)
            if !self.isRebuilding {
                self.history.add(now: now)
                self.tellTile(of: index)
            }
            if self.frames[frame].unitsLeft == 0 {
                // One steward closes, so that the frame has one final record; the others see to it that it does.
                if !self.isShared || self.live.isEmpty || self.live[frame % self.live.count] == self.settings.me {
                    self.close(frame: frame)
                } else {
                    self.timers.set(.close(frame: frame), at: now.advanced(by: self.settings.closeGrace))
                }
            }
        case .open, .accepted, .disputed:
            // Pixels stay until others are accepted in their place: receipts name this node as their holder.
            break
        }
    }

    private mutating func credit(_ index: Int) {
        self.uncredit(index)
        guard
            let camp = UnitVerdict.Camp.camps(of: self.ledger.countedClaims(ofUnitAt: index)).first,
            let workCount = camp.claims.map(\.workCount).min()
        else { return }
        self.units[index].workCount = workCount
        for claim in camp.claims {
            guard let worker = self.workerIndex[claim.worker] else { continue }
            self.units[index].credited.append(worker)
            self.workers[worker].verifiedUnits += 1
            self.workers[worker].workCount = self.workers[worker].workCount.addingClamped(workCount)
        }
    }

    private mutating func uncredit(_ index: Int) {
        let workCount = self.units[index].workCount
        for worker in self.units[index].credited {
            self.workers[worker].verifiedUnits -= 1
            self.workers[worker].workCount -= min(workCount, self.workers[worker].workCount)
        }
        self.units[index].credited = []
    }

    /// Lets the workers forget the pixels of a unit.
    mutating func release(_ index: Int) {
        for claim in self.ledger.claims[index] {
            // Who does not ask here learns it where it asks.
            if let worker = self.workerIndex[claim.worker], !self.workers[worker].isBurned,
                !self.isShared || self.workers[worker].lastNews != nil
            {
                self.workers[worker].released.append(index)
            }
        }
    }

    private mutating func tellTile(of index: Int) {
        let unit = self.plan.unit(at: index)
        let units = self.plan.units(ofTile: unit.tile, inFrame: unit.frame)
        if units.allSatisfy({ self.units[$0].phase == .stored }) {
            self.actions.append(.tileVerified(frame: unit.frame, tile: unit.tile))
        }
    }

    /// Signs the frame's final record: each worker's share is the sum over its units, and of the counts that agreeing
    /// workers state for a unit the least is taken, so that overstating gains nothing.
    mutating func close(frame: Int) {
        let indices = (frame * self.plan.unitsPerFrame) ..< ((frame + 1) * self.plan.unitsPerFrame)
        var roots: [UInt8] = []
        var work: [PeerID: UInt64] = [:]
        for index in indices {
            // While the units of a worker that was just proved wrong are looked at one after the other, a unit that comes
            // later may count as stored and is not accepted any more. The frame is closed when that one is stored again.
            guard case .accepted = self.ledger.verdict(ofUnitAt: index),
                let camp = UnitVerdict.Camp.camps(of: self.ledger.countedClaims(ofUnitAt: index)).first
            else { return }
            roots += camp.root.bytes
            let workCount = camp.claims.map(\.workCount).min() ?? 0
            for claim in camp.claims {
                work[claim.worker] = (work[claim.worker] ?? 0).addingClamped(workCount)
            }
        }
        let shares = work.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(WireLimits.frameWorkersMax)
            .map { FrameFinal.WorkShare(worker: $0.key, workCount: $0.value) }
            .sorted { $0.worker < $1.worker }
        let number = self.plan.firstFrame + frame
        let final = FrameFinal(job: self.job, frame: number, framePixels: Digest(hashing: roots), work: shares)
        self.insertOwn(.frameFinal(final))
        self.frames[frame].isFinal = true
        self.counts.finalFrames += 1
        for index in indices {
            self.leaves.remove(unit: index)
            self.wantedLeaves.remove(index)
        }
        self.actions.append(.frameFinal(number))
    }

    /// Takes note that another steward closed a frame.
    mutating func adoptFinal(frame: Int, now: Instant) {
        guard self.frames.indices.contains(frame), !self.frames[frame].isFinal,
            self.ledger.isFinal(frame: self.plan.firstFrame + frame)
        else { return }
        for index in (frame * self.plan.unitsPerFrame) ..< ((frame + 1) * self.plan.unitsPerFrame) {
            self.disputes[index] = nil
            if !self.lost.contains(index) {
                self.cancelHolders(of: index)
                self.wishes[index] = nil
                self.borrowed[index] = nil
                self.ceded[index] = nil
            }
            self.counts.copiesMissing -= self.units[index].missing
            self.units[index].missing = 0
            if !self.units[index].isRendered {
                self.units[index].isRendered = true
                self.counts.rendered += 1
            }
            if self.units[index].phase != .stored {
                self.units[index].phase = .stored
                self.counts.stored += 1
                self.release(index)
            }
            self.credit(index)
            self.replace(index)
            self.leaves.remove(unit: index)
            self.wantedLeaves.remove(index)
            if case .accepted(let root, _) = self.ledger.verdict(ofUnitAt: index) {
                self.reviewPixels(index, root: root, now: now)
            }
        }
        self.creditSealed(frame: frame)
        self.frames[frame].unitsLeft = 0
        self.frames[frame].isFinal = true
        self.counts.finalFrames += 1
        self.mustTellStatus = true
        // Whoever closed it may have heard of holders that are not to be heard here.
        self.mustScanCopies = self.mustScanCopies || self.live.count < self.roster.stewards.count
        self.actions.append(.frameFinal(self.plan.firstFrame + frame))
    }

    /// Whether a worker that asks here has the pixels.
    private func hasActiveClaimant(_ index: Int, root: Digest, now: Instant) -> Bool {
        self.ledger.countedClaims(ofUnitAt: index).contains { claim in
            claim.root == root && self.workerIndex[claim.worker].map { self.isActive($0, now: now) } ?? false
        }
    }

    /// Marks a frame that an earlier steward closed.
    mutating func closeAgain(frame: Int) {
        for index in (frame * self.plan.unitsPerFrame) ..< ((frame + 1) * self.plan.unitsPerFrame) {
            self.units[index].phase = .stored
            self.units[index].isRendered = true
            self.credit(index)
            self.release(index)
        }
        self.creditSealed(frame: frame)
        self.counts.rendered += self.plan.unitsPerFrame
        self.counts.stored += self.plan.unitsPerFrame
        self.counts.finalFrames += 1
        self.frames[frame].unitsLeft = 0
        self.frames[frame].isFinal = true
    }

    /// Draws the consequences for workers that the records now prove wrong.
    mutating func applyBurns(now: Instant) {
        guard self.ledger.burns.count != self.counts.burned else { return }
        for burn in self.ledger.burned {
            guard let worker = self.worker(for: burn.worker), !self.workers[worker].isBurned else { continue }
            self.workers[worker].isBurned = true
            self.counts.burned += 1
            self.mustTellStatus = true
            self.actions.append(.workerBurned(burn))
            self.releaseLeases(of: worker)
            if let parked = self.workers[worker].parked {
                self.workers[worker].parked = nil
                self.actions.append(.respond(requestID: parked.requestID, self.closedGrant))
            }
            self.workers[worker].cancelled = []
            self.workers[worker].released = []
            self.workers[worker].pixels = []
            self.workers[worker].audits = []
            for index in self.workers[worker].claimed {
                self.reconsider(index, now: now)
            }
            for index in self.wishes.keys.sorted() where self.wishes[index]?.holder == worker {
                self.chooseHolder(ofPixels: index, now: now)
            }
            self.dismissReferee(worker, now: now)
        }
        self.resumeWaitingDisputes(now: now)
    }
}
