import FoundationEssentials
import GRDB
public import GridWire

extension GridDatabase {
    /// Adds signed records to a job; those that are there already stay as they are.
    ///
    /// Nothing is verified here: that is the ledger's business.
    /// - Returns: How many were new.
    /// - Throws: ``StoreError``; then none of them is added.
    @discardableResult
    public func add(
        _ records: [SignedRecord],
        to job: JobID,
        durability: Durability
    ) async throws(StoreError) -> Int {
        if records.isEmpty { return 0 }
        return try await self.writer.write(durability) { db in try Self.insert(records, job: job, in: db) }
    }

    /// Deletes records of a job, all or none.
    ///
    /// Write what makes them superfluous before: then no crash leaves a job with neither.
    /// - Returns: How many were there.
    @discardableResult
    public func forget(
        _ ids: [RecordID],
        of job: JobID,
        durability: Durability = .committed
    ) async throws(StoreError) -> Int {
        if ids.isEmpty { return 0 }
        return try await self.writer.write(durability) { db in
            let statement = try db.cachedStatement(sql: "DELETE FROM record WHERE id = ? AND job = ?")
            var deleted = 0
            for id in ids {
                try statement.execute(arguments: [id.digest.blob, job.digest.blob])
                deleted += db.changesCount
            }
            return deleted
        }
    }

    /// The bytes of a job's records: bodies and signatures, without what the database adds.
    public func recordBytes(of job: JobID) async throws(StoreError) -> Int {
        try await self.read { db in
            try Int.fetchOne(
                db,
                sql: "SELECT coalesce(sum(length(body) + length(signature)), 0) FROM record WHERE job = ?",
                arguments: [job.digest.blob]
            ) ?? 0
        }
    }

    /// A job's records in the order in which they came, of one kind or of one signer where that is asked.
    public func records(
        of job: JobID,
        kind: SignedRecord.Kind? = nil,
        signer: PeerID? = nil
    ) async throws(StoreError) -> [SignedRecord] {
        let path = self.path
        return try await self.read { db in
            var sql = "SELECT kind, signer, body, signature FROM record WHERE job = ?"
            var arguments: StatementArguments = [job.digest.blob]
            if let kind {
                sql += " AND kind = ?"
                arguments += [Int(kind.rawValue)]
            }
            if let signer {
                sql += " AND signer = ?"
                arguments += [signer.publicKey.blob]
            }
            var records: [SignedRecord] = []
            let rows = try Row.fetchCursor(db, sql: sql + " ORDER BY number", arguments: arguments)
            while let row = try rows.next() {
                records.append(try SignedRecord(row, path: path))
            }
            return records
        }
    }

    /// The records with the given ids that are there, in the order of the ids.
    public func records(withIDs ids: [RecordID]) async throws(StoreError) -> [SignedRecord] {
        let path = self.path
        return try await self.read { db in
            let statement = try db.makeStatement(sql: "SELECT kind, signer, body, signature FROM record WHERE id = ?")
            var records: [SignedRecord] = []
            for id in ids {
                guard let row = try Row.fetchOne(statement, arguments: [id.digest.blob]) else { continue }
                records.append(try SignedRecord(row, path: path))
            }
            return records
        }
    }

    /// The number of records of a job, by kind.
    public func recordCounts(of job: JobID) async throws(StoreError) -> [SignedRecord.Kind: Int] {
        try await self.read { db in
            var counts: [SignedRecord.Kind: Int] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: "SELECT kind, count(*) AS number FROM record WHERE job = ? GROUP BY kind",
                arguments: [job.digest.blob]
            )
            while let row = try rows.next() {
                guard let kind = SignedRecord.Kind(number: row["kind"]) else { continue }
                counts[kind] = row["number"]
            }
            return counts
        }
    }

    static func insert(_ records: [SignedRecord], job: JobID, in db: Database) throws -> Int {
        let statement = try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO record (id, job, kind, signer, body, signature) VALUES (?, ?, ?, ?, ?, ?)"
        )
        var added = 0
        for record in records {
            try statement.execute(arguments: [
                record.id.digest.blob, job.digest.blob, Int(record.kind.rawValue), record.signer.publicKey.blob,
                record.body.blob, record.signature.blob,
            ])
            added += db.changesCount
        }
        return added
    }
}

extension SignedRecord {
    /// Reads a record from a row with its kind, signer, body and signature.
    init(_ row: Row, path: String) throws(StoreError) {
        let signer: [UInt8] = Array(row["signer"] as Data)
        guard let kind = Kind(number: row["kind"]), let signer = PeerID(publicKey: signer) else {
            throw StoreError.damaged(path: path, reason: "a record of it has no known kind or no proper signer")
        }
        self.init(
            kind: kind,
            body: Array(row["body"] as Data),
            signer: signer,
            signature: Array(row["signature"] as Data)
        )
    }
}

extension SignedRecord.Kind {
    fileprivate init?(number: Int) {
        guard let byte = UInt8(exactly: number), let kind = Self(rawValue: byte) else { return nil }
        self = kind
    }
}
