/// What the stewards of a job tell each other, each second and whenever there is something new.
///
/// One message carries all of it, since most of its lists are empty most of the time. Whoever loses one loses nothing: the
/// summaries show what is missing.
public struct StewardMessage: Hashable, Sendable {
    /// A copy of a unit that the receiver may lease.
    public struct Cession: Hashable, Sendable {
        /// The unit.
        public var unit: UnitID
        /// The workers that hold it now, as far as the sender knows.
        public var holders: [PeerID]
        /// Whether its holders are late, so that one more copy than needed is worth while.
        public var isSpeculative: Bool

        /// Creates a cession.
        public init(unit: UnitID, holders: [PeerID], isSpeculative: Bool = false) {
            self.unit = unit
            self.holders = holders
            self.isSpeculative = isSpeculative
        }
    }

    /// The job.
    public var job: JobID
    /// New records, at most ``recordsMax``.
    public var records: [SignedRecord] = []
    /// The number of the sender's records.
    public var recordCount: UInt64 = 0
    /// The exclusive or of the ids of all the sender's records.
    public var summary: Digest
    /// The exclusive or of the second eight bytes of the ids in each of 256 buckets, by an id's first byte; or nothing.
    public var buckets: [UInt64] = []
    /// Buckets whose ids are all in ``knownIDs``.
    public var bucketNumbers: [Int] = []
    /// The sender's ids in these buckets.
    public var knownIDs: [RecordID] = []
    /// Records that the sender lacks.
    public var wantedIDs: [RecordID] = []
    /// About how many units wait for a worker at the sender.
    public var openUnits = 0
    /// The number of the first unit of the sender's that waits and that no worker ever had; the number of all units when
    /// there is none.
    public var frontier = 0
    /// The blocks that the sender's workers render in a thousand seconds.
    public var blocksPerKilosecond: UInt64 = 0
    /// The workers that ask the sender.
    public var activeWorkers = 0
    /// How many units the sender could lease at once; 0 wants none.
    public var wantedUnits = 0
    /// The time of a block at the sender's fastest idle worker in microseconds; 0 when none is idle.
    public var idleBlockMicroseconds: UInt64 = 0
    /// Some of the workers that wait at the sender for those units, at most ``waitingMax``: a second copy is of no use
    /// to whoever has the first.
    public var waiting: [PeerID] = []
    /// Copies for the receiver to lease, one for each time that a unit is named.
    public var ceded: [Cession] = []
    /// Units of which a copy was ceded to the sender that it cannot lease; one copy for each time that a unit is named.
    public var returned: [UnitID] = []
    /// Units of the receiver that the sender leases, as far as they fit, those that its workers brought along included;
    /// told each second, so that a loan of which the sender knows nothing, because it was started again or never heard of
    /// it, ends soon.
    public var borrowed: [UnitID] = []
    /// Units about which workers differ, and whose leaves the sender lacks; at most ``leafSetsMax``.
    public var wantedLeaves: [UnitID] = []
    /// Leaves that the receiver asked for, of every root that the sender knows them of; at most ``leafSetsMax``.
    public var leaves: [LeaseRequest.Leaves] = []

    /// The most records of a message.
    public static let recordsMax = 2_048
    /// The most record ids in any list.
    public static let idsMax = 16_384
    /// The most units in any list.
    public static let unitsMax = 1_024
    /// The most units whose leaves are asked for, or given, in one message (about 2 KiB each).
    public static let leafSetsMax = 64
    /// The most waiting workers that are named; of any two one can take a second copy.
    public static let waitingMax = 8
    /// The most holders of a unit.
    public static let holdersMax = 8
    /// The number of buckets.
    public static let bucketCount = 256

    /// Creates a message that says nothing but what the sender holds.
    public init(job: JobID, recordCount: UInt64, summary: Digest) {
        self.job = job
        self.recordCount = recordCount
        self.summary = summary
    }
}
