import GridNode
import GridStore
import GridWire
import RenderCore
import Synchronization
import Testing

/// Scenes on their way from chunks to memory.
struct SceneProviderTests {
    private static let job = JobID(Digest(hashing: "job".utf8))

    private final class Fetches: Sendable {
        let count = Atomic(0)
    }

    /// A provider of a node that has the index of a scene and nothing else of it.
    private final class Fixture {
        let directory: TestDirectory
        let chunks: ChunkStore
        let pool = RenderPool(threads: 1)
        let provider: SceneProvider
        let fetches: Fetches
        let root: ChunkID

        init(_ index: SceneIndex, memoryMax: UInt64 = 1 << 30) async throws {
            self.directory = try TestDirectory()
            self.chunks = try ChunkStore(in: try DataDirectory(path: "\(self.directory.path)/data"))
            self.root = try await self.chunks.put(index.encoded())
            let fetches = Fetches()
            self.fetches = fetches
            self.provider = SceneProvider(chunks: self.chunks, pool: self.pool, memoryMax: memoryMax) { _, _ in
                fetches.count.add(1, ordering: .relaxed)
                throw NodeError(.network, "nobody has it")
            }
        }

        deinit { self.pool.shutDown() }

        func manifest(memory: UInt64) -> JobManifest {
            JobManifest(
                title: "shot",
                grid: "grid",
                sceneRoot: self.root,
                assetSize: 1 << 20,
                memory: memory,
                firstFrame: 1,
                frameCount: 1,
                width: 64,
                height: 64,
                samples: 1,
                maxDepth: 1,
                seed: 1,
                coreVersion: Digest(hashing: []),
                submittedAt: 1
            )
        }
    }

    /// Chunks that nobody has, for a blob of so many bytes.
    private func blob(_ size: Int) -> SceneIndex.Blob {
        let count = (size + SceneIndex.chunkSize - 1) / SceneIndex.chunkSize
        return SceneIndex.Blob(
            size: UInt64(size),
            chunks: (0 ..< count).map { ChunkID(Digest(hashing: "\(size) \($0)".utf8)) }
        )
    }

    @Test(arguments: [(300 << 20, 1), (1, 300 << 20), (150 << 20, 150 << 20)], [[], [1]])
    func `a scene that says itself that it takes too much is not fetched`(
        sizes: (assets: Int, frame: Int),
        frames: [Int]
    ) async throws {
        let index = SceneIndex(assets: self.blob(sizes.assets), firstFrame: 1, frames: [self.blob(sizes.frame)])
        // More than the manifest says, and more than the node lends.
        for (memory, lent) in [(UInt64(200) << 20, UInt64(1) << 30), (1 << 30, 100 << 20)] {
            guard !frames.isEmpty || sizes.assets > 200 << 20 else { continue }
            let fixture = try await Fixture(index, memoryMax: lent)
            let error = await #expect(throws: NodeError.self) {
                try await fixture.provider.prepare(Self.job, manifest: fixture.manifest(memory: memory), frames: frames)
            }
            #expect(error?.code == .invalidInput)
            #expect(fixture.fetches.count.load(ordering: .relaxed) == 0)
        }
    }

    @Test
    func `a scene that fits is fetched`() async throws {
        let index = SceneIndex(assets: self.blob(3 << 20), firstFrame: 1, frames: [self.blob(1)])
        let fixture = try await Fixture(index)
        let error = await #expect(throws: NodeError.self) {
            try await fixture.provider.prepare(Self.job, manifest: fixture.manifest(memory: 200 << 20), frames: [1])
        }
        #expect(error?.code == .network)
        #expect(fixture.fetches.count.load(ordering: .relaxed) > 0)
    }

    @Test
    func `the assets of a frame that cannot be loaded do not stay`() async throws {
        let assets = try SceneAssets().encoded()
        let bytes = [assets, [UInt8](repeating: 7, count: 64)]
        let blobs = bytes.map {
            SceneIndex.Blob(size: UInt64($0.count), chunks: [ChunkID(Digest(hashing: $0))])
        }
        let fixture = try await Fixture(SceneIndex(assets: blobs[0], firstFrame: 1, frames: [blobs[1]]))
        for bytes in bytes { _ = try await fixture.chunks.put(bytes) }
        let manifest = fixture.manifest(memory: 200 << 20)
        await #expect(throws: SceneBlobError.self) {
            try await fixture.provider.prepare(Self.job, manifest: manifest, frames: [1])
        }
        #expect(await fixture.provider.jobsInMemory.isEmpty)
        try await fixture.provider.prepare(Self.job, manifest: manifest, frames: [])
        #expect(await fixture.provider.jobsInMemory == [Self.job])
    }
}
