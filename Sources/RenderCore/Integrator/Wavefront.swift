/// Estimates the light that arrives along camera rays.
///
/// A unidirectional path tracer with one light sample at each surface, weighed against scattered rays by the power
/// heuristic, after Eric Veach 1997.
///
/// All paths of a part of a block make one step, then all that are left the next: ``laneCount`` neighbours, mostly
/// samples of one pixel, are traced and shaded together. Nothing but speed depends on who goes together.
///
/// Not copyable, or every step would begin with a copy of it all.
struct Wavefront: ~Copyable {
    /// The most paths on their way: 8 x 8 pixels of 64 samples.
    ///
    /// Their state, 400 kB, stays in the second-level cache.
    static var pathsMax: Int { 4096 }
    /// The events after which a path may end by Russian roulette.
    static var rouletteDepth: Int { 3 }
    /// Paths that carry at least a quarter of what they set out with always go on: ending one in four of the paths that
    /// carry 3/4 costs more in noise (a fifth in a Cornell box, a sixth on rough metal) than their rays cost.
    static var rouletteScale: Float { 4 }

    let view: UnsafePointer<SceneView>
    let settings: RenderSettings
    let traversal: Traversal
    private let camera: CameraRays
    let surfaces: SurfaceLookup
    let samples: LightSampleLookup
    let layers: LayerLookup
    let lobes: LobeLookup
    private let scattering: ScatteringWalk
    /// There when the scene has volumes.
    let volumes: VolumeFlights?
    /// The surfaces that a group has hit, in a place of its own: values of this size that are handed on get copied.
    let surface: UnsafeMutablePointer<SurfaceLanes>
    private let states: PathStates
    /// There when paths begin in another order than they are numbered.
    private let order: PathOrder?
    /// The light that each path has found: all reds, all greens, all blues.
    private let found: UnsafeMutablePointer<Float>
    /// What the paths saw first, when someone wants to know.
    let features: FirstHits?
    /// What guides a denoiser, likewise.
    let guides: DenoisingGuides?
    private let filter: FilterTable
    private let dead: UnsafeMutablePointer<UInt32>
    /// What has become of the paths of a group that are in volumes; in a place of its own, for it is large, and copied with
    /// every group when it is a part of what says whether there is any.
    let cloud: UnsafeMutablePointer<PathGroup>

    init(view: UnsafePointer<SceneView>, settings: RenderSettings, memory: SceneMemory) {
        self.view = view
        self.settings = settings
        self.traversal = Traversal(memory: memory)
        self.camera = CameraRays(view.pointee.camera, width: settings.width, height: settings.height)
        self.surfaces = SurfaceLookup(view: view, memory: memory)
        self.samples = LightSampleLookup(view: view, memory: memory)
        self.layers = LayerLookup(view: view, memory: memory)
        self.scattering = ScatteringWalk(view: view, traversal: self.traversal)
        self.volumes = view.pointee.volumeCount > 0 ? VolumeFlights(view: view, memory: memory) : nil
        self.lobes = LobeLookup(view: view, scratch: self.surfaces.lobes, memory: memory)
        self.surface = memory.allocate(SurfaceLanes.self, count: 1)
        self.states = PathStates(memory: memory, capacity: Self.pathsMax, view: view)
        self.order = PathOrder(nodeCount: view.pointee.bvh.nodeCount, memory: memory)
        self.found = memory.allocate(Float.self, count: 3 * Self.pathsMax)
        self.features = settings.channels.isDisjoint(with: .firstHits) ? nil : FirstHits(memory: memory)
        self.guides = settings.channels.contains(.guides) ? DenoisingGuides(memory: memory) : nil
        self.filter = FilterTable(settings.filter, memory: memory)
        self.dead = memory.allocate(UInt32.self, count: Self.pathsMax)
        self.cloud = memory.allocate(PathGroup.self, count: 1)
    }

    /// The first of the four pairs of random numbers of a scattering event, which chooses the direction.
    @inline(__always) static func dimension(ofEvent depth: Int) -> UInt32 {
        3 &+ 4 &* UInt32(truncatingIfNeeded: depth)
    }

    /// Puts a path at its beginning.
    @inline(__always) func begin(_ path: Int, _ sampler: PathSampler, x: Int, y: Int) {
        if let order = self.order {
            order.begin(path, sampler, x: Float(x), y: Float(y))
            return
        }
        self.states.begin(path, number: UInt32(truncatingIfNeeded: path), sampler, x: Float(x), y: Float(y))
    }

    /// The light that a path has found; not checked for being finite.
    @inline(__always) func light(_ path: Int) -> Vector3 {
        Vector3(self.found[path], self.found[Self.pathsMax + path], self.found[2 * Self.pathsMax + path])
    }

    /// Traces the first `count` paths to their ends, or until the work reaches a limit.
    ///
    /// - Returns: Whether it did; if `isStopped` said so before, there is nothing to be had of these paths.
    func trace(_ count: Int, _ work: inout WorkCounter, isStopped: () -> Bool) -> Bool {
        self.order?.begin(count, in: self.states)
        for path in stride(from: 0, to: count, by: laneCount) { self.aim(path) }
        work.cameraRays &+= UInt64(truncatingIfNeeded: count)
        var left = count
        var depth = 0
        while left > 0 {
            if isStopped() { return false }
            var deadCount = 0
            for path in stride(from: 0, to: left, by: laneCount) {
                let active = MaskLanes(first: left &- path)
                let survivors = self.step(path, active, depth, &work)
                for lane in LaneSequence(active .& .!survivors) {
                    self.dead[deadCount] = UInt32(truncatingIfNeeded: path &+ lane)
                    deadCount &+= 1
                }
            }
            left = self.states.compact(left, dead: self.dead, deadCount: deadCount)
            if self.settings.limits.areReached(by: work) {
                self.abandon(left)
                return true
            }
            work.bounceRays &+= UInt64(truncatingIfNeeded: left)
            depth &+= 1
        }
        return true
    }

    /// Ends the first `count` paths where they are.
    private func abandon(_ count: Int) {
        for path in stride(from: 0, to: count, by: laneCount) {
            self.hand(over: MaskLanes(first: count &- path), self.states.load(path))
        }
    }

    /// Makes the camera's rays.
    private func aim(_ path: Int) {
        var group = self.states.load(path)
        let (fu, fv) = group.sampler.pair(0)
        let time = group.sampler.pair(2).0
        var lens: (x: FloatLanes, y: FloatLanes) = (0, 0)
        if self.camera.hasLens {
            let (lu, lv) = group.sampler.pair(1)
            lens = self.camera.lensPoint(lu, lv)
        }
        let x = group.origin.x + 0.5 + self.filter.offset(fu)
        let y = group.origin.y + 0.5 + self.filter.offset(fv)
        (group.origin, group.direction) = self.camera.rays(x, y, lens: lens, at: time)
        group.beta = Vector3Lanes(1)
        group.light = .zero
        group.density = 0
        group.etaScale = 1
        group.cone = self.camera.cone
        group.medium = .zero
        group.index = 1
        group.outerMedium = .zero
        group.outerIndex = 1
        group.skipped = .none
        group.receiver = LightReceiverLanes(point: .zero, normal: .zero)
        self.states.store(group, path)
        self.states.begin(path, time: time)
    }

    /// Traces a ray of each path and scatters it where it arrives.
    ///
    /// - Returns: the paths that go on.
    private func step(_ path: Int, _ active: MaskLanes, _ depth: Int, _ work: inout WorkCounter) -> MaskLanes {
        var group = self.states.load(path)
        let key = mixedBits(group.sampler.key &+ UIntLanes(UInt32(truncatingIfNeeded: depth) &* 0x9e37_79b9))
        var rays = RayLanes(
            origin: group.origin,
            direction: group.direction,
            farthest: FloatLanes(.greatestFiniteMagnitude),
            skipped: group.skipped,
            key: key,
            time: group.time,
            active: active
        )
        var hits = self.traversal.nearest(self.view, rays)
        if depth == 0 {
            self.features?.clear(active, group.number)
            self.guides?.clear(active, group.number)
        }
        // What volumes do to some paths is put aside until the surfaces have had the others.
        let passage = self.volumes.map { self.pass($0, rays, depth, &hits, &group, &work) }
        let escaped = active .& .!hits.isHit .& .!(passage?.isIn ?? MaskLanes(false))
        if escaped.any { self.addEnvironment(escaped, &group) }
        guard hits.isHit.any else {
            return self.finish(path, active, MaskLanes(false), passage, &group)
        }
        work.surfaceEvents &+= UInt64(truncatingIfNeeded: hits.isHit.bits.nonzeroBitCount)
        let surface = self.surface
        self.surfaces.look(rays, hits, coneWidth: group.cone.width(after: hits.distance), into: surface)
        if surface.pointee.scatters != 0 {
            let lanes = hits.isHit .& .!surface.pointee.isFront .& MaskLanes(bits: surface.pointee.scatters)
            if lanes.any {
                let media = self.surfaces.lobes.media(lanes)
                let out = self.scattering.wander(lanes, media, rays, hits, beta: group.beta, key: key, &work)
                rays = out.rays
                hits = out.hits
                group.beta = out.beta
                group.direction = rays.direction
                // Light samples do not find what particles do.
                group.density = select(lanes, 0, group.density)
                let width = group.cone.width(after: hits.distance)
                self.surfaces.lookAgain(rays, hits, coneWidth: width, into: surface)
            }
        }
        // A path that meets a back has come through what is behind that surface, wherever it began; one that meets a front,
        // such as that of a stone in water, through what it has entered before.
        if self.view.pointee.hasSolids {
            let medium = select(surface.pointee.isFront, group.medium, surface.pointee.absorption)
            let absorbed = hits.isHit .& (medium.largest .> 0)
            if absorbed.any {
                group.beta = select(absorbed, group.beta * transmittance(medium, hits.distance), group.beta)
            }
        }
        if depth == 0 { self.features?.note(surface.pointee, hits, group.number) }
        if let guides = self.guides {
            let transmission = self.lobes.transmission(surface.pointee)
            guides.note(surface.pointee, transmission: transmission, hits.isHit, group.number)
        }
        self.addEmission(hits.isHit, &group)

        if surface.pointee.disperses != 0 {
            let lanes = hits.isHit .& MaskLanes(bits: surface.pointee.disperses)
            let key = group.sampler.key
            Dispersion.separate(lanes, self.surfaces.dispersion, key: key, &group.beta, &surface.pointee.ior)
        }
        let index = surface.pointee.ior
        // What lies on the other side of a solid's surface is not always air: a bottle swims in water.
        if surface.pointee.solid != 0 {
            let around = select(surface.pointee.isFront, group.index, group.outerIndex)
            surface.pointee.ior = select(
                MaskLanes(bits: surface.pointee.solid),
                surface.pointee.ior / around,
                surface.pointee.ior
            )
        }
        let wo = surface.pointee.frame.toLocal(-group.direction)
        var survivors = hits.isHit .& (wo.z .> 0)
        if depth >= self.settings.maxDepth { survivors = MaskLanes(false) }
        if survivors.any {
            let bsdf = BSDF(surface.pointee, wo: wo, among: survivors, table: self.view.pointee.albedo)
            let layered = self.layers.lanes(of: surface.pointee, among: survivors, wo: wo, key: key)
            let lobed = self.lobes.prepare(surface.pointee, wo, among: survivors)
            let dimension = Self.dimension(ofEvent: depth)
            if self.view.pointee.hasLightSamples {
                var spread = select(layered.lanes, layered.hasSpread, bsdf.hasSpread)
                if lobed.any { spread = select(lobed, self.lobes.hasSpread(), spread) }
                let lit = survivors .& spread
                self.addDirect(bsdf, layered, lobed, hits.place, lit, dimension, key, &group, &work)
            }
            survivors = self.scatter(
                bsdf,
                layered,
                lobed,
                hits,
                survivors,
                index,
                depth,
                dimension,
                &group,
                &work
            )
        }
        return self.finish(path, active, survivors, passage, &group)
    }

    /// Hands over what has ended and keeps what goes on.
    @inline(__always) private func finish(
        _ path: Int,
        _ active: MaskLanes,
        _ scattered: MaskLanes,
        _ passage: VolumePassage?,
        _ group: inout PathGroup
    ) -> MaskLanes {
        var survivors = scattered
        if let passage {
            group = group.replaced(by: self.cloud.pointee, where: passage.isIn)
            survivors = survivors .| passage.survivors
        }
        self.hand(over: active .& .!survivors, group)
        if survivors.any { self.states.store(group, path) }
        return survivors
    }

    /// Chooses where the paths go on; the ray after that is in the group.
    @inline(__always) private func scatter(
        _ bsdf: borrowing BSDF,
        _ layered: borrowing LayeredLanes,
        _ lobed: MaskLanes,
        _ hits: borrowing HitLanes,
        _ arrived: MaskLanes,
        _ index: FloatLanes,
        _ depth: Int,
        _ dimension: UInt32,
        _ group: inout PathGroup,
        _ work: inout WorkCounter
    ) -> MaskLanes {
        let (u, v) = group.sampler.pair(dimension)
        let (pick, chance) = group.sampler.pair(dimension &+ 1)
        var sample = bsdf.sample(u, v, pick)
        if lobed.any { self.lobes.sample(lobed, u, v, pick, &sample) }
        if layered.lanes.any { self.layers.sample(layered, self.surface.pointee, arrived, &sample, &work) }
        let wi = self.surface.pointee.frame.toWorld(sample.wi)
        let side = dot(self.surface.pointee.geometricNormal, wi)
        let isAbove = side .> 0
        // What the shading normal reflects must not go below the surface, and the other way round.
        var survivors = arrived .& sample.isScattered .& select(sample.wi.z .> 0, isAbove, side .< 0)
        group.beta *= sample.weight
        group.density = sample.density
        self.cross(sample.wi.z .< 0, index, &group)
        group.etaScale *= sample.etaSquared
        if depth &+ 1 >= Self.rouletteDepth {
            let survival = group.beta.largest * group.etaScale * FloatLanes(Self.rouletteScale)
            survivors = survivors .& (chance .< survival)
            group.beta *= select(survival .< 1, 1 / survival, 1)
        }
        survivors = survivors .& (group.beta.largest .> 0)
        let normal = select(isAbove, self.surface.pointee.geometricNormal, -self.surface.pointee.geometricNormal)
        group.origin = offsetOrigin(self.surface.pointee.point, normal)
        group.direction = wi
        group.skipped = hits.place
        if self.view.pointee.hasImages {
            group.cone = group.cone.scattered(after: hits.distance, density: sample.density)
        }
        group.receiver = LightReceiverLanes(self.surface.pointee)
        return survivors
    }

    /// Notes what paths come into that go through a surface.
    @inline(__always) private func cross(
        _ through: MaskLanes,
        _ index: FloatLanes,
        _ group: inout PathGroup
    ) {
        guard (through .& MaskLanes(bits: self.surface.pointee.solid)).any else { return }
        let solid = through .& MaskLanes(bits: self.surface.pointee.solid)
        let enters = solid .& self.surface.pointee.isFront
        let leaves = solid .& .!self.surface.pointee.isFront
        let (medium, number) = (group.medium, group.index)
        group.medium = select(enters, self.surface.pointee.absorption, select(leaves, group.outerMedium, group.medium))
        // One is the mark of the outside.
        let inside = select(index .== 1, FloatLanes(0x1.000002p0), index)
        group.index = select(enters, inside, select(leaves, group.outerIndex, group.index))
        group.outerMedium = select(enters, medium, select(leaves, .zero, group.outerMedium))
        group.outerIndex = select(enters, number, select(leaves, 1, group.outerIndex))
    }

    /// Writes what ended paths have found.
    @inline(__always) private func hand(over lanes: MaskLanes, _ group: borrowing PathGroup) {
        let red = self.found
        let green = red + Self.pathsMax
        let blue = green + Self.pathsMax
        for lane in LaneSequence(lanes) {
            let number = Int(group.number[lane])
            red[number] = group.light.x[lane]
            green[number] = group.light.y[lane]
            blue[number] = group.light.z[lane]
        }
    }
}
