import CVector

// Where things are while the shutter is open: between where they are at its opening (time zero) and at its closing (one).
//
// Part of the definition of a hit: a difference, a product and a sum, each rounded, then moved back between the two ends
// should rounding have left them. So boxes around both ends hold everything between them exactly, without any margin.

@inline(__always) func between(_ open: Float, _ close: Float, _ time: Float) -> Float {
    larger(smaller(open, close), smaller(larger(open, close), open + (close - open) * time))
}

@inline(__always) func between(_ open: Vector3, _ close: Vector3, _ time: Float) -> Vector3 {
    Vector3(between(open.x, close.x, time), between(open.y, close.y, time), between(open.z, close.z, time))
}

/// The same for four numbers.
@inline(__always) func between(_ open: SIMD4<Float>, _ close: SIMD4<Float>, _ time: Float) -> SIMD4<Float> {
    cvector_max4(
        cvector_min4(open, close),
        cvector_min4(cvector_max4(open, close), open + (close - open) * SIMD4(repeating: time))
    )
}

/// The same for a time a lane.
@inline(__always) func between(_ open: Float, _ close: Float, _ time: FloatLanes) -> FloatLanes {
    let (a, b) = (FloatLanes(open), FloatLanes(close))
    return larger(smaller(a, b), smaller(larger(a, b), a + (b - a) * time))
}

@inline(__always) func between(_ open: Vector3, _ close: Vector3, _ time: FloatLanes) -> Vector3Lanes {
    Vector3Lanes(between(open.x, close.x, time), between(open.y, close.y, time), between(open.z, close.z, time))
}

/// A map whose twelve numbers are between those of two others: each point moves along a straight line.
func between(_ open: Affine, _ close: Affine, _ time: Float) -> Affine {
    Affine(
        x: between(open.x, close.x, time),
        y: between(open.y, close.y, time),
        z: between(open.z, close.z, time),
        offset: between(open.offset, close.offset, time)
    )
}

func between(_ open: Affine, _ close: Affine, _ time: FloatLanes) -> AffineLanes {
    AffineLanes(
        x: between(open.x, close.x, time),
        y: between(open.y, close.y, time),
        z: between(open.z, close.z, time),
        offset: between(open.offset, close.offset, time)
    )
}
