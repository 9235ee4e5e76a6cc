public import GridWire

extension Steward {
    /// After this many questions for pixels the unit is rendered again.
    static let pixelAttemptsMax = 8

    /// The root that the pixels of the unit must hash to, once its results agree.
    public func acceptedRoot(of unit: UnitID) -> Digest? {
        guard self.phase != .receiving, let index = self.plan.index(of: unit),
            self.units[index].phase == .accepted || self.units[index].phase == .stored,
            let root = self.ledger.acceptedRoot(ofUnitAt: index)
        else { return nil }
        return root
    }

    /// Whether the unit's results agree and its pixels are not on the disk yet.
    public func wantsPixels(of unit: UnitID) -> Bool {
        self.plan.index(of: unit).map { self.wishes[$0] != nil } ?? false
    }

    /// Asks one of the workers whose result was accepted: this node's own first, since its copy is local.
    mutating func chooseHolder(ofPixels index: Int, now: Instant) {
        guard var wish = self.wishes[index], !wish.isRedo else { return }
        var holders: [Int] = []
        for claim in self.ledger.countedClaims(ofUnitAt: index) where claim.root == wish.root {
            if let worker = self.workerIndex[claim.worker], !wish.without.contains(worker), !holders.contains(worker) {
                holders.append(worker)
            }
        }
        let active = holders.filter { self.isActive($0, now: now) }
        wish.attempts += 1
        wish.aloneSince = active.isEmpty ? wish.aloneSince ?? now : nil
        // Holders that are gone may come back: wait for them as long as for two answers.
        let isAbandoned = wish.aloneSince.map { $0.advanced(by: self.settings.pixelRetry * 2) <= now } ?? false
        let isHopeless = holders.isEmpty || wish.attempts > Self.pixelAttemptsMax || isAbandoned
        if self.isShared, active.isEmpty, !self.isHome(index), !wish.isRedo {
            // Its own steward sees to it.
            self.wishes[index] = nil
            return
        }
        if isHopeless, self.isShared, self.isHeldByLive(index, root: wish.root) {
            // Somebody has them and looks for a second holder.
            wish.aloneSince = nil
            wish.attempts = 0
        } else if isHopeless {
            wish.isRedo = true
            wish.holder = nil
            self.wishes[index] = wish
            self.replace(index)
            return
        }
        var others = active.filter { $0 != wish.holder }
        // Who waits for an answer is asked at once, others when they ask next.
        let waiting = others.filter { self.workers[$0].parked != nil }
        if !waiting.isEmpty { others = waiting }
        let own = self.workerIndex[self.settings.me]
        if let own, others.contains(own) {
            wish.holder = own
        } else if let worker = others.isEmpty ? active.first : others[index % others.count] {
            wish.holder = worker
        } else {
            wish.holder = nil
        }
        self.wishes[index] = wish
        if let worker = wish.holder, !self.workers[worker].pixels.contains(index) {
            self.workers[worker].pixels.append(index)
            self.mustServeParked = true
        }
        self.timers.set(
            .pixels(unit: index, attempts: wish.attempts),
            at: now.advanced(by: self.pixelPatience(attempts: wish.attempts))
        )
    }

    /// How long pixels are waited for that a worker was asked for.
    ///
    /// Near the end of a job everyone waits for those of a worker that fell silent, and another one has them too.
    private func pixelPatience(attempts: Int) -> Duration {
        let left = Double(self.secondsLeft)
        guard left > 0 else { return self.settings.pixelRetry }
        let least = max(self.settings.pixelRetryAtEnd, .seconds(left / 5))
        return min(least * (1 << min(max(0, attempts - 1), 5)), self.settings.pixelRetry)
    }

    /// Asks a worker that was gone for pixels that nobody else could be asked for.
    mutating func askForPixels(_ worker: Int, now: Instant) {
        for index in self.wishes.keys.sorted() {
            guard let wish = self.wishes[index], wish.holder == nil, !wish.isRedo,
                self.ledger.hasClaim(onUnitAt: index, by: self.workers[worker].peer, root: wish.root)
            else { continue }
            self.chooseHolder(ofPixels: index, now: now)
        }
    }

    /// A worker does not have the pixels that it should have.
    mutating func pixelsAreMissing(_ index: Int, at worker: Int, now: Instant) {
        guard let wish = self.wishes[index], !wish.without.contains(worker) else { return }
        self.wishes[index]?.without.append(worker)
        if wish.holder == worker {
            self.chooseHolder(ofPixels: index, now: now)
        }
    }

    /// A worker rendered a unit whose pixels were lost.
    mutating func pixelsAppear(_ index: Int, at worker: Int, now: Instant) {
        guard let wish = self.wishes[index], wish.isRedo,
            self.ledger.hasClaim(onUnitAt: index, by: self.workers[worker].peer, root: wish.root)
        else { return }
        self.wishes[index] = PixelWish(root: wish.root)
        self.cancelHolders(of: index)
        self.wishes[index]?.holder = worker
        self.wishes[index]?.attempts = 1
        self.workers[worker].pixels.append(index)
        self.timers.set(.pixels(unit: index, attempts: 1), at: now.advanced(by: self.pixelPatience(attempts: 1)))
        self.replace(index)
    }
}
