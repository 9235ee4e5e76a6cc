/// The bounds that every decoder of the grid's messages checks.
///
/// They are part of the protocol.
public enum WireLimits {
    /// Frame numbers lie within this range.
    public static let frameNumbers = -1_000_000 ... 1_000_000
    /// The largest tile index: that of the last tile of the largest frame.
    public static let tileIndexMax = 256 * 256 - 1
    /// The most blocks of a tile.
    public static let blocksMax = 64
    /// The most bytes of all chunks of a scene.
    public static let assetSizeMax: UInt64 = 1 << 40
    /// The most bytes of memory that a job may ask of a node.
    public static let memoryMax: UInt64 = 1 << 42
    /// The most digests of a Merkle path of a unit; 64 leaves need six.
    public static let pathLengthMax = 6
    /// The most witnesses of a fraud proof.
    public static let witnessesMax = 16
    /// The most workers of a ``FrameFinal`` record.
    public static let frameWorkersMax = 1_024
    /// The most records that prove a roster: those of 341 changes since the submitter signed one, about 300 KiB.
    public static let rosterProofMax = 1_024
    /// The most records of a ``LeaseRequest``.
    public static let requestRecordsMax = 256
    /// The most units in any list of a ``LeaseRequest`` or ``LeaseGrant``.
    public static let unitsMax = 256
    /// The most audits of a ``LeaseGrant``.
    public static let auditsMax = 256
    /// The most units that a worker can ask for at once.
    public static let wantedUnitsMax = 256
    /// The longest lease in milliseconds: a day.
    public static let expiryMillisecondsMax: UInt64 = 86_400_000
    /// The longest block in microseconds: a day.
    public static let blockMicrosecondsMax: UInt64 = 86_400_000_000
    /// The most that energy may be said to cost for 10^18 of work.
    public static let energyCostMax: UInt64 = 1 << 48
    /// The longest time that a job may be said to need, in seconds.
    public static let secondsLeftMax: UInt64 = 1 << 40
    /// The longest time that finished units may be asked to wait for others, in milliseconds.
    public static let batchMillisecondsMax: UInt64 = 10_000
    /// The most records of one answer that gives a frame's evidence; whoever lacks more asks again.
    public static let evidenceRecordsMax = 8_192
    /// The most units of a frame.
    public static let frameUnitsMax = 1 << 30
    /// The most chunk ids of a message; whoever lacks more asks again.
    public static let chunkListMax = 65_536
    /// The most units that a status may speak of.
    public static let jobUnitsMax = 1 << 40
    /// The most burned workers of a ``JobStatus``.
    public static let burnedMax = 4_096
    /// The most active workers of a ``JobStatus``.
    public static let activeWorkersMax = 1_000_000
    /// The longest sentence for people in bytes of UTF-8.
    public static let sentenceSizeMax = 512
    /// The longest name of a program in bytes of UTF-8.
    public static let agentSizeMax = 64
    /// The most addresses of a ``Hello``.
    public static let addressesMax = 16
    /// The most render threads of a node.
    public static let threadsMax = 4_096
}
