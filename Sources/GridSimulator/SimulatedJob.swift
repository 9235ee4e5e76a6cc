import GridCore
import GridWire

/// A job at its steward: the disk, which survives a crash, and the machine, which does not.
struct SimulatedJob {
    /// A request that the steward has not answered yet.
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
    /// The node that keeps the job.
    let stewardNode: Int
    let submittedAt: VirtualTime
    let plan: UnitPlan

    // On the disk.
    var isSubmitted = false
    var isStarted = false
    var records: [SignedRecord] = []
    var pixels: [UnitID: Digest] = [:]

    /// The machine; nothing while the node is away or the job was not submitted.
    var steward: Steward?
    var stewardWakesAt: VirtualTime?
    var pending: [UInt64: Pending] = [:]

    // What the simulator knows better.
    var truth: GroundTruth
    var checker: JobChecker
    var completedAt: VirtualTime?
    /// The workers that finished a right copy of a unit.
    var copies: [UnitID: [Int]] = [:]
    /// The workers that hold a lease, as far as grants say, and the leases of those that crashed.
    var orphanedAt: [UnitID: VirtualTime] = [:]
}
