import Dispatch
public import GridWire
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Chunks by the hash of their content: files that are written whole, verified when read, and dropped when room is
/// needed, those used longest ago first, but never while a use pins them.
///
///     let store = try ChunkStore(in: directory, quota: 10 << 30)
///     store.pin(index.assets.chunks, for: .scene(job))
///     try await store.put(bytes, expecting: id)
///     let bytes = try await store.get(id)  // nil: fetch it (again)
///
/// Pins live in memory: after a restart, pin what the unfinished jobs need before the first `put`. All methods may be
/// called from any task; files are read and written on the store's own threads, and calls about one chunk take turns.
public final class ChunkStore: Sendable {
    /// The most bytes of one chunk.
    public static let chunkSizeMax = SceneIndex.encodedSizeMax
    /// The quota where none is given, in bytes.
    public static let quotaStandard: UInt64 = 10 << 30
    /// The number of threads that read and write files.
    static let laneCount = 4

    /// What the store holds.
    public struct Usage: Hashable, Sendable {
        /// The number of chunks.
        public var count: Int
        /// The bytes of all chunks.
        public var size: UInt64
        /// The most bytes that the store may hold.
        public var quota: UInt64
        /// The number of chunks that are here and that jobs need.
        public var pinnedCount: Int
        /// The bytes of the chunks that are here and that jobs need.
        public var pinnedSize: UInt64
        /// The number of chunks that were dropped for room since the start.
        public var evictedCount: UInt64
        /// The number of chunks that were found damaged since the start.
        public var damagedCount: UInt64
    }

    private let directory: DataDirectory
    private let files: ChunkFiles
    private let index: Mutex<ChunkIndex>
    private let serial = Atomic<UInt64>(0)
    private let lanes: [DispatchQueue]
    private let work: BlockingWork

    /// Opens the store in a data directory: makes what is missing, removes half-written files, and lists the rest.
    ///
    /// Content is verified when it is read, not here.
    /// - Parameter quota: The most bytes that the store may hold.
    /// - Throws: ``StoreError`` with code `notWritable`, `diskFull`, `inputOutput`.
    public convenience init(in directory: DataDirectory, quota: UInt64 = quotaStandard) throws(StoreError) {
        try self.init(in: directory, quota: quota, calls: .system, work: .onOwnThreads)
    }

    /// Opens the store with other calls of the system, or another place for what waits for the disk.
    package init(
        in directory: DataDirectory,
        quota: UInt64,
        calls: DiskCalls,
        work: BlockingWork = .onOwnThreads
    ) throws(StoreError) {
        self.directory = directory
        self.work = work
        self.files = ChunkFiles(root: "\(directory.path)/chunks", calls: calls)
        var index = ChunkIndex(quota: quota)
        for found in try self.files.prepare().sorted(by: { ($0.usedAt, $0.id) < ($1.usedAt, $1.id) }) {
            index.insert(found.id, size: found.size, isWhole: false)
        }
        self.index = Mutex(index)
        self.lanes = (0 ..< Self.laneCount).map { DispatchQueue(label: "tessera.chunks.\($0)", qos: .blockingWork) }
    }

    /// Stores a chunk whose bytes must hash to its id; one that is there already is left as it is.
    ///
    /// - Throws: ``StoreError`` with code `wrongContent`, `diskFull`, `quotaExceeded`, `notWritable`, `inputOutput`.
    ///   Nothing half-written is left under the chunk's name then.
    public func put(
        _ bytes: [UInt8],
        expecting id: ChunkID,
        durability: Durability = .durable
    ) async throws(StoreError) {
        try await self.onLane(of: id) { () throws(StoreError) in
            guard !bytes.isEmpty, bytes.count <= Self.chunkSizeMax else {
                throw StoreError(
                    .wrongContent,
                    path: self.files.path(of: id),
                    message: "\(bytes.count) bytes are not a chunk: it has 1 to \(Self.chunkSizeMax)"
                )
            }
            guard Digest(hashing: bytes) == id.digest else {
                throw StoreError(
                    .wrongContent,
                    path: self.files.path(of: id),
                    message: "\(bytes.count) bytes do not hash to the chunk \(id); fetch it from another peer"
                )
            }
            try self.store(bytes, as: id, durability: durability)
        }
    }

    /// Stores bytes under the id that their hash gives.
    ///
    /// - Throws: As ``put(_:expecting:durability:)``.
    public func put(_ bytes: [UInt8], durability: Durability = .durable) async throws(StoreError) -> ChunkID {
        let id = ChunkID(Digest(hashing: bytes))
        try await self.put(bytes, expecting: id, durability: durability)
        return id
    }

    /// A chunk's bytes, verified; nil when it is not here.
    ///
    /// A damaged file is removed, so that the chunk is fetched anew.
    ///
    /// - Throws: ``StoreError`` with code `inputOutput` or `notWritable` when the file cannot be opened.
    public func get(_ id: ChunkID) async throws(StoreError) -> [UInt8]? {
        guard self.has(id) else { return nil }
        return try await self.onLane(of: id) { () throws(StoreError) in
            switch try self.files.read(id, sizeMax: Self.chunkSizeMax) {
            case .bytes(let bytes) where Digest(hashing: bytes) == id.digest:
                self.index.withLock { $0.verified(id) }
                return bytes
            case .bytes, .unreadable:
                self.index.withLock { index in
                    self.files.remove(id)
                    index.remove(id, isDamaged: true)
                }
                return nil
            case .missing:
                self.index.withLock { $0.remove(id) }
                return nil
            }
        }
    }

    /// Puts a chunk into memory that `blob` has reserved, verified; false when it is not here.
    ///
    /// Its file is mapped, not read into memory: it may be removed meanwhile, its bytes stay. A damaged file is removed, so
    /// that the chunk is fetched anew.
    ///
    /// - Throws: ``StoreError`` with code `inputOutput` or `notWritable` when the file cannot be opened.
    public func map(_ id: ChunkID, at number: Int, of blob: MappedBlob) async throws(StoreError) -> Bool {
        guard self.has(id) else { return false }
        return try await self.onLane(of: id) { () throws(StoreError) in
            let place = blob.place(ofChunk: number)
            switch try self.files.map(id, to: place) {
            case .mapped where Digest(hashing: UnsafeRawBufferPointer(place)) == id.digest:
                self.index.withLock { $0.verified(id) }
                return true
            case .mapped, .unreadable:
                self.index.withLock { index in
                    self.files.remove(id)
                    index.remove(id, isDamaged: true)
                }
                return false
            case .missing:
                self.index.withLock { $0.remove(id) }
                return false
            }
        }
    }

    /// Whether a chunk is here, as far as is known without reading it.
    public func has(_ id: ChunkID) -> Bool {
        self.size(of: id) != nil
    }

    /// The size of a chunk in bytes, or nil when it is not here.
    public func size(of id: ChunkID) -> Int? {
        self.index.withLock { $0.size(of: id) }
    }

    /// The chunks among `ids` that are here, in the same order.
    public func held(among ids: [ChunkID]) -> [ChunkID] {
        self.index.withLock { index in ids.filter { index.size(of: $0) != nil } }
    }

    /// The chunks among `ids` that are not here, each once, in the same order.
    public func missing(among ids: [ChunkID]) -> [ChunkID] {
        var seen: Set<ChunkID> = []
        return self.index.withLock { index in
            ids.filter { index.size(of: $0) == nil && seen.insert($0).inserted }
        }
    }

    /// Keeps chunks from being dropped for as long as a use needs them, whether they are here already or not.
    public func pin(_ ids: some Sequence<ChunkID>, for use: ChunkUse) {
        self.index.withLock { $0.pin(ids, for: use) }
    }

    /// Ends all pins of a use; its chunks stay until their room is needed.
    public func unpin(_ use: ChunkUse) {
        self.index.withLock { $0.unpin(use) }
    }

    /// Removes a chunk; one that is not here is fine.
    public func remove(_ id: ChunkID) async {
        await self.onLane(of: id) {
            self.index.withLock { index in
                self.files.remove(id)
                index.remove(id)
            }
        }
    }

    /// Changes the most bytes that the store may hold; what is over it goes with the next `put`.
    public func setQuota(_ quota: UInt64) {
        self.index.withLock { $0.quota = quota }
    }

    /// What the store holds now.
    public var usage: Usage {
        self.index.withLock { index in
            let pinned = index.pinned
            return Usage(
                count: index.count,
                size: index.size,
                quota: index.quota,
                pinnedCount: pinned.count,
                pinnedSize: pinned.size,
                evictedCount: index.evictedCount,
                damagedCount: index.damagedCount
            )
        }
    }

    // MARK: On the chunk's lane

    private func store(_ bytes: [UInt8], as id: ChunkID, durability: Durability) throws(StoreError) {
        let known = self.index.withLock { $0.use(id) }
        // What a power cut left of a file that was not forced to the disk must not pass for the chunk: it is written anew.
        if known.isWhole {
            guard durability == .durable, !known.isDurable else { return }
            try self.files.synchronize(id, withContent: true)
            self.index.withLock { $0.setDurable(id) }
            return
        }
        try self.reserve(bytes.count)
        defer { self.index.withLock { $0.release(bytes.count) } }
        let temporary = try self.writeWithRoom(bytes, of: id, durability: durability)
        try self.files.publish(temporary, as: id)
        self.index.withLock { $0.insert(id, size: bytes.count, isWhole: true) }
        guard durability == .durable else { return }
        try self.files.synchronize(id, withContent: false)
        self.index.withLock { $0.setDurable(id) }
    }

    /// Writes; when the disk is full, drops chunks that no job needs and tries once more.
    private func writeWithRoom(_ bytes: [UInt8], of id: ChunkID, durability: Durability) throws(StoreError) -> String {
        do {
            return try self.writeOnce(bytes, of: id, durability: durability)
        } catch  where error.code == .diskFull {
            let size = UInt64(bytes.count)
            let isRoomMade = self.index.withLock { index in
                guard let evicted = index.evict(size, atMost: 4 * size) else { return false }
                for id in evicted { self.files.remove(id) }
                return true
            }
            guard isRoomMade else { throw error }
            return try self.writeOnce(bytes, of: id, durability: durability)
        }
    }

    private func writeOnce(_ bytes: [UInt8], of id: ChunkID, durability: Durability) throws(StoreError) -> String {
        let serial = self.serial.add(1, ordering: .relaxed).newValue
        return try self.files.writeIncoming(bytes, of: id, serial: serial, durability: durability)
    }

    private func reserve(_ size: Int) throws(StoreError) {
        let refusal: StoreError? = self.index.withLock { index in
            // Files are removed under the lock: whoever stores one of them anew then finds it gone for good.
            if let evicted = index.reserve(size) {
                for id in evicted { self.files.remove(id) }
                return nil
            }
            return StoreError(
                .quotaExceeded,
                path: self.files.root,
                message: "the chunk store \(self.files.root) may hold \(index.quota) bytes, and running jobs need "
                    + "nearly all of them; allow it more or wait until a job ends"
            )
        }
        if let refusal { throw refusal }
    }

    // MARK: Lanes

    /// Runs blocking work on the one thread that is responsible for a chunk.
    private func onLane<Value: Sendable>(
        of id: ChunkID,
        _ work: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if self.work == .atOnce { return try work() }
        let lane = self.lanes[Int(id.digest.bytes[0]) % Self.laneCount]
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, StoreError>, Never>) in
            lane.async { continuation.resume(returning: Result { () throws(StoreError) in try work() }) }
        }
        return try result.get()
    }

    private func onLane(of id: ChunkID, _ work: @escaping @Sendable () -> Void) async {
        if self.work == .atOnce { return work() }
        let lane = self.lanes[Int(id.digest.bytes[0]) % Self.laneCount]
        await withCheckedContinuation { continuation in
            lane.async {
                work()
                continuation.resume()
            }
        }
    }
}
