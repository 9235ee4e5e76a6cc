import GridWire
public import Logging
import PeerSession

extension GridClient {
    /// The most shots of a list that are watched at a time; the frames of the others wait on the grid.
    private static let watchedMax = 32

    /// Imports shots, hands them to a peer, and writes their frames as they become final.
    ///
    /// All shots are imported before the first is handed over: where one cannot be, none is submitted. What they share
    /// is stored and sent once.
    /// - Returns: What became of each; a shot that fails after it was handed over does not keep the others.
    /// - Throws: As ``submit(_:logger:progress:)-(SubmitRequest,_,_)``, with the name of the shot.
    public static func submit(
        _ list: ShotListRequest,
        logger: Logger,
        progress: @escaping @Sendable (ShotListProgress) -> Void
    ) async throws -> ShotListSummary {
        let start = ContinuousClock.now
        let identity = try NodeIdentity.ofSubmitter(in: list.dataDirectory)
        let stage = try ShotStage(in: list.dataDirectory)
        defer { stage.remove() }
        let staged = try await self.importAll(list.shots, into: stage, progress: progress)
        return try await self.withSession(list, identity: identity, logger: logger) { session in
            var jobs: [(job: JobID, record: SignedRecord)] = []
            for (shot, scene) in zip(list.shots, staged) {
                let record = self.manifest(
                    of: shot.shot,
                    title: shot.title,
                    grid: list.grid,
                    index: scene.index,
                    root: scene.root,
                    size: scene.size,
                    memory: scene.memory,
                    coreVersion: try self.coreVersion()
                ).signed(by: identity.peerID, with: identity.signer)
                let job = try await self.naming(shot.name) {
                    try await session.submit(record, chunks: stage) {
                        progress(.shot(shot.name, .sending(sent: $0, total: $1)))
                    }
                }
                if !shot.order.isEmpty {
                    _ = try await self.naming(shot.name) { try await session.order(job, shot.order) }
                }
                progress(.shot(shot.name, .submitted(job: "\(job)")))
                jobs.append((job, record))
            }
            var summary = ShotListSummary(
                shots: zip(list.shots, zip(staged, jobs)).map { shot, rest in
                    .init(shot: shot.name, job: "\(rest.1.job)", size: rest.0.size, newSize: rest.0.newSize)
                },
                seconds: 0
            )
            try await self.deliverAll(list.shots, jobs: jobs, session: session, into: &summary, progress: progress)
            summary.seconds = start.duration(to: .now) / .seconds(1)
            return summary
        }
    }

    /// Imports all shots, one after the other.
    private static func importAll(
        _ shots: [ShotListRequest.Shot],
        into stage: ShotStage,
        progress: @escaping @Sendable (ShotListProgress) -> Void
    ) async throws -> [ShotStage.Shot] {
        let pool = RenderPool(threads: 1)
        defer { pool.shutDown() }
        var staged: [ShotStage.Shot] = []
        var last: ShotSource?
        for shot in shots {
            try Task.checkCancellation()
            let known = last
            let (source, package) = try await self.naming(shot.name) {
                try shot.output?.prepare(makesParent: true)
                return try await pool.run {
                    let source = try ShotSource(shot.shot, reusing: known)
                    return (source, try ShotPackage(source))
                }
            }
            last = source
            for note in package.notes { progress(.shot(shot.name, .note(note))) }
            try await self.naming(shot.name) { try shot.output?.check(frameCount: package.index.frames.count) }
            let scene = try await stage.add(package)
            progress(.packed(shot: shot.name, size: scene.size, newSize: scene.newSize))
            staged.append(scene)
        }
        return staged
    }

    /// Writes the frames of all jobs that have an output.
    private static func deliverAll(
        _ shots: [ShotListRequest.Shot],
        jobs: [(job: JobID, record: SignedRecord)],
        session: GridSession,
        into summary: inout ShotListSummary,
        progress: @escaping @Sendable (ShotListProgress) -> Void
    ) async throws {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: (Int, Result<JobSummary, any Error>).self) { group in
            var rest = shots.indices.filter { shots[$0].output != nil }[...]
            func watchNext() {
                guard let i = rest.popFirst() else { return }
                let (shot, (job, record)) = (shots[i], jobs[i])
                group.addTask {
                    do {
                        let summary = try await self.deliver(
                            job,
                            record: record,
                            session: session,
                            output: shot.output,
                            waits: true,
                            start: start
                        ) { progress(.shot(shot.name, $0)) }
                        return (i, .success(summary))
                    } catch {
                        return (i, .failure(error))
                    }
                }
            }
            for _ in 0 ..< Self.watchedMax { watchNext() }
            for try await (i, result) in group {
                switch result {
                case .success(let job):
                    summary.shots[i].frames = job.frames
                    summary.shots[i].files = job.files
                case .failure(let error):
                    try Task.checkCancellation()
                    summary.shots[i].error = "\(error)"
                }
                watchNext()
            }
        }
    }

    /// Says in an error which shot it is about.
    private static func naming<Value: Sendable>(
        _ shot: String,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch let error as NodeError {
            throw NodeError(error.code, "shot \(shot): \(error.message)", hint: error.hint)
        } catch {
            throw NodeError(.invalidInput, "shot \(shot): \(error)")
        }
    }
}
