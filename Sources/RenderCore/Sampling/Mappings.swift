/// Uniform points of the unit disk.
///
/// After P. Shirley and K. Chiu 1997, concentric.
@inline(__always) package func diskPoint(_ u: Float, _ v: Float) -> (x: Float, y: Float) {
    let a = 2 * u - 1
    let b = 2 * v - 1
    guard a != 0 || b != 0 else { return (0, 0) }
    if a.magnitude > b.magnitude {
        let (s, c) = sinCos(turns: (b / a) * 0.125)
        return (a * c, a * s)
    }
    let (s, c) = sinCos(turns: 0.25 - (a / b) * 0.125)
    return (b * c, b * s)
}

/// Directions about +Z with a density of cosine over pi.
@inline(__always) func cosineDirection(_ u: Float, _ v: Float) -> Vector3 {
    let (x, y) = diskPoint(u, v)
    return Vector3(x, y, larger(0, 1 - (x * x + y * y)).squareRoot())
}

/// A point of -1...1 with the density of a tent.
@inline(__always) package func tentPoint(_ u: Float) -> Float {
    u < 0.5 ? (2 * u).squareRoot() - 1 : 1 - (2 - 2 * u).squareRoot()
}

/// An orthonormal frame around a unit normal.
///
/// After T. Duff et al., JCGT 6(1), 2017.
struct ShadingFrame {
    let tangent: Vector3
    let bitangent: Vector3
    let normal: Vector3

    @inline(__always) init(normal n: Vector3) {
        let sign: Float = n.z < 0 ? -1 : 1
        let a = -1 / (sign + n.z)
        let b = n.x * n.y * a
        self.tangent = Vector3(1 + sign * n.x * n.x * a, sign * b, -sign * n.x)
        self.bitangent = Vector3(b, sign + n.y * n.y * a, -n.y)
        self.normal = n
    }

    @inline(__always) func toLocal(_ w: Vector3) -> Vector3 {
        Vector3(dot(w, self.tangent), dot(w, self.bitangent), dot(w, self.normal))
    }

    @inline(__always) func toWorld(_ w: Vector3) -> Vector3 {
        (self.tangent * w.x + self.bitangent * w.y) + self.normal * w.z
    }
}
