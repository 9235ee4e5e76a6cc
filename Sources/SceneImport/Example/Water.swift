/// The shot of ``ExampleLook/water``.
///
/// Metres, +Y up. A cove in the evening: sea that gets bluer with its depth over sand and stones, a wave that breaks on a
/// rock and throws spray, and a corked bottle of green glass, half in air and half in water.
struct Water {
    var stage: LookStage
    private var random = SeededRandom(seed: 0xA9_0A)

    init(_ detail: LookDetail) {
        self.stage = LookStage(
            detail,
            extensions: [
                "KHR_materials_transmission", "KHR_materials_volume", "KHR_materials_ior", "KHR_materials_specular",
            ]
        )
        self.addSea()
        self.addGround()
        self.addSpray()
        self.addBottle()
        self.stage.sky { direction in
            let up = max(direction.y, 0)
            let toSun = max(dot(direction, normalized(SIMD3(-0.5, 0.42, -0.76), or: SIMD3(0, 1, 0))), 0)
            let p4 = toSun * toSun * toSun * toSun
            let p32 = p4 * p4 * p4 * p4 * p4 * p4 * p4 * p4
            let clouds = LookNoise.clouds(
                SIMD3(direction.x, 0, direction.z) * (3.2 / (0.18 + up)) + SIMD3(2, 7, 1),
                octaves: 6
            )
            let cover = LookNoise.step(0.47, 0.72, clouds) * LookNoise.step(0.02, 0.2, up)
            let blue =
                SIMD3(0.2, 0.42, 0.85) * (0.5 + 0.5 * (1 - up)) + SIMD3(0.75, 0.5, 0.3)
                * ((1 - up) * (1 - up) * (1 - up))
            let lit = SIMD3(0.95, 0.87, 0.8) * (0.55 + 0.9 * p4)
            let sun = SIMD3(1, 0.78, 0.52) * (0.7 * p4 + 9 * p32)
            let air = blue * (1 - 0.8 * cover) + lit * (0.8 * cover) + sun * (1 - 0.7 * cover)
            return air * LookNoise.step(-0.12, 0.0, direction.y) + SIMD3(0.08, 0.1, 0.1)
                * LookNoise.step(0.0, -0.12, direction.y)
        }
        self.stage.look(from: SIMD3(0.3, 1.62, 4.7), to: SIMD3(-0.2, -0.12, -0.4), angle: 0.7)
    }

    /// How deep the ground lies; it rises towards the eye.
    private static func ground(_ x: Double, _ z: Double) -> Double {
        let slope = 0.11 * (z - 2.9) + 0.013 * (z - 2.9) * (z - 2.9) * (z < 2.9 ? -1 : 1)
        let ripples =
            0.016 * DeterministicMath.sine(z * 17 + 2.6 * LookNoise.clouds(SIMD3(x, 0, z) * 1.3, octaves: 3) * 6)
        let dunes = 0.22 * (LookNoise.clouds(SIMD3(x * 0.6, 3, z * 0.6), octaves: 4) - 0.5)
        return max(slope, -3.2) + ripples * LookNoise.step(-1.5, -0.1, slope) + dunes - 0.06
    }

    private static let rock = SIMD3(-1.35, -0.1, -1.6)

    private static func height(_ x: Double, _ z: Double) -> Double {
        var y = 0.0
        for (k, (dx, dz, long, high)) in [
            (0.25, 0.97, 2.7, 0.062), (-0.5, 0.86, 1.3, 0.026), (0.7, 0.7, 0.71, 0.012), (-0.85, 0.5, 0.43, 0.006),
        ].enumerated() {
            let wander = 1.6 * LookNoise.clouds(SIMD3(x, Double(k) * 3, z) * (1.1 / long), octaves: 2)
            let s = DeterministicMath.sine((x * dx + z * dz) * 2 * Double.pi / long + Double(k) * 1.3 + wander * 2)
            // Crests are sharper than troughs.
            let crest = 1 - s.magnitude
            y += high * (1.4 * crest * crest - 0.4)
        }
        // The wave that comes in and climbs the rock.
        let front = z + 1.9 + 0.25 * DeterministicMath.sine(x * 0.9 + 1)
        let swell = 0.2 / (1 + 9 * front * front)
        let d = SIMD2(x - self.rock.x, z - self.rock.z)
        let near = (d.x * d.x + d.y * d.y).squareRoot()
        let churn = LookNoise.step(1.25, 0.45, near) * (LookNoise.clouds(SIMD3(x * 6, 1, z * 6), octaves: 4) - 0.35)
        return y + swell + 0.16 * churn
    }

    private mutating func addSea() {
        let water = self.stage.material(
            "water",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[1,1,1,1],\"metallicFactor\":0,\"roughnessFactor\":0},"
                + "\"extensions\":{\"KHR_materials_transmission\":{\"transmissionFactor\":1},\"KHR_materials_ior\":{\"ior\":1.333},"
                + "\"KHR_materials_volume\":{\"thicknessFactor\":1,\"attenuationColor\":[0.12,0.62,0.7],"
                + "\"attenuationDistance\":2.2}}"
        )
        let forms = self.stage.field(
            columns: 620,
            rows: 760,
            kinds: 1,
            place: { u, v in
                let z = 4.4 - 90 * v * v * (0.18 + 0.82 * v * v)
                let x = (2 * u - 1) * (2.3 + 0.75 * (4.4 - z))
                return SIMD3(x, Self.height(x, z), z)
            },
            kind: { _, _ in 0 }
        )
        self.stage.show("sea", [(forms[0], material: water)])
    }

    private mutating func addGround() {
        let colors = ["0.56,0.45,0.31", "0.47,0.37,0.25", "0.62,0.52,0.38", "0.38,0.31,0.23"]
        let sands = colors.enumerated().map { i, color in
            self.stage.material(
                "sand \(i)",
                "\"pbrMetallicRoughness\":{\"baseColorFactor\":[\(color),1],\"metallicFactor\":0,\"roughnessFactor\":0.9}"
            )
        }
        func place(_ u: Double, _ v: Double) -> SIMD3<Double> {
            let z = 5.2 - 95 * v * v * (0.15 + 0.85 * v * v)
            let x = (2 * u - 1) * (2.8 + 0.8 * (5.2 - z))
            return SIMD3(x, Self.ground(x, z), z)
        }
        let forms = self.stage.field(columns: 420, rows: 520, kinds: 4, place: place) { u, v in
            let p = place(u, v)
            let grain = LookNoise.value(SIMD3(p.x * 60, 0, p.z * 60))
            let patches = LookNoise.clouds(SIMD3(p.x * 1.7, 9, p.z * 1.7), octaves: 4)
            return patches > 0.56 ? (grain > 0.5 ? 3 : 1) : grain > 0.7 ? 2 : grain > 0.25 ? 0 : 1
        }
        self.stage.show("sand", zip(forms, sands).map { ($0, material: $1) })
        let stones = ["0.1,0.1,0.11", "0.2,0.17,0.14", "0.32,0.3,0.27"].enumerated().map { i, color in
            self.stage.material(
                "stone \(i)",
                "\"pbrMetallicRoughness\":{\"baseColorFactor\":[\(color),1],\"metallicFactor\":0,\"roughnessFactor\":0.55}"
            )
        }
        var forms2 = [Form](repeating: Form(), count: 3)
        Self.addStone(&forms2[0], Self.rock, radii: SIMD3(0.62, 0.6, 0.5), seed: 3, rings: self.stage.detail.edge(150))
        Self.addStone(
            &forms2[0],
            Self.rock + SIMD3(0.85, -0.32, -0.35),
            radii: SIMD3(0.45, 0.42, 0.4),
            seed: 8,
            rings: self.stage.detail.edge(110)
        )
        Self.addStone(
            &forms2[0],
            Self.rock + SIMD3(-1.3, -0.35, -1.6),
            radii: SIMD3(0.9, 0.85, 0.8),
            seed: 5,
            rings: self.stage.detail.edge(110)
        )
        for k in 0 ..< 150 {
            let z = self.random.between(-4, 3.4)
            let x = self.random.between(-3.2, 3.2) * (1 + 0.15 * (3.4 - z))
            let size = 0.02 + 0.15 * self.random.unit() * self.random.unit() * self.random.unit()
            let y = Self.ground(x, z) + 0.2 * size
            Self.addStone(
                &forms2[k % 3],
                SIMD3(x, y, z),
                radii: SIMD3(size * self.random.between(0.8, 1.4), size * 0.62, size),
                seed: 20 + k,
                rings: self.stage.detail.edge(22)
            )
        }
        self.stage.show("stones", zip(forms2, stones).map { ($0, material: $1) })
    }

    /// A stone: a ball with bumps.
    private static func addStone(
        _ form: inout Form,
        _ center: SIMD3<Double>,
        radii: SIMD3<Double>,
        seed: Int,
        rings: Int
    ) {
        func point(_ i: Int, _ j: Int) -> SIMD3<Double> {
            let polar = DeterministicMath.sineCosine(Double(j) / Double(rings) * Double.pi)
            let turn = DeterministicMath.sineCosine(Double(i % (2 * rings)) / Double(rings) * Double.pi)
            let d = SIMD3(polar.sine * turn.cosine, polar.cosine, polar.sine * turn.sine)
            let q = d * 1.3 + SIMD3(Double(seed) * 7.1, Double(seed) * 3.7, 0)
            let bump = 0.72 + 0.45 * LookNoise.clouds(q, octaves: 5) + 0.16 * LookNoise.ridges(q * 1.7, octaves: 4)
            return center + d * radii * bump
        }
        let first = form.count
        let columns = 2 * rings
        for j in 0 ... rings {
            for i in 0 ..< columns {
                let p = point(i, j)
                let across = cross(point(i + 1, min(j + 1, rings)) - p, point(i, min(j + 1, rings)) - p)
                let n = normalized(across, or: SIMD3(0, j == 0 ? 1 : -1, 0))
                form.add(p, normal: dot(n, p - center) < 0 ? -n : n)
            }
        }
        for j in 0 ..< rings {
            for i in 0 ..< columns {
                let (a, b) = (first + j * columns + i, first + j * columns + (i + 1) % columns)
                form.quad(a, b, b + columns, a + columns)
            }
        }
    }

    private mutating func addSpray() {
        let material = self.stage.material(
            "spray",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.94,0.97,1,1],\"metallicFactor\":0,\"roughnessFactor\":0.18},"
                + "\"extensions\":{\"KHR_materials_ior\":{\"ior\":1.333}}"
        )
        var spray = LookParticles()
        for k in 0 ..< self.stage.detail.count(36_000) {
            // Fingers of water that leave the rock's front and fall back.
            let finger = Double(k % 41)
            let phase = LookNoise.value(SIMD3(finger * 3.3, 1, 0))
            let turn = (phase - 0.5) * 3.6 + 1.35
            let speed = 0.5 + 1.5 * LookNoise.value(SIMD3(finger * 1.9, 5, 2))
            let t = self.random.unit() * (0.25 + 0.75 * phase)
            let spread = 0.05 + 0.34 * t
            let (s, c) = DeterministicMath.sineCosine(turn)
            let out = 0.42 + 0.55 * t * speed * 0.7
            var p = Self.rock + SIMD3(out * c, 0.22 + 1.25 * speed * t - 1.55 * t * t, out * s * 0.9)
            p += self.random.direction() * (spread * self.random.unit() * self.random.unit())
            guard p.y > Self.height(p.x, p.z) - 0.01 else { continue }
            let size = self.random.unit()
            spray.add(p, radius: 0.0012 + 0.0075 * size * size * size * size * (1.2 - t))
        }
        // Foam lies where the water is torn.
        for _ in 0 ..< self.stage.detail.count(260_000) {
            let r = 0.42 + 1.25 * self.random.unit()
            let (s, c) = DeterministicMath.sineCosine(self.random.between(0, 2 * Double.pi))
            let x = Self.rock.x + r * c
            let z = Self.rock.z + r * s * 0.8
            let lace = LookNoise.ridges(SIMD3(x * 3.2, 2, z * 3.2), octaves: 3)
            guard lace > 0.52 + 0.28 * LookNoise.step(0.6, 1.6, r) + 0.12 * self.random.unit() else { continue }
            spray.add(SIMD3(x, Self.height(x, z) + 0.001, z), radius: self.random.between(0.0015, 0.0045))
        }
        self.stage.particles("spray", spray, material: material)
        // A haze of the finest drops, which only shows as light.
        self.stage.volume(
            "mist",
            low: Self.rock + SIMD3(-1.3, -0.1, -0.9),
            high: Self.rock + SIMD3(1.7, 1.5, 1.5),
            size: SIMD3(64, 40, 56),
            most: 1,
            more: "\"scattering\":[0.45,0.46,0.48],\"anisotropy\":0.7",
            density: { p in
                let d = (p - Self.rock - SIMD3(0.25, 0.55, 0.35)) / SIMD3(1.1, 0.75, 0.9)
                let r = dot(d, d).squareRoot()
                return LookNoise.step(1, 0.2, r + 0.9 * (LookNoise.clouds(p * 3.1, octaves: 4) - 0.45))
            }
        )
    }

    /// A bottle with walls of glass and air inside, corked, that swims on its side.
    private mutating func addBottle() {
        let glass = self.stage.material(
            "glass",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[1,1,1,1],\"metallicFactor\":0,\"roughnessFactor\":0},"
                + "\"extensions\":{\"KHR_materials_transmission\":{\"transmissionFactor\":1},\"KHR_materials_ior\":{\"ior\":1.5},"
                + "\"KHR_materials_volume\":{\"thicknessFactor\":1,\"attenuationColor\":[0.25,0.8,0.42],"
                + "\"attenuationDistance\":0.022}}"
        )
        let cork = self.stage.material(
            "cork",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.42,0.27,0.15,1],\"metallicFactor\":0,\"roughnessFactor\":0.9}"
        )
        let paper = self.stage.material(
            "paper",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.85,0.78,0.6,1],\"metallicFactor\":0,\"roughnessFactor\":0.9}"
        )
        let outer: [SIMD2<Double>] = [
            SIMD2(0, 0.018), SIMD2(0.06, 0.006), SIMD2(0.105, 0), SIMD2(0.122, 0.012), SIMD2(0.127, 0.04),
            SIMD2(0.127, 0.36),
            SIMD2(0.122, 0.41), SIMD2(0.1, 0.455), SIMD2(0.065, 0.495), SIMD2(0.044, 0.54), SIMD2(0.04, 0.62),
            SIMD2(0.052, 0.628), SIMD2(0.053, 0.652), SIMD2(0.046, 0.66), SIMD2(0.033, 0.658),
        ]
        let inner: [SIMD2<Double>] = [
            SIMD2(0.031, 0.62), SIMD2(0.034, 0.54), SIMD2(0.053, 0.49), SIMD2(0.09, 0.445), SIMD2(0.111, 0.405),
            SIMD2(0.116, 0.36), SIMD2(0.116, 0.045), SIMD2(0.108, 0.026), SIMD2(0.06, 0.026), SIMD2(0, 0.036),
        ]
        let tilt = Affine(
            x: normalized(SIMD3(0.2, 0.95, 0.22), or: SIMD3(0, 1, 0)),
            y: .zero,
            z: .zero,
            translation: .zero
        ).x
        let axis = normalized(SIMD3(0.86, 0.33, -0.28), or: SIMD3(1, 0, 0))
        let side = normalized(cross(axis, tilt), or: SIMD3(0, 0, 1))
        let other = cross(axis, side)
        let place = SIMD3(0.42, Self.height(0.6, 1.05) - 0.045, 1.05)
        func turned(_ profile: [SIMD2<Double>]) -> Form {
            var rings: [[SIMD3<Double>]] = []
            let sides = self.stage.detail.edge(96)
            for point in profile {
                rings.append(
                    (0 ..< sides).map { k in
                        let (s, c) = DeterministicMath.sineCosine(2 * Double.pi * Double(k) / Double(sides))
                        return place + axis * (point.y - 0.3) + (side * c + other * s) * point.x
                    }
                )
            }
            var form = Form()
            var normals = [SIMD3<Double>](repeating: .zero, count: sides * profile.count)
            var faces: [(Int, Int, Int)] = []
            for j in 0 ..< profile.count - 1 {
                for i in 0 ..< sides {
                    let (a, b) = (j * sides + i, j * sides + (i + 1) % sides)
                    faces.append((a, b, b + sides))
                    faces.append((a, b + sides, a + sides))
                }
            }
            let points = rings.flatMap { $0 }
            for f in faces {
                let n = cross(points[f.1] - points[f.0], points[f.2] - points[f.0])
                normals[f.0] += n
                normals[f.1] += n
                normals[f.2] += n
            }
            for (p, n) in zip(points, normals) { form.add(p, normal: normalized(n, or: axis)) }
            for f in faces { form.triangle(f.0, f.1, f.2) }
            return form
        }
        var smooth: [SIMD2<Double>] = []
        let profile = outer + inner
        for k in 0 ..< profile.count - 1 {
            // Catmull and Rom's spline.
            let (a, b) = (profile[max(k - 1, 0)], profile[k])
            let (c, d) = (profile[k + 1], profile[min(k + 2, profile.count - 1)])
            for i in 0 ..< 6 {
                let t = Double(i) / 6
                let first = (c - a) * (0.5 * t)
                let second = (2 * a - 5 * b + 4 * c - d) * (0.5 * t * t)
                let third = (3 * b - a - 3 * c + d) * (0.5 * t * t * t)
                let p = b + first + second + third
                smooth.append(SIMD2(max(p.x, 0), p.y))
            }
        }
        smooth.append(profile[profile.count - 1])
        self.stage.show("bottle", [(turned(smooth), material: glass)])
        self.stage.show(
            "cork",
            [(turned([SIMD2(0, 0.6), SIMD2(0.0305, 0.6), SIMD2(0.0325, 0.685), SIMD2(0, 0.69)]), material: cork)]
        )
        self.stage.show(
            "letter",
            [(turned([SIMD2(0, 0.06), SIMD2(0.03, 0.06), SIMD2(0.032, 0.33), SIMD2(0, 0.33)]), material: paper)]
        )
    }
}
