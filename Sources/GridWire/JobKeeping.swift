/// Who keeps a job: one numbered roster of its stewards.
///
/// Each record is one vote. A roster stands when the submitter signed its body, or when more than half of the stewards of
/// the standing roster before it did; see `RosterBook`.
public struct RosterEpoch: Hashable, Sendable {
    /// The job.
    public var job: JobID
    /// The number, from 1; each roster that stands has the next one.
    public var number: Int
    /// The stewards by rank, each once, at most ``stewardsMax``.
    public var stewards: [PeerID]

    /// The most stewards of a roster.
    public static let stewardsMax = 16
    /// The highest number of a roster.
    public static let numberMax = 1 << 24

    /// Creates a roster.
    public init(job: JobID, number: Int, stewards: [PeerID]) {
        self.job = job
        self.number = number
        self.stewards = stewards
    }
}

/// A holder states that it has the pixels of some units on its disk.
public struct StoreReceipt: Hashable, Sendable {
    /// A unit whose pixels are held.
    public struct Item: Hashable, Sendable {
        /// The unit.
        public var unit: UnitID
        /// The first eight bytes of the root that the pixels hash to, as a big-endian number.
        ///
        /// Enough to tell one of the few roots of a unit from another.
        public var rootStart: UInt64

        /// Creates an item.
        public init(unit: UnitID, rootStart: UInt64) {
            self.unit = unit
            self.rootStart = rootStart
        }
    }

    /// The job.
    public var job: JobID
    /// What is held, at most ``itemsMax``, ascending by unit.
    public var items: [Item]

    /// The most items of a receipt.
    public static let itemsMax = 256

    /// Creates a receipt.
    public init(job: JobID, items: [Item]) {
        self.job = job
        self.items = items
    }
}

/// What the submitter wants of its job now; of several orders the one with the highest sequence counts.
public struct JobOrder: Hashable, Sendable {
    /// Whether units are leased.
    public enum State: UInt8, Hashable, Sendable, CaseIterable {
        /// They are.
        case running = 0
        /// They are not, until another order.
        case paused = 1
        /// They never are again.
        case cancelled = 2
    }

    /// The job.
    public var job: JobID
    /// The submitter's own count of its orders; milliseconds since 1970 serve well.
    public var sequence: UInt64
    /// Whether units are leased.
    public var state: State
    /// How much the job matters to the submitter beside its others, 0 (least) to ``priorityMax``.
    public var priority: Int
    /// When the job shall be done, in milliseconds since 1970; 0 says nothing.
    public var deadline: UInt64

    /// The highest priority.
    public static let priorityMax = 3
    /// The priority of a job without an order.
    public static let priorityDefault = 1

    /// Creates an order.
    public init(
        job: JobID,
        sequence: UInt64,
        state: State,
        priority: Int = Self.priorityDefault,
        deadline: UInt64 = 0
    ) {
        self.job = job
        self.sequence = sequence
        self.state = state
        self.priority = priority
        self.deadline = deadline
    }
}

/// The submitter has checked a final frame and has it on its own disk.
///
/// From then on nobody needs what led to the frame: the signature of the one for whom it was rendered proves the roots, so
/// that batches, reports and receipts about it are dropped (`Ledger`). Only a seal by the job's submitter counts, and of
/// several the one with the lowest id.
public struct FrameSeal: Hashable, Sendable {
    /// The job.
    public var job: JobID
    /// The frame number.
    public var frame: Int
    /// The ``FrameFinal`` that says who worked for the frame; no other one counts any more.
    public var final: RecordID
    /// The accepted pixel roots in the order of their units, 1...``unitsMax``.
    public var roots: [Digest]

    /// The most units of a frame that can be sealed: those of a picture of 3840x2160 pixels whose tiles are cut in eight.
    public static let unitsMax = 1 << 14

    /// Creates a seal.
    public init(job: JobID, frame: Int, final: RecordID, roots: [Digest]) {
        self.job = job
        self.frame = frame
        self.final = final
        self.roots = roots
    }
}

extension Digest {
    /// The first eight bytes as a big-endian number.
    public var start: UInt64 {
        self.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
