/// A transform as twelve scalars, with the order of its sums fixed.
struct Affine: Equatable {
    let x: Vector3
    let y: Vector3
    let z: Vector3
    let offset: Vector3

    init(x: Vector3, y: Vector3, z: Vector3, offset: Vector3) {
        self.x = x
        self.y = y
        self.z = z
        self.offset = offset
    }

    init(_ t: Transform) {
        self.x = Vector3(t.x.x, t.x.y, t.x.z)
        self.y = Vector3(t.y.x, t.y.y, t.y.z)
        self.z = Vector3(t.z.x, t.z.y, t.z.z)
        self.offset = Vector3(t.x.w, t.y.w, t.z.w)
    }

    /// World = ((m0 x + m1 y) + m2 z) + m3.
    ///
    /// This order is part of the definition of a hit.
    @inline(__always) func point(_ p: Vector3) -> Vector3 { self.vector(p) + self.offset }

    @inline(__always) func vector(_ v: Vector3) -> Vector3 { Vector3(dot(self.x, v), dot(self.y, v), dot(self.z, v)) }

    /// The rows of the matrix that maps normals, up to a positive factor of scale.
    var normalRows: (Vector3, Vector3, Vector3) {
        let rows = (cross(self.y, self.z), cross(self.z, self.x), cross(self.x, self.y))
        return self.isMirrored ? (-rows.0, -rows.1, -rows.2) : rows
    }

    /// Whether the map turns counter-clockwise into clockwise.
    var isMirrored: Bool { dot(self.x, cross(self.y, self.z)) < 0 }
}
