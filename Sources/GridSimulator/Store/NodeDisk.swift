import FoundationEssentials
import GridStore
import GridWire
import Synchronization

/// The data directory of a simulated node, and what its store has confirmed, to compare with what a restart finds.
///
/// Each process of the node has a directory of its own, which begins as a copy of what the last one left: SQLite would tidy up
/// the files of a process that ends within this one.
final class NodeDisk {
    /// What was promised to be on the disk.
    private enum Item: Hashable {
        case record(JobID, RecordID)
        case pixels(JobID, UnitID, Digest)

        var isRecord: Bool { if case .record = self { true } else { false } }
    }

    /// A promise, and when it was made.
    private struct Promise {
        let item: Item
        let time: VirtualTime
        /// Whether it was taken back and made again later.
        var isVoid = false
    }

    private let path: String
    private let quota: UInt64 = 1 << 40
    private var generation = 0
    private var disk: SimulatedDisk
    /// In the order in which it was written, since the last restart.
    private var promises: [Promise] = []
    /// What was promised and taken back; it may be there again after a power cut.
    private var withdrawn: Set<Item> = []
    /// How many of the promises came before something that was forced to the disk, and so were forced with it.
    private var forcedCount = 0
    /// When the power failed last, if it did since the last restart: what was written long before that moment is there.
    private var powerFailedAt: VirtualTime?
    /// The store, while the node is there.
    private(set) var store: NodeStore?

    init(path: String, seed: UInt64, lostSyncRate: Double) {
        self.path = path
        self.disk = SimulatedDisk(seed: seed, lostSyncRate: lostSyncRate)
    }

    deinit { self.close() }

    private var directory: String { "\(self.path)/\(self.generation)" }

    /// Starts the node's store.
    ///
    /// - Throws: ``StoreError`` when the shipping code does not take the files.
    func open(now: VirtualTime) throws {
        self.disk.now = now
        CrashingFileSystem.attach(self.disk, at: self.directory)
        let data = try DataDirectory(path: self.directory)
        let database = try GridDatabase(in: data, work: .atOnce)
        let chunks = try ChunkStore(in: data, quota: self.quota, calls: self.disk.calls, work: .atOnce)
        self.store = NodeStore(database: database, chunks: chunks)
        try Self.atOnce { try await database.checkIntegrity() }
    }

    /// What was written so far was written long ago.
    func settle() {
        self.disk.settle()
        self.forced()
    }

    /// The process is killed, and where the power fails, what was not on the disk yet is lost, or a part of it.
    func crash(now: VirtualTime, powerFails: Bool) throws {
        guard self.store != nil else { return }
        self.disk.now = now
        let old = self.directory
        let next = SimulatedDisk(after: self.disk)
        self.generation += 1
        try Self.makeDirectory(self.directory)
        for name in ["tessera.sqlite", "tessera.sqlite-wal"] {
            guard let content = try? Data(contentsOf: URL(filePath: "\(old)/\(name)")) else { continue }
            let left = powerFails ? Data(next.afterPowerCut(name, Array(content))) : content
            try left.write(to: URL(filePath: "\(self.directory)/\(name)"))
        }
        try FileManager.default.moveItem(atPath: "\(old)/chunks", toPath: "\(self.directory)/chunks")
        if powerFails {
            next.cutPower(ofChunksAt: "\(self.directory)/chunks")
            next.settle()
            self.powerFailedAt = now
        }
        self.close(at: old)
        self.disk = next
    }

    /// Ends the work with the files, for good.
    func close() { self.close(at: self.directory) }

    private func close(at directory: String) {
        CrashingFileSystem.detach(directory)
        // What this still writes nobody reads.
        try? self.store?.database.close()
        self.store = nil
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: Work

    /// Whether there is no room for another byte.
    var isFull: Bool {
        get { self.disk.isFull }
        set { self.disk.isFull = newValue }
    }

    /// Calls the shipping store; nothing is awaited there.
    func call<Value: Sendable>(
        now: VirtualTime,
        _ body: @escaping @Sendable (NodeStore) async throws -> Value
    ) throws -> Value? {
        guard let store = self.store else { return nil }
        self.disk.now = now
        return try Self.atOnce { try await body(store) }
    }

    private static func atOnce<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let outcome = Outcome<Value>()
        Task.immediate {
            do {
                outcome.set(.success(try await body()))
            } catch {
                outcome.set(.failure(error))
            }
        }
        guard let result = outcome.result else { preconditionFailure("the store of a simulated node was suspended") }
        return try result.get()
    }

    private static func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // MARK: Promises

    /// Records are on the disk, as the store says.
    func promised(_ records: [SignedRecord], of job: JobID, now: VirtualTime) {
        for record in records { self.promise(.record(job, record.id), now: now) }
    }

    /// The pixels of a unit are on the disk, as the store says.
    func promised(_ unit: UnitID, root: Digest, of job: JobID, now: VirtualTime) {
        self.promise(.pixels(job, unit, root), now: now)
    }

    private func promise(_ item: Item, now: VirtualTime) {
        if self.withdrawn.remove(item) != nil {
            // What was promised before it was taken back binds nobody: a power cut may take the new copy alone.
            for place in self.promises.indices where self.promises[place].item == item {
                self.promises[place].isVoid = true
            }
        }
        self.promises.append(Promise(item: item, time: now))
    }

    /// Records were deleted.
    func withdrew(_ records: [RecordID], of job: JobID) {
        for id in records { self.withdrawn.insert(.record(job, id)) }
    }

    /// The pixels of a unit were given up.
    func withdrew(_ unit: UnitID, root: Digest, of job: JobID) {
        self.withdrawn.insert(.pixels(job, unit, root))
    }

    /// Something was forced to the disk, and all that was written before it.
    func forced() { self.forcedCount = self.promises.count }

    /// Compares what was promised with what a restart found.
    ///
    /// - Returns: What is wrong with it, if something is, and how much is gone that was written.
    func compare(with kept: [NodeStore.KeptJob], now: VirtualTime) -> (problem: String?, lost: Int) {
        var found: Set<Item> = []
        for job in kept {
            for record in job.records { found.insert(.record(job.stored.id, record.id)) }
            for place in job.pixels where self.isWhole(place.chunk) {
                found.insert(.pixels(job.stored.id, place.unit, place.root))
            }
        }
        defer {
            self.promises = found.map { Promise(item: $0, time: now) }
            self.forcedCount = self.promises.count
            self.withdrawn = []
            self.powerFailedAt = nil
        }
        var lost: [(place: Int, item: Item)] = []
        for (place, promise) in self.promises.enumerated()
        where !promise.isVoid && !self.withdrawn.contains(promise.item) && !found.contains(promise.item) {
            lost.append((place, promise.item))
        }
        return (self.problem(of: lost, found), lost.count)
    }

    private func problem(of lost: [(place: Int, item: Item)], _ found: Set<Item>) -> String? {
        guard let first = lost.first else { return nil }
        guard let powerFailedAt = self.powerFailedAt else {
            return "what was written is gone after a kill: \(first.item)"
        }
        if first.place < self.forcedCount {
            return "what was forced to the disk is gone after a power cut: \(first.item)"
        }
        if self.promises[first.place].time + SimulatedDisk.writeBack < powerFailedAt {
            return "what was written long before a power cut is gone: \(first.item)"
        }
        // Transactions are lost from the last one back.
        guard let record = lost.first(where: { $0.item.isRecord }) else { return nil }
        let later = self.promises[record.place...].first { $0.item.isRecord && found.contains($0.item) }
        return later.map { "a record outlived a power cut and one before it did not: \($0.item), \(record.item)" }
    }

    /// Whether a chunk is what its name promises; the store itself finds out when it reads it.
    private func isWhole(_ chunk: ChunkID) -> Bool {
        let path = "\(self.directory)/chunks/\(chunk.description.prefix(2))/\(chunk)"
        return (try? Data(contentsOf: URL(filePath: path))).map { Digest(hashing: $0) == chunk.digest } ?? false
    }
}

/// Carries a value out of a task that has ended already.
private final class Outcome<Value: Sendable>: Sendable {
    private let content = Mutex<Result<Value, any Error>?>(nil)

    var result: Result<Value, any Error>? { self.content.withLock { $0 } }

    func set(_ result: Result<Value, any Error>) {
        self.content.withLock { $0 = result }
    }
}
