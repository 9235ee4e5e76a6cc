/// A primitive of an instance for each lane; the largest numbers for none.
struct PrimitiveLanes: BitwiseCopyable {
    /// The instance's number in the scene.
    var instance: UIntLanes
    /// The primitive's number in the instance's mesh.
    var number: UIntLanes

    @inline(__always) static var none: PrimitiveLanes { PrimitiveLanes(instance: .none, number: .none) }
}

extension UIntLanes {
    /// No primitive.
    @inline(__always) static var none: UIntLanes { 0xffff_ffff }
}

/// Rays that are traced together.
struct RayLanes: BitwiseCopyable {
    var origin: Vector3Lanes
    /// Not zero; need not have unit length.
    var direction: Vector3Lanes
    /// How far to look, in lengths of `direction`.
    var farthest: FloatLanes
    /// The flat primitive that the ray leaves, which it cannot meet again.
    var skipped: PrimitiveLanes
    /// Decides which of the fractional holes of ``Material/AlphaMode/blend`` the ray sees.
    var key: UIntLanes
    /// When the ray is traced, 0...1 within the shutter's opening.
    var time: FloatLanes
    /// The lanes that have a ray; others may hold anything that is a number.
    var active: MaskLanes
}

/// Where rays meet the scene first.
struct HitLanes: BitwiseCopyable {
    /// In lengths of the direction; what `farthest` was where nothing is met.
    var distance: FloatLanes
    var primitive: PrimitiveLanes
    /// The weights of a triangle's second and third corner.
    var weight1: FloatLanes
    var weight2: FloatLanes
    /// The lanes that are active and meet something.
    var isHit: MaskLanes
}
