import CVector

/// A ray's constants for box tests, eight boxes at a time.
struct BoxTest {
    private let ox: SIMD8<Float>
    private let oy: SIMD8<Float>
    private let oz: SIMD8<Float>
    private let rx: SIMD8<Float>
    private let ry: SIMD8<Float>
    private let rz: SIMD8<Float>
    /// Byte offsets of the near planes; the far ones are 32 bytes beside.
    private let nearX: Int
    private let nearY: Int
    private let nearZ: Int

    @inline(__always) init(_ ray: RaySetup) {
        self.ox = SIMD8(repeating: ray.origin.x)
        self.oy = SIMD8(repeating: ray.origin.y)
        self.oz = SIMD8(repeating: ray.origin.z)
        self.rx = SIMD8(repeating: ray.reciprocal.x)
        self.ry = SIMD8(repeating: ray.reciprocal.y)
        self.rz = SIMD8(repeating: ray.reciprocal.z)
        self.nearX = Self.offset(ray.reciprocal.x)
        self.nearY = Self.offset(ray.reciprocal.y) &+ 64
        self.nearZ = Self.offset(ray.reciprocal.z) &+ 128
    }

    /// The children that the ray may enter at up to `t`, as bits; writes their entry distances.
    @inline(__always) func children(
        of node: UnsafeRawPointer,
        within t: Float,
        entries: UnsafeMutableRawPointer
    ) -> UInt32 {
        let near = cvector_max8(
            cvector_max8(
                (row(node, self.nearX) - self.ox) * self.rx,
                (row(node, self.nearY) - self.oy) * self.ry
            ),
            cvector_max8((row(node, self.nearZ) - self.oz) * self.rz, SIMD8(repeating: 0))
        )
        let far = cvector_min8(
            cvector_min8(
                (row(node, self.nearX ^ 32) - self.ox) * self.rx,
                (row(node, self.nearY ^ 32) - self.oy) * self.ry
            ),
            (row(node, self.nearZ ^ 32) - self.oz) * self.rz
        )
        entries.storeBytes(of: near, as: SIMD8<Float>.self)
        let slack = SIMD8<Float>(repeating: 0x1.0000a8p0)
        return cvector_mask_le8(near, cvector_min8(far * slack, SIMD8(repeating: t)))
    }

    /// 32 for directions below zero; without a branch, for nothing could predict it.
    @inline(__always) private static func offset(_ reciprocal: Float) -> Int {
        Int(truncatingIfNeeded: reciprocal.bitPattern &>> 31) &<< 5
    }

    @inline(__always) private func row(_ node: UnsafeRawPointer, _ offset: Int) -> SIMD8<Float> {
        node.load(fromByteOffset: offset, as: SIMD8<Float>.self)
    }
}
