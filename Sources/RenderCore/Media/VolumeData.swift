/// A ``Volume`` of a loaded scene.
struct VolumeData: BitwiseCopyable {
    var grid: DensityGrid
    var absorption: Vector3
    var scattering: Vector3
    var anisotropy: Float
    /// Three numbers a colour.
    var emission: UnsafePointer<Float>
    var emissionCount: Int
    /// The box in the object's space.
    var low: Vector3
    var high: Vector3
    /// Whether it fills what solids enclose.
    var isEnclosed: Bool
    /// By what its coarse cells glow, see ``DiscreteDistribution``; nil where nothing glows.
    var glow: UnsafePointer<UInt32>?

    /// How much a coarse cell glows, of the mean of all cells: from 1/64 to one.
    @inline(__always) func glowShare(_ cell: Int) -> Float {
        guard let glow = self.glow else { return 1 }
        let count = self.grid.coarseCount
        let share = Float(DiscreteDistribution.width(cell, glow, count: count)) * (Float(Int32(count)) * 0x1p-32)
        return clamped(share, 0x1p-6, 1)
    }

    @inline(__always) var extinction: Vector3 { self.absorption + self.scattering }

    /// What glows at a point in units of cells, per metre at density one.
    @inline(__always) func emission(_ p: Vector3) -> Vector3 {
        guard self.emissionCount > 1 else { return loadVector(self.emission, 0) }
        return self.emission(at: self.grid.temperature(p))
    }

    /// What glows at a place of 0...1 among the colours, per metre at density one.
    @inline(__always) func emission(at temperature: Float) -> Vector3 {
        guard self.emissionCount > 1 else { return loadVector(self.emission, 0) }
        let place = temperature * Float(self.emissionCount &- 1)
        let below = index(place, last: self.emissionCount &- 2)
        let rest = place - Float(below)
        return mix(loadVector(self.emission, below), loadVector(self.emission, below &+ 1), rest)
    }
}

/// A placed volume of a loaded scene.
struct VolumeInstanceData: BitwiseCopyable {
    var volume: UnsafePointer<VolumeData>
    /// From the world to units of cells.
    let toCells: Affine
    /// From units of cells to the world.
    let toWorld: Affine
    /// The volume of a cell in cubic metres; zero for what is flat and holds nothing.
    let cellVolume: Float
    /// One over the edge of a coarse cell, per metre.
    let edgeRate: Float
    /// Its number among the lights of the tree; negative when it does not glow.
    var light = -1

    /// Places a volume.
    init(volume: UnsafePointer<VolumeData>, transform: Affine) {
        self.volume = volume
        let size = volume.pointee.high - volume.pointee.low
        let x = Float(volume.pointee.grid.cellsX) / size.x
        let y = Float(volume.pointee.grid.cellsY) / size.y
        let z = Float(volume.pointee.grid.cellsZ) / size.z
        let inverse = transform.inverse ?? Affine(x: .zero, y: .zero, z: .zero, offset: .zero)
        let start = inverse.offset - volume.pointee.low
        self.toCells = Affine(
            x: inverse.x * x,
            y: inverse.y * y,
            z: inverse.z * z,
            offset: Vector3(start.x * x, start.y * y, start.z * z)
        )
        let grid = volume.pointee.grid
        let cell = Vector3(
            size.x / Float(grid.cellsX),
            size.y / Float(grid.cellsY),
            size.z / Float(grid.cellsZ)
        )
        self.toWorld = Affine(
            x: Vector3(transform.x.x * cell.x, transform.x.y * cell.y, transform.x.z * cell.z),
            y: Vector3(transform.y.x * cell.x, transform.y.y * cell.y, transform.y.z * cell.z),
            z: Vector3(transform.z.x * cell.x, transform.z.y * cell.y, transform.z.z * cell.z),
            offset: transform.point(volume.pointee.low)
        )
        let determinant = dot(self.toWorld.x, cross(self.toWorld.y, self.toWorld.z)).magnitude
        // A cell of no volume in this precision holds nothing that could be met.
        let isUsable = self.toCells.isInRange && transform.inverse != nil
        self.cellVolume = isUsable ? larger(determinant, .leastNormalMagnitude) : 0
        let squares =
            (self.toWorld.x.lengthSquared + self.toWorld.y.lengthSquared) + self.toWorld.z.lengthSquared
        self.edgeRate = 1 / (Float(DensityGrid.coarse) * larger((squares * 0x1.555556p-2).squareRoot(), 0x1p-60))
    }

    /// The ray in units of cells; its direction keeps what makes distances those of the world.
    @inline(__always) func local(_ ray: Ray) -> Ray {
        Ray(origin: self.toCells.point(ray.origin), direction: self.toCells.vector(ray.direction))
    }
}
