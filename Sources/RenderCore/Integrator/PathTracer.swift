/// Estimates the light that arrives along camera rays: a unidirectional path tracer with one light sample at each
/// surface, weighed against scattered rays by the power heuristic.
///
/// After E. Veach 1997.
struct PathTracer {
    /// The events after which a path may end by Russian roulette.
    private static var rouletteDepth: Int { 3 }

    let view: UnsafePointer<SceneView>
    let traversal: Traversal
    let maxDepth: Int

    /// The radiance along a ray; not checked for being finite.
    func radiance(_ cameraRay: Ray, _ sampler: PathSampler, _ work: inout WorkCounter) -> Vector3 {
        var ray = cameraRay
        var light = Vector3.zero
        var beta = Vector3(1)
        // The density with which the ray's direction was drawn; zero where light samples could not have found it.
        var density: Float = 0
        var etaScale: Float = 1
        // The surface that scattered the ray.
        var receiver = LightReceiver(point: .zero, normal: .zero)
        var skipped = UInt32.max
        var depth = 0
        work.cameraRays &+= 1
        while true {
            let key = mixedBits(sampler.key &+ UInt32(truncatingIfNeeded: depth) &* 0x9e37_79b9)
            let hit = self.traversal.nearest(
                self.view,
                ray,
                tMax: .greatestFiniteMagnitude,
                skipped: skipped,
                key: key
            )
            if hit.isMiss {
                var weight: Float = 1
                if density > 0 {
                    weight = powerHeuristic(density, environmentDensity(self.view, receiver, ray.direction))
                }
                return light + beta * environmentRadiance(self.view, ray.direction) * weight
            }
            let surface = surface(self.view, ray, hit)
            work.surfaceEvents &+= 1
            if surface.emission.largest > 0 {
                var weight: Float = 1
                if density > 0, surface.emitter >= 0 {
                    let toLight = surface.point - receiver.point
                    let other = emitterDensity(
                        self.view,
                        receiver,
                        surface.emitter,
                        area: surface.area,
                        cosine: -dot(surface.geometricNormal, ray.direction),
                        distanceSquared: toLight.lengthSquared
                    )
                    weight = powerHeuristic(density, other)
                }
                light += beta * surface.emission * weight
            }
            guard depth < self.maxDepth else { return light }

            let dimension = 2 &+ 4 &* UInt32(truncatingIfNeeded: depth)
            let wo = surface.frame.toLocal(-ray.direction)
            guard wo.z > 0 else { return light }
            let bsdf = BSDF(surface, wo: wo, table: self.view.pointee.albedo)
            let (first, second) = sampler.fourBits(dimension)
            if bsdf.hasSpread, self.view.pointee.hasLightSamples {
                light += beta * self.direct(surface, bsdf, hit.triangle, (first[2], second[2]), first[3], key, &work)
            }
            let scattered = bsdf.sample(unitFloat(first[0]), unitFloat(second[0]), unitFloat(first[1]))
            guard let sample = scattered else { return light }
            let wi = surface.frame.toWorld(sample.wi)
            let side = dot(surface.geometricNormal, wi)
            // What the shading normal reflects must not go below the surface, and the other way round.
            guard sample.wi.z > 0 ? side > 0 : side < 0 else { return light }
            beta *= sample.weight
            density = sample.density
            etaScale *= sample.etaSquared
            depth &+= 1
            if depth >= Self.rouletteDepth {
                let survival = beta.largest * etaScale
                if survival < 1 {
                    guard unitFloat(second[1]) < survival else { return light }
                    beta *= 1 / survival
                }
            }
            guard beta.largest > 0 else { return light }
            ray = Ray(
                origin: offsetOrigin(surface.point, side > 0 ? surface.geometricNormal : -surface.geometricNormal),
                direction: wi
            )
            receiver = LightReceiver(surface)
            skipped = hit.triangle
            work.bounceRays &+= 1
        }
    }

    /// The light that one light sample adds at a surface.
    @inline(__always) private func direct(
        _ surface: borrowing SurfaceInteraction,
        _ bsdf: borrowing BSDF,
        _ triangle: UInt32,
        _ position: (UInt32, UInt32),
        _ pick: UInt32,
        _ key: UInt32,
        _ work: inout WorkCounter
    ) -> Vector3 {
        guard let sample = sampleLight(self.view, LightReceiver(surface), pick, position) else { return .zero }
        let wi = surface.frame.toLocal(sample.wi)
        let side = dot(surface.geometricNormal, sample.wi)
        guard wi.z > 0 ? side > 0 : side < 0 else { return .zero }
        let value = bsdf.evaluate(wi)
        let weight = sample.isPunctual ? 1 : powerHeuristic(sample.density, value.density)
        let light = value.value * sample.radiance * (weight / sample.density)
        guard light.largest > 0 else { return .zero }
        work.shadowRays &+= 1
        let isOccluded = self.traversal.isOccluded(
            self.view,
            Ray(
                origin: offsetOrigin(surface.point, side > 0 ? surface.geometricNormal : -surface.geometricNormal),
                direction: sample.wi
            ),
            tMax: sample.distance,
            skipped: triangle,
            target: sample.triangle,
            key: key ^ 0x5bd1_e995
        )
        return isOccluded ? .zero : light
    }
}

/// The weight of a sample of density `a` that could also have been drawn with density `b`.
@inline(__always) private func powerHeuristic(_ a: Float, _ b: Float) -> Float {
    guard b > 0 else { return 1 }
    // As a ratio, so that large densities do not overflow.
    let ratio = b / a
    return 1 / (1 + ratio * ratio)
}

/// A ray origin a few hundred units in the last place off the surface.
///
/// After C. Wächter and N. Binder, "A Fast and Robust Method for Avoiding Self-Intersection", Ray Tracing Gems, 2019.
@inline(__always) private func offsetOrigin(_ p: Vector3, _ n: Vector3) -> Vector3 {
    Vector3(offset(p.x, n.x), offset(p.y, n.y), offset(p.z, n.z))
}

@inline(__always) private func offset(_ p: Float, _ n: Float) -> Float {
    if p.magnitude < 0x1p-5 { return p + n * 0x1p-16 }
    // |n| is at most one up to rounding, so this is in range.
    let steps = Int32(clamped(n, -1, 1) * 256)
    return Float(bitPattern: UInt32(bitPattern: Int32(bitPattern: p.bitPattern) &+ (p < 0 ? -steps : steps)))
}
