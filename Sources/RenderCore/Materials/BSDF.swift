/// How a surface scatters light, in a frame whose +Z is the shading normal on the side of `wo`.
///
/// The glTF 2.0 mixture: metal; or a dielectric coat over a diffuse base; or a dielectric that lets light through. The
/// base is coupled to the coat by albedo, so nothing is gained at grazing angles; metals are compensated for multiple
/// scattering. Reflections narrower than ``smoothRoughness`` are perfect mirrors.
struct BSDF {
    /// Roughness up to which a reflection is a mirror's.
    static var smoothRoughness: Float { 0x1p-5 }

    /// A direction drawn by ``sample(_:_:_:)``.
    struct Sample {
        var wi: Vector3
        /// Value times cosine over density.
        var weight: Vector3
        /// The density per solid angle; zero for a mirror's single direction.
        var density: Float
        /// The square of the relative index of refraction where the direction goes through the surface, else one.
        var etaSquared: Float
    }

    /// The value times the cosine, and the density of drawing the direction.
    struct Value {
        var value: Vector3
        var density: Float
    }

    private let wo: Vector3
    private let distribution: MicrofacetDistribution
    private let isSmooth: Bool
    /// The metal's reflectance at normal incidence, how much of it there is, and its compensation per colour.
    private let metalColor: Vector3
    private let metalFactor: Vector3
    private let coatReflectance: Float
    private let coatWeight: Float
    /// The diffuse base: weight times colour times what the coat lets in at `wo` over what it lets in on average.
    private let diffuse: Vector3
    private let transmissionColor: Vector3
    private let transmissionWeight: Float
    /// The index of refraction beyond the surface relative to this side.
    private let eta: Float
    private let roughness: Float
    private let table: AlbedoTable
    private let pickSpecular: Float
    private let pickDiffuse: Float

    /// Whether light samples can find anything.
    @inline(__always) var hasSpread: Bool { !self.isSmooth || self.pickDiffuse > 0 }

    @inline(__always) init(_ s: borrowing SurfaceInteraction, wo: Vector3, table: AlbedoTable) {
        self.wo = wo
        self.table = table
        self.roughness = s.roughness
        self.isSmooth = s.roughness <= Self.smoothRoughness
        self.distribution = MicrofacetDistribution(alpha: larger(0x1p-10, s.roughness * s.roughness))
        self.eta = s.isFront ? s.ior : 1 / s.ior
        let r = (s.ior - 1) / (s.ior + 1)
        self.coatReflectance = r * r
        let dielectric = 1 - s.metallic
        self.transmissionWeight = dielectric * s.transmission
        self.coatWeight = dielectric * (1 - s.transmission)
        self.transmissionColor = Vector3(
            s.baseColor.x.squareRoot(),
            s.baseColor.y.squareRoot(),
            s.baseColor.z.squareRoot()
        )
        let albedo: (scale: Float, bias: Float)
        let mean: (scale: Float, bias: Float)
        if self.isSmooth {
            let weight = schlickWeight(wo.z)
            albedo = (1 - weight, weight)
            mean = (0x1.e79e7ap-1, 0x1.861862p-5)  // 20/21, 1/21
        } else {
            albedo = table.directional(cosine: wo.z, roughness: s.roughness)
            mean = table.mean(roughness: s.roughness)
        }
        // Turquin's compensation multiplies a metal by 1 + f0 (1 / albedo of white - 1).
        let missing = self.isSmooth ? 0 : 1 / larger(0x1p-4, albedo.scale + albedo.bias) - 1
        self.metalColor = s.baseColor
        self.metalFactor = (Vector3(1) + s.baseColor * missing) * s.metallic
        let metalAlbedo = smaller(1, (s.baseColor.luminance * albedo.scale + albedo.bias) * (1 + missing))
        let coatAlbedo = self.coatReflectance * albedo.scale + albedo.bias
        let passed = larger(0, 1 - coatAlbedo)
        let passedMean = larger(0x1p-10, 1 - (self.coatReflectance * mean.scale + mean.bias))
        self.diffuse = s.baseColor * (self.coatWeight * passed / passedMean)
        let specular = s.metallic * metalAlbedo + self.coatWeight * coatAlbedo
        let base = self.coatWeight * passed * s.baseColor.largest
        let total = (specular + base) + self.transmissionWeight
        if total > 0x1p-20 {
            self.pickSpecular = specular / total
            self.pickDiffuse = base / total
        } else {
            self.pickSpecular = 1
            self.pickDiffuse = 0
        }
    }

    @inline(__always) private var pickTransmission: Float {
        self.transmissionWeight > 0 ? larger(0, (1 - self.pickSpecular) - self.pickDiffuse) : 0
    }

    /// The reflectance of metal and coat together at a facet.
    @inline(__always) private func fresnel(_ cosine: Float) -> Vector3 {
        let w = schlickWeight(cosine)
        let coat = self.coatWeight * (self.coatReflectance + (1 - self.coatReflectance) * w)
        return (self.metalColor + (Vector3(1) - self.metalColor) * w) * self.metalFactor + Vector3(coat)
    }

    /// What the coat lets through to the base in direction `cosine`.
    @inline(__always) private func passed(_ cosine: Float) -> Float {
        if self.isSmooth {
            let w = schlickWeight(cosine)
            return larger(0, 1 - (self.coatReflectance + (1 - self.coatReflectance) * w))
        }
        let albedo = self.table.directional(cosine: cosine, roughness: self.roughness)
        return larger(0, 1 - (self.coatReflectance * albedo.scale + albedo.bias))
    }

    // MARK: Evaluation

    /// The value for light from `wi`, without mirrors.
    @inline(__always) func evaluate(_ wi: Vector3) -> Value {
        if wi.z > 0 {
            var value = self.diffuse * (self.passed(wi.z) * wi.z * Pi.inverse)
            var density = self.pickDiffuse * wi.z * Pi.inverse
            guard !self.isSmooth else { return Value(value: value, density: density) }
            let h = (self.wo + wi).normalized(or: Vector3(0, 0, 1))
            let cosine = dot(self.wo, h)
            let d = self.distribution.d(h)
            let visible = self.distribution.g1(self.wo) * d / (4 * self.wo.z)
            let shape = d * self.distribution.g2(self.wo, wi) / (4 * self.wo.z)
            value += self.fresnel(cosine) * shape
            density += self.pickSpecular * visible
            if self.transmissionWeight > 0 {
                let reflectance = dielectricFresnel(cosine, self.eta)
                value += Vector3(self.transmissionWeight * reflectance * shape)
                density += self.pickTransmission * reflectance * visible
            }
            return Value(value: value, density: density)
        }
        guard wi.z < 0, self.transmissionWeight > 0, !self.isSmooth, self.eta != 1 else {
            return Value(value: .zero, density: 0)
        }
        // B. Walter et al., "Microfacet Models for Refraction through Rough Surfaces", 2007.
        var h = (self.wo + wi * self.eta).normalized(or: Vector3(0, 0, 1))
        if h.z < 0 { h = -h }
        let o = dot(self.wo, h)
        let i = dot(wi, h)
        guard o > 0, i < 0 else { return Value(value: .zero, density: 0) }
        let through = 1 - dielectricFresnel(o, self.eta)
        let root = i + o / self.eta
        guard through > 0, root != 0 else { return Value(value: .zero, density: 0) }
        let jacobian = -i / (root * root)
        let d = self.distribution.d(h)
        let shadowing = 1 / ((1 + self.distribution.lambda(self.wo)) + self.distribution.lambda(wi))
        let shape = through * d * shadowing * (o / self.wo.z) * jacobian / (self.eta * self.eta)
        let visible = self.distribution.g1(self.wo) * d * (o / self.wo.z) * jacobian
        return Value(
            value: self.transmissionColor * (self.transmissionWeight * shape),
            density: self.pickTransmission * through * visible
        )
    }

    // MARK: Sampling

    /// Draws a direction from two numbers and one that picks a lobe; nothing when the light is absorbed.
    @inline(__always) func sample(_ u: Float, _ v: Float, _ pick: Float) -> Sample? {
        if pick < self.pickDiffuse {
            let wi = cosineDirection(u, v)
            guard wi.z > 0 else { return nil }
            return self.spread(wi)
        }
        if pick < self.pickDiffuse + self.pickSpecular || self.pickTransmission <= 0 {
            if self.isSmooth {
                let wi = Vector3(-self.wo.x, -self.wo.y, self.wo.z)
                return Sample(
                    wi: wi,
                    weight: self.fresnel(self.wo.z) * (1 / self.pickSpecular),
                    density: 0,
                    etaSquared: 1
                )
            }
            let h = self.distribution.visibleNormal(self.wo, u, v)
            return self.spreadReflection(h * (2 * dot(self.wo, h)) - self.wo)
        }
        return self.sampleTransmission(u, v, (pick - self.pickDiffuse - self.pickSpecular) / self.pickTransmission)
    }

    @inline(__always) private func sampleTransmission(_ u: Float, _ v: Float, _ pick: Float) -> Sample? {
        let h = self.isSmooth ? Vector3(0, 0, 1) : self.distribution.visibleNormal(self.wo, u, v)
        let cosine = dot(self.wo, h)
        let reflectance = dielectricFresnel(cosine, self.eta)
        let share = self.transmissionWeight / self.pickTransmission
        if pick < reflectance {
            let wi = h * (2 * cosine) - self.wo
            guard self.isSmooth else { return self.spreadReflection(wi) }
            return Sample(wi: wi, weight: Vector3(share), density: 0, etaSquared: 1)
        }
        guard let wi = refracted(self.wo, h, self.eta), wi.z < 0 else { return nil }
        let etaSquared = self.eta * self.eta
        guard !self.isSmooth, self.eta != 1 else {
            return Sample(
                wi: wi,
                weight: self.transmissionColor * (share / etaSquared),
                density: 0,
                etaSquared: etaSquared
            )
        }
        guard var sample = self.spread(wi) else { return nil }
        sample.etaSquared = etaSquared
        return sample
    }

    /// Nothing when the reflection would go below the surface.
    @inline(__always) private func spreadReflection(_ wi: Vector3) -> Sample? {
        wi.z > 0 ? self.spread(wi) : nil
    }

    /// A direction whose weight comes from all lobes together.
    @inline(__always) private func spread(_ wi: Vector3) -> Sample? {
        let value = self.evaluate(wi)
        guard value.density > 0 else { return nil }
        return Sample(wi: wi, weight: value.value * (1 / value.density), density: value.density, etaSquared: 1)
    }
}
