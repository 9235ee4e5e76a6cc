import FoundationEssentials
import GRDB
public import GridWire

extension GridDatabase {
    /// Keeps a job and its manifest; where the job is known, its roles, phase and time of change become the given ones, and
    /// when it came stays.
    public func save(_ job: StoredJob, durability: Durability = .durable) async throws(StoreError) {
        try await self.writer.write(durability) { db in
            _ = try Self.insert([job.manifest], job: job.id, in: db)
            try db.execute(
                sql: """
                    INSERT INTO job (id, roles, phase, received_at, changed_at, met_before) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET
                        roles = excluded.roles, phase = excluded.phase, changed_at = excluded.changed_at
                    """,
                arguments: [
                    job.id.digest.blob, job.roles.rawValue, Int(job.phase.rawValue), Int64(clamping: job.receivedAt),
                    Int64(clamping: job.changedAt), Int64(clamping: job.metBefore),
                ]
            )
        }
    }

    /// Moves a job to another phase.
    ///
    /// - Returns: Whether the job is known.
    @discardableResult
    public func setPhase(
        _ phase: JobStatus.Phase,
        of job: JobID,
        at time: UInt64,
        durability: Durability = .durable
    ) async throws(StoreError) -> Bool {
        try await self.writer.write(durability) { db in
            try db.execute(
                sql: "UPDATE job SET phase = ?, changed_at = ? WHERE id = ?",
                arguments: [Int(phase.rawValue), Int64(clamping: time), job.digest.blob]
            )
            return db.changesCount > 0
        }
    }

    /// A job, if it is known.
    public func job(_ id: JobID) async throws(StoreError) -> StoredJob? {
        try await self.jobs(where: "job.id = ?", [id.digest.blob]).first
    }

    /// All jobs, those that came last first.
    public func jobs() async throws(StoreError) -> [StoredJob] {
        try await self.jobs(where: "TRUE", [])
    }

    /// The jobs to take up again after a restart: those that are neither complete nor cancelled.
    public func unfinishedJobs() async throws(StoreError) -> [StoredJob] {
        try await self.jobs(
            where: "job.phase IN (?, ?)",
            [Int(JobStatus.Phase.receiving.rawValue), Int(JobStatus.Phase.running.rawValue)]
        )
    }

    /// Forgets a job as if it had never come; chunks stay until the chunk store needs their room.
    public func forget(_ job: JobID) async throws(StoreError) {
        try await self.writer.write(.committed) { db in
            for table in ["record", "unit_pixels"] {
                try db.execute(sql: "DELETE FROM \(table) WHERE job = ?", arguments: [job.digest.blob])
            }
            try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [job.digest.blob])
        }
    }

    /// Forgets all of a job but its manifest and that it was here, so that it is not taken up once more when others still
    /// speak of it: it has no role any longer.
    public func retire(_ job: JobID) async throws(StoreError) {
        try await self.writer.write(.committed) { db in
            let id = job.digest.blob
            try db.execute(sql: "DELETE FROM record WHERE job = ? AND id <> ?", arguments: [id, id])
            try db.execute(sql: "DELETE FROM unit_pixels WHERE job = ?", arguments: [id])
            try db.execute(sql: "UPDATE job SET roles = 0 WHERE id = ?", arguments: [id])
        }
    }

    private func jobs(
        where condition: String,
        _ arguments: StatementArguments
    ) async throws(StoreError) -> [StoredJob] {
        let path = self.path
        return try await self.read { db in
            var jobs: [StoredJob] = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT job.id AS job_id, roles, phase, received_at, changed_at, met_before, kind, signer, body, signature
                    FROM job JOIN record ON record.id = job.id
                    WHERE \(condition) ORDER BY received_at DESC, job.id
                    """,
                arguments: arguments
            )
            while let row = try rows.next() {
                guard let byte = UInt8(exactly: row["phase"] as Int), let phase = JobStatus.Phase(rawValue: byte) else {
                    throw StoreError.damaged(path: path, reason: "a job of it is in no known phase")
                }
                jobs.append(
                    StoredJob(
                        id: JobID(try Digest(column: row["job_id"], path: path)),
                        manifest: try SignedRecord(row, path: path),
                        roles: StoredJob.Roles(rawValue: row["roles"]),
                        phase: phase,
                        receivedAt: UInt64(clamping: row["received_at"] as Int64),
                        changedAt: UInt64(clamping: row["changed_at"] as Int64),
                        metBefore: UInt64(clamping: row["met_before"] as Int64)
                    )
                )
            }
            return jobs
        }
    }
}
