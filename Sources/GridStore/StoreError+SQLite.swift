import GRDB

extension StoreError {
    /// What SQLite or a write's own check said about the database at a path.
    init(_ error: any Error, database path: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.inputOutput, path: path, message: "the database \(path) failed: \(error)")
            return
        }
        let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self = .diskFull(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self = .damaged(path: path, reason: reason)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .notWritable,
                path: path,
                message: "cannot write the database \(path): \(reason); make it and its directory writable for this "
                    + "user or choose another data directory"
            )
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .inUse,
                path: path,
                message: "another program holds the database \(path): \(reason); close it and start the node again"
            )
        default:
            self.init(
                .inputOutput,
                path: path,
                message: "the database \(path) failed: \(reason); check the disk and start the node again"
            )
        }
    }

    /// The database's content is not what was written.
    static func damaged(path: String, reason: String) -> Self {
        Self(
            .damagedDatabase,
            path: path,
            message: "the database \(path) is damaged: \(reason); move it away (with its -wal and -shm files) to start "
                + "with an empty one, or restore a copy"
        )
    }
}
