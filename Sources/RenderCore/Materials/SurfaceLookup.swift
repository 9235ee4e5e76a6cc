import CVector

/// Looks up everything about surfaces that rays of unit length have hit.
///
/// Vertices, transforms and materials are fetched lane by lane into rows, since lanes lie on different triangles;
/// everything after that is done in all lanes at once. Only textures are lane by lane to their end.
struct SurfaceLookup {
    /// The rows of ``scratch``.
    enum Row {
        @inline(__always) static var corners: Int { 0 }
        @inline(__always) static var normals: Int { 9 }
        @inline(__always) static var transform: Int { 18 }
        @inline(__always) static var baseColor: Int { 30 }
        @inline(__always) static var emission: Int { 33 }
        @inline(__always) static var metallic: Int { 36 }
        @inline(__always) static var roughness: Int { 37 }
        @inline(__always) static var ior: Int { 38 }
        @inline(__always) static var transmission: Int { 39 }
        @inline(__always) static var emitter: Int { 40 }
        @inline(__always) static var normal: Int { 41 }
        @inline(__always) static var layers: Int { 44 }
        @inline(__always) static var absorption: Int { 45 }
        @inline(__always) static var coatReflectance: Int { 48 }
        @inline(__always) static var coatGrazing: Int { 49 }
        @inline(__always) static var dispersion: Int { 50 }
        @inline(__always) static var instance: Int { 51 }
        @inline(__always) static var count: Int { 52 }
    }

    /// The vertices of so many triangles, and so many particles, stay in the nearer caches.
    private static var nearPrimitives: Int { 4096 }

    let view: UnsafePointer<SceneView>
    let scratch: LaneScratch
    /// The lobes of the lanes that have any, after ``look(_:_:coneWidth:into:)``.
    let lobes: LobeScratch

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.scratch = LaneScratch(memory: memory, rows: Row.count)
        self.lobes = LobeScratch(memory: memory)
    }

    /// 20 over the Abbe number, in the lanes that disperse.
    var dispersion: FloatLanes { self.scratch.floats(Row.dispersion) }

    /// The instances of the lanes that see particles.
    var particleInstances: UIntLanes { self.scratch.words(Row.instance) }

    /// Writes what the rays see where they hit something.
    ///
    /// - Parameters:
    ///   - coneWidth: The width in metres of what each ray sees at once.
    ///   - surface: Where to write it: what is returned in so many registers is copied several times.
    @inline(__always) func look(
        _ rays: borrowing RayLanes,
        _ hits: borrowing HitLanes,
        coneWidth: FloatLanes,
        into surface: UnsafeMutablePointer<SurfaceLanes>
    ) {
        let flags = self.fetch(rays, hits)
        let weight1 = hits.weight1
        let weight2 = hits.weight2
        let weight0 = (1 - weight1) - weight2
        let a = self.scratch.vectors(Row.corners)
        let b = self.scratch.vectors(Row.corners + 3)
        let c = self.scratch.vectors(Row.corners + 6)
        let transform = self.transform
        let point = transform.point((a * weight0 + b * weight1) + c * weight2)
        // The matrix of normals times the cross product is twice the area in the world along the normal, whose side does
        // not change when the map is mirrored.
        let rows = transform.normalRows
        let perpendicular = rows.applied(cross(b - a, c - a))
        let area = perpendicular.lengthSquared.squareRoot() * 0.5
        let wo = -rays.direction
        var geometric = perpendicular.normalized(or: wo)
        var normal = geometric
        if flags.hasNormals != 0 {
            let first = self.scratch.vectors(Row.normals) * weight0
            let second = self.scratch.vectors(Row.normals + 3) * weight1
            let third = self.scratch.vectors(Row.normals + 6) * weight2
            let smooth = rows.applied((first + second) + third).normalized(or: geometric)
            let sided = select(dot(smooth, geometric) .< 0, -smooth, smooth)
            normal = select(MaskLanes(bits: flags.hasNormals), sided, geometric)
        }
        let smooth = normal
        if flags.isTextured != 0 {
            let footprint = FootprintLanes(coneWidth: coneWidth, area: area, cosine: dot(geometric, wo), rays)
            self.texture(hits, flags.isTextured, (weight0, weight1, weight2), normal, footprint)
            if flags.hasNormalMap != 0 {
                normal = select(MaskLanes(bits: flags.hasNormalMap), self.scratch.vectors(Row.normal), normal)
            }
        }
        if flags.hasLobes != 0 {
            let footprint = FootprintLanes(coneWidth: coneWidth, area: area, cosine: dot(geometric, wo), rays)
            self.fetchLobes(hits, flags.hasLobes, (weight0, weight1, weight2), smooth, normal, footprint)
        }
        let isFront = dot(geometric, wo) .> 0
        geometric = select(isFront, geometric, -geometric)
        normal = select(isFront, normal, -normal)
        // Interpolated normals may turn away from the eye: bend them back until they just see it.
        let cosine = dot(normal, wo)
        let bent = (normal + wo * (0x1p-9 - cosine)).normalized(or: geometric)
        normal = select(cosine .< 0x1p-10, bent, normal)
        let shines = isFront .| MaskLanes(bits: flags.isDoubleSided)
        let found = SurfaceLanes(
            point: point,
            geometricNormal: geometric,
            frame: ShadingFrameLanes(normal: normal),
            isFront: isFront,
            baseColor: clampedColor(self.scratch.vectors(Row.baseColor)),
            metallic: clamped(self.scratch.floats(Row.metallic), 0, 1),
            roughness: clamped(self.scratch.floats(Row.roughness), 0, 1),
            ior: self.scratch.floats(Row.ior),
            coatReflectance: self.scratch.floats(Row.coatReflectance),
            coatGrazing: self.scratch.floats(Row.coatGrazing),
            transmission: self.scratch.floats(Row.transmission),
            layers: self.scratch.words(Row.layers),
            emission: select(shines, self.scratch.vectors(Row.emission), .zero),
            emitter: self.scratch.words(Row.emitter),
            area: area,
            absorption: self.scratch.vectors(Row.absorption),
            particles: flags.particles,
            disperses: flags.disperses,
            hasLobes: flags.hasLobes,
            scatters: flags.scatters,
            solid: flags.solid
        )
        surface.initialize(to: found)
    }

    /// ``look(_:_:coneWidth:into:)`` for what happens seldom, out of the way of what happens always.
    @inline(never) func lookAgain(
        _ rays: borrowing RayLanes,
        _ hits: borrowing HitLanes,
        coneWidth: FloatLanes,
        into surface: UnsafeMutablePointer<SurfaceLanes>
    ) {
        self.look(rays, hits, coneWidth: coneWidth, into: surface)
    }

    // MARK: Fetching

    /// Lanes with a property, as bits.
    private struct Flags {
        var hasNormals: UInt32 = 0
        var isDoubleSided: UInt32 = 0
        var isTextured: UInt32 = 0
        var hasNormalMap: UInt32 = 0
        var particles: UInt32 = 0
        var disperses: UInt32 = 0
        var hasLobes: UInt32 = 0
        var scatters: UInt32 = 0
        var solid: UInt32 = 0
    }

    @inline(__always) private var transform: AffineLanes {
        AffineLanes(
            x: self.scratch.vectors(Row.transform),
            y: self.scratch.vectors(Row.transform + 3),
            z: self.scratch.vectors(Row.transform + 6),
            offset: self.scratch.vectors(Row.transform + 9)
        )
    }

    @inline(__always) private func fetch(_ rays: borrowing RayLanes, _ hits: borrowing HitLanes) -> Flags {
        var flags = Flags()
        let instances = hits.primitive.instance
        var left = hits.isHit
        while left.any {
            let number = instances[left.bits.trailingZeroBitCount]
            let lanes = left .& (instances .== UIntLanes(number))
            left = left .& .!lanes
            let instance = self.view.pointee.instances + Int(number)
            if instance.pointee.isParticles {
                self.fetchParticles(instance, lanes, rays, hits, &flags)
            } else {
                self.fetchTriangles(instance, lanes, rays, hits, &flags)
            }
        }
        return flags
    }

    /// Triangles of one instance.
    @inline(__always) private func fetchTriangles(
        _ instance: UnsafePointer<InstanceData>,
        _ lanes: MaskLanes,
        _ rays: borrowing RayLanes,
        _ hits: borrowing HitLanes,
        _ flags: inout Flags
    ) {
        let mesh = self.view.pointee.meshes + instance.pointee.mesh
        let material = self.view.pointee.materials + mesh.pointee.material
        let bits = lanes.bits
        if mesh.pointee.normals != nil { flags.hasNormals |= bits }
        if mesh.pointee.triangleCount > Self.nearPrimitives { self.prefetch(mesh, lanes, hits.primitive.number) }
        for lane in LaneSequence(lanes) {
            let number = Int(hits.primitive.number[lane])
            if instance.pointee.isMoving {
                self.fetchMoving(instance, mesh, number, rays.time[lane], lane)
            } else {
                self.fetch(mesh, number, lane)
            }
        }
        if !instance.pointee.isMoving { self.fill(instance.pointee.transform, lanes) }
        let isSampled = instance.pointee.light >= 0
        let first = UIntLanes(UInt32(truncatingIfNeeded: instance.pointee.firstTriangle))
        let emitters = isSampled ? hits.primitive.number &+ first : .none
        self.scratch.set(Row.emitter, select(lanes, emitters, self.scratch.words(Row.emitter)))
        self.fill(material, lanes, &flags)
        if material.pointee.isTextured || mesh.pointee.colors != nil { flags.isTextured |= bits }
        if material.pointee.normalTexture.isPresent { flags.hasNormalMap |= bits }
    }

    /// Begins to load the vertices that were hit, which lie apart from what was traced.
    ///
    /// All indices first, then all corners: one lane after the other would wait twice for each.
    @inline(__always) private func prefetch(
        _ mesh: UnsafePointer<MeshData>,
        _ lanes: MaskLanes,
        _ numbers: UIntLanes
    ) {
        let indices = mesh.pointee.indices
        for lane in LaneSequence(lanes) { cvector_prefetch(indices + 3 &* Int(numbers[lane])) }
        for lane in LaneSequence(lanes) {
            let corners = indices + 3 &* Int(numbers[lane])
            for corner in 0 ..< 3 {
                let at = 3 &* Int(corners[corner])
                cvector_prefetch(mesh.pointee.positions + at)
                if let normals = mesh.pointee.normals { cvector_prefetch(normals + at) }
            }
        }
    }

    /// The corners of a triangle and their normals, if there are any.
    @inline(__always) private func fetch(_ mesh: UnsafePointer<MeshData>, _ number: Int, _ lane: Int) {
        let scratch = self.scratch
        let corners = mesh.pointee.indices + 3 &* number
        let (i0, i1, i2) = (Int(corners[0]), Int(corners[1]), Int(corners[2]))
        let positions = mesh.pointee.positions
        scratch.set(Row.corners, lane, loadVector(positions, i0))
        scratch.set(Row.corners + 3, lane, loadVector(positions, i1))
        scratch.set(Row.corners + 6, lane, loadVector(positions, i2))
        guard let normals = mesh.pointee.normals else { return }
        scratch.set(Row.normals, lane, loadVector(normals, i0))
        scratch.set(Row.normals + 3, lane, loadVector(normals, i1))
        scratch.set(Row.normals + 6, lane, loadVector(normals, i2))
    }

    @inline(__always) private func fill(_ transform: Affine, _ lanes: MaskLanes) {
        let scratch = self.scratch
        scratch.fill(Row.transform, lanes, transform.x)
        scratch.fill(Row.transform + 3, lanes, transform.y)
        scratch.fill(Row.transform + 6, lanes, transform.z)
        scratch.fill(Row.transform + 9, lanes, transform.offset)
    }

    /// Corners, normals and the transform of an instance that moves, at a time.
    @inline(never) private func fetchMoving(
        _ instance: UnsafePointer<InstanceData>,
        _ mesh: UnsafePointer<MeshData>,
        _ number: Int,
        _ time: Float,
        _ lane: Int
    ) {
        let scratch = self.scratch
        self.fill(instance.pointee.transform(at: time), MaskLanes(bits: 1 &<< UInt32(truncatingIfNeeded: lane)))
        self.fetch(mesh, number, lane)
        guard mesh.pointee.closingPositions != nil else { return }
        let (a, b, c) = mesh.pointee.corners(number, at: time)
        scratch.set(Row.corners, lane, a)
        scratch.set(Row.corners + 3, lane, b)
        scratch.set(Row.corners + 6, lane, c)
        guard let open = mesh.pointee.normals, let close = mesh.pointee.closingNormals else { return }
        let corners = mesh.pointee.indices + 3 &* number
        let (i0, i1, i2) = (Int(corners[0]), Int(corners[1]), Int(corners[2]))
        scratch.set(Row.normals, lane, between(loadVector(open, i0), loadVector(close, i0), time))
        scratch.set(Row.normals + 3, lane, between(loadVector(open, i1), loadVector(close, i1), time))
        scratch.set(Row.normals + 6, lane, between(loadVector(open, i2), loadVector(close, i2), time))
    }

    /// Every row that a material has, so that no lane ever sees what another hit has left there.
    @inline(__always) private func fill(
        _ material: UnsafePointer<MaterialData>,
        _ lanes: MaskLanes,
        _ flags: inout Flags
    ) {
        let scratch = self.scratch
        let bits = lanes.bits
        scratch.fill(Row.baseColor, lanes, material.pointee.baseColor)
        scratch.fill(Row.emission, lanes, material.pointee.emission)
        scratch.fill(Row.metallic, lanes, material.pointee.metallic)
        scratch.fill(Row.roughness, lanes, material.pointee.roughness)
        scratch.fill(Row.ior, lanes, material.pointee.ior)
        scratch.fill(Row.transmission, lanes, material.pointee.transmission)
        scratch.fill(Row.layers, lanes, UInt32(truncatingIfNeeded: material.pointee.layers))
        scratch.fill(Row.coatReflectance, lanes, material.pointee.coatReflectance)
        scratch.fill(Row.coatGrazing, lanes, material.pointee.coatGrazing)
        if material.pointee.dispersion > 0 {
            flags.disperses |= bits
            scratch.fill(Row.dispersion, lanes, material.pointee.dispersion)
        }
        if material.pointee.lobes >= 0 { flags.hasLobes |= bits }
        if material.pointee.scatters { flags.scatters |= bits }
        if material.pointee.isSolid { flags.solid |= bits }
        let absorption = material.pointee.isSolid && !material.pointee.scatters ? material.pointee.absorption : .zero
        scratch.fill(Row.absorption, lanes, absorption)
        if material.pointee.isDoubleSided { flags.isDoubleSided |= bits }
    }

    /// A particle is the triangle that touches it where it was hit: weights of zero leave the first corner.
    @inline(never) private func fetchParticles(
        _ instance: UnsafePointer<InstanceData>,
        _ lanes: MaskLanes,
        _ rays: borrowing RayLanes,
        _ hits: borrowing HitLanes,
        _ flags: inout Flags
    ) {
        let scratch = self.scratch
        let set = self.view.pointee.particles + instance.pointee.mesh
        if set.pointee.count > Self.nearPrimitives {
            for lane in LaneSequence(lanes) {
                let number = Int(hits.primitive.number[lane])
                cvector_prefetch(set.pointee.spheres + 4 &* number)
                if let colors = set.pointee.colors { cvector_prefetch(colors + number) }
            }
        }
        let material = self.view.pointee.materials + set.pointee.material
        flags.particles |= lanes.bits
        scratch.fill(Row.instance, lanes, UInt32(truncatingIfNeeded: instance - self.view.pointee.instances))
        let emitters = instance.pointee.light >= 0 ? hits.primitive.number : .none
        scratch.set(Row.emitter, select(lanes, emitters, scratch.words(Row.emitter)))
        self.fill(material, lanes, &flags)
        if !instance.pointee.isMoving { self.fill(instance.pointee.transform, lanes) }
        for lane in LaneSequence(lanes) {
            let number = Int(hits.primitive.number[lane])
            let distance = hits.distance[lane]
            let ray = Ray(origin: rays.origin[lane], direction: rays.direction[lane])
            let time = rays.time[lane]
            let particle = ParticleSurface(self.view, instance, number, ray, distance: distance, time: time)
            scratch.set(Row.corners, lane, particle.point)
            scratch.set(Row.corners + 3, lane, particle.point + particle.tangent)
            scratch.set(Row.corners + 6, lane, particle.point + particle.bitangent)
            if instance.pointee.isMoving {
                self.fill(
                    instance.pointee.transform(at: time),
                    MaskLanes(bits: 1 &<< UInt32(truncatingIfNeeded: lane))
                )
            }
            scratch.set(Row.baseColor, lane, material.pointee.baseColor * particle.color)
            scratch.set(Row.emission, lane, material.pointee.emission * particle.color)
        }
    }
}

@inline(__always) private func clampedColor(_ c: Vector3Lanes) -> Vector3Lanes {
    Vector3Lanes(clamped(c.x, 0, 1), clamped(c.y, 0, 1), clamped(c.z, 0, 1))
}
