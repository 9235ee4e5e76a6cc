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
