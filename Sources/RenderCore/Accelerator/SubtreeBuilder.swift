/// Builds the nodes and leaves over ranges of references, one after the other.
///
/// The largest range of a node is split first, until it has eight.
struct SubtreeBuilder {
    /// Splits deeper than this are in the middle, so the depth stays bounded whatever the geometry.
    private static var middleSplitDepth: Int { 56 }

    private(set) var nodes: GrowingBytes
    private(set) var leaves: GrowingBytes
    private let settings: BVHSettings
    /// The children of the nodes on the path to the one that is being made.
    private let ranges: UnsafeMutablePointer<BuildRange>
    private let bins = BuildBins()

    /// Prepares for about `count` primitives.
    init(count: Int, settings: BVHSettings) {
        self.settings = settings
        self.ranges = .allocate(capacity: 8 * (BVHData.depthMax + 1))
        self.nodes = GrowingBytes(capacity: BVHData.nodeSize * (count / 10 + 4))
        self.leaves = GrowingBytes(capacity: BVHData.leafSize * (count / 3 + 4))
    }

    /// Writes ``BVHData/emptyLeaf``; whoever builds the leaves that come first must do so first.
    mutating func writeEmptyLeaf() {
        BuildSource.writeNothing(self.leaves.base + self.leaves.extend(by: BVHData.leafSize))
    }

    /// Frees all but the results, which their receiver frees.
    func deallocateScratch() {
        self.ranges.deallocate()
        self.bins.deallocate()
    }

    /// Builds over a range and returns the code of what is on top: a node, or a leaf over few primitives.
    mutating func build(
        _ source: BuildSource,
        _ references: UnsafeMutablePointer<BuildReference>,
        _ range: BuildRange
    ) -> UInt32 {
        let leafSize = self.leafSize(source)
        if range.count <= leafSize, !source.hasInstances, source.isLeaf(references + range.begin, range.count) {
            return range.count == 0
                ? self.writeNode(self.ranges, [])
                : source.writeLeaf(references + range.begin, range.count, to: &self.leaves)
        }
        self.ranges[0] = range
        return self.node(source, references, self.ranges, leafSize)
    }

    private func leafSize(_ source: BuildSource) -> Int {
        source.kind == .particles ? source.blockSize : self.settings.leafSize
    }

    /// Writes the node over the range that is given in the pool, after splitting it; returns its code.
    private mutating func node(
        _ source: BuildSource,
        _ references: UnsafeMutablePointer<BuildReference>,
        _ ranges: UnsafeMutablePointer<BuildRange>,
        _ leafSize: Int
    ) -> UInt32 {
        var count = 1
        while count < 8 {
            var widest = -1
            for i in 0 ..< count {
                guard ranges[i].count > leafSize || !source.isLeaf(references + ranges[i].begin, ranges[i].count) else {
                    continue
                }
                if widest < 0 || ranges[i].area > ranges[widest].area { widest = i }
            }
            guard widest >= 0 else { break }
            let (left, right) = self.split(source, references, ranges[widest])
            ranges[widest] = left
            ranges[count] = right
            count += 1
        }
        let offset = self.nodes.extend(by: BVHData.nodeSize)
        for i in 0 ..< 8 {
            var code = BVHData.emptyLeaf
            if i < count {
                let range = ranges[i]
                if range.count <= leafSize, source.isLeaf(references + range.begin, range.count) {
                    code = source.writeLeaf(references + range.begin, range.count, to: &self.leaves)
                } else {
                    ranges[8] = range
                    code = self.node(source, references, ranges + 8, leafSize)
                }
            }
            Self.writeChild(self.nodes.base + offset, i, i < count ? ranges[i].box : nil, code)
        }
        return UInt32(truncatingIfNeeded: offset / BVHData.nodeSize)
    }

    /// Writes a node over children that exist.
    mutating func writeNode(_ ranges: UnsafePointer<BuildRange>, _ codes: [UInt32]) -> UInt32 {
        let offset = self.nodes.extend(by: BVHData.nodeSize)
        for i in 0 ..< 8 {
            let isChild = i < codes.count
            let code = isChild ? codes[i] : BVHData.emptyLeaf
            Self.writeChild(self.nodes.base + offset, i, isChild ? ranges[i].box : nil, code)
        }
        return UInt32(truncatingIfNeeded: offset / BVHData.nodeSize)
    }

    @inline(__always) private static func writeChild(
        _ node: UnsafeMutableRawPointer,
        _ i: Int,
        _ box: BuildReference?,
        _ code: UInt32
    ) {
        let at = node + 4 &* i
        for axis in 0 ..< 3 {
            // A box in the infinite is missed whichever plane of it a ray takes for the near one.
            let low = box.map { $0[axis] } ?? .infinity
            let high = box.map { -$0[axis &+ 4] } ?? .infinity
            at.storeBytes(of: low, toByteOffset: 64 &* axis, as: Float.self)
            at.storeBytes(of: high, toByteOffset: 64 &* axis &+ 32, as: Float.self)
        }
        at.storeBytes(of: code, toByteOffset: 192, as: UInt32.self)
        // What lies behind the codes is never read, but copied.
        at.storeBytes(of: 0, toByteOffset: 224, as: UInt32.self)
    }

    private func split(
        _ source: BuildSource,
        _ references: UnsafeMutablePointer<BuildReference>,
        _ range: BuildRange
    ) -> (BuildRange, BuildRange) {
        guard range.depth < Self.middleSplitDepth else { return partition(references, range, nil) }
        let count = BuildBins.count(for: range, self.settings)
        self.bins.clear(count)
        self.bins.add(references, range.begin ..< range.begin + range.count, of: range, count)
        return partition(references, range, self.bins.best(range, count, leaf: source.blockSize))
    }
}
