public import GridWire

/// A job that this node has to do with, as it is kept over restarts.
public struct StoredJob: Hashable, Sendable {
    /// What this node is to a job.
    public struct Roles: OptionSet, Hashable, Sendable {
        /// One bit for each role; the numbers are part of the file format.
        public let rawValue: Int

        /// Creates a set of roles from its bits.
        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// It hands out leases and keeps the ledger.
        public static let steward = Roles(rawValue: 1)
        /// It renders.
        public static let worker = Roles(rawValue: 2)
        /// It handed the job in.
        public static let submitter = Roles(rawValue: 4)
    }

    /// The job.
    public var id: JobID
    /// The signed manifest, whose record id is ``id``.
    public var manifest: SignedRecord
    /// What this node is to the job.
    public var roles: Roles
    /// Where the job stands; a job that is `receiving` or `running` is taken up again after a restart.
    public var phase: JobStatus.Phase
    /// When the job came, in seconds since 1970.
    public var receivedAt: UInt64
    /// When the phase or the roles changed last, in seconds since 1970.
    public var changedAt: UInt64
    /// The number of the peer that was met last when the job was first heard of, see ``StoredPeer/number``.
    public var metBefore: UInt64

    /// Creates a job.
    public init(
        id: JobID,
        manifest: SignedRecord,
        roles: Roles,
        phase: JobStatus.Phase,
        receivedAt: UInt64,
        changedAt: UInt64,
        metBefore: UInt64 = 0
    ) {
        self.id = id
        self.manifest = manifest
        self.roles = roles
        self.phase = phase
        self.receivedAt = receivedAt
        self.changedAt = changedAt
        self.metBefore = metBefore
    }
}
