import GridCore
import GridWire

/// A job: what the simulator knows of it, and what each of its stewards does.
struct SimulatedJob {
    /// A job at one of its stewards: the disk, which survives a crash, and the machine, which does not.
    final class Seat {
        // On the disk.
        var records: [SignedRecord] = []
        var recordIDs: Set<RecordID> = []
        /// Whether records were deleted after others had been written.
        var hasForgotten = false
        var films: [UnitID: SimulatedFilm] = [:]
        /// What the node was told of the job's stewards when it became one.
        var roster: Roster?
        var rosterProof: [SignedRecord] = []

        /// Whether the job was handed in here, and its scene is still to come.
        var isReceiving = false
        /// Records that are to go to the disk before anything is done that follows them.
        var unwritten: [SignedRecord] = []
        /// What waits until the disk takes records again, and whether there is such a wait.
        var delayed: [Steward.Action] = []
        var waitsForDisk = false
        /// When such a wait last ended: what was decided before it is done now.
        var wroteAgainAt: VirtualTime?

        /// The machine; nothing while the node is away.
        var steward: Steward?
        var wakesAt: VirtualTime?
        var pending: [UInt64: Pending] = [:]
        var lastRevision: UInt64 = 0
        var finalFrames: Set<Int> = []
        var burned: Set<PeerID> = []
    }

    /// A request that a steward has not answered yet.
    struct Pending {
        let worker: Int
        let link: Int
        let epoch: UInt32
        let number: UInt64
        let receivedAt: VirtualTime
        let stewardIncarnation: UInt32
    }

    let id: JobID
    let manifest: JobManifest
    let record: SignedRecord
    /// The node that the job is handed to.
    let entryNode: Int
    let submittedAt: VirtualTime
    let plan: UnitPlan

    /// What the submitter signed beside the manifest: who keeps the job, first.
    var handedIn: [SignedRecord] = []
    /// By node.
    var seats: [Int: Seat] = [:]

    // What the simulator knows better.
    var truth: GroundTruth
    var checker: JobChecker
    /// When its steward began to tell of it.
    var offeredAt: VirtualTime?
    var completedAt: VirtualTime?
    /// The workers that finished a right copy of a unit.
    var copies: [UnitID: [Int]] = [:]
    /// The leases of workers that crashed, until somebody has the unit.
    var orphanedAt: [UnitID: VirtualTime] = [:]
    /// The records that some acting steward held when the last cut ended.
    var recordsAtHealing: Set<RecordID> = []
    /// The results that nodes which are up had reported when no acting steward was left.
    var resultsAtLoss: Set<RecordID> = []
    /// The evidence of each frame that was last judged.
    var judgedEvidence: [Int: Set<RecordID>] = [:]
    /// The final frames that the submitter was told of.
    var fetched: Set<Int> = []
    /// When a steward of the roster in force died, until there is a roster without it.
    var bereftSince: [Int: VirtualTime] = [:]

    /// The nodes whose machines run now, ascending.
    var seated: [Int] {
        self.seats.keys.filter { self.seats[$0]?.steward != nil }.sorted()
    }
}
