/// e to the power of minus `x`: the operations of the scalar function in each lane.
@inline(__always) package func decay(_ x: FloatLanes) -> FloatLanes {
    let x = clamped(x, 0, 87)
    let k = floorToInt(x * 0x1.715476p0 + 0.5)
    let whole = FloatLanes(k)
    let r = (whole * 0x1.62e4p-1 - x) + whole * 0x1.7f7d1cp-20
    var sum: FloatLanes = 0x1.111112p-7 + r * 0x1.6c16c2p-10
    sum = 0x1.555556p-5 + r * sum
    sum = 0x1.555556p-3 + r * sum
    sum = 0.5 + r * sum
    sum = 1 + r * sum
    sum = 1 + r * sum
    let power = FloatLanes(bitPattern: UIntLanes(bitPattern: 127 - k) &<< 23)
    return select(x .< 87, sum * power, 0)
}

/// The natural logarithm of a positive normal number: the operations of the scalar function in each lane.
@inline(__always) package func logarithm(single x: FloatLanes) -> FloatLanes {
    let bits = x.bitPattern
    let exponent = FloatLanes(IntLanes(bitPattern: bits &>> 23) - 127)
    let mantissa = FloatLanes(bitPattern: (bits & 0x007f_ffff) | 0x3f80_0000)
    let isHigh = mantissa .> 0x1.6a09e6p0
    let m = select(isHigh, mantissa * 0.5, mantissa)
    let s = (m - 1) / (m + 1)
    let z = s * s
    var sum: FloatLanes = 0x1.249248p-3 + z * 0x1.c71c72p-4
    sum = 0x1.99999ap-3 + z * sum
    sum = 0x1.555556p-2 + z * sum
    let whole = exponent + select(isHigh, 1, 0)
    let isNormal = (x .>= 0x1p-126) .& (x .<= FloatLanes(.greatestFiniteMagnitude))
    return select(isNormal, 2 * s * (1 + z * sum) + whole * 0x1.62e43p-1, -100)
}

/// e to the power of `x`; what overflows is 2^125.
@inline(__always) package func exponential(_ x: FloatLanes) -> FloatLanes {
    let power = decay(x.magnitude)
    return select(x .< 0, power, 1 / larger(power, 0x1p-125))
}

/// A base in 0...1 to the power of a number that is not negative.
@inline(__always) package func fractionPower(_ base: FloatLanes, _ exponent: FloatLanes) -> FloatLanes {
    select(base .> 0x1p-126, decay(-(logarithm(single: base) * exponent)), 0)
}

/// The arc tangents of numbers in 0...1.
@inline(__always) private func arcTangentOfFraction(_ a: FloatLanes) -> FloatLanes {
    let isLarge = a .> 0x1.a8279ap-2
    let x = select(isLarge, (a - 1) / (a + 1), a)
    let z = x * x
    var p: FloatLanes = 0x1.49e1a2p-4 * z - 0x1.1c370ap-3
    p = p * z + 0x1.9924bep-3
    p = p * z - 0x1.555454p-2
    let r = p * z * x + x
    return select(isLarge, FloatLanes(Pi.quarter) + r, r)
}

/// The angle of the point (x, y) in -pi...pi: the operations of the scalar function in each lane.
@inline(__always) package func arcTangent(y: FloatLanes, x: FloatLanes) -> FloatLanes {
    let ax = x.magnitude
    let ay = y.magnitude
    let isSteep = ay .> ax
    let high = select(isSteep, ay, ax)
    var r = arcTangentOfFraction(select(isSteep, ax, ay) / high)
    r = select(isSteep, FloatLanes(Pi.half) - r, r)
    r = select(x .< 0, FloatLanes(Pi.one) - r, r)
    return select(high .> 0, select(y .< 0, -r, r), 0)
}

/// The arc cosine; the argument is moved into -1...1 first.
@inline(__always) package func arcCosine(_ x: FloatLanes) -> FloatLanes {
    let c = clamped(x, -1, 1)
    return arcTangent(y: ((1 - c) * (1 + c)).squareRoot(), x: c)
}

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
