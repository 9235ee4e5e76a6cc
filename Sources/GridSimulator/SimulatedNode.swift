import GridCore
import GridWire

/// A node: what survives a crash, and what does not.
struct SimulatedNode {
    /// A unit on a thread.
    struct Render {
        let token: UInt64
        let unit: UnitID
        let job: Int
        let startedAt: VirtualTime
        /// What it does in a second of time, in seconds of a thread of mean speed.
        let speed: Double
    }

    /// A scene that is being fetched, or that waits for that.
    struct Fetch {
        let job: Int
        let begin: VirtualTime
        let end: VirtualTime
        let bytes: Double
    }

    /// A unit whose pixels are held in memory.
    struct HeldKey: Hashable {
        let job: Int
        let unit: UnitID
    }

    let peer: PeerID
    let threads: Int
    /// Samples of a thread, as a multiple of the mean.
    let speed: Double
    /// The energy that it needs for the same work, as a multiple of the mean.
    var energyFactor = 1.0
    /// Where it lies, 0...2.
    var region = 0
    /// Half of its round-trip time in seconds.
    let latencySeconds: Double
    let isSaboteur: Bool

    /// Rises with every crash, so that what was under way before means nothing.
    var incarnation: UInt32 = 0
    var isUp = true
    /// Whether it is away because its machine has no power, so that it does not even refuse.
    var isUnplugged = false
    /// When its process began.
    var startedAt = VirtualTime.zero
    /// Since when it is away because of an incident.
    var missingSince: VirtualTime?
    var clock: NodeClock
    /// How far its wall clock is ahead, in seconds.
    var wallClockAhead = 0.0
    /// The first batch number of its last start, which is on its disk.
    var lastBatchNumber: UInt64?
    /// The bytes of each job's scene that are on its disk.
    var diskBytes: [Int: Double] = [:]
    /// The other nodes that it has met, on its disk.
    var acquaintances = Acquaintances()
    /// When it first heard of each job in that order, on its disk.
    var heardJobs: [Int: Acquaintances.Mark] = [:]
    /// The scenes that it is fetching, one after the other.
    var fetches: [Fetch] = []
    /// The worker; nothing while the node is away.
    var worker: Worker?
    var running: [Render] = []
    /// The pixels in memory, right or wrong.
    var held: [HeldKey: SimulatedFilm] = [:]
    /// What was finished since the last crash.
    var finished: Set<HeldKey> = []
    /// How many threads had nothing to do when that was last looked at, when that was, and what they waited for.
    var idleThreads = 0
    var countedAt = VirtualTime.zero
    var idleCause: Worker.IdleCause?
    /// How fast the other threads worked then, all together.
    var runningSpeed = 0.0
    /// When the worker is to be woken.
    var workerWakesAt: VirtualTime?
    /// Until when it is cut off from all nodes that are not.
    var cutOffUntil = VirtualTime.zero
    /// Until when it is slow.
    var slowUntil = VirtualTime.zero
    /// Its last actions, as a ring.
    var trace: [TraceEntry] = []
    var traceNext = 0
}

/// What a node was asked to do, for the report of a violation.
struct TraceEntry {
    enum What {
        case worker(Worker.Action)
        case steward(Steward.Action)
        case note(StaticString)
        case unit(StaticString, UnitID)
    }

    let time: VirtualTime
    let what: What

    static let countMax = 24

    var description: String {
        let text =
            switch self.what {
            case .worker(let action): Self.describe(action)
            case .steward(let action): Self.describe(action)
            case .note(let text): "\(text)"
            case .unit(let text, let unit): "\(text) \(unit)"
            }
        return "\(self.time.seconds) s: \(text)"
    }

    private static func describe(_ action: Worker.Action) -> String {
        switch action {
        case .sendLeaseRequest(let request, _, let number):
            "worker sends request \(number): \(request.records.count) records, holds \(request.holding), "
                + "lost \(request.lostPixels), wants \(request.wantedUnits)"
        case .render(_, let unit): "worker renders \(unit)"
        case .cancelRender(_, let unit): "worker cancels \(unit)"
        case .audit(_, let audit): "worker audits \(audit.unit) leaf \(audit.leafIndex)"
        case .sendPixels(_, let unit, _): "worker sends the pixels of \(unit)"
        case .dropPixels(_, let unit): "worker drops the pixels of \(unit)"
        case .forgetJob: "worker forgets the job"
        case .prepareScene(_, let frames): "worker prepares frames \(frames)"
        case .offerIgnored(_, let reason): "worker ignores an offer: \(reason)"
        case .foundRoster(_, let roster): "worker founds roster \(roster.number)"
        case .drained: "worker is drained"
        }
    }

    private static func describe(_ action: Steward.Action) -> String {
        switch action {
        case .persist(let record): "steward persists \(record.kind) by \(record.signer.shortDescription)"
        case .respond(let requestID, let grant):
            "steward answers \(requestID): leases \(grant.units), audits "
                + "\(grant.audits.map { "\($0.unit):\($0.leafIndex)" }), wants pixels \(grant.wantedPixels), "
                + "cancels \(grant.cancelled), releases \(grant.released)\(grant.isClosed ? ", closed" : "")"
        case .tileVerified(let frame, let tile): "steward verified tile \(frame)/\(tile)"
        case .frameFinal(let frame): "steward closed frame \(frame)"
        case .forget(let records): "steward forgets \(records.count) records"
        case .workerBurned(let burn): "steward burned \(burn.worker.shortDescription): \(burn.offence)"
        case .discardPixels(let unit): "steward discards the pixels of \(unit)"
        case .jobComplete: "steward completed the job"
        case .statusChanged: "steward's status changed"
        case .tell(let message, let peer):
            "steward tells \(peer.shortDescription): \(message.records.count) records of \(message.recordCount), "
                + "\(message.buckets.count) buckets, knows \(message.knownIDs.count), wants \(message.wantedIDs.count), "
                + "\(message.openUnits) open, wants units \(message.wantedUnits), cedes \(message.ceded.map(\.unit)), "
                + "returns \(message.returned), leases \(message.borrowed)"
        case .copyPixels(let unit, let peer): "steward copies the pixels of \(unit) to \(peer.shortDescription)"
        case .offer(let peer): "steward offers the job to \(peer?.shortDescription ?? "all")"
        case .rosterChanged(let roster):
            "roster \(roster.number) is \(roster.stewards.map(\.shortDescription))"
        }
    }
}
