import CVector

/// Three numbers: a point, a direction or a colour.
///
/// A struct of scalars on purpose: every operation is written out, so its order is fixed and it is fast in debug too.
struct Vector3: Equatable {
    var x: Float
    var y: Float
    var z: Float

    @inline(__always) init(_ x: Float, _ y: Float, _ z: Float) {
        self.x = x
        self.y = y
        self.z = z
    }

    @inline(__always) init(_ all: Float) {
        self.init(all, all, all)
    }

    @inline(__always) init(_ v: SIMD3<Float>) {
        self.init(v.x, v.y, v.z)
    }

    @inline(__always) static var zero: Vector3 { Vector3(0, 0, 0) }

    @inline(__always) static prefix func - (a: Vector3) -> Vector3 { Vector3(-a.x, -a.y, -a.z) }
    @inline(__always) static func + (a: Vector3, b: Vector3) -> Vector3 { Vector3(a.x + b.x, a.y + b.y, a.z + b.z) }
    @inline(__always) static func - (a: Vector3, b: Vector3) -> Vector3 { Vector3(a.x - b.x, a.y - b.y, a.z - b.z) }
    @inline(__always) static func * (a: Vector3, b: Vector3) -> Vector3 { Vector3(a.x * b.x, a.y * b.y, a.z * b.z) }
    @inline(__always) static func * (a: Vector3, b: Float) -> Vector3 { Vector3(a.x * b, a.y * b, a.z * b) }
    @inline(__always) static func / (a: Vector3, b: Float) -> Vector3 { a * (1 / b) }
    @inline(__always) static func += (a: inout Vector3, b: Vector3) { a = a + b }
    @inline(__always) static func *= (a: inout Vector3, b: Vector3) { a = a * b }
    @inline(__always) static func *= (a: inout Vector3, b: Float) { a = a * b }

    @inline(__always) var lengthSquared: Float { (self.x * self.x + self.y * self.y) + self.z * self.z }

    /// The smaller of each pair of coordinates.
    @inline(__always) func smaller(_ other: Vector3) -> Vector3 {
        Vector3(cvector_min(self.x, other.x), cvector_min(self.y, other.y), cvector_min(self.z, other.z))
    }

    /// The larger of each pair of coordinates.
    @inline(__always) func larger(_ other: Vector3) -> Vector3 {
        Vector3(cvector_max(self.x, other.x), cvector_max(self.y, other.y), cvector_max(self.z, other.z))
    }

    /// The largest of the three.
    @inline(__always) var largest: Float { cvector_max(cvector_max(self.x, self.y), self.z) }

    /// Luminance after ITU-R BT.709.
    @inline(__always) var luminance: Float { (0x1.b367ap-3 * self.x + 0x1.6e2eb2p-1 * self.y) + 0x1.27bb3p-4 * self.z }

    @inline(__always) var isFinite: Bool { self.x.isFinite && self.y.isFinite && self.z.isFinite }

    /// Whether no coordinate is larger than `most` in magnitude, or not a number.
    @inline(__always) func isWithin(_ most: Float) -> Bool {
        self.x.magnitude <= most && self.y.magnitude <= most && self.z.magnitude <= most
    }

    /// Unit length; the vector must not be zero.
    @inline(__always) var normalized: Vector3 { self * (1 / self.lengthSquared.squareRoot()) }

    /// Unit length, or `other` where the length is zero, infinite or not a number.
    @inline(__always) func normalized(or other: Vector3) -> Vector3 {
        let squared = self.lengthSquared
        guard squared > 0x1p-100, squared < 0x1p100 else { return other }
        return self * (1 / squared.squareRoot())
    }
}

@inline(__always) func dot(_ a: Vector3, _ b: Vector3) -> Float { (a.x * b.x + a.y * b.y) + a.z * b.z }

@inline(__always) func cross(_ a: Vector3, _ b: Vector3) -> Vector3 {
    Vector3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// The smaller of two; the first when one is not a number.
@inline(__always) func smaller(_ a: Float, _ b: Float) -> Float { cvector_min(a, b) }
/// The larger of two; the first when one is not a number.
@inline(__always) func larger(_ a: Float, _ b: Float) -> Float { cvector_max(a, b) }
/// `x` moved into low...high; `low` when it is not a number.
@inline(__always) func clamped(_ x: Float, _ low: Float, _ high: Float) -> Float {
    x >= low ? (x <= high ? x : high) : low
}
@inline(__always) func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }
@inline(__always) func mix(_ a: Vector3, _ b: Vector3, _ t: Float) -> Vector3 { a + (b - a) * t }
