import CVector

/// Rays of a packet with what their box and triangle tests need; ``RaySetup`` for every lane.
///
/// The renamed axes of Woop's test become three vectors a ray, one-hot but for the shear: products with zero and one are
/// exact, so the sums round as the single ray's do.
struct PacketSetup: BitwiseCopyable {
    let origin: Vector3Lanes
    let direction: Vector3Lanes
    let reciprocal: Vector3Lanes
    /// e[kx] - sx e[kz], e[ky] - sy e[kz] and sz e[kz].
    let first: Vector3Lanes
    let second: Vector3Lanes
    let third: Vector3Lanes
    /// Byte offsets of the near planes in a node when all lanes share them, or negative; the far ones are 32 bytes beside.
    let nearX: Int
    let nearY: Int
    let nearZ: Int
    /// The largest and smallest of origin and reciprocal over all lanes.
    private let bounds: PacketBounds

    /// Prepares rays; lanes that are not active become copies of one that is.
    @inline(__always) init(origin given: Vector3Lanes, direction: Vector3Lanes, active: MaskLanes) {
        let some = active.bits == 0 ? 0 : active.bits.trailingZeroBitCount
        let origin = select(active, given, Vector3Lanes(given[some]))
        let d = select(active, direction, Vector3Lanes(direction[some]))
        let ax = d.x.magnitude
        let ay = d.y.magnitude
        let az = d.z.magnitude
        let xOverY = ax .> ay
        let isX = xOverY .& (ax .> az)
        let isY = .!xOverY .& (ay .> az)
        let isZ = .!(isX .| isY)
        // kx and ky follow kz in a circle, and change places when the direction's component is negative.
        let dz = select(isX, d.x, select(isY, d.y, d.z))
        let isSwapped = dz .< 0
        let afterX = select(isX, d.y, select(isY, d.z, d.x))
        let afterY = select(isX, d.z, select(isY, d.x, d.y))
        let sz = 1 / dz
        let sAfterX = -(afterX * sz)
        let sAfterY = -(afterY * sz)
        let zero: FloatLanes = 0
        let one: FloatLanes = 1
        // Rows of the axis after kz and the one after that.
        let rowA = Vector3Lanes(
            select(isZ, one, select(isX, sAfterX, zero)),
            select(isX, one, select(isY, sAfterX, zero)),
            select(isY, one, select(isZ, sAfterX, zero))
        )
        let rowB = Vector3Lanes(
            select(isY, one, select(isX, sAfterY, zero)),
            select(isZ, one, select(isY, sAfterY, zero)),
            select(isX, one, select(isZ, sAfterY, zero))
        )
        let r = Vector3Lanes(Self.reciprocal(d.x), Self.reciprocal(d.y), Self.reciprocal(d.z))
        self.origin = origin
        self.direction = d
        self.reciprocal = r
        self.first = select(isSwapped, rowB, rowA)
        self.second = select(isSwapped, rowA, rowB)
        self.third = Vector3Lanes(select(isX, sz, zero), select(isY, sz, zero), select(isZ, sz, zero))
        let x = r.x .< 0
        let y = r.y .< 0
        let z = r.z .< 0
        let isShared = (x.all || !x.any) && (y.all || !y.any) && (z.all || !z.any)
        self.nearX = isShared ? (x.any ? 32 : 0) : -1
        self.nearY = y.any ? 96 : 64
        self.nearZ = z.any ? 160 : 128
        self.bounds = PacketBounds(origin, r)
    }

    @inline(__always) private static func reciprocal(_ d: FloatLanes) -> FloatLanes {
        let isTiny = d.magnitude .< 0x1.2725dep-60
        let huge = select(d .< 0, FloatLanes(-0x1.bc16d6p59), FloatLanes(0x1.bc16d6p59))
        return select(isTiny, huge, 1 / select(isTiny, FloatLanes(1), d))
    }

    /// The ray of one lane.
    @inline(__always) func ray(_ lane: Int) -> Ray {
        Ray(origin: self.origin[lane], direction: self.direction[lane])
    }

    // MARK: Boxes

    /// The children of a node that any ray may enter at up to `t`, as bits, and some that none does.
    ///
    /// Differences and products are rounded monotonically, so bounds over the packet bound every ray's own distances; no
    /// margin is needed. All children at once cost less than one child for all rays.
    @inline(__always) func children(of node: UnsafeRawPointer, within t: Float) -> UInt32 {
        guard self.nearX >= 0 else { return 0xff }
        return self.bounds.children(of: node, self.nearX, self.nearY, self.nearZ, within: t)
    }

    /// Where the rays enter a child, `far` where they leave it; entries do not go below `from`.
    @inline(__always) func entry(
        _ node: UnsafeRawPointer,
        _ child: Int,
        from: FloatLanes
    ) -> (near: FloatLanes, far: FloatLanes) {
        let at = node + 4 &* child
        if self.nearX >= 0 {
            let near = larger(
                larger(
                    (FloatLanes(at.load(fromByteOffset: self.nearX, as: Float.self)) - self.origin.x)
                        * self.reciprocal.x,
                    (FloatLanes(at.load(fromByteOffset: self.nearY, as: Float.self)) - self.origin.y)
                        * self.reciprocal.y
                ),
                larger(
                    (FloatLanes(at.load(fromByteOffset: self.nearZ, as: Float.self)) - self.origin.z)
                        * self.reciprocal.z,
                    from
                )
            )
            let far = smaller(
                smaller(
                    (FloatLanes(at.load(fromByteOffset: self.nearX ^ 32, as: Float.self)) - self.origin.x)
                        * self.reciprocal.x,
                    (FloatLanes(at.load(fromByteOffset: self.nearY ^ 32, as: Float.self)) - self.origin.y)
                        * self.reciprocal.y
                ),
                (FloatLanes(at.load(fromByteOffset: self.nearZ ^ 32, as: Float.self)) - self.origin.z)
                    * self.reciprocal.z
            )
            return (near, far)
        }
        var near = from
        var far = FloatLanes(.infinity)
        self.clip(at, 0, self.origin.x, self.reciprocal.x, &near, &far)
        self.clip(at, 64, self.origin.y, self.reciprocal.y, &near, &far)
        self.clip(at, 128, self.origin.z, self.reciprocal.z, &near, &far)
        return (near, far)
    }

    @inline(__always) private func clip(
        _ at: UnsafeRawPointer,
        _ row: Int,
        _ origin: FloatLanes,
        _ reciprocal: FloatLanes,
        _ near: inout FloatLanes,
        _ far: inout FloatLanes
    ) {
        let t0 = (FloatLanes(at.load(fromByteOffset: row, as: Float.self)) - origin) * reciprocal
        let t1 = (FloatLanes(at.load(fromByteOffset: row &+ 32, as: Float.self)) - origin) * reciprocal
        near = larger(near, smaller(t0, t1))
        far = smaller(far, larger(t0, t1))
    }
}

/// Intervals that hold the origins and the reciprocals of all rays of a packet, for eight boxes at a time.
private struct PacketBounds: BitwiseCopyable {
    private let originLow: Vector3
    private let originHigh: Vector3
    private let reciprocalLow: Vector3
    private let reciprocalHigh: Vector3

    @inline(__always) init(_ origin: Vector3Lanes, _ reciprocal: Vector3Lanes) {
        self.originLow = Vector3(origin.x.least, origin.y.least, origin.z.least)
        self.originHigh = Vector3(origin.x.greatest, origin.y.greatest, origin.z.greatest)
        self.reciprocalLow = Vector3(reciprocal.x.least, reciprocal.y.least, reciprocal.z.least)
        self.reciprocalHigh = Vector3(reciprocal.x.greatest, reciprocal.y.greatest, reciprocal.z.greatest)
    }

    @inline(__always) func children(
        of node: UnsafeRawPointer,
        _ nearX: Int,
        _ nearY: Int,
        _ nearZ: Int,
        within t: Float
    ) -> UInt32 {
        let near = cvector_max8(
            cvector_max8(
                least(node, nearX, self.originLow.x, self.originHigh.x, self.reciprocalLow.x, self.reciprocalHigh.x),
                least(node, nearY, self.originLow.y, self.originHigh.y, self.reciprocalLow.y, self.reciprocalHigh.y)
            ),
            cvector_max8(
                least(node, nearZ, self.originLow.z, self.originHigh.z, self.reciprocalLow.z, self.reciprocalHigh.z),
                SIMD8(repeating: 0)
            )
        )
        let far = cvector_min8(
            cvector_min8(
                most(
                    node,
                    nearX ^ 32,
                    self.originLow.x,
                    self.originHigh.x,
                    self.reciprocalLow.x,
                    self.reciprocalHigh.x
                ),
                most(node, nearY ^ 32, self.originLow.y, self.originHigh.y, self.reciprocalLow.y, self.reciprocalHigh.y)
            ),
            most(node, nearZ ^ 32, self.originLow.z, self.originHigh.z, self.reciprocalLow.z, self.reciprocalHigh.z)
        )
        let slack = SIMD8<Float>(repeating: 0x1.0000a8p0)
        return cvector_mask_le8(near, cvector_min8(far * slack, SIMD8(repeating: t)))
    }

    /// The least product that any ray of the packet finds; the reciprocals of an axis have one sign.
    @inline(__always) private func least(
        _ node: UnsafeRawPointer,
        _ offset: Int,
        _ low: Float,
        _ high: Float,
        _ reciprocalLow: Float,
        _ reciprocalHigh: Float
    ) -> SIMD8<Float> {
        let origin = SIMD8<Float>(repeating: reciprocalLow < 0 ? low : high)
        let d = node.load(fromByteOffset: offset, as: SIMD8<Float>.self) - origin
        return cvector_min8(d * SIMD8(repeating: reciprocalLow), d * SIMD8(repeating: reciprocalHigh))
    }

    @inline(__always) private func most(
        _ node: UnsafeRawPointer,
        _ offset: Int,
        _ low: Float,
        _ high: Float,
        _ reciprocalLow: Float,
        _ reciprocalHigh: Float
    ) -> SIMD8<Float> {
        let origin = SIMD8<Float>(repeating: reciprocalLow < 0 ? high : low)
        let d = node.load(fromByteOffset: offset, as: SIMD8<Float>.self) - origin
        return cvector_max8(d * SIMD8(repeating: reciprocalLow), d * SIMD8(repeating: reciprocalHigh))
    }
}
