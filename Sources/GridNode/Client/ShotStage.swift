import FoundationEssentials
import GridStore
import GridWire

/// The chunks of several shots on the disk until the peer has them: what shots share lies there once, and memory holds
/// one shot at a time.
struct ShotStage: ShotChunks {
    /// A shot whose chunks lie here.
    struct Shot: Sendable {
        let index: SceneIndex
        let root: ChunkID
        /// The bytes of all its chunks.
        let size: Int
        /// The bytes of those that no earlier shot has.
        let newSize: Int
        /// The most bytes of memory that a node takes to render one of its frames.
        let memory: UInt64
    }

    private let path: String
    private let store: ChunkStore

    /// Makes an empty stage beside the submitter's key, and removes those that ended programs left behind.
    init(in dataDirectory: String) throws {
        let all = dataDirectory + "/staging"
        let manager = FileManager.default
        for name in (try? manager.contentsOfDirectory(atPath: all)) ?? [] {
            // A stage that is in use is locked.
            guard let left = try? DataDirectory(path: "\(all)/\(name)") else { continue }
            try? manager.removeItem(atPath: left.path)
        }
        self.path = "\(all)/\(UUID().uuidString)"
        // Full is when the disk is full.
        self.store = try ChunkStore(in: DataDirectory(path: self.path), quota: .max)
    }

    /// Stores a shot.
    func add(_ package: ShotPackage) async throws -> Shot {
        var newSize = 0
        for id in self.store.missing(among: package.chunkNames) {
            guard let bytes = package.get(id) else { continue }
            try await self.store.put(bytes, expecting: id, durability: .committed)
            newSize += bytes.count
        }
        return Shot(
            index: package.index,
            root: package.root,
            size: package.totalSize,
            newSize: newSize,
            memory: package.memory
        )
    }

    /// Removes all that lies here.
    func remove() {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    func size(of id: ChunkID) -> Int? {
        self.store.size(of: id)
    }

    func get(_ id: ChunkID) async throws -> [UInt8]? {
        try await self.store.get(id)
    }
}
