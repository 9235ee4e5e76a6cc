import CVector

/// What a triangle is to the rays of a packet.
struct PacketTriangleHit {
    var t: FloatLanes
    var v: FloatLanes
    var w: FloatLanes
    var det: FloatLanes
    var isHit: MaskLanes
}

extension PacketSetup {
    /// The exact test of one triangle of a leaf block against all rays: the same bits as
    /// ``intersect(_:renamed:_:_:padding:tMax:)``, and nothing nearer than `floor`.
    ///
    /// - Parameter lane: Where the triangle's lane of the block begins.
    @inline(__always) func test(
        _ lane: UnsafeRawPointer,
        padding: Float,
        floor: FloatLanes,
        tMax: FloatLanes
    ) -> PacketTriangleHit {
        let a = self.relative(lane)
        let b = self.relative(lane + 48)
        let c = self.relative(lane + 96)
        let ax = row(self.first, a)
        let ay = row(self.second, a)
        let bx = row(self.first, b)
        let by = row(self.second, b)
        let cx = row(self.first, c)
        let cy = row(self.second, c)
        let u = cx * by - cy * bx
        let v = ax * cy - ay * cx
        let w = bx * ay - by * ax
        let zero: FloatLanes = 0
        let isZero = (u .== zero) .| (v .== zero) .| (w .== zero)
        let least = smaller(smaller(u, v), w)
        let most = larger(larger(u, v), w)
        let det = (u + v) + w
        var isHit = ((least .>= zero) .| (most .<= zero)) .& (det .!= zero)
        var hit = PacketTriangleHit(t: zero, v: v, w: w, det: det, isHit: isHit)
        if isHit.any {
            hit.t = ((u * row(self.third, a) + v * row(self.third, b)) + w * row(self.third, c)) / det
            isHit = isHit .& (hit.t .>= zero) .& (hit.t .<= tMax)
            if isHit.any {
                let (near, far) = self.box(lane, padding: padding)
                hit.t = larger(hit.t, larger(near, floor))
                isHit = isHit .& (near .<= far * 0x1.0000a8p0) .& (hit.t .<= tMax)
            }
            hit.isHit = isHit
        }
        // Edge functions of zero are decided in binary64, ray by ray; this is rare.
        if isZero.any { self.decide(isZero, lane, padding: padding, floor: floor, tMax: tMax, &hit) }
        return hit
    }

    @inline(never) private func decide(
        _ undecided: MaskLanes,
        _ lane: UnsafeRawPointer,
        padding: Float,
        floor: FloatLanes,
        tMax: FloatLanes,
        _ hit: inout PacketTriangleHit
    ) {
        var bits = hit.isHit.bits & ~undecided.bits
        for ray in LaneSequence(undecided) {
            let limit = tMax[ray]
            guard limit >= 0, let one = RaySetup(self.ray(ray)).test(lane, padding: padding, tMax: limit) else {
                continue
            }
            let t = larger(one.t, floor[ray])
            guard t <= limit else { continue }
            hit.t[ray] = t
            hit.v[ray] = one.v
            hit.w[ray] = one.w
            hit.det[ray] = one.det
            bits |= 1 &<< UInt32(truncatingIfNeeded: ray)
        }
        hit.isHit = MaskLanes(bits: bits)
    }

    /// A corner as seen from the rays' origins.
    @inline(__always) private func relative(_ corner: UnsafeRawPointer) -> Vector3Lanes {
        Vector3Lanes(
            FloatLanes(corner.load(as: Float.self)) - self.origin.x,
            FloatLanes(corner.load(fromByteOffset: 16, as: Float.self)) - self.origin.y,
            FloatLanes(corner.load(fromByteOffset: 32, as: Float.self)) - self.origin.z
        )
    }

    @inline(__always) private func row(_ s: Vector3Lanes, _ p: Vector3Lanes) -> FloatLanes {
        (s.x * p.x + s.y * p.y) + s.z * p.z
    }

    /// Where the rays enter and leave the padded box of a triangle.
    @inline(__always) private func box(_ lane: UnsafeRawPointer, padding: Float) -> (FloatLanes, FloatLanes) {
        var near: FloatLanes = 0
        var far = FloatLanes(.infinity)
        self.clip(lane, padding, self.origin.x, self.reciprocal.x, &near, &far)
        self.clip(lane + 16, padding, self.origin.y, self.reciprocal.y, &near, &far)
        self.clip(lane + 32, padding, self.origin.z, self.reciprocal.z, &near, &far)
        return (near, far)
    }

    @inline(__always) private func clip(
        _ lane: UnsafeRawPointer,
        _ padding: Float,
        _ origin: FloatLanes,
        _ reciprocal: FloatLanes,
        _ near: inout FloatLanes,
        _ far: inout FloatLanes
    ) {
        let a = lane.load(as: Float.self)
        let b = lane.load(fromByteOffset: 48, as: Float.self)
        let c = lane.load(fromByteOffset: 96, as: Float.self)
        let t0 = (FloatLanes(smaller(smaller(a, b), c) - padding) - origin) * reciprocal
        let t1 = (FloatLanes(larger(larger(a, b), c) + padding) - origin) * reciprocal
        near = larger(near, smaller(t0, t1))
        far = smaller(far, larger(t0, t1))
    }
}
