import CVector

/// Finds hits by walking through the hierarchies; this file does it with one ray at a time.
///
/// Reads through unsafe pointers into arrays that the builder sized; the stacks hold ``BVHData/stackSize`` entries, which
/// the bounded depth of the trees cannot exceed.
struct Traversal {
    /// Nodes still to visit: the bits of the entry distance above the child code.
    ///
    /// Distances are not negative, so the keys order like them.
    let stack: UnsafeMutablePointer<UInt64>
    /// What a packet still has to visit, see ``PacketEntry``.
    let packetStack: UnsafeMutablePointer<PacketEntry>
    /// The rays of a packet as far as they have gone on alone, in the world and in one instance.
    let loneRays: UnsafeMutablePointer<LoneRay>
    /// Their stacks.
    let loneStacks: UnsafeMutablePointer<UInt64>
    /// Those that are on their way.
    let turns: UnsafeMutablePointer<UnsafeMutablePointer<LoneRay>>
    /// Room for a leaf block of what moves, as it is at the time of a ray.
    let moved: UnsafeMutableRawPointer
    /// 32 bytes for the entry distances of a node's children; at 64, room for the results of a leaf.
    let entries: UnsafeMutableRawPointer
    /// Counts visited nodes and leaves when a test asks for it.
    let counts: UnsafeMutablePointer<TraversalCounts>?

    init(memory: SceneMemory, counts: UnsafeMutablePointer<TraversalCounts>? = nil) {
        self.stack = memory.allocate(UInt64.self, count: BVHData.stackSize)
        self.packetStack = memory.allocate(PacketEntry.self, count: BVHData.stackSize)
        self.loneRays = memory.allocate(LoneRay.self, count: 2 * laneCount)
        self.loneStacks = memory.allocate(UInt64.self, count: laneCount * Self.loneStackStride)
        self.turns = memory.allocate(UnsafeMutablePointer<LoneRay>.self, count: laneCount)
        self.moved = memory.allocate(BVHData.leafSize)
        self.entries = memory.allocate(128)
        self.counts = counts
    }

    /// The nearest hit of one ray within `tMax`.
    ///
    /// - Parameter key: Decides which of the fractional holes of ``Material/AlphaMode/blend`` this ray sees.
    func nearest(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        tMax: Float,
        skipped: PrimitivePlace,
        key: UInt32,
        time: Float
    ) -> NearestHit {
        // Missing children have boxes in the infinite, which no ray may reach.
        var best = NearestHit(tMax: smaller(tMax, .greatestFiniteMagnitude))
        let query = RayQuery(
            space: BVHData.world,
            skipped: skipped.number(in: BVHData.world),
            target: .max,
            key: key,
            floor: 0,
            padding: view.pointee.bvh.padding,
            time: time
        )
        self.descend(view, ray, RaySetup(ray), query, from: view.pointee.bvh.root, depth: 0, skipped, &best)
        return best
    }

    /// Looks for a nearer hit in the node, leaf or instance of a code; the stack is free from `depth` on.
    @inline(never) func descend(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        _ setup: borrowing RaySetup,
        _ query: RayQuery,
        from root: UInt32,
        depth floor: Int,
        _ skipped: PrimitivePlace,
        _ nearest: inout NearestHit
    ) {
        let box = BoxTest(setup)
        let triangles = TriangleLeafTest(setup, padding: query.padding)
        let nodes = view.pointee.bvh.nodes
        let leaves = view.pointee.bvh.leaves
        let stack = self.stack
        let entries = self.entries
        var best = nearest
        var depth = floor
        var current = root
        // Where the ray enters the box of `current`, as bits.
        var entry = query.floor.bitPattern
        while true {
            if current & ChildCode.kinds == 0 {
                if let counts = self.counts { counts.pointee.nodes &+= 1 }
                let node = nodes + Int(current) &* BVHData.nodeSize
                var hits = box.children(of: node, within: best.t, entries: entries)
                if hits != 0 {
                    let first = Int(truncatingIfNeeded: hits.trailingZeroBitCount)
                    hits &= hits &- 1
                    guard hits != 0 else {
                        current = node.load(fromByteOffset: 192 &+ 4 &* first, as: UInt32.self)
                        entry = entries.load(fromByteOffset: 4 &* first, as: UInt32.self)
                        continue
                    }
                    // The nearest child is next, the others go onto the stack, the farthest deepest. Two and three without
                    // a branch on the order.
                    let a = self.key(node, first)
                    let b = self.key(node, hits.trailingZeroBitCount)
                    self.prefetch(a, nodes, leaves)
                    self.prefetch(b, nodes, leaves)
                    hits &= hits &- 1
                    var near = a < b ? a : b
                    var far = a < b ? b : a
                    if hits != 0 {
                        let c = self.key(node, hits.trailingZeroBitCount)
                        hits &= hits &- 1
                        let middle = c < far ? c : far
                        far = c < far ? far : c
                        stack[depth] = far
                        far = middle < near ? near : middle
                        near = middle < near ? middle : near
                        let bottom = depth
                        depth &+= 1
                        stack[depth] = far
                        depth &+= 1
                        while hits != 0 {
                            var key = self.key(node, hits.trailingZeroBitCount)
                            hits &= hits &- 1
                            if key < near { swap(&key, &near) }
                            var at = depth
                            while at > bottom, stack[at &- 1] < key {
                                stack[at] = stack[at &- 1]
                                at &-= 1
                            }
                            stack[at] = key
                            depth &+= 1
                        }
                    } else {
                        stack[depth] = far
                        depth &+= 1
                    }
                    current = UInt32(truncatingIfNeeded: near)
                    entry = UInt32(truncatingIfNeeded: near &>> 32)
                    continue
                }
            } else if current & ChildCode.kinds == ChildCode.triangles {
                if let counts = self.counts { counts.pointee.leaves &+= 1 }
                let block = leaves + Int(current & ~ChildCode.kinds) &* BVHData.leafSize
                var (candidates, undecided) = triangles.test(block, tMax: best.t, results: entries + 64)
                if undecided != 0 {
                    candidates |= self.decide(undecided, setup, query, block, tMax: best.t)
                }
                self.take(view, candidates, block, query, &best)
            } else if current & ChildCode.kinds == ChildCode.spheres {
                if let counts = self.counts { counts.pointee.leaves &+= 1 }
                self.nearest(view, ray, setup, query, in: current, &best)
            } else {
                let instance = current & ~ChildCode.kinds
                let distance = Float(bitPattern: entry)
                self.enter(view, ray, query, instance, at: distance, depth: depth, skipped, &best)
            }
            // The next node that is not behind the hit.
            repeat {
                guard depth > floor else {
                    nearest = best
                    return
                }
                depth &-= 1
                current = UInt32(truncatingIfNeeded: stack[depth])
                entry = UInt32(truncatingIfNeeded: stack[depth] &>> 32)
            } while Float(bitPattern: entry) > best.t
        }
    }

    /// Makes the nearest of a block's triangles that were found by a ``TriangleLeafTest`` the hit, if it is one.
    @inline(__always) func take(
        _ view: UnsafePointer<SceneView>,
        _ candidates: UInt32,
        _ block: UnsafeRawPointer,
        _ query: RayQuery,
        _ best: inout NearestHit
    ) {
        var candidates = candidates
        while candidates != 0 {
            let lane = 4 &* candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            let word = block.load(fromByteOffset: 144 &+ lane, as: UInt32.self)
            let id = word & ~BVHData.flag
            guard id != query.skipped else { continue }
            let hit = TriangleHit(self.entries + (64 &+ lane))
            let t = larger(hit.t, query.floor)
            guard t < best.t || t == best.t && best.yields(view, to: query.space, id),
                word & BVHData.flag == 0 || isSolid(view, query, id, hit)
            else { continue }
            best.t = t
            best.space = query.space
            best.number = id
            best.v = hit.v
            best.w = hit.w
            best.det = hit.det
        }
    }

    /// Looks at triangles of a block one by one, writes what is found as ``TriangleLeafTest`` does, and returns it as bits.
    @inline(never) func decide(
        _ undecided: UInt32,
        _ setup: borrowing RaySetup,
        _ query: RayQuery,
        _ block: UnsafeRawPointer,
        tMax: Float
    ) -> UInt32 {
        var bits: UInt32 = 0
        for lane in 0 ..< 4 where undecided &>> UInt32(truncatingIfNeeded: lane) & 1 != 0 {
            guard let hit = setup.test(block + 4 &* lane, padding: query.padding, tMax: tMax) else { continue }
            let results = self.entries + 64 + 4 &* lane
            results.storeBytes(of: hit.t, as: Float.self)
            results.storeBytes(of: hit.v, toByteOffset: 16, as: Float.self)
            results.storeBytes(of: hit.w, toByteOffset: 32, as: Float.self)
            results.storeBytes(of: hit.det, toByteOffset: 48, as: Float.self)
            bits |= 1 &<< UInt32(truncatingIfNeeded: lane)
        }
        return bits
    }

    /// Goes on in an instance's own space; distances are the same there, since the direction keeps its length.
    @inline(never) func enter(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        _ outer: RayQuery,
        _ instance: UInt32,
        at entry: Float,
        depth: Int,
        _ skipped: PrimitivePlace,
        _ best: inout NearestHit
    ) {
        let data = view.pointee.instances + Int(instance)
        guard let local = data.pointee.local(ray, at: outer.time) else { return }
        let query = outer.inside(instance, data, at: entry, skipped, .none)
        self.descend(
            view,
            local,
            RaySetup(local),
            query,
            from: view.pointee.bvh.root(of: data),
            depth: depth,
            skipped,
            &best
        )
    }

    /// Looks at the spheres of a leaf.
    @inline(never) func nearestSphere(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        _ setup: borrowing RaySetup,
        _ query: RayQuery,
        _ block: UnsafeRawPointer,
        _ best: inout NearestHit
    ) {
        let sphereRay = SphereRay(ray)
        var candidates = SphereLeafTest(sphereRay).candidates(in: block, leaving: query.skipped)
        while candidates != 0 {
            let lane = 4 &* candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            let id = block.load(fromByteOffset: 128 &+ lane, as: UInt32.self)
            guard let distance = sphereRay.test(block + lane, setup, id, query, tMax: best.t) else { continue }
            let t = larger(distance, query.floor)
            guard t < best.t || t == best.t && best.yields(view, to: query.space, id) else { continue }
            best = NearestHit(tMax: t)
            best.space = query.space
            best.number = id
        }
    }

    /// Begins to load a child that has to wait for others; worth a tenth where the hierarchy is larger than the cache.
    @inline(__always) private func prefetch(_ key: UInt64, _ nodes: UnsafeRawPointer, _ leaves: UnsafeRawPointer) {
        let code = UInt32(truncatingIfNeeded: key)
        let at = Int(code & ~ChildCode.kinds)
        let memory = code & ChildCode.kinds == 0 ? nodes + at &* BVHData.nodeSize : leaves + at &* BVHData.leafSize
        cvector_prefetch(memory)
        cvector_prefetch(memory + 64)
        cvector_prefetch(memory + 128)
    }

    /// A child of a node as the stack has it.
    @inline(__always) func key(_ node: UnsafeRawPointer, _ child: Int) -> UInt64 {
        let entry = self.entries.load(fromByteOffset: 4 &* child, as: UInt32.self)
        return UInt64(entry) &<< 32 | UInt64(node.load(fromByteOffset: 192 &+ 4 &* child, as: UInt32.self))
    }
}
