package import GridStore
package import GridWire
import Logging
import RenderCore

/// Where chunks come from when this node does not hold them; of several the lower priority comes first.
package typealias ChunkFetcher = @Sendable (_ chunk: ChunkID, _ priority: Int) async throws -> [UInt8]

/// Brings the scenes of frames into memory: fetches the chunks that are missing, checks them, builds the scene.
///
/// A scene is built once however many units ask for it, on a render thread. The last few scenes are kept.
package actor SceneProvider {
    private struct Key: Hashable {
        let job: JobID
        let frame: Int
    }

    private struct Shot {
        let index: SceneIndex
        let assets: LoadedAssets
    }

    private let chunks: ChunkStore
    private let pool: RenderPool
    private let fetch: ChunkFetcher
    private let memoryMax: UInt64
    private var memory: SceneMemory
    /// Those who wait for room in memory.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var shots: [JobID: Task<Shot, any Error>] = [:]
    private var scenes: [Key: Task<Scene, any Error>] = [:]

    /// The most scenes in memory: the frame that is being finished and the next one, and one for audits.
    private static let sceneCountMax = 3
    /// The most chunks that are wanted at a time: more than are under way, so that the rarest of them can come first.
    private static let fetchCountMax = 64
    /// The priorities of what a leased frame needs, and of what is kept for others.
    private static let (neededPriority, keptPriority) = (0, 1)

    /// - Parameter memoryMax: the bytes that all scenes together may take, as their manifests declare.
    package init(chunks: ChunkStore, pool: RenderPool, memoryMax: UInt64, fetch: @escaping ChunkFetcher) {
        self.chunks = chunks
        self.pool = pool
        self.memoryMax = memoryMax
        self.memory = SceneMemory(bytesMax: memoryMax, countMax: Self.sceneCountMax)
        self.fetch = fetch
    }

    /// The jobs of which anything is in memory, be it their assets alone.
    package var jobsInMemory: Set<JobID> { Set(self.shots.keys).union(self.scenes.keys.map(\.job)) }

    /// Brings what is needed to render frames of a job to the disk, or what all frames need where none is named, and builds
    /// it as far as there is room in memory.
    ///
    /// - Throws: When a chunk cannot be had, the scene's bytes are not valid, or their sizes say that they take more memory than
    ///   the manifest declares or this node lends; nothing but the index is brought then.
    package func prepare(_ job: JobID, manifest: JobManifest, frames: [Int]) async throws {
        let index = try await self.index(job, manifest: manifest)
        for frame in frames.isEmpty ? [nil] : frames.map(Optional.some) {
            _ = try self.building(index, frame: frame, job: job, manifest: manifest)
        }
        try await self.bring(index.assets.chunks, job: job, priority: Self.neededPriority)
        for frame in frames {
            try await self.bring(try index.frame(frame, of: job).chunks, job: job, priority: Self.neededPriority)
            let part = SceneMemory.Part(job: job, frame: frame)
            guard self.takeAtOnce(part, manifest) else { continue }
            defer { self.release(part) }
            _ = try await self.scene(job, manifest: manifest, frame: frame)
        }
        let part = SceneMemory.Part(job: job, frame: nil)
        guard frames.isEmpty, self.takeAtOnce(part, manifest) else { return }
        defer { self.release(part) }
        _ = try await self.shot(job, manifest: manifest)
    }

    /// Calls `body` with the scene of a frame, which stays in memory meanwhile; waits for room where others use it.
    ///
    /// - Throws: When a chunk cannot be had or the scene's bytes are not valid.
    func withScene<Result: Sendable>(
        _ job: JobID,
        manifest: JobManifest,
        frame: Int,
        _ body: @Sendable (Scene) async -> Result
    ) async throws -> Result {
        let part = SceneMemory.Part(job: job, frame: frame)
        while !self.takeAtOnce(part, manifest) {
            await withCheckedContinuation { self.waiting.append($0) }
        }
        defer { self.release(part) }
        return await body(try await self.scene(job, manifest: manifest, frame: frame))
    }

    private func takeAtOnce(_ part: SceneMemory.Part, _ manifest: JobManifest) -> Bool {
        guard let dropped = self.memory.take(part, bytes: manifest.memory) else { return false }
        for part in dropped {
            if let frame = part.frame { self.scenes[Key(job: part.job, frame: frame)] = nil }
            // Its assets come from the disk again.
            if !self.memory.holds(part.job) { self.shots[part.job] = nil }
        }
        return true
    }

    private func release(_ part: SceneMemory.Part) {
        self.memory.release(part)
        let isLoaded =
            if let frame = part.frame { self.scenes[Key(job: part.job, frame: frame)] != nil } else {
                self.shots[part.job] != nil
            }
        if !isLoaded { self.memory.removeUnused(part) }
        // The assets of a frame that could not be loaded count for nothing any more.
        if !self.memory.holds(part.job) { self.shots[part.job] = nil }
        let waiting = self.waiting
        self.waiting = []
        for continuation in waiting { continuation.resume() }
    }

    /// The scene of a frame that was taken into memory.
    private func scene(_ job: JobID, manifest: JobManifest, frame: Int) async throws -> Scene {
        let key = Key(job: job, frame: frame)
        if let task = self.scenes[key] { return try await task.value }
        let task = Task {
            let shot = try await self.shot(job, manifest: manifest)
            let building = try self.building(shot.index, frame: frame, job: job, manifest: manifest)
            let bytes = try await self.blob(try shot.index.frame(frame, of: job), job: job)
            let pool = self.pool
            let limits = SceneLimits.memory(building, blobBytesMax: Int(clamping: self.memoryMax))
            return try await pool.run {
                try Scene(assets: shot.assets, frame: bytes, limits: limits) { pool.share($0, $1) }
            }
        }
        self.scenes[key] = task
        do {
            return try await task.value
        } catch {
            self.scenes[key] = nil
            throw error
        }
    }

    /// About the bytes of a job's scene that are not on this node's disk: chunks are taken to be of one size.
    func missingBytes(of manifest: JobManifest) async -> UInt64 {
        guard let bytes = try? await self.chunks.get(manifest.sceneRoot), let index = try? SceneIndex(decoding: bytes)
        else { return manifest.assetSize }
        let all = Set(index.allChunks).count
        guard all > 0 else { return 0 }
        let share = Double(self.chunks.missing(among: index.allChunks).count) / Double(all)
        return UInt64(Double(manifest.assetSize) * share)
    }

    /// Brings all chunks of a job to this node's disk, so that the scene survives the peer that it was handed to.
    func replicate(_ job: JobID, manifest: JobManifest) async throws {
        let index = try await self.index(job, manifest: manifest)
        try await self.bring(index.allChunks, job: job, priority: Self.keptPriority)
    }

    /// Drops what is in memory of a job and lets its chunks be evicted.
    func forget(_ job: JobID) {
        self.shots[job] = nil
        self.scenes = self.scenes.filter { $0.key.job != job }
        self.memory.removeUnused(of: job)
        self.chunks.unpin(.scene(job))
    }

    /// The bytes that the scene of a frame, or the assets alone, may take beside their blobs, by the sizes in the index: a scene
    /// that takes more than it says, or than there is, is not fetched at all.
    private func building(_ index: SceneIndex, frame: Int?, job: JobID, manifest: JobManifest) throws -> Int {
        let sizes = (assets: index.assets.size, frame: try frame.map { try index.frame($0, of: job).size } ?? 0)
        if let size = [sizes.assets, sizes.frame].first(where: { $0 > self.memoryMax }) {
            throw NodeError(.invalidInput, "a scene of \(size) bytes does not fit into this node's memory limit")
        }
        let memory = FrameMemory(
            assets: Int(clamping: sizes.assets),
            frame: Int(clamping: sizes.frame),
            pixels: manifest.width * manifest.height
        )
        guard let building = memory.building(ofTotal: manifest.memory) else {
            throw NodeError(.invalidInput, "the scene of job \(job) takes more memory than its manifest declares")
        }
        return building
    }

    /// What the scene of a job consists of; its chunks stay on the disk from now on.
    private func index(_ job: JobID, manifest: JobManifest) async throws -> SceneIndex {
        let index = try SceneIndex(decoding: try await self.chunk(manifest.sceneRoot, job: job))
        self.chunks.pin([manifest.sceneRoot] + index.allChunks, for: .scene(job))
        return index
    }

    /// Brings chunks to this node's disk.
    private func bring(_ chunks: [ChunkID], job: JobID, priority: Int) async throws {
        let missing = self.chunks.missing(among: chunks)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var rest = missing[...]
            func fetchNext() {
                guard let id = rest.popFirst() else { return }
                group.addTask { _ = try await self.chunk(id, job: job, priority: priority) }
            }
            for _ in 0 ..< Self.fetchCountMax { fetchNext() }
            while try await group.next() != nil { fetchNext() }
        }
    }

    private func shot(_ job: JobID, manifest: JobManifest) async throws -> Shot {
        if let task = self.shots[job] { return try await task.value }
        let task = Task {
            let index = try await self.index(job, manifest: manifest)
            _ = try self.building(index, frame: nil, job: job, manifest: manifest)
            let blob = try await self.blob(index.assets, job: job)
            let memory = Int(clamping: self.memoryMax)
            let limits = SceneLimits.memory(memory, blobBytesMax: memory)
            return Shot(
                index: index,
                assets: try await self.pool.run { try LoadedAssets(blob, limits: limits) }
            )
        }
        self.shots[job] = task
        do {
            return try await task.value
        } catch {
            self.shots[job] = nil
            throw error
        }
    }

    /// A blob, mapped from the disk, its missing chunks fetched a few at a time.
    private func blob(_ blob: SceneIndex.Blob, job: JobID) async throws -> BlobBytes {
        guard blob.size > 0 else { return BlobBytes([]) }
        guard let mapped = MappedBlob(blob) else {
            throw NodeError(.storage, "this machine has no addresses for a scene of \(blob.size) bytes")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var next = 0
            func mapNext() {
                guard next < blob.chunks.count else { return }
                let i = next
                group.addTask { try await self.map(blob.chunks[i], at: i, of: mapped, job: job) }
                next += 1
            }
            for _ in 0 ..< Self.fetchCountMax { mapNext() }
            while try await group.next() != nil { mapNext() }
        }
        return BlobBytes(borrowing: mapped.bytes) { withExtendedLifetime(mapped) {} }
    }

    /// Puts a chunk in its place; fetches it where it is not here, or was damaged.
    private func map(_ id: ChunkID, at number: Int, of blob: MappedBlob, job: JobID) async throws {
        if try await self.chunks.map(id, at: number, of: blob) { return }
        _ = try await self.chunk(id, job: job)
        guard try await self.chunks.map(id, at: number, of: blob) else {
            throw NodeError(.storage, "a chunk of job \(job) cannot be read back from the disk")
        }
    }

    /// A chunk from the disk, else from a peer.
    private func chunk(
        _ id: ChunkID,
        job: JobID,
        priority: Int = SceneProvider.neededPriority
    ) async throws -> [UInt8] {
        if let bytes = try await self.chunks.get(id) { return bytes }
        let bytes = try await self.fetch(id, priority)
        try await self.chunks.put(bytes, expecting: id, durability: .committed)
        return bytes
    }
}

extension SceneIndex {
    /// What the frame of this number adds to the assets.
    fileprivate func frame(_ number: Int, of job: JobID) throws -> Blob {
        let position = number - self.firstFrame
        guard self.frames.indices.contains(position) else {
            throw NodeError(.invalidInput, "the scene of job \(job) has no frame \(number)")
        }
        return self.frames[position]
    }

    /// All chunks that the index names, without the index itself.
    var allChunks: [ChunkID] {
        self.assets.chunks + self.frames.flatMap(\.chunks) + self.names.chunks
    }
}
