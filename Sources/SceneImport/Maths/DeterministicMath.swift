/// Sine, cosine and arc tangent in Double that are equal on every machine, unlike those of the platform's library.
///
/// Arguments are reduced by pi/2 in two parts; series are taken far enough for an error below 1e-14 for arguments up to
/// a thousand turns, which scenes do not exceed.
package enum DeterministicMath {
    /// Sine and cosine of an angle in radians; an angle that is not finite or beyond 1e9 gives those of zero.
    package static func sineCosine(_ angle: Double) -> (sine: Double, cosine: Double) {
        guard angle.magnitude <= 1e9 else { return (0, 1) }
        let quarter = (angle * 0.636_619_772_367_581_4).rounded(.toNearestOrEven)
        // pi/2 as a double of 33 significant bits and the rest, so that the first product is exact.
        let r = (angle - quarter * 1.570_796_326_734_125_6) - quarter * 6.077_100_506_506_192e-11
        let r2 = r * r
        var sine = 0.0
        var cosine = 0.0
        // Horner over the Taylor series: |r| <= pi/4.
        for k in stride(from: 9, through: 1, by: -1) {
            let n = Double(2 * k)
            sine = -(1 + sine) * r2 / (n * (n + 1))
            cosine = -(1 + cosine) * r2 / (n * (n - 1))
        }
        let s = r * (1 + sine)
        let c = 1 + cosine
        switch Int(quarter) & 3 {
        case 0: return (s, c)
        case 1: return (c, -s)
        case 2: return (-s, -c)
        default: return (-c, s)
        }
    }

    /// Sine of an angle in radians.
    package static func sine(_ angle: Double) -> Double { self.sineCosine(angle).sine }

    /// Cosine of an angle in radians.
    package static func cosine(_ angle: Double) -> Double { self.sineCosine(angle).cosine }

    /// The angle of the vector (x, y) in -pi...pi; zero for the zero vector.
    package static func arcTangent(_ y: Double, _ x: Double) -> Double {
        let ax = x.magnitude
        let ay = y.magnitude
        let large = ax < ay ? ay : ax
        let small = ax < ay ? ax : ay
        guard large > 0, large.isFinite else { return 0 }
        var t = small / large
        // Twice the half-angle formula: t falls from 1 to 0.2.
        t = t / (1 + (1 + t * t).squareRoot())
        t = t / (1 + (1 + t * t).squareRoot())
        let t2 = t * t
        var series = 0.0
        for k in stride(from: 12, through: 0, by: -1) {
            series = 1 / Double(2 * k + 1) - t2 * series
        }
        var angle = 4 * t * series
        if ax < ay { angle = 1.570_796_326_794_896_6 - angle }
        if x < 0 { angle = 3.141_592_653_589_793 - angle }
        return y < 0 ? -angle : angle
    }
}
