/// Uniform points of the unit disk: those of the scalar function.
@inline(__always) func diskPoint(_ u: FloatLanes, _ v: FloatLanes) -> (x: FloatLanes, y: FloatLanes) {
    let a = 2 * u - 1
    let b = 2 * v - 1
    let isFlat = a.magnitude .> b.magnitude
    let radius = select(isFlat, a, b)
    let isOrigin = radius .== 0
    let ratio = select(isFlat, b, a) / select(isOrigin, 1, radius)
    let turns = select(isFlat, ratio * 0.125, 0.25 - ratio * 0.125)
    let (s, c) = sinCos(turns: turns)
    return (radius * c, radius * s)
}

/// Directions about +Z with a density of cosine over pi.
@inline(__always) func cosineDirection(_ u: FloatLanes, _ v: FloatLanes) -> Vector3Lanes {
    let (x, y) = diskPoint(u, v)
    return Vector3Lanes(x, y, larger(0, 1 - (x * x + y * y)).squareRoot())
}

/// An orthonormal frame around a unit normal a lane.
///
/// After T. Duff et al., JCGT 6(1), 2017.
struct ShadingFrameLanes: BitwiseCopyable {
    let tangent: Vector3Lanes
    let bitangent: Vector3Lanes
    let normal: Vector3Lanes

    @inline(__always) init(normal n: Vector3Lanes) {
        let sign: FloatLanes = select(n.z .< 0, -1, 1)
        let a = -1 / (sign + n.z)
        let b = n.x * n.y * a
        self.tangent = Vector3Lanes(1 + sign * n.x * n.x * a, sign * b, -sign * n.x)
        self.bitangent = Vector3Lanes(b, sign + n.y * n.y * a, -n.y)
        self.normal = n
    }

    @inline(__always) func toLocal(_ w: Vector3Lanes) -> Vector3Lanes {
        Vector3Lanes(dot(w, self.tangent), dot(w, self.bitangent), dot(w, self.normal))
    }

    @inline(__always) func toWorld(_ w: Vector3Lanes) -> Vector3Lanes {
        (self.tangent * w.x + self.bitangent * w.y) + self.normal * w.z
    }
}
