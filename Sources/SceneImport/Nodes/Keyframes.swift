/// The values of one animated property over time (glTF 2.0, section 3.11 and appendix C).
struct Keyframes: Sendable {
    enum Interpolation: String {
        case linear = "LINEAR"
        case step = "STEP"
        case cubicSpline = "CUBICSPLINE"
    }

    /// Seconds, growing, at least one.
    let times: [Float]
    /// For each time ``width`` numbers, or in cubic splines three times as many: in-tangent, value, out-tangent.
    let values: [Float]
    let width: Int
    let interpolation: Interpolation
    /// Whether the values are quaternions, which are interpolated on the sphere.
    let isRotation: Bool

    /// The value of up to four numbers at a time in seconds; the first and the last one hold before and after.
    func value(at time: Double) -> SIMD4<Double> {
        let (low, t, duration) = self.place(of: time)
        var value = SIMD4<Double>.zero
        if self.isRotation, self.interpolation == .linear, t > 0 {
            return Quaternion.slerp(
                Quaternion.normalized(self.rotation(low)),
                Quaternion.normalized(self.rotation(low + 1)),
                t
            )
        }
        for k in 0 ..< min(self.width, 4) { value[k] = self.number(k, key: low, t: t, duration: duration) }
        return self.isRotation ? Quaternion.normalized(value) : value
    }

    /// The largest that each of up to four numbers is at any key.
    var largest: SIMD4<Double> {
        var result = SIMD4<Double>.zero
        for k in 0 ..< min(self.width, 4) {
            result[k] = self.times.indices.reduce(self.stored(k, key: 0)) { max($0, self.stored(k, key: $1)) }
        }
        return result
    }

    /// All numbers of the value at a time in seconds.
    func values(at time: Double) -> [Float] {
        let (low, t, duration) = self.place(of: time)
        return (0 ..< self.width).map { Float(self.number($0, key: low, t: t, duration: duration)) }
    }

    /// The last key that is not after a time, and how far on the way to the next one it is: 0 before the first key, at
    /// the last one and after it.
    private func place(of time: Double) -> (key: Int, t: Double, duration: Double) {
        let last = self.times.count - 1
        guard time > Double(self.times[0]), last > 0 else { return (0, 0, 0) }
        guard time < Double(self.times[last]) else { return (last, 0, 0) }
        var low = 0
        var high = last
        while high - low > 1 {
            let middle = (low + high) / 2
            if Double(self.times[middle]) <= time { low = middle } else { high = middle }
        }
        let duration = Double(self.times[low + 1]) - Double(self.times[low])
        guard duration > 0 else { return (low + 1, 0, 0) }
        return (low, (time - Double(self.times[low])) / duration, duration)
    }

    private func number(_ k: Int, key low: Int, t: Double, duration: Double) -> Double {
        guard t > 0, self.interpolation != .step else { return self.stored(k, key: low) }
        if self.interpolation == .linear {
            return self.stored(k, key: low) * (1 - t) + self.stored(k, key: low + 1) * t
        }
        let t2 = t * t
        let t3 = t2 * t
        let start = self.stored(k, key: low) * (2 * t3 - 3 * t2 + 1)
        let leave = self.stored(k, key: low, part: 2) * (duration * (t3 - 2 * t2 + t))
        let end = self.stored(k, key: low + 1) * (3 * t2 - 2 * t3)
        let arrive = self.stored(k, key: low + 1, part: 0) * (duration * (t3 - t2))
        return ((start + leave) + end) + arrive
    }

    private func stored(_ k: Int, key: Int, part: Int = 1) -> Double {
        let group = self.interpolation == .cubicSpline ? 3 * key + part : key
        return Double(self.values[group * self.width + k])
    }

    private func rotation(_ key: Int) -> SIMD4<Double> {
        SIMD4(self.stored(0, key: key), self.stored(1, key: key), self.stored(2, key: key), self.stored(3, key: key))
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
