/// A homogeneous medium of particles, one a lane.
struct ScatteringLanes: BitwiseCopyable {
    /// The coefficients of extinction per metre, above zero.
    var extinction: Vector3Lanes
    /// What a particle scatters.
    var albedo: Vector3Lanes
    /// The mean cosine of the angle that it turns light by.
    var anisotropy: FloatLanes

    /// Draws how far light comes, by the colours that it carries, and multiplies `beta` by value over density of what
    /// happens: a particle at the distance, or nothing before `distance`.
    ///
    /// Colours are drawn by how much there is of each, and a distance counts with the densities of all of them: M. Wrenninge
    /// et al., "Path Traced Subsurface Scattering using Anisotropic Phase Functions and Non-Exponential Free Flights", 2017.
    ///
    /// - Returns: the distances, and where they end at a particle.
    @inline(__always) func fly(
        _ distance: FloatLanes,
        _ beta: inout Vector3Lanes,
        pick: FloatLanes,
        _ u: FloatLanes
    ) -> (distance: FloatLanes, meets: MaskLanes) {
        let sum = larger((beta.x + beta.y) + beta.z, 0x1p-100)
        let share = beta * (1 / sum)
        let isRed = pick .< share.x
        let isGreen = .!isRed .& (pick .< share.x + share.y)
        let sigma = select(isRed, self.extinction.x, select(isGreen, self.extinction.y, self.extinction.z))
        let flight = -logarithm(single: 1 - u) / sigma
        let meets = flight .< distance
        let way = select(meets, flight, distance)
        let left = Vector3Lanes(
            decay(self.extinction.x * way),
            decay(self.extinction.y * way),
            decay(self.extinction.z * way)
        )
        let event = select(meets, left * self.extinction, left)
        let density = dot(share, event)
        let value = select(meets, event * self.albedo, event)
        beta *= select(density .> 0, value * (1 / larger(density, 0x1p-100)), .zero)
        return (way, meets)
    }
}
