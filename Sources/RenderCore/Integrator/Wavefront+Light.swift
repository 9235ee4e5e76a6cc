// Where paths find light.
extension Wavefront {
    /// Adds what rays see that leave the scene.
    @inline(__always) func addEnvironment(_ escaped: MaskLanes, _ group: inout PathGroup) {
        let weighed = self.samples.environment(escaped, group)
        let sum = group.light + group.beta * weighed.radiance * weighed.weight
        group.light = select(escaped, sum, group.light)
        self.guides?.note(sky: weighed.radiance, escaped, group.number)
    }

    /// Adds what the surfaces emit.
    @inline(__always) func addEmission(
        _ isHit: MaskLanes,
        _ group: inout PathGroup
    ) {
        let shining = isHit .& (self.surface.pointee.emission.largest .> 0)
        guard shining.any else { return }
        let weight = self.samples.emitterWeight(self.surface.pointee, self.surfaces.particleInstances, shining, group)
        let sum = group.light + group.beta * self.surface.pointee.emission * weight
        group.light = select(shining, sum, group.light)
    }

    /// Where rays that leave the surfaces to the side of the normal, or to the other one, go through what a solid encloses.
    @inline(__always) private func isEnclosed(
        _ isAbove: MaskLanes,
        _ group: borrowing PathGroup
    ) -> MaskLanes {
        guard self.view.pointee.hasSolids else { return MaskLanes(false) }
        let solid = MaskLanes(bits: self.surface.pointee.solid)
        let isFront = self.surface.pointee.isFront
        // Outside of a solid that the path is about to leave is what lies around that.
        let around = select(solid .& .!isFront, group.outerIndex, group.index)
        return (solid .& (isFront .^ isAbove)) .| (.!(solid .& (isFront .^ isAbove)) .& (around .!= 1))
    }

    /// Adds the light that one light sample finds for each surface.
    @inline(__always) func addDirect(
        _ bsdf: borrowing BSDF,
        _ layered: borrowing LayeredLanes,
        _ lobed: MaskLanes,
        _ place: PlaceLanes,
        _ lit: MaskLanes,
        _ dimension: UInt32,
        _ key: UIntLanes,
        _ group: inout PathGroup,
        _ work: inout WorkCounter
    ) {
        guard lit.any else { return }
        let numbers = group.sampler.bits(dimension &+ 2)
        let sample = self.samples.sample(LightReceiverLanes(self.surface.pointee), lit, numbers, at: group.time)
        let wi = self.surface.pointee.frame.toLocal(sample.wi)
        let side = dot(self.surface.pointee.geometricNormal, sample.wi)
        let isAbove = side .> 0
        // The light must lie on the same side of the shading normal and of the surface.
        var isSeen = sample.isFound .& select(wi.z .> 0, isAbove, side .< 0)
        let isEnclosed = self.isEnclosed(isAbove, group)
        isSeen = isSeen .& .!(sample.isVolume .& (sample.isEnclosed .^ isEnclosed))
        guard isSeen.any else { return }
        var value = bsdf.evaluate(wi)
        if lobed.any { self.lobes.evaluate(lobed, wi, &value) }
        if layered.lanes.any { self.layers.evaluate(layered, self.surface.pointee, wi, isSeen, &value, &work) }
        let weight = select(sample.isPunctual, 1, powerHeuristic(sample.density, value.density * sample.rate))
        var light = value.value * sample.radiance * (weight / sample.density)
        if self.view.pointee.hasSolids {
            let inside =
                isSeen .& (wi.z .> 0) .& (group.medium.largest .> 0)
                .& (sample.distance .< FloatLanes(.greatestFiniteMagnitude))
            if inside.any { light = select(inside, light * transmittance(group.medium, sample.distance), light) }
        }
        let wanted = isSeen .& (light.largest .> 0)
        guard wanted.any else { return }
        work.shadowRays &+= UInt64(truncatingIfNeeded: wanted.bits.nonzeroBitCount)
        let normal = select(isAbove, self.surface.pointee.geometricNormal, -self.surface.pointee.geometricNormal)
        let rays = RayLanes(
            origin: offsetOrigin(self.surface.pointee.point, normal),
            direction: sample.wi,
            farthest: sample.distance,
            skipped: place,
            key: key ^ 0x5bd1_e995,
            time: group.time,
            active: wanted
        )
        let arrives = wanted .& .!self.traversal.occluded(self.view, rays, target: sample.place)
        if let volumes = self.volumes, arrives.any {
            let left = volumes.transmittance(
                arrives,
                isEnclosed: isEnclosed,
                rays.origin,
                rays.direction,
                sample.distance,
                key: key,
                &work
            )
            light = light * left
        }
        group.light = select(arrives, group.light + group.beta * light, group.light)
    }
}

/// The weight of a sample of density `a` that could also have been drawn with density `b`.
@inline(__always) func powerHeuristic(_ a: FloatLanes, _ b: FloatLanes) -> FloatLanes {
    // As a ratio, so that large densities do not overflow.
    let ratio = b / a
    return select(b .> 0, 1 / (1 + ratio * ratio), 1)
}
