/// Light that arrives at points from directions that were drawn, see ``LightSample``.
struct LightSampleLanes {
    var wi: Vector3Lanes
    var distance: FloatLanes
    var radiance: Vector3Lanes
    var density: FloatLanes
    var isPunctual: MaskLanes
    /// Where the sample is a point of a volume: its density is per solid angle and metre, and so is that of scattered rays times
    /// ``rate``; one elsewhere.
    var isVolume: MaskLanes
    /// See ``isVolume``.
    var rate: FloatLanes
    /// Where the volume is one that solids enclose.
    var isEnclosed: MaskLanes
    /// The triangle or the particle that the sample lies on.
    var place: PlaceLanes
    /// Where there is a sample.
    var isFound: MaskLanes
}

/// Asks the lights of a scene: what is chosen from tables and trees lane by lane, everything else in all lanes at once.
struct LightSampleLookup {
    /// The rows of ``scratch``; the first four are for anybody.
    private enum Row {
        @inline(__always) static var wi: Int { 4 }
        @inline(__always) static var radiance: Int { 7 }
        @inline(__always) static var distance: Int { 10 }
        @inline(__always) static var instance: Int { 11 }
        @inline(__always) static var number: Int { 12 }
        @inline(__always) static var corners: Int { 13 }
        @inline(__always) static var other: Int { 22 }
        @inline(__always) static var space: Int { 23 }
        @inline(__always) static var numberInSpace: Int { 24 }
        @inline(__always) static var density: Int { 25 }
        @inline(__always) static var rate: Int { 26 }
        @inline(__always) static var count: Int { 27 }
    }

    private let view: UnsafePointer<SceneView>
    private let scratch: LaneScratch
    private let walks: LightWalks
    private let particles: ParticleLightLookup

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.scratch = LaneScratch(memory: memory, rows: Row.count)
        self.walks = LightWalks(view: view, memory: memory)
        self.particles = ParticleLightLookup(view: view, memory: memory)
    }

    // MARK: Drawing

    /// Lanes with a property, as bits.
    private struct Flags {
        var sky: UInt32 = 0
        var punctual: UInt32 = 0
        var triangle: UInt32 = 0
        var particle: UInt32 = 0
        var volume: UInt32 = 0
        var isEnclosed: UInt32 = 0
        var isDoubleSided: UInt32 = 0
        var isMirrored: UInt32 = 0
        var isTextured: UInt32 = 0
    }

    /// Draws a light and a point of it for each lit place by two numbers, of which the first chooses the light as well.
    @inline(__always) func sample(
        _ receivers: borrowing LightReceiverLanes,
        _ lit: MaskLanes,
        _ numbers: (UIntLanes, UIntLanes),
        at time: FloatLanes
    ) -> LightSampleLanes {
        var flags = Flags()
        var probability: FloatLanes = 1
        var position = numbers
        if let only = self.view.pointee.onlyKinds, only.environment > 0 {
            flags.sky = lit.bits
        } else {
            self.choose(receivers, lit, numbers.0, numbers.1, at: time, &flags)
            probability = self.walks.probabilities
            position.0 = self.walks.rests
        }
        var result = LightSampleLanes(
            wi: self.scratch.vectors(Row.wi),
            distance: self.scratch.floats(Row.distance),
            radiance: self.scratch.vectors(Row.radiance),
            density: probability,
            isPunctual: MaskLanes(bits: flags.punctual),
            isVolume: MaskLanes(bits: flags.volume),
            rate: 1,
            isEnclosed: MaskLanes(bits: flags.isEnclosed),
            place: .none,
            isFound: MaskLanes(bits: flags.punctual | flags.volume)
        )
        if flags.volume != 0 {
            result.density = select(result.isVolume, probability * self.scratch.floats(Row.density), probability)
            result.rate = select(result.isVolume, self.scratch.floats(Row.rate), 1)
        }
        if flags.triangle != 0 { self.addTriangles(receivers, flags, position, &result) }
        if flags.particle != 0 { result = self.particles.added(MaskLanes(bits: flags.particle), position, to: result) }
        if flags.sky != 0 { self.addSky(flags, position, probability, &result) }
        return result
    }

    /// Chooses the lights; those without extent are complete after that.
    @inline(__always) private func choose(
        _ receivers: borrowing LightReceiverLanes,
        _ lit: MaskLanes,
        _ pick: UIntLanes,
        _ second: UIntLanes,
        at time: FloatLanes,
        _ flags: inout Flags
    ) {
        self.walks.choose(receivers, lit, pick)
        flags.sky = self.walks.lanes(.environment, among: lit).bits
        let numbers = self.walks.numbers
        var triangles = self.walks.lanes(.triangle, among: lit)
        flags.triangle = triangles.bits
        while triangles.any {
            let number = numbers[triangles.bits.trailingZeroBitCount]
            let lanes = triangles .& (numbers .== UIntLanes(number))
            triangles = triangles .& .!lanes
            self.fetch(number, lanes, at: time, &flags)
        }
        let particles = self.walks.lanes(.particle, among: lit)
        if particles.any { self.note(particles, receivers, at: time, &flags) }
        let volumes = self.walks.lanes(.volume, among: lit)
        if volumes.any { self.draw(volumes, receivers, numbers, second, &flags) }
        let withoutExtent = self.walks.lanes(.directional, among: lit) .| self.walks.lanes(.punctual, among: lit)
        for lane in LaneSequence(withoutExtent) {
            let light = self.view.pointee.lights + Int(numbers[lane])
            guard let beam = lightWithoutExtent(light, at: receivers.point[lane]) else { continue }
            flags.punctual |= 1 &<< UInt32(truncatingIfNeeded: lane)
            self.scratch.set(Row.wi, lane, beam.wi)
            self.scratch.set(Row.distance, lane, beam.distance)
            self.scratch.set(Row.radiance, lane, beam.irradiance)
        }
    }

    /// Brings what the particles need into their rows.
    @inline(never) private func note(
        _ lanes: MaskLanes,
        _ receivers: borrowing LightReceiverLanes,
        at time: FloatLanes,
        _ flags: inout Flags
    ) {
        for lane in LaneSequence(lanes) {
            let choice = self.walks[lane]
            let isShining = self.particles.note(
                lane,
                instance: choice.instance,
                particle: choice.number,
                from: receivers.point[lane],
                at: time[lane]
            )
            if isShining { flags.particle |= 1 &<< UInt32(truncatingIfNeeded: lane) }
        }
    }

    /// Draws points of glowing volumes.
    @inline(never) private func draw(
        _ lanes: MaskLanes,
        _ receivers: borrowing LightReceiverLanes,
        _ numbers: UIntLanes,
        _ second: UIntLanes,
        _ flags: inout Flags
    ) {
        let rests = self.walks.rests
        for lane in LaneSequence(lanes) {
            let volume = self.view.pointee.volumes + Int(numbers[lane])
            guard let sample = volume.pointee.sample((rests[lane], second[lane]), from: receivers.point[lane]) else {
                continue
            }
            let bit: UInt32 = 1 &<< UInt32(truncatingIfNeeded: lane)
            flags.volume |= bit
            if volume.pointee.volume.pointee.isEnclosed { flags.isEnclosed |= bit }
            self.scratch.set(Row.wi, lane, sample.wi)
            self.scratch.set(Row.distance, lane, sample.distance)
            self.scratch.set(Row.radiance, lane, sample.radiance)
            self.scratch.set(Row.density, lane, sample.density)
            self.scratch.set(Row.rate, lane, sample.rate)
        }
    }

    /// Brings what a triangle needs into the rows of the lanes that have drawn it.
    @inline(__always) private func fetch(
        _ triangle: UInt32,
        _ lanes: MaskLanes,
        at time: FloatLanes,
        _ flags: inout Flags
    ) {
        let number = self.view.pointee.triangleInstances[Int(triangle)]
        let instance = self.view.pointee.instances + Int(number)
        let mesh = self.view.pointee.meshes + instance.pointee.mesh
        let material = self.view.pointee.materials + mesh.pointee.material
        let bits = lanes.bits
        if instance.pointee.isMoving {
            for lane in LaneSequence(lanes) {
                let (corners, isMirrored) = self.view.pointee.movedCorners(Int(triangle), at: time[lane])
                self.fill(corners, MaskLanes(bits: 1 &<< UInt32(truncatingIfNeeded: lane)))
                if isMirrored { flags.isMirrored |= 1 &<< UInt32(truncatingIfNeeded: lane) }
            }
        } else {
            self.fill(self.view.pointee.corners(Int(triangle)), lanes)
            if instance.pointee.isMirrored { flags.isMirrored |= bits }
        }
        self.scratch.fill(Row.radiance, lanes, material.pointee.emission)
        self.scratch.fill(Row.instance, lanes, number)
        let first = UInt32(truncatingIfNeeded: instance.pointee.firstTriangle)
        self.scratch.fill(Row.number, lanes, triangle &- first)
        let isPlaced = instance.pointee.isPlaced
        self.scratch.fill(Row.space, lanes, isPlaced ? number : BVHData.world)
        self.scratch.fill(Row.numberInSpace, lanes, isPlaced ? triangle &- first : triangle)
        if material.pointee.isDoubleSided { flags.isDoubleSided |= bits }
        if material.pointee.emissionTexture.isPresent || material.pointee.alphaMode != .opaque {
            flags.isTextured |= bits
        }
    }

    @inline(__always) private func fill(_ corners: (Vector3, Vector3, Vector3), _ lanes: MaskLanes) {
        self.scratch.fill(Row.corners, lanes, corners.0)
        self.scratch.fill(Row.corners + 3, lanes, corners.1)
        self.scratch.fill(Row.corners + 6, lanes, corners.2)
    }

    /// Draws points of the triangles.
    @inline(__always) private func addTriangles(
        _ receivers: borrowing LightReceiverLanes,
        _ flags: Flags,
        _ u: (UIntLanes, UIntLanes),
        _ result: inout LightSampleLanes
    ) {
        let lanes = MaskLanes(bits: flags.triangle)
        let a = self.scratch.vectors(Row.corners)
        let b = self.scratch.vectors(Row.corners + 3)
        let c = self.scratch.vectors(Row.corners + 6)
        // Uniform in the triangle with little distortion (E. Heitz 2019).
        let first = unitFloat(u.0) * 0.5
        let second = unitFloat(u.1) * 0.5
        let offset = second - first
        let isUpper = offset .> 0
        let b0 = select(isUpper, first, first - offset)
        let b1 = select(isUpper, second + offset, second)
        let b2 = (1 - b0) - b1
        let toLight = ((a * b0 + b * b1) + c * b2) - receivers.point
        let distanceSquared = toLight.lengthSquared
        let distance = distanceSquared.squareRoot()
        let wi = toLight * (1 / distance)
        let perpendicular = cross(b - a, c - a)
        let doubleArea = perpendicular.lengthSquared.squareRoot()
        var cosine = -dot(perpendicular, wi) / doubleArea
        cosine = select(MaskLanes(bits: flags.isMirrored), -cosine, cosine)
        cosine = select(MaskLanes(bits: flags.isDoubleSided), cosine.magnitude, cosine)
        let density = result.density * distanceSquared / (doubleArea * 0.5 * cosine)
        let isInRange = (distanceSquared .> 0x1p-60) .& (distanceSquared .< 0x1p100)
        let isShining = (doubleArea .> 0) .& (cosine .> 0) .& (density .> 0)
        let found = lanes .& isInRange .& isShining
        let textured = found .& MaskLanes(bits: flags.isTextured)
        if textured.any { self.texture(textured, (b0, b1, b2)) }
        result.wi = select(lanes, wi, result.wi)
        // The triangle itself is left out; so little short of it lie its neighbours, where rounding puts the point on an edge.
        // A quarter of a thousandth, once here, saw lamps three metres away through a millimetre of wall.
        result.distance = select(lanes, distance * 0x1.fffep-1, result.distance)
        result.radiance = select(lanes, self.scratch.vectors(Row.radiance), result.radiance)
        result.density = select(lanes, density, result.density)
        result.place = PlaceLanes(
            space: select(lanes, self.scratch.words(Row.space), .none),
            number: select(lanes, self.scratch.words(Row.numberInSpace), .none)
        )
        result.isFound = result.isFound .| found
    }

    /// Looks up the radiance of triangles with textures or holes.
    @inline(never) private func texture(_ lanes: MaskLanes, _ weights: (FloatLanes, FloatLanes, FloatLanes)) {
        for lane in LaneSequence(lanes) {
            let instance = self.view.pointee.instances + Int(self.scratch.words(Row.instance)[lane])
            let mesh = self.view.pointee.meshes + instance.pointee.mesh
            let material = self.view.pointee.materials + mesh.pointee.material
            let weights = (weights.0[lane], weights.1[lane], weights.2[lane])
            let number = Int(self.scratch.words(Row.number)[lane])
            let place = TexturePlace(mesh, mesh.pointee.indices + 3 &* number, weights)
            let alpha = mesh.pointee.alpha(number, weights.0, weights.1, weights.2)
            let radiance = coveredRadiance(self.view, material, place, vertexAlpha: alpha)
            self.scratch.set(Row.radiance, lane, radiance)
        }
    }

    /// Draws directions towards the environment.
    @inline(__always) private func addSky(
        _ flags: Flags,
        _ u: (UIntLanes, UIntLanes),
        _ probability: FloatLanes,
        _ result: inout LightSampleLanes
    ) {
        let lanes = MaskLanes(bits: flags.sky)
        let (wi, radiance, density) = self.view.pointee.environment.sample(u, lanes, self.scratch)
        let weighed = density * probability
        result.wi = select(lanes, wi, result.wi)
        result.distance = select(lanes, FloatLanes(.greatestFiniteMagnitude), result.distance)
        result.radiance = select(lanes, radiance, result.radiance)
        result.density = select(lanes, weighed, result.density)
        result.isFound = result.isFound .| (lanes .& (weighed .> 0))
    }

    // MARK: Weighing

    /// What rays see that leave the scene, and its weight against light samples.
    @inline(__always) func environment(
        _ escaped: MaskLanes,
        _ group: borrowing PathGroup
    ) -> (radiance: Vector3Lanes, weight: FloatLanes) {
        let environment = self.view.pointee.environment
        let (radiance, density) = environment.light(group.direction)
        guard environment.isSampled else { return (radiance, 1) }
        var probability: FloatLanes
        if let only = self.view.pointee.onlyKinds {
            probability = FloatLanes(only.environment)
        } else {
            for lane in LaneSequence(escaped .& (group.density .> 0)) {
                let kinds = LightKinds.at(group.receiver[lane], self.view)
                self.scratch.set(Row.other, lane, kinds.environment)
            }
            probability = self.scratch.floats(Row.other)
        }
        probability *= density
        return (radiance, select(group.density .> 0, powerHeuristic(group.density, probability), 1))
    }

    /// The weights of scattered rays that have found emitting triangles and particles.
    @inline(__always) func emitterWeight(
        _ surface: borrowing SurfaceLanes,
        _ instances: UIntLanes,
        _ shining: MaskLanes,
        _ group: borrowing PathGroup
    ) -> FloatLanes {
        let all = shining .& (group.density .> 0) .& (surface.emitter .!= .none)
        guard all.any else { return 1 }
        let particles = all .& MaskLanes(bits: surface.particles)
        let rivals = all .& .!particles
        let weight = rivals.any ? self.triangleWeight(surface, rivals, group) : 1
        guard particles.any else { return weight }
        return select(particles, self.particleWeight(surface, instances, particles, group), weight)
    }

    @inline(never) private func particleWeight(
        _ surface: borrowing SurfaceLanes,
        _ instances: UIntLanes,
        _ rivals: MaskLanes,
        _ group: borrowing PathGroup
    ) -> FloatLanes {
        for lane in LaneSequence(rivals) {
            let density = self.particles.density(
                group.receiver[lane],
                group.direction[lane],
                instance: instances[lane],
                particle: surface.emitter[lane],
                at: group.time[lane]
            )
            self.scratch.set(Row.other, lane, density)
        }
        return powerHeuristic(group.density, self.scratch.floats(Row.other))
    }

    @inline(__always) private func triangleWeight(
        _ surface: borrowing SurfaceLanes,
        _ rivals: MaskLanes,
        _ group: borrowing PathGroup
    ) -> FloatLanes {
        let cosine = -dot(surface.geometricNormal, group.direction)
        let distanceSquared = (surface.point - group.receiver.point).lengthSquared
        for lane in LaneSequence(rivals) {
            let probability = emitterProbability(self.view, group.receiver[lane], Int(surface.emitter[lane]))
            self.scratch.set(Row.other, lane, probability)
        }
        let isFacing = (cosine .> 0) .& (surface.area .> 0)
        let density = self.scratch.floats(Row.other) * distanceSquared / (surface.area * cosine)
        return select(rivals .& isFacing, powerHeuristic(group.density, density), 1)
    }
}
