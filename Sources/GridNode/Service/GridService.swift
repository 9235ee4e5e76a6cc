import GridCore
import GridStore
package import GridWire
import Logging
import PeerSession
package import RenderCore

/// Changes a finished block before it is hashed.
///
/// Shipping nodes have none: it is how a test makes a node that lies.
package typealias FilmTampering = @Sendable (_ unit: UnitID, _ block: Int, _ film: FilmBlock) -> FilmBlock

/// The shell around the grid's state machines: one ``Worker``, and a ``Steward`` for each job that was handed in here.
///
/// All inputs come through this actor, which feeds the machines, performs their actions in order and wakes them at
/// their deadlines. Between reading a machine and acting on it nothing is awaited; what must be awaited (disk, network,
/// render threads) happens in tasks or in a job's effect queue, whose order is the machine's.
actor GridService {
    let configuration: NodeConfiguration
    let me: PeerID
    let coreVersion: Digest
    let sign: Signer
    /// The data directory, and its two parts.
    let store: NodeStore
    var database: GridDatabase { self.store.database }
    var chunks: ChunkStore { self.store.chunks }
    let network: PeerNetwork
    let reachability: ReachabilityService
    /// The lines about reachability and about the machine's clock that were heard last.
    var reachabilitySummary: String?
    var clockWarning: String?
    let pool: RenderPool
    /// Brings chunks from peers.
    let exchange: ChunkExchange
    let logger: Logger
    let clock = NodeClock()
    let tampering: FilmTampering?

    /// What asks peers for chunks; set once, before anything runs.
    var scenes: SceneProvider?

    var worker: Worker
    var stewards: [JobID: StewardShell] = [:]
    /// Jobs of which this node is about to become a steward.
    var joining: Set<JobID> = []
    /// Jobs whose chunks are still coming.
    var receiving: [JobID: ReceivedJob] = [:]
    /// The peers that hand them in.
    var senders: [JobID: Set<PeerID>] = [:]
    var peers: [PeerID: Hello] = [:]
    /// Since when each of them is here.
    var presentSince: [PeerID: Instant] = [:]
    /// Where peers are seen to be.
    var networks: [PeerID: NetworkPrefix] = [:]
    /// The order in which this node met others, which outlives it.
    var acquaintances: Acquaintances
    /// When jobs were first heard of, in that order.
    var heardJobs: [JobID: Acquaintances.Mark] = [:]
    /// Nodes of the grid that are known by their records, with a session or not.
    var knownNodes: [PeerID] = []
    /// Lease requests that wait for their grant.
    var pendingGrants: [UInt64: CheckedContinuation<LeaseGrant?, Never>] = [:]
    var nextRequestID: UInt64 = 0
    /// The pixels of units that this node rendered, until their steward releases them.
    var heldPixels: [JobID: [UnitID: [UInt8]]] = [:]
    var rendering: [JobID: [UnitID: CancellationFlag]] = [:]
    var cpuTime = Duration.zero
    var unitsVerified: UInt64 = 0
    var mismatches: UInt64 = 0
    /// Who has worked for whom, as far as the jobs tell that are kept here.
    var credits = CreditBook()
    var drainWaiter: CheckedContinuation<Void, Never>?
    /// Jobs of which it is on the disk that their submitter ended them.
    var cancelled: Set<JobID> = []
    /// The units whose pixels are on their way to other stewards.
    var copiesUnderWay: Set<UnitPixelsAddress> = []
    var isStopping = false
    /// Discovery through the DHT, when it is on.
    private(set) var dht: DHTService?
    var dashboard: String?
    /// Knows the records of other nodes; nil in a node that is alone.
    private(set) var peerExchange: PeerExchange?
    /// Passes on what jobs there are; nil in a node that is alone.
    private(set) var overlay: OverlayService?
    /// What was last heard of the jobs that the worker knows.
    var heardOffers: [JobID: JobOffer] = [:]

    private var timer: (deadline: Instant, task: Task<Void, Never>)?

    /// A steward and what the shell keeps beside it.
    struct StewardShell {
        /// The machine.
        var steward: Steward
        /// Feeds the task that performs the machine's actions in order.
        let effects: AsyncStream<[Steward.Action]>.Continuation
        /// Those who wait for the status to change.
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    init(
        configuration: NodeConfiguration,
        identity: IdentityKey,
        coreVersion: Digest,
        store: NodeStore,
        network: PeerNetwork,
        pool: RenderPool,
        reachability: ReachabilityService,
        acquaintances: Acquaintances,
        firstBatchSequence: UInt64,
        tampering: FilmTampering?,
        logger: Logger
    ) {
        self.configuration = configuration
        self.me = identity.peerID
        self.coreVersion = coreVersion
        self.sign = { identity.sign($0) }
        self.store = store
        self.network = network
        self.pool = pool
        var transfers = ChunkScheduler.Settings()
        transfers.bytesPerSecondMax = configuration.downloadMax
        self.exchange = ChunkExchange(settings: transfers) { chunk, peer in
            try await network.request(
                peer,
                protocol: TesseraProtocol.chunk,
                body: chunk.digest.bytes,
                responseLimit: TesseraProtocol.chunkSizeMax,
                timeout: Self.transferTimeout
            )
        } inquire: { chunks, peer in
            let answer = try await network.request(
                peer,
                protocol: TesseraProtocol.grid,
                body: GridRequest.haveChunks(chunks).encoded(),
                responseLimit: TesseraProtocol.gridMessageSizeMax,
                timeout: .seconds(10)
            )
            guard case .chunks(let held) = try GridResponse(decoding: answer) else {
                throw NodeError(.network, "the peer does not say which chunks it holds")
            }
            return held
        }
        self.reachability = reachability
        self.acquaintances = acquaintances
        self.tampering = tampering
        self.logger = logger
        var settings = Worker.Settings(
            me: identity.peerID,
            sign: { identity.sign($0) },
            verify: SodiumSignature.verifier,
            grid: configuration.grid,
            coreVersion: coreVersion,
            threads: pool.threads,
            firstBatchSequence: firstBatchSequence
        )
        settings.memoryMax = configuration.memoryMax
        settings.watts = configuration.energy?.watts ?? 0
        self.worker = Worker(settings: settings)
    }

    /// Takes up the jobs that an earlier run left.
    func start() async throws {
        self.scenes = SceneProvider(chunks: self.chunks, pool: self.pool, memoryMax: self.configuration.memoryMax) {
            [weak self] id, priority in
            guard let self else { throw NodeError(.cancelled, "the node is stopping") }
            return try await self.fetchChunk(id, priority: priority)
        }
        self.followTariff()
        for job in try await self.store.stewardedJobs() {
            try await self.resume(job)
        }
        self.tidyUp()
        self.rearm()
    }

    /// Tells the worker each minute what energy costs.
    private func followTariff() {
        guard let tariff = self.configuration.energy, !self.isStopping else { return }
        self.worker.energyPriceChanged(tariff.price(atMinute: WallClock.minuteOfDay))
        Task { [weak self] in
            try? await Task.sleep(for: .seconds(60))
            await self?.followTariff()
        }
    }

    /// Shows how discovery stands from now on.
    func use(_ dht: DHTService) {
        self.dht = dht
    }

    /// Shows what peers make of this machine's clock from now on.
    func use(_ peerExchange: PeerExchange) {
        self.peerExchange = peerExchange
    }

    /// Passes on to its neighbours what jobs there are from now on.
    func use(_ overlay: OverlayService) {
        self.overlay = overlay
    }

    /// Finishes what is rendering, hands the rest back, and forgets those who wait.
    func stop() async {
        guard !self.isStopping else { return }
        self.isStopping = true
        await withCheckedContinuation { continuation in
            self.drainWaiter = continuation
            self.perform(self.worker.drain(now: self.clock.now))
            Task {
                try? await Task.sleep(for: Self.drainTimeMax)
                self.endDrain()
            }
        }
        for job in self.stewards.keys {
            self.wakeWatchers(of: job)
            self.stewards[job]?.effects.finish()
        }
        for continuation in self.pendingGrants.values { continuation.resume(returning: nil) }
        self.pendingGrants = [:]
        self.timer?.task.cancel()
        self.timer = nil
    }

    /// How long a stopping node waits for what it is rendering.
    private static let drainTimeMax = Duration.seconds(8)

    func endDrain() {
        self.drainWaiter?.resume()
        self.drainWaiter = nil
    }

    /// Stops (`true`) or starts (`false`) taking work.
    func setPaused(_ isPaused: Bool) {
        let now = self.clock.now
        self.perform(isPaused ? self.worker.pause(now: now) : self.worker.resume(now: now))
        self.rearm()
    }

    /// Remembers where the node's pages are.
    func dashboardStarted(at address: String) {
        self.dashboard = address
    }

    // MARK: - Time

    /// Sets the one timer to the earliest deadline of all machines.
    func rearm() {
        var deadline = self.worker.nextDeadline
        for shell in self.stewards.values {
            guard let other = shell.steward.nextDeadline else { continue }
            deadline = min(deadline ?? other, other)
        }
        guard let deadline, !(self.isStopping && self.drainWaiter == nil) else { return }
        if let timer = self.timer {
            if timer.deadline <= deadline { return }
            timer.task.cancel()
        }
        let clock = self.clock
        self.timer = (
            deadline,
            Task { [weak self] in
                guard (try? await clock.sleep(until: deadline)) != nil else { return }
                await self?.timerFired(deadline)
            }
        )
    }

    private func timerFired(_ deadline: Instant) {
        guard self.timer?.deadline == deadline else { return }
        self.timer = nil
        let now = self.clock.now
        self.perform(self.worker.handleTimeout(now: now))
        for job in self.stewards.keys.sorted() {
            self.drive(job) { $0.handleTimeout(now: now) }
        }
        self.rearm()
    }
}
