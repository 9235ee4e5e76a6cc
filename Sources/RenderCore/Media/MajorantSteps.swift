/// The coarse cells that a ray passes through, one after the other.
///
/// After J. Amanatides and A. Woo, "A Fast Voxel Traversal Algorithm for Ray Tracing", 1987.
struct MajorantSteps: BitwiseCopyable {
    /// A part of a ray within one coarse cell.
    struct Piece: BitwiseCopyable {
        var start: Float
        var end: Float
        /// The density's bounds there.
        var most: Float
        var least: Float
    }

    private let grid: UnsafePointer<DensityGrid>
    private var x: Int
    private var y: Int
    private var z: Int
    private var next: Vector3
    private let delta: Vector3
    private let stepX: Int
    private let stepY: Int
    private let stepZ: Int
    private var at: Float
    private let end: Float

    /// Starts where a ray, in units of cells, enters the box, and ends where it leaves it or at `tMax`.
    @inline(__always) init(_ grid: UnsafePointer<DensityGrid>, _ ray: Ray, tMax: Float) {
        self.grid = grid
        var near: Float = 0
        var far = tMax
        let origin = ray.origin
        let d = Vector3(
            Self.divisor(ray.direction.x),
            Self.divisor(ray.direction.y),
            Self.divisor(ray.direction.z)
        )
        let inverse = Vector3(1 / d.x, 1 / d.y, 1 / d.z)
        Self.clip(origin.x, inverse.x, Float(grid.pointee.cellsX), &near, &far)
        Self.clip(origin.y, inverse.y, Float(grid.pointee.cellsY), &near, &far)
        Self.clip(origin.z, inverse.z, Float(grid.pointee.cellsZ), &near, &far)
        self.at = near
        self.end = far
        let edge = Float(DensityGrid.coarse)
        let p = (origin + ray.direction * near) * (1 / edge)
        self.x = index(p.x, last: grid.pointee.coarseX &- 1)
        self.y = index(p.y, last: grid.pointee.coarseY &- 1)
        self.z = index(p.z, last: grid.pointee.coarseZ &- 1)
        self.stepX = d.x < 0 ? -1 : 1
        self.stepY = d.y < 0 ? -1 : 1
        self.stepZ = d.z < 0 ? -1 : 1
        self.delta = Vector3(edge * inverse.x.magnitude, edge * inverse.y.magnitude, edge * inverse.z.magnitude)
        self.next = Vector3(
            Self.first(origin.x, inverse.x, self.x, self.stepX),
            Self.first(origin.y, inverse.y, self.y, self.stepY),
            Self.first(origin.z, inverse.z, self.z, self.stepZ)
        )
    }

    /// Whether the ray passes through the box.
    @inline(__always) var isInside: Bool { self.at < self.end }

    @inline(__always) private static func divisor(_ d: Float) -> Float {
        d.magnitude < 0x1p-40 ? (d < 0 ? -0x1p-40 : 0x1p-40) : d
    }

    @inline(__always) private static func clip(
        _ o: Float,
        _ inverse: Float,
        _ size: Float,
        _ near: inout Float,
        _ far: inout Float
    ) {
        let a = (0 - o) * inverse
        let b = (size - o) * inverse
        near = larger(near, smaller(a, b))
        far = smaller(far, larger(a, b))
    }

    /// Where the ray leaves its first cell along an axis.
    @inline(__always) private static func first(_ o: Float, _ inverse: Float, _ cell: Int, _ step: Int) -> Float {
        (Float(step > 0 ? cell &+ 1 : cell) * Float(DensityGrid.coarse) - o) * inverse
    }

    /// The next piece of the ray; nothing at the end.
    @inline(__always) mutating func advance() -> Piece? {
        guard self.at < self.end else { return nil }
        let start = self.at
        let bounds = self.grid.pointee.bounds(self.x, self.y, self.z)
        var isInside = false
        if self.next.x <= self.next.y, self.next.x <= self.next.z {
            self.at = self.next.x
            self.next.x += self.delta.x
            self.x &+= self.stepX
            isInside = self.x >= 0 && self.x < self.grid.pointee.coarseX
        } else if self.next.y <= self.next.z {
            self.at = self.next.y
            self.next.y += self.delta.y
            self.y &+= self.stepY
            isInside = self.y >= 0 && self.y < self.grid.pointee.coarseY
        } else {
            self.at = self.next.z
            self.next.z += self.delta.z
            self.z &+= self.stepZ
            isInside = self.z >= 0 && self.z < self.grid.pointee.coarseZ
        }
        self.at = larger(start, self.at)
        let stop = isInside ? smaller(self.at, self.end) : self.end
        if !isInside { self.at = self.end }
        return Piece(start: start, end: stop, most: bounds.most, least: bounds.least)
    }
}
