/// How a surface with further lobes scatters light, in a frame whose +Z is the shading normal on the side of `wo`; a
/// surface a lane.
///
/// ``BSDF``'s mixture with all that Khronos' extensions add to it: coloured and weighted reflections, grooves, thin films,
/// thin walls, diffuse transmission; above it sheen, above that a clear coat. What lies above takes from what lies below by
/// its albedo for `wo` alone, so nothing is gained and nothing lost.
///
/// Deviations from the extensions: the clear coat's Fresnel term is that of its facets, films are evaluated at the normal
/// (as in Khronos' own viewer), and neither coat nor sheen dims what the surface emits.
struct LobedBSDF: BitwiseCopyable {
    let wo: Vector3Lanes
    /// `wo` in the frame of the grooves.
    let grooved: Vector3Lanes
    /// The direction of stretched reflections.
    let stretchX: FloatLanes
    let stretchY: FloatLanes
    let distribution: GroovedDistribution
    let isSmooth: MaskLanes
    let metalColor: Vector3Lanes
    let metalFactor: Vector3Lanes
    /// The dielectric's reflectance at normal incidence and at grazing angles.
    let reflectance: Vector3Lanes
    let grazing: FloatLanes
    let coatWeight: FloatLanes
    /// The widths whose albedos together are that of the grooves.
    let roughness: (FloatLanes, FloatLanes)
    let diffuse: Vector3Lanes
    let diffuseThrough: Vector3Lanes
    let transmissionColor: Vector3Lanes
    let transmissionWeight: FloatLanes
    let transmissionFactor: FloatLanes
    let isThin: MaskLanes
    /// The index of refraction beyond the surface relative to this side; outside relative to inside for thin walls.
    let eta: FloatLanes
    /// What sheen and clear coat leave to the rest.
    let baseScale: FloatLanes
    /// With what the clear coat leaves of it.
    let sheenColor: Vector3Lanes
    let sheen: SheenDistribution
    let clearcoat: FloatLanes
    let clearcoatFrame: ShadingFrameLanes
    let clearcoatWo: Vector3Lanes
    let clearcoatDistribution: MicrofacetDistribution
    let isClearcoatSmooth: MaskLanes
    let table: AlbedoTable
    let pickDiffuse: FloatLanes
    let pickDiffuseThrough: FloatLanes
    let pickSheen: FloatLanes
    let pickClearcoat: FloatLanes
    let pickSpecular: FloatLanes
    let pickTransmission: FloatLanes
    let hasTransmission: Bool
    let hasSheen: Bool
    let hasClearcoat: Bool

    /// Where light samples can find anything.
    var hasSpread: MaskLanes {
        let isSpread = .!self.isSmooth .| (self.pickDiffuse .> 0) .| (self.pickDiffuseThrough .> 0)
        return isSpread .| (self.pickSheen .> 0) .| ((self.pickClearcoat .> 0) .& .!self.isClearcoatSmooth)
    }

    init(
        _ s: borrowing SurfaceLanes,
        _ lobes: borrowing LobeSurfaceLanes,
        wo: Vector3Lanes,
        table: AlbedoTable,
        tables: LobeTables
    ) {
        self.wo = wo
        self.table = table
        self.stretchX = lobes.stretchX
        self.stretchY = lobes.stretchY
        self.grooved = Self.turned(wo, lobes.stretchX, lobes.stretchY)
        let alpha = larger(0x1p-10, s.roughness * s.roughness)
        let stretched = mix(alpha, 1, lobes.anisotropy * lobes.anisotropy)
        self.distribution = GroovedDistribution(x: stretched, y: alpha)
        self.isSmooth = (s.roughness .<= FloatLanes(BSDF.smoothRoughness)) .& (lobes.anisotropy .<= 0)
        // Around the normal facets lean as far as a round distribution's of the width in that direction: two directions
        // stand for all.
        let (a2, b2) = (stretched * stretched, alpha * alpha)
        let one = ((0x1.b504f4p-1 * a2 + 0x1.2bec34p-3 * b2).squareRoot()).squareRoot()
        let other = ((0x1.2bec34p-3 * a2 + 0x1.b504f4p-1 * b2).squareRoot()).squareRoot()
        let isRound = lobes.anisotropy .<= 0
        self.roughness = (select(isRound, s.roughness, one), select(isRound, s.roughness, other))

        self.isThin = lobes.isThin
        self.eta = select(s.isFront .| lobes.isThin, s.ior, 1 / s.ior)
        let color = s.baseColor
        // Films lie on the outside: from within, they are seen at the angle of the light that leaves.
        let sine2 = (1 - wo.z * wo.z) * select(self.eta .< 1, 1 / (self.eta * self.eta), 1)
        let outer = larger(0, 1 - sine2).squareRoot()
        var reflectance = lobes.reflectance
        var metalColor = color
        let isFilm = lobes.iridescence .> 0
        if isFilm.any {
            let onCoat = tables.filmReflectance(
                cosine: outer,
                ior: lobes.filmIOR,
                thickness: lobes.filmThickness,
                base: reflectance
            )
            let onMetal = tables.filmReflectance(
                cosine: outer,
                ior: lobes.filmIOR,
                thickness: lobes.filmThickness,
                base: color
            )
            let coat = mix(reflectance, Self.normal(onCoat, outer) * lobes.grazing, lobes.iridescence)
            let metal = mix(color, Self.normal(onMetal, outer), lobes.iridescence)
            reflectance = select(isFilm, coat, reflectance)
            metalColor = select(isFilm, metal, color)
        }
        self.reflectance = reflectance
        self.metalColor = metalColor
        self.grazing = lobes.grazing

        let dielectric = 1 - s.metallic
        self.transmissionWeight = dielectric * lobes.transmission
        self.coatWeight = dielectric * (1 - lobes.transmission)
        self.hasTransmission = (self.transmissionWeight .> 0).any
        let root = Vector3Lanes(color.x.squareRoot(), color.y.squareRoot(), color.z.squareRoot())
        self.transmissionColor = select(lobes.isThin, color, root)

        let weight = schlickWeight(wo.z)
        let rough = Self.albedo(table, wo.z, self.roughness)
        let scale = select(self.isSmooth, 1 - weight, rough.scale)
        let bias = select(self.isSmooth, weight, rough.bias)
        let first = table.mean(roughness: self.roughness.0)
        let second = table.mean(roughness: self.roughness.1)
        let meanScale = select(self.isSmooth, 0x1.e79e7ap-1, (first.scale + second.scale) * 0.5)
        let meanBias = select(self.isSmooth, 0x1.861862p-5, (first.bias + second.bias) * 0.5)
        let whole = larger(0x1p-4, scale + bias)
        let missing = select(self.isSmooth, 0, 1 / whole - 1)
        self.metalFactor = (Vector3Lanes(1) + metalColor * missing) * s.metallic
        let metalAlbedo = smaller(1, (metalColor.luminance * scale + bias) * (1 + missing))
        let most = reflectance.largest
        let coatAlbedo = most * scale + lobes.grazing * bias
        let passed = larger(0, 1 - coatAlbedo)
        let passedMean = larger(0x1p-10, 1 - (most * meanScale + lobes.grazing * meanBias))
        let spread = self.coatWeight * passed / passedMean
        self.diffuse = color * (spread * (1 - lobes.diffuseTransmission))
        self.diffuseThrough = lobes.diffuseTransmissionColor * (spread * lobes.diffuseTransmission)
        if self.hasTransmission {
            let isExact = self.isSmooth .| (.!lobes.isThin .& (self.eta .== 1))
            let glass = table.glass(cosine: wo.z, roughness: s.roughness, eta: self.eta)
            let sent = select(lobes.isThin, whole, larger(0x1p-4, glass))
            self.transmissionFactor = self.transmissionWeight * select(isExact, 1, 1 / sent)
        } else {
            self.transmissionFactor = self.transmissionWeight
        }

        // Coat and sheen are outside: nothing inside a volume meets them from above.
        let isOutside = s.isFront .| lobes.isThin .| .!(lobes.transmission .> 0)
        self.clearcoat = select(isOutside, lobes.clearcoat, 0)
        self.hasClearcoat = (self.clearcoat .> 0).any
        self.clearcoatFrame = ShadingFrameLanes(normal: lobes.clearcoatNormal)
        self.clearcoatWo = self.clearcoatFrame.toLocal(wo)
        self.isClearcoatSmooth = lobes.clearcoatRoughness .<= FloatLanes(BSDF.smoothRoughness)
        self.clearcoatDistribution = MicrofacetDistribution(
            alpha: larger(0x1p-10, lobes.clearcoatRoughness * lobes.clearcoatRoughness)
        )
        let clearcoatRough = table.directional(cosine: self.clearcoatWo.z, roughness: lobes.clearcoatRoughness)
        let clearcoatSmooth = Self.clearcoatFresnel(self.clearcoatWo.z)
        let clearcoatFull = select(
            self.isClearcoatSmooth,
            clearcoatSmooth,
            0x1.47ae14p-5 * clearcoatRough.scale + clearcoatRough.bias
        )
        let clearcoatAlbedo = self.clearcoat * clearcoatFull
        let belowClearcoat = 1 - clearcoatAlbedo
        self.sheen = SheenDistribution(roughness: lobes.sheenRoughness)
        let hasSheen = isOutside .& (lobes.sheenColor.largest .> 0)
        self.hasSheen = hasSheen.any
        self.sheenColor = select(hasSheen, lobes.sheenColor * belowClearcoat, .zero)
        let sheenAlbedo =
            self.sheenColor.largest
            * tables.sheenAlbedo(cosine: wo.z, roughness: lobes.sheenRoughness)
        self.baseScale = larger(0, belowClearcoat - sheenAlbedo)

        let specular = (s.metallic * metalAlbedo + self.coatWeight * coatAlbedo) * self.baseScale
        let diffuse = self.coatWeight * passed * (1 - lobes.diffuseTransmission) * color.largest * self.baseScale
        let through =
            self.coatWeight * passed * lobes.diffuseTransmission * self.baseScale
            * lobes.diffuseTransmissionColor.largest
        let transmission = self.transmissionWeight * self.baseScale
        let base = (specular + diffuse) + (through + transmission)
        let total = base + (sheenAlbedo + clearcoatAlbedo)
        let isLit = total .> 0x1p-20
        let scaling = 1 / select(isLit, total, 1)
        self.pickDiffuse = select(isLit, diffuse * scaling, 0)
        self.pickDiffuseThrough = select(isLit, through * scaling, 0)
        self.pickSheen = select(isLit, sheenAlbedo * scaling, 0)
        self.pickClearcoat = select(isLit, clearcoatAlbedo * scaling, 0)
        self.pickSpecular = select(isLit, specular * scaling, 1)
        let others = ((self.pickDiffuse + self.pickDiffuseThrough) + self.pickSheen) + self.pickClearcoat
        self.pickTransmission = select(
            self.transmissionWeight .> 0,
            larger(0, (1 - others) - self.pickSpecular),
            0
        )
    }

    // MARK: Terms

    /// A direction in a frame turned about the normal.
    @inline(__always) static func turned(
        _ w: Vector3Lanes,
        _ cosine: FloatLanes,
        _ sine: FloatLanes
    ) -> Vector3Lanes {
        Vector3Lanes(w.x * cosine + w.y * sine, w.y * cosine - w.x * sine, w.z)
    }

    /// Scale and bias of the grooves' albedo.
    @inline(__always) private static func albedo(
        _ table: AlbedoTable,
        _ cosine: FloatLanes,
        _ roughness: (FloatLanes, FloatLanes)
    ) -> (scale: FloatLanes, bias: FloatLanes) {
        let one = table.directional(cosine: cosine, roughness: roughness.0)
        let other = table.directional(cosine: cosine, roughness: roughness.1)
        return ((one.scale + other.scale) * 0.5, (one.bias + other.bias) * 0.5)
    }

    /// What Schlick's term needs at normal incidence to have this value at a cosine.
    @inline(__always) private static func normal(_ value: Vector3Lanes, _ cosine: FloatLanes) -> Vector3Lanes {
        let w = schlickWeight(cosine)
        let scale = 1 / larger(1 - w, 0x1p-10)
        return Vector3Lanes(
            clamped((value.x - w) * scale, 0, 1),
            clamped((value.y - w) * scale, 0, 1),
            clamped((value.z - w) * scale, 0, 1)
        )
    }

    /// The reflectance of a clear coat: 0.04 at normal incidence.
    @inline(__always) static func clearcoatFresnel(_ cosine: FloatLanes) -> FloatLanes {
        0x1.47ae14p-5 + 0x1.eb851ep-1 * schlickWeight(cosine)
    }

    /// The reflectance of metal and dielectric together at a facet.
    @inline(__always) func fresnel(_ cosine: FloatLanes) -> Vector3Lanes {
        let w = schlickWeight(cosine)
        let metal = (self.metalColor + (Vector3Lanes(1) - self.metalColor) * w) * self.metalFactor
        return metal + (self.reflectance + (Vector3Lanes(self.grazing) - self.reflectance) * w) * self.coatWeight
    }

    /// The reflectance of glass at a facet: Fresnel's with its ends moved to where they should be, but for total reflection.
    @inline(__always) func glassFresnel(_ cosine: FloatLanes) -> Vector3Lanes {
        let exact = dielectricFresnel(cosine, self.eta)
        let r = (self.eta - 1) / (self.eta + 1)
        // Of high indices the reflectance falls a little before it rises.
        let w = (exact - r * r) / (1 - r * r)
        let moved = self.reflectance + (Vector3Lanes(self.grazing) - self.reflectance) * w
        let bounded = Vector3Lanes(clamped(moved.x, 0, 1), clamped(moved.y, 0, 1), clamped(moved.z, 0, 1))
        return select(exact .< 1, bounded, Vector3Lanes(1))
    }

    /// What the dielectric's surface lets through to the base in direction `cosine`.
    @inline(__always) func passed(_ cosine: FloatLanes) -> FloatLanes {
        let w = schlickWeight(cosine)
        let albedo = Self.albedo(self.table, cosine, self.roughness)
        let most = self.reflectance.largest
        let smooth = most + (self.grazing - most) * w
        let rough = most * albedo.scale + self.grazing * albedo.bias
        return larger(0, 1 - select(self.isSmooth, smooth, rough))
    }
}
