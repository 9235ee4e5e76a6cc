/// The fraction of each colour that is left after `distance` metres inside a material (Beer and Lambert).
@inline(__always) func transmittance(_ material: UnsafePointer<MaterialData>, _ distance: Float) -> Vector3 {
    let a = material.pointee.absorption
    return Vector3(decay(a.x * distance), decay(a.y * distance), decay(a.z * distance))
}

/// The fraction of each colour that is left after `distance` metres at these coefficients of absorption; the same bits in
/// each lane.
@inline(__always) func transmittance(_ absorption: Vector3Lanes, _ distance: FloatLanes) -> Vector3Lanes {
    Vector3Lanes(decay(absorption.x * distance), decay(absorption.y * distance), decay(absorption.z * distance))
}
