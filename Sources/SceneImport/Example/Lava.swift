/// The shot of ``ExampleLook/lava``.
///
/// Metres, +Y up. A river of lava winds towards the eye between black banks; plates of crust swim on it, light comes out of
/// the cracks between them, and the air above glows and scatters what comes from below.
struct Lava {
    private static let heats = 14

    var stage: LookStage
    private var random = SeededRandom(seed: 0x1A_7A)

    init(_ detail: LookDetail) {
        self.stage = LookStage(detail, extensions: ["KHR_materials_emissive_strength"])
        self.addGround()
        self.addHaze()
        self.addSparks()
        self.stage.sky { direction in
            let up = max(direction.y, 0)
            let horizon = (1 - up) * (1 - up)
            let glow = LookNoise.step(0.3, 1, -direction.z) * LookNoise.step(0.5, 0, up)
            let clouds = LookNoise.clouds(direction * 5, octaves: 4)
            return SIMD3(0.004, 0.007, 0.016) + SIMD3(0.006, 0.009, 0.018) * horizon
                + SIMD3(0.34, 0.075, 0.018) * (glow * clouds * clouds)
        }
        self.stage.sun(from: SIMD3(-0.6, 0.7, 0.35), color: "0.42,0.58,1", intensity: 0.34)
        self.stage.look(from: SIMD3(1.3, 1.75, 7.4), to: SIMD3(-0.1, 0.35, -1.5), angle: 0.72)
    }

    /// Where the middle of the river is.
    private static func middle(_ z: Double) -> Double {
        1.5 * DeterministicMath.sine(z * 0.32 + 0.4) + 0.5 * DeterministicMath.sine(z * 0.83 + 2)
    }

    /// Zero in the river, growing to its sides, negative inside.
    private static func bank(_ x: Double, _ z: Double) -> Double {
        let width = 1.55 + 0.35 * DeterministicMath.sine(z * 0.5 + 1)
        let ragged = LookNoise.clouds(SIMD3(x * 0.9, 0, z * 0.9), octaves: 4) - 0.5
        return (x - self.middle(z)).magnitude - width + 0.9 * ragged
    }

    /// How hot the surface is, zero for rock to one for the brightest.
    private static func heat(_ x: Double, _ z: Double) -> Double {
        let bank = self.bank(x, z)
        let flow = SIMD3(x - self.middle(z), 0, z * 0.55)
        let warp = LookNoise.clouds(flow * 1.1 + SIMD3(3, 0, 7), octaves: 3)
        let cracks = LookNoise.ridges(SIMD3(flow.x * 1.25, warp * 1.4, flow.z * 1.25), octaves: 4)
        let core = LookNoise.step(0.1, -1.2, bank)
        // Plates of crust are thick at the sides and thin in the middle, and torn along the cracks.
        let open = cracks + 0.2 * core - 0.12 * warp
        let river = LookNoise.step(0.6, 0.98, open) * LookNoise.step(0.12, -0.15, bank)
        // A few cracks run up the banks.
        let veins = LookNoise.ridges(SIMD3(x * 0.55, 4, z * 0.55), octaves: 3)
        let vein = LookNoise.step(0.79, 0.87, veins) * LookNoise.step(1.7, 0.1, bank) * 0.62
        return max(river, vein)
    }

    private static func height(_ x: Double, _ z: Double) -> Double {
        let bank = self.bank(x, z)
        let rock = LookNoise.ridges(SIMD3(x * 0.45, 1, z * 0.45), octaves: 6)
        let rise = LookNoise.step(-0.1, 3.6, bank)
        let far = LookNoise.step(-6, -22, z)
        let fine = LookNoise.clouds(SIMD3(x * 3.1, 2, z * 3.1), octaves: 5)
        let crust = LookNoise.ridges(SIMD3(x * 1.6, 8, z * 1.3), octaves: 4)
        let land = rise * (0.35 + 1.9 * rock + 3.4 * far * rock) + 0.16 * fine * LookNoise.step(-0.2, 0.3, bank)
        return land + 0.16 * crust * LookNoise.step(0.1, -0.4, bank) - 0.13 * self.heat(x, z)
    }

    private mutating func addGround() {
        var materials = [
            self.stage.material(
                "rock",
                "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.05,0.045,0.043,1],\"metallicFactor\":0,"
                    + "\"roughnessFactor\":0.62}"
            )
        ]
        for i in 1 ..< Self.heats {
            let t = Double(i) / Double(Self.heats - 1)
            let strength = 0.03 + 5 * t * t * t
            let green = 0.045 + 0.4 * t * t
            let blue = 0.004 + 0.085 * t * t * t
            self.addHeat(&materials, i, strength, green, blue)
        }
        func place(_ u: Double, _ v: Double) -> SIMD3<Double> {
            let z = 8.2 - 34 * v * (0.35 + 0.65 * v)
            let half = 2.6 + 0.62 * (8.2 - z)
            let x = (2 * u - 1) * half
            return SIMD3(x, Self.height(x, z), z)
        }
        let forms = self.stage.field(columns: 520, rows: 620, kinds: Self.heats, place: place) { u, v in
            let p = place(u, v)
            let heat = Self.heat(p.x, p.z)
            return heat <= 0.015 ? 0 : 1 + Int(heat * Double(Self.heats - 1))
        }
        self.stage.show("ground", zip(forms, materials).map { ($0, material: $1) })
    }

    private mutating func addHeat(
        _ materials: inout [Int],
        _ i: Int,
        _ strength: Double,
        _ green: Double,
        _ blue: Double
    ) {
        let color = "[1,\(GLBWriter.number(green)),\(GLBWriter.number(blue))]"
        materials.append(
            self.stage.material(
                "heat \(i)",
                "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.03,0.02,0.018,1],\"metallicFactor\":0,"
                    + "\"roughnessFactor\":0.7},\"emissiveFactor\":\(color),\"extensions\":"
                    + "{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":\(GLBWriter.number(strength))}}"
            )
        )
    }

    /// Vapour that rises from the river: it scatters what shines below, and near the lava glows by itself.
    private mutating func addHaze() {
        func plume(_ p: SIMD3<Double>) -> Double {
            let wander = 0.5 * (LookNoise.clouds(SIMD3(p.x * 0.5, p.y * 0.9 - 3, p.z * 0.5), octaves: 3) - 0.5) * p.y
            let bank = Self.bank(p.x + wander, p.z)
            let column = LookNoise.step(0.9 + 0.25 * p.y, -0.6, bank)
            let billows = LookNoise.clouds(SIMD3(p.x * 1.1, p.y * 1.3 - p.z * 0.2, p.z * 1.1), octaves: 5)
            let fade = LookNoise.step(0.02, 0.2, p.y) * LookNoise.step(4.4, 0.3, p.y) * LookNoise.step(7.4, 5, p.z)
            return column * fade * LookNoise.step(0.33, 0.72, billows)
        }
        self.stage.volume(
            "haze",
            low: SIMD3(-7, 0, -16),
            high: SIMD3(7, 4.6, 7.4),
            size: SIMD3(112, 48, 160),
            most: 1,
            more: "\"scattering\":[0.1,0.095,0.09],\"absorption\":[0.02,0.025,0.03],\"anisotropy\":0.35,"
                + "\"blackbody\":{\"kelvin\":[700,1500],\"strength\":0.1}",
            density: plume,
            temperature: { p in
                let core = LookNoise.step(0.5, -1, Self.bank(p.x, p.z))
                return core * LookNoise.step(1.3, 0, p.y) * 0.86
            }
        )
    }

    private mutating func addSparks() {
        let material = self.stage.material(
            "spark",
            "\"pbrMetallicRoughness\":{\"baseColorFactor\":[0,0,0,1],\"metallicFactor\":0},\"emissiveFactor\":[1,0.36,0.07],"
                + "\"extensions\":{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":5}}"
        )
        var sparks = LookParticles()
        while sparks.radii.count < self.stage.detail.count(420) {
            let z = self.random.between(-9, 6.2)
            let x = Self.middle(z) + self.random.between(-1.9, 1.9)
            guard Self.heat(x, z) > 0.25 else { continue }
            let up = self.random.unit()
            let y = 0.08 + 2.6 * up * up * up
            let drift = 0.5 * y * (self.random.unit() - 0.35)
            sparks.add(SIMD3(x + drift, y, z), radius: self.random.between(0.003, 0.0075) * (1.15 - 0.35 * y / 2.7))
        }
        self.stage.particles("sparks", sparks, material: material)
    }
}
