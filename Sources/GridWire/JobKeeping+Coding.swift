extension RosterEpoch {
    /// Writes `{0: job, 1: number, 2: [steward, ...]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(3)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.integer(self.number)
        encoder.key(2)
        encoder.array(self.stewards) { $0.peer($1) }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 3, "a roster") { (decoder) throws(WireError) in
            try decoder.key(0)
            let job = try decoder.job()
            try decoder.key(1)
            let number = try decoder.integer(1 ... Self.numberMax, "the number of a roster")
            try decoder.key(2)
            return Self(job: job, number: number, stewards: try decoder.stewards())
        }
    }
}

extension StoreReceipt {
    /// Writes `{0: job, 1: [[unit, rootStart], ...]}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(2)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.array(self.items) { encoder, item in
            encoder.array(2)
            encoder.unit(item.unit)
            encoder.unsigned(item.rootStart)
        }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 2, "a receipt") { (decoder) throws(WireError) in
            try decoder.key(0)
            let job = try decoder.job()
            try decoder.key(1)
            let items = try decoder.array(countMax: Self.itemsMax, "a receipt's items") {
                (decoder) throws(WireError) in
                try decoder.array(exactly: 2, "an item of a receipt") { (decoder) throws(WireError) in
                    Item(unit: try decoder.unit(), rootStart: try decoder.unsigned())
                }
            }
            try requireAscending(items.map(\.unit), "a receipt's list of units")
            return Self(job: job, items: items)
        }
    }
}

extension JobOrder {
    /// Writes `{0: job, 1: sequence, 2: state (0...2), 3: priority, 4: deadline}`.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(5)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.unsigned(self.sequence)
        encoder.key(2)
        encoder.unsigned(UInt64(self.state.rawValue))
        encoder.key(3)
        encoder.integer(self.priority)
        encoder.key(4)
        encoder.unsigned(self.deadline)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 5, "an order") { (decoder) throws(WireError) in
            try decoder.key(0)
            let job = try decoder.job()
            try decoder.key(1)
            let sequence = try decoder.unsigned()
            try decoder.key(2)
            let number = try decoder.integer(0 ... 2, "the state of a job")
            guard let state = State(rawValue: UInt8(truncatingIfNeeded: number)) else {
                throw WireError(.unknown, "state \(number) of a job is not known")
            }
            try decoder.key(3)
            let priority = try decoder.integer(0 ... Self.priorityMax, "the priority of a job")
            try decoder.key(4)
            let deadline = try decoder.unsigned()
            return Self(job: job, sequence: sequence, state: state, priority: priority, deadline: deadline)
        }
    }
}

extension FrameSeal {
    /// Writes `{0: job, 1: frame, 2: final, 3: roots}`; the roots are one byte string.
    func append(to encoder: inout CBOREncoder) {
        encoder.map(4)
        encoder.key(0)
        encoder.digest(self.job.digest)
        encoder.key(1)
        encoder.integer(self.frame)
        encoder.key(2)
        encoder.digest(self.final.digest)
        encoder.key(3)
        encoder.byteString(self.roots.flatMap(\.bytes))
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self = try decoder.map(exactly: 4, "a seal") { (decoder) throws(WireError) in
            try decoder.key(0)
            let job = try decoder.job()
            try decoder.key(1)
            let frame = try decoder.frame()
            try decoder.key(2)
            let final = RecordID(try decoder.digest("the final record's id"))
            try decoder.key(3)
            let size = Digest.byteCount
            let bytes = try decoder.byteString(size ... Self.unitsMax * size, "the roots of a frame")
            var roots: [Digest] = []
            roots.reserveCapacity(bytes.count / size)
            for start in stride(from: 0, to: bytes.count, by: size) {
                guard let root = Digest(Array(bytes[start ..< min(start + size, bytes.count)])) else {
                    throw WireError(.malformed, "the roots of a frame are cut short")
                }
                roots.append(root)
            }
            return Self(job: job, frame: frame, final: final, roots: roots)
        }
    }
}

extension CBORDecoder {
    /// A list of stewards by rank, none of them twice.
    mutating func stewards(countMin: Int = 1) throws(WireError) -> [PeerID] {
        let stewards = try self.array(countMax: RosterEpoch.stewardsMax, "the list of stewards") {
            (decoder) throws(WireError) in try decoder.peer("a steward")
        }
        guard stewards.count >= countMin, Set(stewards).count == stewards.count else {
            throw WireError(.outOfRange, "a list of stewards is empty or names one twice")
        }
        return stewards
    }
}
