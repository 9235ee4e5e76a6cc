/// How a surface scatters light, in a frame whose +Z is the shading normal on the side of `wo`; a surface a lane.
///
/// The glTF 2.0 mixture: metal; or a dielectric coat over a diffuse base; or a dielectric that lets light through. The
/// base is coupled to the coat by albedo, so nothing is gained at grazing angles; rough metals and rough glass are
/// compensated for multiple scattering. Reflections narrower than ``smoothRoughness`` are perfect mirrors.
struct BSDF {
    /// Roughness up to which a reflection is a mirror's.
    @inline(__always) static var smoothRoughness: Float { 0x1p-5 }

    /// Directions drawn by ``sample(_:_:_:)``.
    struct Sample {
        var wi: Vector3Lanes
        /// Value times cosine over density.
        var weight: Vector3Lanes
        /// The density per solid angle; zero for a mirror's single direction.
        var density: FloatLanes
        /// The square of the relative index of refraction where the direction goes through the surface, else one.
        var etaSquared: FloatLanes
        /// Where there is a direction at all: elsewhere the light is absorbed.
        var isScattered: MaskLanes
    }

    /// The value times the cosine, and the density of drawing the direction.
    struct Value {
        var value: Vector3Lanes
        var density: FloatLanes
    }

    private let wo: Vector3Lanes
    private let distribution: MicrofacetDistribution
    private let isSmooth: MaskLanes
    /// The metal's reflectance at normal incidence, how much of it there is, and its compensation per colour.
    private let metalColor: Vector3Lanes
    private let metalFactor: Vector3Lanes
    private let coatReflectance: FloatLanes
    private let coatGrazing: FloatLanes
    private let coatWeight: FloatLanes
    /// The diffuse base: weight times colour times what the coat lets in at `wo` over what it lets in on average.
    private let diffuse: Vector3Lanes
    private let transmissionColor: Vector3Lanes
    /// How much glass there is, and with its compensation.
    private let transmissionWeight: FloatLanes
    private let transmissionFactor: FloatLanes
    /// The index of refraction beyond the surface relative to this side.
    private let eta: FloatLanes
    private let roughness: FloatLanes
    private let table: AlbedoTable
    private let pickSpecular: FloatLanes
    private let pickDiffuse: FloatLanes
    private let pickTransmission: FloatLanes
    /// Whether any lane lets light through: most groups skip what only glass needs.
    private let hasTransmission: Bool
    /// Whether any lane has microfacets: groups of nothing but diffuse surfaces skip all that deals with them, which leaves
    /// the same bits.
    private let hasFacets: Bool

    /// Where light samples can find anything.
    @inline(__always) var hasSpread: MaskLanes { .!self.isSmooth .| (self.pickDiffuse .> 0) }

    /// Prepares for light in the lanes of `active`; the others get numbers that mean nothing.
    @inline(__always) init(
        _ s: borrowing SurfaceLanes,
        wo: Vector3Lanes,
        among active: MaskLanes,
        table: AlbedoTable
    ) {
        self.wo = wo
        self.table = table
        self.roughness = s.roughness
        self.isSmooth = s.roughness .<= FloatLanes(Self.smoothRoughness)
        self.distribution = MicrofacetDistribution(alpha: larger(0x1p-10, s.roughness * s.roughness))
        self.eta = select(s.isFront, s.ior, 1 / s.ior)
        self.coatReflectance = s.coatReflectance
        self.coatGrazing = s.coatGrazing
        let dielectric = 1 - s.metallic
        self.transmissionWeight = dielectric * s.transmission
        self.coatWeight = dielectric * (1 - s.transmission)
        self.hasTransmission = (active .& (self.transmissionWeight .> 0)).any
        let coat = self.coatWeight * larger(s.coatReflectance, s.coatGrazing)
        let facets = larger(larger(s.metallic, coat), self.transmissionWeight)
        self.hasFacets = (active .& (facets .> 0)).any
        let color = s.baseColor
        self.metalColor = color
        guard self.hasFacets else {
            self.metalFactor = .zero
            self.transmissionColor = .zero
            self.transmissionFactor = 0
            self.diffuse = color * self.coatWeight
            let base = self.coatWeight * color.largest
            let isLit = base .> 0x1p-20
            self.pickSpecular = 0
            self.pickDiffuse = select(isLit, base * (1 / select(isLit, base, 1)), 0)
            self.pickTransmission = 0
            return
        }
        self.transmissionColor = Vector3Lanes(color.x.squareRoot(), color.y.squareRoot(), color.z.squareRoot())
        let grazing = schlickWeight(wo.z)
        let rough = table.directional(cosine: wo.z, roughness: s.roughness)
        let roughMean = table.mean(roughness: s.roughness)
        let scale = select(self.isSmooth, 1 - grazing, rough.scale)
        let bias = select(self.isSmooth, grazing, rough.bias)
        // 20/21, 1/21
        let meanScale = select(self.isSmooth, 0x1.e79e7ap-1, roughMean.scale)
        let meanBias = select(self.isSmooth, 0x1.861862p-5, roughMean.bias)
        // Turquin's compensation multiplies a metal by 1 + f0 (1 / albedo of white - 1).
        let missing = select(self.isSmooth, 0, 1 / larger(0x1p-4, scale + bias) - 1)
        self.metalFactor = (Vector3Lanes(1) + color * missing) * s.metallic
        let metalAlbedo = smaller(1, (color.luminance * scale + bias) * (1 + missing))
        let coatAlbedo = self.coatReflectance * scale + self.coatGrazing * bias
        let passed = larger(0, 1 - coatAlbedo)
        let passedMean = larger(0x1p-10, 1 - (self.coatReflectance * meanScale + self.coatGrazing * meanBias))
        self.diffuse = color * (self.coatWeight * passed / passedMean)
        if self.hasTransmission {
            // At an index of one nothing is refracted and nothing is lost.
            let isExact = self.isSmooth .| (self.eta .== 1)
            let albedo = table.glass(cosine: wo.z, roughness: s.roughness, eta: self.eta)
            self.transmissionFactor = self.transmissionWeight * select(isExact, 1, 1 / larger(0x1p-4, albedo))
        } else {
            self.transmissionFactor = self.transmissionWeight
        }
        let specular = s.metallic * metalAlbedo + self.coatWeight * coatAlbedo
        let base = self.coatWeight * passed * color.largest
        let total = (specular + base) + self.transmissionWeight
        let isLit = total .> 0x1p-20
        let scaling = 1 / select(isLit, total, 1)
        self.pickSpecular = select(isLit, specular * scaling, 1)
        self.pickDiffuse = select(isLit, base * scaling, 0)
        self.pickTransmission = select(
            self.transmissionWeight .> 0,
            larger(0, (1 - self.pickSpecular) - self.pickDiffuse),
            0
        )
    }

    /// The reflectance of metal and coat together at a facet.
    @inline(__always) private func fresnel(_ cosine: FloatLanes) -> Vector3Lanes {
        let w = schlickWeight(cosine)
        let coat = self.coatWeight * (self.coatReflectance + (self.coatGrazing - self.coatReflectance) * w)
        return (self.metalColor + (Vector3Lanes(1) - self.metalColor) * w) * self.metalFactor + Vector3Lanes(coat)
    }

    /// What the coat lets through to the base in direction `cosine`.
    @inline(__always) private func passed(_ cosine: FloatLanes) -> FloatLanes {
        let w = schlickWeight(cosine)
        let albedo = self.table.directional(cosine: cosine, roughness: self.roughness)
        let smooth = self.coatReflectance + (self.coatGrazing - self.coatReflectance) * w
        let rough = self.coatReflectance * albedo.scale + self.coatGrazing * albedo.bias
        return larger(0, 1 - select(self.isSmooth, smooth, rough))
    }

    // MARK: Evaluation

    /// The value for light from `wi`, without mirrors.
    @inline(__always) func evaluate(_ wi: Vector3Lanes) -> Value {
        let isAbove = wi.z .> 0
        guard self.hasFacets else {
            let cosine = wi.z * FloatLanes(Pi.inverse)
            return Value(
                value: select(isAbove, self.diffuse * cosine, .zero),
                density: select(isAbove, self.pickDiffuse * wi.z * FloatLanes(Pi.inverse), 0)
            )
        }
        var value = self.diffuse * (self.passed(wi.z) * wi.z * FloatLanes(Pi.inverse))
        var density = self.pickDiffuse * wi.z * FloatLanes(Pi.inverse)
        let h = (self.wo + wi).normalized(or: Vector3Lanes(0, 0, 1))
        let cosine = dot(self.wo, h)
        let d = self.distribution.d(h) / (4 * self.wo.z)
        let visible = select(self.isSmooth, 0, self.distribution.g1(self.wo) * d)
        let shape = select(self.isSmooth, 0, d * self.distribution.g2(self.wo, wi))
        value += self.fresnel(cosine) * shape
        density += self.pickSpecular * visible
        guard self.hasTransmission else {
            return Value(value: select(isAbove, value, .zero), density: select(isAbove, density, 0))
        }
        let reflectance = dielectricFresnel(cosine, self.eta)
        value += Vector3Lanes(self.transmissionFactor * reflectance * shape)
        density += self.pickTransmission * reflectance * visible
        let through = self.evaluateThrough(wi)
        return Value(value: select(isAbove, value, through.value), density: select(isAbove, density, through.density))
    }

    /// The value for light from the other side.
    ///
    /// After B. Walter et al., "Microfacet Models for Refraction through Rough Surfaces", 2007.
    @inline(__always) private func evaluateThrough(_ wi: Vector3Lanes) -> Value {
        var h = (self.wo + wi * self.eta).normalized(or: Vector3Lanes(0, 0, 1))
        h = select(h.z .< 0, -h, h)
        let o = dot(self.wo, h)
        let i = dot(wi, h)
        let through = 1 - dielectricFresnel(o, self.eta)
        let root = i + o / self.eta
        let isPossible =
            (wi.z .< 0) .& (self.transmissionWeight .> 0) .& .!self.isSmooth .& (self.eta .!= 1) .& (o .> 0)
            .& (i .< 0) .& (through .> 0) .& (root .!= 0)
        let jacobian = -i / (root * root)
        let d = self.distribution.d(h) * (o / self.wo.z) * jacobian
        let shape = through * d * self.distribution.throughG2(self.wo, wi) / (self.eta * self.eta)
        let visible = self.distribution.g1(self.wo) * d
        return Value(
            value: select(isPossible, self.transmissionColor * (self.transmissionFactor * shape), .zero),
            density: select(isPossible, self.pickTransmission * through * visible, 0)
        )
    }

    // MARK: Sampling

    /// Draws directions from two numbers and one that picks a lobe.
    @inline(__always) func sample(_ u: FloatLanes, _ v: FloatLanes, _ pick: FloatLanes) -> Sample {
        guard self.hasFacets else {
            let wi = cosineDirection(u, v)
            let value = self.evaluate(wi)
            return Sample(
                wi: wi,
                weight: value.value * (1 / value.density),
                density: value.density,
                etaSquared: 1,
                isScattered: value.density .> 0
            )
        }
        let isDiffuse = pick .< self.pickDiffuse
        let isSpecular =
            .!isDiffuse .& ((pick .< self.pickDiffuse + self.pickSpecular) .| (self.pickTransmission .<= 0))
        let visible = self.distribution.visibleNormal(self.wo, u, v)
        let h = select(self.isSmooth, Vector3Lanes(0, 0, 1), visible)
        let cosine = dot(self.wo, h)
        var wi = select(isDiffuse, cosineDirection(u, v), h * (2 * cosine) - self.wo)
        // Mirrors come first, then what other lobes share.
        var isMirror = isSpecular .& self.isSmooth
        var weight = self.fresnel(self.wo.z) * (1 / self.pickSpecular)
        var etaSquared: FloatLanes = 1
        var isScattered = wi.z .> 0
        if self.hasTransmission {
            let isGlass = .!isDiffuse .& .!isSpecular
            let rest = (pick - self.pickDiffuse - self.pickSpecular) / self.pickTransmission
            let isThrough = isGlass .& .!(rest .< dielectricFresnel(cosine, self.eta))
            let below = refracted(self.wo, h, self.eta)
            let share = self.transmissionWeight / self.pickTransmission
            let square = self.eta * self.eta
            wi = select(isThrough, below.direction, wi)
            etaSquared = select(isThrough, square, 1)
            isScattered = select(isThrough, below.isRefracted .& (wi.z .< 0), isScattered)
            weight = select(isGlass, Vector3Lanes(share), weight)
            weight = select(isThrough, self.transmissionColor * (share / square), weight)
            isMirror = isMirror .| (isGlass .& self.isSmooth) .| (isThrough .& (self.eta .== 1))
        }
        // A direction that several lobes may draw gets its weight from all of them together.
        let value = self.evaluate(wi)
        isScattered = isScattered .& (isMirror .| (value.density .> 0))
        return Sample(
            wi: wi,
            weight: select(isMirror, weight, value.value * (1 / value.density)),
            density: select(isMirror, 0, value.density),
            etaSquared: etaSquared,
            isScattered: isScattered
        )
    }
}
