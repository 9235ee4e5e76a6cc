import GridCore
import GridStore
import GridWire
import Logging
import PeerSession

extension GridService {
    /// Feeds a steward and queues what it wants done.
    ///
    /// - Returns: Whether this node is the job's steward.
    @discardableResult
    func drive(_ job: JobID, _ input: (inout Steward) -> [Steward.Action]) -> Bool {
        guard let index = self.stewards.index(forKey: job) else { return false }
        // In place: a copy would copy the state of all units with every message.
        let actions = input(&self.stewards.values[index].steward)
        if !actions.isEmpty { self.stewards.values[index].effects.yield(actions) }
        self.rearm()
        return true
    }

    /// Makes the steward of a job and the task that performs its actions.
    func adopt(_ steward: Steward) {
        let job = steward.job
        let (stream, continuation) = AsyncStream.makeStream(of: [Steward.Action].self)
        self.stewards[job] = StewardShell(steward: steward, effects: continuation)
        Task { [weak self] in
            for await actions in stream {
                await self?.perform(actions, of: job)
            }
        }
        self.credit(steward.finalFrames, of: job)
    }

    /// Notes who worked for the submitter of a job in frames that were closed.
    private func credit(_ frames: [Int], of job: JobID) {
        guard let steward = self.stewards[job]?.steward else { return }
        for frame in frames {
            guard let (id, final) = steward.ledger.frameFinal(ofFrame: frame) else { continue }
            self.credits.insert(final, id: id, submitter: steward.ledger.submitter)
        }
        let now = self.clock.now
        self.perform(self.worker.reciprocityChanged(self.credits.reciprocity(at: self.me), now: now))
    }

    /// Takes up a job that was handed in here before the node was stopped or killed.
    func resume(_ stored: StoredJob) async throws {
        self.heardJobs[stored.id] = stored.metBefore
        if stored.phase == .receiving {
            self.receiving[stored.id] = ReceivedJob(manifest: stored.manifest, lastHeard: self.clock.now)
            return
        }
        let kept = try await self.store.takeUp(stored)
        do {
            let steward = try Steward(
                manifest: stored.manifest,
                settings: self.stewardSettings,
                records: kept.records,
                storedPixels: kept.storedPixels
            )
            self.adopt(steward)
        } catch {
            self.logger.error("a stored job cannot be taken up", metadata: ["job": "\(stored.id)", "why": "\(error)"])
            return
        }
        guard stored.phase != .cancelled else { return }
        self.keepPixels(of: kept)
        self.logger.info(
            "job taken up again",
            metadata: ["job": "\(stored.id)", "units.stored": "\(kept.pixels.count)"]
        )
        self.open(stored.id)
    }

    var stewardSettings: Steward.Settings {
        var settings = Steward.Settings(me: self.me, sign: self.sign, verify: SodiumSignature.verifier)
        settings.sinceUnixEpoch = .milliseconds(Int64(clamping: WallClock.milliseconds)) - self.clock.now.sinceEpoch
        return settings
    }

    /// Starts leasing, and tells everyone.
    func open(_ job: JobID) {
        let now = self.clock.now
        self.drive(job) { $0.start(now: now) }
        self.offerToAll(job)
    }

    /// Tells this node's worker and all peers where a job stands and who keeps it.
    func offerToAll(_ job: JobID) {
        guard let steward = self.stewards[job]?.steward, steward.phase != .receiving, steward.isActing else { return }
        let offer = steward.offer
        // Who keeps a job has its scene.
        self.perform(self.worker.offerReceived(offer, from: self.me, missingBytes: 0, now: self.clock.now))
        for peer in self.peers.keys.sorted() { self.tell(peer, .offer(offer)) }
        self.rearm()
    }

    func wakeWatchers(of job: JobID) {
        guard let watchers = self.stewards[job]?.watchers, !watchers.isEmpty else { return }
        self.stewards[job]?.watchers = []
        for watcher in watchers { watcher.resume() }
    }

    /// Performs a steward's actions in order; records are on the disk before anything after them happens.
    private func perform(_ actions: [Steward.Action], of job: JobID) async {
        var unwritten: [SignedRecord] = []
        for action in actions {
            if case .persist(let record) = action {
                unwritten.append(record)
                continue
            }
            await self.write(&unwritten, of: job)
            await self.perform(action, of: job)
        }
        await self.write(&unwritten, of: job)
    }

    private func write(_ records: inout [SignedRecord], of job: JobID) async {
        guard !records.isEmpty else { return }
        while true {
            do {
                try await self.store.add(records, to: job)
                self.letGoOfSealed(records, of: job)
                self.storageChanged(of: job, trouble: nil)
                break
            } catch {
                self.storageChanged(of: job, trouble: "\(error)")
                // Nothing is answered until the records are safe: a full disk pauses the job and loses nothing.
                self.logger.error(
                    "records cannot be written; trying again",
                    metadata: ["job": "\(job)", "why": "\(error)"]
                )
                try? await Task.sleep(for: .seconds(2))
                if self.isStopping { break }
            }
        }
        records = []
    }

    /// Tells whoever asks about a job that the disk here holds it up, or no longer does.
    private func storageChanged(of job: JobID, trouble: String?) {
        guard let steward = self.stewards[job]?.steward, steward.storageTrouble != trouble else { return }
        let now = self.clock.now
        self.drive(job) { $0.storageChanged(trouble: trouble, now: now) }
    }

    private func perform(_ action: Steward.Action, of job: JobID) async {
        try? await self.store.perform(action, of: job, at: WallClock.seconds)
        switch action {
        case .persist, .forget, .discardPixels:
            break
        case .respond(let requestID, let grant):
            self.pendingGrants.removeValue(forKey: requestID)?.resume(returning: grant)
        case .tileVerified(let frame, let tile):
            self.logger.debug("tile verified", metadata: ["job": "\(job)", "frame": "\(frame)", "tile": "\(tile)"])
        case .frameFinal(let frame):
            self.logger.info("frame final", metadata: ["job": "\(job)", "frame": "\(frame)"])
            self.credit([frame], of: job)
        case .workerBurned(let burn):
            self.mismatches += 1
            self.logger.warning(
                "a worker signed a wrong result and is out of the job",
                metadata: ["job": "\(job)", "peer.id": "\(burn.worker)", "offence": "\(burn.offence)"]
            )
        case .jobComplete:
            self.logger.info("job complete", metadata: ["job": "\(job)"])
            self.offerToAll(job)
        case .statusChanged:
            self.wakeWatchers(of: job)
            await self.noteCancelled(job)
        case .tell(let message, let peer):
            guard self.peers[peer] != nil else { break }
            Task { _ = try? await self.ask(peer, .steward(message), timeout: Self.leaseTimeout) }
        case .copyPixels(let unit, let peer):
            self.copyPixels(unit, of: job, to: peer)
        case .offer(let peer):
            if let peer, let steward = self.stewards[job]?.steward {
                self.tell(peer, .offer(steward.offer))
            } else {
                self.offerToAll(job)
            }
        case .rosterChanged(let roster):
            self.logger.info(
                "stewards of a job",
                metadata: ["job": "\(job)", "roster": "\(roster.number)", "stewards": "\(roster.stewards)"]
            )
            self.offerToAll(job)
        }
    }

    /// Remembers that the submitter ended a job, and tells those who work for it.
    private func noteCancelled(_ job: JobID) async {
        guard self.stewards[job]?.steward.phase == .cancelled, !self.cancelled.contains(job) else { return }
        self.cancelled.insert(job)
        self.letGoOfPixels(of: job)
        _ = try? await self.database.setPhase(.cancelled, of: job, at: WallClock.seconds)
        self.offerToAll(job)
    }

    /// Takes in the pixels of a unit that two workers agree on.
    func storePixels(
        _ bytes: [UInt8],
        of unit: UnitID,
        in job: JobID,
        from peer: PeerID
    ) async -> TesseraProtocol.PutAnswer {
        guard let steward = self.stewards[job]?.steward, let wanted = steward.acceptedRoot(of: unit) else {
            return .refused
        }
        let channels = steward.manifest.filmChannels
        guard UnitPixels.root(of: bytes, unit: unit, in: steward.plan.geometry, channels: channels) == wanted else {
            self.logger.warning(
                "pixels do not match what was signed",
                metadata: ["job": "\(job)", "peer.id": "\(peer)", "unit": "\(unit)"]
            )
            let now = self.clock.now
            self.drive(job) { $0.pixelsRefused(unit, from: peer, now: now) }
            return .refused
        }
        do {
            try await self.store.storePixels(bytes, of: unit, root: wanted, in: job)
        } catch {
            self.logger.error("pixels cannot be stored", metadata: ["job": "\(job)", "why": "\(error)"])
            self.storageChanged(of: job, trouble: "\(error)")
            return .busy
        }
        self.storageChanged(of: job, trouble: nil)
        let now = self.clock.now
        self.unitsVerified += 1
        self.drive(job) { $0.pixelsStored(unit, now: now) }
        return .stored
    }
}
