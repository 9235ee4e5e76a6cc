import GridCore
import GridStore
import GridWire

// What nodes keep in their data directories, by the calls of a real node's shell; see `GridService`.
extension SimulationEngine {
    /// How long a node waits before it writes again what its full disk refused, as the shell does.
    private static let writePause = 2.0
    /// The wait between two looks for pixels that a disk has lost, and their number, as the shell's.
    private static let searchPause = 10.0
    private static let searchesMax = 60

    /// What stands in the database as the time of something; nothing that is simulated depends on it.
    private var wallSeconds: UInt64 { UInt64(self.now.seconds) }

    /// Calls a node's store; what it refuses is a violation, unless the disk is full.
    ///
    /// - Returns: Nothing when it failed, or the node has no store.
    @discardableResult
    func store<Value: Sendable>(
        _ node: Int,
        _ body: @escaping @Sendable (NodeStore) async throws -> Value
    ) -> Value? {
        guard let disk = self.disks?[node] else { return nil }
        self.report.store?.calls += 1
        do {
            return try disk.call(now: self.now, body)
        } catch let error as StoreError where error.code == .diskFull && disk.isFull {
            self.note(node, .note("its disk is full"))
        } catch {
            self.violate("a store failed: \(error)", node: node)
        }
        return nil
    }

    // MARK: A node's process

    /// Opens a node's store and takes up what is in it.
    func openStore(_ node: Int) {
        guard let disk = self.disks?[node] else { return }
        do {
            try disk.open(now: self.now)
        } catch {
            return self.violate("a store cannot be opened after a crash: \(error)", node: node)
        }
        self.nodes[node].acquaintances = self.store(node) { try await $0.acquaintances() } ?? Acquaintances()
        self.nodes[node].heardJobs = [:]
        let kept = self.store(node) { store in
            var kept: [NodeStore.KeptJob] = []
            for job in try await store.stewardedJobs() { kept.append(try await store.takeUp(job)) }
            return kept
        }
        guard let kept else { return }
        let comparison = disk.compare(with: kept, now: self.now)
        self.report.store?.lost += comparison.lost
        if let problem = comparison.problem { self.violate(problem, node: node) }
        var found: Set<Int> = []
        for job in kept {
            guard let index = self.jobIndex[job.stored.id] else {
                self.violate("a store has a job that nobody handed in", node: node)
                continue
            }
            found.insert(index)
            self.nodes[node].heardJobs[index] = job.stored.metBefore
            self.takeUp(job, index, at: node)
        }
        for job in self.jobs.indices where self.jobs[job].seats[node] != nil && !found.contains(job) {
            self.check("its disk has forgotten the job", job, node)
        }
    }

    /// Replaces what a seat had in memory by what was found on the disk.
    private func takeUp(_ kept: NodeStore.KeptJob, _ job: Int, at node: Int) {
        let seat = self.jobs[job].seats[node] ?? SimulatedJob.Seat()
        self.jobs[job].seats[node] = seat
        let id = kept.stored.id
        seat.isReceiving = kept.stored.phase == .receiving
        seat.records = kept.records.filter { $0.id.digest != id.digest }
        seat.recordIDs = Set(seat.records.map(\.id))
        seat.unwritten = []
        seat.delayed = []
        seat.waitsForDisk = false
        seat.roster = nil
        seat.rosterProof = []
        let old = seat.films
        seat.films = [:]
        for place in kept.pixels {
            // Real pixels are read again when somebody wants them.
            seat.films[place.unit] = SimulatedFilm(root: place.root, payloads: old[place.unit]?.payloads)
        }
        self.store(node) { $0.hold(kept.pixels + kept.lostPixels, of: id) }
        self.searchLater(kept.lostPixels, job, at: node, attempts: 0)
    }

    /// The first number of a node's signed batches, as its store says.
    func beginStoredBatches(_ node: Int, milliseconds: UInt64) -> UInt64 {
        // A node whose disk is full does not start; that is for people to see to.
        self.disks?[node].isFull = false
        let first = self.store(node) { try await $0.beginBatches(milliseconds: milliseconds) } ?? 0
        self.disks?[node].forced()
        if let last = self.nodes[node].lastBatchNumber, first < last &+ BatchNumbers.stride {
            self.violate("a node numbers its batches from \(first) on, and the last time from \(last) on", node: node)
        }
        return first
    }

    /// The process of a node ends, by `kill -9` or with the power of its machine.
    func crashStore(_ node: Int) {
        guard let disk = self.disks?[node] else { return }
        let powerFails = self.isFaulty && self.random.happens(self.scenario.faults.tornRate)
        if powerFails {
            self.note(node, .note("loses its power"))
            self.report.store?.powerCuts += 1
        }
        do {
            try disk.crash(now: self.now, powerFails: powerFails)
        } catch {
            self.violate("the files of a node cannot be copied: \(error)", node: node)
        }
    }

    // MARK: What is written

    /// Remembers whom a node met.
    func remember(_ other: Int, at node: Int, number: Acquaintances.Mark) {
        let peer = self.nodes[other].peer
        let seconds = self.wallSeconds
        self.store(node) {
            try await $0.database.sawPeer(peer, agent: "simulated", addresses: [], number: number, at: seconds)
        }
    }

    /// A submitter hands a job in.
    ///
    /// - Returns: Whether the node's disk took it.
    func keepReceived(_ job: Int, at node: Int) -> Bool {
        guard let disk = self.disks?[node] else { return true }
        let (id, manifest) = (self.jobs[job].id, self.jobs[job].record)
        let (mark, seconds) = (self.nodes[node].heardJobs[job] ?? 0, self.wallSeconds)
        let kept: Void? = self.store(node) {
            try await $0.receive(id, manifest: manifest, metBefore: mark, at: seconds)
        }
        guard kept != nil else { return false }
        disk.forced()
        return true
    }

    /// A job that was handed in begins.
    ///
    /// - Returns: Whether the node's disk took it.
    func keepBegun(_ job: Int, at node: Int) -> Bool {
        let (id, seconds, signed) = (self.jobs[job].id, self.wallSeconds, self.jobs[job].handedIn)
        guard let disk = self.disks?[node], let roster = signed.first else { return true }
        let kept: Void? = self.store(node) { store in
            try await store.add(Array(signed.dropFirst()), to: id)
            try await store.begin(id, roster: roster, at: seconds)
        }
        guard kept != nil else { return false }
        disk.promised(signed, of: id, now: self.now)
        disk.forced()
        return true
    }

    /// A node becomes one of a job's stewards; whether its disk took that.
    func keepJoined(_ job: Int, proof: [SignedRecord], at node: Int) -> Bool {
        guard let disk = self.disks?[node] else { return true }
        let (id, manifest) = (self.jobs[job].id, self.jobs[job].record)
        let (mark, seconds) = (self.nodes[node].heardJobs[job] ?? 0, self.wallSeconds)
        let joined: Void? = self.store(node) {
            try await $0.join(id, manifest: manifest, rosterProof: proof, metBefore: mark, at: seconds)
        }
        guard joined != nil else { return false }
        disk.promised(proof, of: id, now: self.now)
        return true
    }

    /// Writes the records that a steward wants kept; nothing that came of them is told before.
    ///
    /// - Returns: Whether they are on the disk.
    func writeRecords(_ job: Int, at node: Int) -> Bool {
        guard self.disks != nil, let seat = self.jobs[job].seats[node], !seat.unwritten.isEmpty else { return true }
        let (id, records) = (self.jobs[job].id, seat.unwritten)
        let written: Void? = self.store(node) { try await $0.add(records, to: id) }
        guard written != nil else { return false }
        seat.unwritten = []
        seat.records += records
        self.disks?[node].promised(records, of: id, now: self.now)
        return true
    }

    /// Does on the disk what an action of a steward wants there.
    func keep(_ action: Steward.Action, _ job: Int, at node: Int) {
        guard let disk = self.disks?[node] else { return }
        let (id, seconds) = (self.jobs[job].id, self.wallSeconds)
        switch action {
        case .forget(let records):
            disk.withdrew(records, of: id)
        case .discardPixels(let unit):
            if let film = self.jobs[job].seats[node]?.films[unit] { disk.withdrew(unit, root: film.root, of: id) }
        default:
            break
        }
        let kept: Void? = self.store(node) { try await $0.perform(action, of: id, at: seconds) }
        if kept != nil, action == .jobComplete { disk.forced() }
    }

    /// Keeps the pixels of a unit; whether the disk took them.
    func keepPixels(_ unit: UnitID, _ film: SimulatedFilm, _ job: Int, at node: Int) -> Bool {
        guard let disk = self.disks?[node] else { return true }
        let (id, root, bytes) = (self.jobs[job].id, film.root, self.chunk(of: film, unit))
        let stored: Void? = self.store(node) { try await $0.storePixels(bytes, of: unit, root: root, in: id) }
        if stored != nil { disk.promised(unit, root: root, of: id, now: self.now) }
        return stored != nil
    }

    /// The pixels of a unit as they lie on a node's disk; nothing when they cannot be read.
    func readPixels(_ unit: UnitID, _ job: Int, at node: Int) -> SimulatedFilm? {
        guard let film = self.jobs[job].seats[node]?.films[unit], self.disks != nil else {
            return self.jobs[job].seats[node]?.films[unit]
        }
        let id = self.jobs[job].id
        guard let bytes = self.store(node, { try await $0.pixels(of: unit, in: id) }) ?? nil,
            let root = Digest(bytes.prefix(Digest.byteCount))
        else { return nil }
        guard self.jobs[job].truth.pixels == nil else { return SimulatedFilm(root: film.root, payloads: bytes) }
        return SimulatedFilm(root: root)
    }

    /// What lies on a disk as the pixels of a unit: the pixels themselves, or where there are none, some bytes that say whose
    /// they would be.
    private func chunk(of film: SimulatedFilm, _ unit: UnitID) -> [UInt8] {
        if let payloads = film.payloads { return payloads }
        var random = SeededRandom(seed: film.root.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        let rest = (0 ..< 8 * unit.blockCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        return film.root.bytes + Array("\(unit)".utf8) + rest
    }

    /// What the disks hold at the end is what nodes believe that they hold, and can be read.
    func checkStores(_ job: Int) {
        guard self.disks != nil else { return }
        let id = self.jobs[job].id
        for (node, seat) in self.jobs[job].seats.sorted(by: { $0.key < $1.key }) where self.nodes[node].isUp {
            let records = self.store(node) { try await $0.database.records(of: id) } ?? []
            let ids = Set(records.lazy.map(\.id).filter { $0.digest != id.digest })
            if !seat.waitsForDisk, !ids.isSuperset(of: seat.recordIDs) {
                self.check("its disk holds \(ids.count) records and should hold \(seat.recordIDs.count)", job, node)
            }
            for (unit, film) in seat.films.sorted(by: { $0.key < $1.key })
            where self.readPixels(unit, job, at: node)?.root != film.root {
                return self.check("the pixels of unit \(unit) on its disk cannot be read", job, node)
            }
        }
    }

    // MARK: Lost pixels

    private func searchLater(_ lost: [StoredPixels], _ job: Int, at node: Int, attempts: Int) {
        guard !lost.isEmpty, attempts < Self.searchesMax else { return }
        let incarnation = self.nodes[node].incarnation
        self.queue.add(
            .searchPixels(job: job, node: node, incarnation: incarnation, lost: lost, attempts: attempts),
            at: self.now + Self.searchPause
        )
    }

    /// Asks other nodes for pixels that a disk has lost.
    func search(for lost: [StoredPixels], _ job: Int, at node: Int, attempts: Int) {
        var missing: [StoredPixels] = []
        for place in lost {
            guard let ledger = self.jobs[job].seats[node]?.steward?.ledger,
                !ledger.isSealed(frame: place.unit.frame)
            else { return }
            let holder = self.jobs[job].seats.keys.sorted().first { other in
                other != node && self.nodes[other].isUp && !self.isCut(node, other)
                    && self.jobs[job].seats[other]?.films[place.unit]?.root == place.root
            }
            guard let holder, let film = self.readPixels(place.unit, job, at: holder) else {
                missing.append(place)
                continue
            }
            self.pixelsArrived(job: job, place.unit, film, at: node, from: node)
        }
        self.searchLater(missing, job, at: node, attempts: attempts + 1)
    }

    // MARK: Full disks

    /// A node's disk is full for a while.
    func fillDisk(_ node: Int) {
        guard let disk = self.disks?[node], self.nodes[node].isUp else { return }
        disk.isFull = true
        self.report.store?.fullDisks += 1
        self.queue.add(.diskHasRoom(node: node), at: self.now + self.random.within(2, 30))
    }

    /// Whether what an action follows is on the disk, so that it may be performed now; else it waits for that.
    func isWritten(before action: Steward.Action, _ job: Int, at node: Int) -> Bool {
        guard self.disks != nil, let seat = self.jobs[job].seats[node] else { return true }
        if case .persist = action, !seat.waitsForDisk { return true }
        if !seat.waitsForDisk, self.writeRecords(job, at: node) { return true }
        seat.delayed.append(action)
        if !seat.waitsForDisk { self.waitForDisk(job, at: node) }
        return false
    }

    /// Writes what no other action follows.
    func writeRest(_ job: Int, at node: Int) {
        guard self.disks?[node].store != nil, let seat = self.jobs[job].seats[node], !seat.waitsForDisk,
            !self.writeRecords(job, at: node)
        else { return }
        self.waitForDisk(job, at: node)
    }

    /// Nothing is answered until the records are safe: a full disk pauses the job and loses nothing.
    private func waitForDisk(_ job: Int, at node: Int) {
        guard let seat = self.jobs[job].seats[node] else { return }
        seat.waitsForDisk = true
        self.queueStorageChange(job, at: node, trouble: Self.fullDiskText)
        self.writeLater(job, at: node)
    }

    private static let fullDiskText = "no space is left on the disk"

    /// Tells a steward whether its disk holds it up; what it says to that waits its turn.
    private func queueStorageChange(_ job: Int, at node: Int, trouble: String?) {
        let now = self.nodes[node].clock.instant(self.now)
        guard let seat = self.jobs[job].seats[node], seat.steward?.inPlace({ $0.storageTrouble }) != trouble else {
            return
        }
        seat.delayed += seat.steward?.inPlace { $0.storageChanged(trouble: trouble, now: now) } ?? []
    }

    /// Tells a steward that its disk was full, or no longer is, when it was to keep pixels.
    func storageChanged(_ job: Int, at node: Int, isFull: Bool) {
        guard self.disks != nil, let seat = self.jobs[job].seats[node], !seat.waitsForDisk else { return }
        let trouble = isFull ? Self.fullDiskText : nil
        guard let before = seat.steward?.inPlace({ $0.storageTrouble }), before != trouble else { return }
        self.withSteward(job, at: node) { $0.storageChanged(trouble: trouble, now: $1) }
    }

    /// Writes what a full disk refused, and does what waits for that.
    func writeAgain(_ job: Int, at node: Int) {
        guard let seat = self.jobs[job].seats[node], seat.waitsForDisk else { return }
        guard self.writeRecords(job, at: node) else { return self.writeLater(job, at: node) }
        seat.waitsForDisk = false
        seat.wroteAgainAt = self.now
        self.queueStorageChange(job, at: node, trouble: nil)
        let actions = seat.delayed
        seat.delayed = []
        self.withSteward(job, at: node) { _, _ in actions }
    }

    private func writeLater(_ job: Int, at node: Int) {
        let incarnation = self.nodes[node].incarnation
        self.queue.add(.writeAgain(job: job, node: node, incarnation: incarnation), at: self.now + Self.writePause)
    }
}
