import CVector

/// A node, leaf or instance that a packet still has to visit.
struct PacketEntry: BitwiseCopyable {
    /// Where each ray enters the box; infinite where it does not.
    var near: FloatLanes
    var code: UInt32
    /// The bits of the first entering ray's distance, by which children are ordered.
    var order: UInt32
}

/// The nearest hits of a packet so far; ``NearestHit`` for every lane.
struct NearestLanes: BitwiseCopyable {
    var t: FloatLanes
    var space = UIntLanes.none
    var number = UIntLanes.none
    var v: FloatLanes = 0
    var w: FloatLanes = 0
    var det: FloatLanes = 1

    @inline(__always) subscript(lane: Int) -> NearestHit {
        get {
            var hit = NearestHit(tMax: self.t[lane])
            hit.space = self.space[lane]
            hit.number = self.number[lane]
            hit.v = self.v[lane]
            hit.w = self.w[lane]
            hit.det = self.det[lane]
            return hit
        }
        set {
            self.t[lane] = newValue.t
            self.space[lane] = newValue.space
            self.number[lane] = newValue.number
            self.v[lane] = newValue.v
            self.w[lane] = newValue.w
            self.det[lane] = newValue.det
        }
    }

    /// The lanes that give up their hit for a primitive at these distances.
    @inline(__always) func yielding(
        _ view: UnsafePointer<SceneView>,
        to space: UInt32,
        _ number: UInt32,
        at t: FloatLanes,
        _ isHit: MaskLanes
    ) -> MaskLanes {
        let isNearer = isHit .& (t .< self.t)
        let isTied = isHit .& (t .== self.t)
        guard isTied.any else { return isNearer }
        var bits = isNearer.bits
        for lane in LaneSequence(isTied) where self[lane].yields(view, to: space, number) {
            bits |= 1 &<< UInt32(truncatingIfNeeded: lane)
        }
        return MaskLanes(bits: bits)
    }

    /// Makes a primitive the nearest of some lanes; the weights are one-hot for what has none.
    @inline(__always) mutating func take(
        _ mask: MaskLanes,
        _ space: UInt32,
        _ number: UInt32,
        t: FloatLanes,
        v: FloatLanes = 0,
        w: FloatLanes = 0,
        det: FloatLanes = 1
    ) {
        self.t = select(mask, t, self.t)
        self.space = select(mask, UIntLanes(space), self.space)
        self.number = select(mask, UIntLanes(number), self.number)
        self.v = select(mask, v, self.v)
        self.w = select(mask, w, self.w)
        self.det = select(mask, det, self.det)
    }
}

/// What the rays of a packet ask for in one space; ``RayQuery`` for every lane.
struct PacketQuery: BitwiseCopyable {
    var space: UInt32
    var skipped: UIntLanes
    var target: UIntLanes
    var key: UIntLanes
    var floor: FloatLanes
    var padding: Float
    var time: FloatLanes

    @inline(__always) subscript(lane: Int) -> RayQuery {
        RayQuery(
            space: self.space,
            skipped: self.skipped[lane],
            target: self.target[lane],
            key: self.key[lane],
            floor: self.floor[lane],
            padding: self.padding,
            time: self.time[lane]
        )
    }
}

extension PacketSetup {
    /// With so few rays left, each goes on alone: eight boxes for one ray beat one box for sixteen.
    ///
    /// A small hierarchy stays in the nearest cache, and its packets lose few rays on their way down. Rays into several
    /// octants have neither the test of all children at once nor the shorter test of one. Where they
    /// also ask for the nearest hits in a large hierarchy, they go on alone at once: in turns they wait less for memory.
    @inline(__always) func handOverLanes(_ bvh: BVHData, nearest: Bool) -> Int {
        if bvh.nodeCount < 64 { return 2 }
        if self.nearX >= 0 { return 4 }
        return nearest && bvh.isLarge ? laneCount : 8
    }
}

extension Traversal {
    /// The nearest hits, ties going to the lowest instance and then the lowest primitive.
    func nearest(_ view: UnsafePointer<SceneView>, _ rays: borrowing RayLanes) -> HitLanes {
        // Distances below zero keep the other lanes from ever entering anything.
        let farthest = smaller(rays.farthest, FloatLanes(.greatestFiniteMagnitude))
        var best = NearestLanes(t: select(rays.active, farthest, -1))
        let setup = PacketSetup(origin: rays.origin, direction: rays.direction, active: rays.active)
        let query = PacketQuery(
            space: BVHData.world,
            skipped: rays.skipped.numbers(in: BVHData.world),
            target: .none,
            key: rays.key,
            floor: 0,
            padding: view.pointee.bvh.padding,
            time: rays.time
        )
        self.descend(view, setup, query, from: view.pointee.bvh.root, near: 0, depth: 0, rays.skipped, &best)
        return self.resolved(view, rays, best)
    }

    /// The hits as the rest of the core names them.
    @inline(__always) private func resolved(
        _ view: UnsafePointer<SceneView>,
        _ rays: borrowing RayLanes,
        _ best: NearestLanes
    ) -> HitLanes {
        let isHit = rays.active .& (best.space .!= .none)
        let inverse = 1 / best.det
        let place = PlaceLanes(space: best.space, number: best.number)
        return HitLanes(
            distance: select(isHit, best.t, rays.farthest),
            primitive: place.primitives(view, among: isHit),
            place: place,
            weight1: best.v * inverse,
            weight2: best.w * inverse,
            isHit: isHit
        )
    }

    /// Looks for nearer hits in the node, leaf or instance of a code; the stacks are free from `depth` on.
    @inline(never) private func descend(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ query: borrowing PacketQuery,
        from root: UInt32,
        near entry: FloatLanes,
        depth floor: Int,
        _ skipped: borrowing PlaceLanes,
        _ nearest: inout NearestLanes
    ) {
        let nodes = view.pointee.bvh.nodes
        let leaves = view.pointee.bvh.leaves
        let stack = self.packetStack
        let slack: FloatLanes = 0x1.0000a8p0
        var best = nearest
        var farthest = best.t.greatest
        let handOverLanes = setup.handOverLanes(view.pointee.bvh, nearest: true)
        let isLarge = view.pointee.bvh.isLarge
        var prepared: UInt32 = 0
        var depth = floor
        var current = root
        var near = entry
        while true {
            let entering = (near .<= best.t).bits
            if entering.nonzeroBitCount <= handOverLanes {
                guard entering != 0 else {
                    guard depth > floor else {
                        nearest = best
                        return
                    }
                    depth &-= 1
                    current = stack[depth].code
                    near = stack[depth].near
                    continue
                }
                if current & ChildCode.kinds == ChildCode.instance {
                    let mask = MaskLanes(bits: entering)
                    self.enter(view, setup, query, current & ~ChildCode.kinds, near, mask, depth, skipped, &best)
                } else {
                    self.goOnAlone(view, setup, query, current, near, entering, &prepared, skipped, &best)
                }
                farthest = best.t.greatest
            } else if current & ChildCode.kinds == 0 {
                let node = nodes + Int(current) &* BVHData.nodeSize
                var children = setup.children(of: node, within: farthest)
                var next = PacketEntry(near: near, code: 0, order: .max)
                let bottom = depth
                while children != 0 {
                    let child = children.trailingZeroBitCount
                    children &= children &- 1
                    let (from, to) = setup.entry(node, child, from: near)
                    let isEntered = (from .<= smaller(to * slack, best.t)).bits
                    guard isEntered != 0 else { continue }
                    let mask = MaskLanes(bits: isEntered)
                    let code = node.load(fromByteOffset: 192 &+ 4 &* child, as: UInt32.self)
                    // While the other children are tested, and those that are nearer visited.
                    if isLarge { self.prefetch(code, nodes, leaves) }
                    let entry = PacketEntry(
                        near: select(mask, from, FloatLanes(.infinity)),
                        code: code,
                        order: from[isEntered.trailingZeroBitCount].bitPattern
                    )
                    if next.order == .max {
                        next = entry
                    } else if entry.order < next.order {
                        self.push(next, bottom, &depth)
                        next = entry
                    } else {
                        self.push(entry, bottom, &depth)
                    }
                }
                if next.order != .max {
                    current = next.code
                    near = next.near
                    continue
                }
            } else if current & ChildCode.kinds == ChildCode.triangles {
                let block = leaves + Int(current & ~ChildCode.kinds) &* BVHData.leafSize
                var isNew = false
                for lane in 0 ..< 4 {
                    let word = block.load(fromByteOffset: 144 &+ 4 &* lane, as: UInt32.self)
                    guard word != .max else { break }
                    let id = word & ~BVHData.flag
                    let hit = setup.test(block + 4 &* lane, padding: query.padding, floor: query.floor, tMax: best.t)
                    guard hit.isHit.any else { continue }
                    let isOther = hit.isHit .& (query.skipped .!= UIntLanes(id))
                    var mask = best.yielding(view, to: query.space, id, at: hit.t, isOther)
                    if word & BVHData.flag != 0 { mask = solidLanes(view, query, id, hit, mask) }
                    guard mask.any else { continue }
                    best.take(mask, query.space, id, t: hit.t, v: hit.v, w: hit.w, det: hit.det)
                    isNew = true
                }
                if isNew { farthest = best.t.greatest }
            } else if current & ChildCode.kinds == ChildCode.spheres {
                let block = leaves + Int(current & ~ChildCode.kinds) &* BVHData.leafSize
                for lane in 0 ..< 8 {
                    let id = block.load(fromByteOffset: 128 &+ 4 &* lane, as: UInt32.self)
                    guard id != .max else { break }
                    let (t, isHit) = setup.testSphere(block + 4 &* lane, id, query, tMax: best.t)
                    guard isHit.any else { continue }
                    best.take(best.yielding(view, to: query.space, id, at: t, isHit), query.space, id, t: t)
                }
                farthest = best.t.greatest
            } else {
                let mask = MaskLanes(bits: entering)
                self.enter(view, setup, query, current & ~ChildCode.kinds, near, mask, depth, skipped, &best)
                farthest = best.t.greatest
            }
            guard depth > floor else {
                nearest = best
                return
            }
            depth &-= 1
            current = stack[depth].code
            near = stack[depth].near
        }
    }

    /// Inserts an entry into the run of siblings that begins at `bottom`, the nearest on top.
    @inline(__always) func push(_ entry: PacketEntry, _ bottom: Int, _ depth: inout Int) {
        var at = depth
        while at > bottom, self.packetStack[at &- 1].order < entry.order {
            self.packetStack[at] = self.packetStack[at &- 1]
            at &-= 1
        }
        self.packetStack[at] = entry
        depth &+= 1
    }

    /// The rays of a packet that go on alone, made where that has not been done for `lanes` yet.
    ///
    /// A ray may leave its packet several times, below different nodes.
    @inline(__always) func loneRays(
        _ setup: borrowing PacketSetup,
        _ query: borrowing PacketQuery,
        _ lanes: UInt32,
        _ prepared: inout UInt32,
        _ skipped: borrowing PlaceLanes,
        _ target: borrowing PlaceLanes
    ) -> UnsafeMutablePointer<LoneRay> {
        let rays = query.space == BVHData.world ? self.loneRays : self.loneRays + laneCount
        for lane in LaneSequence(MaskLanes(bits: lanes & ~prepared)) {
            rays[lane] = LoneRay(
                setup.ray(lane),
                query[lane],
                skipped: skipped[lane],
                target: target[lane],
                lane: lane,
                stack: self.loneStack(lane)
            )
        }
        prepared |= lanes
        return rays
    }

    @inline(never) private func goOnAlone(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ query: borrowing PacketQuery,
        _ code: UInt32,
        _ near: FloatLanes,
        _ lanes: UInt32,
        _ prepared: inout UInt32,
        _ skipped: borrowing PlaceLanes,
        _ best: inout NearestLanes
    ) {
        let rays = self.loneRays(setup, query, lanes, &prepared, skipped, .none)
        for lane in LaneSequence(MaskLanes(bits: lanes)) {
            rays[lane].begin(at: code, entry: near[lane], best: best[lane])
        }
        self.descendInTurn(view, rays, lanes)
        for lane in LaneSequence(MaskLanes(bits: lanes)) {
            let hit = rays[lane].best
            if hit.space != best.space[lane] || hit.number != best.number[lane] { best[lane] = hit }
        }
    }

    /// Goes on in an instance's own space.
    @inline(never) private func enter(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ outer: borrowing PacketQuery,
        _ instance: UInt32,
        _ near: FloatLanes,
        _ entering: MaskLanes,
        _ depth: Int,
        _ skipped: borrowing PlaceLanes,
        _ best: inout NearestLanes
    ) {
        let data = view.pointee.instances + Int(instance)
        if data.pointee.isDeforming {
            self.enterAlone(view, setup, outer, instance, near, entering, skipped, &best)
            return
        }
        var entering = entering
        let (origin, direction) = data.pointee.local(setup.origin, setup.direction, at: outer.time, &entering)
        guard entering.any else { return }
        // The other lanes are copies of one ray in there and must not find anything.
        let t = best.t
        var inner = best
        inner.t = select(entering, t, -1)
        let query = PacketQuery(
            space: instance,
            skipped: skipped.numbers(in: instance),
            target: .none,
            key: outer.key,
            floor: near,
            padding: data.pointee.padding,
            time: outer.time
        )
        self.descend(
            view,
            PacketSetup(origin: origin, direction: direction, active: entering),
            query,
            from: view.pointee.bvh.root(of: data),
            near: select(entering, 0, FloatLanes(.infinity)),
            depth: depth,
            skipped,
            &inner
        )
        best = inner
        best.t = select(entering, inner.t, t)
    }
}
