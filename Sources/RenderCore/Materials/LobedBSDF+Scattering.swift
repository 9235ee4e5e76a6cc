extension LobedBSDF {
    // MARK: Evaluation

    /// The value for light from `wi`, without mirrors.
    func evaluate(_ wi: Vector3Lanes) -> BSDF.Value {
        let isAbove = wi.z .> 0
        let height = wi.z.magnitude
        let cosine = height * FloatLanes(Pi.inverse)
        let light = self.passed(height) * cosine
        var value = select(isAbove, self.diffuse, self.diffuseThrough) * light
        var density = select(isAbove, self.pickDiffuse, self.pickDiffuseThrough) * cosine

        // Thin walls send through what they would reflect, mirrored.
        let isMirrored = .!isAbove .& self.isThin
        let turned = Self.turned(wi, self.stretchX, self.stretchY)
        let out = select(isMirrored, Vector3Lanes(turned.x, turned.y, height), turned)
        let h = (self.grooved + out).normalized(or: Vector3Lanes(0, 0, 1))
        let o = dot(self.grooved, h)
        let d = self.distribution.d(h) / (4 * self.wo.z)
        let isRough = .!self.isSmooth .& (isAbove .| isMirrored)
        let visible = select(isRough, self.distribution.g1(self.grooved) * d, 0)
        let shape = select(isRough, d * self.distribution.g2(self.grooved, out), 0)
        value += select(isAbove, self.fresnel(o) * shape, .zero)
        density += select(isAbove, self.pickSpecular * visible, 0)
        if self.hasTransmission {
            let fresnel = self.glassFresnel(o)
            let most = fresnel.largest
            let reflected = fresnel * (self.transmissionFactor * shape)
            let wall = self.transmissionColor * (self.transmissionFactor * (1 - most) * shape)
            value += select(isAbove, reflected, wall)
            density += self.pickTransmission * select(isAbove, most, 1 - most) * visible
            let through = self.evaluateThrough(wi, turned)
            value += through.value
            density += through.density
        }
        value *= self.baseScale
        if self.hasSheen {
            let fibres = self.sheen.value(self.wo, wi) * wi.z
            value += select(isAbove, self.sheenColor * fibres, .zero)
            density += select(isAbove, self.pickSheen * cosine, 0)
        }
        if self.hasClearcoat {
            let coat = self.evaluateClearcoat(wi)
            value += coat.value
            density += coat.density
        }
        return BSDF.Value(value: value, density: density)
    }

    @inline(__always) private func evaluateClearcoat(_ wi: Vector3Lanes) -> BSDF.Value {
        let out = self.clearcoatFrame.toLocal(wi)
        let h = (self.clearcoatWo + out).normalized(or: Vector3Lanes(0, 0, 1))
        let d = self.clearcoatDistribution.d(h) / (4 * self.clearcoatWo.z)
        let isLit = (wi.z .> 0) .& (out.z .> 0) .& .!self.isClearcoatSmooth
        let shape = d * self.clearcoatDistribution.g2(self.clearcoatWo, out)
        let value = self.clearcoat * Self.clearcoatFresnel(dot(self.clearcoatWo, h)) * shape
        let density = self.pickClearcoat * self.clearcoatDistribution.g1(self.clearcoatWo) * d
        return BSDF.Value(
            value: Vector3Lanes(select(isLit, value, 0)),
            density: select(isLit, density, 0)
        )
    }

    /// The value for light from the other side of a volume's surface, as ``BSDF`` has it.
    @inline(__always) private func evaluateThrough(_ wi: Vector3Lanes, _ turned: Vector3Lanes) -> BSDF.Value {
        var h = (self.grooved + turned * self.eta).normalized(or: Vector3Lanes(0, 0, 1))
        h = select(h.z .< 0, -h, h)
        let o = dot(self.grooved, h)
        let i = dot(turned, h)
        let through = 1 - self.glassFresnel(o).largest
        let root = i + o / self.eta
        let isPossible =
            (wi.z .< 0) .& .!self.isThin .& (self.transmissionWeight .> 0) .& .!self.isSmooth .& (self.eta .!= 1)
            .& (o .> 0) .& (i .< 0) .& (through .> 0) .& (root .!= 0)
        let jacobian = -i / (root * root)
        let d = self.distribution.d(h) * (o / self.wo.z) * jacobian
        let shape = through * d * self.distribution.throughG2(self.grooved, turned) / (self.eta * self.eta)
        let visible = self.distribution.g1(self.grooved) * d
        return BSDF.Value(
            value: select(isPossible, self.transmissionColor * (self.transmissionFactor * shape), .zero),
            density: select(isPossible, self.pickTransmission * through * visible, 0)
        )
    }

    // MARK: Sampling

    /// Draws directions from two numbers and one that picks a lobe.
    func sample(_ u: FloatLanes, _ v: FloatLanes, _ pick: FloatLanes) -> BSDF.Sample {
        var bound = self.pickDiffuse
        let isDiffuse = pick .< bound
        var isTaken = isDiffuse
        bound += self.pickDiffuseThrough
        let isDiffuseThrough = .!isTaken .& (pick .< bound)
        isTaken = isTaken .| isDiffuseThrough
        bound += self.pickSheen
        let isSheen = .!isTaken .& (pick .< bound)
        isTaken = isTaken .| isSheen
        bound += self.pickClearcoat
        let isClearcoat = .!isTaken .& (pick .< bound)
        isTaken = isTaken .| isClearcoat
        let isSpecular = .!isTaken .& ((pick .< bound + self.pickSpecular) .| (self.pickTransmission .<= 0))
        let isGlass = .!isTaken .& .!isSpecular

        let up = Vector3Lanes(0, 0, 1)
        let around = cosineDirection(u, v)
        let h = select(self.isSmooth, up, self.distribution.visibleNormal(self.grooved, u, v))
        let cosine = dot(self.grooved, h)
        let mirrored = h * (2 * cosine) - self.grooved
        var wi = Self.turned(mirrored, self.stretchX, -self.stretchY)
        wi = select(isDiffuse .| isSheen, around, wi)
        wi = select(isDiffuseThrough, -around, wi)
        var isMirror = isSpecular .& self.isSmooth
        var weight = self.fresnel(self.wo.z) * (self.baseScale / self.pickSpecular)
        var isScattered = select(isDiffuseThrough, wi.z .< 0, wi.z .> 0)
        var etaSquared: FloatLanes = 1
        if self.hasClearcoat {
            let facet = self.clearcoatDistribution.visibleNormal(self.clearcoatWo, u, v)
            let g = select(self.isClearcoatSmooth, up, facet)
            let out = g * (2 * dot(self.clearcoatWo, g)) - self.clearcoatWo
            wi = select(isClearcoat, self.clearcoatFrame.toWorld(out), wi)
            isScattered = select(isClearcoat, (out.z .> 0) .& (wi.z .> 0), isScattered)
            let isCoatMirror = isClearcoat .& self.isClearcoatSmooth
            isMirror = isMirror .| isCoatMirror
            let factor = self.clearcoat * Self.clearcoatFresnel(self.clearcoatWo.z) / self.pickClearcoat
            weight = select(isCoatMirror, Vector3Lanes(factor), weight)
        }
        if self.hasTransmission {
            let rest = (pick - bound - self.pickSpecular) / self.pickTransmission
            let fresnel = self.glassFresnel(cosine)
            let most = fresnel.largest
            let isThrough = isGlass .& .!(rest .< most)
            let below = refracted(self.grooved, h, self.eta)
            let straight = Vector3Lanes(mirrored.x, mirrored.y, -mirrored.z)
            let passing = select(self.isThin, straight, below.direction)
            wi = select(isThrough, Self.turned(passing, self.stretchX, -self.stretchY), wi)
            let isOut = (self.isThin .& (mirrored.z .> 0)) .| (.!self.isThin .& below.isRefracted .& (wi.z .< 0))
            isScattered = select(isThrough, isOut, isScattered)
            let square = select(self.isThin, 1, self.eta * self.eta)
            etaSquared = select(isThrough, square, 1)
            let share = self.transmissionWeight * self.baseScale / self.pickTransmission
            weight = select(isGlass, fresnel * (share / larger(most, 0x1p-40)), weight)
            weight = select(isThrough, self.transmissionColor * (share / square), weight)
            isMirror = isMirror .| (isGlass .& self.isSmooth)
            isMirror = isMirror .| (isThrough .& .!self.isThin .& (self.eta .== 1))
        }
        // A direction that several lobes may draw gets its weight from all of them together.
        let value = self.evaluate(wi)
        isScattered = isScattered .& (isMirror .| (value.density .> 0))
        return BSDF.Sample(
            wi: wi,
            weight: select(isMirror, weight, value.value * (1 / value.density)),
            density: select(isMirror, 0, value.density),
            etaSquared: etaSquared,
            isScattered: isScattered
        )
    }
}
