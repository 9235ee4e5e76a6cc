/// The values of one animated property over time (glTF 2.0, section 3.11 and appendix C).
struct Keyframes {
    enum Interpolation: String {
        case linear = "LINEAR"
        case step = "STEP"
        case cubicSpline = "CUBICSPLINE"
    }

    /// Seconds, growing, at least one.
    let times: [Float]
    /// For each time `width` numbers, or in cubic splines three times as many: in-tangent, value, out-tangent.
    let values: [Float]
    let width: Int
    let interpolation: Interpolation
    /// Whether the values are quaternions, which are interpolated on the sphere.
    let isRotation: Bool

    /// The value at a time in seconds; the first and the last one hold before and after.
    func value(at time: Double) -> SIMD4<Double> {
        let last = self.times.count - 1
        guard time > Double(self.times[0]), last > 0 else { return self.finished(self.key(0)) }
        guard time < Double(self.times[last]) else { return self.finished(self.key(last)) }
        // The last key that is not after the time.
        var low = 0
        var high = last
        while high - low > 1 {
            let middle = (low + high) / 2
            if Double(self.times[middle]) <= time { low = middle } else { high = middle }
        }
        let duration = Double(self.times[low + 1]) - Double(self.times[low])
        guard duration > 0 else { return self.finished(self.key(low + 1)) }
        let t = (time - Double(self.times[low])) / duration
        switch self.interpolation {
        case .step:
            return self.finished(self.key(low))
        case .linear where self.isRotation:
            return Quaternion.slerp(self.finished(self.key(low)), self.finished(self.key(low + 1)), t)
        case .linear:
            return self.key(low) * (1 - t) + self.key(low + 1) * t
        case .cubicSpline:
            let t2 = t * t
            let t3 = t2 * t
            let start = self.key(low) * (2 * t3 - 3 * t2 + 1)
            let leave = self.key(low, part: 2) * (duration * (t3 - 2 * t2 + t))
            let end = self.key(low + 1) * (3 * t2 - 2 * t3)
            let arrive = self.key(low + 1, part: 0) * (duration * (t3 - t2))
            return self.finished(((start + leave) + end) + arrive)
        }
    }

    private func finished(_ value: SIMD4<Double>) -> SIMD4<Double> {
        self.isRotation ? Quaternion.normalized(value) : value
    }

    private func key(_ i: Int, part: Int = 1) -> SIMD4<Double> {
        let start = self.interpolation == .cubicSpline ? (3 * i + part) * self.width : i * self.width
        var value = SIMD4<Double>.zero
        for k in 0 ..< self.width {
            value[k] = Double(self.values[start + k])
        }
        return value
    }
}

/// Rotations as x, y, z, w.
enum Quaternion {
    /// The rotation of length one; zero becomes no rotation.
    static func normalized(_ q: SIMD4<Double>) -> SIMD4<Double> {
        let length = self.dot(q, q).squareRoot()
        guard length > 1e-150, length.isFinite else { return SIMD4(0, 0, 0, 1) }
        return q / length
    }

    /// The rotation between two at an even speed, the short way.
    static func slerp(_ a: SIMD4<Double>, _ b: SIMD4<Double>, _ t: Double) -> SIMD4<Double> {
        var end = b
        var cosine = self.dot(a, b)
        if cosine < 0 {
            end = -b
            cosine = -cosine
        }
        guard cosine < 0.999_999 else {
            return self.normalized(a * (1 - t) + end * t)
        }
        let sine = (1 - cosine * cosine).squareRoot()
        let angle = DeterministicMath.arcTangent(sine, cosine)
        return self.normalized(
            a * (DeterministicMath.sine((1 - t) * angle) / sine) + end * (DeterministicMath.sine(t * angle) / sine)
        )
    }

    private static func dot(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> Double {
        ((a.x * b.x + a.y * b.y) + a.z * b.z) + a.w * b.w
    }
}
