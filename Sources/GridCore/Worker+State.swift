import GridWire

extension Worker {
    /// What was rendered since the node started.
    public struct Totals: Hashable, Sendable {
        /// Finished units.
        public var units: UInt64 = 0
        /// Finished blocks, audits included.
        public var blocks: UInt64 = 0
        /// The sum of the work counters of finished units.
        public var workCount: UInt64 = 0
        /// The time that threads were busy with finished units.
        public var busy: Duration = .zero
    }

    /// What is known of a scene, or of the part of it that one frame needs.
    enum SceneState: Hashable, Sendable {
        /// It was not asked for: other jobs come first.
        case waiting
        /// It is being fetched.
        case preparing
        /// It is here.
        case ready
        /// It cannot be had for now.
        case failed(reason: String, retryAt: Instant)
    }

    struct Running: Hashable, Sendable {
        let job: JobID
        let unit: UnitID
    }

    struct Finished: Sendable {
        let unit: UnitID
        let root: Digest
        let leaves: [Digest]
        let workCount: UInt64
    }

    /// A signed batch, with what must travel beside it, until a steward has answered.
    struct Report: Sendable {
        let record: SignedRecord
        let leaves: [LeaseRequest.Leaves]
    }

    struct Request: Sendable {
        let number: UInt64
        let steward: PeerID
        let sentAt: Instant
        let wanted: Int
        let reports: [Report]
        let lost: [UnitID]
    }

    /// What the worker knows of a job.
    struct JobWork: Sendable {
        let job: JobID
        let manifest: JobManifest
        let manifestRecord: SignedRecord
        let plan: UnitPlan
        /// The one of ``roster`` that is asked now.
        var steward: PeerID
        /// Who keeps the job.
        var roster: Roster
        /// The last roster that was proved to stand, which may be gone, and what proves it.
        var standing: Roster
        var rosterProof: [SignedRecord]
        /// The stewards in the order in which this node prefers them.
        var stewards: [PeerID]
        /// When each of them was last found to be silent.
        var silentAt: [PeerID: Instant] = [:]
        var priority = JobOrder.priorityDefault
        /// What its submitter's jobs weigh here, by who has worked for whom.
        var reciprocity = 1.0
        /// How urgent the steward says that it is, in per cent.
        var urgency = LeaseGrant.urgencyDefault
        /// Nodes whose energy costs more are not needed, says the steward; 0 when all are.
        var energyCostMax: UInt64 = 0
        /// When this node is to act as a steward, if no known one answers until then.
        var founding: Founding?
        /// Who stands in for the stewards, as somebody said before this node had found out that they are gone.
        var standIn: StandIn?
        var scene = SceneState.waiting
        /// What of the scene is not on this node's disk, in bytes.
        var missingBytes: UInt64
        /// In how many seconds the job would be done, as its stewards said last, and when; nothing when nobody knows.
        var ending: (seconds: Double, heardAt: Instant)?
        var frames: [Int: SceneState] = [:]
        /// Leased units that have not begun, in the order of the lease.
        var queue: [UnitID] = []
        /// Audits that wait for their frame.
        var audits: [LeaseGrant.Audit] = []
        /// Audits that the shell is computing.
        var runningAudits: [LeaseGrant.Audit] = []
        /// Results that are in no batch yet.
        var finished: [Finished] = []
        /// When the oldest of them was finished.
        var finishedSince: Instant?
        /// How long they may wait for others to be signed with, says the steward.
        var batchEvery = Duration.zero
        /// When the oldest of what else is to be reported came up.
        var reportSince: Instant?
        /// Signed and not answered.
        var reports: [Report] = []
        /// Answered, but with units whose pixels no two holders have yet: another steward may not know of them.
        var delivered = DeliveredReports()
        var lost: [UnitID] = []
        /// The last batches that this node signed, at most ``Worker/historyMax``: whoever stands in for lost stewards may
        /// know none of them.
        var history: [SignedRecord] = []
        /// The number of the provisional roster that was told the history.
        var toldHistory: Int?
        /// Units whose pixels are held.
        var held = PixelList()
        /// Since when the steward knows of some of them and released none.
        var unreleasedSince: Instant?
        /// Units whose pixels others hold, but are not forgotten here yet, oldest first, see
        /// ``Worker/Settings/reservePixelBytesMax``.
        var reserve = PixelList()
        var requests: [Request] = []
        var lastSent: Instant?
        /// Nothing is sent before this instant.
        var pausedUntil: Instant?
        var failures = 0
        /// When the steward last answered or was first heard of.
        var lastAnswer: Instant
        /// The steward had no work when it was last asked.
        var isDry = false
        /// The smoothed time of one block on one thread.
        var blockTime: Duration?
        /// Where the job stands among those that share the threads; the least comes next.
        var pass = 0.0
        var unitsDone = 0
        var workDone: UInt64 = 0
        var firstHeard: Instant

        struct StandIn: Sendable {
            let lastAnswer: Instant
            let roster: Roster
            let peer: PeerID
        }

        struct Founding: Sendable {
            let lastAnswer: Instant
            var due: Instant
            /// Whether it was put off because others were said to have founded one.
            var hasWaited = false
        }

        /// Takes note of how long the job still takes; 0 says nothing.
        mutating func hear(secondsLeft: UInt64, now: Instant) {
            guard secondsLeft > 0 else { return }
            self.ending = (Double(secondsLeft), now)
        }

        /// The seconds until the job is done, as far as known.
        func secondsLeft(now: Instant) -> Double? {
            self.ending.map { max(0, $0.seconds - $0.heardAt.duration(to: now).seconds) }
        }

        /// Whether it may keep this node busy.
        var isPromising: Bool {
            switch self.scene {
            case .waiting, .failed: false
            case .preparing, .ready: !self.isDry && self.failures == 0
            }
        }

        /// The job's share of this node beside that of others: what its submitter wants and deserves, and how late it is.
        var weight: Double {
            self.reciprocity * Double(1 << self.priority) * Double(self.urgency) / 100
        }

        var hasWantingRequest: Bool {
            self.requests.contains { $0.wanted > 0 }
        }

        var hasNews: Bool {
            !self.reports.isEmpty || !self.lost.isEmpty
        }

        /// Whether nothing is to be told or kept for it any more.
        var owesNothing: Bool {
            self.finished.isEmpty && !self.hasNews && !self.hasUnanswered && self.held.isEmpty
                && self.runningAudits.isEmpty
        }

        /// Units whose report is signed and not answered.
        var unansweredUnits: [UnitID] {
            (self.reports + self.requests.flatMap(\.reports)).flatMap { $0.leaves.map(\.unit) }
        }

        /// Whether answers are outstanding that may show that a report was lost.
        var hasUnanswered: Bool {
            self.requests.contains { !$0.reports.isEmpty }
        }
    }

    /// The most batches of a job that are kept to be told again (about 1 KiB each).
    static let historyMax = 2_048

    /// About the bytes that the shell keeps for a finished unit: three 32-bit floats a pixel, and a work counter a block.
    static func pixelBytes(of unit: UnitID) -> Int {
        unit.blockCount * (FrameGeometry.blockEdge * FrameGeometry.blockEdge * 12 + 64)
    }

    func jobIndex(_ job: JobID) -> Int? {
        self.jobs.firstIndex { $0.job == job }
    }

    /// How many units of a job are rendering.
    func renderingCount(_ job: JobID) -> Int {
        self.running.count { $0.job == job }
    }

    /// The units of a job that are rendering.
    func rendering(_ job: JobID) -> [UnitID] {
        self.running.filter { $0.job == job }.map(\.unit)
    }
}
