/// The sine and cosine of `turns` full turns, |turns| up to 2^20: the operations of the scalar function in each lane.
@inline(__always) package func sinCos(turns: FloatLanes) -> (sin: FloatLanes, cos: FloatLanes) {
    let quadrant = floorToInt(turns * 4 + 0.5)
    let x = (turns - FloatLanes(quadrant) * 0.25) * FloatLanes(Pi.two)
    let z = x * x
    // Horner's scheme step by step: long expressions of literals take the type checker minutes.
    var s: FloatLanes = -0x1.a01a02p-13 + z * 0x1.71de3ap-19
    s = 0x1.111112p-7 + z * s
    s = -0x1.555556p-3 + z * s
    s = x + x * z * s
    var c: FloatLanes = -0x1.6c16c2p-10 + z * 0x1.a01a02p-16
    c = 0x1.555556p-5 + z * c
    c = -0.5 + z * c
    c = 1 + z * c
    // Quadrants 0, 1, 2, 3: (s, c), (c, -s), (-s, -c), (-c, s).
    let bits = UIntLanes(bitPattern: quadrant)
    let isOdd = (bits & 1) .!= 0
    let isLower = (bits & 2) .!= 0
    let isLeft = ((bits &+ 1) & 2) .!= 0
    let sine = select(isOdd, c, s)
    let cosine = select(isOdd, s, c)
    return (select(isLower, -sine, sine), select(isLeft, -cosine, cosine))
}
