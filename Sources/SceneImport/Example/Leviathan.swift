/// The shot of ``ExampleShot/leviathan()``.
///
/// Metres, +Y up, the sea at height 0. The camera stands over the shore at +Z and looks along -Z; the dragon's body is a
/// chain of segments that glide along one curve, out of the sea, over an arch around the moon, and down to a pearl.
struct Leviathan {
    /// Seconds from the first to the last of 48 frames.
    static let duration = 47.0 / 24.0

    var glb = GLBWriter()
    var random = SeededRandom(seed: 0x1EF1_A74A)
    let materials: Materials
    let spine = Spine()
    /// Times of keys, 17 of them.
    let keys: [Double]
    let times: Int

    /// Material numbers.
    struct Materials {
        var scale: Int
        var darkScale: Int
        var gold: Int
        var fin: Int
        var belly: Int
        var core: Int
        var spark: Int
        var goldSpark: Int
        var eye: Int
        var mouth: Int
        var ivory: Int
        var pearl: Int
        var water: Int
        var droplet: Int
        var rock: Int
        var lavaHot: Int
        var lava: Int
        var lavaDark: Int
        var ember: Int
        var hill: Int
        var moon: Int
        var maria: Int
    }

    init() {
        self.materials = Materials(
            scale: Self.surface(&self.glb, "scale", 0.03, 0.42, 0.46, metallic: 0.55, roughness: 0.34),
            darkScale: Self.surface(&self.glb, "dark scale", 0.012, 0.17, 0.26, metallic: 0.55, roughness: 0.38),
            gold: Self.surface(&self.glb, "gold", 1, 0.6, 0.18, metallic: 0.6, roughness: 0.36),
            fin: Self.fin(&self.glb),
            belly: Self.surface(&self.glb, "belly", 0.85, 0.55, 0.22, metallic: 0.6, roughness: 0.4),
            core: Self.surface(&self.glb, "core", 0.004, 0.012, 0.016, metallic: 0, roughness: 0.7),
            spark: Self.glow(&self.glb, "spark", 0.08, 0.8, 1, strength: 3),
            goldSpark: Self.glow(&self.glb, "gold spark", 1, 0.5, 0.1, strength: 3),
            eye: Self.glow(&self.glb, "eye", 1, 0.5, 0.08, strength: 6),
            mouth: Self.glow(&self.glb, "mouth", 1, 0.25, 0.03, strength: 2.2),
            ivory: Self.surface(&self.glb, "ivory", 0.85, 0.78, 0.62, metallic: 0, roughness: 0.4),
            pearl: Self.glow(&self.glb, "pearl", 1, 0.55, 0.16, strength: 9),
            water: Self.surface(&self.glb, "water", 0.004, 0.018, 0.026, metallic: 0, roughness: 0.1),
            droplet: Self.surface(&self.glb, "droplet", 0.55, 0.8, 0.85, metallic: 0, roughness: 0.15),
            rock: Self.surface(&self.glb, "rock", 0.03, 0.026, 0.028, metallic: 0, roughness: 0.6),
            lavaHot: Self.glow(&self.glb, "lava, hot", 1, 0.34, 0.05, strength: 4.2),
            lava: Self.glow(&self.glb, "lava", 1, 0.18, 0.016, strength: 2.6),
            lavaDark: Self.glow(&self.glb, "lava, dark", 1, 0.1, 0.01, strength: 0.9),
            ember: Self.glow(&self.glb, "ember", 1, 0.3, 0.04, strength: 5),
            hill: Self.surface(&self.glb, "hill", 0.02, 0.017, 0.022, metallic: 0, roughness: 0.9),
            moon: Self.glow(&self.glb, "moon", 1, 0.84, 0.6, strength: 2.6),
            maria: Self.glow(&self.glb, "maria", 1, 0.8, 0.54, strength: 1.5)
        )
        self.glb.extensions = ["KHR_materials_emissive_strength"]
        self.keys = (0 ... 16).map { Double($0) / 16 }
        self.times = self.glb.addTimes(self.keys.map { $0 * Self.duration })
    }

    private static func surface(
        _ glb: inout GLBWriter,
        _ name: String,
        _ r: Double,
        _ g: Double,
        _ b: Double,
        metallic: Double,
        roughness: Double
    ) -> Int {
        glb.addMaterial(
            "{\"name\":\"\(name)\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[\(r),\(g),\(b),1],"
                + "\"metallicFactor\":\(metallic),\"roughnessFactor\":\(roughness)}}"
        )
    }

    private static func glow(
        _ glb: inout GLBWriter,
        _ name: String,
        _ r: Double,
        _ g: Double,
        _ b: Double,
        strength: Double
    ) -> Int {
        glb.addMaterial(
            "{\"name\":\"\(name)\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[0,0,0,1],\"metallicFactor\":0},"
                + "\"emissiveFactor\":[\(r),\(g),\(b)],"
                + "\"extensions\":{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":\(strength)}}}"
        )
    }

    /// Orange membranes with a light of their own.
    private static func fin(_ glb: inout GLBWriter) -> Int {
        glb.addMaterial(
            "{\"name\":\"fin\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[1,0.42,0.1,1],\"metallicFactor\":0.3,"
                + "\"roughnessFactor\":0.4},\"emissiveFactor\":[0.3,0.075,0.012],\"doubleSided\":true}"
        )
    }

    /// The rotation that turns the axes into those of a frame.
    static func quaternion(_ f: Affine) -> SIMD4<Double> {
        let trace = f.x.x + f.y.y + f.z.z
        if trace > 0 {
            let s = (trace + 1).squareRoot() * 2
            return SIMD4((f.y.z - f.z.y) / s, (f.z.x - f.x.z) / s, (f.x.y - f.y.x) / s, s / 4)
        }
        if f.x.x > f.y.y, f.x.x > f.z.z {
            let s = (1 + f.x.x - f.y.y - f.z.z).squareRoot() * 2
            return SIMD4(s / 4, (f.y.x + f.x.y) / s, (f.z.x + f.x.z) / s, (f.y.z - f.z.y) / s)
        }
        if f.y.y > f.z.z {
            let s = (1 + f.y.y - f.x.x - f.z.z).squareRoot() * 2
            return SIMD4((f.y.x + f.x.y) / s, s / 4, (f.z.y + f.y.z) / s, (f.z.x - f.x.z) / s)
        }
        let s = (1 + f.z.z - f.x.x - f.y.y).squareRoot() * 2
        return SIMD4((f.z.x + f.x.z) / s, (f.z.y + f.y.z) / s, s / 4, (f.x.y - f.y.x) / s)
    }

    /// From 0 to 1 with a gentle start and end.
    static func smooth(_ t: Double) -> Double {
        let x = min(max(t, 0), 1)
        return x * x * (3 - 2 * x)
    }
}
