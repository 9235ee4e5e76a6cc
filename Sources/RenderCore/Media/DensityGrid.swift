/// The grid of a ``Volume``, and between which densities each of its coarse cells lies.
///
/// Between points the density is trilinear; outside the box it is zero.
struct DensityGrid: BitwiseCopyable {
    /// The edge of a coarse cell in fine ones.
    @inline(__always) static var coarse: Int { 8 }

    private let values: UnsafePointer<UInt16>
    private let temperatures: UnsafePointer<UInt16>?
    /// The greatest and the least density of each coarse cell.
    private let bounds: UnsafePointer<Float>
    /// The density of the number one.
    private let scale: Float
    /// The fine cells along each axis.
    let cellsX: Int
    let cellsY: Int
    let cellsZ: Int
    let coarseX: Int
    let coarseY: Int
    let coarseZ: Int

    /// The coarse cells along an axis of so many points.
    static func coarseCount(points: Int) -> Int { (points - 1 + Self.coarse - 1) / Self.coarse }

    /// Takes numbers x fastest and tabulates their bounds.
    init(
        _ values: UnsafePointer<UInt16>,
        temperatures: UnsafePointer<UInt16>?,
        points: (x: Int, y: Int, z: Int),
        scale: Float,
        memory: SceneMemory
    ) {
        let edge = Self.coarse
        let cells = (x: points.x - 1, y: points.y - 1, z: points.z - 1)
        let size = (
            Self.coarseCount(points: points.x), Self.coarseCount(points: points.y), Self.coarseCount(points: points.z)
        )
        let bounds = memory.allocate(Float.self, count: 2 * size.0 * size.1 * size.2)
        for cz in 0 ..< size.2 {
            for cy in 0 ..< size.1 {
                for cx in 0 ..< size.0 {
                    var most: UInt16 = 0
                    var least: UInt16 = .max
                    // Points on the far side belong to both cells.
                    for z in cz * edge ... min(cells.z, cz * edge + edge) {
                        for y in cy * edge ... min(cells.y, cy * edge + edge) {
                            let row = values + (z * points.y + y) * points.x
                            for x in cx * edge ... min(cells.x, cx * edge + edge) {
                                most = row[x] > most ? row[x] : most
                                least = row[x] < least ? row[x] : least
                            }
                        }
                    }
                    // Interpolation rounds; densities are moved into the bounds all the same.
                    let at = bounds + 2 * ((cz * size.1 + cy) * size.0 + cx)
                    at.initialize(to: Float(Int32(most)) * scale)
                    (at + 1).initialize(to: Float(Int32(least)) * scale)
                }
            }
        }
        self.values = values
        self.temperatures = temperatures
        self.bounds = UnsafePointer(bounds)
        self.scale = scale
        (self.cellsX, self.cellsY, self.cellsZ) = cells
        (self.coarseX, self.coarseY, self.coarseZ) = size
    }

    /// The density at a point in units of cells.
    @inline(__always) func density(_ p: Vector3) -> Float { self.interpolated(self.values, p) * self.scale }

    /// Where on the colours of the emission a point lies, 0...1.
    @inline(__always) func temperature(_ p: Vector3) -> Float {
        self.interpolated(self.temperatures ?? self.values, p) * 0x1.0001p-16
    }

    @inline(__always) private func interpolated(_ numbers: UnsafePointer<UInt16>, _ p: Vector3) -> Float {
        guard p.x >= 0, p.y >= 0, p.z >= 0, p.x <= Float(self.cellsX), p.y <= Float(self.cellsY),
            p.z <= Float(self.cellsZ)
        else { return 0 }
        let x = index(p.x, last: self.cellsX &- 1)
        let y = index(p.y, last: self.cellsY &- 1)
        let z = index(p.z, last: self.cellsZ &- 1)
        let (fx, fy, fz) = (p.x - Float(x), p.y - Float(y), p.z - Float(z))
        let row = self.cellsX &+ 1
        let slice = row &* (self.cellsY &+ 1)
        let low = numbers + (z &* slice &+ y &* row &+ x)
        let high = low + slice
        return mix(Self.plane(low, row, fx, fy), Self.plane(high, row, fx, fy), fz)
    }

    @inline(__always) private static func plane(
        _ at: UnsafePointer<UInt16>,
        _ row: Int,
        _ fx: Float,
        _ fy: Float
    ) -> Float {
        let near = mix(Float(Int32(at[0])), Float(Int32(at[1])), fx)
        return mix(near, mix(Float(Int32(at[row])), Float(Int32(at[row &+ 1])), fx), fy)
    }

    /// Calls `body` for all points that have a density: where they are, their density and their place among the colours.
    @inline(__always) func forEachPoint(
        _ body: (_ x: Int, _ y: Int, _ z: Int, _ density: Float, _ place: Float) -> Void
    ) {
        let places = self.temperatures ?? self.values
        var i = 0
        for z in 0 ... self.cellsZ {
            for y in 0 ... self.cellsY {
                for x in 0 ... self.cellsX {
                    let code = self.values[i]
                    if code > 0 {
                        body(x, y, z, Float(Int32(code)) * self.scale, Float(Int32(places[i])) * 0x1.0001p-16)
                    }
                    i &+= 1
                }
            }
        }
    }

    /// The coarse cells that a point belongs to along an axis of so many.
    @inline(__always) func coarseCells(_ point: Int, _ count: Int) -> ClosedRange<Int> {
        max(0, point &- 1) / Self.coarse ... min(point / Self.coarse, count &- 1)
    }

    /// The number of coarse cells.
    @inline(__always) var coarseCount: Int { (self.coarseX &* self.coarseY) &* self.coarseZ }

    /// The coarse cell of a point in units of cells; that of the nearest point outside.
    @inline(__always) func coarseCell(_ p: Vector3) -> Int {
        let edge = 1 / Float(Self.coarse)
        let x = index(p.x * edge, last: self.coarseX &- 1)
        let y = index(p.y * edge, last: self.coarseY &- 1)
        let z = index(p.z * edge, last: self.coarseZ &- 1)
        return (z &* self.coarseY &+ y) &* self.coarseX &+ x
    }

    /// The corners of a coarse cell in units of cells.
    @inline(__always) func corners(of cell: Int) -> (low: Vector3, high: Vector3) {
        let x = Self.coarse &* (cell % self.coarseX)
        let y = Self.coarse &* (cell / self.coarseX % self.coarseY)
        let z = Self.coarse &* (cell / (self.coarseX &* self.coarseY))
        return (
            Vector3(Float(x), Float(y), Float(z)),
            Vector3(
                Float(min(x &+ Self.coarse, self.cellsX)),
                Float(min(y &+ Self.coarse, self.cellsY)),
                Float(min(z &+ Self.coarse, self.cellsZ))
            )
        )
    }

    /// The number of fine cells in a coarse one.
    @inline(__always) func cells(in cell: Int) -> Int {
        let (low, high) = self.corners(of: cell)
        let size = high - low
        return Int((size.x * size.y) * size.z)
    }

    /// The greatest density of a coarse cell.
    @inline(__always) func most(_ cell: Int) -> Float { self.bounds[2 &* cell] }

    /// Between which densities a coarse cell lies.
    @inline(__always) func bounds(_ x: Int, _ y: Int, _ z: Int) -> (most: Float, least: Float) {
        let at = self.bounds + 2 &* ((z &* self.coarseY &+ y) &* self.coarseX &+ x)
        return (at[0], at[1])
    }
}
