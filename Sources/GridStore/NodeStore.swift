public import GridCore
public import GridWire

/// What a node keeps in its data directory for the machines of ``GridCore``, and what it takes up from there when it starts.
///
///     let store = NodeStore(database: database, chunks: chunks)
///     for job in try await store.stewardedJobs() { try await take(store.takeUp(job)) }
///     try await store.perform(action, of: job, at: seconds)
///
/// The shell of a node and the simulator persist through these calls alone, so that what the simulator crashes is what ships.
/// All of them may be called from any task. Times are seconds since 1970.
public struct NodeStore: Sendable {
    /// Records, jobs, peers and counts.
    public let database: GridDatabase
    /// Scenes and pixels.
    public let chunks: ChunkStore

    /// A job as it was found after a start.
    public struct KeptJob: Sendable {
        /// The job and its manifest.
        public let stored: StoredJob
        /// Its records in the order in which they came.
        public let records: [SignedRecord]
        /// Where the pixels lie that are here.
        public let pixels: [StoredPixels]
        /// The pixels that were here once: their files are gone.
        public let lostPixels: [StoredPixels]

        /// The units whose pixels are here, each with the root that they were verified against.
        public var storedPixels: [UnitID: Digest] {
            Dictionary(uniqueKeysWithValues: self.pixels.map { ($0.unit, $0.root) })
        }
    }

    /// Puts the parts of an open data directory together.
    public init(database: GridDatabase, chunks: ChunkStore) {
        self.database = database
        self.chunks = chunks
    }

    // MARK: A node's start

    /// Those whom the disk remembers.
    public func acquaintances() async throws(StoreError) -> Acquaintances {
        let peers = try await self.database.peers()
        let jobs = try await self.database.jobs()
        return Acquaintances(
            Dictionary(uniqueKeysWithValues: peers.map { ($0.id, $0.number) }),
            mark: jobs.map(\.metBefore).max() ?? 0
        )
    }

    /// The jobs that this node keeps for others.
    public func stewardedJobs() async throws(StoreError) -> [StoredJob] {
        try await self.database.jobs().filter { $0.roles.contains(.steward) }
    }

    /// All that the disk has of a job.
    public func takeUp(_ stored: StoredJob) async throws(StoreError) -> KeptJob {
        let records = try await self.database.records(of: stored.id)
        let known = try await self.database.pixels(of: stored.id)
        var here: [StoredPixels] = []
        var lost: [StoredPixels] = []
        for place in known {
            if self.chunks.size(of: place.chunk) == place.size { here.append(place) } else { lost.append(place) }
        }
        return KeptJob(stored: stored, records: records, pixels: here, lostPixels: lost)
    }

    // MARK: Jobs

    /// A submitter hands a job in; its scene is still to come.
    public func receive(
        _ job: JobID,
        manifest: SignedRecord,
        metBefore: Acquaintances.Mark,
        at seconds: UInt64
    ) async throws(StoreError) {
        try await self.save(job, manifest: manifest, phase: .receiving, metBefore: metBefore, at: seconds)
    }

    /// A job that was handed in here begins, with the stewards whom its submitter named.
    public func begin(_ job: JobID, roster: SignedRecord, at seconds: UInt64) async throws(StoreError) {
        try await self.database.add([roster], to: job, durability: .committed)
        try await self.database.setPhase(.running, of: job, at: seconds)
    }

    /// Whether this node may become a steward of a job: it has not given that up before.
    public func mayJoin(_ job: JobID) async throws(StoreError) -> Bool {
        try await self.database.job(job)?.roles != []
    }

    /// This node becomes one of a job's stewards.
    ///
    /// - Parameter rosterProof: what proves who keeps the job; nothing of a provisional roster, which no record names.
    public func join(
        _ job: JobID,
        manifest: SignedRecord,
        rosterProof: [SignedRecord],
        metBefore: Acquaintances.Mark,
        at seconds: UInt64
    ) async throws(StoreError) {
        try await self.save(job, manifest: manifest, phase: .running, metBefore: metBefore, at: seconds)
        try await self.database.add(rosterProof, to: job, durability: .committed)
    }

    private func save(
        _ job: JobID,
        manifest: SignedRecord,
        phase: JobStatus.Phase,
        metBefore: Acquaintances.Mark,
        at seconds: UInt64
    ) async throws(StoreError) {
        try await self.database.save(
            StoredJob(
                id: job,
                manifest: manifest,
                roles: .steward,
                phase: phase,
                receivedAt: seconds,
                changedAt: seconds,
                metBefore: metBefore
            )
        )
    }

    // MARK: What a steward asks for

    /// Writes records of a job; nothing that came of them may be told before this returns.
    public func add(_ records: [SignedRecord], to job: JobID) async throws(StoreError) {
        try await self.database.add(records, to: job, durability: .committed)
    }

    /// Does what an action of a steward wants of the disk; of many that is nothing.
    ///
    /// Records are not written here: those that belong together are given to ``add(_:to:)`` before.
    public func perform(_ action: Steward.Action, of job: JobID, at seconds: UInt64) async throws(StoreError) {
        switch action {
        case .forget(let records):
            // What stays after a failure is dropped again when the job is taken up.
            try await self.database.forget(records, of: job)
        case .discardPixels(let unit):
            try await self.database.removePixels([unit], of: job)
        case .jobComplete:
            try await self.database.setPhase(.complete, of: job, at: seconds)
        case .persist, .respond, .tileVerified, .frameFinal, .workerBurned, .statusChanged, .tell, .copyPixels, .offer,
            .rosterChanged:
            break
        }
    }

    // MARK: Pixels

    /// Keeps the pixels of a unit, which must have the root that its results agree on.
    ///
    /// They are forced to the disk: the node signs that it has them, and others then keep no third copy.
    public func storePixels(_ bytes: [UInt8], of unit: UnitID, root: Digest, in job: JobID) async throws(StoreError) {
        let chunk = try await self.chunks.put(bytes, durability: .durable)
        self.chunks.pin([chunk], for: .pixels(job, frame: unit.frame))
        let place = StoredPixels(unit: unit, root: root, chunk: chunk, size: bytes.count)
        try await self.database.setPixels([place], of: job, durability: .durable)
    }

    /// The pixels of a unit, verified; nothing when they are not held.
    public func pixels(of unit: UnitID, in job: JobID) async throws(StoreError) -> [UInt8]? {
        guard let place = try await self.database.pixels(of: unit, in: job) else { return nil }
        return try await self.chunks.get(place.chunk)
    }

    /// Holds pixels of a job that was taken up again, whether they are here or come again.
    public func hold(_ pixels: [StoredPixels], of job: JobID) {
        for place in pixels { self.chunks.pin([place.chunk], for: .pixels(job, frame: place.unit.frame)) }
    }

    /// Lets go of the pixels of some frames of a job.
    public func letGoOfPixels(of frames: some Sequence<Int>, in job: JobID) {
        for frame in frames { self.chunks.unpin(.pixels(job, frame: frame)) }
    }
}
