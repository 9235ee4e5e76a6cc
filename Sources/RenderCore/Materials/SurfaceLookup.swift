/// Looks up everything about surfaces that rays of unit length have hit.
///
/// Vertices, transforms and materials are fetched lane by lane into rows, since lanes lie on different triangles;
/// everything after that is done in all lanes at once. Only textures are lane by lane to their end.
struct SurfaceLookup {
    /// The rows of ``scratch``.
    private enum Row {
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
        @inline(__always) static var count: Int { 51 }
    }

    private let view: UnsafePointer<SceneView>
    private let scratch: LaneScratch
    /// The lobes of the lanes that have any, after ``surface(_:_:coneWidth:)``.
    let lobes: LobeScratch

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.scratch = LaneScratch(memory: memory, rows: Row.count)
        self.lobes = LobeScratch(memory: memory)
    }

    /// 20 over the Abbe number, in the lanes that disperse.
    var dispersion: FloatLanes { self.scratch.floats(Row.dispersion) }

    /// What the rays see where they hit something.
    ///
    /// - Parameter coneWidth: The width in metres of what each ray sees at once.
    @inline(__always) func surface(
        _ rays: borrowing RayLanes,
        _ hits: borrowing HitLanes,
        coneWidth: FloatLanes
    ) -> SurfaceLanes {
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
        return SurfaceLanes(
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
            disperses: flags.disperses,
            hasLobes: flags.hasLobes,
            scatters: flags.scatters,
            solid: flags.solid
        )
    }

    /// ``surface(_:_:coneWidth:)`` for what happens seldom, out of the way of what happens always.
    @inline(never) func surfaceAgain(
        _ rays: borrowing RayLanes,
        _ hits: borrowing HitLanes,
        coneWidth: FloatLanes
    ) -> SurfaceLanes {
        self.surface(rays, hits, coneWidth: coneWidth)
    }

    // MARK: Fetching

    /// Lanes with a property, as bits.
    private struct Flags {
        var hasNormals: UInt32 = 0
        var isDoubleSided: UInt32 = 0
        var isTextured: UInt32 = 0
        var hasNormalMap: UInt32 = 0
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
        let scratch = self.scratch
        let instances = hits.primitive.instance
        let numbers = hits.primitive.number
        for lane in LaneSequence(hits.isHit) {
            let bit: UInt32 = 1 &<< UInt32(truncatingIfNeeded: lane)
            let instance = self.view.pointee.instances + Int(instances[lane])
            let number = Int(numbers[lane])
            guard !instance.pointee.isParticles else {
                self.fetchParticle(instance, number, rays, hits.distance[lane], lane, &flags)
                continue
            }
            let mesh = self.view.pointee.meshes + instance.pointee.mesh
            let corners = mesh.pointee.indices + 3 &* number
            let (i0, i1, i2) = (Int(corners[0]), Int(corners[1]), Int(corners[2]))
            if instance.pointee.isMoving {
                self.fetchMoving(instance, mesh, number, rays.time[lane], lane, &flags)
            } else {
                self.fetch(mesh, i0, i1, i2, lane, &flags)
                self.fetch(instance.pointee.transform, lane)
            }
            let isSampled = instance.pointee.light >= 0
            let global = UInt32(truncatingIfNeeded: instance.pointee.firstTriangle &+ number)
            let emitter = isSampled ? global : UInt32.max
            scratch.set(Row.emitter, lane, emitter)
            let material = self.view.pointee.materials + mesh.pointee.material
            self.fetch(material, lane, &flags)
            if material.pointee.isTextured || mesh.pointee.colors != nil { flags.isTextured |= bit }
            if material.pointee.normalTexture.isPresent { flags.hasNormalMap |= bit }
        }
        return flags
    }

    /// The corners of a triangle and their normals, if there are any.
    @inline(__always) private func fetch(
        _ mesh: UnsafePointer<MeshData>,
        _ i0: Int,
        _ i1: Int,
        _ i2: Int,
        _ lane: Int,
        _ flags: inout Flags
    ) {
        let scratch = self.scratch
        let positions = mesh.pointee.positions
        scratch.set(Row.corners, lane, loadVector(positions, i0))
        scratch.set(Row.corners + 3, lane, loadVector(positions, i1))
        scratch.set(Row.corners + 6, lane, loadVector(positions, i2))
        guard let normals = mesh.pointee.normals else { return }
        flags.hasNormals |= 1 &<< UInt32(truncatingIfNeeded: lane)
        scratch.set(Row.normals, lane, loadVector(normals, i0))
        scratch.set(Row.normals + 3, lane, loadVector(normals, i1))
        scratch.set(Row.normals + 6, lane, loadVector(normals, i2))
    }

    @inline(__always) private func fetch(_ transform: Affine, _ lane: Int) {
        let scratch = self.scratch
        scratch.set(Row.transform, lane, transform.x)
        scratch.set(Row.transform + 3, lane, transform.y)
        scratch.set(Row.transform + 6, lane, transform.z)
        scratch.set(Row.transform + 9, lane, transform.offset)
    }

    /// Both for an instance that moves, at a time.
    @inline(never) private func fetchMoving(
        _ instance: UnsafePointer<InstanceData>,
        _ mesh: UnsafePointer<MeshData>,
        _ number: Int,
        _ time: Float,
        _ lane: Int,
        _ flags: inout Flags
    ) {
        let scratch = self.scratch
        let corners = mesh.pointee.indices + 3 &* number
        let (i0, i1, i2) = (Int(corners[0]), Int(corners[1]), Int(corners[2]))
        self.fetch(instance.pointee.transform(at: time), lane)
        self.fetch(mesh, i0, i1, i2, lane, &flags)
        guard mesh.pointee.closingPositions != nil else { return }
        let (a, b, c) = mesh.pointee.corners(number, at: time)
        scratch.set(Row.corners, lane, a)
        scratch.set(Row.corners + 3, lane, b)
        scratch.set(Row.corners + 6, lane, c)
        guard let open = mesh.pointee.normals, let close = mesh.pointee.closingNormals else { return }
        scratch.set(Row.normals, lane, between(loadVector(open, i0), loadVector(close, i0), time))
        scratch.set(Row.normals + 3, lane, between(loadVector(open, i1), loadVector(close, i1), time))
        scratch.set(Row.normals + 6, lane, between(loadVector(open, i2), loadVector(close, i2), time))
    }

    /// Every row that a material has, so that no lane ever sees what another hit has left there.
    @inline(__always) private func fetch(_ material: UnsafePointer<MaterialData>, _ lane: Int, _ flags: inout Flags) {
        let scratch = self.scratch
        let bit: UInt32 = 1 &<< UInt32(truncatingIfNeeded: lane)
        scratch.set(Row.baseColor, lane, material.pointee.baseColor)
        scratch.set(Row.emission, lane, material.pointee.emission)
        scratch.set(Row.metallic, lane, material.pointee.metallic)
        scratch.set(Row.roughness, lane, material.pointee.roughness)
        scratch.set(Row.ior, lane, material.pointee.ior)
        scratch.set(Row.transmission, lane, material.pointee.transmission)
        scratch.set(Row.layers, lane, UInt32(truncatingIfNeeded: material.pointee.layers))
        scratch.set(Row.coatReflectance, lane, material.pointee.coatReflectance)
        scratch.set(Row.coatGrazing, lane, material.pointee.coatGrazing)
        if material.pointee.dispersion > 0 {
            flags.disperses |= bit
            scratch.set(Row.dispersion, lane, material.pointee.dispersion)
        }
        if material.pointee.lobes >= 0 { flags.hasLobes |= bit }
        if material.pointee.scatters { flags.scatters |= bit }
        if material.pointee.isSolid { flags.solid |= bit }
        let absorption = material.pointee.isSolid && !material.pointee.scatters ? material.pointee.absorption : .zero
        scratch.set(Row.absorption, lane, absorption)
        if material.pointee.isDoubleSided { flags.isDoubleSided |= bit }
    }

    /// A particle is the triangle that touches it where it was hit: weights of zero leave the first corner.
    @inline(never) private func fetchParticle(
        _ instance: UnsafePointer<InstanceData>,
        _ number: Int,
        _ rays: borrowing RayLanes,
        _ distance: Float,
        _ lane: Int,
        _ flags: inout Flags
    ) {
        let scratch = self.scratch
        let ray = Ray(origin: rays.origin[lane], direction: rays.direction[lane])
        let time = rays.time[lane]
        let particle = ParticleSurface(self.view, instance, number, ray, distance: distance, time: time)
        scratch.set(Row.corners, lane, particle.point)
        scratch.set(Row.corners + 3, lane, particle.point + particle.tangent)
        scratch.set(Row.corners + 6, lane, particle.point + particle.bitangent)
        self.fetch(instance.pointee.transform(at: time), lane)
        scratch.set(Row.emitter, lane, UInt32.max)
        let set = self.view.pointee.particles + instance.pointee.mesh
        let material = self.view.pointee.materials + set.pointee.material
        self.fetch(material, lane, &flags)
        scratch.set(Row.baseColor, lane, material.pointee.baseColor * particle.color)
        scratch.set(Row.emission, lane, material.pointee.emission * particle.color)
    }

    // MARK: Textures

    @inline(never) private func texture(
        _ hits: borrowing HitLanes,
        _ lanes: UInt32,
        _ weights: (FloatLanes, FloatLanes, FloatLanes),
        _ normals: Vector3Lanes,
        _ footprints: FootprintLanes
    ) {
        for lane in LaneSequence(MaskLanes(bits: lanes)) {
            let instance = self.view.pointee.instances + Int(hits.primitive.instance[lane])
            let mesh = self.view.pointee.meshes + instance.pointee.mesh
            let corners = mesh.pointee.indices + 3 &* Int(hits.primitive.number[lane])
            let material = self.view.pointee.materials + mesh.pointee.material
            let weights = (weights.0[lane], weights.1[lane], weights.2[lane])
            var uv: (Float, Float) = (0, 0)
            var footprint = TextureFootprint.point
            if let coordinates = mesh.pointee.textureCoordinates {
                uv = interpolated(coordinates, corners, weights.0, weights.1, weights.2)
                footprint = footprints.footprint(lane, textureArea: textureArea(coordinates, corners))
            }
            var baseColor = material.pointee.baseColor
            if let colors = mesh.pointee.colors {
                let first = loadVector(colors, Int(corners[0])) * weights.0
                let second = loadVector(colors, Int(corners[1])) * weights.1
                baseColor *= (first + second) + loadVector(colors, Int(corners[2])) * weights.2
            }
            if material.pointee.baseColorTexture.isPresent {
                baseColor *= lookUp(self.view, material.pointee.baseColorTexture, uv, footprint).color
            }
            self.scratch.set(Row.baseColor, lane, baseColor)
            if material.pointee.metallicRoughnessTexture.isPresent {
                let color = lookUp(self.view, material.pointee.metallicRoughnessTexture, uv, footprint).color
                self.scratch.set(Row.roughness, lane, material.pointee.roughness * color.y)
                self.scratch.set(Row.metallic, lane, material.pointee.metallic * color.z)
            }
            if material.pointee.emissionTexture.isPresent {
                self.scratch.set(Row.emission, lane, emittedRadiance(self.view, material, uv, footprint))
            }
            if material.pointee.normalTexture.isPresent {
                let tangent = tangent(instance, mesh, corners, weights, at: footprints.time[lane])
                let color = lookUp(self.view, material.pointee.normalTexture, uv, footprint).color
                let normal = mapped(normals[lane], tangent, color, scale: material.pointee.normalScale)
                self.scratch.set(Row.normal, lane, normal)
            }
        }
    }

    // MARK: Lobes

    @inline(never) private func fetchLobes(
        _ hits: borrowing HitLanes,
        _ lanes: UInt32,
        _ weights: (FloatLanes, FloatLanes, FloatLanes),
        _ smooth: Vector3Lanes,
        _ normals: Vector3Lanes,
        _ footprints: FootprintLanes
    ) {
        for lane in LaneSequence(MaskLanes(bits: lanes)) {
            let instance = self.view.pointee.instances + Int(hits.primitive.instance[lane])
            let isParticle = instance.pointee.isParticles
            let number =
                isParticle
                ? self.view.pointee.particles[instance.pointee.mesh].material
                : self.view.pointee.meshes[instance.pointee.mesh].material
            let material = self.view.pointee.materials + number
            let lobes = self.view.pointee.lobes + material.pointee.lobes
            var point = LobePoint(material, lobes)
            var clearcoatNormal = smooth[lane]
            var stretch = Vector3.zero
            // Particles have no texture coordinates and no tangents.
            if !isParticle {
                let mesh = self.view.pointee.meshes + instance.pointee.mesh
                let corners = mesh.pointee.indices + 3 &* Int(hits.primitive.number[lane])
                let weights = (weights.0[lane], weights.1[lane], weights.2[lane])
                var uv: (Float, Float) = (0, 0)
                var footprint = TextureFootprint.point
                if let coordinates = mesh.pointee.textureCoordinates {
                    uv = interpolated(coordinates, corners, weights.0, weights.1, weights.2)
                    footprint = footprints.footprint(lane, textureArea: textureArea(coordinates, corners))
                }
                point.apply(self.view, lobes, uv, footprint)
                let hasNormalMap = lobes.pointee.clearcoatNormalTexture.isPresent
                if hasNormalMap || lobes.pointee.anisotropy > 0 {
                    let tangent = tangent(instance, mesh, corners, weights, at: footprints.time[lane])
                    if hasNormalMap {
                        let color = lookUp(self.view, lobes.pointee.clearcoatNormalTexture, uv, footprint).color
                        let scale = lobes.pointee.clearcoatNormalScale
                        clearcoatNormal = mapped(clearcoatNormal, tangent, color, scale: scale)
                    }
                    var x: Float = 1
                    var y: Float = 0
                    if lobes.pointee.anisotropyTexture.isPresent {
                        let color = lookUp(self.view, lobes.pointee.anisotropyTexture, uv, footprint).color
                        (x, y) = (2 * color.x - 1, 2 * color.y - 1)
                        point.anisotropy *= clamped(color.z, 0, 1)
                    }
                    let (s, c) = (lobes.pointee.anisotropySine, lobes.pointee.anisotropyCosine)
                    let t = tangent.direction.normalized(or: .zero)
                    let b = cross(normals[lane], t) * tangent.sign
                    stretch = t * (x * c - y * s) + b * (x * s + y * c)
                }
            }
            point.finish()
            if material.pointee.scatters { self.lobes.set(medium: lobes, lane: lane) }
            self.lobes.set(point, clearcoatNormal: clearcoatNormal, stretch: stretch, lane: lane)
            // Lights on both sides count where light goes through by any of the ways.
            self.scratch.set(Row.transmission, lane, larger(point.transmission, point.diffuseTransmission))
        }
    }
}

@inline(__always) private func clampedColor(_ c: Vector3Lanes) -> Vector3Lanes {
    Vector3Lanes(clamped(c.x, 0, 1), clamped(c.y, 0, 1), clamped(c.z, 0, 1))
}
