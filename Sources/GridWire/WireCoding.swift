// What the encoders and decoders of several messages share.

extension CBOREncoder {
    mutating func digest(_ digest: Digest) {
        digest.withUnsafeBytes { self.byteString($0) }
    }

    mutating func peer(_ peer: PeerID) {
        peer.withUnsafeBytes { self.byteString($0) }
    }

    /// Writes `[frame, tile, firstBlock, blockCount]`.
    mutating func unit(_ unit: UnitID) {
        self.array(4)
        self.integer(unit.frame)
        self.integer(unit.tile)
        self.integer(unit.firstBlock)
        self.integer(unit.blockCount)
    }

    mutating func units(_ units: [UnitID]) {
        self.array(units) { $0.unit($1) }
    }

    mutating func chunks(_ chunks: [ChunkID]) {
        self.array(chunks) { $0.digest($1.digest) }
    }

    mutating func records(_ records: [SignedRecord]) {
        self.array(records) { $1.append(to: &$0) }
    }
}

extension CBORDecoder {
    mutating func digest(_ name: StaticString) throws(WireError) -> Digest {
        let bytes = try self.bytes(Digest.byteCount ... Digest.byteCount, name)
        guard let digest = Digest(bytes) else {
            throw WireError(.malformed, "\(name) is not a digest")
        }
        return digest
    }

    mutating func job() throws(WireError) -> JobID {
        JobID(try self.digest("a job id"))
    }

    mutating func peer(_ name: StaticString) throws(WireError) -> PeerID {
        let bytes = try self.bytes(PeerID.publicKeySize ... PeerID.publicKeySize, name)
        guard let peer = PeerID(publicKey: bytes) else {
            throw WireError(.malformed, "\(name) is not a public key")
        }
        return peer
    }

    mutating func unsigned(max: UInt64, _ name: StaticString) throws(WireError) -> UInt64 {
        let value = try self.unsigned()
        guard value <= max else {
            throw WireError(.outOfRange, "\(name) is \(value), more than \(max)")
        }
        return value
    }

    mutating func frame() throws(WireError) -> Int {
        try self.integer(WireLimits.frameNumbers, "a frame number")
    }

    mutating func leafIndex() throws(WireError) -> Int {
        try self.integer(0 ... (WireLimits.blocksMax - 1), "a leaf index")
    }

    mutating func unit() throws(WireError) -> UnitID {
        try self.array(exactly: 4, "a unit") { (decoder) throws(WireError) in
            let unit = UnitID(
                frame: try decoder.frame(),
                tile: try decoder.integer(0 ... WireLimits.tileIndexMax, "a tile index"),
                firstBlock: try decoder.integer(0 ... (WireLimits.blocksMax - 1), "a block index"),
                blockCount: try decoder.integer(1 ... WireLimits.blocksMax, "a block count")
            )
            guard unit.isWithinLimits else {
                throw WireError(.outOfRange, "unit \(unit) leaves its tile")
            }
            return unit
        }
    }

    /// A unit and a leaf that must lie within it.
    mutating func unitAndLeaf() throws(WireError) -> (UnitID, Int) {
        let unit = try self.unit()
        let leaf = try self.leafIndex()
        guard leaf < unit.blockCount else {
            throw WireError(.outOfRange, "unit \(unit) has no leaf \(leaf)")
        }
        return (unit, leaf)
    }

    mutating func units(
        _ name: StaticString,
        countMax: Int = WireLimits.unitsMax
    ) throws(WireError) -> [UnitID] {
        try self.array(countMax: countMax, name) { (decoder) throws(WireError) in try decoder.unit() }
    }

    mutating func chunks() throws(WireError) -> [ChunkID] {
        try self.array(countMax: WireLimits.chunkListMax, "a list of chunks") { (decoder) throws(WireError) in
            ChunkID(try decoder.digest("a chunk id"))
        }
    }

    mutating func records(countMax: Int) throws(WireError) -> [SignedRecord] {
        try self.array(countMax: countMax, "a list of records") { (decoder) throws(WireError) in
            try SignedRecord(from: &decoder)
        }
    }

    /// Checks that the items of a message are as many as its tag asks for.
    func expect(_ itemCount: Int, is expected: Int) throws(WireError) {
        guard itemCount == expected else {
            throw WireError(.malformed, "a message holds \(itemCount) items, not \(expected)")
        }
    }
}

/// Refuses a list that is not strictly ascending.
func requireAscending<Element: Comparable>(_ elements: [Element], _ name: StaticString) throws(WireError) {
    for (a, b) in zip(elements, elements.dropFirst()) where a >= b {
        throw WireError(.notCanonical, "\(name) is not in ascending order")
    }
}
