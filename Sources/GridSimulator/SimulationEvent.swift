import GridStore
import GridWire

/// What happens at one instant of virtual time.
enum SimulationEvent {
    /// The worker of a node asked to be woken.
    case wakeWorker(node: Int, incarnation: UInt32)
    /// The steward of a job asked to be woken.
    case wakeSteward(job: Int, node: Int, incarnation: UInt32)
    /// A message arrives.
    case deliver(Message)
    /// The worker learns that its request failed.
    case requestFailed(node: Int, incarnation: UInt32, number: UInt64)
    /// A thread is done.
    case renderDone(node: Int, incarnation: UInt32, token: UInt64)
    /// A leaf is recomputed.
    case auditDone(node: Int, incarnation: UInt32, job: Int, audit: LeaseGrant.Audit)
    /// A scene arrived, or could not be had.
    case sceneDone(node: Int, incarnation: UInt32, job: Int, frames: [Int], hasFailed: Bool)
    /// A steward's answer is overdue.
    case answerIsDue(job: Int, node: Int, requestID: UInt64)
    /// A job is handed in.
    case submit(job: Int)
    /// All chunks of a job have arrived at its steward.
    case start(job: Int)
    /// The submitter has fetched a frame.
    case fetched(job: Int, frame: Int)
    /// A session begins.
    case connect(link: Int)
    /// A session breaks.
    case disconnect(link: Int)
    /// One side notices that the session is gone.
    case noticeDown(link: Int, isWorker: Bool, incarnation: UInt32, epoch: UInt32)
    /// A node dies.
    case crash(node: Int, incarnation: UInt32)
    /// A node that was asked to stop has not, and is killed.
    case kill(node: Int, incarnation: UInt32)
    /// A node comes back.
    case restart(node: Int)
    /// Some nodes are cut off from the others.
    case partition
    /// The cut between two parts of the nodes is over.
    case healed
    /// Something happens that the scenario names by its place.
    case incident(Int)
    /// Whether all stewards hold the same again after a cut.
    case compareLedgers(since: VirtualTime)
    /// See ``SimulationEngine/compareRebuilt(since:)``.
    case compareRebuilt(since: VirtualTime)
    /// A node becomes slow.
    case slowDown(node: Int)
    /// A node is paused by its owner.
    case pause(node: Int)
    /// The owner lets it go on.
    case resume(node: Int, incarnation: UInt32)
    /// Something between nodes that find each other.
    case peering(PeeringEvent)
    /// A node looks at others for pixels that its disk has lost.
    case searchPixels(job: Int, node: Int, incarnation: UInt32, lost: [StoredPixels], attempts: Int)
    /// A node's disk is full.
    case fillDisk(node: Int)
    /// There is room on a node's disk again.
    case diskHasRoom(node: Int)
    /// A node tries once more to write what its full disk refused.
    case writeAgain(job: Int, node: Int, incarnation: UInt32)

    /// A message between a worker and a steward.
    ///
    /// An object, so that events stay small: they are moved about in the queue.
    final class Message {
        let link: Int
        /// The session; what was sent in an earlier one is lost.
        let epoch: UInt32
        let content: Content

        init(link: Int, epoch: UInt32, content: Content) {
            self.link = link
            self.epoch = epoch
            self.content = content
        }
    }

    /// What a message says.
    enum Content {
        /// From the steward's node.
        case offer(JobOffer)
        /// From the worker.
        case leaseRequest(LeaseRequest, number: UInt64)
        /// From the steward.
        case grant(LeaseGrant, number: UInt64)
        /// From the steward.
        case refused(number: UInt64)
        /// From the worker: its pixels.
        case pixels(job: Int, UnitID, SimulatedFilm)
        /// From one steward to another.
        case steward(StewardMessage, from: Int, to: Int)
        /// Pixels from one steward to another.
        case copy(job: Int, UnitID, SimulatedFilm, from: Int, to: Int)
    }
}
