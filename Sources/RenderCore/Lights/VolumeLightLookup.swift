/// A point of a glowing volume that was drawn for a place.
struct VolumeLightSample {
    /// Towards the point, of unit length.
    var wi: Vector3
    /// How far it is.
    var distance: Float
    /// What glows there, per metre.
    var radiance: Vector3
    /// The density with which it was drawn among the points of the volume, per solid angle and metre.
    var density: Float
    /// See ``VolumeInstanceData/rate(_:)``.
    var rate: Float
}

/// Points of glowing volumes as light samples.
///
/// A point on a line through glowing gas is found in two ways: by following the line, and by drawing it from the volume, whose
/// coarse cells are chosen by how much they glow. Both are weighed by the power heuristic as densities per solid angle and
/// metre. That of a line is the density of its direction times a rate, which need not be the one at which the line is looked
/// at: any rate that both ways agree on keeps the sum of the weights at one.
extension VolumeInstanceData {
    /// How often a line is looked at, about, in a coarse cell: per metre.
    @inline(__always) func rate(_ cell: Int) -> Float {
        larger(self.volume.pointee.extinction.largest * self.volume.pointee.grid.most(cell), self.edgeRate)
    }

    /// The density of drawn points in a coarse cell, per cubic metre; zero where the volume does not glow.
    @inline(__always) func density(_ cell: Int) -> Float {
        guard let glow = self.volume.pointee.glow else { return 0 }
        let grid = self.volume.pointee.grid
        let width = DiscreteDistribution.width(cell, glow, count: grid.coarseCount)
        let density =
            Float(width) * 0x1p-32 / (Float(Int32(truncatingIfNeeded: grid.cells(in: cell))) * self.cellVolume)
        return density < .infinity ? density : 0
    }

    /// Draws a point by two numbers as seen from a place; nothing where none can be.
    func sample(_ u: (UInt32, UInt32), from place: Vector3) -> VolumeLightSample? {
        guard self.cellVolume > 0, let glow = self.volume.pointee.glow else { return nil }
        let grid = self.volume.pointee.grid
        let cell = DiscreteDistribution.pick(u.0, glow, count: grid.coarseCount)
        let (low, high) = grid.corners(of: cell)
        let z = unitFloat(mixedBits(u.1 ^ mixedBits(u.0)))
        let p = Vector3(
            low.x + (high.x - low.x) * DiscreteDistribution.rest(u.0, glow, cell, count: grid.coarseCount),
            low.y + (high.y - low.y) * unitFloat(u.1),
            low.z + (high.z - low.z) * z
        )
        let toLight = self.toWorld.point(p) - place
        let distanceSquared = toLight.lengthSquared
        guard distanceSquared > 0x1p-60, distanceSquared < 0x1p100 else { return nil }
        let density = self.density(cell) * distanceSquared
        guard density > 0, density < .infinity else { return nil }
        let distance = distanceSquared.squareRoot()
        return VolumeLightSample(
            wi: toLight * (1 / distance),
            distance: distance,
            radiance: self.volume.pointee.emission(p) * grid.density(p),
            density: density,
            rate: self.rate(cell)
        )
    }
}

/// The probability with which a receiver draws a placed volume.
@inline(never) func volumeProbability(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ volume: UnsafePointer<VolumeInstanceData>
) -> Float {
    guard volume.pointee.light >= 0, let tree = view.pointee.lightTree else { return 0 }
    return tree.probability(of: volume.pointee.light, receiver) * LightKinds.at(receiver, view).tree
}

/// What found the direction of a ray through volumes, against which what it sees glow is weighed.
struct GlowRival {
    /// The place that the ray leaves.
    let receiver: LightReceiver
    /// The density of its direction; zero where light samples could not have found anything.
    let density: Float

    /// Nobody: everything counts.
    static var none: GlowRival { GlowRival(receiver: LightReceiver(point: .zero, normal: .zero), density: 0) }
}
