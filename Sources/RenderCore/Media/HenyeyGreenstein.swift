/// How particles turn light, by one number.
///
/// The phase function of L. Henyey and J. Greenstein 1941.
///
/// `g` is the mean cosine between the directions before and after, -1 < g < 1: zero sends light everywhere alike.
enum HenyeyGreenstein {
    /// The density per solid angle of a turn by `cosine`, the cosine between travelling before and after.
    @inline(__always) static func value(_ cosine: Float, _ g: Float) -> Float {
        let d = (1 + g * g) - 2 * g * cosine
        let positive = larger(d, 0x1p-40)
        return Pi.inverseOfFour * (1 - g * g) / (positive * positive.squareRoot())
    }

    /// A direction after travelling along `w`, of unit length; its density is ``value(_:_:)``.
    @inline(__always) static func direction(_ w: Vector3, _ g: Float, _ u: Float, _ v: Float) -> Vector3 {
        var cosine = 1 - 2 * u
        if g.magnitude > 0x1p-10 {
            let s = (1 - g * g) / (1 + g * cosine)
            cosine = clamped((1 + g * g - s * s) / (2 * g), -1, 1)
        }
        let sine = larger(0, (1 - cosine) * (1 + cosine)).squareRoot()
        let (s, c) = sinCos(turns: v)
        // An orthonormal frame around the old direction, after T. Duff et al., JCGT 6(1), 2017.
        let sign: Float = w.z < 0 ? -1 : 1
        let a = -1 / (sign + w.z)
        let b = w.x * w.y * a
        let tangent = Vector3(1 + sign * w.x * w.x * a, sign * b, -sign * w.x)
        let bitangent = Vector3(b, sign + w.y * w.y * a, -w.y)
        return ((tangent * (sine * c) + bitangent * (sine * s)) + w * cosine).normalized(or: w)
    }
}
