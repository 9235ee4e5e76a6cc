import CVector

/// The memory of a loaded scene: blocks that live as long as this object.
final class SceneMemory {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var blobs: [BlobBytes] = []

    /// Keeps a blob alive whose sections are used in place.
    func keep(_ blob: BlobBytes) { self.blobs.append(blob) }

    private static var hugePageSize: Int { 2 << 20 }

    /// Uninitialised bytes, aligned to a cache line; large blocks lie on huge pages if the system has some.
    func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let isLarge = byteCount >= 2 * Self.hugePageSize
        let alignment = isLarge ? Self.hugePageSize : 64
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 64), alignment: alignment)
        if isLarge { cvector_prefer_huge_pages(block, byteCount) }
        self.blocks.append(block)
        return block
    }

    /// Room for `count` values of a type that needs no clean-up.
    func allocate<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
        self.allocate(count * MemoryLayout<T>.stride).bindMemory(to: type, capacity: count)
    }

    /// Frees one block early.
    func free(_ block: UnsafeMutableRawPointer) {
        if let i = self.blocks.lastIndex(of: block) {
            self.blocks.remove(at: i)
            block.deallocate()
        }
    }

    deinit {
        for block in self.blocks { block.deallocate() }
    }
}
