import CVector

/// Memory that a hierarchy is built with and that is gone when it is built.
///
/// What an allocator keeps of freed blocks for the next ones would lie beside the finished hierarchy at the very moment at
/// which a scene takes most memory; large pieces are the system's own pages instead.
struct ScratchMemory {
    /// The first byte, aligned to 64.
    let base: UnsafeMutableRawPointer
    private let byteCount: Int

    /// Below this many bytes an allocator's memory does.
    private static var leastMapped: Int { 128 << 10 }

    /// Allocates bytes whose contents are not defined.
    init(byteCount: Int) {
        #if os(Linux)
        if byteCount >= Self.leastMapped, let pages = cvector_map_memory(byteCount) {
            self.base = pages
            self.byteCount = byteCount
            return
        }
        #endif
        self.base = .allocate(byteCount: byteCount, alignment: 64)
        self.byteCount = 0
    }

    /// Frees the memory.
    func deallocate() {
        #if os(Linux)
        if self.byteCount > 0 {
            cvector_unmap_memory(self.base, self.byteCount)
            return
        }
        #endif
        self.base.deallocate()
    }
}
