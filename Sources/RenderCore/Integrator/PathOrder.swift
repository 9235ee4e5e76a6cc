/// The order in which paths begin: those that will leave what they see first for the same side are neighbours.
///
/// The samples of a pixel are spread evenly over all directions, so neighbours would leave a surface for all sides at once.
/// Sorted by the pair of numbers that chooses the direction, the rays of a packet have one octant and meet the same boxes,
/// and so have the light samples where they arrive: a Cornell box takes a tenth less time. Camera rays lie farther apart
/// instead, which costs more than it saves where neighbouring pixels see different parts of a large hierarchy.
///
/// It changes the speed, never a bit of the picture.
struct PathOrder {
    /// The rows of ``words``.
    private enum Row {
        @inline(__always) static var sampleIndex: Int { 0 }
        @inline(__always) static var sampleSeed: Int { 1 }
        @inline(__always) static var x: Int { 2 }
        @inline(__always) static var y: Int { 3 }
        @inline(__always) static var cell: Int { 4 }
        @inline(__always) static var count: Int { 5 }
    }

    /// The most halvings of each of the two numbers.
    private static var levelsMax: Int { 3 }

    private let words: UnsafeMutablePointer<UInt32>
    /// Where the next path of each cell goes.
    private let places: UnsafeMutablePointer<Int>
    /// How often each of the two numbers is halved.
    private let levels: Int
    /// So many paths are sorted together: 16 for each cell.
    private let groupSize: Int

    /// Nothing where it does not pay.
    init?(nodeCount: Int, memory: SceneMemory) {
        guard nodeCount < 2048 else { return nil }
        self.levels = nodeCount < 64 ? Self.levelsMax : 2
        self.groupSize = 16 &<< (2 &* self.levels)
        self.words = memory.allocate(UInt32.self, count: Row.count * Wavefront.pathsMax)
        self.words.initialize(repeating: 0, count: Row.count * Wavefront.pathsMax)
        self.places = memory.allocate(Int.self, count: 1 &<< (2 &* Self.levelsMax))
    }

    /// Notes what a path begins with.
    @inline(__always) func begin(_ path: Int, _ sampler: PathSampler, x: Float, y: Float) {
        self.row(Row.sampleIndex)[path] = sampler.reversedIndex
        self.row(Row.sampleSeed)[path] = sampler.seed
        self.row(Row.x)[path] = x.bitPattern
        self.row(Row.y)[path] = y.bitPattern
    }

    /// Hands over the first `count` paths in their order.
    func begin(_ count: Int, in states: PathStates) {
        for first in stride(from: 0, to: count, by: self.groupSize) {
            let end = first &+ self.groupSize < count ? first &+ self.groupSize : count
            self.sort(first, end)
            for path in first ..< end {
                let cell = Int(self.row(Row.cell)[path])
                let place = self.places[cell]
                self.places[cell] = place &+ 1
                states.begin(
                    place,
                    number: UInt32(truncatingIfNeeded: path),
                    PathSampler(
                        reversedIndex: self.row(Row.sampleIndex)[path],
                        seed: self.row(Row.sampleSeed)[path]
                    ),
                    x: Float(bitPattern: self.row(Row.x)[path]),
                    y: Float(bitPattern: self.row(Row.y)[path])
                )
            }
        }
    }

    /// Finds the cells of some paths, and where the first path of each cell goes.
    private func sort(_ first: Int, _ end: Int) {
        let cells = self.row(Row.cell)
        let cellCount = 1 &<< (2 &* self.levels)
        for path in stride(from: first, to: end, by: laneCount) {
            let sampler = PathSamplerLanes(
                reversedIndex: UIntLanes(at: self.row(Row.sampleIndex) + path),
                seed: UIntLanes(at: self.row(Row.sampleSeed) + path)
            )
            var (u, v) = sampler.bits(Wavefront.dimension(ofEvent: 0))
            var cell: UIntLanes = 0
            // Neighbouring cells lie in one quarter of the square, if they do not fill a packet by themselves.
            for _ in 0 ..< self.levels {
                cell = (cell &<< 2) | ((u &>> 31) &<< 1) | (v &>> 31)
                u = u &<< 1
                v = v &<< 1
            }
            cell.store(to: cells + path)
        }
        self.places.initialize(repeating: 0, count: cellCount)
        for path in first ..< end { self.places[Int(cells[path])] &+= 1 }
        var place = first
        for cell in 0 ..< cellCount {
            let count = self.places[cell]
            self.places[cell] = place
            place &+= count
        }
    }

    @inline(__always) private func row(_ row: Int) -> UnsafeMutablePointer<UInt32> {
        self.words + row &* Wavefront.pathsMax
    }
}
