public import GridWire

extension Steward {
    /// A copy of pixels that a sibling is to hold too.
    struct CopyWish: Sendable {
        var attempts = 0
    }

    /// How many holders the pixels of a unit need.
    private var holdersNeeded: Int {
        min(self.settings.holders, max(1, self.live.count))
    }

    /// Who has the pixels of a unit on its disk, as the records say; of itself a node knows better, since a disk may have been
    /// changed while it was down.
    func holders(_ index: Int, root: Digest) -> [PeerID] {
        var holders = self.ledger.holders(ofUnitAt: index, root: root)
        if self.storedRoots[index] != root { holders.removeAll { $0 == self.settings.me } }
        return holders
    }

    /// Whether one of those is meant.
    func isHeld(_ index: Int, root: Digest, by isMeant: (PeerID) -> Bool) -> Bool {
        self.ledger.isHeld(unitAt: index, root: root) { peer in
            (peer != self.settings.me || self.storedRoots[index] == root) && isMeant(peer)
        }
    }

    /// Whether enough stewards, or the submitter, have the pixels on their disks.
    func isKept(_ index: Int, root: Digest) -> Bool {
        guard self.isShared else { return self.storedRoots[index] == root }
        let (submitter, stewards) = (self.ledger.submitter, self.roster.stewards)
        var count = 0
        let hasSubmitter = self.isHeld(index, root: root) { peer in
            if stewards.contains(peer) { count += 1 }
            return peer == submitter
        }
        return hasSubmitter || count >= self.holdersNeeded
    }

    /// Whether a steward that is there has the pixels.
    func isHeldByLive(_ index: Int, root: Digest) -> Bool {
        self.isHeld(index, root: root) { self.live.contains($0) }
    }

    /// The peers that have the pixels of a unit on their disks, as far as the records say.
    public func holders(of unit: UnitID) -> [PeerID] {
        guard let index = self.plan.index(of: unit), case .accepted(let root, _) = self.ledger.verdict(ofUnitAt: index)
        else { return [] }
        // Nobody counts the holders of a frame that the submitter has; its stewards may have it still.
        guard !self.isSealed(index) else { return self.roster.stewards }
        return self.holders(index, root: root)
    }

    /// How long a receipt waits for others: a two-hundredth of what the job still takes, as the results of workers do.
    ///
    /// Each is a record that every steward checks and keeps.
    private var receiptDelay: Duration {
        min(max(self.settings.pushDelay, .seconds(Double(self.secondsLeft) / 200)), self.settings.receiptDelayMax)
    }

    /// Sees to it that what came to this node's disk is told of.
    mutating func promiseReceipt(of index: Int, now: Instant) {
        self.unsignedReceipts.insert(index)
        guard !self.isReceiptTimerSet else { return }
        self.isReceiptTimerSet = true
        self.timers.set(.receipts, at: now.advanced(by: self.receiptDelay))
    }

    /// The pixels that this node has on its disk but not yet said so.
    mutating func signReceipts(now: Instant) {
        guard self.isShared else { return }
        while !self.unsignedReceipts.isEmpty {
            let part = self.unsignedReceipts.sorted().prefix(StoreReceipt.itemsMax)
            var items: [StoreReceipt.Item] = []
            for index in part {
                self.unsignedReceipts.remove(index)
                guard !self.isSealed(index), let root = self.storedRoots[index] else { continue }
                items.append(StoreReceipt.Item(unit: self.plan.unit(at: index), rootStart: root.start))
            }
            guard !items.isEmpty else { continue }
            self.insertOwn(.storeReceipt(StoreReceipt(job: self.job, items: items)))
            for index in part {
                self.reconsider(index, now: now)
                self.wantCopy(index, now: now)
            }
        }
    }

    /// The pixels of a unit are on this node's disk, and its results agree on them.
    mutating func pixelsAreHere(_ index: Int, root: Digest, now: Instant) {
        self.endLoss(of: index)
        guard self.isShared, !self.isSealed(index) else { return }
        if !self.isHeld(index, root: root, by: { $0 == self.settings.me }) {
            self.promiseReceipt(of: index, now: now)
        }
        self.wantCopy(index, now: now)
    }

    /// Compares what the disk holds of a unit with what its results agree on.
    mutating func reviewPixels(_ index: Int, root: Digest, now: Instant) {
        guard let stored = self.storedRoots[index] else { return }
        if stored == root {
            self.pixelsAreHere(index, root: root, now: now)
        } else {
            self.storedRoots[index] = nil
            self.unsignedReceipts.remove(index)
            self.endCopy(index, now: now)
            self.actions.append(.discardPixels(self.plan.unit(at: index)))
        }
    }

    /// Sees to a second holder of pixels that lie here.
    mutating func wantCopy(_ index: Int, now: Instant) {
        guard self.isShared, self.copies[index] == nil, let root = self.storedRoots[index],
            self.isCopyNeeded(index, root: root)
        else { return }
        self.copies[index] = CopyWish()
        // Who does not know yet that the unit is accepted refuses its pixels: the records go first.
        self.timers.set(.copy(unit: index, attempts: 0), at: now.advanced(by: self.settings.pushDelay * 2))
    }

    private func isCopyNeeded(_ index: Int, root: Digest) -> Bool {
        guard !self.isSealed(index) else { return false }
        let holders = self.holders(index, root: root)
        guard !holders.contains(self.ledger.submitter) else { return false }
        let stewards = holders.filter { self.roster.stewards.contains($0) && $0 != self.settings.me }
        return stewards.count + 1 < min(self.settings.holders, self.roster.stewards.count)
    }

    /// It is time to send a copy, or no receipt came of the last one.
    mutating func sendCopy(_ index: Int, now: Instant) {
        let wasOverdue = self.pacing.isOverdue(index)
        guard let wish = self.copies[index], let root = self.storedRoots[index], self.isCopyNeeded(index, root: root)
        else { return self.endCopy(index, now: now) }
        let patience = self.pacing.patience(atLeast: self.settings.copyRetry + self.receiptDelay)
        if wasOverdue, wish.attempts > 1 {
            // One that nobody takes must not keep others from being sent.
            let pause = min(patience * (1 << min(wish.attempts - 2, 5)), self.settings.pixelRetry * 2)
            return self.timers.set(.copy(unit: index, attempts: wish.attempts), at: now.advanced(by: pause))
        }
        let room = self.copiesAtLeast
        guard self.pacing.begin(index, isFirst: wish.attempts == 0, roomAtLeast: room, now: now) else { return }
        let holders = self.holders(index, root: root)
        // Those that keep the job now do not call a steward that has left, so it cannot tell who of them is there.
        let keepers = self.isActing ? self.live : self.roster.stewards
        let others = keepers.filter { $0 != self.settings.me && !holders.contains($0) }
        self.copies[index]?.attempts += 1
        if !others.isEmpty {
            let target = others[(index + wish.attempts) % others.count]
            self.actions.append(.copyPixels(self.plan.unit(at: index), to: target))
        }
        self.timers.set(.copy(unit: index, attempts: wish.attempts + 1), at: now.advanced(by: patience))
    }

    /// Sends the copies that waited for others to arrive.
    mutating func sendWaitingCopies(now: Instant) {
        while let index = self.pacing.next(roomAtLeast: self.copiesAtLeast) { self.sendCopy(index, now: now) }
    }

    /// How many copies may be on their way whatever the line carries.
    ///
    /// Who has left the roster, or has ended the job, hears of receipts seconds later, so that their times say nothing of the
    /// line; and no other work waits behind the pixels.
    private var copiesAtLeast: Int {
        self.isActing && !self.hasEnded ? 0 : 64
    }

    /// Nobody need hold a copy of this node's pixels.
    mutating func endCopy(_ index: Int, now: Instant) {
        guard self.copies.removeValue(forKey: index) != nil else { return }
        self.pacing.end(index, now: now)
    }

    /// A receipt came: perhaps the copy is where it should be.
    mutating func copyIsThere(_ index: Int, now: Instant) {
        guard self.copies[index] != nil else { return }
        if let root = self.storedRoots[index], self.isCopyNeeded(index, root: root) { return }
        self.endCopy(index, now: now)
    }

    /// Looks for pixels with too few holders, after the roster has changed.
    mutating func scanCopies(now: Instant) {
        guard self.mustScanCopies, self.isShared else { return }
        self.mustScanCopies = false
        for index in self.storedRoots.keys.sorted() {
            guard !self.isSealed(index), let root = self.ledger.acceptedRoot(ofUnitAt: index)
            else { continue }
            self.reviewPixels(index, root: root, now: now)
        }
        guard !self.hasEnded else { return }
        for index in self.units.indices {
            switch self.units[index].phase {
            case .open, .disputed: break
            case .accepted: self.reconsider(index, now: now)
            case .stored: self.reviewLoss(of: index, now: now)
            }
        }
    }
}
