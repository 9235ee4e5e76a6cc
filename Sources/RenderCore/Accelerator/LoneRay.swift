import CVector

/// A ray that has left its packet, with the place that its walk has come to.
///
/// Several of them take steps in turn: while the others compute, the memory arrives that the next step of this one reads.
/// A walk spends most of its time waiting for nodes and leaves that are not in the nearest cache, so eight walks in turn
/// take less time than eight walks one after the other.
struct LoneRay: BitwiseCopyable {
    var setup: RaySetup
    var ray: Ray
    var query: RayQuery
    /// What the ray leaves and goes to, as the rest of the core names them.
    var skipped: PrimitivePlace
    var target: PrimitivePlace
    /// The nearest hit so far; of rays that only ask whether they are blocked, how far they look.
    var best: NearestHit
    /// What is visited next.
    var current: UInt32
    /// The bits of the distance at which the ray enters the box of `current`.
    var entry: UInt32
    /// What waits on the ray's own stack, above what waits for it in the world while it is in an instance.
    var depth: Int
    var floor: Int
    var stack: UnsafeMutablePointer<UInt64>
    var lane: Int
    /// The walk through the world that goes on when this one has left its instance; nothing of walks that begin in one.
    var world: UnsafeMutablePointer<LoneRay>?

    @inline(__always) init(
        _ ray: Ray,
        _ query: RayQuery,
        skipped: PrimitivePlace,
        target: PrimitivePlace,
        lane: Int,
        stack: UnsafeMutablePointer<UInt64>
    ) {
        self.setup = RaySetup(ray)
        self.ray = ray
        self.query = query
        self.skipped = skipped
        self.target = target
        self.best = NearestHit(tMax: 0)
        self.current = 0
        self.entry = 0
        self.depth = 0
        self.floor = 0
        self.stack = stack
        self.lane = lane
        self.world = nil
    }

    /// Begins at the node or leaf of a code.
    @inline(__always) mutating func begin(at code: UInt32, entry: Float, best: NearestHit) {
        self.best = best
        self.current = code
        self.entry = entry.bitPattern
        self.depth = 0
        self.floor = 0
    }

    /// The walk through an instance that the walk through the world has come to; nothing where the ray misses it at its time.
    @inline(__always) static func inside(
        _ view: UnsafePointer<SceneView>,
        _ world: UnsafeMutablePointer<LoneRay>
    ) -> LoneRay? {
        let instance = world.pointee.current & ~ChildCode.kinds
        let data = view.pointee.instances + Int(instance)
        guard let local = data.pointee.local(world.pointee.ray, at: world.pointee.query.time) else { return nil }
        let (skipped, target) = (world.pointee.skipped, world.pointee.target)
        let entry = Float(bitPattern: world.pointee.entry)
        let query = world.pointee.query.inside(instance, data, at: entry, skipped, target)
        var walk = LoneRay(
            local,
            query,
            skipped: skipped,
            target: target,
            lane: world.pointee.lane,
            stack: world.pointee.stack
        )
        walk.best = world.pointee.best
        walk.current = view.pointee.bvh.root(of: data)
        walk.entry = world.pointee.entry
        walk.depth = world.pointee.depth
        walk.floor = world.pointee.depth
        walk.world = world
        return walk
    }

    /// Takes what waits nearest that is not behind the hit; false when nothing is left.
    @inline(__always) mutating func next() -> Bool {
        var depth = self.depth
        repeat {
            guard depth > self.floor else { return false }
            depth &-= 1
            let key = self.stack[depth]
            self.current = UInt32(truncatingIfNeeded: key)
            self.entry = UInt32(truncatingIfNeeded: key &>> 32)
        } while Float(bitPattern: self.entry) > self.best.t
        self.depth = depth
        return true
    }
}

extension Traversal {
    /// The stack of a lane that goes on alone; not a multiple of a page apart, which would share a cache line's place.
    @inline(__always) func loneStack(_ lane: Int) -> UnsafeMutablePointer<UInt64> {
        self.loneStacks + lane &* Self.loneStackStride
    }

    static var loneStackStride: Int { BVHData.stackSize + 8 }

    /// Walks with some rays in turn until all have found their nearest hits.
    @inline(never) func descendInTurn(
        _ view: UnsafePointer<SceneView>,
        _ rays: UnsafeMutablePointer<LoneRay>,
        _ lanes: UInt32
    ) {
        let nodes = view.pointee.bvh.nodes
        let leaves = view.pointee.bvh.leaves
        let entries = self.entries
        let order = self.turns
        var count = 0
        for lane in LaneSequence(MaskLanes(bits: lanes)) {
            order[count] = rays + lane
            count &+= 1
        }
        var turn = 0
        while count > 0 {
            let walk = order[turn]
            let current = walk.pointee.current
            var isOver = false
            if current & ChildCode.kinds == 0 {
                if let counts = self.counts { counts.pointee.nodes &+= 1 }
                let node = nodes + Int(current) &* BVHData.nodeSize
                var hits = BoxTest(walk.pointee.setup).children(of: node, within: walk.pointee.best.t, entries: entries)
                if hits != 0 {
                    let stack = walk.pointee.stack
                    let bottom = walk.pointee.depth
                    var depth = bottom
                    var near = self.key(node, hits.trailingZeroBitCount)
                    hits &= hits &- 1
                    while hits != 0 {
                        let key = self.key(node, hits.trailingZeroBitCount)
                        hits &= hits &- 1
                        let far = key < near ? near : key
                        near = key < near ? key : near
                        var at = depth
                        while at > bottom, stack[at &- 1] < far {
                            stack[at] = stack[at &- 1]
                            at &-= 1
                        }
                        stack[at] = far
                        depth &+= 1
                    }
                    walk.pointee.depth = depth
                    walk.pointee.current = UInt32(truncatingIfNeeded: near)
                    walk.pointee.entry = UInt32(truncatingIfNeeded: near &>> 32)
                } else {
                    isOver = !walk.pointee.next()
                }
            } else if current & ChildCode.kinds == ChildCode.instance {
                isOver = !self.enterInTurn(view, walk, turn)
            } else {
                self.visitLeaf(view, walk, leaves)
                isOver = !walk.pointee.next()
            }
            if isOver, let world = order[turn].pointee.world {
                world.pointee.best = order[turn].pointee.best
                order[turn] = world
                isOver = !world.pointee.next()
            }
            if isOver {
                count &-= 1
                order[turn] = order[count]
            } else {
                self.prefetch(order[turn].pointee.current, nodes, leaves)
                turn &+= 1
            }
            if turn >= count { turn = 0 }
        }
    }

    /// Lets a walk through the instance that `walk` has come to take its turns until it is done; where there is none, `walk`
    /// goes on, if it does.
    @inline(__always) private func enterInTurn(
        _ view: UnsafePointer<SceneView>,
        _ walk: UnsafeMutablePointer<LoneRay>,
        _ turn: Int
    ) -> Bool {
        guard let inside = LoneRay.inside(view, walk) else { return walk.pointee.next() }
        let place = walk + laneCount
        place.initialize(to: inside)
        self.turns[turn] = place
        return true
    }

    /// Looks for a nearer hit in the leaf that a walk has come to.
    @inline(__always) private func visitLeaf(
        _ view: UnsafePointer<SceneView>,
        _ walk: UnsafeMutablePointer<LoneRay>,
        _ leaves: UnsafeRawPointer
    ) {
        let current = walk.pointee.current
        let block = leaves + Int(current & ~ChildCode.kinds) &* BVHData.leafSize
        if current & ChildCode.kinds == ChildCode.triangles {
            if let counts = self.counts { counts.pointee.leaves &+= 1 }
            let triangles = TriangleLeafTest(walk.pointee.setup, padding: walk.pointee.query.padding)
            let tMax = walk.pointee.best.t
            var (candidates, undecided) = triangles.test(block, tMax: tMax, results: self.entries + 64)
            if undecided != 0 {
                candidates |= self.decide(undecided, walk.pointee.setup, walk.pointee.query, block, tMax: tMax)
            }
            guard candidates != 0 else { return }
            self.take(view, candidates, block, walk.pointee.query, &walk.pointee.best)
        } else if current & ChildCode.kinds == ChildCode.spheres {
            if let counts = self.counts { counts.pointee.leaves &+= 1 }
            self.nearest(
                view,
                walk.pointee.ray,
                walk.pointee.setup,
                walk.pointee.query,
                in: current,
                &walk.pointee.best
            )
        }
    }

    /// Walks with some rays in turn; the bits of those that are blocked.
    @inline(never) func blockedInTurn(
        _ view: UnsafePointer<SceneView>,
        _ rays: UnsafeMutablePointer<LoneRay>,
        _ lanes: UInt32
    ) -> UInt32 {
        let nodes = view.pointee.bvh.nodes
        let leaves = view.pointee.bvh.leaves
        let entries = self.entries
        let order = self.turns
        var count = 0
        for lane in LaneSequence(MaskLanes(bits: lanes)) {
            order[count] = rays + lane
            count &+= 1
        }
        var blocked: UInt32 = 0
        var turn = 0
        while count > 0 {
            let walk = order[turn]
            let current = walk.pointee.current
            let tMax = walk.pointee.best.t
            var isOver = false
            if current & ChildCode.kinds == 0 {
                if let counts = self.counts { counts.pointee.nodes &+= 1 }
                let node = nodes + Int(current) &* BVHData.nodeSize
                var hits = BoxTest(walk.pointee.setup).children(of: node, within: tMax, entries: entries)
                if hits != 0 {
                    // Any order will do; the last child is next.
                    let stack = walk.pointee.stack
                    var depth = walk.pointee.depth
                    while hits & (hits &- 1) != 0 {
                        stack[depth] = self.key(node, hits.trailingZeroBitCount)
                        depth &+= 1
                        hits &= hits &- 1
                    }
                    let key = self.key(node, hits.trailingZeroBitCount)
                    walk.pointee.depth = depth
                    walk.pointee.current = UInt32(truncatingIfNeeded: key)
                    walk.pointee.entry = UInt32(truncatingIfNeeded: key &>> 32)
                } else {
                    isOver = !walk.pointee.next()
                }
            } else if current & ChildCode.kinds == ChildCode.instance {
                isOver = !self.enterInTurn(view, walk, turn)
            } else if self.isBlockedInLeaf(view, walk, leaves) {
                blocked |= 1 &<< UInt32(truncatingIfNeeded: walk.pointee.lane)
                walk.pointee.world = nil
                isOver = true
            } else {
                isOver = !walk.pointee.next()
            }
            if isOver, let world = order[turn].pointee.world {
                order[turn] = world
                isOver = !world.pointee.next()
            }
            if isOver {
                count &-= 1
                order[turn] = order[count]
            } else {
                self.prefetch(order[turn].pointee.current, nodes, leaves)
                turn &+= 1
            }
            if turn >= count { turn = 0 }
        }
        return blocked
    }

    @inline(__always) private func isBlockedInLeaf(
        _ view: UnsafePointer<SceneView>,
        _ walk: UnsafeMutablePointer<LoneRay>,
        _ leaves: UnsafeRawPointer
    ) -> Bool {
        let current = walk.pointee.current
        let tMax = walk.pointee.best.t
        let block = leaves + Int(current & ~ChildCode.kinds) &* BVHData.leafSize
        if current & ChildCode.kinds == ChildCode.triangles {
            if let counts = self.counts { counts.pointee.leaves &+= 1 }
            let triangles = TriangleLeafTest(walk.pointee.setup, padding: walk.pointee.query.padding)
            var (candidates, undecided) = triangles.test(block, tMax: tMax, results: self.entries + 64)
            if undecided != 0 {
                candidates |= self.decide(undecided, walk.pointee.setup, walk.pointee.query, block, tMax: tMax)
            }
            return self.isBlocked(view, candidates, block, walk.pointee.query, tMax: tMax)
        }
        if let counts = self.counts { counts.pointee.leaves &+= 1 }
        return self.isBlocked(
            view,
            walk.pointee.ray,
            walk.pointee.setup,
            walk.pointee.query,
            in: current,
            tMax: tMax
        )
    }

    /// Begins to load what a walk visits in its next turn, or a packet when it comes to it.
    @inline(__always) func prefetch(_ code: UInt32, _ nodes: UnsafeRawPointer, _ leaves: UnsafeRawPointer) {
        let at = Int(code & ~ChildCode.kinds)
        let memory = code & ChildCode.kinds == 0 ? nodes + at &* BVHData.nodeSize : leaves + at &* BVHData.leafSize
        cvector_prefetch(memory)
        cvector_prefetch(memory + 64)
        cvector_prefetch(memory + 128)
        cvector_prefetch(memory + 192)
    }
}
