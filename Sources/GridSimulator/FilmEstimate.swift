import GridCore
import GridWire

/// A film of 1,900 effect shots on paper: what the grid would need for it, from simulated components.
///
/// The film is the brief's: 600 years of one server for 1,900 shots, rendered by 715 servers of one centre that reports a
/// utilisation of over 80 %. A shot is simulated with the shipping state machines on fleets of servers and of volunteers;
/// what a unit costs there in messages and records, and how busy the nodes were, is multiplied up. Assets are not
/// simulated.
public struct FilmEstimate: Codable, Hashable, Sendable {
    /// Shots with effects.
    public static let shots = 1_900
    /// Frames of a shot.
    public static let framesPerShot = 100
    /// Years of one server for all shots.
    public static let serverYears = 600.0
    /// The utilisation that the film's own centre reports.
    public static let centreUtilisation = 0.8
    /// A frame's width and height in pixels.
    public static let size = (width: 1_920, height: 1_080)

    /// The machines.
    public var fleet: String
    /// How many of them there are at a time.
    public var nodes: Int
    /// The speed of one in servers.
    public var speed: Double
    /// How often each unit is rendered; two copies verify it.
    public var copies: Int
    /// The share of the nodes' time that went into the first two right copies, until 99 of 100 were rendered: meanwhile the
    /// next shot begins.
    public var utilisation: Double
    /// The days until the last frame is final.
    public var days: Double
    /// The units of the film.
    public var units: Double
    /// The units that the grid verifies in a second.
    public var unitsPerSecond: Double
    /// The records of the whole film on one steward if frames were never sealed, in bytes.
    public var ledgerBytes: Double
    /// What is left of them where the submitter seals each frame once it has it, in bytes.
    public var sealedLedgerBytes: Double
    /// The messages of the whole film, all nodes together, in bytes.
    public var messageBytes: Double
    /// The pixels that move, as 32-bit floats to two holders and the submitter, in bytes.
    public var pixelBytes: Double
    /// The seed that replays the simulation; nothing for the centre, which is not simulated.
    public var seed: UInt64?

    /// The lines of the estimate, one fleet after the other, each as soon as it is known.
    ///
    /// - Parameter workShare: the share of eight strips of each of three shots that is simulated, 0 to 1.
    public static func all(workShare: Double, report: (Self) throws -> Void) throws {
        try report(Self.centre())
        let servers = Self.scenario(seed: 21, nodes: 715, isVolunteer: false, workShare)
        let ofServers = try Self.run(servers)
        let unitsPerFrame = try Self.unitsPerFrame()
        try report(Self("715 servers, always on", nodes: 715, speed: 1, unitsPerFrame, ofServers))
        let volunteers = Self.scenario(seed: 22, nodes: 715, isVolunteer: true, workShare)
        let ofVolunteers = try Self.run(volunteers)
        for nodes in [2_000, 10_000, 100_000] {
            // Shots run side by side, each on some hundreds of nodes.
            try report(
                Self("\(nodes) volunteers of a quarter server", nodes: nodes, speed: 0.25, unitsPerFrame, ofVolunteers)
            )
        }
    }

    private static func run(_ scenario: SimulationScenario) throws -> SimulationReport {
        let report = try Simulation(scenario).run()
        guard report.isGood else {
            throw SimulationError(message: "the simulated shots failed: \(report.violations.first?.what ?? "no end")")
        }
        return report
    }

    private static func centre() -> Self {
        Self(
            fleet: "the film's centre: 715 servers, trusted, one copy",
            nodes: 715,
            speed: 1,
            copies: 1,
            utilisation: Self.centreUtilisation,
            days: Self.serverYears * 365.25 / 715 / Self.centreUtilisation,
            units: 0,
            unitsPerSecond: 0,
            ledgerBytes: 0,
            sealedLedgerBytes: 0,
            messageBytes: 0,
            pixelBytes: 0
        )
    }

    private init(
        _ fleet: String,
        nodes: Int,
        speed: Double,
        _ unitsPerFrame: Double,
        _ report: SimulationReport
    ) {
        let simulated = Double(max(1, report.jobs.reduce(0) { $0 + $1.units }))
        let (width, height) = Self.size
        let pixels = Double(Self.shots * Self.framesPerShot * width * height)
        let frames = Double(Self.shots * Self.framesPerShot)
        let seconds = Self.serverYears * 365.25 * 86_400 * 2 / (Double(nodes) * speed * report.efficiencyTo99)
        self.init(
            fleet: fleet,
            nodes: nodes,
            speed: speed,
            copies: 2,
            utilisation: report.efficiencyTo99,
            days: seconds / 86_400,
            units: frames * unitsPerFrame,
            unitsPerSecond: frames * unitsPerFrame / seconds,
            ledgerBytes: Double(report.recordBytes) / simulated / 5 * frames * unitsPerFrame,
            sealedLedgerBytes: Double(report.recordBytes - report.forgottenBytes) / simulated / 5 * frames
                * unitsPerFrame,
            messageBytes: Double(report.messageBytes) / simulated * frames * unitsPerFrame,
            pixelBytes: pixels * 12 * 3,
            seed: report.seed
        )
    }

    private init(
        fleet: String,
        nodes: Int,
        speed: Double,
        copies: Int,
        utilisation: Double,
        days: Double,
        units: Double,
        unitsPerSecond: Double,
        ledgerBytes: Double,
        sealedLedgerBytes: Double,
        messageBytes: Double,
        pixelBytes: Double,
        seed: UInt64? = nil
    ) {
        self.fleet = fleet
        self.nodes = nodes
        self.speed = speed
        self.copies = copies
        self.utilisation = utilisation
        self.days = days
        self.units = units
        self.unitsPerSecond = unitsPerSecond
        self.ledgerBytes = ledgerBytes
        self.sealedLedgerBytes = sealedLedgerBytes
        self.messageBytes = messageBytes
        self.pixelBytes = pixelBytes
        self.seed = seed
    }

    /// The seconds of a server for a frame.
    private static var secondsPerFrame: Double {
        Self.serverYears * 365.25 * 86_400 / Double(Self.shots * Self.framesPerShot)
    }

    /// The units of a frame as the grid would cut a whole shot; the part of a frame that is simulated has smaller ones, so
    /// that what a unit costs is not underrated.
    private static func unitsPerFrame() throws -> Double {
        let manifest = JobManifest(
            title: "",
            grid: "",
            sceneRoot: ChunkID(Digest(hashing: [])),
            assetSize: 0,
            memory: 0,
            firstFrame: 1,
            frameCount: Self.framesPerShot,
            width: Self.size.width,
            height: Self.size.height,
            samples: Self.samples,
            maxDepth: 8,
            seed: 0,
            coreVersion: Digest(hashing: []),
            submittedAt: 0
        )
        return Double(try UnitPlan(manifest: manifest).unitsPerFrame)
    }

    /// The samples of a pixel with which a simulated thread of mean speed needs as long as a server needs for a frame.
    private static var samples: Int {
        Int(Self.secondsPerFrame * GroundTruth.samplesPerSecond / Double(Self.size.width * Self.size.height))
    }

    private static func scenario(seed: UInt64, nodes: Int, isVolunteer: Bool, _ share: Double) -> SimulationScenario {
        var scenario = SimulationScenario(
            seed: seed,
            nodes: nodes,
            stewards: 8,
            threadsMax: 1,
            speedSpread: isVolunteer ? 0.91 : 0.1,
            roundTripMilliseconds: isVolunteer ? [3, 10, 20, 100] : [0.2]
        )
        let job = SimulationScenario.Job(
            // Strips of frames: what proves a frame must fit one answer.
            frameCount: max(1, Int((8 * share).rounded())),
            width: Self.size.width,
            height: 128,
            samples: Self.samples
        )
        scenario.jobs = [job, job, job]
        scenario.timeLimitSeconds = 1e7
        scenario.sealAfterSeconds = 5
        if isVolunteer { scenario.faults = .volunteers(untilSeconds: 1e7) }
        return scenario
    }
}
