import GridCore
public import GridWire
public import Logging
import PeerSession
import RenderCore

/// Hands shots to a grid and brings their frames back.
///
/// ```swift
/// let summary = try await GridClient.submit(request, logger: logger) { progress in print(progress) }
/// ```
/// Nothing that a peer says is believed: a frame is written only after two workers' signatures over every unit were
/// checked here, and its pixels hash to what they signed.
public enum GridClient {
    /// Imports a shot, hands it to a peer, and writes its frames as they become final.
    ///
    /// - Throws: ``NodeError`` or ``NetworkError`` and the importer's errors, each a sentence for people. What was
    ///   submitted goes on without this program; ``fetch(_:logger:progress:)`` takes the frames up later.
    public static func submit(
        _ request: SubmitRequest,
        logger: Logger,
        progress: @escaping @Sendable (GridProgress) -> Void
    ) async throws -> JobSummary {
        let start = ContinuousClock.now
        try request.output?.prepare()
        let identity = try NodeIdentity.ofSubmitter(in: request.dataDirectory)
        let package = try await self.package(request.shot)
        for note in package.notes { progress(.note(note)) }
        try request.output?.check(frameCount: package.index.frames.count)
        let coreVersion = try self.coreVersion()
        let record = self.manifest(
            of: request.shot,
            title: request.title,
            grid: request.grid,
            index: package.index,
            root: package.root,
            size: package.totalSize,
            memory: package.memory,
            coreVersion: coreVersion
        ).signed(by: identity.peerID, with: identity.signer)
        return try await self.withSession(request, identity: identity, logger: logger) { session in
            let job = try await session.submit(record, chunks: package) {
                progress(.sending(sent: $0, total: $1))
            }
            if !request.order.isEmpty { _ = try await session.order(job, request.order) }
            progress(.submitted(job: "\(job)"))
            return try await self.deliver(
                job,
                record: record,
                session: session,
                output: request.output,
                waits: request.output != nil,
                start: start,
                progress: progress
            )
        }
    }

    /// Writes the frames of a job that was submitted earlier, those that are not there yet.
    ///
    /// - Throws: As ``submit(_:logger:progress:)``.
    public static func fetch(
        _ request: FetchRequest,
        logger: Logger,
        progress: @escaping @Sendable (GridProgress) -> Void
    ) async throws -> JobSummary {
        let start = ContinuousClock.now
        guard let job = JobID(request.job) else {
            throw NodeError(
                .invalidInput,
                "\"\(request.job)\" is not the name of a job: that is 64 hexadecimal digits",
                hint: "tessera jobs lists the jobs of the node that runs here"
            )
        }
        try request.output?.prepare()
        let identity = try NodeIdentity.ofSubmitter(in: request.dataDirectory)
        return try await self.withSession(request, identity: identity, logger: logger) { session in
            try await self.deliver(
                job,
                record: nil,
                session: session,
                output: request.output,
                waits: request.waits,
                start: start,
                progress: progress
            )
        }
    }

    /// Pauses a job, lets it go on, ends it for good, or says how much it matters; only the key that submitted it can.
    ///
    /// - Returns: What holds from now on.
    public static func order(_ wish: OrderWish, _ request: FetchRequest, logger: Logger) async throws -> JobOrder {
        guard let job = JobID(request.job) else {
            throw NodeError(.invalidInput, "\"\(request.job)\" is not the name of a job: that is 64 hexadecimal digits")
        }
        let identity = try NodeIdentity.ofSubmitter(in: request.dataDirectory)
        return try await self.withSession(request, identity: identity, logger: logger) { session in
            try await session.order(job, wish)
        }
    }

    /// Connects with a peer for as long as the closure runs.
    static func withSession<Result: Sendable>(
        _ request: some PeerRequest,
        identity: IdentityKey,
        logger: Logger,
        _ body: (GridSession) async throws -> Result
    ) async throws -> Result {
        let session = try await GridSession.connect(
            to: request.address,
            identity: identity,
            grid: request.grid,
            coreVersion: try self.coreVersion(),
            preSharedKey: try SwarmKey.load(nil, dataDirectory: request.dataDirectory),
            logger: logger
        )
        do {
            let result = try await body(session)
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    /// What is signed of a shot.
    static func manifest(
        of shot: ShotRequest,
        title: String,
        grid: String,
        index: SceneIndex,
        root: ChunkID,
        size: Int,
        memory: UInt64,
        coreVersion: Digest
    ) -> GridRecord {
        .jobManifest(
            JobManifest(
                title: String(decoding: title.utf8.prefix(JobManifest.titleSizeMax), as: UTF8.self),
                grid: grid,
                sceneRoot: root,
                assetSize: UInt64(size),
                memory: memory,
                firstFrame: index.firstFrame,
                frameCount: index.frames.count,
                width: shot.width,
                height: shot.height,
                samples: shot.samples,
                maxDepth: shot.maxDepth,
                seed: shot.seed,
                channels: Int(shot.layers.channels.rawValue),
                coreVersion: coreVersion,
                submittedAt: WallClock.seconds
            )
        )
    }

    static func coreVersion() throws -> Digest {
        guard let version = Hex.decode(GoldenScene.expectedVersion).flatMap({ Digest($0) }) else {
            preconditionFailure("the core's version is not a digest: \(GoldenScene.expectedVersion)")
        }
        return version
    }

    /// Importing computes for long, so it runs on a thread of its own.
    private static func package(_ shot: ShotRequest) async throws -> ShotPackage {
        let pool = RenderPool(threads: 1)
        defer { pool.shutDown() }
        return try await pool.run { try ShotPackage(shot) }
    }

    /// Watches a job and writes its frames as they become final.
    static func deliver(
        _ job: JobID,
        record: SignedRecord?,
        session: GridSession,
        output: FrameOutput?,
        waits: Bool,
        start: ContinuousClock.Instant,
        progress: @escaping @Sendable (GridProgress) -> Void
    ) async throws -> JobSummary {
        var record = record
        var written: Set<Int> = []
        var files: [String] = []
        var revision: UInt64 = .max
        while true {
            let status = try await session.status(of: job, knownRevision: revision)
            revision = status.revision
            progress(.status(JobProgress(status)))
            for frame in status.finalFrames where !written.contains(frame) {
                guard let output else { break }
                if record == nil { record = try await session.manifest(of: job, anyFinalFrame: frame) }
                guard let record, case .jobManifest(let manifest) = try record.verified(by: SodiumSignature.verifier)
                else { throw NodeError(.verification, "the manifest of job \(job) is not valid") }
                if output.denoises, !manifest.filmChannels.contains(.guides), written.isEmpty {
                    progress(.note("The job's frames carry no guides: they are denoised without, and come out softer."))
                }
                if !output.isComplete(frame: frame) {
                    let (film, seal) = try await session.frame(frame, of: record, manifest: manifest)
                    let provenance = try await session.provenance(ofFrame: frame, manifest: manifest)
                    let names = try await session.matteNames(ofFrame: frame, for: output, manifest: manifest)
                    let paths = try output.write(film, frame: frame, provenance: provenance, names: names)
                    if let seal { await session.tell(seal, manifest: record) }
                    files += paths
                    progress(.frameWritten(frame, files: paths))
                }
                written.insert(frame)
            }
            let isOver = status.phase == .complete || status.phase == .cancelled || !waits
            guard isOver else { continue }
            if status.phase == .cancelled, waits {
                throw NodeError(.cancelled, "job \(job) was cancelled by its submitter")
            }
            var title = ""
            if let record, case .jobManifest(let manifest) = try record.verified(by: SodiumSignature.verifier) {
                title = manifest.title
            }
            return JobSummary(
                job: "\(job)",
                title: title,
                frames: written.sorted(),
                files: files,
                seconds: start.duration(to: .now) / .seconds(1),
                burned: status.burned.map { "\($0)" }
            )
        }
    }
}
