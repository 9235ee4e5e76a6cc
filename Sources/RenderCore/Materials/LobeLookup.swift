/// Scattering by the lanes of a group whose surfaces have lobes that ``BSDF`` does not.
///
/// The group's ``LobedBSDF`` is kept in memory: most groups have no such lane, and shall not pay for it.
struct LobeLookup {
    private let view: UnsafePointer<SceneView>
    private let scratch: LobeScratch
    private let bsdf: UnsafeMutablePointer<LobedBSDF>

    init(view: UnsafePointer<SceneView>, scratch: LobeScratch, memory: SceneMemory) {
        self.view = view
        self.scratch = scratch
        self.bsdf = memory.allocate(LobedBSDF.self, count: 1)
    }

    /// Prepares for the surfaces.
    ///
    /// - Returns: the lanes that this is for.
    @inline(__always) func prepare(
        _ surface: borrowing SurfaceLanes,
        _ wo: Vector3Lanes,
        among active: MaskLanes
    ) -> MaskLanes {
        guard surface.hasLobes != 0 else { return MaskLanes(false) }
        self.make(surface, wo)
        return active .& MaskLanes(bits: surface.hasLobes)
    }

    @inline(never) private func make(_ surface: borrowing SurfaceLanes, _ wo: Vector3Lanes) {
        guard let tables = self.view.pointee.lobeTables else { return }
        let lobes = self.scratch.lanes(of: surface, wo: wo)
        let bsdf = LobedBSDF(surface, lobes, wo: wo, table: self.view.pointee.albedo, tables: tables)
        self.bsdf.initialize(to: bsdf)
    }

    /// How much goes through the surfaces by transmission alone.
    func transmission(_ surface: borrowing SurfaceLanes) -> FloatLanes {
        guard surface.hasLobes != 0 else { return surface.transmission }
        return select(MaskLanes(bits: surface.hasLobes), self.scratch.transmission, surface.transmission)
    }

    /// Where light samples can find anything; only after a ``prepare(_:_:among:)`` that found lanes.
    @inline(never) func hasSpread() -> MaskLanes { self.bsdf.pointee.hasSpread }

    /// Puts the values of `lanes` in the place of `value`.
    @inline(never) func evaluate(_ lanes: MaskLanes, _ wi: Vector3Lanes, _ value: inout BSDF.Value) {
        let own = self.bsdf.pointee.evaluate(wi)
        value.value = select(lanes, own.value, value.value)
        value.density = select(lanes, own.density, value.density)
    }

    /// Puts the directions of `lanes` in the place of `sample`.
    @inline(never) func sample(
        _ lanes: MaskLanes,
        _ u: FloatLanes,
        _ v: FloatLanes,
        _ pick: FloatLanes,
        _ sample: inout BSDF.Sample
    ) {
        let own = self.bsdf.pointee.sample(u, v, pick)
        sample.wi = select(lanes, own.wi, sample.wi)
        sample.weight = select(lanes, own.weight, sample.weight)
        sample.density = select(lanes, own.density, sample.density)
        sample.etaSquared = select(lanes, own.etaSquared, sample.etaSquared)
        sample.isScattered = select(lanes, own.isScattered, sample.isScattered)
    }
}
