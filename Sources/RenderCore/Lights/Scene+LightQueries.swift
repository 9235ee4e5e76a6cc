// What tests ask about the choice of lights.
extension Scene {
    /// A light that was drawn: the number of a triangle, a particle or a light, and its kind.
    package struct DrawnLight: Hashable {
        /// What kinds of light there are; not strings, for Embedded Swift on arm64 has no Unicode tables to compare them with.
        package enum Kind: Hashable, Sendable {
            case environment
            case directional
            /// A point or a spot.
            case punctual
            case triangle
            case particle
            case volume
        }

        /// What it is.
        package let kind: Kind
        /// The number of the light, of the triangle, of the particle in its set, or of the placed volume.
        package let number: Int
        /// The instance of a particle.
        package let instance: Int

        /// Names a light.
        package init(kind: Kind, number: Int, instance: Int = 0) {
            self.kind = kind
            self.number = number
            self.instance = instance
        }
    }

    /// The light that a 32-bit number chooses at a place, and with which probability; a normal of zero means all sides.
    package func chosenLight(
        _ pick: UInt32,
        at point: SIMD3<Float>,
        normal: SIMD3<Float>
    ) -> (light: DrawnLight, probability: Float)? {
        let receiver = LightReceiver(point: Vector3(point), normal: Vector3(normal))
        let memory = SceneMemory()
        let choice = withExtendedLifetime(memory) {
            self.withView { view in
                let walks = LightWalks(view: view, memory: memory)
                let receivers = LightReceiverLanes(
                    point: Vector3Lanes(receiver.point),
                    normal: Vector3Lanes(receiver.normal)
                )
                walks.choose(receivers, MaskLanes(first: 1), UIntLanes(pick))
                return walks[0]
            }
        }
        let kind: DrawnLight.Kind
        switch choice.kind {
        case .nothing: return nil
        case .environment: kind = .environment
        case .directional: kind = .directional
        case .punctual: kind = .punctual
        case .triangle: kind = .triangle
        case .particle: kind = .particle
        case .volume: kind = .volume
        }
        let instance = kind == .particle ? Int(choice.instance) : 0
        return (DrawnLight(kind: kind, number: Int(choice.number), instance: instance), choice.probability)
    }

    /// The probability of choosing a light at a place, found backwards.
    package func probability(of light: DrawnLight, at point: SIMD3<Float>, normal: SIMD3<Float>) -> Float {
        let receiver = LightReceiver(point: Vector3(point), normal: Vector3(normal))
        return self.withView { view in
            let kinds = LightKinds.at(receiver, view)
            switch light.kind {
            case .environment: return kinds.environment
            case .triangle: return emitterProbability(view, receiver, light.number)
            case .particle:
                return particleProbability(view, receiver, view.pointee.instances + light.instance, light.number)
            case .directional:
                let suns = view.pointee.suns
                for k in 0 ..< suns.count where Int(suns.lights[k]) == light.number {
                    let width = DiscreteDistribution.width(k, suns.starts, count: suns.count)
                    return Float(width) * 0x1p-32 * kinds.directional
                }
                return 0
            case .volume: return volumeProbability(view, receiver, view.pointee.volumes + light.number)
            case .punctual:
                guard let tree = view.pointee.lightTree else { return 0 }
                for k in 0 ..< tree.lightCount
                where view.pointee.treeLights[k] == LightNode.flag | UInt32(light.number) {
                    return tree.probability(of: k, receiver) * kinds.tree
                }
                return 0
            }
        }
    }

    /// Every light that could be drawn.
    package var allLights: [DrawnLight] {
        self.withView { view in
            var lights: [DrawnLight] = []
            if view.pointee.environment.isSampled { lights.append(DrawnLight(kind: .environment, number: 0)) }
            for k in 0 ..< view.pointee.suns.count {
                lights.append(DrawnLight(kind: .directional, number: Int(view.pointee.suns.lights[k])))
            }
            for k in 0 ..< (view.pointee.lightTree?.lightCount ?? 0) {
                let code = view.pointee.treeLights[k]
                if code & LightNode.flag != 0, code & LightNode.volumeFlag != 0 {
                    let number = Int(code & ~(LightNode.flag | LightNode.volumeFlag))
                    lights.append(DrawnLight(kind: .volume, number: number))
                    continue
                }
                guard code & LightNode.flag == 0 else {
                    lights.append(DrawnLight(kind: .punctual, number: Int(code & ~LightNode.flag)))
                    continue
                }
                let instance = view.pointee.instances + Int(code)
                if instance.pointee.isParticles {
                    for i in 0 ..< view.pointee.particles[instance.pointee.mesh].count {
                        lights.append(DrawnLight(kind: .particle, number: i, instance: Int(code)))
                    }
                    continue
                }
                for t in 0 ..< view.pointee.meshes[instance.pointee.mesh].triangleCount {
                    lights.append(DrawnLight(kind: .triangle, number: instance.pointee.firstTriangle + t))
                }
            }
            return lights
        }
    }

    /// What a triangle sends to a place by its middle, without obstacles and textures, all colours added.
    package func unoccludedIrradiance(
        at point: SIMD3<Float>,
        normal: SIMD3<Float>,
        fromTriangle triangle: Int
    ) -> Float {
        self.withView { view in
            let (a, b, c) = view.pointee.corners(triangle)
            let instance = view.pointee.instances + Int(view.pointee.triangleInstances[triangle])
            let material = view.pointee.materials + view.pointee.meshes[instance.pointee.mesh].material
            let perpendicular = cross(b - a, c - a) * 0.5
            let toLight = ((a + b) + c) * 0x1.555556p-2 - Vector3(point)
            let distance = toLight.lengthSquared.squareRoot()
            var cosine = -dot(perpendicular, toLight) / distance
            if instance.pointee.isMirrored { cosine = -cosine }
            if material.pointee.isDoubleSided { cosine = cosine.magnitude }
            let e = material.pointee.emission
            var result = ((e.x + e.y) + e.z) * larger(0, cosine) / toLight.lengthSquared
            let n = Vector3(normal)
            if n.lengthSquared > 0 { result *= larger(0, dot(n, toLight) / distance) }
            return result
        }
    }

    /// The environment's radiance from a direction of unit length.
    package func skyRadiance(_ direction: SIMD3<Float>) -> SIMD3<Float> {
        let light = self.withView { $0.pointee.environment.light(Vector3Lanes(Vector3(direction))).radiance[0] }
        return SIMD3(light.x, light.y, light.z)
    }

    /// A direction towards the environment drawn by two 32-bit numbers, and its density per solid angle.
    package func skySample(_ u: UInt32, _ v: UInt32) -> (direction: SIMD3<Float>, density: Float)? {
        let scratch = SceneMemory()
        return withExtendedLifetime(scratch) {
            self.withView { view in
                let rows = LaneScratch(memory: scratch, rows: 4)
                let environment = view.pointee.environment
                let sample = environment.sample((UIntLanes(u), UIntLanes(v)), MaskLanes(first: 1), rows)
                let wi = sample.direction[0]
                return sample.density[0] > 0 ? (SIMD3(wi.x, wi.y, wi.z), sample.density[0]) : nil
            }
        }
    }

    /// The density per solid angle of drawing a direction, where there is no other light.
    package func skyDensity(_ direction: SIMD3<Float>) -> Float {
        self.withView { $0.pointee.environment.light(Vector3Lanes(Vector3(direction))).density[0] }
    }

    /// The irradiance that the choice among kinds of light expects of the environment; a normal of zero means all sides.
    package func expectedIrradiance(normal: SIMD3<Float>) -> Float {
        self.withView {
            $0.pointee.environment.irradiance.toward(LightReceiver(point: .zero, normal: Vector3(normal)))
        }
    }
}

// What tests ask about the points of lights that are drawn.
extension Scene {
    /// A point of a light that was drawn for a place.
    package struct DrawnPoint {
        /// The unit direction towards it.
        package let direction: SIMD3<Float>
        /// How far it may be seen, in metres.
        package let distance: Float
        /// Per solid angle, with the probability of the light in it.
        package let density: Float
    }

    /// The point that two 32-bit numbers draw at a place, which has no normal where that is zero.
    package func lightSample(
        _ u: UInt32,
        _ v: UInt32,
        at point: SIMD3<Float>,
        normal: SIMD3<Float>,
        time: Float
    ) -> DrawnPoint? {
        let memory = SceneMemory()
        return withExtendedLifetime(memory) {
            self.withView { view in
                let receivers = LightReceiverLanes(
                    point: Vector3Lanes(Vector3(point)),
                    normal: Vector3Lanes(Vector3(normal))
                )
                let sample = LightSampleLookup(view: view, memory: memory).sample(
                    receivers,
                    MaskLanes(first: 1),
                    (UIntLanes(u), UIntLanes(v)),
                    at: FloatLanes(time)
                )
                guard sample.isFound.bits & 1 != 0 else { return nil }
                let wi = sample.wi[0]
                return DrawnPoint(
                    direction: SIMD3(wi.x, wi.y, wi.z),
                    distance: sample.distance[0],
                    density: sample.density[0]
                )
            }
        }
    }

    /// The density per solid angle with which light samples at a place go along a direction that meets a particle.
    package func density(
        of direction: SIMD3<Float>,
        toParticle particle: Int,
        ofInstance instance: Int,
        at point: SIMD3<Float>,
        normal: SIMD3<Float>,
        time: Float
    ) -> Float {
        let memory = SceneMemory()
        return withExtendedLifetime(memory) {
            self.withView { view in
                ParticleLightLookup(view: view, memory: memory).density(
                    LightReceiver(point: Vector3(point), normal: Vector3(normal)),
                    Vector3(direction),
                    instance: UInt32(instance),
                    particle: UInt32(particle),
                    at: time
                )
            }
        }
    }
}
