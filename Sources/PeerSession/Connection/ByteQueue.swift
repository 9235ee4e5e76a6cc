/// Byte strings in order, without copying them together.
package struct ByteQueue {
    private var pieces: [[UInt8]] = []
    /// The first piece that is not used up.
    private var head = 0
    /// How much of it is used up.
    private var headOffset = 0
    /// The bytes that wait.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool {
        self.count == 0
    }

    /// Appends bytes.
    package mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        self.pieces.append(bytes)
        self.count += bytes.count
    }

    /// Forgets everything.
    package mutating func removeAll() {
        self = ByteQueue()
    }

    /// All that waits, in one piece; copied once, or not at all when it came in one.
    package mutating func takeAll() -> [UInt8] {
        defer { self.removeAll() }
        if self.headOffset == 0, self.pieces.count - self.head == 1 { return self.pieces[self.head] }
        return [UInt8](unsafeUninitializedCapacity: self.count) { buffer, used in
            used = self.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Moves as many bytes as there are and fit to `memory`; says how many.
    package mutating func read(into memory: UnsafeMutableRawBufferPointer) -> Int {
        var used = 0
        while used < memory.count, self.head < self.pieces.count {
            let pieceSize = self.pieces[self.head].count
            let size = min(memory.count - used, pieceSize - self.headOffset)
            self.pieces[self.head].withUnsafeBytes { piece in
                UnsafeMutableRawBufferPointer(rebasing: memory[used ..< (used + size)])
                    .copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: piece[self.headOffset ..< (self.headOffset + size)])
                    )
            }
            used += size
            self.headOffset += size
            if self.headOffset == pieceSize {
                self.pieces[self.head] = []
                self.head += 1
                self.headOffset = 0
            }
        }
        self.count -= used
        if self.head == self.pieces.count {
            self.pieces.removeAll(keepingCapacity: self.head <= 16)
            self.head = 0
        } else if self.head >= 64, self.head * 2 >= self.pieces.count {
            self.pieces.removeFirst(self.head)
            self.head = 0
        }
        return used
    }
}

/// A first-in, first-out queue with cheap ends.
package struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    package init() {}

    package var count: Int {
        self.elements.count - self.head
    }

    package var isEmpty: Bool {
        self.count == 0
    }

    package var first: Element? {
        self.head < self.elements.count ? self.elements[self.head] : nil
    }

    package mutating func append(_ element: Element) {
        self.elements.append(element)
    }

    package mutating func popFirst() -> Element? {
        guard self.head < self.elements.count else { return nil }
        let element = self.elements[self.head]
        self.elements[self.head] = nil
        self.head += 1
        if self.head == self.elements.count {
            self.elements.removeAll(keepingCapacity: true)
            self.head = 0
        } else if self.head >= 64, self.head * 2 >= self.elements.count {
            self.elements.removeFirst(self.head)
            self.head = 0
        }
        return element
    }

    package mutating func removeAll() {
        self = FIFO()
    }

    /// The waiting elements in order.
    package var waiting: some Sequence<Element> {
        self.elements[self.head...].lazy.compactMap { $0 }
    }
}
