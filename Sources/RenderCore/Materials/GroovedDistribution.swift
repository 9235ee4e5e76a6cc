/// The GGX distribution with Smith's shadowing, of one width along x and another along y, in a frame whose normal is +Z.
///
/// After E. Heitz, JCGT 3(2), 2014.
struct GroovedDistribution: BitwiseCopyable {
    private let x: FloatLanes
    private let y: FloatLanes

    /// Creates a distribution; the widths are above zero.
    @inline(__always) init(x: FloatLanes, y: FloatLanes) {
        self.x = x
        self.y = y
    }

    /// The density of microfacet normals.
    @inline(__always) func d(_ h: Vector3Lanes) -> FloatLanes {
        let a = h.x / self.x
        let b = h.y / self.y
        let s = (a * a + b * b) + h.z * h.z
        return 1 / (FloatLanes(Pi.one) * (self.x * self.y) * (s * s))
    }

    /// The fraction of microfacets visible from `w`, whose z is not zero.
    @inline(__always) func g1(_ w: Vector3Lanes) -> FloatLanes {
        let z = w.z.magnitude
        return 2 * z / (z + self.root(w))
    }

    /// Smith's lambda.
    @inline(__always) func lambda(_ w: Vector3Lanes) -> FloatLanes {
        let z = w.z.magnitude
        return (self.root(w) - z) / (2 * z)
    }

    /// The fraction visible from both, height-correlated.
    @inline(__always) func g2(_ wo: Vector3Lanes, _ wi: Vector3Lanes) -> FloatLanes {
        let o = wo.z.magnitude
        let i = wi.z.magnitude
        return 2 * o * i / (o * self.root(wi) + i * self.root(wo))
    }

    /// The fraction visible from above at `wo` and from below at `wi`.
    @inline(__always) func throughG2(_ wo: Vector3Lanes, _ wi: Vector3Lanes) -> FloatLanes {
        1 / ((1 + self.lambda(wo)) + self.lambda(wi))
    }

    /// A microfacet normal visible from `wo`, whose z is positive; see ``MicrofacetDistribution``.
    @inline(__always) func visibleNormal(_ wo: Vector3Lanes, _ u: FloatLanes, _ v: FloatLanes) -> Vector3Lanes {
        let up = Vector3Lanes(0, 0, 1)
        let stretched = Vector3Lanes(wo.x * self.x, wo.y * self.y, wo.z).normalized(or: up)
        let (s, c) = sinCos(turns: u)
        let z = (1 - v) * (1 + stretched.z) - stretched.z
        let r = larger(0, (1 - z) * (1 + z)).squareRoot()
        let h = Vector3Lanes(r * c + stretched.x, r * s + stretched.y, z + stretched.z)
        return Vector3Lanes(h.x * self.x, h.y * self.y, larger(0, h.z)).normalized(or: up)
    }

    @inline(__always) private func root(_ w: Vector3Lanes) -> FloatLanes {
        let a = self.x * w.x
        let b = self.y * w.y
        return ((a * a + b * b) + w.z * w.z).squareRoot()
    }
}
