// Elementary functions from + - * / and square roots alone, so that every machine gets the same bits.
//
// Coefficients are hexadecimal or quotients of small integers: both are read exactly everywhere, whereas a decimal
// literal passes through different intermediate formats on different processors.

/// Pi and its relatives, rounded to binary32.
enum Pi {
    @inline(__always) static var one: Float { 0x1.921fb6p1 }
    @inline(__always) static var two: Float { 0x1.921fb6p2 }
    @inline(__always) static var half: Float { 0x1.921fb6p0 }
    @inline(__always) static var quarter: Float { 0x1.921fb6p-1 }
    /// 1 / pi.
    @inline(__always) static var inverse: Float { 0x1.45f306p-2 }
    /// 1 / (2 pi).
    @inline(__always) static var inverseOfTwo: Float { 0x1.45f306p-3 }
    /// 1 / (4 pi).
    @inline(__always) static var inverseOfFour: Float { 0x1.45f306p-4 }
}

/// The largest integer that is at most `x`, as an integer, for |x| up to 2^30; beyond that, and for what is not a
/// number, zero.
@inline(__always) package func floorToInt(_ x: Float) -> Int {
    guard x.magnitude <= 0x1p30 else { return 0 }
    let truncated = Int32(x)
    return Int(truncated) &- (Float(truncated) > x ? 1 : 0)
}

/// `x` rounded towards zero as an index 0...`last`, whatever `x` is.
@inline(__always) func index(_ x: Float, last: Int) -> Int {
    guard x > 0 else { return 0 }
    guard x < 0x1p30 else { return last }
    let i = Int(Int32(x))
    return i < last ? i : last
}

/// The sine and cosine of `turns` full turns, |turns| up to 2^20; the error is below 2^-22.
@inline(__always) package func sinCos(turns: Float) -> (sin: Float, cos: Float) {
    let quadrant = floorToInt(turns * 4 + 0.5)
    // Exact: both are multiples of the last place of `turns`.
    let x = (turns - Float(quadrant) * 0.25) * Pi.two
    let z = x * x
    let s = x + x * z * (-0x1.555556p-3 + z * (0x1.111112p-7 + z * (-0x1.a01a02p-13 + z * 0x1.71de3ap-19)))
    let c = 1 + z * (-0.5 + z * (0x1.555556p-5 + z * (-0x1.6c16c2p-10 + z * 0x1.a01a02p-16)))
    switch quadrant & 3 {
    case 0: return (s, c)
    case 1: return (c, -s)
    case 2: return (-s, -c)
    default: return (-c, s)
    }
}

/// The sine and cosine of an angle in radians, |angle| up to about 10^6.
package func sinCos(radians: Float) -> (sin: Float, cos: Float) {
    let turns = Double(radians) * 0x1.45f306dc9c883p-3
    guard turns.magnitude < 0x1p30 else { return (0, 1) }
    return sinCos(turns: Float(turns - Double(Int64(turns))))
}

/// The arc tangent of a number in 0...1.
@inline(__always) private func arcTangentOfFraction(_ a: Float) -> Float {
    let isLarge = a > 0x1.a8279ap-2
    let x = isLarge ? (a - 1) / (a + 1) : a
    let z = x * x
    // Cephes' atanf.
    let p = ((0x1.49e1a2p-4 * z - 0x1.1c370ap-3) * z + 0x1.9924bep-3) * z - 0x1.555454p-2
    let r = p * z * x + x
    return isLarge ? Pi.quarter + r : r
}

/// The angle of the point (x, y) in -pi...pi; zero for the origin.
@inline(__always) package func arcTangent(y: Float, x: Float) -> Float {
    let ax = x.magnitude
    let ay = y.magnitude
    let isSteep = ay > ax
    let high = isSteep ? ay : ax
    guard high > 0 else { return 0 }
    var r = arcTangentOfFraction((isSteep ? ax : ay) / high)
    r = isSteep ? Pi.half - r : r
    r = x < 0 ? Pi.one - r : r
    return y < 0 ? -r : r
}

/// The arc cosine; the argument is moved into -1...1 first.
@inline(__always) package func arcCosine(_ x: Float) -> Float {
    let c = clamped(x, -1, 1)
    return arcTangent(y: ((1 - c) * (1 + c)).squareRoot(), x: c)
}

/// e to the power of `x`; 0 below -700, 2^1000 above 690.
package func exponential(_ x: Double) -> Double {
    guard x > -700 else { return 0 }
    guard x < 690 else { return 0x1p1000 }
    let scaled = x * 0x1.71547652b82fep0
    let k = Int64(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    let r = x - Double(k) * 0x1.62e42fefa39efp-1
    var sum = 1.0
    var n = 14.0
    while n >= 1 {
        sum = 1 + sum * (r / n)
        n -= 1
    }
    return sum * Double(bitPattern: UInt64(bitPattern: k &+ 1023) &<< 52)
}

/// e to the power of minus `x`, from single-precision operations; 1 for negative numbers, 0 from 87 on.
///
/// The error is below 2^-22 of the value.
@inline(__always) package func decay(_ x: Float) -> Float {
    let x = clamped(x, 0, 87)
    let k = floorToInt(x * 0x1.715476p0 + 0.5)
    // The logarithm of two in two parts, the first of few digits so that its multiples are exact.
    let r = (Float(k) * 0x1.62e4p-1 - x) + Float(k) * 0x1.7f7d1cp-20
    var sum: Float = 0x1.111112p-7 + r * 0x1.6c16c2p-10
    sum = 0x1.555556p-5 + r * sum
    sum = 0x1.555556p-3 + r * sum
    sum = 0.5 + r * sum
    sum = 1 + r * sum
    sum = 1 + r * sum
    let power = Float(bitPattern: UInt32(truncatingIfNeeded: 127 &- k) &<< 23)
    return x < 87 ? sum * power : 0
}

/// The natural logarithm of a positive normal number; others give -1000.
package func logarithm(_ x: Double) -> Double {
    guard x >= 0x1p-1022, x < Double.infinity else { return -1000 }
    var exponent = Int64(x.bitPattern &>> 52) &- 1023
    var m = Double(bitPattern: (x.bitPattern & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000)
    if m > 1.5 {
        m *= 0.5
        exponent &+= 1
    }
    let s = (m - 1) / (m + 1)
    let z = s * s
    var sum = 0.0
    var n = 27.0
    while n >= 1 {
        sum = 1 / n + z * sum
        n -= 2
    }
    return 2 * s * sum + Double(exponent) * 0x1.62e42fefa39efp-1
}

/// The natural logarithm of a positive normal number, with an error below 2^-21 of the larger of it and one; others give
/// -100.
@inline(__always) package func logarithm(single x: Float) -> Float {
    guard x >= 0x1p-126, x < Float.infinity else { return -100 }
    let bits = x.bitPattern
    var exponent = Int32(truncatingIfNeeded: bits &>> 23) &- 127
    var m = Float(bitPattern: (bits & 0x007f_ffff) | 0x3f80_0000)
    if m > 0x1.6a09e6p0 {
        m *= 0.5
        exponent &+= 1
    }
    let s = (m - 1) / (m + 1)
    let z = s * s
    var sum: Float = 0x1.249248p-3 + z * 0x1.c71c72p-4
    sum = 0x1.99999ap-3 + z * sum
    sum = 0x1.555556p-2 + z * sum
    return 2 * s * (1 + z * sum) + Float(exponent) * 0x1.62e43p-1
}

/// A positive base to any power; zero for other bases.
package func power(_ base: Double, _ exponent: Double) -> Double {
    base > 0 ? exponential(logarithm(base) * exponent) : 0
}
