import RenderCore
import Testing

/// Rays through volumes, against integrals.
struct VolumeTrackingTests {
    private func decay(_ depth: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(exponential(-depth.x), exponential(-depth.y), exponential(-depth.z))
    }

    /// What passes, and what glows on the way, by steps of a thousandth.
    private func marched(
        _ probe: VolumeProbe,
        _ origin: SIMD3<Float>,
        _ direction: SIMD3<Float>,
        _ length: Float
    ) -> (left: SIMD3<Double>, emission: SIMD3<Double>) {
        let count = 8_000
        let step = Double(length) / Double(count)
        var depth = SIMD3<Double>()
        var emission = SIMD3<Double>()
        for i in 0 ..< count {
            let t = (Float(i) + 0.5) * Float(step)
            let here = probe.coefficients(origin + direction * t)
            let half = SIMD3<Double>(here.extinction) * (0.5 * step)
            depth += half
            emission += self.decay(depth) * SIMD3<Double>(here.emission) * step
            depth += half
        }
        return (self.decay(depth), emission)
    }

    @Test
    func `an even box lets through what Beer and Lambert say`() throws {
        let fog = VolumeScenes.fog(absorption: SIMD3(0.5, 0.25, 0), scattering: SIMD3(0.125, 0.5, 0.25))
        let probe = VolumeProbe(try VolumeScenes.scene([fog]))
        let expected = self.decay(SIMD3(0.625, 0.75, 0.25) * 2)
        // Nothing is left to chance where the density is the same everywhere.
        let left = SIMD3<Double>(probe.transmittance(SIMD3(0, 0, 5), SIMD3(0, 0, -1), tMax: 50, seed: 0))
        for k in 0 ..< 3 { #expect((left[k] - expected[k]).magnitude < 1e-5) }
        var passed = Mean()
        for seed: UInt32 in 0 ..< 60_000 {
            let sample = probe.flight(SIMD3(0, 0, 5), SIMD3(0, 0, -1), tMax: 50, seed: seed)
            passed.add(sample.distance == nil ? sample.weight : SIMD3())
        }
        #expect(passed.deviation(expected) < 4)
    }

    @Test(arguments: [SIMD3<Float>(1, 0, 0), SIMD3(0, -1, 0), SIMD3(-0.8, 0.36, 0.48), SIMD3(0.28, -0.576, -0.768)])
    func `a cloud lets through and shines as its integral says`(direction: SIMD3<Float>) throws {
        let cloud = VolumeScenes.cloud(
            absorption: SIMD3(1, 2, 4),
            scattering: SIMD3(0.5, 1, 0),
            emission: [SIMD3(0, 0, 1), SIMD3(1, 1, 0), SIMD3(8, 0, 0)]
        )
        let probe = VolumeProbe(
            try VolumeScenes.scene([cloud], transform: Transform(translation: SIMD3(0.25, 0, 0), scale: 1.5))
        )
        let origin = SIMD3<Float>(0.375, -0.1875, -0.25) - direction * 4
        let expected = self.marched(probe, origin, direction, 8)
        var passed = Mean()
        var transmitted = Mean()
        var shone = Mean()
        for seed: UInt32 in 0 ..< 60_000 {
            let sample = probe.flight(origin, direction, tMax: 8, seed: seed)
            passed.add(sample.distance == nil ? sample.weight : SIMD3())
            shone.add(sample.emission)
            transmitted.add(probe.transmittance(origin, direction, tMax: 8, seed: seed))
        }
        #expect(passed.deviation(expected.left) < 4.5)
        #expect(transmitted.deviation(expected.left) < 4.5)
        // Scattered rays gather no more; what they would have gathered is in the weight of the others.
        #expect(shone.deviation(expected.emission) < 4.5)
    }

    @Test
    func `volumes that overlap add up`() throws {
        let first = VolumeScenes.cloud(absorption: SIMD3(1, 1, 0.5), emission: [SIMD3(1, 2, 3)])
        let second = VolumeScenes.fog(halfEdge: 0.5, absorption: SIMD3(0, 2, 1), scattering: SIMD3(1, 0, 0))
        let third = VolumeScenes.cloud(halfEdge: 0.75, seed: 9, scattering: SIMD3(0.5, 1, 2))
        let probe = VolumeProbe(try VolumeScenes.scene([first, second, third]))
        let direction = SIMD3<Float>(0.6, 0.64, -0.48)
        let origin = direction * -2
        let expected = self.marched(probe, origin, direction, 4)
        var passed = Mean()
        var kept = Mean()
        var shone = Mean()
        for seed: UInt32 in 0 ..< 60_000 {
            let sample = probe.flight(origin, direction, tMax: 4, seed: seed)
            passed.add(sample.distance == nil ? sample.weight : SIMD3())
            shone.add(sample.emission)
            let light = probe.transmittance(origin, direction, tMax: 4, seed: seed)
            kept.add(light)
        }
        #expect(passed.deviation(expected.left) < 4.5)
        #expect(kept.deviation(expected.left) < 4.5)
        #expect(shone.deviation(expected.emission) < 4.5)
    }

    @Test
    func `rays beside the box meet nothing`() throws {
        let probe = VolumeProbe(try VolumeScenes.scene([VolumeScenes.cloud(scattering: SIMD3(9, 9, 9))]))
        for (origin, direction) in [
            (SIMD3<Float>(-5, -1.5, 0), SIMD3<Float>(1, 0, 0)), (SIMD3(-5, 0, 0), SIMD3(-1, 0, 0)),
            (SIMD3(2, 2, 0), SIMD3(0, 0, 1)),
        ] {
            #expect(probe.transmittance(origin, direction, tMax: 50, seed: 1) == SIMD3(1, 1, 1))
            #expect(probe.flight(origin, direction, tMax: 50, seed: 1).distance == nil)
        }
        #expect(probe.flight(SIMD3(-5, 0, 0), SIMD3(1, 0, 0), tMax: 4, seed: 1).weight == SIMD3(1, 1, 1))
        #expect(probe.steps == 0)
    }

    @Test
    func `volumes that absorb nothing keep all light`() throws {
        let volumes = [
            VolumeScenes.cloud(scattering: SIMD3(4, 8, 16)), VolumeScenes.fog(scattering: SIMD3(2, 0.5, 1)),
        ]
        let probe = VolumeProbe(try VolumeScenes.scene(volumes))
        var mean = Mean()
        for seed: UInt32 in 0 ..< 60_000 {
            mean.add(probe.flight(SIMD3(0, 0.25, -3), SIMD3(0, 0, 1), tMax: 9, seed: seed).weight)
        }
        #expect(mean.deviation(SIMD3(1, 1, 1)) < 4.5)
    }

    @Test
    func `a thick volume that glows shines as a black body of it does`() throws {
        // Emission over absorption is the radiance of an optically thick body.
        let fog = VolumeScenes.fog(halfEdge: 50, absorption: SIMD3(2, 1, 4), emission: [SIMD3(4, 3, 2)])
        let probe = VolumeProbe(try VolumeScenes.scene([fog]))
        var mean = Mean()
        for seed: UInt32 in 0 ..< 40_000 {
            mean.add(probe.flight(SIMD3(), SIMD3(0, 0, 1), tMax: 100, seed: seed).emission)
        }
        #expect(mean.deviation(SIMD3(2, 3, 0.5)) < 4.5)
    }

    @Test
    func `hopeless volumes end`() throws {
        let thick = VolumeScenes.cloud(halfEdge: 1e6, absorption: SIMD3(0, 0, 0), scattering: SIMD3(1e6, 1e6, 1e6))
        let probe = VolumeProbe(try VolumeScenes.scene([thick]))
        _ = probe.flight(SIMD3(), SIMD3(0, 1, 0), tMax: 1e30, seed: 4)
        _ = probe.transmittance(SIMD3(), SIMD3(0, 1, 0), tMax: 1e30, seed: 4)
        #expect(probe.steps <= 3 * 8_192)
    }
}
