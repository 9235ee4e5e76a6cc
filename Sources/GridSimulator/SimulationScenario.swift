/// What is simulated: nodes, jobs, faults, and the seed from which everything else follows.
///
/// The same scenario gives the same report on every machine, but for the wall-clock time that it took.
public struct SimulationScenario: Codable, Hashable, Sendable {
    /// A job and when it is submitted.
    public struct Job: Codable, Hashable, Sendable {
        /// The number of frames.
        public var frameCount: Int
        /// The width of a frame in pixels.
        public var width: Int
        /// The height of a frame in pixels.
        public var height: Int
        /// The samples of a pixel.
        public var samples: Int
        /// The virtual time of the submission in seconds.
        public var submittedAtSeconds: Double

        /// Creates a job.
        public init(
            frameCount: Int = 4,
            width: Int = 256,
            height: Int = 128,
            samples: Int = 64,
            submittedAtSeconds: Double = 1
        ) {
            self.frameCount = frameCount
            self.width = width
            self.height = height
            self.samples = samples
            self.submittedAtSeconds = submittedAtSeconds
        }
    }

    /// What goes wrong, until ``untilSeconds``.
    ///
    /// Rates are probabilities, 0...1.
    public struct Faults: Codable, Hashable, Sendable {
        /// A message is lost: half of the time its sender is told, half of the time it is not.
        public var lossRate = 0.0
        /// A message arrives twice.
        public var duplicateRate = 0.0
        /// A message takes up to a second longer, so that others overtake it.
        public var delayRate = 0.0
        /// The mean time between two crashes (`kill -9`) of one node in seconds; 0 means none.
        public var crashMeanSeconds = 0.0
        /// The mean time that a node stays in seconds, by a Weibull distribution of shape 0.5 as volunteers' machines show
        /// it: many leave soon, some stay for very long; 0 means for ever.
        ///
        /// Whoever leaves comes back after about ``absenceSecondsMax``; the nodes that can be stewards stay.
        public var sessionMeanSeconds = 0.0
        /// Crashes also hit nodes in the middle of what a machine asks them to do, with this probability an input.
        public var crashBetweenActionsRate = 0.0
        /// Whether stewards crash too.
        public var stewardsCrash = false
        /// The share of crashes and lost sessions that the other side sees only by missing pings, after 2 to 8 seconds; a
        /// process that is killed is seen to be gone at once, a machine without power is not.
        public var silentShare = 0.5
        /// A crash takes the last few records from the disk, as when the power fails before they are there; where
        /// ``SimulationScenario/usesStore``, it takes any part of what was not forced to the disk.
        public var tornRate = 0.0
        /// The longest time that a crashed node stays away in seconds.
        public var absenceSecondsMax = 20.0
        /// How far the wall clocks of nodes are off in seconds, both ways.
        public var clockSkewSeconds = 0.0
        /// The wall clock of a node that starts again was set a day forward or back meanwhile.
        public var clockJumpRate = 0.0
        /// The mean time between two lost sessions of one worker and one steward in seconds; 0 means none.
        public var disconnectMeanSeconds = 0.0
        /// The mean time between two partitions in seconds, which cut a random part of the nodes off from the others for
        /// ``partitionSeconds``; 0 means none.
        public var partitionMeanSeconds = 0.0
        /// How long a partition lasts in seconds.
        public var partitionSeconds = 60.0
        /// The mean time between two slowdowns of one node in seconds; 0 means none.
        public var slowdownMeanSeconds = 0.0
        /// How many times slower a node is meanwhile, for 10 to 60 seconds.
        public var slowdownFactor = 10.0
        /// A record that a steward wrote to its disk is not there, as if the disk were broken.
        ///
        /// Nobody can live with that: it is for seeing that the checks find it.
        public var lostWriteRate = 0.0
        /// A call that forces something to a disk does nothing and says that it did; counts where
        /// ``SimulationScenario/usesStore``.
        ///
        /// Nobody can live with that either.
        public var lostSyncRate = 0.0
        /// The mean time between two times of 2 to 30 seconds in which a node's disk is full, in seconds; 0 means none.
        ///
        /// It counts where ``SimulationScenario/usesStore``.
        public var fullDiskMeanSeconds = 0.0
        /// A scene cannot be had now.
        public var sceneFailureRate = 0.0
        /// A unit cannot be rendered.
        public var renderFailureRate = 0.0
        /// The mean time between two pauses of one node by its owner in seconds; 0 means none.
        public var pauseMeanSeconds = 0.0
        /// The share of the nodes that nobody knows from earlier jobs, so that others see them first when the jobs come.
        public var newcomerRate = 0.0
        /// The virtual time in seconds when all of this stops and absent nodes come back.
        public var untilSeconds = 0.0

        /// Creates faults that never happen.
        public init() {}

        /// Volunteers' machines come and go, and grow slow for a while.
        public static func volunteers(untilSeconds: Double) -> Self {
            var faults = Self()
            faults.sessionMeanSeconds = 7_200
            faults.silentShare = 0.3
            faults.absenceSecondsMax = 120
            faults.slowdownMeanSeconds = 1_800
            faults.untilSeconds = untilSeconds
            return faults
        }

        /// Everything at once, moderately.
        public static func storm(untilSeconds: Double) -> Self {
            var faults = Self()
            faults.lossRate = 0.02
            faults.duplicateRate = 0.02
            faults.delayRate = 0.05
            faults.crashMeanSeconds = 60
            faults.crashBetweenActionsRate = 0.001
            faults.tornRate = 0.3
            faults.stewardsCrash = true
            faults.disconnectMeanSeconds = 60
            faults.partitionMeanSeconds = 200
            faults.partitionSeconds = 30
            faults.slowdownMeanSeconds = 120
            faults.sceneFailureRate = 0.05
            faults.renderFailureRate = 0.005
            faults.pauseMeanSeconds = 200
            faults.fullDiskMeanSeconds = 300
            faults.newcomerRate = 0.3
            faults.clockSkewSeconds = 600
            faults.clockJumpRate = 0.3
            faults.untilSeconds = untilSeconds
            return faults
        }
    }

    /// Something that goes wrong at one instant, whatever the rates of faults.
    public struct Incident: Codable, Hashable, Sendable {
        /// The virtual time in seconds.
        public var atSeconds: Double
        /// How many stewards of the first job die, by rank.
        public var stewardsKilled = 0
        /// The share of the other nodes that die, 0...1.
        public var shareKilled = 0.0
        /// How long those who died stay away in seconds; 0 means for ever.
        public var absenceSeconds = 0.0
        /// The share of nodes that are cut off from the others, 0...1.
        public var shareCutOff = 0.0
        /// How long they are cut off in seconds.
        public var cutOffSeconds = 0.0

        /// Creates an incident in which nothing happens yet.
        public init(atSeconds: Double) {
            self.atSeconds = atSeconds
        }
    }

    /// What the scenes of the jobs weigh, and how fast they come.
    public struct Assets: Codable, Hashable, Sendable {
        /// The bytes of each job's scene.
        public var bytes = 2e9
        /// The bytes a second that a node gets, of all that it fetches together: 2 GB in 176 s.
        public var bytesPerSecond = 2e9 / 176
        /// Whether who comes back has its disk; else another machine comes in its place, with an empty one.
        public var disksSurvive = true

        /// Creates the usual scenes.
        public init() {}
    }

    /// What energy costs: nodes lie in three regions a third of a day apart.
    public struct Energy: Codable, Hashable, Sendable {
        /// The length of a day in seconds; a short one makes short runs.
        public var daySeconds = 86_400.0
        /// The prices of energy in equal parts of a day.
        public var prices = [0.6, 1.0, 1.6]
        /// How much the energy that nodes need for the same work differs: the standard deviation of the logarithm.
        public var efficiencySpread = 0.35
        /// The deadline of each job in seconds after its submission; 0 means none.
        public var deadlineSeconds = 0.0

        /// Creates the usual prices.
        public init() {}

        /// The price in a region at a time.
        func price(region: Int, seconds: Double) -> Double {
            let day = seconds / self.daySeconds + Double(region) / 3
            let part = (day - day.rounded(.down)) * Double(self.prices.count)
            return self.prices[min(Int(part), self.prices.count - 1)]
        }
    }

    /// The seed of everything random.
    public var seed: UInt64
    /// The number of nodes; each one works.
    public var nodes: Int
    /// How many of the nodes can be stewards: job i is handed to node i modulo this, and five of them keep it.
    public var stewards: Int
    /// With how many others a node has sessions, of which it knows that they are there; it hears of the others all the same.
    ///
    /// Nothing: with all of them.
    public var sessionsMax: Int?
    /// The most render threads of a node; each has 1 to this many.
    public var threadsMax: Int
    /// The spread of node speeds: the standard deviation of the logarithm.
    ///
    /// The mean speed of a thread is 500,000 samples a second; speeds are clipped to 0.1...6 of it.
    public var speedSpread: Double
    /// Round-trip times in milliseconds; each node has one of them.
    public var roundTripMilliseconds: [Double]
    /// How many of the nodes, from the last one down, falsify results.
    ///
    /// They do not collude.
    public var saboteurs: Int
    /// The probability with which a saboteur falsifies a unit or an audit.
    public var falsifyRate: Double
    /// The jobs.
    public var jobs: [Job]
    /// What goes wrong all the time.
    public var faults: Faults
    /// What goes wrong at certain times.
    public var incidents: [Incident] = []
    /// What energy costs; nothing when nobody says.
    public var energy: Energy?
    /// The line of each node; nothing where nodes have ``roundTripMilliseconds`` and all the bandwidth there is.
    public var line: NetworkProfile?
    /// How nodes find each other; nothing where each has sessions with all that can be stewards from the start.
    public var peering: Peering?
    /// What scenes weigh; nothing when they come in about half a second.
    public var assets: Assets?
    /// A run that has not ended at this virtual time failed.
    public var timeLimitSeconds: Double
    /// About how long after a frame became final the submitter has it and seals it, in seconds, so that the stewards drop
    /// what led to it; nothing when the submitter never comes.
    public var sealAfterSeconds: Double?
    /// Whether every message is encoded and decoded on its way, as on a real grid.
    public var encodesMessages: Bool
    /// Whether pixels are rendered, and not made up; frames must be small and have few samples.
    public var rendersPixels = false
    /// Whether every node has a data directory, in which the store of a real node keeps what outlives a crash.
    public var usesStore = false

    /// Creates a scenario; the defaults are a small, quiet grid with one job.
    public init(
        seed: UInt64,
        nodes: Int = 4,
        stewards: Int = 1,
        threadsMax: Int = 4,
        speedSpread: Double = 0.5,
        roundTripMilliseconds: [Double] = [3, 10, 20, 100],
        saboteurs: Int = 0,
        falsifyRate: Double = 0.1,
        jobs: [Job] = [Job()],
        faults: Faults = Faults(),
        timeLimitSeconds: Double = 3_600,
        encodesMessages: Bool = true
    ) {
        self.seed = seed
        self.nodes = nodes
        self.stewards = stewards
        self.threadsMax = threadsMax
        self.speedSpread = speedSpread
        self.roundTripMilliseconds = roundTripMilliseconds
        self.saboteurs = saboteurs
        self.falsifyRate = falsifyRate
        self.jobs = jobs
        self.faults = faults
        self.timeLimitSeconds = timeLimitSeconds
        self.encodesMessages = encodesMessages
    }

    /// The most nodes with a data directory.
    public static let storeNodesMax = 200
    /// The most files that a node with a data directory has open.
    public static let storeFilesPerNode = 16

    /// What is wrong with the numbers, in a sentence that says what to change; nothing when they can be simulated.
    public var problem: String? {
        if !(2 ... 20_000).contains(self.nodes) {
            return "\(self.nodes) nodes cannot be simulated: verification takes at least 2, and 20,000 are the most"
        }
        if !(1 ... self.nodes).contains(self.stewards) {
            return "\(self.stewards) of \(self.nodes) nodes cannot be stewards; name 1 to \(self.nodes)"
        }
        if let sessions = self.sessionsMax, !(1 ... 20_000).contains(sessions) {
            return "\(sessions) sessions a node are not possible; name 1 to 20,000"
        }
        if !(1 ... 1_024).contains(self.threadsMax) {
            return "\(self.threadsMax) threads a node are not possible; name 1 to 1024"
        }
        if !(0 ... self.nodes).contains(self.saboteurs) {
            return "\(self.saboteurs) of \(self.nodes) nodes cannot be saboteurs"
        }
        if self.nodes - self.saboteurs < 2 {
            return "\(self.saboteurs) saboteurs leave fewer than 2 honest nodes, so that nothing can be verified"
        }
        if self.roundTripMilliseconds.isEmpty || !self.roundTripMilliseconds.allSatisfy({ (0 ... 60_000).contains($0) })
        {
            return "round-trip times must be 0 to 60,000 ms, and there must be one"
        }
        if let problem = self.line?.problem ?? self.peering?.problem(nodes: self.nodes, stewards: self.stewards) {
            return problem
        }
        if self.usesStore, self.nodes > Self.storeNodesMax {
            return "\(self.nodes) nodes with a store would open too many files; \(Self.storeNodesMax) are the most"
        }
        if self.jobs.isEmpty || self.jobs.count > 1_000 {
            return "\(self.jobs.count) jobs cannot be simulated; name 1 to 1000"
        }
        if let energy = self.energy,
            energy.prices.isEmpty || !energy.prices.allSatisfy({ (0.001 ... 1_000).contains($0) })
                || !(1 ... 1e8).contains(energy.daySeconds) || !(0 ... 2).contains(energy.efficiencySpread)
                || !(0 ... 1e8).contains(energy.deadlineSeconds)
        {
            return "prices of energy must be 0.001 to 1000, days 1 to 100,000,000 s, and the spread 0 to 2"
        }
        let samples = self.jobs.reduce(0.0) {
            $0 + Double($1.width) * Double($1.height) * Double($1.samples) * Double($1.frameCount)
        }
        if self.rendersPixels, samples > Double(SimulationEngine.pixelSamplesMax) {
            return "\(Int(samples)) samples take too long to be rendered here; make frames small, with 2 samples or so"
        }
        if let assets = self.assets,
            !(0 ... 1e15).contains(assets.bytes) || !(1 ... 1e12).contains(assets.bytesPerSecond)
        {
            return "scenes must be 0 to 10^15 bytes, and come at 1 to 10^12 bytes a second"
        }
        let rates = [
            self.falsifyRate, self.faults.lossRate, self.faults.duplicateRate, self.faults.delayRate,
            self.faults.crashBetweenActionsRate, self.faults.silentShare, self.faults.sceneFailureRate,
            self.faults.renderFailureRate, self.faults.tornRate, self.faults.lostWriteRate, self.faults.newcomerRate,
            self.faults.clockJumpRate, self.faults.lostSyncRate,
        ]
        if !rates.allSatisfy({ (0 ... 1).contains($0) }) {
            return "rates are probabilities, 0 to 1"
        }
        let times = [
            self.sealAfterSeconds ?? 0, self.timeLimitSeconds, self.faults.untilSeconds, self.faults.crashMeanSeconds,
            self.faults.absenceSecondsMax, self.faults.sessionMeanSeconds, self.faults.disconnectMeanSeconds,
            self.faults.slowdownMeanSeconds, self.faults.clockSkewSeconds, self.faults.fullDiskMeanSeconds,
            self.faults.partitionMeanSeconds, self.faults.partitionSeconds, self.faults.pauseMeanSeconds,
            self.faults.slowdownFactor, self.speedSpread,
        ]
        if !(times + self.jobs.map(\.submittedAtSeconds)).allSatisfy({ (0 ... 1e8).contains($0) }) {
            return "times and factors must be 0 to 100,000,000"
        }
        return nil
    }
}
