/// The shot of ``ExampleLook/tornado``.
///
/// Metres, +Y up. A waterspout under a dark shelf of cloud, lit from the side by a low sun: a grid of spray that scatters
/// light, and a million drops that whirl around it and are thrown up where it stands on the sea.
struct Tornado {
    private static let top = 46.0
    private static let drops = 1_000_000

    var stage: LookStage
    private var random = SeededRandom(seed: 0x70_4AD0)

    init(_ detail: LookDetail) {
        self.stage = LookStage(detail, extensions: ["KHR_materials_ior"])
        self.addSea()
        self.addSpout()
        self.addDrops()
        self.stage.sky { direction in
            let up = direction.y
            let west = normalized(SIMD3(-0.86, 0.16, -0.42), or: SIMD3(0, 0, -1))
            let toSun = max(dot(direction, west), 0)
            let band = LookNoise.step(0.28, 0.0, up) * LookNoise.step(-0.25, 0.0, up)
            let clouds = LookNoise.clouds(SIMD3(direction.x * 3, up * 9, direction.z * 3) + SIMD3(1, 4, 2), octaves: 6)
            let dark = SIMD3(0.055, 0.075, 0.1) * (0.35 + 1.1 * clouds)
            let glow = SIMD3(1.25, 0.62, 0.26) * (band * toSun * toSun * (0.3 + 1.3 * clouds))
            let far = SIMD3(0.3, 0.36, 0.4) * (band * (0.35 + 0.5 * clouds))
            return (dark + glow + far) * LookNoise.step(-0.3, 0.02, up)
        }
        self.stage.sun(from: SIMD3(-0.86, 0.3, 0.12), color: "1,0.74,0.5", intensity: 7)
        self.stage.look(from: SIMD3(11, 3.2, 62), to: SIMD3(-1.5, 18.5, 0), angle: 0.72)
    }

    /// The axis of the spout at a height.
    private static func axis(_ y: Double) -> SIMD2<Double> {
        let t = y / self.top
        return SIMD2(
            3.2 * DeterministicMath.sine(t * 3.4 + 0.3) * (0.3 + t) - 7 * t * t,
            2.2 * DeterministicMath.sine(t * 2.6 + 1.9) * t
        )
    }

    /// The radius of its wall at a height: a foot of spray, a narrow waist, a mouth in the cloud.
    private static func radius(_ y: Double) -> Double {
        let t = y / self.top
        let mouth = LookNoise.step(0.55, 1.02, t)
        return 1.0 + 1.5 * t + 7 * mouth * mouth + 1.5 * LookNoise.step(3.2, 0, y)
    }

    private mutating func addSpout() {
        func density(_ p: SIMD3<Double>) -> Double {
            let axis = Self.axis(p.y)
            let d = SIMD2(p.x - axis.x, p.z - axis.y)
            let r = (d.x * d.x + d.y * d.y).squareRoot()
            let radius = Self.radius(p.y)
            let turn = DeterministicMath.arcTangent(d.y, d.x)
            // Bands that climb around the axis.
            let climb = turn * 1.6 - p.y * 0.55 / (0.4 + 0.1 * radius)
            let band = DeterministicMath.sineCosine(climb)
            let bands = LookNoise.clouds(SIMD3(band.cosine * 1.7 + r * 0.35, p.y * 0.16, band.sine * 1.7), octaves: 5)
            let ragged = LookNoise.clouds(SIMD3(p.x, p.y * 0.8, p.z) * 0.42, octaves: 5)
            let edge = (r / radius) + 0.75 * (ragged - 0.5) + 0.5 * (bands - 0.5)
            let wall = LookNoise.step(1.16, 0.8, edge) * (0.4 + 0.6 * LookNoise.step(0.1, 0.75, r / radius))
            var result = wall * (0.35 + 1.5 * bands) * LookNoise.step(0, 1.2, p.y) * LookNoise.step(Self.top, 42, p.y)
            // The foot: spray that stands in a bowl around it.
            let bowl = 3.4 + 1.3 * p.y.squareRoot()
            let foot = LookNoise.step(2.4, 0.2, (r - bowl).magnitude) * LookNoise.step(5.6, 0.1, p.y)
            result = max(result, 0.65 * foot * LookNoise.step(0.32, 0.72, ragged))
            return result
        }
        self.stage.volume(
            "spout",
            low: SIMD3(-19, 0, -12),
            high: SIMD3(13, Self.top, 12),
            size: SIMD3(128, 200, 96),
            most: 2,
            more: "\"scattering\":[1.15,1.18,1.2],\"absorption\":[0.02,0.016,0.014],\"anisotropy\":0.35",
            density: density
        )
        self.addCloud()
    }

    /// The shelf of cloud that it hangs from.
    private mutating func addCloud() {
        self.stage.volume(
            "cloud",
            low: SIMD3(-90, 33, -110),
            high: SIMD3(80, 58, 34),
            size: SIMD3(192, 48, 160),
            most: 1,
            more: "\"scattering\":[0.5,0.51,0.52],\"absorption\":[0.012,0.01,0.009],\"anisotropy\":0.3",
            density: { p in
                let axis = Self.axis(Self.top)
                let d = SIMD2(p.x - axis.x, p.z - axis.y)
                let r = (d.x * d.x + d.y * d.y).squareRoot()
                let billows = LookNoise.clouds(SIMD3(p.x * 0.07, p.y * 0.12, p.z * 0.07) + SIMD3(3, 1, 8), octaves: 6)
                let wall = LookNoise.step(26, 6, r)
                let base = 43.5 - 5.5 * wall - 13 * (billows - 0.5)
                let edge = LookNoise.step(92, 60, r)
                return LookNoise.step(base - 0.5, base + 5, p.y) * edge * (0.3 + 0.7 * billows)
            }
        )
    }

    private mutating func addDrops() {
        let material = self.stage.material(
            "drops",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.86,0.92,0.95,1],\"metallicFactor\":0,\"roughnessFactor\":0.25},"
                + "\"extensions\":{\"KHR_materials_ior\":{\"ior\":1.33}}"
        )
        var drops = LookParticles()
        drops.centers.reserveCapacity(3 * self.stage.detail.count(Self.drops))
        for i in 0 ..< self.stage.detail.count(Self.drops) {
            let turn = self.random.between(0, 2 * Double.pi)
            let u = self.random.unit()
            var y: Double
            var r: Double
            if i % 5 < 3 {
                // Around the spout, in strands that climb.
                y = Self.top * 0.8 * u * u
                r = Self.radius(y) * (0.9 + 0.9 * self.random.unit() * self.random.unit() * self.random.unit())
            } else {
                // Thrown out of the foot.
                let throwing = self.random.unit()
                r = 2.6 + 8.5 * throwing * throwing * u + 1.2 * self.random.unit()
                y = (5.2 * throwing * (1 - 0.75 * throwing) + 0.4) * u * (0.5 + self.random.unit())
            }
            let strand = LookNoise.clouds(
                SIMD3(
                    3 * DeterministicMath.cosine(turn - y * 0.4),
                    y * 0.3,
                    3 * DeterministicMath.sine(turn - y * 0.4)
                ),
                octaves: 2
            )
            r *= 0.82 + 0.5 * strand
            let axis = Self.axis(y)
            let (s, c) = DeterministicMath.sineCosine(turn)
            let size = self.random.unit()
            drops.add(
                SIMD3(axis.x + r * c, max(y, 0.02), axis.y + r * s),
                radius: 0.004 + 0.022 * size * size * size * size
            )
        }
        self.stage.particles("drops", drops, material: material)
    }

    private mutating func addSea() {
        let water = self.stage.material(
            "sea",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.02,0.045,0.05,1],\"metallicFactor\":0,\"roughnessFactor\":0.14},"
                + "\"extensions\":{\"KHR_materials_ior\":{\"ior\":1.33}}"
        )
        func height(_ x: Double, _ z: Double) -> Double {
            var y = 0.0
            for (k, (dx, dz, long, high)) in [
                (0.8, 0.6, 9.0, 0.34), (-0.4, 0.9, 5.2, 0.2), (0.95, -0.3, 3.1, 0.1), (0.2, 1.0, 1.9, 0.055),
            ].enumerated() {
                let phase = (x * dx + z * dz) * 2 * Double.pi / long + Double(k) * 1.7
                let s = DeterministicMath.sine(phase + 0.8 * LookNoise.clouds(SIMD3(x, 0, z) * 0.08, octaves: 2) * 6)
                y += high * (1 - s.magnitude)
            }
            let foot = Self.axis(0)
            let r = ((x - foot.x) * (x - foot.x) + (z - foot.y) * (z - foot.y)).squareRoot()
            let churn = LookNoise.step(13, 2, r)
            let small = LookNoise.clouds(SIMD3(x * 1.6, 5, z * 1.6), octaves: 4) - 0.5
            // Rings run outwards.
            return y * 0.8 + 0.28 * small + churn * (0.5 * small + 0.16 * DeterministicMath.sine(r * 2.2))
        }
        let forms = self.stage.field(
            columns: 420,
            rows: 560,
            kinds: 1,
            place: { u, v in
                let z = 60 - 700 * v * v * (0.12 + 0.88 * v)
                let x = (2 * u - 1) * (16 + 0.95 * (60 - z))
                return SIMD3(x, height(x, z) - 0.25, z)
            },
            kind: { _, _ in 0 }
        )
        self.stage.show("sea", [(forms[0], material: water)])
    }
}
