/// The table of contents of a shot's scene: which chunks make the blobs that a worker needs for a frame.
///
/// A frame is rendered from two blobs: the assets, which all frames share, and the frame's own (instances, lights,
/// camera). Each blob is the concatenation of its chunks. The index itself is a chunk, named by the manifest's
/// `sceneRoot`; nothing in it is signed, since all of it is named by content.
public struct SceneIndex: Hashable, Sendable {
    /// A blob as a list of chunks.
    public struct Blob: Hashable, Sendable {
        /// The size of the blob in bytes.
        public var size: UInt64
        /// The chunks in order; all but the last hold exactly ``SceneIndex/chunkSize`` bytes.
        public var chunks: [ChunkID]

        /// Creates a blob from its size and chunks.
        public init(size: UInt64, chunks: [ChunkID]) {
            self.size = size
            self.chunks = chunks
        }
    }

    /// The size in bytes of every chunk of a blob but the last.
    public static let chunkSize = 1 << 20
    /// The most bytes of an encoded index.
    public static let encodedSizeMax = 8 << 20
    /// The most bytes of one blob.
    public static let blobSizeMax: UInt64 = 64 << 30

    /// The blob that all frames share.
    public var assets: Blob
    /// The number of the first frame.
    public var firstFrame: Int
    /// The blob of each frame, in order.
    public var frames: [Blob]

    /// The encoded ``ObjectNames``; empty unless frames carry the object channel.
    public var names = Blob(size: 0, chunks: [])

    /// Creates an index.
    public init(assets: Blob, firstFrame: Int, frames: [Blob]) {
        self.assets = assets
        self.firstFrame = firstFrame
        self.frames = frames
    }
}
