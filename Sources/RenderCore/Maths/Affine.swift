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

    /// ``point(_:)`` for every lane.
    @inline(__always) func point(_ p: Vector3Lanes) -> Vector3Lanes { self.vector(p) + Vector3Lanes(self.offset) }

    /// ``vector(_:)`` for every lane.
    @inline(__always) func vector(_ v: Vector3Lanes) -> Vector3Lanes {
        Vector3Lanes(dot(Vector3Lanes(self.x), v), dot(Vector3Lanes(self.y), v), dot(Vector3Lanes(self.z), v))
    }

    /// The map back, or nothing when there is none or its numbers are out of range.
    ///
    /// The adjugate over the determinant in binary64, rounded once; this order is part of the definition of a hit.
    var inverse: Affine? {
        let (ax, ay, az) = (Double(self.x.x), Double(self.x.y), Double(self.x.z))
        let (bx, by, bz) = (Double(self.y.x), Double(self.y.y), Double(self.y.z))
        let (cx, cy, cz) = (Double(self.z.x), Double(self.z.y), Double(self.z.z))
        let (px, py, pz) = (by * cz - bz * cy, cy * az - cz * ay, ay * bz - az * by)
        let (qx, qy, qz) = (bz * cx - bx * cz, cz * ax - cx * az, az * bx - ax * bz)
        let (rx, ry, rz) = (bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx)
        let determinant = (ax * px + bx * py) + cx * pz
        guard determinant != 0 else { return nil }
        let scale = 1 / determinant
        let o = (Double(self.offset.x), Double(self.offset.y), Double(self.offset.z))
        let result = Affine(
            x: Vector3(Float(px * scale), Float(py * scale), Float(pz * scale)),
            y: Vector3(Float(qx * scale), Float(qy * scale), Float(qz * scale)),
            z: Vector3(Float(rx * scale), Float(ry * scale), Float(rz * scale)),
            offset: Vector3(
                Float(-(((px * o.0 + py * o.1) + pz * o.2) * scale)),
                Float(-(((qx * o.0 + qy * o.1) + qz * o.2) * scale)),
                Float(-(((rx * o.0 + ry * o.1) + rz * o.2) * scale))
            )
        )
        return result.isInRange ? result : nil
    }

    /// Whether what it makes of points of the world and of directions is finite, with room for what follows from that.
    ///
    /// The inverse of a map whose own numbers are in range need not be: that of a scale of 1e-38 m makes infinities of points
    /// of the world, and a ray from there is one that no hierarchy is made for.
    var isInRange: Bool {
        let most = SceneRange.inverseFactor
        return self.x.isWithin(most) && self.y.isWithin(most) && self.z.isWithin(most)
            && self.offset.isWithin(SceneRange.inverseOffset)
    }

    /// The rows of the matrix that maps normals, up to a positive factor of scale.
    var normalRows: (Vector3, Vector3, Vector3) {
        let rows = (cross(self.y, self.z), cross(self.z, self.x), cross(self.x, self.y))
        return self.isMirrored ? (-rows.0, -rows.1, -rows.2) : rows
    }

    /// Whether the map turns counter-clockwise into clockwise.
    var isMirrored: Bool { dot(self.x, cross(self.y, self.z)) < 0 }
}
