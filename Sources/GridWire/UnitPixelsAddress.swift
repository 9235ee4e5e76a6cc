/// Which pixels are meant on the pixel streams: a unit of a job, as a header of 42 bytes.
///
/// The job's 32 bytes, then big-endian: the frame as a signed 32-bit number, the tile as 32 bits, the first block and
/// the number of blocks as a byte each.
public struct UnitPixelsAddress: Hashable, Sendable {
    /// The number of bytes of the header.
    public static let byteCount = Digest.byteCount + 10

    /// The job.
    public let job: JobID
    /// The unit.
    public let unit: UnitID

    /// Creates an address.
    ///
    /// The unit's numbers must lie within what ``UnitID`` and ``WireLimits`` allow.
    public init(job: JobID, unit: UnitID) {
        self.job = job
        self.unit = unit
    }

    /// Reads the header.
    ///
    /// - Throws: ``WireError`` when there are not exactly ``byteCount`` bytes, or a number is out of range.
    public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
        guard bytes.count == Self.byteCount, let job = Digest(bytes.prefix(Digest.byteCount)) else {
            throw WireError(.malformed, "a pixel address has \(Self.byteCount) bytes, not \(bytes.count)")
        }
        let rest = Array(bytes.dropFirst(Digest.byteCount))
        let unit = UnitID(
            frame: Int(Int32(truncatingIfNeeded: Self.number(rest[0 ..< 4]))),
            tile: Self.number(rest[4 ..< 8]),
            firstBlock: Int(rest[8]),
            blockCount: Int(rest[9])
        )
        guard unit.isWithinLimits else {
            throw WireError(.outOfRange, "no job has a unit \(unit)")
        }
        self.job = JobID(job)
        self.unit = unit
    }

    /// The 42 bytes of the header.
    public func encoded() -> [UInt8] {
        var bytes = self.job.digest.bytes
        for number in [self.unit.frame, self.unit.tile] {
            for shift in [24, 16, 8, 0] {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        bytes.append(UInt8(truncatingIfNeeded: self.unit.firstBlock))
        bytes.append(UInt8(truncatingIfNeeded: self.unit.blockCount))
        return bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}

extension UnitID {
    /// Whether the numbers could belong to a unit of some job; whether they belong to this job is for the manifest.
    public var isWithinLimits: Bool {
        WireLimits.frameNumbers.contains(self.frame)
            && (0 ... WireLimits.tileIndexMax).contains(self.tile)
            && (0 ..< WireLimits.blocksMax).contains(self.firstBlock)
            && (1 ... WireLimits.blocksMax).contains(self.blockCount)
            && self.firstBlock + self.blockCount <= WireLimits.blocksMax
    }
}
