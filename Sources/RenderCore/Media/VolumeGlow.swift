/// How strongly a volume glows as a whole and where: what light samples have to know of it.
struct VolumeGlow {
    /// The corners of a box around the points that glow, in metres; empty where none does.
    private var low = Vector3(.greatestFiniteMagnitude)
    private var high = Vector3(-.greatestFiniteMagnitude)
    /// The mean radiance per metre over the volume's own box, all colours added.
    private var mean: Float = 0
    private let size: Vector3

    /// Adds up what the points of a volume emit.
    init(_ volume: Volume) {
        let colors = volume.emission.map { (Float($0.x) + Float($0.y)) + Float($0.z) }
        let low = Vector3(volume.low)
        self.size = Vector3(volume.high) - low
        let step = Vector3(
            self.size.x / Float(volume.width - 1),
            self.size.y / Float(volume.height - 1),
            self.size.z / Float(volume.depth - 1)
        )
        var most: Float = 0
        for density in volume.densities { most = larger(most, density) }
        let places = volume.temperatures.isEmpty ? volume.densities : volume.temperatures
        let scale = volume.temperatures.isEmpty ? (most > 0 ? 1 / most : 0) : 1
        var sum = 0.0
        var i = 0
        for z in 0 ..< volume.depth {
            for y in 0 ..< volume.height {
                for x in 0 ..< volume.width {
                    let radiance = volume.densities[i] * Self.interpolated(colors, places[i] * scale)
                    i += 1
                    guard radiance > 0 else { continue }
                    sum += Double(radiance)
                    let p = low + Vector3(Float(x) * step.x, Float(y) * step.y, Float(z) * step.z)
                    // As far as what is interpolated reaches.
                    self.low = self.low.smaller(p - step)
                    self.high = self.high.larger(p + step)
                }
            }
        }
        self.low = self.low.larger(low)
        self.high = self.high.smaller(Vector3(volume.high))
        self.mean = Float(sum / Double(volume.densities.count))
    }

    private static func interpolated(_ colors: [Float], _ place: Float) -> Float {
        guard colors.count > 1 else { return colors.first ?? 0 }
        let at = place * Float(colors.count - 1)
        let below = index(at, last: colors.count - 2)
        return mix(colors[below], colors[below + 1], clamped(at - Float(below), 0, 1))
    }

    /// What a light tree knows of the volume where it is placed; nothing when no light can come from it.
    func bounds(placedBy map: Affine) -> LightBounds? {
        guard self.mean > 0 else { return nil }
        var low = Vector3(.greatestFiniteMagnitude)
        var high = Vector3(-.greatestFiniteMagnitude)
        for i in 0 ..< 8 {
            let corner = map.point(
                Vector3(
                    i & 1 == 0 ? self.low.x : self.high.x,
                    i & 2 == 0 ? self.low.y : self.high.y,
                    i & 4 == 0 ? self.low.z : self.high.z
                )
            )
            low = low.smaller(corner)
            high = high.larger(corner)
        }
        let determinant = dot(map.x, cross(map.y, map.z)).magnitude
        return LightBounds(
            glowingFrom: low,
            to: high,
            power: self.mean * ((self.size.x * self.size.y) * self.size.z) * determinant
        )
    }

    /// Tabulates for a loaded volume by what its coarse cells glow.
    static func tabulate(_ volume: UnsafeMutablePointer<VolumeData>, memory: SceneMemory) {
        guard volume.pointee.emissionCount > 0 else { return }
        let grid = volume.pointee.grid
        var weights = [Float](repeating: 0, count: grid.coarseCount)
        grid.forEachPoint { x, y, z, density, place in
            let emission = volume.pointee.emission(at: place)
            let radiance = density * ((emission.x + emission.y) + emission.z)
            guard radiance > 0 else { return }
            // Points between cells belong to all of them: each has to be drawn where any of it glows.
            for cz in grid.coarseCells(z, grid.coarseZ) {
                for cy in grid.coarseCells(y, grid.coarseY) {
                    for cx in grid.coarseCells(x, grid.coarseX) {
                        weights[(cz * grid.coarseY + cy) * grid.coarseX + cx] += radiance
                    }
                }
            }
        }
        guard let starts = DiscreteDistribution.starts(weights: weights) else { return }
        let table = memory.allocate(UInt32.self, count: starts.count)
        for (i, start) in starts.enumerated() { (table + i).initialize(to: start) }
        volume.pointee.glow = UnsafePointer(table)
    }
}
