/// The volumes of a scene by themselves, for tests.
package final class VolumeProbe {
    private let scene: Scene
    private let memory = SceneMemory()
    private let tracking: VolumeTracking

    /// The steps that all walks so far have taken.
    package private(set) var steps: UInt64 = 0

    /// Asks the volumes of a scene.
    package init(_ scene: Scene) {
        self.scene = scene
        self.tracking = VolumeTracking(view: scene.view, memory: self.memory)
    }

    /// Follows a ray: the distance of the particle that scatters it if any, what is left of it, and what it gathered.
    package func flight(
        _ origin: SIMD3<Float>,
        _ direction: SIMD3<Float>,
        tMax: Float,
        seed: UInt32
    ) -> (distance: Float?, weight: SIMD3<Float>, emission: SIMD3<Float>) {
        var stream = WalkStream(seed: seed)
        let event = self.tracking.flight(
            Ray(origin: Vector3(origin), direction: Vector3(direction)),
            isEnclosed: false,
            tMax: tMax,
            beta: Vector3(1),
            rival: .none,
            &stream,
            &self.steps
        )
        return (
            event.distance >= 0 ? event.distance : nil,
            SIMD3(event.weight.x, event.weight.y, event.weight.z),
            SIMD3(event.emission.x, event.emission.y, event.emission.z)
        )
    }

    /// An estimate of what passes.
    package func transmittance(
        _ origin: SIMD3<Float>,
        _ direction: SIMD3<Float>,
        tMax: Float,
        seed: UInt32
    ) -> SIMD3<Float> {
        var stream = WalkStream(seed: seed)
        let ray = Ray(origin: Vector3(origin), direction: Vector3(direction))
        let t = self.tracking.visibility(ray, isEnclosed: false, tMax: tMax, &stream, &self.steps)
        return SIMD3(t.x, t.y, t.z)
    }

    /// The extinction of all volumes at a point, and what they emit there, per metre.
    package func coefficients(_ point: SIMD3<Float>) -> (extinction: SIMD3<Float>, emission: SIMD3<Float>) {
        self.scene.withView { view in
            var extinction = Vector3.zero
            var emission = Vector3.zero
            for i in 0 ..< view.pointee.volumeCount {
                let volume = view.pointee.volumes[i].volume
                let p = view.pointee.volumes[i].toCells.point(Vector3(point))
                let density = volume.pointee.grid.density(p)
                extinction += volume.pointee.extinction * density
                if volume.pointee.emissionCount > 0 { emission += volume.pointee.emission(p) * density }
            }
            return (
                SIMD3(extinction.x, extinction.y, extinction.z), SIMD3(emission.x, emission.y, emission.z)
            )
        }
    }
}
