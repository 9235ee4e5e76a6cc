/// A place that wants light: what decides how likely each light is to be drawn for it.
///
/// Drawing a light at a surface and asking later for the density with which a scattered ray's light would have been drawn
/// need the same receiver; paths carry it from one surface to the next.
struct LightReceiver: BitwiseCopyable {
    /// Where the light is wanted.
    var point: Vector3
    /// The geometric normal of unit length on the lit side; zero where light from all around counts, as in glass or air.
    var normal: Vector3

    @inline(__always) init(point: Vector3, normal: Vector3) {
        self.point = point
        self.normal = normal
    }

    /// Whether light from one side only counts.
    @inline(__always) var hasNormal: Bool { self.normal.x != 0 || self.normal.y != 0 || self.normal.z != 0 }

    /// The same place in the coordinates of an object.
    @inline(__always) func seen(through map: ObjectMap) -> LightReceiver {
        LightReceiver(point: map.toObject.point(self.point), normal: map.normalToObject(self.normal))
    }
}

/// A ``LightReceiver`` a lane.
struct LightReceiverLanes: BitwiseCopyable {
    var point: Vector3Lanes
    var normal: Vector3Lanes

    @inline(__always) init(point: Vector3Lanes, normal: Vector3Lanes) {
        self.point = point
        self.normal = normal
    }

    /// The receivers that surfaces are.
    @inline(__always) init(_ surface: borrowing SurfaceLanes) {
        self.point = surface.point
        self.normal = select(surface.transmission .> 0, .zero, surface.geometricNormal)
    }

    @inline(__always) subscript(lane: Int) -> LightReceiver {
        LightReceiver(point: self.point[lane], normal: self.normal[lane])
    }
}

/// From the world to an object, for emitting instances.
struct ObjectMap: BitwiseCopyable {
    let toObject: Affine
    /// The columns of the map from the object, which takes normals the other way.
    private let columnX: Vector3
    private let columnY: Vector3
    private let columnZ: Vector3

    /// Inverts a map; one that flattens is inverted as if it did not, for planes are often scaled to nothing across.
    init(_ map: Affine) {
        var columns = [
            Vector3(map.x.x, map.y.x, map.z.x), Vector3(map.x.y, map.y.y, map.z.y), Vector3(map.x.z, map.y.z, map.z.z),
        ]
        let squares = columns.map { $0.lengthSquared }
        let least = squares[0] <= squares[1] && squares[0] <= squares[2] ? 0 : squares[1] <= squares[2] ? 1 : 2
        let a = (least + 1) % 3
        let b = (least + 2) % 3
        let across = cross(columns[a], columns[b])
        if dot(across, columns[least]).magnitude <= 0x1p-20 * across.lengthSquared.squareRoot()
            * squares[a].squareRoot()
        {
            columns[least] = across.normalized(or: Vector3(0, 0, 0)) * squares[a].squareRoot()
        }
        self.columnX = columns[0]
        self.columnY = columns[1]
        self.columnZ = columns[2]
        let rows = (cross(columns[1], columns[2]), cross(columns[2], columns[0]), cross(columns[0], columns[1]))
        let determinant = dot(columns[0], rows.0)
        let scale = 1 / determinant
        // A point or a line has no inverse; everything is then seen from the object's origin.
        let isUsable = determinant.magnitude > 0x1p-100 && scale.isFinite
        let factor = isUsable ? scale : 0
        let x = rows.0 * factor
        let y = rows.1 * factor
        let z = rows.2 * factor
        self.toObject = Affine(
            x: x,
            y: y,
            z: z,
            offset: -Vector3(dot(x, map.offset), dot(y, map.offset), dot(z, map.offset))
        )
    }

    @inline(__always) func normalToObject(_ n: Vector3) -> Vector3 {
        Vector3(dot(self.columnX, n), dot(self.columnY, n), dot(self.columnZ, n)).normalized(or: .zero)
    }
}
