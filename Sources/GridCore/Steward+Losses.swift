package import GridWire

/// Pixels that lay only on the disks of stewards that are gone.
///
/// Results need one honest steward that is left, and pixels need one of the two that stored them. Where neither is there, the
/// verdict stands. The workers that rendered the unit may still have its pixels in reserve; if not, any worker renders it
/// again, since its root is known. Those who are missed may come back, so that is put off while there is other work, for
/// ``Settings/doubtMax``. A job does not end before somebody has them all.
extension Steward {
    /// Finds out whether anyone who is there holds the pixels of a stored unit.
    mutating func reviewLoss(of index: Int, now: Instant) {
        guard self.units[index].phase == .stored, !self.isSealed(index),
            let root = self.ledger.acceptedRoot(ofUnitAt: index)
        else { return self.endLoss(of: index) }
        self.reviewLoss(of: index, root: root, now: now)
    }

    /// The same when the accepted root is known.
    mutating func reviewLoss(of index: Int, root: Digest, now: Instant) {
        guard !self.isRebuilding, !self.hasEnded else { return }
        guard self.isShared, self.isActing else { return self.endLoss(of: index) }
        let isHeld =
            self.storedRoots[index] == root
            || self.isHeld(index, root: root) { self.live.contains($0) || $0 == self.ledger.submitter }
        guard !isHeld else { return self.endLoss(of: index) }
        guard self.lost.insert(index).inserted else { return }
        self.mustTellStatus = true
        self.seekLost(index, root: root, now: now)
    }

    /// Somebody has the pixels again.
    mutating func endLoss(of index: Int) {
        guard self.lost.remove(index) != nil else { return }
        self.mustTellStatus = true
        self.wishes[index] = nil
        self.cancelHolders(of: index)
        self.release(index)
        self.replace(index)
    }

    /// Asks the workers that rendered a lost unit for its pixels, if it is this steward's; when none of them has any more,
    /// the unit is rendered again.
    private mutating func seekLost(_ index: Int, root: Digest, now: Instant) {
        guard self.isHome(index), self.wishes[index] == nil else { return }
        self.wishes[index] = PixelWish(root: root)
        self.chooseHolder(ofPixels: index, now: now)
    }

    /// Sees to lost units that have become this steward's.
    mutating func adoptLost(now: Instant) {
        for index in self.lost.sorted() {
            guard let root = self.ledger.acceptedRoot(ofUnitAt: index) else { continue }
            self.seekLost(index, root: root, now: now)
        }
    }

    /// Whether a verified unit is to be rendered again and nobody does.
    func isWantedAgain(_ index: Int) -> Bool {
        self.wishes[index]?.isRedo == true && self.units[index].holders.isEmpty && self.ceded[index] == nil
    }

    /// A verified unit whose pixels may yet come back with those who are missed, for a worker for whom there is nothing
    /// else, here or anywhere.
    func nextPutOffAgain() -> Int? {
        guard self.openCount == 0, self.doubtfulFrom.contains(where: { $0 != nil }),
            self.live.allSatisfy({ self.siblings[$0]?.openUnits ?? 0 == 0 })
        else { return nil }
        return self.wishes.keys.filter { self.isHome($0) && self.isWantedAgain($0) && self.isPutOff($0) }.min()
    }

    /// Whether the unit is verified and stored, so that nobody need render it or hold its pixels.
    func isDone(_ index: Int) -> Bool {
        self.units[index].phase == .stored && !self.lost.contains(index)
    }

    /// Whether the unit, though verified, is rendered again, since its pixels are lost.
    package func isRenderedAgain(_ unit: UnitID) -> Bool {
        self.plan.index(of: unit).map { self.lost.contains($0) } ?? false
    }
}
