extension Traversal {
    /// Whether one ray meets anything but the two primitives nearer than `tMax`.
    func isOccluded(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        tMax: Float,
        skipped: PrimitivePlace,
        target: PrimitivePlace,
        key: UInt32,
        time: Float
    ) -> Bool {
        let query = RayQuery(
            space: BVHData.world,
            skipped: skipped.number(in: BVHData.world),
            target: target.number(in: BVHData.world),
            key: key,
            floor: 0,
            padding: view.pointee.bvh.padding,
            time: time
        )
        let tMax = smaller(tMax, .greatestFiniteMagnitude)
        return self.isBlocked(
            view,
            ray,
            RaySetup(ray),
            query,
            tMax: tMax,
            from: view.pointee.bvh.root,
            depth: 0,
            skipped,
            target
        )
    }

    /// Whether anything in the node, leaf or instance of a code is hit; the stack is free from `depth` on.
    @inline(never) func isBlocked(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        _ setup: borrowing RaySetup,
        _ query: RayQuery,
        tMax: Float,
        from root: UInt32,
        depth floor: Int,
        _ skipped: PrimitivePlace,
        _ target: PrimitivePlace
    ) -> Bool {
        let box = BoxTest(setup)
        let triangles = TriangleLeafTest(setup, padding: query.padding)
        let nodes = view.pointee.bvh.nodes
        let leaves = view.pointee.bvh.leaves
        let stack = self.stack
        let entries = self.entries
        var depth = floor
        var current = root
        var entry = query.floor.bitPattern
        while true {
            if current & ChildCode.kinds == 0 {
                if let counts = self.counts { counts.pointee.nodes &+= 1 }
                let node = nodes + Int(current) &* BVHData.nodeSize
                var hits = box.children(of: node, within: tMax, entries: entries)
                if hits != 0 {
                    // Any order will do; the last child is next.
                    while hits & (hits &- 1) != 0 {
                        let child = hits.trailingZeroBitCount
                        let code = node.load(fromByteOffset: 192 &+ 4 &* child, as: UInt32.self)
                        let distance = entries.load(fromByteOffset: 4 &* child, as: UInt32.self)
                        stack[depth] = UInt64(distance) &<< 32 | UInt64(code)
                        depth &+= 1
                        hits &= hits &- 1
                    }
                    let child = hits.trailingZeroBitCount
                    current = node.load(fromByteOffset: 192 &+ 4 &* child, as: UInt32.self)
                    entry = entries.load(fromByteOffset: 4 &* child, as: UInt32.self)
                    continue
                }
            } else if current & ChildCode.kinds == ChildCode.triangles {
                if let counts = self.counts { counts.pointee.leaves &+= 1 }
                let block = leaves + Int(current & ~ChildCode.kinds) &* BVHData.leafSize
                var (candidates, undecided) = triangles.test(block, tMax: tMax, results: entries + 64)
                if undecided != 0 { candidates |= self.decide(undecided, setup, query, block, tMax: tMax) }
                if self.isBlocked(view, candidates, block, query, tMax: tMax) { return true }
            } else if current & ChildCode.kinds == ChildCode.spheres {
                if let counts = self.counts { counts.pointee.leaves &+= 1 }
                if self.isBlocked(view, ray, setup, query, in: current, tMax: tMax) { return true }
            } else {
                let instance = current & ~ChildCode.kinds
                let distance = Float(bitPattern: entry)
                if self.isBlocked(view, ray, query, instance, at: distance, tMax: tMax, depth: depth, skipped, target) {
                    return true
                }
            }
            guard depth > floor else { return false }
            depth &-= 1
            current = UInt32(truncatingIfNeeded: stack[depth])
            entry = UInt32(truncatingIfNeeded: stack[depth] &>> 32)
        }
    }

    /// Goes on in an instance's own space.
    @inline(never) func isBlocked(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        _ outer: RayQuery,
        _ instance: UInt32,
        at entry: Float,
        tMax: Float,
        depth: Int,
        _ skipped: PrimitivePlace,
        _ target: PrimitivePlace
    ) -> Bool {
        let data = view.pointee.instances + Int(instance)
        guard let local = data.pointee.local(ray, at: outer.time) else { return false }
        let inner = outer.inside(instance, data, at: entry, skipped, target)
        return self.isBlocked(
            view,
            local,
            RaySetup(local),
            inner,
            tMax: tMax,
            from: view.pointee.bvh.root(of: data),
            depth: depth,
            skipped,
            target
        )
    }

    /// Whether any of a block's triangles that were found by a ``TriangleLeafTest`` blocks the ray.
    @inline(__always) func isBlocked(
        _ view: UnsafePointer<SceneView>,
        _ candidates: UInt32,
        _ block: UnsafeRawPointer,
        _ query: RayQuery,
        tMax: Float
    ) -> Bool {
        var candidates = candidates
        while candidates != 0 {
            let lane = 4 &* candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            let word = block.load(fromByteOffset: 144 &+ lane, as: UInt32.self)
            let id = word & ~BVHData.flag
            let hit = TriangleHit(self.entries + (64 &+ lane))
            guard id != query.skipped, id != query.target, larger(hit.t, query.floor) < tMax,
                word & BVHData.flag == 0 || isSolid(view, query, id, hit)
            else { continue }
            return true
        }
        return false
    }

    @inline(never) func isBlockedBySphere(
        _ ray: Ray,
        _ setup: borrowing RaySetup,
        _ query: RayQuery,
        _ block: UnsafeRawPointer,
        tMax: Float
    ) -> Bool {
        let sphereRay = SphereRay(ray)
        var candidates = SphereLeafTest(sphereRay).candidates(in: block, leaving: query.skipped)
        while candidates != 0 {
            let lane = 4 &* candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            let id = block.load(fromByteOffset: 128 &+ lane, as: UInt32.self)
            guard id != query.target,
                let t = sphereRay.test(block + lane, setup, id, query, tMax: tMax), larger(t, query.floor) < tMax
            else { continue }
            return true
        }
        return false
    }
}
