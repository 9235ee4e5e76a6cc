public import GridWire

extension Steward {
    /// The most bytes of records in one message, so that it stays far below the limit of the wire.
    static let messageRecordBytesMax = 1 << 20

    /// Marks a record that is new here to be told to the siblings.
    mutating func spread(_ id: RecordID) {
        guard !self.siblings.isEmpty else { return }
        for peer in self.roster.stewards where self.siblings[peer] != nil {
            self.siblings[peer]?.unsent.append(id)
        }
        self.mustFlush = true
    }

    /// A message from another steward of the job, or from one that was or believes to be.
    public mutating func handle(_ message: StewardMessage, from peer: PeerID, now: Instant) -> [Action] {
        guard message.job == self.job, peer != self.settings.me else { return [] }
        let wasLive = self.live.contains(peer)
        self.siblings[peer]?.hear(message, now: now)
        if !wasLive { self.siblings[peer]?.comparisons = 0 }
        for record in message.records.prefix(StewardMessage.recordsMax) {
            self.takeForeign(record, from: peer, now: now)
        }
        self.compare(with: message, from: peer, now: now)
        if self.phase == .running, self.roster.stewards.contains(peer) {
            if !wasLive {
                self.shareOut(now: now)
            }
            self.takeBack(message.returned, from: peer)
            self.confirm(message.borrowed, by: peer, now: now)
            self.borrow(message.ceded, from: peer, now: now)
            self.serve(message, from: peer, now: now)
            self.giveLeaves(of: message.wantedLeaves, to: peer, now: now)
            self.takeLeaves(message.leaves, now: now)
        }
        return self.finish(now: now)
    }

    /// What is said in every message.
    func emptyMessage(now: Instant) -> StewardMessage {
        var message = StewardMessage(
            job: self.job,
            recordCount: self.ledger.summary.count,
            summary: self.ledger.summary.digest
        )
        guard self.phase == .running else { return message }
        message.openUnits = self.openCount - self.borrowed.keys.count { self.units[$0].place != .none }
        let speed = self.lastSpeeds?.own ?? 0
        message.frontier = self.frontier
        message.blocksPerKilosecond = UInt64(min(max(speed * 1e9, 0), 1e15))
        message.activeWorkers = self.lastSpeeds?.count ?? 0
        return message
    }

    mutating func tell(_ message: StewardMessage, to peer: PeerID) {
        self.actions.append(.tell(message, to: peer))
    }

    /// The stewards' heartbeat: who is there, what is missing, which units wait.
    mutating func beat(now: Instant) {
        guard !self.siblings.isEmpty else { return }
        _ = self.speeds(now: now)
        self.frontier = self.open.nextFresh(in: self.units) ?? self.plan.unitCount
        self.returnIdleUnits(now: now)
        self.evenOut(now: now)
        self.askForLeaves(now: now)
        for peer in self.siblingPeers {
            // One that is no steward any more is answered, not called.
            guard self.roster.stewards.contains(peer) else { continue }
            if !self.isHeard(peer, within: self.settings.stewardDead, now: now) {
                self.siblings[peer]?.unsent = []
            }
            var message = self.emptyMessage(now: now)
            let differs = self.siblings[peer]?.differsSince
            let isDue =
                differs.map { $0.advanced(by: self.settings.beat) <= now } ?? (self.siblings[peer]?.wasHeard == false)
            // One that is silent may have lost this node from its roster: it answers a comparison, but does not begin one.
            let isSilent = !self.isHeard(peer, within: self.settings.stewardSuspect, now: now)
            if isDue || isSilent || !self.isActing, self.mayCompare(with: peer, now: now) {
                message.buckets = self.ledger.summary.buckets
            }
            let borrowed = self.borrowed(from: peer)
            message.borrowed = Array(borrowed.prefix(StewardMessage.unitsMax))
            self.tell(message, to: peer)
            // What is not listed comes to be leased by its own steward again, while workers here render it.
            self.tell([peer: Array(borrowed.dropFirst(StewardMessage.unitsMax))], as: \.borrowed, now: now)
        }
    }

    /// The pause between comparisons doubles this often.
    private static let comparePatienceMax = 3

    private mutating func mayCompare(with peer: PeerID, now: Instant) -> Bool {
        // While both work something is always under way, and most of what differs arrives by itself; to list the ids of a
        // part of a large ledger each second would be more than all that is new.
        let isLarge = self.ledger.summary.count > StewardMessage.idsMax && !self.hasEnded
        // What a comparison brings takes its time on a slow line: asked again meanwhile, it would be sent again, and nothing
        // else would get through.
        let patience = 1 << min(self.siblings[peer]?.comparisons ?? 0, Self.comparePatienceMax)
        let pause = (isLarge ? self.settings.compareLargeEvery : self.settings.beat) * patience
        if let last = self.siblings[peer]?.comparedAt, last.advanced(by: pause * 0.9) > now {
            return false
        }
        self.siblings[peer]?.comparedAt = now
        self.siblings[peer]?.comparisons += 1
        return true
    }

    /// Tells the siblings what is new.
    mutating func flush(now: Instant) {
        self.frontier = self.open.nextFresh(in: self.units) ?? self.plan.unitCount
        if self.mustAskForLeaves {
            self.askForLeaves(now: now)
        }
        for peer in self.siblingPeers {
            while let unsent = self.siblings[peer]?.unsent, !unsent.isEmpty {
                var message = self.emptyMessage(now: now)
                let count = self.fill(&message, with: unsent)
                self.siblings[peer]?.unsent.removeFirst(count)
                self.tell(message, to: peer)
            }
        }
    }

    /// Puts records into a message, and gives how many of the ids were dealt with.
    private func fill(_ message: inout StewardMessage, with ids: [RecordID]) -> Int {
        var bytes = 0
        var count = 0
        for id in ids.prefix(StewardMessage.recordsMax) {
            guard bytes < Self.messageRecordBytesMax else { break }
            count += 1
            guard let record = self.ledger[id] else { continue }
            bytes += record.body.count + 128
            message.records.append(record)
        }
        return count
    }

    /// Whether a peer is one of the job's stewards, or was one of a roster that stood.
    private func isKeeper(_ peer: PeerID) -> Bool {
        self.roster.stewards.contains(peer) || self.ledger.rosters.authorities.contains(peer)
    }

    /// Whether more records are taken from a peer.
    ///
    /// Those who stood in for stewards beyond a cut bring what was done there, so that anyone is heard; but no flood may take
    /// the room that a job's own results need.
    private func hasRoom(forRecordsOf peer: PeerID) -> Bool {
        self.isKeeper(peer) || self.strangersRecords < self.ledger.recordsMax / 4
    }

    /// Takes a record that another steward brought.
    mutating func takeForeign(_ record: SignedRecord, from peer: PeerID, now: Instant) {
        let id = record.id
        guard !self.ledger.contains(id), self.hasRoom(forRecordsOf: peer),
            case .success(let decoded) = self.ledger.examine(record)
        else { return }
        _ = self.ledger.insert(record, id: id, decoded: decoded)
        if !self.isKeeper(peer) { self.strangersRecords += 1 }
        self.actions.append(.persist(record))
        if case .rosterEpoch(let epoch) = decoded {
            self.rosterMayHaveChanged(now: now)
            self.considerProposal(epoch, by: record.signer, now: now)
        }
        guard self.phase == .running else { return }
        // Whoever is proved wrong by this record counts no more, before anything is concluded from the rest.
        self.applyBurns(now: now)
        switch decoded {
        case .jobManifest, .rosterEpoch:
            break
        case .resultBatch(let batch):
            let indices = batch.results.compactMap { self.plan.index(of: $0.unit) }
            self.spentWork.add(batch.results)
            if let worker = self.worker(for: record.signer) {
                self.workers[worker].claimed += indices
                for index in indices {
                    self.useLoan(of: index, by: worker)
                    self.removeLease(index, of: worker)
                }
            }
            for index in indices {
                self.endLoan(of: index, to: peer)
            }
            for index in indices {
                self.reconsider(index, now: now)
            }
            for frame in Set(indices.map { self.frame(of: $0) }).sorted() {
                self.adoptFinal(frame: frame, now: now)
            }
        case .auditReport(let report):
            if let index = self.plan.index(of: report.unit), self.disputes[index] != nil {
                self.reconsider(index, now: now)
            }
        case .fraudProof:
            break
        case .frameFinal(let final):
            self.adoptFinal(frame: final.frame - self.plan.firstFrame, now: now)
        case .storeReceipt(let receipt):
            for item in receipt.items {
                guard let index = self.plan.index(of: item.unit) else { continue }
                self.reconsider(index, now: now)
                self.copyIsThere(index, now: now)
                if self.lost.contains(index) { self.reviewLoss(of: index, now: now) }
            }
        case .jobOrder:
            self.obey(now: now)
        case .frameSeal(let seal):
            self.adoptSeal(frame: seal.frame - self.plan.firstFrame, now: now)
        }
    }

    /// Compares the sets of records, and sends what one of both lacks.
    private mutating func compare(with message: StewardMessage, from peer: PeerID, now: Instant) {
        let mine = self.ledger.summary
        let isEqual = message.summary == mine.digest && message.recordCount == mine.count
        if isEqual {
            self.siblings[peer]?.differsSince = nil
            self.siblings[peer]?.comparisons = 0
            self.siblings[peer]?.unsent = []
            self.syncUntil = nil
        } else if self.siblings[peer]?.differsSince == nil {
            self.siblings[peer]?.differsSince = now
        }
        if !isEqual, message.buckets.count == mine.buckets.count {
            let differing = mine.buckets.indices.filter { mine.buckets[$0] != message.buckets[$0] }
            self.listIDs(ofBuckets: differing, to: peer, now: now)
        }
        if !message.bucketNumbers.isEmpty {
            let asked = Set(message.bucketNumbers)
            let theirs = Set(message.knownIDs)
            var answer = self.emptyMessage(now: now)
            answer.wantedIDs = message.knownIDs.filter {
                !self.ledger.contains($0) && asked.contains(SetSummary.bucket(of: $0)) && !self.ledger.wasDropped($0)
            }
            if !answer.wantedIDs.isEmpty { self.tell(answer, to: peer) }
            let lacking = asked.flatMap { mine.ids(inBucket: $0) }.filter { !theirs.contains($0) }
            // As many as it may ask for by name: nobody gets a whole ledger for one message.
            self.send(Array(self.sealsFirst(lacking).prefix(StewardMessage.idsMax)), to: peer, now: now)
        }
        self.send(message.wantedIDs.filter { self.ledger.contains($0) }, to: peer, now: now)
    }

    /// Sends records, in as many messages as it takes.
    private mutating func send(_ ids: [RecordID], to peer: PeerID, now: Instant) {
        var ids = ids[...]
        while !ids.isEmpty {
            var message = self.emptyMessage(now: now)
            ids = ids.dropFirst(self.fill(&message, with: Array(ids)))
            self.tell(message, to: peer)
        }
    }

    /// The most messages with ids that one comparison takes; the rest comes with the next one.
    private static let listingsMax = 8

    /// Tells which records are in these buckets, so that the other steward sends those that are missing here, and asks for
    /// those that it lacks itself.
    private mutating func listIDs(ofBuckets numbers: [Int], to peer: PeerID, now: Instant) {
        var numbers = numbers[...]
        for _ in 0 ..< Self.listingsMax {
            let part = self.ids(inBuckets: Array(numbers))
            guard !part.numbers.isEmpty else { return }
            var message = self.emptyMessage(now: now)
            message.bucketNumbers = part.numbers
            message.knownIDs = part.ids
            self.tell(message, to: peer)
            numbers = numbers.dropFirst(part.numbers.count)
        }
    }

    /// The ids in the first of these buckets that fit a message.
    private func ids(inBuckets numbers: [Int]) -> (numbers: [Int], ids: [RecordID]) {
        var result: (numbers: [Int], ids: [RecordID]) = ([], [])
        for number in numbers {
            let ids = self.ledger.summary.ids(inBucket: number)
            guard result.ids.count + ids.count <= StewardMessage.idsMax else { break }
            result.numbers.append(number)
            result.ids += ids.sorted()
        }
        return result
    }
}
