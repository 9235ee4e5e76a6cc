/// An affine map as three rows of four: point' = rows times (x, y, z, 1).
public struct Transform: Sendable, Hashable {
    /// The row that makes x.
    public var x: SIMD4<Float>
    /// The row that makes y.
    public var y: SIMD4<Float>
    /// The row that makes z.
    public var z: SIMD4<Float>

    /// Creates a map from its rows; by default the identity.
    public init(
        x: SIMD4<Float> = SIMD4(1, 0, 0, 0),
        y: SIMD4<Float> = SIMD4(0, 1, 0, 0),
        z: SIMD4<Float> = SIMD4(0, 0, 1, 0)
    ) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// Creates a translation after an equal scaling of all axes.
    public init(translation: SIMD3<Float>, scale: Float = 1) {
        self.init(
            x: SIMD4(scale, 0, 0, translation.x),
            y: SIMD4(0, scale, 0, translation.y),
            z: SIMD4(0, 0, scale, translation.z)
        )
    }

    /// Creates the pose of something at `eye` that looks along its -Z at `target`, with `up` roughly upwards.
    ///
    /// Points that leave the direction undefined give the identity rotation.
    public init(eye: SIMD3<Float>, target: SIMD3<Float>, up: SIMD3<Float> = SIMD3(0, 1, 0)) {
        let e = Vector3(eye)
        let back = (e - Vector3(target)).normalized(or: Vector3(0, 0, 1))
        let right = cross(Vector3(up), back).normalized(or: Vector3(1, 0, 0))
        let top = cross(back, right)
        self.init(
            x: SIMD4(right.x, top.x, back.x, e.x),
            y: SIMD4(right.y, top.y, back.y, e.y),
            z: SIMD4(right.z, top.z, back.z, e.z)
        )
    }
}
