import CVector

/// Runs its second argument for 0, 1 and so on below the first, in any order and on as many threads as it likes, and
/// returns when all have ended.
public typealias Concurrently = (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

/// Builds the hierarchies of a scene: one over the world, one over each placed mesh and set of particles.
///
/// Large ones are cut into about a hundred parts first, level by level, with every pass over the references shared among
/// threads; the parts are built independently and copied together. The parts do not depend on the number of threads.
///
/// Spatial splits (M. Stich et al. 2009) are left out on purpose. The part of a triangle that lies in a half has a box
/// that does not contain the triangle's own, and then nothing bounds the distance that rounding gives a hit from below by
/// the distance at which a ray enters the box: hits would depend on the hierarchy.
struct BVHBuilder {
    /// Hierarchies over fewer primitives are built by one thread in one go.
    private static var leastForParts: Int { 32_768 }
    /// How many references a thread takes at a time.
    private static var chunk: Int { 32_768 }
    private static var mostParts: Int { 128 }

    private struct Piece: BitwiseCopyable {
        var nodes: GrowingBytes
        var leaves: GrowingBytes
        /// Where they go.
        var firstNode = 0
        var firstLeaf = 0
    }

    /// A child whose code is known when all pieces have their places.
    private struct Reference {
        var node: Int
        var child: Int
        var piece: Int
        var code: UInt32
    }

    /// A range that has been cut in two, or is a part of its own.
    private struct Cut: BitwiseCopyable {
        var range: BuildRange
        var left = -1
        var right = -1
        var part = -1
    }

    private let view: UnsafePointer<SceneView>
    private let memory: SceneMemory
    private let settings: BVHSettings
    private let concurrently: Concurrently
    private var main: SubtreeBuilder
    private var pieces: [Piece] = []
    private var references: [Reference] = []

    /// Builds all hierarchies of a scene whose coordinates are known to be finite.
    static func build(
        _ view: UnsafePointer<SceneView>,
        padding: Float,
        settings: BVHSettings,
        memory: SceneMemory,
        concurrently: Concurrently
    ) -> BVHData {
        withoutActuallyEscaping(concurrently) { concurrently in
            var builder = BVHBuilder(view, settings, memory, concurrently)
            return builder.run(padding: padding)
        }
    }

    private init(
        _ view: UnsafePointer<SceneView>,
        _ settings: BVHSettings,
        _ memory: SceneMemory,
        _ concurrently: @escaping Concurrently
    ) {
        self.view = view
        self.memory = memory
        self.settings = settings
        self.concurrently = concurrently
        self.main = SubtreeBuilder(count: 1024, settings: settings)
        self.main.writeEmptyLeaf()
    }

    private mutating func run(padding: Float) -> BVHData {
        let scene = self.view.pointee
        let meshRoots = self.memory.allocate(UInt32.self, count: scene.meshCount)
        let particleRoots = self.memory.allocate(UInt32.self, count: scene.particleSetCount)
        meshRoots.initialize(repeating: .max, count: scene.meshCount)
        particleRoots.initialize(repeating: .max, count: scene.particleSetCount)
        let placed = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, scene.instanceCount))
        defer { placed.deallocate() }
        var placedCount = 0
        for i in 0 ..< scene.instanceCount where scene.instances[i].isPlaced {
            let instance = scene.instances[i]
            let roots = instance.isParticles ? particleRoots : meshRoots
            if roots[instance.mesh] == .max {
                let source = BuildSource(
                    kind: instance.isParticles ? .particles : .mesh,
                    index: instance.mesh,
                    padding: instance.padding,
                    view: self.view,
                    instances: placed,
                    instanceCount: 0
                )
                roots[instance.mesh] = self.build(source)
            }
            // What has no inverse has no extent along some direction, and what is empty cannot be met.
            guard instance.isVisible else { continue }
            placed[placedCount] = UInt32(truncatingIfNeeded: i)
            placedCount += 1
        }
        let world = BuildSource(
            kind: .world,
            index: 0,
            padding: padding,
            view: self.view,
            instances: placed,
            instanceCount: placedCount
        )
        let root = self.build(world)
        self.main.deallocateScratch()
        return self.assembled(root: root, padding: padding, meshRoots, particleRoots)
    }

    /// Builds one hierarchy and returns the code of its root.
    private mutating func build(_ source: BuildSource) -> UInt32 {
        let count = source.count
        let scratch = ScratchMemory(byteCount: max(1, count) * MemoryLayout<BuildReference>.stride)
        defer { scratch.deallocate() }
        let references = scratch.base.assumingMemoryBound(to: BuildReference.self)
        cvector_prefer_huge_pages_within(references, count * MemoryLayout<BuildReference>.stride)
        let range = self.makeReferences(source, references, count)
        guard count >= Self.leastForParts else { return self.main.build(source, references, range) }
        let (cuts, parts) = self.cut(source, references, range)
        return self.buildParts(source, references, cuts, parts)
    }

    private func makeReferences(
        _ source: BuildSource,
        _ references: UnsafeMutablePointer<BuildReference>,
        _ count: Int
    ) -> BuildRange {
        let chunks = (count + Self.chunk - 1) / Self.chunk
        let ranges = UnsafeMutablePointer<BuildRange>.allocate(capacity: max(1, chunks))
        defer { ranges.deallocate() }
        // Sound here and below: every call writes other elements, and all have ended before they are read.
        nonisolated(unsafe) let source = source
        nonisolated(unsafe) let output = (references, ranges)
        self.concurrently(chunks) { chunk in
            let (references, ranges) = output
            var range = BuildRange(begin: 0, count: 0, depth: 0)
            for i in chunk * Self.chunk ..< min(count, (chunk + 1) * Self.chunk) {
                references[i] = source.reference(i)
                range.include(references + i)
            }
            ranges[chunk] = range
        }
        var all = BuildRange(begin: 0, count: count, depth: 0)
        for i in 0 ..< chunks { all.include(ranges[i]) }
        return all
    }

    // MARK: Parts

    /// Cuts a range level by level until the parts are small.
    private func cut(
        _ source: BuildSource,
        _ references: UnsafeMutablePointer<BuildReference>,
        _ range: BuildRange
    ) -> (cuts: [Cut], parts: [BuildRange]) {
        var cuts = [Cut(range: range)]
        var parts: [BuildRange] = []
        let enough = max(range.count / Self.mostParts, 4096)
        var level = [0]
        while !level.isEmpty {
            let large = level.filter { cuts[$0].range.count > enough && cuts[$0].range.depth < 16 }
            for i in level where cuts[i].range.count <= enough || cuts[i].range.depth >= 16 {
                cuts[i].part = parts.count
                parts.append(cuts[i].range)
            }
            level = []
            let halves = self.halves(source, references, large.map { cuts[$0].range })
            for (i, (left, right)) in zip(large, halves) {
                cuts[i].left = cuts.count
                cuts[i].right = cuts.count + 1
                level += [cuts.count, cuts.count + 1]
                cuts.append(Cut(range: left))
                cuts.append(Cut(range: right))
            }
        }
        return (cuts, parts)
    }

    /// Cuts each of the ranges in two; binning is shared chunk by chunk, moving range by range.
    private func halves(
        _ source: BuildSource,
        _ references: UnsafeMutablePointer<BuildReference>,
        _ ranges: [BuildRange]
    ) -> [(BuildRange, BuildRange)] {
        var chunks: [(range: Int, part: Range<Int>)] = []
        for (i, range) in ranges.enumerated() {
            for begin in stride(from: range.begin, to: range.begin + range.count, by: Self.chunk) {
                chunks.append((i, begin ..< min(begin + Self.chunk, range.begin + range.count)))
            }
        }
        let bins = chunks.map { _ in BuildBins() }
        let settings = self.settings
        let leaf = source.blockSize
        nonisolated(unsafe) let work = (references, bins, chunks, ranges)
        self.concurrently(chunks.count) { i in
            let (references, bins, chunks, ranges) = work
            let range = ranges[chunks[i].range]
            let count = BuildBins.count(for: range, settings)
            bins[i].clear(count)
            bins[i].add(references, chunks[i].part, of: range, count)
        }
        let results = UnsafeMutablePointer<(BuildRange, BuildRange)>.allocate(capacity: max(1, ranges.count))
        defer { results.deallocate() }
        nonisolated(unsafe) let output = results
        self.concurrently(ranges.count) { i in
            let (references, bins, chunks, ranges) = work
            let range = ranges[i]
            let count = BuildBins.count(for: range, settings)
            guard let first = chunks.firstIndex(where: { $0.range == i }) else { return }
            for k in first + 1 ..< max(first + 1, chunks.count) where chunks[k].range == i {
                bins[first].merge(bins[k], count)
            }
            (output + i).initialize(to: partition(references, range, bins[first].best(range, count, leaf: leaf)))
        }
        for bin in bins { bin.deallocate() }
        return (0 ..< ranges.count).map { results[$0] }
    }

    private mutating func buildParts(
        _ source: BuildSource,
        _ references: UnsafeMutablePointer<BuildReference>,
        _ cuts: [Cut],
        _ parts: [BuildRange]
    ) -> UInt32 {
        let order = parts.indices.sorted { parts[$0].count > parts[$1].count }
        let results = UnsafeMutablePointer<(SubtreeBuilder, UInt32)>.allocate(capacity: parts.count)
        defer { results.deallocate() }
        nonisolated(unsafe) let work = (source, references, parts, order, results)
        let settings = self.settings
        self.concurrently(parts.count) { i in
            let (source, references, parts, order, results) = work
            let part = order[i]
            var builder = SubtreeBuilder(count: parts[part].count, settings: settings)
            let root = builder.build(source, references, parts[part])
            builder.deallocateScratch()
            // A hierarchy takes most memory when it is nearly done: what led to it need not be there then.
            cvector_release_pages_within(
                references + parts[part].begin,
                parts[part].count * MemoryLayout<BuildReference>.stride
            )
            (results + part).initialize(to: (builder, root))
        }
        let firstPiece = self.pieces.count
        for i in parts.indices {
            self.pieces.append(Piece(nodes: results[i].0.nodes, leaves: results[i].0.leaves))
        }
        return self.join(cuts, 0, (0 ..< parts.count).map { results[$0].1 }, firstPiece)
    }

    /// Writes the node over a cut, whose children are the largest of what it was cut into.
    private mutating func join(_ cuts: [Cut], _ top: Int, _ roots: [UInt32], _ firstPiece: Int) -> UInt32 {
        var children = [top]
        while children.count < 8 {
            let widest = children.indices.filter { cuts[children[$0]].left >= 0 }
                .max { cuts[children[$0]].range.area < cuts[children[$1]].range.area }
            guard let widest else { break }
            let cut = cuts[children[widest]]
            children[widest] = cut.left
            children.append(cut.right)
        }
        var codes: [UInt32] = []
        for child in children where cuts[child].part < 0 {
            codes.append(self.join(cuts, child, roots, firstPiece))
        }
        var inner = codes.makeIterator()
        codes = children.map { cuts[$0].part < 0 ? inner.next() ?? 0 : 0 }
        let ranges = children.map { cuts[$0].range }
        let node = ranges.withUnsafeBufferPointer { ranges in
            ranges.baseAddress.map { self.main.writeNode($0, codes) } ?? 0
        }
        for (i, child) in children.enumerated() where cuts[child].part >= 0 {
            let part = cuts[child].part
            let piece = firstPiece + part
            self.references.append(Reference(node: Int(node), child: i, piece: piece, code: roots[part]))
        }
        return node
    }

    // MARK: Assembling

    /// Copies everything together; what was built in one go comes first, so its codes stay.
    private mutating func assembled(
        root: UInt32,
        padding: Float,
        _ meshRoots: UnsafePointer<UInt32>,
        _ particleRoots: UnsafePointer<UInt32>
    ) -> BVHData {
        self.pieces.insert(Piece(nodes: self.main.nodes, leaves: self.main.leaves), at: 0)
        var nodeCount = 0
        var leafCount = 0
        for i in self.pieces.indices {
            self.pieces[i].firstNode = nodeCount
            self.pieces[i].firstLeaf = leafCount
            nodeCount += self.pieces[i].nodes.count / BVHData.nodeSize
            leafCount += self.pieces[i].leaves.count / BVHData.leafSize
        }
        let nodes = self.memory.allocate(nodeCount * BVHData.nodeSize)
        let leaves = self.memory.allocate(leafCount * BVHData.leafSize)
        nonisolated(unsafe) let work = (self.pieces, nodes, leaves)
        self.concurrently(self.pieces.count) { i in
            let (pieces, nodes, leaves) = work
            Self.copy(pieces[i], nodes, leaves)
        }
        for reference in self.references {
            let piece = self.pieces[reference.piece + 1]
            let at = nodes + reference.node * BVHData.nodeSize + 192 + 4 * reference.child
            at.storeBytes(of: Self.moved(reference.code, piece), as: UInt32.self)
        }
        return BVHData(
            nodes: UnsafeRawPointer(nodes),
            leaves: UnsafeRawPointer(leaves),
            nodeCount: nodeCount,
            leafCount: leafCount,
            root: root,
            meshRoots: meshRoots,
            particleRoots: particleRoots,
            padding: padding
        )
    }

    private static func copy(
        _ piece: Piece,
        _ allNodes: UnsafeMutableRawPointer,
        _ allLeaves: UnsafeMutableRawPointer
    ) {
        let nodes = allNodes + piece.firstNode * BVHData.nodeSize
        nodes.copyMemory(from: piece.nodes.base, byteCount: piece.nodes.count)
        (allLeaves + piece.firstLeaf * BVHData.leafSize)
            .copyMemory(from: piece.leaves.base, byteCount: piece.leaves.count)
        piece.nodes.deallocate()
        piece.leaves.deallocate()
        guard piece.firstNode > 0 || piece.firstLeaf > 0 else { return }
        for node in 0 ..< piece.nodes.count / BVHData.nodeSize {
            for child in 0 ..< 8 {
                let at = nodes + node &* BVHData.nodeSize + 4 &* child
                guard at.load(as: Float.self) < .infinity else { continue }
                let code = at.load(fromByteOffset: 192, as: UInt32.self)
                at.storeBytes(of: Self.moved(code, piece), toByteOffset: 192, as: UInt32.self)
            }
        }
    }

    @inline(__always) private static func moved(_ code: UInt32, _ piece: Piece) -> UInt32 {
        switch code & ChildCode.kinds {
        case ChildCode.instance: code
        case 0: code &+ UInt32(truncatingIfNeeded: piece.firstNode)
        default: code &+ UInt32(truncatingIfNeeded: piece.firstLeaf)
        }
    }
}
