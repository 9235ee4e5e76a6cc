import RenderCore
import Testing

struct LayerStackTests {
    /// A direction that leans towards +x, so that `Bins` has its mirrored one in the first quarter.
    private func leaning(_ cosine: Float) -> SIMD3<Float> {
        SIMD3((1 - cosine * cosine).squareRoot(), 0, cosine)
    }

    private func sampled(
        _ probe: LayerStackProbe,
        _ wo: SIMD3<Float>,
        channel: Int,
        count: Int,
        mirrors: Bool
    ) -> Bins {
        var bins = Bins()
        for k in 0 ..< count {
            if let s = probe.sample(wo, seed: UInt32(k)), mirrors || s.density > 0 {
                bins.add((Double(s.wi.x), Double(s.wi.y), Double(s.wi.z)), Double(s.weight[channel]))
            }
            bins.endSample()
        }
        return bins
    }

    private func evaluated(_ probe: LayerStackProbe, _ wo: SIMD3<Float>, channel: Int, count: Int) -> Bins {
        var bins = Bins()
        var generator = SeededGenerator(seed: 99)
        for k in 0 ..< count {
            var wi = generator.direction()
            wi.z = abs(wi.z)
            let value = probe.evaluate(wo, wi, seed: UInt32(k) | 0x8000_0000)
            bins.add((Double(wi.x), Double(wi.y), Double(wi.z)), Double(value[channel]) * 2 * Double.pi)
            bins.endSample()
        }
        return bins
    }

    @Test(arguments: 0 ..< 6, [Float(0.9), 0.35])
    func `walks agree with a simulation of photons`(number: Int, cosine: Float) throws {
        let stacks = LayerStacks.spread + [LayerStacks.smoothCoat]
        let probe = try LayerStackProbe(stacks[number])
        let wo = self.leaning(cosine)
        var simulation = SlabSimulation(stacks[number], channel: 1, seed: UInt64(number))
        var photons = Bins()
        for _ in 0 ..< 60_000 {
            if let photon = simulation.photon(from: (Double(wo.x), 0, Double(wo.z))) {
                photons.add(photon.direction, photon.weight)
            }
            photons.endSample()
        }
        let sampled = self.sampled(probe, wo, channel: 1, count: 60_000, mirrors: true)
        #expect(Bins.deviation(photons, sampled) < 4, "photons \(photons.total), samples \(sampled.total)")
        guard number < LayerStacks.spread.count else { return }
        let evaluated = self.evaluated(probe, wo, channel: 1, count: 200_000)
        #expect(Bins.deviation(photons, evaluated) < 4, "photons \(photons.total), evaluation \(evaluated.total)")
    }

    @Test(arguments: 0 ..< LayerStacks.all.count)
    func `what is evaluated is what is sampled, but for mirrors`(number: Int) throws {
        let probe = try LayerStackProbe(LayerStacks.all[number])
        let wo = self.leaning(0.6)
        for channel in [0, 2] {
            let sampled = self.sampled(probe, wo, channel: channel, count: 50_000, mirrors: false)
            let evaluated = self.evaluated(probe, wo, channel: channel, count: 100_000)
            let deviation = Bins.deviation(sampled, evaluated)
            #expect(deviation < 4, "samples \(sampled.total), evaluation \(evaluated.total)")
        }
    }

    @Test(arguments: [
        LayerStack([.metal(color: SIMD3(1, 1, 1), roughness: 0)]),
        LayerStack([.diffuse(color: SIMD3(1, 1, 1))]),
        LayerStack([.dielectric(ior: 1.5, roughness: 0), .diffuse(color: SIMD3(1, 1, 1))]),
        LayerStack([
            .dielectric(ior: 1.5, roughness: 0, film: .init(ior: 1.9, thickness: 450)),
            .medium(absorption: SIMD3(0, 0, 0), scattering: 1.5, anisotropy: 0.7),
            .flakes(color: SIMD3(1, 1, 1), roughness: 0, coverage: 0.5),
            .dielectric(ior: 1.2, roughness: 0), .diffuse(color: SIMD3(1, 1, 1)),
        ]),
    ])
    func `a stack that loses nothing returns all light`(stack: LayerStack) throws {
        let probe = try LayerStackProbe(stack)
        for cosine: Float in [0.95, 0.5, 0.1] {
            var sum = SIMD3<Double>()
            var squares = SIMD3<Double>()
            let count = 20_000
            for k in 0 ..< count {
                let weight = SIMD3<Double>(probe.sample(self.leaning(cosine), seed: UInt32(k))?.weight ?? SIMD3())
                sum += weight
                squares += weight * weight
            }
            for channel in 0 ..< 3 {
                let mean = sum[channel] / Double(count)
                let error = max(0, squares[channel] / Double(count) - mean * mean).squareRoot() / 141
                #expect(abs(mean - 1) < 4 * error + 1e-3, "\(mean) at \(cosine), channel \(channel)")
            }
        }
    }

    @Test(arguments: 0 ..< LayerStacks.all.count)
    func `no stack returns more light than it gets`(number: Int) throws {
        let probe = try LayerStackProbe(LayerStacks.all[number])
        for cosine: Float in [1, 0.5, 0.05] {
            for channel in 0 ..< 3 {
                let total = self.sampled(probe, self.leaning(cosine), channel: channel, count: 10_000, mirrors: true)
                    .total
                #expect(total > 0.01 && total < 1.01, "\(total)")
            }
        }
    }

    @Test(arguments: 0 ..< LayerStacks.all.count)
    func `light and eye may be exchanged`(number: Int) throws {
        let probe = try LayerStackProbe(LayerStacks.all[number])
        let pairs = [
            (SIMD3<Float>(0.6, 0, 0.8), SIMD3<Float>(-0.8, 0, 0.6)),
            (SIMD3<Float>(0, 0, 1), SIMD3<Float>(0, 0.96, 0.28)),
            (SIMD3<Float>(0, 0.96, 0.28), SIMD3<Float>(0.352, -0.936, 0)),
        ].map { ($0, SIMD3($1.x, $1.y, max($1.z, 0.1))) }
        for (a, b) in pairs {
            let b = b / (b * b).sum().squareRoot()
            var means: [(mean: Double, variance: Double)] = []
            for (wo, wi) in [(a, b), (b, a)] {
                var sum = 0.0
                var squares = 0.0
                let count = 40_000
                for k in 0 ..< count {
                    let value = Double(probe.evaluate(wo, wi, seed: UInt32(k)).y / wi.z)
                    sum += value
                    squares += value * value
                }
                let mean = sum / Double(count)
                means.append((mean, (squares / Double(count) - mean * mean) / Double(count)))
            }
            let error = (means[0].variance + means[1].variance).squareRoot()
            #expect(abs(means[0].mean - means[1].mean) < 4 * error + 1e-6 * means[0].mean, "\(means)")
        }
    }

    @Test(arguments: 0 ..< LayerStacks.all.count)
    func `the density is that of one direction in all`(number: Int) throws {
        let probe = try LayerStackProbe(LayerStacks.all[number])
        for cosine: Float in [1, 0.7, 0.2, 0.03] {
            let wo = self.leaning(cosine)
            var sum = 0.0
            let rows = 400
            let columns = 800
            for row in 0 ..< rows {
                // Dense near the pole and near the horizon, where lobes are narrow.
                let t = (Float(row) + 0.5) / Float(rows)
                let z = t * t * (3 - 2 * t)
                let sine = (1 - z * z).squareRoot()
                for column in 0 ..< columns {
                    let turn = sinCos(turns: (Float(column) + 0.5) / Float(columns))
                    let density = probe.density(wo, SIMD3(sine * turn.cos, sine * turn.sin, z))
                    #expect(density > 0)
                    sum += Double(density * 6 * t * (1 - t))
                }
            }
            sum *= 2 * Double.pi / Double(rows * columns)
            #expect(abs(sum - 1) < 0.02, "\(sum) at \(cosine)")
            #expect(probe.density(wo, SIMD3(0, 0.6, -0.8)) == 0)
        }
    }

    @Test
    func `one rough metal is the plain lobe, without noise`() throws {
        let probe = try LayerStackProbe(LayerStack([.metal(color: SIMD3(0.9, 0.5, 0.25), roughness: 0.5)]))
        var generator = SeededGenerator(seed: 5)
        for seed in 0 ..< 100 {
            var wo = generator.direction()
            var wi = generator.direction()
            wo.z = abs(wo.z)
            wi.z = abs(wi.z)
            let h = (wo + wi) / ((wo + wi) * (wo + wi)).sum().squareRoot()
            let a2: Float = 0.0625
            let q = 1 + h.z * h.z * (a2 - 1)
            let d = a2 / (Float.pi * q * q)
            func root(_ z: Float) -> Float { (a2 + (1 - a2) * z * z).squareRoot() }
            let g2 = 2 * wo.z * wi.z / (wo.z * root(wi.z) + wi.z * root(wo.z))
            let m = 1 - (wo * h).sum()
            let fresnel = 0.5 + 0.5 * m * m * m * m * m
            let expected = fresnel * d * g2 / (4 * wo.z)
            let value = probe.evaluate(wo, wi, seed: UInt32(seed)).y
            #expect(isClose(value, expected, within: 1e-3), "\(value), \(expected)")
        }
    }

    @Test
    func `a lacquer over paint deepens its colour`() throws {
        // The known answer for a smooth coat on a diffuse ground, once there and back:
        // (1 - F(o)) (1 - F(i)) c / (pi n n), and what the coat sends back again.
        let probe = try LayerStackProbe(
            LayerStack([.dielectric(ior: 1.5, roughness: 0), .diffuse(color: SIMD3(0.001, 0.001, 0.001))])
        )
        var sum: Float = 0
        for seed: UInt32 in 0 ..< 10_000 { sum += probe.evaluate(SIMD3(0, 0, 1), SIMD3(0, 0, 1), seed: seed).x }
        let expected: Float = 0.96 * 0.96 * 0.001 / (Float.pi * 2.25)
        #expect(isClose(sum / 10_000, expected, within: 0.01), "\(sum / 10_000), \(expected)")
    }

    @Test
    func `a film of no thickness changes nothing, a thick one the colour`() throws {
        func reflected(_ film: Layer.Film?) throws -> SIMD3<Float> {
            let stack = LayerStack([
                .dielectric(ior: 1.5, roughness: 0.5, film: film), .diffuse(color: SIMD3(0, 0, 0)),
            ])
            return try LayerStackProbe(stack).evaluate(SIMD3(0, 0.6, 0.8), SIMD3(0, -0.6, 0.8), seed: 3)
        }
        let plain = try reflected(nil)
        let none = try reflected(.init(ior: 1.8, thickness: 0))
        #expect(isClose(none.x, plain.x, within: 0.1), "\(none), \(plain)")
        let film = try reflected(.init(ior: 1.8, thickness: 300))
        #expect(max(film.x, film.y, film.z) > 1.2 * min(film.x, film.y, film.z), "\(film)")
    }

    @Test
    func `stacks that are none are refused`() {
        let metal = Layer.metal(color: SIMD3(1, 1, 1), roughness: 0.5)
        for layers in [
            [], [.dielectric(ior: 1.5, roughness: 0)], [metal, metal],
            [.medium(absorption: SIMD3(.nan, 0, 0)), metal],
            [Layer](repeating: .dielectric(ior: 1.5, roughness: 0), count: 16) + [metal],
        ] as [[Layer]] {
            #expect(throws: SceneBlobError.self) { try LayerStackProbe(LayerStack(layers)) }
        }
    }

    @Test
    func `walks end, whatever the stack`() throws {
        let probe = try LayerStackProbe(
            LayerStack([
                .dielectric(ior: 4, roughness: 0),
                .medium(absorption: SIMD3(0, 0, 0), scattering: 64, anisotropy: -0.95),
                .diffuse(color: SIMD3(1, 1, 1)),
            ])
        )
        for seed: UInt32 in 0 ..< 100 { _ = probe.evaluate(SIMD3(0, 0, 1), SIMD3(0, 0, 1), seed: seed) }
        #expect(probe.steps <= 100 * 1_100)
    }
}
