import CVector

/// Builds a ``BVHData`` top down: ranges of triangles are split by binned surface-area heuristic.
///
/// After I. Wald, "On fast Construction of SAH-based Bounding Volume Hierarchies", 2007; the
/// largest range is split first, until a node has eight.
struct BVHBuilder {
    /// The box of a triangle; the fourth component of `high` carries its number.
    private struct Reference: BitwiseCopyable {
        var low: SIMD4<Float>
        var high: SIMD4<Float>

        var number: UInt32 { self.high.w.bitPattern }
    }

    /// Boxes of triangles and of the (doubled) centres of their boxes.
    private struct Bounds: BitwiseCopyable {
        var low = SIMD4<Float>(repeating: .infinity)
        var high = SIMD4<Float>(repeating: -.infinity)
        var centerLow = SIMD4<Float>(repeating: .infinity)
        var centerHigh = SIMD4<Float>(repeating: -.infinity)

        @inline(__always) mutating func include(_ r: Reference) {
            self.low = cvector_min4(self.low, r.low)
            self.high = cvector_max4(self.high, r.high)
            let center = r.low + r.high
            self.centerLow = cvector_min4(self.centerLow, center)
            self.centerHigh = cvector_max4(self.centerHigh, center)
        }
    }

    /// Some of the triangles.
    private struct Range: BitwiseCopyable {
        var begin: Int
        var count: Int
        var depth: Int
        var bounds: Bounds
        var area: Float
    }

    private struct Bin: BitwiseCopyable {
        var low: SIMD4<Float>
        var high: SIMD4<Float>
        var count: Int
    }

    private struct Split {
        var axis: Int
        var bin: Int
        var scale: Float
        var origin: Float
        var binCount: Int
    }

    /// Splits deeper than this are in the middle, so the depth stays bounded whatever the geometry.
    private static let middleSplitDepth = 56

    private let view: UnsafePointer<SceneView>
    private let memory: SceneMemory
    private let settings: BVHSettings
    private let references: UnsafeMutablePointer<Reference>
    private let ranges: UnsafeMutablePointer<Range>
    private let bins: UnsafeMutablePointer<Bin>
    private var nodes: GrowingBytes
    private var leaves: GrowingBytes

    /// Builds the hierarchy of all triangles of a scene whose coordinates are known to be finite.
    static func build(
        _ view: UnsafePointer<SceneView>,
        padding: Float,
        settings: BVHSettings,
        memory: SceneMemory
    ) -> BVHData {
        var builder = BVHBuilder(view, settings: settings, memory: memory)
        return builder.run(padding: padding)
    }

    private init(_ view: UnsafePointer<SceneView>, settings: BVHSettings, memory: SceneMemory) {
        let count = view.pointee.triangleCount
        self.view = view
        self.memory = memory
        self.settings = settings
        self.references = .allocate(capacity: max(1, count))
        self.ranges = .allocate(capacity: 8 * (BVHData.depthMax + 1))
        self.bins = .allocate(capacity: 3 * 64)
        self.nodes = GrowingBytes(capacity: BVHData.nodeSize * (count / 10 + 4), memory: memory)
        self.leaves = GrowingBytes(capacity: BVHData.leafSize * (count / 3 + 4), memory: memory)
    }

    private mutating func run(padding: Float) -> BVHData {
        let count = self.view.pointee.triangleCount
        var bounds = Bounds()
        for i in 0 ..< count {
            let (a, b, c) = self.view.pointee.corners(i)
            let reference = Reference(
                low: SIMD4(
                    smaller(smaller(a.x, b.x), c.x) - padding,
                    smaller(smaller(a.y, b.y), c.y) - padding,
                    smaller(smaller(a.z, b.z), c.z) - padding,
                    0
                ),
                high: SIMD4(
                    larger(larger(a.x, b.x), c.x) + padding,
                    larger(larger(a.y, b.y), c.y) + padding,
                    larger(larger(a.z, b.z), c.z) + padding,
                    // Numbers are below 2^30, so this is never a not-a-number that a machine might change.
                    Float(bitPattern: UInt32(truncatingIfNeeded: i))
                )
            )
            self.references[i] = reference
            bounds.include(reference)
        }
        let all = Range(begin: 0, count: count, depth: 0, bounds: bounds, area: 0)
        // The root is always a node, so that a traversal starts without a question.
        self.ranges[0] = all
        _ = self.node(ranges: self.ranges, count: count == 0 ? 0 : 1, level: 0)
        self.references.deallocate()
        self.ranges.deallocate()
        self.bins.deallocate()
        return BVHData(
            nodes: UnsafeRawPointer(self.nodes.base),
            leaves: UnsafeRawPointer(self.leaves.base),
            nodeCount: self.nodes.count / BVHData.nodeSize,
            leafCount: self.leaves.count / BVHData.leafSize,
            padding: padding
        )
    }

    /// Writes the node over the ranges that are given in the pool at this level, after splitting them; returns its code.
    private mutating func node(ranges: UnsafeMutablePointer<Range>, count given: Int, level: Int) -> UInt32 {
        var count = given
        while count > 0, count < 8 {
            var widest = -1
            for i in 0 ..< count where ranges[i].count > self.settings.leafSize {
                if widest < 0 || ranges[i].area > ranges[widest].area { widest = i }
            }
            guard widest >= 0 else { break }
            let (left, right) = self.split(ranges[widest])
            ranges[widest] = left
            ranges[count] = right
            count += 1
        }
        let offset = self.nodes.extend(by: BVHData.nodeSize)
        for i in 0 ..< 8 {
            let bounds = i < count ? ranges[i].bounds : Bounds()
            var code: UInt32 = 0
            if i < count {
                let range = ranges[i]
                if range.count <= self.settings.leafSize {
                    code = self.leaf(range)
                } else {
                    ranges[8] = range
                    code = self.node(ranges: ranges + 8, count: 1, level: level + 1)
                }
            }
            let node = self.nodes.base + offset + 4 * i
            for axis in 0 ..< 3 {
                node.storeBytes(of: bounds.low[axis], toByteOffset: 64 * axis, as: Float.self)
                node.storeBytes(of: bounds.high[axis], toByteOffset: 64 * axis + 32, as: Float.self)
            }
            node.storeBytes(of: code, toByteOffset: 192, as: UInt32.self)
        }
        return UInt32(truncatingIfNeeded: offset / BVHData.nodeSize)
    }

    private mutating func leaf(_ range: Range) -> UInt32 {
        let offset = self.leaves.extend(by: BVHData.leafSize)
        let block = self.leaves.base + offset
        let view = self.view
        for lane in 0 ..< 4 {
            let at = block + 4 * lane
            guard lane < range.count else {
                for row in 0 ..< 9 { at.storeBytes(of: .nan, toByteOffset: 16 * row, as: Float.self) }
                at.storeBytes(of: .max, toByteOffset: 144, as: UInt32.self)
                continue
            }
            let number = self.references[range.begin + lane].number
            let (a, b, c) = view.pointee.corners(Int(number))
            for (corner, p) in [a, b, c].enumerated() {
                at.storeBytes(of: p.x, toByteOffset: 48 * corner, as: Float.self)
                at.storeBytes(of: p.y, toByteOffset: 48 * corner + 16, as: Float.self)
                at.storeBytes(of: p.z, toByteOffset: 48 * corner + 32, as: Float.self)
            }
            let instance = view.pointee.instances + Int(view.pointee.triangleInstances[Int(number)])
            let mesh = view.pointee.meshes + instance.pointee.mesh
            let hasHoles = view.pointee.materials[mesh.pointee.material].alphaMode != .opaque
            at.storeBytes(of: number | (hasHoles ? BVHData.flag : 0), toByteOffset: 144, as: UInt32.self)
        }
        return UInt32(truncatingIfNeeded: offset / BVHData.leafSize) | BVHData.flag
    }

    // MARK: Splitting

    private func split(_ range: Range) -> (Range, Range) {
        let best = range.depth < Self.middleSplitDepth ? self.bestSplit(range) : nil
        var left = Bounds()
        var right = Bounds()
        var middle = range.begin
        let end = range.begin + range.count
        if let best {
            var last = end
            while middle < last {
                let reference = self.references[middle]
                let center = reference.low[best.axis] + reference.high[best.axis]
                if Self.bin(center, best.origin, best.scale, best.binCount) <= best.bin {
                    left.include(reference)
                    middle += 1
                } else {
                    last -= 1
                    right.include(reference)
                    self.references[middle] = self.references[last]
                    self.references[last] = reference
                }
            }
        } else {
            middle = range.begin + range.count / 2
            for i in range.begin ..< middle { left.include(self.references[i]) }
            for i in middle ..< end { right.include(self.references[i]) }
        }
        return (
            Range(
                begin: range.begin,
                count: middle - range.begin,
                depth: range.depth + 1,
                bounds: left,
                area: Self.halfArea(left.low, left.high)
            ),
            Range(
                begin: middle,
                count: end - middle,
                depth: range.depth + 1,
                bounds: right,
                area: Self.halfArea(right.low, right.high)
            )
        )
    }

    @inline(__always) private static func bin(_ x: Float, _ origin: Float, _ scale: Float, _ count: Int) -> Int {
        index((x - origin) * scale, last: count - 1)
    }

    @inline(__always) private static func halfArea(_ low: SIMD4<Float>, _ high: SIMD4<Float>) -> Float {
        let d = high - low
        return d.x * d.y + d.y * d.z + d.z * d.x
    }

    /// The cheapest of the splits between bins, or nothing when all centres are in one place.
    private func bestSplit(_ range: Range) -> Split? {
        let binCount = min(self.settings.bins, 4 + range.count / 20)
        let low = range.bounds.centerLow
        let extent = range.bounds.centerHigh - low
        var scale = SIMD4<Float>(repeating: 0)
        for axis in 0 ..< 3 where extent[axis] > 0 {
            let s = Float(binCount) / extent[axis]
            scale[axis] = s.isFinite ? s : 0
        }
        for i in 0 ..< 3 * binCount {
            self.bins[i] = Bin(
                low: SIMD4(repeating: .infinity),
                high: SIMD4(repeating: -.infinity),
                count: 0
            )
        }
        let bins = self.bins
        for i in range.begin ..< range.begin + range.count {
            let reference = self.references[i]
            let center = reference.low + reference.high
            for axis in 0 ..< 3 {
                let bin = bins + axis * binCount + Self.bin(center[axis], low[axis], scale[axis], binCount)
                bin.pointee.low = cvector_min4(bin.pointee.low, reference.low)
                bin.pointee.high = cvector_max4(bin.pointee.high, reference.high)
                bin.pointee.count &+= 1
            }
        }
        var best: Split?
        var bestCost = Float.infinity
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 64) { rightCosts in
            for axis in 0 ..< 3 where scale[axis] > 0 {
                let row = bins + axis * binCount
                var sweepLow = SIMD4<Float>(repeating: .infinity)
                var sweepHigh = SIMD4<Float>(repeating: -.infinity)
                var count = 0
                for i in (1 ..< binCount).reversed() {
                    sweepLow = cvector_min4(sweepLow, row[i].low)
                    sweepHigh = cvector_max4(sweepHigh, row[i].high)
                    count += row[i].count
                    rightCosts[i] = count == 0 ? 0 : Self.halfArea(sweepLow, sweepHigh) * Float((count + 3) / 4)
                }
                sweepLow = SIMD4(repeating: .infinity)
                sweepHigh = SIMD4(repeating: -.infinity)
                count = 0
                for i in 0 ..< binCount - 1 {
                    sweepLow = cvector_min4(sweepLow, row[i].low)
                    sweepHigh = cvector_max4(sweepHigh, row[i].high)
                    count += row[i].count
                    guard count > 0, count < range.count else { continue }
                    let cost = Self.halfArea(sweepLow, sweepHigh) * Float((count + 3) / 4) + rightCosts[i + 1]
                    if cost < bestCost {
                        bestCost = cost
                        best = Split(axis: axis, bin: i, scale: scale[axis], origin: low[axis], binCount: binCount)
                    }
                }
            }
        }
        return best
    }
}

/// Bytes at the end of which room can be made; they move when they grow.
struct GrowingBytes {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var count = 0
    private var capacity: Int
    private let memory: SceneMemory

    init(capacity: Int, memory: SceneMemory) {
        self.base = memory.allocate(capacity)
        self.capacity = capacity
        self.memory = memory
    }

    /// Makes room and returns where it begins.
    mutating func extend(by size: Int) -> Int {
        if self.count + size > self.capacity {
            let larger = self.capacity + self.capacity / 2 + size
            let moved = self.memory.allocate(larger)
            moved.copyMemory(from: self.base, byteCount: self.count)
            self.memory.free(self.base)
            self.base = moved
            self.capacity = larger
        }
        defer { self.count += size }
        return self.count
    }
}
