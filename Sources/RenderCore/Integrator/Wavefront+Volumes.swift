/// What volumes have done to paths on their way to surfaces.
struct VolumePassage {
    /// The paths that have not come to a surface.
    var isIn: MaskLanes
    /// Those of them that go on; their state is in ``Wavefront/cloud``.
    var survivors: MaskLanes
}

// What happens to paths between surfaces.
extension Wavefront {
    /// Takes paths through the volumes before what they hit, and scatters those that do not come through.
    ///
    /// Paths that end in volumes hit nothing any more.
    @inline(never) func pass(
        _ volumes: VolumeFlights,
        _ rays: borrowing RayLanes,
        _ depth: Int,
        _ hits: inout HitLanes,
        _ group: inout PathGroup,
        _ work: inout WorkCounter
    ) -> VolumePassage {
        // Whoever meets a back has come through a solid, wherever the path began; whoever meets a front, such as that of a
        // stone in water, through the solid that it has entered before.
        var isEnclosed = group.index .!= 1
        for lane in LaneSequence(hits.isHit .& .!isEnclosed) where self.isEnclosed(rays, hits, lane) {
            isEnclosed = isEnclosed .| MaskLanes(bits: 1 &<< UInt32(truncatingIfNeeded: lane))
        }
        let flight = volumes.follow(
            rays.active,
            isEnclosed: isEnclosed,
            to: hits.distance,
            key: rays.key,
            &group,
            &work
        )
        let isIn = flight.meets .| flight.isLost
        hits.isHit = hits.isHit .& .!isIn
        self.guides?.note(particles: flight.meets, group.number)
        self.cloud.initialize(to: copy group)
        guard flight.meets.any, depth < self.settings.maxDepth else {
            return VolumePassage(isIn: isIn, survivors: MaskLanes(false))
        }
        let survivors = self.scatter(volumes, flight, isEnclosed, depth, rays, &self.cloud.pointee, &work)
        return VolumePassage(isIn: isIn, survivors: survivors)
    }

    /// Lights particles and turns the paths that met them.
    private func scatter(
        _ volumes: VolumeFlights,
        _ flight: borrowing VolumeFlightLanes,
        _ isEnclosed: MaskLanes,
        _ depth: Int,
        _ rays: borrowing RayLanes,
        _ group: inout PathGroup,
        _ work: inout WorkCounter
    ) -> MaskLanes {
        let point = group.origin + group.direction * flight.distance
        let hasMedium = flight.meets .& (group.medium.largest .> 0)
        if hasMedium.any {
            group.beta = select(hasMedium, group.beta * transmittance(group.medium, flight.distance), group.beta)
        }
        group.receiver = LightReceiverLanes(point: point, normal: .zero)
        let dimension = Self.dimension(ofEvent: depth)
        if self.view.pointee.hasLightSamples { self.light(volumes, flight, isEnclosed, dimension, rays, &group, &work) }
        let (u, v) = group.sampler.pair(dimension)
        let chance = group.sampler.pair(dimension &+ 1).1
        let turned = HenyeyGreenstein.direction(group.direction, flight.anisotropy, u, v)
        group.density = HenyeyGreenstein.value(dot(group.direction, turned), flight.anisotropy)
        var survivors = flight.meets
        if depth &+ 1 >= Self.rouletteDepth {
            let survival = group.beta.largest * group.etaScale * FloatLanes(Self.rouletteScale)
            survivors = survivors .& (chance .< survival)
            group.beta *= select(survival .< 1, 1 / larger(survival, 0x1p-60), 1)
        }
        survivors = survivors .& (group.beta.largest .> 0)
        group.cone = group.cone.scattered(after: flight.distance, density: group.density)
        group.origin = point
        group.direction = turned
        group.skipped = .none
        return survivors
    }

    /// Adds the light that one light sample finds for each particle.
    private func light(
        _ volumes: VolumeFlights,
        _ flight: borrowing VolumeFlightLanes,
        _ isEnclosed: MaskLanes,
        _ dimension: UInt32,
        _ rays: borrowing RayLanes,
        _ group: inout PathGroup,
        _ work: inout WorkCounter
    ) {
        let numbers = group.sampler.bits(dimension &+ 2)
        let sample = self.samples.sample(group.receiver, flight.meets, numbers, at: group.time)
        let phase = HenyeyGreenstein.value(dot(group.direction, sample.wi), flight.anisotropy)
        let weight = select(sample.isPunctual, 1, powerHeuristic(sample.density, phase * sample.rate))
        var light = sample.radiance * (phase * weight / sample.density)
        let near = sample.isFound .& (sample.distance .< FloatLanes(.greatestFiniteMagnitude))
        let absorbed = near .& (group.medium.largest .> 0)
        if absorbed.any { light = select(absorbed, light * transmittance(group.medium, sample.distance), light) }
        let isThere = sample.isFound .& .!(sample.isVolume .& (sample.isEnclosed .^ isEnclosed))
        let wanted = flight.meets .& isThere .& (light.largest .> 0)
        guard wanted.any else { return }
        work.shadowRays &+= UInt64(truncatingIfNeeded: wanted.bits.nonzeroBitCount)
        let toLight = RayLanes(
            origin: group.receiver.point,
            direction: sample.wi,
            farthest: sample.distance,
            skipped: .none,
            key: rays.key ^ 0x5bd1_e995,
            time: group.time,
            active: wanted
        )
        let arrives = wanted .& .!self.traversal.occluded(self.view, toLight, target: sample.place)
        guard arrives.any else { return }
        let left = volumes.transmittance(
            arrives,
            isEnclosed: isEnclosed,
            toLight.origin,
            toLight.direction,
            sample.distance,
            key: rays.key,
            &work
        )
        group.light = select(arrives, group.light + group.beta * light * left, group.light)
    }

    /// Whether a ray has come through the solid whose surface it hits, which holds nothing of the volumes around it.
    private func isEnclosed(_ rays: borrowing RayLanes, _ hits: borrowing HitLanes, _ lane: Int) -> Bool {
        let instance = self.view.pointee.instances + Int(hits.primitive.instance[lane])
        let number = Int(hits.primitive.number[lane])
        let direction = rays.direction[lane]
        let time = rays.time[lane]
        if instance.pointee.isParticles {
            let set = self.view.pointee.particles + instance.pointee.mesh
            guard self.view.pointee.materials[set.pointee.material].isSolid else { return false }
            let ray = Ray(origin: rays.origin[lane], direction: direction)
            guard let local = instance.pointee.local(ray, at: time) else { return false }
            let hit = local.origin + local.direction * hits.distance[lane]
            return dot(local.direction, hit - set.pointee.sphere(number, at: time).center) > 0
        }
        let mesh = self.view.pointee.meshes + instance.pointee.mesh
        guard self.view.pointee.materials[mesh.pointee.material].isSolid else { return false }
        let (a, b, c) = mesh.pointee.corners(number, at: time)
        let normal = cross(b - a, c - a)
        let rows = instance.pointee.transform(at: time).normalRows
        let inWorld = Vector3(dot(rows.0, normal), dot(rows.1, normal), dot(rows.2, normal))
        return dot(inWorld, direction) > 0
    }
}
