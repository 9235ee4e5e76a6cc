public import GridWire

extension Steward {
    /// Who signed the manifest.
    public var submitter: PeerID {
        self.manifestRecord.signer
    }

    /// The frames that are final, ascending.
    public var finalFrames: [Int] {
        self.frames.indices.filter { self.frames[$0].isFinal }.map { self.plan.firstFrame + $0 }
    }

    /// Where the job stands.
    public func status(now: Instant) -> JobStatus {
        JobStatus(
            job: self.job,
            revision: self.revision,
            phase: self.phase,
            unitsTotal: self.plan.unitCount,
            unitsRendered: self.counts.rendered,
            unitsVerified: self.counts.stored,
            finalFrames: self.finalFrames,
            activeWorkers: self.hasEnded ? 0 : self.activeWorkers(now: now),
            waitingFor: self.waitingFor(now: now),
            burned: self.ledger.burned.prefix(WireLimits.burnedMax).map(\.worker),
            stewards: self.roster.stewards,
            order: self.ledger.lastOrder
        )
    }

    /// All that is known here of the first unit that is not stored, for whoever wonders why a job does not end.
    package var accountOfFirstOpenUnit: String {
        self.units.indices.first { self.units[$0].phase != .stored }.map { self.account(of: $0) } ?? ""
    }

    /// All that is known here of a unit, for whoever wonders what became of it.
    package func account(of unit: UnitID) -> String {
        self.plan.index(of: unit).map { self.account(of: $0) } ?? "no unit of the job"
    }

    private func account(of index: Int) -> String {
        let state = self.units[index]
        let claims = self.ledger.claims[index].map {
            "\($0.worker.shortDescription):\($0.root.shortDescription)\(self.ledger.burn(of: $0.worker) == nil ? "" : "(burned)")"
        }
        let receipts = self.ledger.receipts[index].map(\.holder.shortDescription)
        return "unit \(index) \(state.phase) at \(state.place), holders \(state.holders), missing \(state.missing), "
            + "mine \(self.isMine(index)), home \(self.isHome(index)), borrowed \(self.borrowed[index] != nil), "
            + "ceded to \(self.ceded[index, default: []].map(\.to.shortDescription)), claims \(claims), receipts \(receipts), "
            + "wish \(self.wishes[index].map { "\($0)" } ?? "none"), dispute \(self.disputes[index].map { "\($0)" } ?? "none"), "
            + "stored here \(self.storedRoots[index]?.shortDescription ?? "no"), copy \(self.copies[index] != nil), live \(self.live.map(\.shortDescription))"
    }

    /// Shows whether two stewards hold the same records.
    package var recordSummary: Digest {
        self.ledger.summary.digest
    }

    /// What to tell peers of the job: when a session begins, when the job starts, and when it ends.
    public var offer: JobOffer {
        JobOffer(
            manifest: self.manifestRecord,
            openPerMille: 1_000 * (self.plan.unitCount - self.counts.stored) / self.plan.unitCount,
            isClosed: self.hasEnded,
            rosterNumber: self.roster.number,
            stewards: self.roster.stewards,
            isProvisional: self.roster.isProvisional,
            priority: self.ledger.lastOrder.priority,
            secondsLeft: self.hasEnded ? 0 : self.secondsLeft,
            rosterProof: self.ledger.roster == nil ? self.formerProof : self.ledger.rosters.proof
        )
    }

    /// The workers that ask this steward or another one.
    private func activeWorkers(now: Instant) -> Int {
        self.live.reduce(self.workers.indices.count { self.isActive($0, now: now) }) {
            $0 + (self.siblings[$1]?.activeWorkers ?? 0)
        }
    }

    /// The most bytes of records in one answer, beyond those about its last unit.
    private static let evidenceBytesMax = 2 << 20

    /// The records that let anyone judge a frame, see ``FrameVerdict``, as many as one answer holds; none while the frame
    /// is not final.
    ///
    /// These are the frame's final record, two agreeing batches for each unit, and what proves a worker wrong in it; of a
    /// sealed frame the seal and the final record that it names.
    ///
    /// - Parameters:
    ///   - frame: the frame number.
    ///   - firstUnit: the first unit that the answer is about, counted within the frame.
    ///   - recordsMax: the most records of the answer.
    /// - Returns: The records, and the unit to ask for next unless that was all.
    public func evidence(
        ofFrame frame: Int,
        from firstUnit: Int = 0,
        recordsMax: Int = WireLimits.evidenceRecordsMax - 1
    ) -> (records: [SignedRecord], nextUnit: Int?) {
        guard let final = self.ledger.finalRecord(ofFrame: frame), self.plan.frames.contains(frame) else {
            return ([], nil)
        }
        if let seal = self.ledger.seals[frame] {
            return ([seal.id, seal.final].compactMap { self.ledger[$0] }, nil)
        }
        var records: [SignedRecord] = []
        var size = 0
        var chosen: Set<RecordID> = []
        func choose(_ id: RecordID) {
            guard chosen.insert(id).inserted, let record = self.ledger[id] else { return }
            records.append(record)
            size += record.body.count
        }
        choose(final)
        // However many lied, there must be room for those who did not.
        for id in self.proofs(ofFrame: frame) where records.count < recordsMax / 2 { choose(id) }
        let units = self.plan.units(ofFrame: frame)
        for (place, index) in units.enumerated().dropFirst(firstUnit) {
            if place > firstUnit, records.count + 2 > recordsMax || size > Self.evidenceBytesMax {
                return (records, place)
            }
            guard let camp = UnitVerdict.Camp.camps(of: self.ledger.countedClaims(ofUnitAt: index)).first else {
                continue
            }
            // Batches that are there already first, so that the answer stays small.
            let known = camp.claims.filter { chosen.contains($0.batch) }
            let others = camp.claims.filter { !chosen.contains($0.batch) }
            for claim in (known + others).prefix(2) {
                choose(claim.batch)
            }
        }
        return (records, nil)
    }

    /// What proves workers wrong in a frame.
    private func proofs(ofFrame frame: Int) -> [RecordID] {
        self.ledger.burned.flatMap { burn -> [RecordID] in
            // Who was trusted by the steward that closed the frame stays so in it, though another one knew better.
            guard case .wrongLeaf(let unit, _) = burn.offence, unit.frame == frame,
                self.ledger.finals[frame]?.workers?.contains(burn.worker) == false,
                case .fraudProof(let proof) = try? self.ledger[burn.evidence]?.decodedBody()
            else { return [] }
            return [proof.batch] + proof.witnesses + [burn.evidence]
        }
    }

    /// Why nothing moves, in a sentence for people; empty when work goes on.
    func waitingFor(now: Instant) -> String {
        switch self.phase {
        case .complete, .cancelled: return ""
        case .receiving: return "the scene is still being received"
        case .running: break
        }
        if let trouble = self.storageTrouble { return trouble }
        if self.ledger.lastOrder.state == .paused { return "its submitter paused it" }
        guard self.isActing else { return "other nodes keep this job now" }
        guard self.counts.leases == 0 else { return "" }
        guard self.live.allSatisfy({ self.siblings[$0]?.activeWorkers ?? 0 == 0 }) else { return "" }
        // Two tell as much as thousands.
        var active: [Int] = []
        for worker in self.workers.indices where self.isActive(worker, now: now) {
            active.append(worker)
            if active.count == 2 { break }
        }
        guard let first = active.first else {
            return "no node is working for this job; start one with `tessera node`"
        }
        if let index = self.disputes.keys.min() {
            return self.disputes[index]?.referee == nil
                ? "two nodes disagree about unit \(self.plan.unit(at: index)); a third node must settle it"
                : ""
        }
        if self.counts.copiesMissing > 0 {
            if active.count == 1 {
                return "every result is checked by a second node, and only \(self.workers[first].peer) is working"
            }
            return "the nodes that are working have done their part; another one must check it"
        }
        if !self.lost.isEmpty {
            return "\(self.lost.count) finished units are rendered again, since all nodes are gone that stored them"
        }
        if !self.wishes.isEmpty {
            return "the pixels of \(self.wishes.count) units are on their way"
        }
        return ""
    }

    /// The job as the faces show it.
    ///
    /// - Complexity: O(tiles of the listed frames + workers).
    public func snapshot(now: Instant) -> JobSnapshot {
        let seconds = (self.startedAt?.duration(to: self.endedAt ?? now) ?? .zero).seconds
        let rate = self.hasEnded ? 0 : self.startedAt.map { self.history.rate(now: now, startedAt: $0) } ?? 0
        let left = self.plan.unitCount - self.counts.stored
        return JobSnapshot(
            id: self.job.description,
            title: self.manifest.title,
            phase: "\(self.phase)",
            role: .steward,
            steward: self.settings.me.description,
            width: self.manifest.width,
            height: self.manifest.height,
            samples: self.manifest.samples,
            memory: self.manifest.memory,
            tilesAcross: self.plan.geometry.tilesAcross,
            tilesDown: self.plan.geometry.tilesDown,
            frameCount: self.plan.frameCount,
            frames: self.listedFrames.map { frame in
                JobSnapshot.Frame(
                    number: self.plan.firstFrame + frame,
                    isFinal: self.frames[frame].isFinal,
                    tiles: self.tiles(ofFrame: self.plan.firstFrame + frame)
                )
            },
            finalFrames: self.finalFrames,
            unitsTotal: self.plan.unitCount,
            unitsRendered: self.counts.rendered,
            unitsVerified: self.counts.stored,
            workers: self.workers.indices.map { worker in
                let state = self.workers[worker]
                return JobSnapshot.WorkerShare(
                    peerID: state.peer.description,
                    verifiedUnits: state.verifiedUnits,
                    workCount: state.workCount,
                    heldUnits: state.leases.count,
                    isActive: !self.hasEnded && self.isActive(worker, now: now),
                    isBurned: state.isBurned
                )
            },
            burned: self.ledger.burned.map(\.worker.description),
            seconds: seconds,
            unitsPerSecond: rate,
            secondsLeft: rate > 0 ? Double(left) / rate : nil,
            waitingFor: self.waitingFor(now: now),
            priority: self.ledger.lastOrder.priority,
            deadline: self.ledger.lastOrder.deadline > 0 ? Double(self.ledger.lastOrder.deadline) / 1_000 : nil,
            recordCount: self.ledger.summary.count,
            recordSummary: self.recordSummary.description
        )
    }

    /// All frames, or of a long job those from a little before the first that is not final.
    private var listedFrames: Range<Int> {
        guard self.frames.count > JobSnapshot.framesMax else { return 0 ..< self.frames.count }
        let current = self.frames.firstIndex { !$0.isFinal } ?? self.frames.count
        let first = min(max(0, current - JobSnapshot.framesMax / 4), self.frames.count - JobSnapshot.framesMax)
        return first ..< (first + JobSnapshot.framesMax)
    }

    private func tiles(ofFrame frame: Int) -> String {
        var text: [UInt8] = []
        for tile in 0 ..< self.plan.geometry.tileCount {
            let states = self.units[self.plan.units(ofTile: tile, inFrame: frame)]
            if states.contains(where: { $0.phase == .disputed }) {
                text.append(UInt8(ascii: "d"))
            } else if states.allSatisfy({ $0.phase == .stored }) {
                text.append(UInt8(ascii: "v"))
            } else if states.contains(where: \.isRendered) {
                text.append(UInt8(ascii: "r"))
            } else {
                text.append(UInt8(ascii: " "))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
