/// The shot of ``ExampleLook/monster``.
///
/// Metres, +Y up. A serpent of two million particles breaks out of a sea of particles: each coil is a hide of scales with a
/// crest, the eyes and the throat glow, and spray falls from it.
struct Monster {
    private static let hide = 1_150_000
    private static let sea = 560_000
    private static let spray = 230_000
    private static let crest = 60_000

    var stage: LookStage
    private var random = SeededRandom(seed: 0x5E_AB0D)

    init(_ detail: LookDetail) {
        self.stage = LookStage(detail, extensions: ["KHR_materials_emissive_strength"])
        self.addHide()
        self.addSea()
        self.addSpray()
        self.addEyes()
        self.stage.volume(
            "mist",
            low: SIMD3(-26, -0.5, -26),
            high: SIMD3(26, 12, 22),
            size: SIMD3(72, 32, 64),
            most: 1,
            more: "\"scattering\":[0.011,0.012,0.0135],\"anisotropy\":0.55",
            density: { p in
                let billows = LookNoise.clouds(SIMD3(p.x * 0.16, p.y * 0.3, p.z * 0.16), octaves: 5)
                return LookNoise.step(5, 0, p.y + 5 * (billows - 0.5)) * (0.35 + billows)
            }
        )
        self.stage.sky { direction in
            let up = direction.y
            let moon = normalized(SIMD3(0.42, 0.4, -0.8), or: SIMD3(0, 1, 0))
            let toMoon = max(dot(direction, moon), 0)
            let p8 = toMoon * toMoon * toMoon * toMoon * toMoon * toMoon * toMoon * toMoon
            let clouds = LookNoise.clouds(SIMD3(direction.x * 2.4, up * 6, direction.z * 2.4), octaves: 6)
            let night =
                SIMD3(0.022, 0.036, 0.062) * (0.5 + clouds) + SIMD3(0.03, 0.04, 0.05) * LookNoise.step(0.3, 0, up)
            let halo = SIMD3(0.5, 0.56, 0.62) * (p8 * p8 * p8 * (0.15 + 1.6 * clouds * clouds))
            return (night + halo) * LookNoise.step(-0.3, 0, up)
        }
        self.stage.sun(from: SIMD3(0.55, 0.62, -0.62), color: "0.74,0.86,1", intensity: 4.2)
        self.stage.sun(from: SIMD3(-0.8, 0.35, 0.55), color: "1,0.62,0.34", intensity: 2.2)
        self.stage.look(from: SIMD3(-0.4, 2.6, 19.5), to: SIMD3(0.2, 4.5, 0), angle: 0.66)
    }

    /// The line that the body follows: coils in and out of the water, then the neck and the head.
    private static let spine: [SIMD3<Double>] = [
        SIMD3(-19, -3.5, -9), SIMD3(-15.5, 1.2, -8.2), SIMD3(-12, 2.6, -7.2), SIMD3(-8.8, -0.4, -6.2),
        SIMD3(-6, -3.6, -5.6),
        SIMD3(0, -4, -6), SIMD3(5.4, -1.8, -5.4), SIMD3(8.2, 2.5, -4.6), SIMD3(7.8, 6.2, -3.6), SIMD3(4.4, 7.6, -2.6),
        SIMD3(0.8, 6.4, -1.6), SIMD3(-1.4, 5.2, -0.3), SIMD3(-3.2, 5.6, 1.8), SIMD3(-4.4, 6.4, 3.6),
    ]

    /// A place on the line, 0...1 from tail to head, and the frame there: along, side, up.
    private static func frame(
        _ t: Double
    ) -> (p: SIMD3<Double>, along: SIMD3<Double>, side: SIMD3<Double>, up: SIMD3<Double>) {
        let s = min(max(t, 0), 0.999_9) * Double(self.spine.count - 1)
        let k = Int(s)
        let u = s - Double(k)
        let a = self.spine[max(k - 1, 0)]
        let b = self.spine[k]
        let c = self.spine[k + 1]
        let d = self.spine[min(k + 2, self.spine.count - 1)]
        let one = (c - a) * 0.5
        let two = (2 * a - 5 * b + 4 * c - d) * 0.5
        let three = (3 * b - a - 3 * c + d) * 0.5
        let p = b + one * u + two * (u * u) + three * (u * u * u)
        let along = normalized(one + two * (2 * u) + three * (3 * u * u), or: SIMD3(1, 0, 0))
        let side = normalized(cross(along, SIMD3(0, 1, 0)), or: SIMD3(0, 0, 1))
        return (p, along, side, cross(side, along))
    }

    /// How thick the body is; the last part is the head with its jaws.
    private static func radius(_ t: Double) -> Double {
        let body = 0.35 + 1.25 * LookNoise.step(0, 0.42, t) - 0.45 * LookNoise.step(0.62, 0.86, t)
        let skull = 0.42 * LookNoise.step(0.87, 0.915, t) - 0.95 * LookNoise.step(0.92, 1.0, t)
        return max(body + skull, 0.16)
    }

    /// The mouth opens towards the end: the upper jaw goes up, the lower one down.
    private static func gape(_ t: Double, _ cosine: Double) -> Double {
        let open = LookNoise.step(0.918, 1, t)
        return cosine > -0.18 ? 0.42 * open : -1.1 * open
    }

    private mutating func addHide() {
        let material = self.stage.material(
            "hide",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[1,1,1,1],\"metallicFactor\":0.35,\"roughnessFactor\":0.34}"
        )
        var hide = LookParticles()
        for i in 0 ..< self.stage.detail.count(Self.hide) {
            // The head and the neck get more than their length.
            let u = self.random.unit()
            let t = i % 3 == 0 ? 0.78 + 0.22 * u : u
            let turn = self.random.between(0, 2 * Double.pi)
            let f = Self.frame(t)
            let (s, c) = DeterministicMath.sineCosine(turn)
            // Scales: cells around and along the body, each a dome that overlaps the next.
            let rows = 300.0
            let around = 34.0
            let row = (t * rows).rounded(.down)
            let v = t * rows - row
            let shift = row.truncatingRemainder(dividingBy: 2) * 0.5
            let w = turn / (2 * Double.pi) * around + shift
            let cell = w - w.rounded(.down)
            let dome = 1 - 4 * (cell - 0.5) * (cell - 0.5)
            let lift = 0.15 * dome * v
            let belly = LookNoise.step(-0.45, -0.75, c)
            let plates = belly * 0.07 * (t * 110 - (t * 110).rounded(.down))
            let brow = 0.22 * LookNoise.step(0.025, 0, (t - 0.925).magnitude) * LookNoise.step(0.25, 0.75, c)
            let r = Self.radius(t) * (1 - 0.22 * belly) + lift * (1 - belly) + plates + brow
            let head = LookNoise.step(0.9, 0.93, t)
            let flat = 1 - 0.3 * head
            var p = f.p + f.side * (s * r * (1 + 0.12 * head)) + f.up * (c * r * flat + Self.gape(t, c))
            p += self.random.direction() * 0.012
            let id = LookNoise.value(SIMD3(row * 3.1, w.rounded(.down) * 5.7, 2))
            let stripes = LookNoise.clouds(SIMD3(t * 46, s * 1.6, c * 1.6), octaves: 3)
            let dark = SIMD3(0.012, 0.06, 0.07)
            let teal = SIMD3(0.03, 0.3, 0.27)
            let gold = SIMD3(0.78, 0.52, 0.16)
            let pale = SIMD3(0.62, 0.56, 0.4)
            var color = dark + (teal - dark) * LookNoise.step(0.3, 0.62, stripes + 0.25 * (id - 0.5))
            color += (gold - color) * (LookNoise.step(0.65, 1, dome * v) * 0.75)
            color += (pale - color) * (belly * 0.9)
            hide.add(p, radius: self.random.between(0.012, 0.028), color: color * (0.6 + 0.4 * v))
        }
        for _ in 0 ..< self.stage.detail.count(Self.crest) {
            // Spines with webs between them stand along the back.
            let t = 0.1 + 0.82 * self.random.unit()
            let f = Self.frame(t)
            let spine = t * 64 - (t * 64).rounded(.down)
            let high = (0.5 + 1.1 * LookNoise.step(0.15, 0.9, t)) * (0.35 + 0.65 * (1 - spine) * (1 - spine))
            let h = self.random.unit()
            let back = f.along * (-0.55 * h * high)
            let p =
                f.p + f.up * (Self.radius(t) * 0.96 + h * high) + back + f.side * (0.02 * (self.random.unit() - 0.5))
            let red = SIMD3(0.75, 0.12, 0.06) * (0.4 + 0.6 * h) + SIMD3(0.2, 0.12, 0.02) * (1 - spine)
            hide.add(p, radius: self.random.between(0.008, 0.016), color: red)
        }
        self.stage.particles("hide", hide, material: material)
        self.addFlesh()
    }

    /// What is dark between the scales.
    private mutating func addFlesh() {
        let flesh = self.stage.material(
            "flesh",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.012,0.03,0.032,1],\"metallicFactor\":0,\"roughnessFactor\":0.5}"
        )
        var rings: [[SIMD3<Double>]] = []
        let (length, sides) = (self.stage.detail.edge(360), self.stage.detail.edge(40))
        for k in 0 ... length {
            let t = 0.925 * Double(k) / Double(length)
            let f = Self.frame(t)
            let r = Self.radius(t) * 0.8
            rings.append(
                (0 ..< sides).map { i in
                    let (s, c) = DeterministicMath.sineCosine(2 * Double.pi * Double(i) / Double(sides))
                    return f.p + (f.side * s + f.up * (c * (t > 0.9 ? 0.7 : 1))) * r
                }
            )
        }
        var form = Form()
        form.loft(rings, start: Self.frame(0).p, end: Self.frame(0.925).p)
        self.stage.show("flesh", [(form, material: flesh)])
    }

    private static func swell(_ x: Double, _ z: Double) -> Double {
        var y = 0.0
        for (k, (dx, dz, long, high)) in [(0.5, 0.86, 8.0, 0.3), (-0.7, 0.7, 4.4, 0.17), (0.96, 0.28, 2.3, 0.08)]
            .enumerated()
        {
            let s = DeterministicMath.sine(
                (x * dx + z * dz) * 2 * Double.pi / long + Double(k) * 2.1 + 3
                    * LookNoise.clouds(SIMD3(x, 2, z) * 0.12, octaves: 2)
            )
            y += high * (1 - s.magnitude)
        }
        return y - 0.35
    }

    private mutating func addSea() {
        let water = self.stage.material(
            "water",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[1,1,1,1],\"metallicFactor\":0,\"roughnessFactor\":0.12}"
        )
        var sea = LookParticles()
        for _ in 0 ..< self.stage.detail.count(Self.sea) {
            let v = self.random.unit()
            let z = 22 - 64 * v * (0.25 + 0.75 * v)
            let x = self.random.between(-1, 1) * (5 + 0.62 * (24 - z))
            let y = Self.swell(x, z)
            let fine = LookNoise.clouds(SIMD3(x * 1.4, 1, z * 1.4), octaves: 4)
            let foam = LookNoise.step(0.05, 0.22, y) * LookNoise.step(0.5, 0.68, fine)
            let color = SIMD3(0.006, 0.03, 0.036) + SIMD3(0.6, 0.68, 0.7) * foam
            let size = 0.022 + 0.0016 * (24 - z)
            sea.add(SIMD3(x, y + 0.1 * (fine - 0.5), z), radius: size * self.random.between(0.7, 1.35), color: color)
        }
        self.stage.particles("sea", sea, material: water)
        // What lies below the particles.
        let floor = self.stage.material(
            "deep",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.004,0.016,0.02,1],\"metallicFactor\":0,\"roughnessFactor\":0.16}"
        )
        let forms = self.stage.field(
            columns: 220,
            rows: 260,
            kinds: 1,
            place: { u, v in
                let z = 24 - 260 * v * v
                let x = (2 * u - 1) * (12 + 0.8 * (24 - z))
                return SIMD3(x, Self.swell(x, z) - 0.06, z)
            },
            kind: { _, _ in 0 }
        )
        self.stage.show("deep", [(forms[0], material: floor)])
    }

    private mutating func addSpray() {
        let material = self.stage.material(
            "spray",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.82,0.9,0.95,1],\"metallicFactor\":0,\"roughnessFactor\":0.2}"
        )
        var spray = LookParticles()
        // Where the body breaks the water.
        let sites: [(SIMD3<Double>, Double)] = [
            (SIMD3(-17, 0, -8.6), 1.3), (SIMD3(-9.2, 0, -6.3), 1.6), (SIMD3(6.6, 0, -5.1), 2.1),
        ]
        for i in 0 ..< self.stage.detail.count(Self.spray) {
            if i % 4 == 0 {
                // Water runs off the coils and the chin.
                let t = 0.5 + 0.48 * self.random.unit()
                let f = Self.frame(t)
                let strand = LookNoise.value(SIMD3(t * 160, 0, 0))
                guard f.p.y > 0 else { continue }
                let fall = self.random.unit() * self.random.unit() * (f.p.y + 1) * strand
                let p =
                    f.p - f.up * Self.radius(t) + SIMD3(0, -fall, 0) + self.random.direction() * (0.04 + 0.09 * fall)
                spray.add(p, radius: self.random.between(0.004, 0.016))
                continue
            }
            let (site, size) = sites[i % 3]
            let turn = self.random.between(0, 2 * Double.pi)
            let (s, c) = DeterministicMath.sineCosine(turn)
            let jet = LookNoise.clouds(SIMD3(c * 3, Double(i % 3) * 5, s * 3), octaves: 3)
            let t = self.random.unit()
            let r = size * (0.75 + 1.35 * t * (0.4 + jet))
            let y = size * (4.6 * jet * t - 2.6 * t * t) * 1.15
            let p = site + SIMD3(r * c, y, r * s) + self.random.direction() * (0.3 * size * t * self.random.unit())
            guard p.y > -0.3 else { continue }
            let small = self.random.unit()
            spray.add(p, radius: 0.005 + 0.026 * small * small * small)
        }
        self.stage.particles("spray", spray, material: material)
    }

    private mutating func addEyes() {
        let glow = self.stage.material(
            "eye",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0,0,0,1],\"metallicFactor\":0},\"emissiveFactor\":[1,0.62,0.12],"
                + "\"extensions\":{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":30}}"
        )
        let tooth = self.stage.material(
            "teeth",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.85,0.8,0.66,1],\"metallicFactor\":0,\"roughnessFactor\":0.3}"
        )
        var eyes = Form()
        var teeth = Form()
        let f = Self.frame(0.932)
        let r = Self.radius(0.932)
        for side in [-1.0, 1.0] {
            eyes.ball(f.p + f.side * (side * r * 0.92) + f.up * (r * 0.5), radius: 0.13, isFine: true)
            for k in 0 ..< 13 {
                let t = 0.946 + 0.052 * Double(k) / 12
                let g = Self.frame(t)
                let wide = Self.radius(t) * 1.0
                let long = 0.3 - 0.14 * (Double(k % 3) / 2)
                for (up, sign) in [(Self.gape(t, 1) - 0.1, -1.0), (Self.gape(t, -1) + 0.12, 1.0)] {
                    let root = g.p + g.side * (side * wide * 0.8) + g.up * up
                    let path = [root, root + g.up * (sign * long * 0.6), root + g.up * (sign * long) + g.along * -0.06]
                    teeth.horn(path, radius: 0.05, tip: 0.006, sides: 10, side: g.side)
                }
            }
        }
        // Fire deep in the throat.
        let throat = Self.frame(0.928)
        eyes.ball(throat.p + throat.up * -0.1, radius: 0.24, isFine: true)
        self.stage.show("eyes", [(eyes, material: glow), (teeth, material: tooth)])
    }
}
