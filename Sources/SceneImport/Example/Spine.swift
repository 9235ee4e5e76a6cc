/// The curve that the dragon glides along, from its tail to beyond its head.
struct Spine {
    /// Where a piece of the body is.
    struct Place {
        /// +Z towards the head, +Y towards the fins of the back.
        var frame: Affine
        var radius: Double
    }

    /// Points of the curve and the direction of the back there.
    private static let controls: [(p: SIMD3<Double>, back: SIMD3<Double>)] = [
        (SIMD3(21, -3.5, -20), SIMD3(0, 1, 0)),
        (SIMD3(17.5, -1.6, -19), SIMD3(0.2, 1, 0)),
        (SIMD3(14.2, 2.2, -18), SIMD3(0.2, 1, 0)),
        (SIMD3(10.6, 2.6, -16.5), SIMD3(-0.2, 1, 0)),
        (SIMD3(7.2, -1.4, -15), SIMD3(-0.3, 1, 0)),
        (SIMD3(2.5, -4.6, -13), SIMD3(0, 1, 0)),
        (SIMD3(-4, -4.4, -11), SIMD3(-0.3, 1, 0)),
        (SIMD3(-9.6, -1.2, -9.5), SIMD3(-0.9, 0.5, 0.1)),
        (SIMD3(-11.6, 4.4, -9), SIMD3(-1, 0.1, 0.1)),
        (SIMD3(-9.2, 10, -9), SIMD3(-0.8, 0.7, 0)),
        (SIMD3(-3.4, 13, -8.6), SIMD3(-0.1, 1, 0)),
        (SIMD3(2.8, 12.2, -7.2), SIMD3(0.5, 0.9, 0)),
        (SIMD3(6.6, 8.9, -4.6), SIMD3(0.9, 0.5, -0.1)),
        (SIMD3(6.2, 5.9, -1.2), SIMD3(0.7, 0.7, -0.4)),
        (SIMD3(3, 5, 1.4), SIMD3(0.2, 1, -0.2)),
        (SIMD3(-0.6, 5.1, 2.7), SIMD3(-0.05, 1, 0.05)),
        (SIMD3(-4.4, 5.6, 3.6), SIMD3(0, 1, 0)),
        (SIMD3(-8, 6.2, 4), SIMD3(0, 1, 0)),
    ]

    private static let stepsPerPiece = 48

    /// Points at equal steps of the parameter, with the length until there.
    private let samples: [(p: SIMD3<Double>, back: SIMD3<Double>, length: Double)]
    /// Where the head begins in frame 1, and how far the body glides until the last frame.
    static let headStart = 71.6
    static let glide = 3.6

    init() {
        var samples: [(p: SIMD3<Double>, back: SIMD3<Double>, length: Double)] = []
        let c = Self.controls
        for i in 1 ..< c.count - 2 {
            for k in 0 ..< Self.stepsPerPiece {
                let t = Double(k) / Double(Self.stepsPerPiece)
                let p = Self.catmullRom(c[i - 1].p, c[i].p, c[i + 1].p, c[i + 2].p, t)
                let back = Self.catmullRom(c[i - 1].back, c[i].back, c[i + 1].back, c[i + 2].back, t)
                var length = 0.0
                if let last = samples.last {
                    let d = p - last.p
                    length = last.length + dot(d, d).squareRoot()
                }
                samples.append((p, back, length))
            }
        }
        self.samples = samples
    }

    /// The length of the curve.
    var length: Double { self.samples.last?.length ?? 0 }

    /// The place at a length from the curve's beginning, at a time from 0 to 1.
    func place(at length: Double, time: Double) -> SIMD3<Double> {
        let (p, back) = self.point(at: length)
        let ahead = self.point(at: length + 0.2).0
        let tangent = normalized(ahead - p, or: SIMD3(0, 0, 1))
        let side = normalized(cross(back, tangent), or: SIMD3(1, 0, 0))
        let wave = DeterministicMath.sine(length * 0.34 - time * 3.6) * 0.28
        return p + side * wave
    }

    /// Frame and place at a length.
    func frame(at length: Double, time: Double) -> Affine {
        let p = self.place(at: length, time: time)
        let z = normalized(
            self.place(at: length + 0.15, time: time) - self.place(at: length - 0.15, time: time),
            or: SIMD3(0, 0, 1)
        )
        let back = self.point(at: length).1
        let x = normalized(cross(back, z), or: SIMD3(1, 0, 0))
        return Affine(x: x, y: cross(z, x), z: z, translation: p)
    }

    private func point(at length: Double) -> (SIMD3<Double>, SIMD3<Double>) {
        var low = 0
        var high = self.samples.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if self.samples[middle].length <= length { low = middle } else { high = middle }
        }
        let a = self.samples[low]
        let b = self.samples[low + 1]
        let t = (length - a.length) / max(b.length - a.length, 1e-9)
        return (a.p * (1 - t) + b.p * t, a.back * (1 - t) + b.back * t)
    }

    private static func catmullRom(
        _ a: SIMD3<Double>,
        _ b: SIMD3<Double>,
        _ c: SIMD3<Double>,
        _ d: SIMD3<Double>,
        _ t: Double
    ) -> SIMD3<Double> {
        let linear = (c - a) * t
        let square = (a * 2 - b * 5 + c * 4 - d) * (t * t)
        let cube = (b * 3 - a - c * 3 + d) * (t * t * t)
        return b + (linear + square + cube) * 0.5
    }
}
