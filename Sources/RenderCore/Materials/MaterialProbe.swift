/// The scattering of a material without textures by itself, for tests and for looking at its lobes.
///
/// Renderers go through ``BSDF`` and ``LobedBSDF`` themselves.
package final class MaterialProbe {
    private let memory = SceneMemory()
    private let material: UnsafePointer<MaterialData>
    private let point: LobePoint?
    /// The last one made: many directions are asked for one `wo`.
    private var last: (wo: SIMD3<Float>, isFront: Bool, bsdf: LobedBSDF)?

    /// Checks and prepares a material.
    package init(_ material: Material) throws(SceneBlobError) {
        var loader = AssetsLoader(memory: self.memory, limits: .standard)
        try loader.load(BlobBytes(try SceneAssets(materials: [material]).encoded()))
        let data = UnsafePointer(loader.materials)
        self.material = data
        guard data.pointee.lobes >= 0 else {
            self.point = nil
            return
        }
        var point = LobePoint(data, UnsafePointer(loader.lobes + data.pointee.lobes))
        point.finish()
        self.point = point
    }

    /// Whether the material needs more than ``BSDF``.
    package var hasLobes: Bool { self.point != nil }

    /// What scatters light from `wi` to `wo`, in a frame whose +Z is the normal on the side of `wo`.
    ///
    /// - Returns: the value times the cosine, and the density of drawing `wi`.
    package func scattering(
        wo: SIMD3<Float>,
        wi: SIMD3<Float>,
        isFront: Bool = true
    ) -> (value: SIMD3<Float>, density: Float) {
        let surface = self.surface(isFront)
        let out = Vector3Lanes(Vector3(wi))
        let value = self.lobed(surface, wo, isFront)?.evaluate(out) ?? self.plain(surface, wo).evaluate(out)
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
        let surface = self.surface(isFront)
        let (u, v, pick) = (FloatLanes(u), FloatLanes(v), FloatLanes(pick))
        let sample = self.lobed(surface, wo, isFront)?.sample(u, v, pick) ?? self.plain(surface, wo).sample(u, v, pick)
        guard sample.isScattered.bits & 1 == 1 else { return nil }
        let wi = sample.wi[0]
        let weight = sample.weight[0]
        return (
            SIMD3(wi.x, wi.y, wi.z), SIMD3(weight.x, weight.y, weight.z), sample.density[0], sample.etaSquared[0]
        )
    }

    private func plain(_ surface: borrowing SurfaceLanes, _ wo: SIMD3<Float>) -> BSDF {
        BSDF(surface, wo: Vector3Lanes(Vector3(wo)), among: MaskLanes(true), table: .sharedWithGlass)
    }

    private func lobed(_ surface: borrowing SurfaceLanes, _ wo: SIMD3<Float>, _ isFront: Bool) -> LobedBSDF? {
        guard let point = self.point else { return nil }
        if let last = self.last, last.wo == wo, last.isFront == isFront { return last.bsdf }
        let lobes = LobeSurfaceLanes(point, normal: Vector3(0, 0, 1), stretch: Vector3(1, 0, 0))
        let bsdf = LobedBSDF(
            surface,
            lobes,
            wo: Vector3Lanes(Vector3(wo)),
            table: .sharedWithGlass,
            tables: .shared
        )
        self.last = (wo, isFront, bsdf)
        return bsdf
    }

    private func surface(_ isFront: Bool) -> SurfaceLanes {
        let up = Vector3Lanes(0, 0, 1)
        let m = self.material.pointee
        return SurfaceLanes(
            point: .zero,
            geometricNormal: up,
            frame: ShadingFrameLanes(normal: up),
            isFront: MaskLanes(isFront),
            baseColor: Vector3Lanes(m.baseColor),
            metallic: FloatLanes(m.metallic),
            roughness: FloatLanes(m.roughness),
            ior: FloatLanes(m.ior),
            coatReflectance: FloatLanes(m.coatReflectance),
            coatGrazing: FloatLanes(m.coatGrazing),
            transmission: FloatLanes(m.transmission),
            layers: .none,
            emission: .zero,
            emitter: .none,
            area: 1,
            absorption: .zero,
            particles: 0,
            disperses: 0,
            hasLobes: 0,
            scatters: 0,
            solid: 0
        )
    }
}
