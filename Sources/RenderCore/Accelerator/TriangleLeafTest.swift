import CVector

/// A ray's constants for triangle tests, four triangles at a time.
struct TriangleLeafTest {
    private typealias Four = SIMD4<Float>

    private let ox: SIMD4<Float>
    private let oy: SIMD4<Float>
    private let oz: SIMD4<Float>
    private let sx: SIMD4<Float>
    private let sy: SIMD4<Float>
    private let sz: SIMD4<Float>
    private let rx: SIMD4<Float>
    private let ry: SIMD4<Float>
    private let rz: SIMD4<Float>
    private let padding: SIMD4<Float>
    /// Byte offsets of the renamed axes.
    private let kx: Int
    private let ky: Int
    private let kz: Int

    @inline(__always) init(_ ray: borrowing RaySetup, padding: Float) {
        self.ox = SIMD4(repeating: ray.renamedOrigin.x)
        self.oy = SIMD4(repeating: ray.renamedOrigin.y)
        self.oz = SIMD4(repeating: ray.renamedOrigin.z)
        self.sx = SIMD4(repeating: ray.sx)
        self.sy = SIMD4(repeating: ray.sy)
        self.sz = SIMD4(repeating: ray.sz)
        self.rx = SIMD4(repeating: ray.renamedReciprocal.x)
        self.ry = SIMD4(repeating: ray.renamedReciprocal.y)
        self.rz = SIMD4(repeating: ray.renamedReciprocal.z)
        self.padding = SIMD4(repeating: padding)
        self.kx = 16 &* ray.kx
        self.ky = 16 &* ray.ky
        self.kz = 16 &* ray.kz
    }

    /// The triangles of a block that ``intersect(_:renamed:_:_:padding:tMax:)`` finds, by the same operations four at a time.
    ///
    /// - Parameter results: 64 bytes for t, v, w and the determinant of the `hit` ones.
    /// - Returns: as bits, the triangles that are hit, and those whose edge functions have a zero: they must be looked at
    ///   one by one.
    @inline(__always) func test(
        _ block: UnsafeRawPointer,
        tMax: Float,
        results: UnsafeMutableRawPointer
    ) -> (hit: UInt32, undecided: UInt32) {
        let pax = row(block, self.kx)
        let pay = row(block, self.ky)
        let paz = row(block, self.kz)
        let pbx = row(block + 48, self.kx)
        let pby = row(block + 48, self.ky)
        let pbz = row(block + 48, self.kz)
        let pcx = row(block + 96, self.kx)
        let pcy = row(block + 96, self.ky)
        let pcz = row(block + 96, self.kz)
        let az = paz - self.oz
        let bz = pbz - self.oz
        let cz = pcz - self.oz
        let ax = (pax - self.ox) - self.sx * az
        let ay = (pay - self.oy) - self.sy * az
        let bx = (pbx - self.ox) - self.sx * bz
        let by = (pby - self.oy) - self.sy * bz
        let cx = (pcx - self.ox) - self.sx * cz
        let cy = (pcy - self.oy) - self.sy * cz
        let u = cx * by - cy * bx
        let v = ax * cy - ay * cx
        let w = bx * ay - by * ax
        let zero = Four(repeating: 0)
        let least = cvector_min4(cvector_min4(u, v), w)
        let most = cvector_max4(cvector_max4(u, v), w)
        let isZero = cvector_or4(cvector_or4(cvector_eq4(u, zero), cvector_eq4(v, zero)), cvector_eq4(w, zero))
        let isInside = cvector_or4(cvector_le4(zero, least), cvector_le4(most, zero))
        let undecided = cvector_mask4(isZero)
        guard cvector_mask4(isInside) & ~undecided != 0 else { return (0, undecided) }
        let limit = Four(repeating: tMax)
        let det = (u + v) + w
        let t = ((u * (self.sz * az) + v * (self.sz * bz)) + w * (self.sz * cz)) / det
        let isNear = cvector_and4(isInside, cvector_and4(cvector_le4(zero, t), cvector_le4(t, limit)))
        guard cvector_mask4(isNear) & ~undecided != 0 else { return (0, undecided) }
        var near = zero
        var far = Four(repeating: .infinity)
        clip(pax, pbx, pcx, self.ox, self.rx, &near, &far)
        clip(pay, pby, pcy, self.oy, self.ry, &near, &far)
        clip(paz, pbz, pcz, self.oz, self.rz, &near, &far)
        let clamped = cvector_max4(t, near)
        let isEntered = cvector_le4(near, far * Four(repeating: 0x1.0000a8p0))
        let hit = cvector_and4(isNear, cvector_and4(isEntered, cvector_le4(clamped, limit)))
        results.storeBytes(of: clamped, as: Four.self)
        results.storeBytes(of: v, toByteOffset: 16, as: Four.self)
        results.storeBytes(of: w, toByteOffset: 32, as: Four.self)
        results.storeBytes(of: det, toByteOffset: 48, as: Four.self)
        return (cvector_mask4(hit) & ~undecided, undecided)
    }

    @inline(__always) private func clip(
        _ a: SIMD4<Float>,
        _ b: SIMD4<Float>,
        _ c: SIMD4<Float>,
        _ origin: SIMD4<Float>,
        _ reciprocal: SIMD4<Float>,
        _ near: inout SIMD4<Float>,
        _ far: inout SIMD4<Float>
    ) {
        let t0 = ((cvector_min4(cvector_min4(a, b), c) - self.padding) - origin) * reciprocal
        let t1 = ((cvector_max4(cvector_max4(a, b), c) + self.padding) - origin) * reciprocal
        near = cvector_max4(near, cvector_min4(t0, t1))
        far = cvector_min4(far, cvector_max4(t0, t1))
    }

    @inline(__always) private func row(_ block: UnsafeRawPointer, _ offset: Int) -> SIMD4<Float> {
        block.load(fromByteOffset: offset, as: SIMD4<Float>.self)
    }
}

extension TriangleHit {
    /// What ``TriangleLeafTest`` has written for a triangle whose lane begins at `lane`; the first weight is what is left.
    @inline(__always) init(_ lane: UnsafeRawPointer) {
        let v = lane.load(fromByteOffset: 16, as: Float.self)
        let w = lane.load(fromByteOffset: 32, as: Float.self)
        let det = lane.load(fromByteOffset: 48, as: Float.self)
        self.init(t: lane.load(as: Float.self), v: v, w: w, det: det)
    }
}

extension RaySetup {
    /// The exact test of the triangle whose lane begins at `lane` of a leaf block.
    @inline(__always) func test(_ lane: UnsafeRawPointer, padding: Float, tMax: Float) -> TriangleHit? {
        let x = lane + 16 &* self.kx
        let y = lane + 16 &* self.ky
        let z = lane + 16 &* self.kz
        return intersect(
            self,
            renamed: corner(x, y, z, 0),
            corner(x, y, z, 48),
            corner(x, y, z, 96),
            padding: padding,
            tMax: tMax
        )
    }
}

@inline(__always) private func corner(
    _ x: UnsafeRawPointer,
    _ y: UnsafeRawPointer,
    _ z: UnsafeRawPointer,
    _ offset: Int
) -> Vector3 {
    Vector3(
        x.load(fromByteOffset: offset, as: Float.self),
        y.load(fromByteOffset: offset, as: Float.self),
        z.load(fromByteOffset: offset, as: Float.self)
    )
}
