/// The memory of a loaded scene: blocks that live as long as this object.
final class SceneMemory {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var blobs: [BlobBytes] = []

    /// Keeps a blob alive whose sections are used in place.
    func keep(_ blob: BlobBytes) { self.blobs.append(blob) }

    /// Uninitialised bytes, aligned to a cache line.
    func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 64), alignment: 64)
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
