/// The GGX distribution with Smith's shadowing, isotropic, in a frame whose normal is +Z.
struct MicrofacetDistribution: BitwiseCopyable {
    /// The width, above zero.
    let alpha: FloatLanes

    @inline(__always) init(alpha: FloatLanes) {
        self.alpha = alpha
    }

    /// The density of microfacet normals.
    @inline(__always) func d(_ h: Vector3Lanes) -> FloatLanes {
        let a2 = self.alpha * self.alpha
        // 1 - z z loses digits near the normal; x x + y y does not.
        let s = a2 * (h.z * h.z) + (h.x * h.x + h.y * h.y)
        return a2 / (FloatLanes(Pi.one) * (s * s))
    }

    /// The fraction of microfacets visible from `w`, whose z is not zero.
    @inline(__always) func g1(_ w: Vector3Lanes) -> FloatLanes {
        let z = w.z.magnitude
        return 2 * z / (z + self.root(z))
    }

    /// Smith's lambda.
    @inline(__always) func lambda(_ w: Vector3Lanes) -> FloatLanes {
        let z = w.z.magnitude
        return (self.root(z) - z) / (2 * z)
    }

    /// The fraction visible from both, height-correlated.
    @inline(__always) func g2(_ wo: Vector3Lanes, _ wi: Vector3Lanes) -> FloatLanes {
        let o = wo.z.magnitude
        let i = wi.z.magnitude
        return 2 * o * i / (o * self.root(i) + i * self.root(o))
    }

    /// The fraction visible from above at `wo` and from below at `wi`.
    @inline(__always) func throughG2(_ wo: Vector3Lanes, _ wi: Vector3Lanes) -> FloatLanes {
        1 / ((1 + self.lambda(wo)) + self.lambda(wi))
    }

    /// A microfacet normal visible from `wo`, whose z is positive.
    ///
    /// After J. Dupuy and A. Benyoub, "Sampling Visible GGX Normals with Spherical Caps", 2023.
    @inline(__always) func visibleNormal(_ wo: Vector3Lanes, _ u: FloatLanes, _ v: FloatLanes) -> Vector3Lanes {
        let up = Vector3Lanes(0, 0, 1)
        let stretched = Vector3Lanes(wo.x * self.alpha, wo.y * self.alpha, wo.z).normalized(or: up)
        let (s, c) = sinCos(turns: u)
        let z = (1 - v) * (1 + stretched.z) - stretched.z
        let r = larger(0, (1 - z) * (1 + z)).squareRoot()
        let h = Vector3Lanes(r * c + stretched.x, r * s + stretched.y, z + stretched.z)
        return Vector3Lanes(h.x * self.alpha, h.y * self.alpha, larger(0, h.z)).normalized(or: up)
    }

    @inline(__always) private func root(_ z: FloatLanes) -> FloatLanes {
        let a2 = self.alpha * self.alpha
        return (a2 + (1 - a2) * (z * z)).squareRoot()
    }
}

/// Schlick's (1 - cosine)^5.
@inline(__always) func schlickWeight(_ cosine: FloatLanes) -> FloatLanes {
    let m = clamped(1 - cosine, 0, 1)
    let m2 = m * m
    return m2 * m2 * m
}

/// Fresnel's reflectance of a dielectric whose other side has `eta` times the index of refraction of this one.
@inline(__always) func dielectricFresnel(_ cosine: FloatLanes, _ eta: FloatLanes) -> FloatLanes {
    let ci = clamped(cosine, 0, 1)
    let sine2 = (1 - ci * ci) / (eta * eta)
    let ct = larger(0, 1 - sine2).squareRoot()
    let parallel = (eta * ci - ct) / (eta * ci + ct)
    let perpendicular = (ci - eta * ct) / (ci + eta * ct)
    return select(sine2 .< 1, (parallel * parallel + perpendicular * perpendicular) * 0.5, 1)
}

/// `wo` refracted at a facet with normal `h` on its side, and where it is not reflected totally.
@inline(__always) func refracted(
    _ wo: Vector3Lanes,
    _ h: Vector3Lanes,
    _ eta: FloatLanes
) -> (direction: Vector3Lanes, isRefracted: MaskLanes) {
    let ci = dot(wo, h)
    let sine2 = larger(0, 1 - ci * ci) / (eta * eta)
    let ct = larger(0, 1 - sine2).squareRoot()
    return (h * (ci / eta - ct) - wo * (1 / eta), sine2 .< 1)
}
