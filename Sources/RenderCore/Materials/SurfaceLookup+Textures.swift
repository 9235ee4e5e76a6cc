// What textures say of the surfaces that rays have hit, lane by lane.
extension SurfaceLookup {
    /// Writes the colours, the numbers and the normals of lanes whose materials have textures or whose meshes have colours.
    @inline(never) func texture(
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
            let place = TexturePlace(mesh, corners, weights, footprints, lane: lane)
            var baseColor = material.pointee.baseColor
            if let colors = mesh.pointee.colors {
                let first = loadVector(colors, Int(corners[0])) * weights.0
                let second = loadVector(colors, Int(corners[1])) * weights.1
                baseColor *= (first + second) + loadVector(colors, Int(corners[2])) * weights.2
            }
            if material.pointee.baseColorTexture.isPresent {
                baseColor *= place.texel(self.view, material.pointee.baseColorTexture).color
            }
            self.scratch.set(Row.baseColor, lane, baseColor)
            if material.pointee.metallicRoughnessTexture.isPresent {
                let color = place.texel(self.view, material.pointee.metallicRoughnessTexture).color
                self.scratch.set(Row.roughness, lane, material.pointee.roughness * color.y)
                self.scratch.set(Row.metallic, lane, material.pointee.metallic * color.z)
            }
            if material.pointee.emissionTexture.isPresent {
                self.scratch.set(Row.emission, lane, emittedRadiance(self.view, material, place))
            }
            if material.pointee.normalTexture.isPresent {
                let uv = mesh.pointee.coordinates(of: material.pointee.normalTexture)
                let tangent = tangent(instance, mesh, uv, corners, weights, at: footprints.time[lane])
                let color = place.texel(self.view, material.pointee.normalTexture).color
                let normal = mapped(normals[lane], tangent, color, scale: material.pointee.normalScale)
                self.scratch.set(Row.normal, lane, normal)
            }
        }
    }

    /// Writes what textures and the rest say of the lobes of lanes that have any.
    @inline(never) func fetchLobes(
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
                let place = TexturePlace(mesh, corners, weights, footprints, lane: lane)
                point.apply(self.view, lobes, place)
                let hasNormalMap = lobes.pointee.clearcoatNormalTexture.isPresent
                if hasNormalMap || lobes.pointee.anisotropy > 0 {
                    let map = hasNormalMap ? lobes.pointee.clearcoatNormalTexture : lobes.pointee.anisotropyTexture
                    let uv = mesh.pointee.coordinates(of: map)
                    let tangent = tangent(instance, mesh, uv, corners, weights, at: footprints.time[lane])
                    if hasNormalMap {
                        let color = place.texel(self.view, lobes.pointee.clearcoatNormalTexture).color
                        let scale = lobes.pointee.clearcoatNormalScale
                        clearcoatNormal = mapped(clearcoatNormal, tangent, color, scale: scale)
                    }
                    var x: Float = 1
                    var y: Float = 0
                    if lobes.pointee.anisotropyTexture.isPresent {
                        let color = place.texel(self.view, lobes.pointee.anisotropyTexture).color
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
