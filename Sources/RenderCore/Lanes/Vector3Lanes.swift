/// A point, a direction or a colour a lane; the operations of ``Vector3`` in the same order.
struct Vector3Lanes: BitwiseCopyable {
    var x: FloatLanes
    var y: FloatLanes
    var z: FloatLanes

    @inline(__always) init(_ x: FloatLanes, _ y: FloatLanes, _ z: FloatLanes) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// The same number three times.
    @inline(__always) init(_ all: FloatLanes) { self.init(all, all, all) }

    /// The same vector in every lane.
    @inline(__always) init(_ v: Vector3) { self.init(FloatLanes(v.x), FloatLanes(v.y), FloatLanes(v.z)) }

    @inline(__always) static var zero: Vector3Lanes { Vector3Lanes(0) }

    /// One lane, 0..<``laneCount``.
    @inline(__always) subscript(lane: Int) -> Vector3 {
        get { Vector3(self.x[lane], self.y[lane], self.z[lane]) }
        set {
            self.x[lane] = newValue.x
            self.y[lane] = newValue.y
            self.z[lane] = newValue.z
        }
    }

    @inline(__always) static prefix func - (a: Vector3Lanes) -> Vector3Lanes { Vector3Lanes(-a.x, -a.y, -a.z) }
    @inline(__always) static func + (a: Vector3Lanes, b: Vector3Lanes) -> Vector3Lanes {
        Vector3Lanes(a.x + b.x, a.y + b.y, a.z + b.z)
    }
    @inline(__always) static func - (a: Vector3Lanes, b: Vector3Lanes) -> Vector3Lanes {
        Vector3Lanes(a.x - b.x, a.y - b.y, a.z - b.z)
    }
    @inline(__always) static func * (a: Vector3Lanes, b: Vector3Lanes) -> Vector3Lanes {
        Vector3Lanes(a.x * b.x, a.y * b.y, a.z * b.z)
    }
    @inline(__always) static func * (a: Vector3Lanes, b: FloatLanes) -> Vector3Lanes {
        Vector3Lanes(a.x * b, a.y * b, a.z * b)
    }
    @inline(__always) static func += (a: inout Vector3Lanes, b: Vector3Lanes) { a = a + b }
    @inline(__always) static func *= (a: inout Vector3Lanes, b: Vector3Lanes) { a = a * b }
    @inline(__always) static func *= (a: inout Vector3Lanes, b: FloatLanes) { a = a * b }

    @inline(__always) var lengthSquared: FloatLanes { (self.x * self.x + self.y * self.y) + self.z * self.z }

    /// The largest of the three.
    @inline(__always) var largest: FloatLanes { larger(larger(self.x, self.y), self.z) }

    /// Luminance after ITU-R BT.709.
    @inline(__always) var luminance: FloatLanes {
        (0x1.b367ap-3 * self.x + 0x1.6e2eb2p-1 * self.y) + 0x1.27bb3p-4 * self.z
    }

    @inline(__always) var isFinite: MaskLanes { self.x.isFinite .& self.y.isFinite .& self.z.isFinite }

    /// Unit length, or `other` where the length is zero, infinite or not a number.
    @inline(__always) func normalized(or other: Vector3Lanes) -> Vector3Lanes {
        let squared = self.lengthSquared
        let isUsable = (squared .> 0x1p-100) .& (squared .< 0x1p100)
        return select(isUsable, self * (1 / squared.squareRoot()), other)
    }
}

@inline(__always) func dot(_ a: Vector3Lanes, _ b: Vector3Lanes) -> FloatLanes { (a.x * b.x + a.y * b.y) + a.z * b.z }

@inline(__always) func cross(_ a: Vector3Lanes, _ b: Vector3Lanes) -> Vector3Lanes {
    Vector3Lanes(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// `a` where the mask is set, `b` elsewhere.
@inline(__always) func select(_ mask: MaskLanes, _ a: Vector3Lanes, _ b: Vector3Lanes) -> Vector3Lanes {
    Vector3Lanes(select(mask, a.x, b.x), select(mask, a.y, b.y), select(mask, a.z, b.z))
}

@inline(__always) func mix(_ a: Vector3Lanes, _ b: Vector3Lanes, _ t: FloatLanes) -> Vector3Lanes { a + (b - a) * t }
