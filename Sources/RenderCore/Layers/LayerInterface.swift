/// One interface of a loaded stack, with the slab that lies on it.
///
/// Directions are of unit length and lead away from the interface. In its functions +Z is the side of `wo`: whoever
/// comes from below mirrors z.
struct LayerInterface: BitwiseCopyable {
    enum Kind: UInt32 {
        case dielectric
        case flakes
        case metal
        case diffuse
    }

    /// What becomes of a ray at an interface.
    struct Event {
        var direction: Vector3
        /// Value times cosine over density, as energy flows: without the change of radiance between media.
        var weight: Vector3
    }

    var kind: Kind
    /// The width of the facets' distribution; zero when smooth.
    var alpha: Float
    /// The index of refraction below over that above.
    var eta: Float
    /// Radiance over energy in the slab above: one over the square of its index of refraction.
    var radianceScale: Float
    var color: Vector3
    var coverage: Float
    var film: ThinFilm?
    /// Where light that was last turned upwards here is joined to the light's direction: at this interface, or one that
    /// it passes on its way up; -1 when all of them are smooth.
    var connection: Int

    // The slab above.
    var absorption: Vector3
    var scattering: Float
    var albedo: Vector3
    var anisotropy: Float
    /// Whether there is anything in it.
    var hasMedium: Bool

    @inline(__always) var facets: FacetDistribution { FacetDistribution(alpha: self.alpha) }

    /// What passes through the slab straight, for a path of `span` times its thickness.
    @inline(__always) func straight(_ span: Float) -> Vector3 {
        guard self.hasMedium else { return Vector3(1) }
        return transmittance((self.absorption + Vector3(self.scattering)) * span)
    }

    // MARK: Reflectance

    /// The reflectance of a facet; for flakes and metals `color` is that at normal incidence.
    @inline(__always) func reflectance(_ cosine: Float, isBelow: Bool, _ color: Vector3) -> Vector3 {
        if self.kind == .dielectric {
            let eta = isBelow ? 1 / self.eta : self.eta
            let sine2 = larger(0, 1 - cosine * cosine) / (eta * eta)
            guard sine2 < 1 else { return Vector3(1) }
            let other = (1 - sine2).squareRoot()
            // A film that absorbs nothing reflects the same to both sides of a path.
            if let film = self.film { return film.reflectance(isBelow ? other : cosine) }
            let parallel = (eta * cosine - other) / (eta * cosine + other)
            let perpendicular = (cosine - eta * other) / (cosine + eta * other)
            return Vector3((parallel * parallel + perpendicular * perpendicular) * 0.5)
        }
        if let film = self.film { return film.reflectance(cosine) * color }
        let m = clamped(1 - cosine, 0, 1)
        let m2 = m * m
        return color + (Vector3(1) - color) * (m2 * m2 * m)
    }

    // MARK: Values

    /// The value of reflecting, without the cosine and without mirrors; both directions have z > 0.
    @inline(__always) func reflected(_ wo: Vector3, _ wi: Vector3, isBelow: Bool, tint: Vector3) -> Vector3 {
        if self.kind == .diffuse { return self.color * tint * Pi.inverse }
        guard self.alpha > 0, wo.z > 0, wi.z > 0 else { return .zero }
        let h = (wo + wi).normalized(or: Vector3(0, 0, 1))
        let facets = self.facets
        let shape = facets.d(h) * facets.g2(wo, wi) / (4 * wo.z * wi.z)
        let color = self.kind == .metal ? self.color * tint : self.color
        return self.reflectance(dot(wo, h), isBelow: isBelow, color) * (shape * self.coverage)
    }

    /// The value of passing through a rough dielectric as energy flows, without the cosine; `wi` has z < 0.
    ///
    /// B. Walter et al., "Microfacet Models for Refraction through Rough Surfaces", 2007.
    @inline(__always) func refracted(_ wo: Vector3, _ wi: Vector3, isBelow: Bool) -> Vector3 {
        guard self.kind == .dielectric, self.alpha > 0, wo.z > 0, wi.z < 0 else { return .zero }
        let eta = isBelow ? 1 / self.eta : self.eta
        var h = (wo + wi * eta).normalized(or: Vector3(0, 0, 1))
        if h.z < 0 { h = -h }
        let o = dot(wo, h)
        let i = dot(wi, h)
        let root = i + o / eta
        guard o > 0, i < 0, root != 0 else { return .zero }
        let facets = self.facets
        let shape = facets.d(h) * facets.g2(wo, wi) * (-i * o) / (-wi.z * wo.z * root * root)
        return (Vector3(1) - self.reflectance(o, isBelow: isBelow, .zero)) * shape
    }

    // MARK: Sampling

    /// Follows a ray; nothing when it is absorbed or lost between facets.
    @inline(__always) func scatter(
        _ wo: Vector3,
        isBelow: Bool,
        tint: Vector3,
        _ stream: inout WalkStream
    ) -> Event? {
        switch self.kind {
        case .diffuse:
            let (x, y) = diskPoint(stream.next(), stream.next())
            let z = larger(0, 1 - (x * x + y * y)).squareRoot()
            return z > 0 ? Event(direction: Vector3(x, y, z), weight: self.color * tint) : nil
        case .flakes:
            if self.coverage < 1, stream.next() >= self.coverage { return Event(direction: -wo, weight: Vector3(1)) }
            return self.mirrored(wo, isBelow: isBelow, self.color, &stream)
        case .metal:
            return self.mirrored(wo, isBelow: isBelow, self.color * tint, &stream)
        case .dielectric:
            let h = self.normal(wo, &stream)
            let cosine = dot(wo, h)
            let reflectance = self.reflectance(cosine, isBelow: isBelow, .zero)
            let share = ((reflectance.x + reflectance.y) + reflectance.z) * 0x1.555556p-2
            if share > 0, stream.next() < share {
                let wi = h * (2 * cosine) - wo
                return self.event(wo, wi, reflectance * (1 / share), isThrough: false)
            }
            guard let wi = self.through(wo, h, isBelow: isBelow) else { return nil }
            return self.event(wo, wi, (Vector3(1) - reflectance) * (1 / (1 - share)), isThrough: true)
        }
    }

    /// Passes through from above, whatever the chance of being reflected; the weight tells how much does.
    @inline(__always) func descend(_ wo: Vector3, _ stream: inout WalkStream) -> Event? {
        if self.kind == .flakes { return Event(direction: -wo, weight: Vector3(1 - self.coverage)) }
        guard self.kind == .dielectric else { return nil }
        let h = self.normal(wo, &stream)
        guard let wi = self.through(wo, h, isBelow: false) else { return nil }
        return self.event(wo, wi, Vector3(1) - self.reflectance(dot(wo, h), isBelow: false, .zero), isThrough: true)
    }

    @inline(__always) private func normal(_ wo: Vector3, _ stream: inout WalkStream) -> Vector3 {
        self.alpha > 0 ? self.facets.visibleNormal(wo, stream.next(), stream.next()) : Vector3(0, 0, 1)
    }

    @inline(__always) private func mirrored(
        _ wo: Vector3,
        isBelow: Bool,
        _ color: Vector3,
        _ stream: inout WalkStream
    ) -> Event? {
        let h = self.normal(wo, &stream)
        let cosine = dot(wo, h)
        let reflectance = self.reflectance(cosine, isBelow: isBelow, color)
        return self.event(wo, h * (2 * cosine) - wo, reflectance, isThrough: false)
    }

    @inline(__always) private func through(_ wo: Vector3, _ h: Vector3, isBelow: Bool) -> Vector3? {
        let eta = isBelow ? 1 / self.eta : self.eta
        let cosine = dot(wo, h)
        let sine2 = larger(0, 1 - cosine * cosine) / (eta * eta)
        guard sine2 < 1 else { return nil }
        return h * (cosine / eta - (1 - sine2).squareRoot()) - wo * (1 / eta)
    }

    @inline(__always) private func event(
        _ wo: Vector3,
        _ wi: Vector3,
        _ weight: Vector3,
        isThrough: Bool
    ) -> Event? {
        guard isThrough ? wi.z < 0 : wi.z > 0 else { return nil }
        return Event(direction: wi, weight: self.alpha > 0 ? weight * self.facets.visibility(wo, wi) : weight)
    }
}
