/// A ray origin a few hundred units in the last place off the surface.
///
/// After C. Wächter and N. Binder, "A Fast and Robust Method for Avoiding Self-Intersection", Ray Tracing Gems, 2019.
@inline(__always) func offsetOrigin(_ p: Vector3Lanes, _ n: Vector3Lanes) -> Vector3Lanes {
    Vector3Lanes(offset(p.x, n.x), offset(p.y, n.y), offset(p.z, n.z))
}

@inline(__always) private func offset(_ p: FloatLanes, _ n: FloatLanes) -> FloatLanes {
    // |n| is at most one up to rounding, so this is in range.
    let steps = IntLanes(truncating: clamped(n, -1, 1) * 256)
    let moved = IntLanes(bitPattern: p.bitPattern) + select(p .< 0, -steps, steps)
    let far = FloatLanes(bitPattern: UIntLanes(bitPattern: moved))
    return select(p.magnitude .< 0x1p-5, p + n * 0x1p-16, far)
}
