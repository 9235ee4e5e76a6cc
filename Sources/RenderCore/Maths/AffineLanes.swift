/// Three rows of a matrix a lane.
struct MatrixLanes {
    let x: Vector3Lanes
    let y: Vector3Lanes
    let z: Vector3Lanes

    @inline(__always) func applied(_ v: Vector3Lanes) -> Vector3Lanes {
        Vector3Lanes(dot(self.x, v), dot(self.y, v), dot(self.z, v))
    }
}

/// A transform a lane: the operations of ``Affine``.
struct AffineLanes {
    let x: Vector3Lanes
    let y: Vector3Lanes
    let z: Vector3Lanes
    let offset: Vector3Lanes

    @inline(__always) init(x: Vector3Lanes, y: Vector3Lanes, z: Vector3Lanes, offset: Vector3Lanes) {
        self.x = x
        self.y = y
        self.z = z
        self.offset = offset
    }

    /// The same transform in every lane.
    @inline(__always) init(_ t: Affine) {
        self.init(x: Vector3Lanes(t.x), y: Vector3Lanes(t.y), z: Vector3Lanes(t.z), offset: Vector3Lanes(t.offset))
    }

    @inline(__always) func point(_ p: Vector3Lanes) -> Vector3Lanes { self.vector(p) + self.offset }

    @inline(__always) func vector(_ v: Vector3Lanes) -> Vector3Lanes {
        Vector3Lanes(dot(self.x, v), dot(self.y, v), dot(self.z, v))
    }

    /// The matrix that maps normals, up to a positive factor of scale.
    @inline(__always) var normalRows: MatrixLanes {
        let x = cross(self.y, self.z)
        let isMirrored = dot(self.x, x) .< 0
        let y = cross(self.z, self.x)
        let z = cross(self.x, self.y)
        return MatrixLanes(
            x: select(isMirrored, -x, x),
            y: select(isMirrored, -y, y),
            z: select(isMirrored, -z, z)
        )
    }
}
