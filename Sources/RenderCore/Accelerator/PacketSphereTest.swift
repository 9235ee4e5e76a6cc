extension PacketSetup {
    /// The exact test of one sphere of a leaf block against all rays, with the same bits as that of a single ray.
    @inline(__always) func testSphere(
        _ lane: UnsafeRawPointer,
        _ id: UInt32,
        _ query: borrowing PacketQuery,
        tMax: FloatLanes
    ) -> (t: FloatLanes, isHit: MaskLanes) {
        let x = lane.load(as: Float.self)
        let y = lane.load(fromByteOffset: 32, as: Float.self)
        let z = lane.load(fromByteOffset: 64, as: Float.self)
        let radius = lane.load(fromByteOffset: 96, as: Float.self)
        let zero: FloatLanes = 0
        let a = self.direction.lengthSquared
        let inverseA = 1 / a
        let f = Vector3Lanes(
            self.origin.x - FloatLanes(x),
            self.origin.y - FloatLanes(y),
            self.origin.z - FloatLanes(z)
        )
        let b = -dot(f, self.direction)
        let s = b * inverseA
        let nearest = f + self.direction * s
        let squared = FloatLanes(radius * radius)
        let delta = squared - nearest.lengthSquared
        let isLeft = query.skipped .== UIntLanes(id)
        var isHit = (delta .>= zero) .| (isLeft .& (squared .>= zero))
        guard isHit.any else { return (zero, isHit) }
        let root = (a * larger(zero, delta)).squareRoot()
        let isBehind = b .< zero
        let q = select(isBehind, b - root, b + root)
        let c = (f.lengthSquared - squared) / q
        let d = q * inverseA
        let entry = select(isBehind, d, c)
        let exit = select(isBehind, c, d)
        let t = select(isLeft, 2 * s, select(entry .>= zero, entry, exit))
        isHit = isHit .& select(isLeft, b .> zero, q .!= zero) .& (t .>= zero) .& (t .<= tMax)
        guard isHit.any else { return (zero, isHit) }
        let (near, far) = self.entry(
            low: Vector3(
                (x - radius) - query.padding,
                (y - radius) - query.padding,
                (z - radius) - query.padding
            ),
            high: Vector3(
                (x + radius) + query.padding,
                (y + radius) + query.padding,
                (z + radius) + query.padding
            )
        )
        let clamped = larger(t, larger(near, query.floor))
        return (clamped, isHit .& (near .<= far * 0x1.0000a8p0) .& (clamped .<= tMax))
    }

    /// Where the rays enter and leave a box.
    @inline(__always) func entry(low: Vector3, high: Vector3) -> (near: FloatLanes, far: FloatLanes) {
        var near: FloatLanes = 0
        var far = FloatLanes(.infinity)
        self.clip(low.x, high.x, self.origin.x, self.reciprocal.x, &near, &far)
        self.clip(low.y, high.y, self.origin.y, self.reciprocal.y, &near, &far)
        self.clip(low.z, high.z, self.origin.z, self.reciprocal.z, &near, &far)
        return (near, far)
    }

    @inline(__always) private func clip(
        _ low: Float,
        _ high: Float,
        _ origin: FloatLanes,
        _ reciprocal: FloatLanes,
        _ near: inout FloatLanes,
        _ far: inout FloatLanes
    ) {
        let t0 = (FloatLanes(low) - origin) * reciprocal
        let t1 = (FloatLanes(high) - origin) * reciprocal
        near = larger(near, smaller(t0, t1))
        far = smaller(far, larger(t0, t1))
    }
}
