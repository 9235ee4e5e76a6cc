/// What came of a simulated run.
public struct SimulationReport: Codable, Hashable, Sendable {
    /// Something that must never happen.
    public struct Violation: Codable, Hashable, Sendable {
        /// The seed that replays it.
        public var seed: UInt64
        /// The virtual time in seconds.
        public var seconds: Double
        /// What must not have happened, in a sentence.
        public var what: String
        /// The last actions of the nodes involved, oldest first.
        public var lastActions: [String]
        /// The last of what all nodes did, oldest first.
        public var lastEvents: [String]

        /// The rule that was broken: the sentence without what differs from run to run.
        public var rule: String {
            var text = self.what
            if text.hasPrefix("job "), let colon = text.firstIndex(of: ":") {
                text = String(text[text.index(after: colon)...])
            }
            let words = text.prefix { $0 != ":" }.split(separator: " ")
            return words.filter { !$0.contains { $0.isNumber || "[(/".contains($0) } }.prefix(8).joined(separator: " ")
        }
    }

    /// What became of a job.
    public struct Job: Codable, Hashable, Sendable {
        /// The job id in hex.
        public var id: String
        /// The number of units.
        public var units: Int
        /// The number of frames that became final.
        public var finalFrames: Int
        /// The virtual time from the submission to the last final frame in seconds; nothing when it did not end.
        public var makespanSeconds: Double?
    }

    /// What the stores of the nodes went through.
    public struct Store: Codable, Hashable, Sendable {
        /// Crashes in which the power failed.
        public var powerCuts = 0
        /// Times in which a disk was full.
        public var fullDisks = 0
        /// Calls of the stores.
        public var calls: UInt64 = 0
        /// Records that were gone after power cuts, none of which had been forced to the disk.
        public var lost = 0
    }

    /// The seed of the scenario.
    public var seed: UInt64
    /// The number of nodes.
    public var nodes: Int
    /// The jobs in the order of the scenario.
    public var jobs: [Job] = []
    /// The virtual time from the first submission to the last final frame in seconds.
    public var makespanSeconds = 0.0
    /// The virtual time that was simulated in seconds.
    public var virtualSeconds = 0.0
    /// The wall-clock time that the simulation took in seconds.
    ///
    /// The only figure that differs between two runs.
    public var wallSeconds = 0.0
    /// The number of events.
    public var events: UInt64 = 0
    /// Messages that were sent; a request and its answer are two.
    public var messages: UInt64 = 0
    /// Of these the ones between stewards.
    public var stewardMessages: UInt64 = 0
    /// The bytes of encoded messages without pixels; 0 when messages are not encoded.
    public var messageBytes: UInt64 = 0
    /// Messages that were lost on purpose.
    public var lostMessages: UInt64 = 0
    /// The thread time that went into the first two right copies of a unit, as a share of all thread time spent.
    public var usefulShare = 0.0
    /// Thread time spent as a share of the thread time that was there between the first submission and the last final
    /// frame.
    public var busyShare = 0.0
    /// The work in the first two right copies as a share of what all threads that were there could have done at their
    /// actual speeds, from the time when the first job's scene was handed in until the last job ended.
    public var efficiency = 0.0
    /// The same in time: what a slow thread loses weighs as much here as what a fast one loses.
    public var timeEfficiency = 0.0
    /// The rest of ``efficiency`` as shares of the whole, by cause; what was lost after 99 of 100 copies were rendered is
    /// listed by itself.
    public var losses: [String: Double] = [:]
    /// The same until 99 of 100 copies were rendered.
    public var efficiencyTo99 = 0.0
    /// The virtual time from the beginning of the first job until 99 of 100 copies were rendered in seconds.
    public var secondsTo99: Double?
    /// When 1, 2 and so on of 100 copies were rendered, in seconds since the first job began.
    public var progress: [Double] = []
    /// The time for the last copy in a hundred as a share of the whole.
    public var tailShare = 0.0
    /// Units that were finished.
    public var finishedUnits = 0
    /// Finished units that were the third or a later right copy.
    public var duplicateUnits = 0
    /// Finished units that the same node had finished before, without a crash in between.
    public var repeatedUnits = 0
    /// Finished units that were falsified.
    public var falsifiedUnits = 0
    /// Leaves that were recomputed.
    public var audits = 0
    /// Crashes of nodes.
    public var crashes = 0
    /// What the stores went through, where nodes have one.
    public var store: Store?
    /// The peer ids of the nodes that were burned, ascending.
    public var burned: [String] = []
    /// How much longer the jobs had to take, in seconds, because nodes that died in incidents were away: what these would
    /// have done until the end, at the speed of all nodes together.
    public var absenceSeconds = 0.0
    /// The longest virtual time from the crash of a node until one of its leases was given to another, in seconds.
    public var longestOrphanSeconds = 0.0
    /// The bytes of messages between stewards.
    public var stewardBytes: UInt64 = 0
    /// Records that were written, on all disks together.
    public var records: UInt64 = 0
    /// Their bytes.
    public var recordBytes: UInt64 = 0
    /// Of these the records that were deleted again, because the submitter had sealed their frames.
    public var forgottenRecords: UInt64 = 0
    /// Their bytes.
    public var forgottenBytes: UInt64 = 0
    /// The longest virtual time from the death of a steward to a roster without it, in seconds.
    public var longestRosterSeconds = 0.0
    /// The longest virtual time from the end of a cut until all stewards of each job held every record that any of them
    /// held at that end, in seconds.
    public var longestHealSeconds = 0.0
    /// The longest virtual time from the death of the last acting steward of a job until another one held every result
    /// that the nodes which were left had reported by then, in seconds.
    public var longestRebuildSeconds = 0.0
    /// How often nodes without any steward chose others.
    public var provisionalRosters = 0
    /// The bytes of scenes that nodes fetched, all together.
    public var assetBytes = 0.0
    /// What the energy of all renders cost, as a multiple of a second of a mean thread at a price of 1.
    public var energyCost = 0.0
    /// The final frames that were compared with a direct render and equal it; nothing where pixels are made up.
    public var framesEqual: Int?
    /// What it took that nodes found each other; nothing where sessions were simply there.
    public var peering: Peering?
    /// What must never happen and did; the run stops at the first few.
    public var violations: [Violation] = []

    /// The number of events that were simulated in a second of wall-clock time.
    public var eventsPerSecond: Double {
        self.wallSeconds > 0 ? Double(self.events) / self.wallSeconds : 0
    }

    /// How many times faster than real time the simulation ran.
    public var speedup: Double {
        self.wallSeconds > 0 ? self.virtualSeconds / self.wallSeconds : 0
    }

    /// Whether every job ended and nothing happened that must not.
    public var isGood: Bool {
        self.violations.isEmpty && self.jobs.allSatisfy { $0.makespanSeconds != nil }
    }

    init(seed: UInt64, nodes: Int) {
        self.seed = seed
        self.nodes = nodes
    }
}
