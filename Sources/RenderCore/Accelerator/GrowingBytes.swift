/// Bytes at the end of which room can be made; they move when they grow.
struct GrowingBytes {
    private var memory: ScratchMemory
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.memory = ScratchMemory(byteCount: capacity)
        self.capacity = capacity
    }

    var base: UnsafeMutableRawPointer { self.memory.base }

    func deallocate() { self.memory.deallocate() }

    /// Makes room and returns where it begins.
    mutating func extend(by size: Int) -> Int {
        if self.count + size > self.capacity {
            let larger = self.capacity + self.capacity / 2 + size
            let moved = ScratchMemory(byteCount: larger)
            moved.base.copyMemory(from: self.base, byteCount: self.count)
            self.memory.deallocate()
            self.memory = moved
            self.capacity = larger
        }
        defer { self.count += size }
        return self.count
    }
}
