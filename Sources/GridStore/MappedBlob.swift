public import GridWire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A blob in the address space, put together of the files of its chunks without a copy.
///
/// The system reads them where they are looked at, shares them between the programs of a machine, and takes their memory back
/// when it needs it. All chunks but the last have a size that is a multiple of a page's, so they lie side by side.
///
/// `@unchecked Sendable` is sound: each place is written by one call of ``ChunkStore/map(_:at:of:)``, and all is only read once
/// those have returned.
public final class MappedBlob: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    private let blob: SceneIndex.Blob
    private let size: Int

    /// Reserves addresses for a blob; nothing when there are not enough.
    public init?(_ blob: SceneIndex.Blob) {
        guard blob.size > 0, let size = Int(exactly: blob.size),
            let base = mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            base != MAP_FAILED
        else { return nil }
        self.base = base
        self.blob = blob
        self.size = size
    }

    deinit { munmap(self.base, self.size) }

    /// The bytes, once all chunks are in their places; they live as long as this object does.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: self.base, count: self.size) }

    /// Where a chunk belongs, by its position in the blob, which must be valid.
    func place(ofChunk number: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            start: self.base + number * SceneIndex.chunkSize,
            count: self.blob.size(ofChunk: number)
        )
    }
}
