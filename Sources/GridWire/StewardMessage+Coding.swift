extension StewardMessage {
    /// Writes a map with the keys 0 to 19, in the order of the properties.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(20)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.records(self.records)
        encoder.key(2)
        encoder.unsigned(self.recordCount)
        encoder.key(3)
        encoder.digest(self.summary)
        encoder.key(4)
        encoder.array(self.buckets) { $0.unsigned($1) }
        encoder.key(5)
        encoder.array(self.bucketNumbers) { $0.integer($1) }
        encoder.key(6)
        encoder.array(self.knownIDs) { $0.digest($1.digest) }
        encoder.key(7)
        encoder.array(self.wantedIDs) { $0.digest($1.digest) }
        encoder.key(8)
        encoder.integer(self.openUnits)
        encoder.key(9)
        encoder.unsigned(self.blocksPerKilosecond)
        encoder.key(10)
        encoder.integer(self.activeWorkers)
        encoder.key(11)
        encoder.integer(self.wantedUnits)
        encoder.key(12)
        encoder.unsigned(self.idleBlockMicroseconds)
        encoder.key(13)
        encoder.array(self.waiting) { $0.peer($1) }
        encoder.key(14)
        encoder.array(self.ceded) { $1.append(to: &$0) }
        encoder.key(15)
        encoder.units(self.returned)
        encoder.key(16)
        encoder.units(self.borrowed)
        encoder.key(17)
        encoder.units(self.wantedLeaves)
        encoder.key(18)
        encoder.array(self.leaves) { $1.append(to: &$0) }
        encoder.key(19)
        encoder.integer(self.frontier)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 20, "a message between stewards") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        try decoder.key(0)
        self.job = try decoder.job()
        try decoder.key(1)
        self.records = try decoder.records(countMax: Self.recordsMax)
        try decoder.key(2)
        self.recordCount = try decoder.unsigned()
        try decoder.key(3)
        self.summary = try decoder.digest("a summary")
        try decoder.key(4)
        self.buckets = try decoder.array(countMax: Self.bucketCount, "the list of buckets") {
            (decoder) throws(WireError) in try decoder.unsigned()
        }
        guard self.buckets.isEmpty || self.buckets.count == Self.bucketCount else {
            throw WireError(.outOfRange, "a message has \(self.buckets.count) buckets")
        }
        try decoder.key(5)
        self.bucketNumbers = try decoder.array(countMax: Self.bucketCount, "the list of bucket numbers") {
            (decoder) throws(WireError) in try decoder.integer(0 ... (Self.bucketCount - 1), "the number of a bucket")
        }
        try requireAscending(self.bucketNumbers, "the list of bucket numbers")
        try decoder.key(6)
        self.knownIDs = try decoder.recordIDs("the list of known records")
        try decoder.key(7)
        self.wantedIDs = try decoder.recordIDs("the list of wanted records")
        try decoder.key(8)
        self.openUnits = try decoder.integer(0 ... WireLimits.jobUnitsMax, "the number of open units")
        try decoder.key(9)
        self.blocksPerKilosecond = try decoder.unsigned(max: 1 << 50, "the speed of a steward's workers")
        try decoder.key(10)
        self.activeWorkers = try decoder.integer(0 ... WireLimits.activeWorkersMax, "the number of workers")
        try decoder.key(11)
        self.wantedUnits = try decoder.integer(0 ... Self.unitsMax, "the number of wanted units")
        try decoder.key(12)
        self.idleBlockMicroseconds = try decoder.unsigned(max: WireLimits.blockMicrosecondsMax, "the time of a block")
        try decoder.key(13)
        self.waiting = try decoder.array(countMax: Self.waitingMax, "the list of waiting workers") {
            (decoder) throws(WireError) in try decoder.peer("a waiting worker")
        }
        try decoder.key(14)
        self.ceded = try decoder.cessions("the list of ceded units")
        try decoder.key(15)
        self.returned = try decoder.units("the list of returned units", countMax: Self.unitsMax)
        try decoder.key(16)
        self.borrowed = try decoder.units("the list of borrowed units", countMax: Self.unitsMax)
        try decoder.key(17)
        self.wantedLeaves = try decoder.units("the list of wanted leaves", countMax: Self.leafSetsMax)
        try decoder.key(18)
        self.leaves = try decoder.array(countMax: Self.leafSetsMax, "the list of leaves") {
            (decoder) throws(WireError) in try LeaseRequest.Leaves(from: &decoder)
        }
        try decoder.key(19)
        self.frontier = try decoder.integer(0 ... WireLimits.jobUnitsMax, "the first unit that nobody had")
    }
}

extension StewardMessage.Cession {
    /// Writes `[unit, [holder, ...], isSpeculative]`.
    func append(to encoder: inout CBOREncoder) {
        encoder.array(3)
        encoder.unit(self.unit)
        encoder.array(self.holders) { $0.peer($1) }
        encoder.bool(self.isSpeculative)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.array(exactly: 3, "a ceded unit") { (decoder) throws(WireError) in
            let unit = try decoder.unit()
            let holders = try decoder.array(countMax: StewardMessage.holdersMax, "the holders of a unit") {
                (decoder) throws(WireError) in try decoder.peer("a holder")
            }
            return Self(unit: unit, holders: holders, isSpeculative: try decoder.bool())
        }
    }
}

extension CBORDecoder {
    fileprivate mutating func recordIDs(_ name: StaticString) throws(WireError) -> [RecordID] {
        try self.array(countMax: StewardMessage.idsMax, name) { (decoder) throws(WireError) in
            RecordID(try decoder.digest("the id of a record"))
        }
    }

    fileprivate mutating func cessions(_ name: StaticString) throws(WireError) -> [StewardMessage.Cession] {
        try self.array(countMax: StewardMessage.unitsMax, name) { (decoder) throws(WireError) in
            try StewardMessage.Cession(from: &decoder)
        }
    }
}
