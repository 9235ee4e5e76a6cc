/// The facets of one rough interface: GGX with Smith's height-correlated shadowing, isotropic, about +Z.
struct FacetDistribution {
    /// The width, above zero.
    let alpha: Float

    @inline(__always) init(alpha: Float) {
        self.alpha = alpha
    }

    /// The density of facet normals.
    @inline(__always) func d(_ h: Vector3) -> Float {
        let a2 = self.alpha * self.alpha
        // 1 - z z loses digits near the normal; x x + y y does not.
        let s = a2 * (h.z * h.z) + (h.x * h.x + h.y * h.y)
        return a2 / (Pi.one * (s * s))
    }

    /// Smith's lambda.
    @inline(__always) func lambda(_ z: Float) -> Float {
        let z = larger(z.magnitude, 0x1p-20)
        let a2 = self.alpha * self.alpha
        return ((a2 + (1 - a2) * (z * z)).squareRoot() - z) / (2 * z)
    }

    /// The fraction of facets seen from both sides, above or below.
    @inline(__always) func g2(_ wo: Vector3, _ wi: Vector3) -> Float {
        1 / ((1 + self.lambda(wo.z)) + self.lambda(wi.z))
    }

    /// That fraction over the one that ``visibleNormal(_:_:_:)`` has taken into account.
    @inline(__always) func visibility(_ wo: Vector3, _ wi: Vector3) -> Float {
        let o = 1 + self.lambda(wo.z)
        return o / (o + self.lambda(wi.z))
    }

    /// A facet normal as seen from `wo`, whose z is positive.
    ///
    /// After J. Dupuy and A. Benyoub, "Sampling Visible GGX Normals with Spherical Caps", 2023.
    @inline(__always) func visibleNormal(_ wo: Vector3, _ u: Float, _ v: Float) -> Vector3 {
        let stretched = Vector3(wo.x * self.alpha, wo.y * self.alpha, wo.z).normalized
        let (s, c) = sinCos(turns: u)
        let z = (1 - v) * (1 + stretched.z) - stretched.z
        let r = larger(0, (1 - z) * (1 + z)).squareRoot()
        let h = Vector3(r * c + stretched.x, r * s + stretched.y, z + stretched.z)
        return Vector3(h.x * self.alpha, h.y * self.alpha, larger(0, h.z)).normalized(or: Vector3(0, 0, 1))
    }
}
