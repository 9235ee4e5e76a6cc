extension HenyeyGreenstein {
    /// Directions after travelling along `w`, of unit length: those of the scalar function.
    @inline(__always) static func direction(
        _ w: Vector3Lanes,
        _ g: FloatLanes,
        _ u: FloatLanes,
        _ v: FloatLanes
    ) -> Vector3Lanes {
        let even = 1 - 2 * u
        let isTurning = g.magnitude .> 0x1p-10
        let safe = select(isTurning, g, 1)
        let s = (1 - safe * safe) / larger(1 + safe * even, 0x1p-20)
        let turned = clamped((1 + safe * safe - s * s) / (2 * safe), -1, 1)
        let cosine = select(isTurning, turned, even)
        let sine = larger(0, (1 - cosine) * (1 + cosine)).squareRoot()
        let (y, x) = sinCos(turns: v)
        return ShadingFrameLanes(normal: w).toWorld(Vector3Lanes(sine * x, sine * y, cosine)).normalized(or: w)
    }

    /// The density per solid angle of turns by `cosine`: that of the scalar function.
    @inline(__always) static func value(_ cosine: FloatLanes, _ g: FloatLanes) -> FloatLanes {
        let d = larger((1 + g * g) - 2 * g * cosine, 0x1p-40)
        return FloatLanes(Pi.inverseOfFour) * (1 - g * g) / (d * d.squareRoot())
    }
}
