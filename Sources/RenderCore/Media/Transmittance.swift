/// What passes through three optical depths.
@inline(__always) func transmittance(_ depth: Vector3) -> Vector3 {
    Vector3(decay(depth.x), decay(depth.y), decay(depth.z))
}

/// The fraction of each colour that is left after `distance` metres at these coefficients of absorption; the same bits in
/// each lane.
@inline(__always) func transmittance(_ absorption: Vector3Lanes, _ distance: FloatLanes) -> Vector3Lanes {
    Vector3Lanes(decay(absorption.x * distance), decay(absorption.y * distance), decay(absorption.z * distance))
}
