/// What passes through three optical depths.
@inline(__always) func transmittance(_ depth: Vector3) -> Vector3 {
    Vector3(decay(depth.x), decay(depth.y), decay(depth.z))
}
