import GridWire

extension Steward {
    /// Whether the submitter has the unit's frame.
    func isSealed(_ index: Int) -> Bool {
        self.ledger.isSealed(frame: self.plan.firstFrame + self.frame(of: index))
    }

    /// Has the disk forget what a seal or a proof made superfluous, done after every input.
    mutating func compact() {
        for proof in self.ledger.missingProofs {
            self.insertOwn(.fraudProof(proof))
        }
        let dropped = self.ledger.takeDropped()
        if !dropped.isEmpty {
            self.actions.append(.forget(dropped))
        }
    }

    /// Takes note that the submitter has a frame: it is final, and nobody need hold its pixels for it any longer.
    mutating func adoptSeal(frame: Int, now: Instant) {
        guard self.phase != .receiving, self.frames.indices.contains(frame) else { return }
        for index in (frame * self.plan.unitsPerFrame) ..< ((frame + 1) * self.plan.unitsPerFrame) {
            self.endLoss(of: index)
        }
        self.adoptFinal(frame: frame, now: now)
        for index in (frame * self.plan.unitsPerFrame) ..< ((frame + 1) * self.plan.unitsPerFrame) {
            self.endCopy(index, now: now)
            self.unsignedReceipts.remove(index)
        }
    }

    /// Tells a worker that brings results of sealed frames that nobody needs them.
    mutating func releaseSealed(_ record: SignedRecord, _ worker: Int) {
        guard case .resultBatch(let batch) = try? record.decodedBody() else { return }
        for index in batch.results.compactMap({ self.plan.index(of: $0.unit) }) {
            self.removeLease(index, of: worker)
            self.workers[worker].released.append(index)
        }
    }

    /// Counts the work of those who are named in the final record of a sealed frame, whose batches are gone.
    mutating func creditSealed(frame: Int) {
        let number = self.plan.firstFrame + frame
        guard self.ledger.isSealed(frame: number), let final = self.ledger.frameFinal(ofFrame: number)?.final else {
            return
        }
        for share in final.work {
            guard let worker = self.worker(for: share.worker) else { continue }
            self.workers[worker].workCount = self.workers[worker].workCount.addingClamped(share.workCount)
        }
    }

    /// Ids in the order in which records are sent: seals before all else, so that the other side need not ask for what they
    /// make superfluous.
    func sealsFirst(_ ids: [RecordID]) -> [RecordID] {
        let ids = ids.sorted()
        guard !self.ledger.seals.isEmpty else { return ids }
        return ids.filter { self.ledger[$0]?.kind == .frameSeal } + ids.filter { self.ledger[$0]?.kind != .frameSeal }
    }
}
