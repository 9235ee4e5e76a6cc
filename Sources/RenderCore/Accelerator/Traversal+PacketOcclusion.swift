import CVector

extension Traversal {
    /// The lanes where anything but the skipped primitive and `target` is nearer than `farthest`.
    func occluded(
        _ view: UnsafePointer<SceneView>,
        _ rays: borrowing RayLanes,
        target: PlaceLanes
    ) -> MaskLanes {
        let setup = PacketSetup(origin: rays.origin, direction: rays.direction, active: rays.active)
        let query = PacketQuery(
            space: BVHData.world,
            skipped: rays.skipped.numbers(in: BVHData.world),
            target: target.numbers(in: BVHData.world),
            key: rays.key,
            floor: 0,
            padding: view.pointee.bvh.padding,
            time: rays.time
        )
        let farthest = select(rays.active, smaller(rays.farthest, FloatLanes(.greatestFiniteMagnitude)), -1)
        let bits = self.blocked(
            view,
            setup,
            query,
            farthest,
            from: view.pointee.bvh.root,
            entering: rays.active.bits,
            depth: 0,
            rays.skipped,
            target
        )
        return MaskLanes(bits: bits)
    }

    /// The rays, as bits among `given`, that are blocked in the node, leaf or instance of a code.
    @inline(never) private func blocked(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ query: borrowing PacketQuery,
        _ farthest: FloatLanes,
        from root: UInt32,
        entering given: UInt32,
        depth floor: Int,
        _ skipped: borrowing PlaceLanes,
        _ target: borrowing PlaceLanes
    ) -> UInt32 {
        let nodes = view.pointee.bvh.nodes
        // A child code with the rays that enter it above.
        let stack = self.stack
        let slack: FloatLanes = 0x1.0000a8p0
        let longest = farthest.greatest
        let handOverLanes = setup.handOverLanes(view.pointee.bvh, nearest: false)
        let leaves = view.pointee.bvh.leaves
        let isLarge = view.pointee.bvh.isLarge
        var prepared: UInt32 = 0
        var free = given
        var depth = floor
        var current = root
        var entering = given
        while true {
            if entering.nonzeroBitCount <= handOverLanes {
                free &= ~self.blockedAlone(
                    view,
                    setup,
                    query,
                    farthest,
                    current,
                    entering,
                    &prepared,
                    depth,
                    skipped,
                    target
                )
            } else if current & ChildCode.kinds == 0 {
                let node = nodes + Int(current) &* BVHData.nodeSize
                var children = setup.children(of: node, within: longest)
                var next: UInt32 = 0
                var nextEntering: UInt32 = 0
                while children != 0 {
                    let child = children.trailingZeroBitCount
                    children &= children &- 1
                    let (from, to) = setup.entry(node, child, from: 0)
                    let bits = (from .<= smaller(to * slack, farthest)).bits & entering
                    guard bits != 0 else { continue }
                    let code = node.load(fromByteOffset: 192 &+ 4 &* child, as: UInt32.self)
                    if isLarge { self.prefetch(code, nodes, leaves) }
                    // The child that most rays enter is the most likely to end them.
                    if bits.nonzeroBitCount > nextEntering.nonzeroBitCount {
                        if nextEntering != 0 {
                            stack[depth] = UInt64(nextEntering) &<< 32 | UInt64(next)
                            depth &+= 1
                        }
                        next = code
                        nextEntering = bits
                    } else {
                        stack[depth] = UInt64(bits) &<< 32 | UInt64(code)
                        depth &+= 1
                    }
                }
                if nextEntering != 0 {
                    current = next
                    entering = nextEntering
                    continue
                }
            } else {
                let found = self.blockedInLeaf(view, setup, query, farthest, current, entering, depth, skipped, target)
                free &= ~found
            }
            repeat {
                guard depth > floor, free != 0 else { return given & ~free }
                depth &-= 1
                current = UInt32(truncatingIfNeeded: stack[depth])
                entering = UInt32(truncatingIfNeeded: stack[depth] &>> 32) & free
            } while entering == 0
        }
    }

    /// The rays that a leaf or an instance blocks, and perhaps some that do not enter it.
    @inline(__always) private func blockedInLeaf(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ query: borrowing PacketQuery,
        _ farthest: FloatLanes,
        _ code: UInt32,
        _ entering: UInt32,
        _ depth: Int,
        _ skipped: borrowing PlaceLanes,
        _ target: borrowing PlaceLanes
    ) -> UInt32 {
        var bits: UInt32 = 0
        if code & ChildCode.kinds == ChildCode.instance {
            return self.blockedInInstance(view, setup, query, farthest, code, entering, depth, skipped, target)
        }
        let block = view.pointee.bvh.leaves + Int(code & ~ChildCode.kinds) &* BVHData.leafSize
        if code & ChildCode.kinds == ChildCode.triangles {
            for lane in 0 ..< 4 {
                let word = block.load(fromByteOffset: 144 &+ 4 &* lane, as: UInt32.self)
                guard word != .max else { break }
                let id = UIntLanes(word & ~BVHData.flag)
                let hit = setup.test(block + 4 &* lane, padding: query.padding, floor: query.floor, tMax: farthest)
                guard hit.isHit.any else { continue }
                var mask =
                    hit.isHit .& (hit.t .< farthest) .& (query.skipped .!= id) .& (query.target .!= id)
                if word & BVHData.flag != 0 { mask = solidLanes(view, query, word & ~BVHData.flag, hit, mask) }
                bits |= mask.bits
            }
        } else {
            for lane in 0 ..< 8 {
                let id = block.load(fromByteOffset: 128 &+ 4 &* lane, as: UInt32.self)
                guard id != .max else { break }
                let (t, isHit) = setup.testSphere(block + 4 &* lane, id, query, tMax: farthest)
                bits |= (isHit .& (t .< farthest) .& (query.target .!= UIntLanes(id))).bits
            }
        }
        return bits
    }

    @inline(never) private func blockedAlone(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ query: borrowing PacketQuery,
        _ farthest: FloatLanes,
        _ code: UInt32,
        _ entering: UInt32,
        _ prepared: inout UInt32,
        _ depth: Int,
        _ skipped: borrowing PlaceLanes,
        _ target: borrowing PlaceLanes
    ) -> UInt32 {
        if code & ChildCode.kinds == ChildCode.instance {
            return self.blockedInInstance(view, setup, query, farthest, code, entering, depth, skipped, target)
        }
        let rays = self.loneRays(setup, query, entering, &prepared, skipped, target)
        for lane in LaneSequence(MaskLanes(bits: entering)) {
            rays[lane].begin(at: code, entry: 0, best: NearestHit(tMax: farthest[lane]))
        }
        return self.blockedInTurn(view, rays, entering)
    }

    /// Goes on in an instance's own space.
    @inline(never) private func blockedInInstance(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ outer: borrowing PacketQuery,
        _ farthest: FloatLanes,
        _ code: UInt32,
        _ entering: UInt32,
        _ depth: Int,
        _ skipped: borrowing PlaceLanes,
        _ target: borrowing PlaceLanes
    ) -> UInt32 {
        let instance = code & ~ChildCode.kinds
        let data = view.pointee.instances + Int(instance)
        let (near, _) = setup.entry(low: data.pointee.low, high: data.pointee.high)
        if data.pointee.isDeforming {
            return self.blockedAlone(
                view,
                setup,
                outer,
                farthest,
                instance,
                near,
                entering,
                depth,
                skipped,
                target
            )
        }
        var mask = MaskLanes(bits: entering)
        let (origin, direction) = data.pointee.local(setup.origin, setup.direction, at: outer.time, &mask)
        guard mask.any else { return 0 }
        let query = PacketQuery(
            space: instance,
            skipped: skipped.numbers(in: instance),
            target: target.numbers(in: instance),
            key: outer.key,
            floor: near,
            padding: data.pointee.padding,
            time: outer.time
        )
        return self.blocked(
            view,
            PacketSetup(origin: origin, direction: direction, active: mask),
            query,
            select(mask, farthest, -1),
            from: view.pointee.bvh.root(of: data),
            entering: mask.bits,
            depth: depth,
            skipped,
            target
        )
    }
}
