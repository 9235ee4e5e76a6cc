// What tests ask of the scattering of a material without textures; renderers go through ``BSDF`` themselves.
extension Material {
    /// What scatters light from `wi` to `wo`, in a frame whose +Z is the normal on the side of `wo`.
    ///
    /// - Returns: the value times the cosine, and the density of drawing `wi`.
    package func scattering(
        wo: SIMD3<Float>,
        wi: SIMD3<Float>,
        isFront: Bool = true
    ) -> (value: SIMD3<Float>, density: Float) {
        let value = self.bsdf(wo: wo, isFront: isFront).evaluate(Vector3Lanes(Vector3(wi)))
        let v = value.value[0]
        return (SIMD3(v.x, v.y, v.z), value.density[0])
    }

    /// Draws a direction by two numbers and one that picks a lobe; nothing when the light is absorbed.
    ///
    /// The weight is the value times the cosine over the density; the density of a mirror's direction is zero.
    package func scattered(
        wo: SIMD3<Float>,
        isFront: Bool = true,
        _ u: Float,
        _ v: Float,
        pick: Float
    ) -> (wi: SIMD3<Float>, weight: SIMD3<Float>, density: Float, etaSquared: Float)? {
        let sample = self.bsdf(wo: wo, isFront: isFront).sample(FloatLanes(u), FloatLanes(v), FloatLanes(pick))
        guard sample.isScattered.bits & 1 == 1 else { return nil }
        let wi = sample.wi[0]
        let weight = sample.weight[0]
        return (
            SIMD3(wi.x, wi.y, wi.z), SIMD3(weight.x, weight.y, weight.z), sample.density[0], sample.etaSquared[0]
        )
    }

    private func bsdf(wo: SIMD3<Float>, isFront: Bool) -> BSDF {
        let up = Vector3Lanes(0, 0, 1)
        let surface = SurfaceLanes(
            point: .zero,
            geometricNormal: up,
            frame: ShadingFrameLanes(normal: up),
            isFront: MaskLanes(isFront),
            baseColor: Vector3Lanes(Vector3(self.baseColor.x, self.baseColor.y, self.baseColor.z)),
            metallic: FloatLanes(self.metallic),
            roughness: FloatLanes(self.roughness),
            ior: FloatLanes(self.ior),
            transmission: FloatLanes(self.transmission),
            layers: .none,
            emission: .zero,
            emitter: .none,
            area: 1,
            absorption: .zero,
            hasAbsorption: false
        )
        return BSDF(surface, wo: Vector3Lanes(Vector3(wo)), table: .sharedWithGlass)
    }
}
