extension Hello {
    /// Writes `{0: grid, 1: coreVersion, 2: agent, 3: isWorker, 4: threads, 5: [address, ...]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(6)
        encoder.key(0)
        encoder.text(self.grid)
        encoder.key(1)
        encoder.digest(self.coreVersion)
        encoder.key(2)
        encoder.sentence(self.agent, sizeMax: WireLimits.agentSizeMax)
        encoder.key(3)
        encoder.bool(self.isWorker)
        encoder.key(4)
        encoder.integer(self.threads)
        encoder.key(5)
        encoder.array(self.addresses.prefix(WireLimits.addressesMax)) { $0.byteString($1.bytes) }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 6, "a hello") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        try decoder.key(0)
        self.grid = try decoder.text(sizeMax: JobManifest.gridNameSizeMax, "the grid's name")
        try decoder.key(1)
        self.coreVersion = try decoder.digest("the core version")
        try decoder.key(2)
        self.agent = try decoder.text(sizeMax: WireLimits.agentSizeMax, "the program's name")
        try decoder.key(3)
        self.isWorker = try decoder.bool()
        try decoder.key(4)
        self.threads = try decoder.integer(0 ... WireLimits.threadsMax, "the number of threads")
        try decoder.key(5)
        // One address that cannot be parsed costs only itself, never the message.
        self.addresses = try decoder.array(countMax: WireLimits.addressesMax, "the list of addresses") {
            (decoder) throws(WireError) in
            let bytes = try decoder.byteString(0 ... Multiaddr.sizeMax, "an address")
            return try? Multiaddr(decoding: bytes)
        }.compactMap(\.self)
    }
}

extension JobOffer {
    /// Writes `{0: manifest, 1: openPerMille, 2: isClosed, 3: rosterNumber, 4: [steward, ...], 5: isProvisional,
    /// 6: priority, 7: secondsLeft, 8: [signed roster, ...]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(9)
        encoder.key(0)
        self.manifest.append(to: &encoder)
        encoder.key(1)
        encoder.integer(self.openPerMille)
        encoder.key(2)
        encoder.bool(self.isClosed)
        encoder.key(3)
        encoder.integer(self.rosterNumber)
        encoder.key(4)
        encoder.array(self.stewards) { $0.peer($1) }
        encoder.key(5)
        encoder.bool(self.isProvisional)
        encoder.key(6)
        encoder.integer(self.priority)
        encoder.key(7)
        encoder.unsigned(self.secondsLeft)
        encoder.key(8)
        encoder.records(self.rosterProof)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 9, "an offer") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        try decoder.key(0)
        self.manifest = try SignedRecord(.jobManifest, from: &decoder)
        try decoder.key(1)
        self.openPerMille = try decoder.integer(0 ... 1_000, "the open share")
        try decoder.key(2)
        self.isClosed = try decoder.bool()
        try decoder.key(3)
        self.rosterNumber = try decoder.integer(0 ... RosterEpoch.numberMax, "the number of a roster")
        try decoder.key(4)
        self.stewards = try decoder.stewards(countMin: 0)
        try decoder.key(5)
        self.isProvisional = try decoder.bool()
        try decoder.key(6)
        self.priority = try decoder.integer(0 ... JobOrder.priorityMax, "the priority of a job")
        try decoder.key(7)
        self.secondsLeft = try decoder.unsigned(max: WireLimits.secondsLeftMax, "the time that a job needs")
        try decoder.key(8)
        self.rosterProof = try decoder.array(
            countMax: WireLimits.rosterProofMax,
            "the proof of a roster"
        ) { (decoder) throws(WireError) in
            try SignedRecord(.rosterEpoch, from: &decoder)
        }
    }
}

extension LeaseRequest {
    /// Writes `{0: job, 1: [record, ...], 2: [[unit, [leaf, ...]], ...], 3: [lostPixels], 4: [holding],
    /// 5: wantedUnits, 6: blockMicroseconds, 7: isIdle, 8: energyCost}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(9)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.records(self.records)
        encoder.key(2)
        encoder.array(self.leaves) { $1.append(to: &$0) }
        encoder.key(3)
        encoder.units(self.lostPixels)
        encoder.key(4)
        encoder.units(self.holding)
        encoder.key(5)
        encoder.integer(self.wantedUnits)
        encoder.key(6)
        encoder.unsigned(self.blockMicroseconds)
        encoder.key(7)
        encoder.bool(self.isIdle)
        encoder.key(8)
        encoder.unsigned(self.energyCost)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 9, "a lease request") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        try decoder.key(0)
        self.job = try decoder.job()
        try decoder.key(1)
        self.records = try decoder.records(countMax: WireLimits.requestRecordsMax)
        for record in self.records where record.kind != .resultBatch && record.kind != .auditReport {
            throw WireError(.outOfRange, "a worker brings batches and reports, not kind \(record.kind.rawValue)")
        }
        try decoder.key(2)
        self.leaves = try decoder.array(countMax: WireLimits.unitsMax, "the list of leaves") {
            (decoder) throws(WireError) in try Leaves(from: &decoder)
        }
        try decoder.key(3)
        self.lostPixels = try decoder.units("the list of lost pixels")
        try decoder.key(4)
        self.holding = try decoder.units("the list of units in hand")
        try decoder.key(5)
        self.wantedUnits = try decoder.integer(0 ... WireLimits.wantedUnitsMax, "the number of wanted units")
        try decoder.key(6)
        self.blockMicroseconds = try decoder.unsigned(max: WireLimits.blockMicrosecondsMax, "the time of a block")
        try decoder.key(7)
        self.isIdle = try decoder.bool()
        try decoder.key(8)
        self.energyCost = try decoder.unsigned(max: WireLimits.energyCostMax, "the cost of energy")
    }
}

extension LeaseGrant {
    /// Writes `{0: [unit, ...], 1: expiryMilliseconds, 2: [[unit, leafIndex], ...], 3: [wantedPixels],
    /// 4: [cancelled], 5: [released], 6: isClosed, 7: urgency, 8: energyCostMax,
    /// 9: secondsLeft, 10: batchMilliseconds}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(11)
        encoder.key(0)
        encoder.units(self.units)
        encoder.key(1)
        encoder.unsigned(self.expiryMilliseconds)
        encoder.key(2)
        encoder.array(self.audits) { encoder, audit in
            encoder.array(2)
            encoder.unit(audit.unit)
            encoder.integer(audit.leafIndex)
        }
        encoder.key(3)
        encoder.units(self.wantedPixels)
        encoder.key(4)
        encoder.units(self.cancelled)
        encoder.key(5)
        encoder.units(self.released)
        encoder.key(6)
        encoder.bool(self.isClosed)
        encoder.key(7)
        encoder.integer(self.urgency)
        encoder.key(8)
        encoder.unsigned(self.energyCostMax)
        encoder.key(9)
        encoder.unsigned(self.secondsLeft)
        encoder.key(10)
        encoder.unsigned(self.batchMilliseconds)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 11, "a grant") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        try decoder.key(0)
        self.units = try decoder.units("the list of leased units")
        try decoder.key(1)
        self.expiryMilliseconds = try decoder.unsigned(max: WireLimits.expiryMillisecondsMax, "the expiry of a lease")
        try decoder.key(2)
        self.audits = try decoder.array(countMax: WireLimits.auditsMax, "the list of audits") {
            (decoder) throws(WireError) in
            try decoder.array(exactly: 2, "an audit") { (decoder) throws(WireError) in
                let (unit, leafIndex) = try decoder.unitAndLeaf()
                return Audit(unit: unit, leafIndex: leafIndex)
            }
        }
        try decoder.key(3)
        self.wantedPixels = try decoder.units("the list of wanted pixels")
        try decoder.key(4)
        self.cancelled = try decoder.units("the list of cancelled units")
        try decoder.key(5)
        self.released = try decoder.units("the list of released units")
        try decoder.key(6)
        self.isClosed = try decoder.bool()
        try decoder.key(7)
        self.urgency = try decoder.integer(Self.urgencies, "the urgency of a job")
        try decoder.key(8)
        self.energyCostMax = try decoder.unsigned(max: WireLimits.energyCostMax, "the cost of energy")
        try decoder.key(9)
        self.secondsLeft = try decoder.unsigned(max: WireLimits.secondsLeftMax, "the time that a job needs")
        try decoder.key(10)
        self.batchMilliseconds = try decoder.unsigned(max: WireLimits.batchMillisecondsMax, "the wait for a batch")
    }
}

extension JobStatus {
    /// Writes `{0: job, 1: revision, 2: phase (0...3), 3: unitsTotal, 4: unitsRendered, 5: unitsVerified,
    /// 6: [finalFrames], 7: activeWorkers, 8: waitingFor, 9: [burned], 10: [steward, ...], 11: order,
    /// 12: [] or [signed order]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(13)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.unsigned(self.revision)
        encoder.key(2)
        encoder.unsigned(UInt64(self.phase.rawValue))
        encoder.key(3)
        encoder.integer(self.unitsTotal)
        encoder.key(4)
        encoder.integer(self.unitsRendered)
        encoder.key(5)
        encoder.integer(self.unitsVerified)
        encoder.key(6)
        encoder.array(self.finalFrames) { $0.integer($1) }
        encoder.key(7)
        encoder.integer(self.activeWorkers)
        encoder.key(8)
        encoder.sentence(self.waitingFor, sizeMax: WireLimits.sentenceSizeMax)
        encoder.key(9)
        encoder.array(self.burned) { $0.peer($1) }
        encoder.key(10)
        encoder.array(self.stewards) { $0.peer($1) }
        encoder.key(11)
        self.order.append(to: &encoder)
        encoder.key(12)
        encoder.array(self.signedOrder.map { [$0] } ?? []) { $1.append(to: &$0) }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 13, "a status") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        let unitCounts = 0 ... WireLimits.jobUnitsMax
        try decoder.key(0)
        self.job = try decoder.job()
        try decoder.key(1)
        self.revision = try decoder.unsigned()
        try decoder.key(2)
        let number = try decoder.integer(0 ... 255, "the phase of a job")
        guard let phase = Phase(rawValue: UInt8(truncatingIfNeeded: number)) else {
            throw WireError(.unknown, "phase \(number) of a job is not known")
        }
        self.phase = phase
        try decoder.key(3)
        self.unitsTotal = try decoder.integer(unitCounts, "the number of units")
        try decoder.key(4)
        self.unitsRendered = try decoder.integer(unitCounts, "the number of rendered units")
        try decoder.key(5)
        self.unitsVerified = try decoder.integer(unitCounts, "the number of verified units")
        try decoder.key(6)
        self.finalFrames = try decoder.array(countMax: JobManifest.frameCountMax, "the list of final frames") {
            (decoder) throws(WireError) in try decoder.frame()
        }
        try requireAscending(self.finalFrames, "the list of final frames")
        try decoder.key(7)
        self.activeWorkers = try decoder.integer(0 ... WireLimits.activeWorkersMax, "the number of workers")
        try decoder.key(8)
        self.waitingFor = try decoder.text(sizeMax: WireLimits.sentenceSizeMax, "what a job waits for")
        try decoder.key(9)
        self.burned = try decoder.array(countMax: WireLimits.burnedMax, "the list of burned workers") {
            (decoder) throws(WireError) in try decoder.peer("a burned worker")
        }
        try requireAscending(self.burned, "the list of burned workers")
        try decoder.key(10)
        self.stewards = try decoder.stewards(countMin: 0)
        try decoder.key(11)
        self.order = try JobOrder(from: &decoder)
        guard self.order.job == self.job else {
            throw WireError(.outOfRange, "a status shows an order of another job")
        }
        try decoder.key(12)
        self.signedOrder = try decoder.array(countMax: 1, "the signed order") { (decoder) throws(WireError) in
            try SignedRecord(.jobOrder, from: &decoder)
        }.first
    }
}

extension LeaseRequest.Leaves {
    /// Writes `[unit, [leaf, ...]]`.
    func append(to encoder: inout CBOREncoder) {
        encoder.array(2)
        encoder.unit(self.unit)
        encoder.array(self.leaves) { $0.digest($1) }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.array(exactly: 2, "the leaves of a unit") { (decoder) throws(WireError) in
            let unit = try decoder.unit()
            let leaves = try decoder.array(countMax: WireLimits.blocksMax, "the leaves of a unit") {
                (decoder) throws(WireError) in try decoder.digest("a leaf")
            }
            guard leaves.count == unit.blockCount else {
                throw WireError(.outOfRange, "unit \(unit) comes with \(leaves.count) leaves")
            }
            return Self(unit: unit, leaves: leaves)
        }
    }
}
