extension ResultBatch {
    /// Writes `{0: job, 1: sequence, 2: [[unit, pixelRoot, workCount], ...]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(3)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.unsigned(self.sequence)
        encoder.key(2)
        encoder.array(self.results) { encoder, result in
            encoder.array(3)
            encoder.unit(result.unit)
            encoder.digest(result.pixelRoot)
            encoder.unsigned(result.workCount)
        }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 3, "a batch") { (decoder) throws(WireError) in
            try decoder.key(0)
            let job = try decoder.job()
            try decoder.key(1)
            let sequence = try decoder.unsigned()
            try decoder.key(2)
            let results = try decoder.array(countMax: Self.unitsMax, "a batch's results") {
                (decoder) throws(WireError) in
                try decoder.array(exactly: 3, "a result") { (decoder) throws(WireError) in
                    UnitResult(
                        unit: try decoder.unit(),
                        pixelRoot: try decoder.digest("a pixel root"),
                        workCount: try decoder.unsigned()
                    )
                }
            }
            try requireAscending(results.map(\.unit), "a batch's list of units")
            return Self(job: job, sequence: sequence, results: results)
        }
    }
}

extension AuditReport {
    /// Writes `{0: job, 1: unit, 2: leafIndex, 3: leaf}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(4)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.unit(self.unit)
        encoder.key(2)
        encoder.integer(self.leafIndex)
        encoder.key(3)
        encoder.digest(self.leaf)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 4, "a report") { (decoder) throws(WireError) in
            try decoder.key(0)
            let job = try decoder.job()
            try decoder.key(1)
            let unit = try decoder.unit()
            try decoder.key(2)
            let leafIndex = try decoder.leafIndex()
            guard leafIndex < unit.blockCount else {
                throw WireError(.outOfRange, "unit \(unit) has no leaf \(leafIndex)")
            }
            try decoder.key(3)
            return Self(job: job, unit: unit, leafIndex: leafIndex, leaf: try decoder.digest("a leaf"))
        }
    }
}

extension FraudProof {
    /// Writes `{0: job, 1: unit, 2: worker, 3: batch, 4: leafIndex, 5: claimedLeaf, 6: [path], 7: correctLeaf,
    /// 8: [witnesses]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(9)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.unit(self.unit)
        encoder.key(2)
        encoder.peer(self.worker)
        encoder.key(3)
        encoder.digest(self.batch.digest)
        encoder.key(4)
        encoder.integer(self.leafIndex)
        encoder.key(5)
        encoder.digest(self.claimedLeaf)
        encoder.key(6)
        encoder.array(self.path) { $0.digest($1) }
        encoder.key(7)
        encoder.digest(self.correctLeaf)
        encoder.key(8)
        encoder.array(self.witnesses) { $0.digest($1.digest) }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 9, "a fraud proof") { (decoder) throws(WireError) in
            try Self(pairs: &decoder)
        }
    }

    private init(pairs decoder: inout CBORDecoder) throws(WireError) {
        try decoder.key(0)
        self.job = try decoder.job()
        try decoder.key(1)
        self.unit = try decoder.unit()
        try decoder.key(2)
        self.worker = try decoder.peer("the worker")
        try decoder.key(3)
        self.batch = RecordID(try decoder.digest("the batch's id"))
        try decoder.key(4)
        self.leafIndex = try decoder.leafIndex()
        try decoder.key(5)
        self.claimedLeaf = try decoder.digest("the claimed leaf")
        try decoder.key(6)
        self.path = try decoder.array(countMax: WireLimits.pathLengthMax, "a Merkle path") {
            (decoder) throws(WireError) in try decoder.digest("a node of a Merkle path")
        }
        try decoder.key(7)
        self.correctLeaf = try decoder.digest("the correct leaf")
        try decoder.key(8)
        self.witnesses = try decoder.array(countMax: WireLimits.witnessesMax, "the witnesses") {
            (decoder) throws(WireError) in RecordID(try decoder.digest("a witness"))
        }
        guard self.leafIndex < self.unit.blockCount else {
            throw WireError(.outOfRange, "unit \(self.unit) has no leaf \(self.leafIndex)")
        }
        guard self.claimedLeaf != self.correctLeaf else {
            throw WireError(.outOfRange, "a fraud proof shows two equal leaves")
        }
    }
}

extension FrameFinal {
    /// Writes `{0: job, 1: frame, 2: framePixels, 3: [[worker, workCount], ...]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(4)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.integer(self.frame)
        encoder.key(2)
        encoder.digest(self.framePixels)
        encoder.key(3)
        encoder.array(self.work) { encoder, share in
            encoder.array(2)
            encoder.peer(share.worker)
            encoder.unsigned(share.workCount)
        }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 4, "a final frame") { (decoder) throws(WireError) in
            try decoder.key(0)
            let job = try decoder.job()
            try decoder.key(1)
            let frame = try decoder.frame()
            try decoder.key(2)
            let pixels = try decoder.digest("the frame's pixels")
            try decoder.key(3)
            let work = try decoder.array(countMax: WireLimits.frameWorkersMax, "the list of work") {
                (decoder) throws(WireError) in
                try decoder.array(exactly: 2, "a share of work") { (decoder) throws(WireError) in
                    WorkShare(worker: try decoder.peer("a worker"), workCount: try decoder.unsigned())
                }
            }
            try requireAscending(work.map(\.worker), "the list of work")
            return Self(job: job, frame: frame, framePixels: pixels, work: work)
        }
    }
}
