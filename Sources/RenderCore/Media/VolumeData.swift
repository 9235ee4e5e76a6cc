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

    @inline(__always) var extinction: Vector3 { self.absorption + self.scattering }

    /// What glows at a point in units of cells, per metre at density one.
    @inline(__always) func emission(_ p: Vector3) -> Vector3 {
        guard self.emissionCount > 1 else { return loadVector(self.emission, 0) }
        let place = self.grid.temperature(p) * Float(self.emissionCount &- 1)
        let below = index(place, last: self.emissionCount &- 2)
        let rest = place - Float(below)
        return mix(loadVector(self.emission, below), loadVector(self.emission, below &+ 1), rest)
    }
}

/// A placed volume of a loaded scene.
struct VolumeInstanceData: BitwiseCopyable {
    var volume: UnsafePointer<VolumeData>
    /// From the world to units of cells.
    var toCells: Affine

    /// The ray in units of cells; its direction keeps what makes distances those of the world.
    @inline(__always) func local(_ ray: Ray) -> Ray {
        Ray(origin: self.toCells.point(ray.origin), direction: self.toCells.vector(ray.direction))
    }
}
