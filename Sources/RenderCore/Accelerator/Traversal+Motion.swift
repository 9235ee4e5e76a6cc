// Leaves of meshes and particles that move in their own space. Rays meet them one by one, for each has its own time.
extension Traversal {
    /// Looks at the spheres of a leaf, or at what moves in it.
    @inline(never) func nearest(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        _ setup: borrowing RaySetup,
        _ query: RayQuery,
        in code: UInt32,
        _ best: inout NearestHit
    ) {
        let block = self.block(view, code, at: query.time)
        guard code & ChildCode.movingTriangles == ChildCode.movingTriangles else {
            self.nearestSphere(view, ray, setup, query, block, &best)
            return
        }
        let triangles = TriangleLeafTest(setup, padding: query.padding)
        var (candidates, undecided) = triangles.test(block, tMax: best.t, results: self.entries + 64)
        if undecided != 0 { candidates |= self.decide(undecided, setup, query, block, tMax: best.t) }
        self.take(view, candidates, block, query, &best)
    }

    /// Whether a sphere of a leaf, or what moves in it, blocks the ray.
    @inline(never) func isBlocked(
        _ view: UnsafePointer<SceneView>,
        _ ray: Ray,
        _ setup: borrowing RaySetup,
        _ query: RayQuery,
        in code: UInt32,
        tMax: Float
    ) -> Bool {
        let block = self.block(view, code, at: query.time)
        guard code & ChildCode.movingTriangles == ChildCode.movingTriangles else {
            return self.isBlockedBySphere(ray, setup, query, block, tMax: tMax)
        }
        let triangles = TriangleLeafTest(setup, padding: query.padding)
        var (candidates, undecided) = triangles.test(block, tMax: tMax, results: self.entries + 64)
        if undecided != 0 { candidates |= self.decide(undecided, setup, query, block, tMax: tMax) }
        return self.isBlocked(view, candidates, block, query, tMax: tMax)
    }

    /// A leaf block as it is at a time; every test of a block can be asked about it.
    @inline(__always) private func block(
        _ view: UnsafePointer<SceneView>,
        _ code: UInt32,
        at time: Float
    ) -> UnsafeRawPointer {
        let leaves = view.pointee.bvh.leaves
        guard code & ChildCode.moving == ChildCode.moving else {
            return leaves + Int(code & ~ChildCode.kinds) &* BVHData.leafSize
        }
        let opening = leaves + Int(code & ~ChildCode.movingTriangles) &* BVHData.leafSize
        let closing = opening + BVHData.leafSize
        // Corners, or centres; what follows is ids, or radii and ids, and the same in both blocks.
        let rows = code & ChildCode.movingTriangles == ChildCode.movingTriangles ? 9 : 6
        for row in 0 ..< BVHData.leafSize / 16 {
            let open = opening.load(fromByteOffset: 16 &* row, as: SIMD4<Float>.self)
            let now =
                row < rows ? between(open, closing.load(fromByteOffset: 16 &* row, as: SIMD4<Float>.self), time) : open
            self.moved.storeBytes(of: now, toByteOffset: 16 &* row, as: SIMD4<Float>.self)
        }
        return UnsafeRawPointer(self.moved)
    }

    /// Goes on in the own space of an instance whose parts move, ray by ray.
    @inline(never) func enterAlone(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ outer: borrowing PacketQuery,
        _ instance: UInt32,
        _ near: FloatLanes,
        _ entering: MaskLanes,
        _ skipped: borrowing PlaceLanes,
        _ best: inout NearestLanes
    ) {
        for lane in LaneSequence(entering) {
            let left = skipped[lane]
            var one = best[lane]
            // The stack of single rays is free in a packet.
            self.enter(view, setup.ray(lane), outer[lane], instance, at: near[lane], depth: 0, left, &one)
            if one.space != best.space[lane] || one.number != best.number[lane] { best[lane] = one }
        }
    }

    /// The rays, as bits among `entering`, that an instance blocks whose parts move.
    @inline(never) func blockedAlone(
        _ view: UnsafePointer<SceneView>,
        _ setup: borrowing PacketSetup,
        _ outer: borrowing PacketQuery,
        _ farthest: FloatLanes,
        _ instance: UInt32,
        _ near: FloatLanes,
        _ entering: UInt32,
        _ depth: Int,
        _ skipped: borrowing PlaceLanes,
        _ target: borrowing PlaceLanes
    ) -> UInt32 {
        var bits: UInt32 = 0
        for lane in LaneSequence(MaskLanes(bits: entering)) {
            let isBlocked = self.isBlocked(
                view,
                setup.ray(lane),
                outer[lane],
                instance,
                at: near[lane],
                tMax: farthest[lane],
                depth: depth,
                skipped[lane],
                target[lane]
            )
            if isBlocked { bits |= 1 &<< UInt32(truncatingIfNeeded: lane) }
        }
        return bits
    }
}
