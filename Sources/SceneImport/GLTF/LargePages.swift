import Glibc

/// Memory of arrays in pages of two megabytes, where the system has them.
///
/// Arrays of large meshes come and go, and each time the system clears their memory page by page as it is touched: with pages
/// of 4 KiB that took as long as all the rest of an import.
enum LargePages {
    private static let size = 2 << 20

    /// Asks for large pages within memory that nobody has touched; a wish without any other effect.
    static func ask(for memory: UnsafeMutableRawBufferPointer) {
        guard memory.count >= 2 * self.size, let base = memory.baseAddress else { return }
        let start = base.alignedUp(toMultipleOf: self.size)
        let end = (base + memory.count).alignedDown(toMultipleOf: self.size)
        madvise(start, end - start, MADV_HUGEPAGE)
    }
}
