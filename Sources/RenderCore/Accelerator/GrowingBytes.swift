/// Bytes at the end of which room can be made; they move when they grow.
struct GrowingBytes {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.base = .allocate(byteCount: capacity, alignment: 64)
        self.capacity = capacity
    }

    func deallocate() { self.base.deallocate() }

    /// Makes room and returns where it begins.
    mutating func extend(by size: Int) -> Int {
        if self.count + size > self.capacity {
            let larger = self.capacity + self.capacity / 2 + size
            let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
            moved.copyMemory(from: self.base, byteCount: self.count)
            self.base.deallocate()
            self.base = moved
            self.capacity = larger
        }
        defer { self.count += size }
        return self.count
    }
}
