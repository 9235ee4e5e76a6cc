import RenderCore

/// An affine map in double precision: three columns and a translation.
struct Affine: Equatable {
    var x: SIMD3<Double>
    var y: SIMD3<Double>
    var z: SIMD3<Double>
    var translation: SIMD3<Double>

    static let identity = Affine(
        x: SIMD3(1, 0, 0),
        y: SIMD3(0, 1, 0),
        z: SIMD3(0, 0, 1),
        translation: .zero
    )

    init(x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>, translation: SIMD3<Double>) {
        self.x = x
        self.y = y
        self.z = z
        self.translation = translation
    }

    /// Scales, then rotates by a unit quaternion (x, y, z, w), then translates.
    init(translation: SIMD3<Double>, rotation q: SIMD4<Double>, scale: SIMD3<Double>) {
        self.x =
            SIMD3(1 - 2 * (q.y * q.y + q.z * q.z), 2 * (q.x * q.y + q.w * q.z), 2 * (q.x * q.z - q.w * q.y)) * scale.x
        self.y =
            SIMD3(2 * (q.x * q.y - q.w * q.z), 1 - 2 * (q.x * q.x + q.z * q.z), 2 * (q.y * q.z + q.w * q.x)) * scale.y
        self.z =
            SIMD3(2 * (q.x * q.z + q.w * q.y), 2 * (q.y * q.z - q.w * q.x), 1 - 2 * (q.x * q.x + q.y * q.y)) * scale.z
        self.translation = translation
    }

    /// The renderer's map.
    init(_ t: Transform) {
        self.x = SIMD3(Double(t.x.x), Double(t.y.x), Double(t.z.x))
        self.y = SIMD3(Double(t.x.y), Double(t.y.y), Double(t.z.y))
        self.z = SIMD3(Double(t.x.z), Double(t.y.z), Double(t.z.z))
        self.translation = SIMD3(Double(t.x.w), Double(t.y.w), Double(t.z.w))
    }

    /// First `right`, then `left`.
    static func * (left: Affine, right: Affine) -> Affine {
        Affine(
            x: left.direction(right.x),
            y: left.direction(right.y),
            z: left.direction(right.z),
            translation: left.direction(right.translation) + left.translation
        )
    }

    /// The image of a vector that has no place.
    func direction(_ v: SIMD3<Double>) -> SIMD3<Double> {
        (self.x * v.x + self.y * v.y) + self.z * v.z
    }

    /// The image of a point.
    func point(_ p: SIMD3<Double>) -> SIMD3<Double> {
        self.direction(p) + self.translation
    }

    /// How volumes grow; zero when the map flattens space.
    var determinant: Double {
        dot(self.x, cross(self.y, self.z))
    }

    /// Whether all numbers are finite, also as Float.
    var isFinite: Bool {
        [self.x, self.y, self.z, self.translation].allSatisfy { v in
            Float(v.x).isFinite && Float(v.y).isFinite && Float(v.z).isFinite
        }
    }

    /// The map as the renderer wants it.
    var renderTransform: Transform {
        Transform(
            x: SIMD4(Float(self.x.x), Float(self.y.x), Float(self.z.x), Float(self.translation.x)),
            y: SIMD4(Float(self.x.y), Float(self.y.y), Float(self.z.y), Float(self.translation.y)),
            z: SIMD4(Float(self.x.z), Float(self.y.z), Float(self.z.z), Float(self.translation.z))
        )
    }
}

func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
    (a.x * b.x + a.y * b.y) + a.z * b.z
}

func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// The vector of length one, or `fallback` where there is none.
func normalized(_ v: SIMD3<Double>, or fallback: SIMD3<Double>) -> SIMD3<Double> {
    let length = dot(v, v).squareRoot()
    guard length > 1e-300, length.isFinite else { return fallback }
    return v / length
}
