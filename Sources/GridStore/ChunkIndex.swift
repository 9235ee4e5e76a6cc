import GridWire

/// Which chunks are there, how large they are, when they were used, and what needs them.
///
/// Touches no disk.
struct ChunkIndex: Sendable {
    private struct Entry {
        var size: Int
        /// Rises with each use of any chunk.
        var use: UInt64
        /// Whether the file and its name were forced to the disk.
        var isDurable: Bool
        /// Whether what is in the file is known; of one that was found at the start it is not, after a power cut.
        var isWhole: Bool
    }

    /// The most bytes that the store may hold.
    var quota: UInt64
    /// Files that were dropped for room since the start.
    private(set) var evictedCount: UInt64 = 0
    /// Files that did not hold what their name promises, since the start.
    private(set) var damagedCount: UInt64 = 0
    /// The bytes of all chunks.
    private(set) var size: UInt64 = 0
    private var reserved: UInt64 = 0
    private var entries: [ChunkID: Entry] = [:]
    private var pins: [ChunkUse: Set<ChunkID>] = [:]
    private var pinCounts: [ChunkID: Int] = [:]
    private var lastUse: UInt64 = 0

    init(quota: UInt64) {
        self.quota = quota
    }

    /// The number of chunks.
    var count: Int {
        self.entries.count
    }

    /// The number and the bytes of the chunks that are here and pinned.
    var pinned: (count: Int, size: UInt64) {
        var pinned = (count: 0, size: UInt64(0))
        for id in self.pinCounts.keys {
            guard let entry = self.entries[id] else { continue }
            pinned.count += 1
            pinned.size += UInt64(entry.size)
        }
        return pinned
    }

    /// The size of a chunk, if it is here.
    func size(of id: ChunkID) -> Int? {
        self.entries[id]?.size
    }

    /// Notes a use; whether the chunk is here and whole, and whether it was forced to the disk.
    mutating func use(_ id: ChunkID) -> (isWhole: Bool, isDurable: Bool) {
        guard let entry = self.entries[id] else { return (false, false) }
        self.lastUse += 1
        self.entries[id]?.use = self.lastUse
        return (entry.isWhole, entry.isDurable)
    }

    /// Notes that the file of a chunk was read and is what its name promises.
    mutating func verified(_ id: ChunkID) {
        _ = self.use(id)
        self.entries[id]?.isWhole = true
    }

    /// Sets room aside for a chunk that is about to be written.
    ///
    /// - Returns: The chunks to remove for it, already out of the index; nil when pinned chunks leave no room.
    mutating func reserve(_ size: Int) -> [ChunkID]? {
        let needed = self.size + self.reserved + UInt64(size)
        guard needed > self.quota else {
            self.reserved += UInt64(size)
            return []
        }
        // Some more than is needed is dropped, so that the sorting is not paid for every chunk.
        guard let evicted = self.evict(needed - self.quota, atMost: needed - self.quota + self.quota / 64) else {
            return nil
        }
        self.reserved += UInt64(size)
        return evicted
    }

    /// Gives reserved room back.
    mutating func release(_ size: Int) {
        self.reserved -= UInt64(size)
    }

    /// Notes that a chunk lies in the store.
    ///
    /// - Parameter isWhole: whether its content is known; else only that there is a file.
    mutating func insert(_ id: ChunkID, size: Int, isWhole: Bool) {
        self.remove(id)
        self.lastUse += 1
        self.entries[id] = Entry(size: size, use: self.lastUse, isDurable: false, isWhole: isWhole)
        self.size += UInt64(size)
    }

    /// Notes that a chunk was forced to the disk.
    mutating func setDurable(_ id: ChunkID) {
        self.entries[id]?.isDurable = true
    }

    /// Notes that a chunk is gone, because its file was damaged where that is said.
    mutating func remove(_ id: ChunkID, isDamaged: Bool = false) {
        if isDamaged { self.damagedCount += 1 }
        guard let entry = self.entries.removeValue(forKey: id) else { return }
        self.size -= UInt64(entry.size)
    }

    /// Takes unpinned chunks out, those used longest ago first, until `least` bytes are free, and more
    /// while it stays within `best` bytes.
    ///
    /// - Returns: What was taken out, or nil, with nothing changed, when less than `least` bytes are unpinned.
    /// - Complexity: O(n log n) in the number of chunks.
    mutating func evict(_ least: UInt64, atMost best: UInt64) -> [ChunkID]? {
        let candidates = self.entries.filter { self.pinCounts[$0.key] == nil }
        guard candidates.values.reduce(UInt64(0), { $0 + UInt64($1.size) }) >= least else { return nil }
        var freed: UInt64 = 0
        var evicted: [ChunkID] = []
        for (id, entry) in candidates.sorted(by: { $0.value.use < $1.value.use }) {
            guard freed < least || freed + UInt64(entry.size) <= best else { break }
            freed += UInt64(entry.size)
            evicted.append(id)
            self.remove(id)
        }
        self.evictedCount += UInt64(evicted.count)
        return evicted
    }

    mutating func pin(_ ids: some Sequence<ChunkID>, for use: ChunkUse) {
        for id in ids where self.pins[use, default: []].insert(id).inserted {
            self.pinCounts[id, default: 0] += 1
        }
    }

    mutating func unpin(_ use: ChunkUse) {
        for id in self.pins.removeValue(forKey: use) ?? [] {
            guard let count = self.pinCounts[id] else { continue }
            self.pinCounts[id] = count > 1 ? count - 1 : nil
        }
    }
}
