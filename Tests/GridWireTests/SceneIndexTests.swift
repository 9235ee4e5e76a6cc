import GridWire
import Testing

struct SceneIndexTests {
    @Test
    func `an index comes back as it was`() throws {
        var wire = RandomWire(seed: 50)
        for _ in 0 ..< 200 {
            let index = wire.sceneIndex()
            let bytes = index.encoded()
            #expect(try SceneIndex(decoding: bytes) == index)
            let mutated = wire.random.mutated(bytes)
            if let decoded = try? SceneIndex(decoding: mutated) {
                #expect(decoded.encoded() == mutated)
            }
        }
    }

    @Test
    func `an index that is cut anywhere is refused`() {
        var wire = RandomWire(seed: 51)
        let bytes = wire.sceneIndex().encoded()
        for length in 0 ..< bytes.count {
            #expect(throws: WireError.self) { try SceneIndex(decoding: Array(bytes.prefix(length))) }
        }
    }

    @Test
    func `the chunks of a blob must fit its size`() {
        let chunk = ChunkID(Digest(hashing: []))
        let chunkSize = UInt64(SceneIndex.chunkSize)
        let cases: [(UInt64, Int, Bool)] = [
            (0, 0, true), (0, 1, false), (1, 0, false), (1, 1, true), (chunkSize, 1, true), (chunkSize + 1, 1, false),
            (chunkSize + 1, 2, true), (SceneIndex.blobSizeMax, 65_536, true),
            (SceneIndex.blobSizeMax + 1, 65_537, false),
            (.max, 1, false),
        ]
        for (size, count, isValid) in cases {
            let blob = SceneIndex.Blob(size: size, chunks: Array(repeating: chunk, count: count))
            let index = SceneIndex(assets: blob, firstFrame: 0, frames: [])
            #expect(((try? SceneIndex(decoding: index.encoded())) != nil) == isValid, "\(size) bytes, \(count) chunks")
        }
    }

    @Test
    func `a blob is cut into chunks that hash to their names`() {
        var random = SplitMix64(seed: 52)
        for size in [0, 1, SceneIndex.chunkSize - 1, SceneIndex.chunkSize, SceneIndex.chunkSize + 1, 2_500_000] {
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: size)
            let (blob, chunks) = Chunker.split(bytes)
            #expect(blob.size == UInt64(size))
            #expect(blob.chunks == chunks.map(\.id))
            #expect(chunks.flatMap { Array(bytes[$0.range]) } == bytes)
            for (i, chunk) in chunks.enumerated() {
                #expect(chunk.id.digest == Digest(hashing: bytes[chunk.range]))
                #expect(chunk.range.count == blob.size(ofChunk: i))
            }
            let index = SceneIndex(assets: blob, firstFrame: 5, frames: [blob])
            #expect((try? SceneIndex(decoding: index.encoded())) == index)
        }
    }

    @Test
    func `the chunks of a frame are those of the assets and its own`() {
        let a = SceneIndex.Blob(size: 1, chunks: [ChunkID(Digest(hashing: [1]))])
        let b = SceneIndex.Blob(size: 1, chunks: [ChunkID(Digest(hashing: [2]))])
        let index = SceneIndex(assets: a, firstFrame: 7, frames: [b])
        #expect(index.chunks(forFrame: 7) == a.chunks + b.chunks)
        for frame in [6, 8, Int.min, Int.max] {
            #expect(index.chunks(forFrame: frame) == nil)
        }
    }
}
