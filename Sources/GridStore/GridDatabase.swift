import GRDB

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What a node remembers: signed records, jobs, where pixels lie, peers that it met, and counts for each day.
///
///     let database = try GridDatabase(in: directory)
///     try await database.add([record], to: job, durability: .durable)
///
/// The file is `tessera.sqlite`, in write-ahead mode: readers never wait for the writer, and a transaction that was cut
/// short by `kill -9` has never been. Writes that wait at one time share a transaction. All methods may be called from
/// any task; none blocks the caller's thread.
///
/// Times are seconds since 1970 that the caller reads from its clock; days are whole days since 1970 in UTC.
public final class GridDatabase: Sendable {
    /// The path of the database file.
    public let path: String
    let pool: DatabasePool
    let writer: WriteQueue
    private let directory: DataDirectory
    private let work: BlockingWork

    /// The most connections that read at one time.
    package static let readerCountMax = 4
    /// A larger file is not checked whole when it is opened, since that would take more than a second or two.
    package static let wholeCheckSizeMax: Int64 = 256 << 20
    /// What marks the file as ours (`PRAGMA application_id`): "TSRA".
    static let applicationID = 0x5453_5241

    /// Opens the database of a data directory, makes it where it is missing, and brings an older one up to date.
    ///
    /// - Throws: ``StoreError`` with code `damagedDatabase`, `foreignDatabase`, `newerDatabase`, `notWritable`,
    ///   `diskFull`, `inUse`, `inputOutput`.
    public convenience init(in directory: DataDirectory) throws(StoreError) {
        try self.init(in: directory, work: .onOwnThreads)
    }

    /// Opens the database with another place for what waits for the disk.
    package init(in directory: DataDirectory, work: BlockingWork) throws(StoreError) {
        let path = "\(directory.path)/tessera.sqlite"
        self.path = path
        self.directory = directory
        self.work = work
        do {
            var configuration = Configuration()
            configuration.label = "tessera.database"
            configuration.maximumReaderCount = Self.readerCountMax
            configuration.busyMode = .timeout(5)
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in try Self.check(db, path: path) }
            let migrator = Self.migrator
            if try pool.read({ try migrator.hasBeenSuperseded($0) }) {
                throw StoreError(
                    .newerDatabase,
                    path: path,
                    message: "the database \(path) was written by a newer tessera; update this one, or choose another "
                        + "data directory"
                )
            }
            try migrator.migrate(pool)
            self.pool = pool
            self.writer = WriteQueue(pool: pool, path: path, work: work)
        } catch {
            throw StoreError(error, database: path)
        }
    }

    /// Ends all work with the file; later calls throw.
    ///
    /// Not needed before the process ends: it only merges the write-ahead file, so that the next start is quicker.
    public func close() throws(StoreError) {
        do {
            // The connections that read are closed last and may not do this themselves.
            try self.pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            try self.pool.close()
        } catch {
            throw StoreError(error, database: self.path)
        }
    }

    /// Refuses a file that is damaged or is not ours.
    private static func check(_ db: Database, path: String) throws {
        let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        if application != Self.applicationID {
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            guard application == 0, tables == 0 else {
                throw StoreError(
                    .foreignDatabase,
                    path: path,
                    message: "\(path) is a database of another program; move it away or choose another data directory"
                )
            }
            try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        }
        var status = stat()
        guard stat(path, &status) == 0, Int64(status.st_size) <= Self.wholeCheckSizeMax else { return }
        let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no verdict"
        guard verdict == "ok" else { throw StoreError.damaged(path: path, reason: verdict) }
    }

    /// Reads without waiting for the writer.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            switch self.work {
            case .onOwnThreads: return try await self.pool.read(body)
            case .atOnce: return try Self.readAtOnce(self.pool, body)
            }
        } catch {
            throw StoreError(error, database: self.path)
        }
    }

    /// Of two methods of one name an asynchronous function would choose the asynchronous one.
    private static func readAtOnce<Value>(
        _ pool: DatabasePool,
        _ body: (Database) throws -> Value
    ) throws -> Value {
        try pool.read(body)
    }

    /// Looks through the whole file, its indexes included.
    ///
    /// - Throws: ``StoreError`` with code `damagedDatabase` when something in it contradicts something else.
    package func checkIntegrity() async throws(StoreError) {
        let path = self.path
        try await self.read { db in
            let verdict = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no verdict"
            guard verdict == "ok" else { throw StoreError.damaged(path: path, reason: verdict) }
        }
    }
}
