/// Cuts a blob into chunks that are named by their content.
public enum Chunker {
    /// A chunk within a blob.
    public struct Chunk: Hashable, Sendable {
        /// The chunk's name.
        public let id: ChunkID
        /// Where its bytes lie in the blob.
        public let range: Range<Int>
    }

    /// Cuts a blob into pieces of ``SceneIndex/chunkSize`` bytes; the last is shorter, an empty blob has none.
    ///
    /// - Complexity: O(n), one hash over all bytes.
    public static func split(_ bytes: [UInt8]) -> (blob: SceneIndex.Blob, chunks: [Chunk]) {
        bytes.withUnsafeBytes { self.split($0) }
    }

    /// The same of bytes elsewhere.
    public static func split(_ bytes: UnsafeRawBufferPointer) -> (blob: SceneIndex.Blob, chunks: [Chunk]) {
        let chunks = stride(from: 0, to: bytes.count, by: SceneIndex.chunkSize).map { start in
            let range = start ..< min(start + SceneIndex.chunkSize, bytes.count)
            var hash = Blake2b256()
            hash.update(UnsafeRawBufferPointer(rebasing: bytes[range]))
            return Chunk(id: ChunkID(hash.finalize()), range: range)
        }
        return (SceneIndex.Blob(size: UInt64(bytes.count), chunks: chunks.map(\.id)), chunks)
    }
}
