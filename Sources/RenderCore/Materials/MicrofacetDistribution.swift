/// The GGX distribution with Smith's shadowing, isotropic, in a frame whose normal is +Z.
struct MicrofacetDistribution {
    /// The width, above zero.
    let alpha: Float

    @inline(__always) init(alpha: Float) {
        self.alpha = alpha
    }

    /// The density of microfacet normals.
    @inline(__always) func d(_ h: Vector3) -> Float {
        let a2 = self.alpha * self.alpha
        // 1 - z z loses digits near the normal; x x + y y does not.
        let s = a2 * (h.z * h.z) + (h.x * h.x + h.y * h.y)
        return a2 / (Pi.one * (s * s))
    }

    /// The fraction of microfacets visible from `w`, whose z is positive.
    @inline(__always) func g1(_ w: Vector3) -> Float {
        let z = w.z.magnitude
        return 2 * z / (z + self.root(z))
    }

    /// Smith's lambda.
    @inline(__always) func lambda(_ w: Vector3) -> Float {
        let z = w.z.magnitude
        return (self.root(z) - z) / (2 * z)
    }

    /// The fraction visible from both, height-correlated.
    @inline(__always) func g2(_ wo: Vector3, _ wi: Vector3) -> Float {
        let o = wo.z.magnitude
        let i = wi.z.magnitude
        return 2 * o * i / (o * self.root(i) + i * self.root(o))
    }

    /// A microfacet normal visible from `wo`, whose z is positive.
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

    /// The density of ``visibleNormal(_:_:_:)``.
    @inline(__always) func visibleDensity(_ wo: Vector3, _ h: Vector3) -> Float {
        self.g1(wo) * larger(0, dot(wo, h)) * self.d(h) / wo.z
    }

    @inline(__always) private func root(_ z: Float) -> Float {
        let a2 = self.alpha * self.alpha
        return (a2 + (1 - a2) * (z * z)).squareRoot()
    }
}

/// Schlick's (1 - cosine)^5.
@inline(__always) func schlickWeight(_ cosine: Float) -> Float {
    let m = clamped(1 - cosine, 0, 1)
    let m2 = m * m
    return m2 * m2 * m
}

/// Fresnel's reflectance of a dielectric whose other side has `eta` times the index of refraction of this one.
@inline(__always) func dielectricFresnel(_ cosine: Float, _ eta: Float) -> Float {
    let ci = clamped(cosine, 0, 1)
    let sine2 = (1 - ci * ci) / (eta * eta)
    guard sine2 < 1 else { return 1 }
    let ct = (1 - sine2).squareRoot()
    let parallel = (eta * ci - ct) / (eta * ci + ct)
    let perpendicular = (ci - eta * ct) / (ci + eta * ct)
    return (parallel * parallel + perpendicular * perpendicular) * 0.5
}

/// `wo` refracted at a facet with normal `h` on its side, or nothing at total reflection.
@inline(__always) func refracted(_ wo: Vector3, _ h: Vector3, _ eta: Float) -> Vector3? {
    let ci = dot(wo, h)
    let sine2 = larger(0, 1 - ci * ci) / (eta * eta)
    guard sine2 < 1 else { return nil }
    let ct = (1 - sine2).squareRoot()
    return h * (ci / eta - ct) - wo * (1 / eta)
}
