public import GridWire
struct UnitState: Sendable {}
struct FrameState: Sendable { var unitsLeft: Int }
struct WorkerState: Sendable {}
struct OpenUnits: Sendable {}
struct LeafStore: Sendable {}
struct Dispute: Sendable {}
enum Timer: Sendable {}
struct Counts: Sendable {}
struct VerifiedHistory: Sendable {}
struct JobWork: Sendable {}
struct Running: Sendable {}

extension Steward {
    mutating func rebuild(storedPixels: [UnitID]) {}

    /// When ``handleTimeout(now:)`` next has work to do, if ever; ask again after every input.
    public var nextDeadline: Instant? { nil }
    /// All chunks of the scene are here: units may be leased. Calling it twice is harmless.
    public mutating func start(now: Instant) -> [Action] { [] }
    /// Takes a worker's results and gives it work, now or, when there is none, later.
    public mutating func handleLeaseRequest(_ request: LeaseRequest, from peer: PeerID, requestID: UInt64, now: Instant) -> [Action] { [] }
    /// The pixels of the unit, which hash to its ``acceptedRoot(of:)``, are on the disk.
    public mutating func pixelsStored(_ unit: UnitID, now: Instant) -> [Action] { [] }
    /// A worker sent pixels that do not hash to the accepted root; another holder is asked.
    public mutating func pixelsRefused(_ unit: UnitID, from peer: PeerID, now: Instant) -> [Action] { [] }
    /// The session with the peer ended.
    public mutating func peerDisconnected(_ peer: PeerID, now: Instant) -> [Action] { [] }
    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] { [] }
    /// Ends the job for good; the shell calls it only for the ``submitter``.
    public mutating func cancel(now: Instant) -> [Action] { [] }
    /// Who signed the manifest.
    public var submitter: PeerID { self.manifestRecord.signer }
    /// The root that the pixels of the unit must hash to, once two workers agree and while the pixels are wanted.
    public func acceptedRoot(of unit: UnitID) -> Digest? { nil }
    /// Where the job stands.
    public func status(now: Instant) -> JobStatus {
        JobStatus(job: self.job, revision: self.revision, phase: self.phase, unitsTotal: 0, unitsRendered: 0, unitsVerified: 0, finalFrames: [], activeWorkers: 0, waitingFor: "", burned: [])
    }
    /// What to tell peers of the job: when a session begins, when the job starts, and when it ends.
    public var offer: JobOffer { JobOffer(manifest: self.manifestRecord, openPerMille: 0, isClosed: false) }
    /// The records that let anyone judge a frame, see ``FrameVerdict``; empty while the frame is not final.
    public func evidence(ofFrame frame: Int) -> [SignedRecord] { [] }
    /// The job as the faces show it.
    public func snapshot(now: Instant) -> JobSnapshot {
        JobSnapshot(id: "", title: "", phase: "", role: .steward, steward: "", width: 0, height: 0, samples: 0, tilesAcross: 0, tilesDown: 0, frameCount: 0, unitsTotal: 0)
    }
}

extension Worker {
    /// What was rendered since the start.
    public struct Totals: Hashable, Sendable {
        /// Finished units.
        public var units: UInt64 = 0
        /// Finished blocks, audits included.
        public var blocks: UInt64 = 0
        /// The sum of the work counters.
        public var workCount: UInt64 = 0
        /// The time that threads were busy.
        public var busy: Duration = .zero
    }
    /// When ``handleTimeout(now:)`` next has work to do, if ever; ask again after every input.
    public var nextDeadline: Instant? { nil }
    /// A steward has, or had, work.
    public mutating func offerReceived(_ offer: JobOffer, from steward: PeerID, now: Instant) -> [Action] { [] }
    /// What ``Action/prepareScene(_:frames:)`` asked for is there.
    public mutating func sceneReady(_ job: JobID, frames: [Int], now: Instant) -> [Action] { [] }
    /// What ``Action/prepareScene(_:frames:)`` asked for cannot be had now; it is asked for again later.
    public mutating func sceneFailed(_ job: JobID, frames: [Int], reason: String, now: Instant) -> [Action] { [] }
    /// A steward answered a request.
    public mutating func grantReceived(_ grant: LeaseGrant, number: UInt64, now: Instant) -> [Action] { [] }
    /// A request could not be sent, was refused or got no answer.
    public mutating func requestFailed(number: UInt64, now: Instant) -> [Action] { [] }
    /// A thread finished a unit; the shell keeps its pixels.
    public mutating func unitFinished(_ job: JobID, _ unit: UnitID, root: Digest, leaves: [Digest], workCount: UInt64, elapsed: Duration, now: Instant) -> [Action] { [] }
    /// A unit cannot be rendered here; its lease is given back.
    public mutating func unitFailed(_ job: JobID, _ unit: UnitID, reason: String, now: Instant) -> [Action] { [] }
    /// A leaf was recomputed.
    public mutating func auditFinished(_ job: JobID, _ audit: LeaseGrant.Audit, leaf: Digest, now: Instant) -> [Action] { [] }
    /// Stops taking work until ``resume(now:)``.
    public mutating func pause(now: Instant) -> [Action] { [] }
    /// Takes work again.
    public mutating func resume(now: Instant) -> [Action] { [] }
    /// Finishes what is rendering, gives the rest back and reports; ends with ``Action/drained``.
    public mutating func drain(now: Instant) -> [Action] { [] }
    /// The session with a steward began: whatever waits for it is sent at once.
    public mutating func stewardConnected(_ steward: PeerID, now: Instant) -> [Action] { [] }
    /// The session with a steward ended: its requests are lost.
    public mutating func stewardDisconnected(_ steward: PeerID, now: Instant) -> [Action] { [] }
    /// Does what is due; calling it early or twice is harmless.
    public mutating func handleTimeout(now: Instant) -> [Action] { [] }
    /// Why this node renders nothing, in a sentence for people; empty when it does.
    public var idleReason: String { "" }
    /// The manifest of a job that the worker knows.
    public func manifest(of job: JobID) -> JobManifest? { nil }
    /// The jobs that the worker knows, as the faces show them.
    public func snapshots(now: Instant) -> [JobSnapshot] { [] }
}
