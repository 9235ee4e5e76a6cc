/// The shot of ``ExampleLook/dragonScales``.
///
/// Metres, +Y up. The flank of a dragon as a bent tube of scales, each of them a dome with a ridge under twelve layers of
/// lacquer, flakes and metal; two soft lamps, one warm and one cold, and a dim one from below.
struct DragonScales {
    private static let bend = 9.0
    private static let thickness = 2.4
    private static let rows = 74
    private static let columns = 46
    private static let tones = 8

    var glb = GLBWriter()
    private var random = SeededRandom(seed: 0xD0A6_05CA)

    init() {
        self.glb.extensions = ["KHR_materials_emissive_strength", "TESSERA_layers"]
        self.addScales()
        self.addBody()
        self.addLamp("warm", SIMD3(-5.5, 7, 7), size: 3, color: "1,0.78,0.52", strength: 26)
        self.addLamp("cold", SIMD3(8, 4.5, 3.5), size: 2, color: "0.4,0.65,1", strength: 30)
        self.addLamp("below", SIMD3(-1, -7, 7), size: 2.5, color: "1,0.35,0.15", strength: 3)
        let eye = SIMD3(1.2, 1.9, 8.2)
        var camera = GLBWriter.Node(name: "camera")
        camera.camera = self.glb.addCamera(verticalFieldOfView: 0.6)
        camera.translation = eye
        camera.rotation = Leviathan.quaternion(
            Self.frame(back: normalized(eye - SIMD3(0.1, 0.35, 0), or: SIMD3(0, 0, 1)))
        )
        _ = self.glb.addNode(camera)
    }

    /// A frame whose +Z is `back` and whose +Y is as upright as can be.
    private static func frame(back: SIMD3<Double>) -> Affine {
        let x = normalized(cross(SIMD3(0, 1, 0), back), or: SIMD3(1, 0, 0))
        return Affine(x: x, y: cross(back, x), z: back, translation: .zero)
    }

    // MARK: Materials

    /// Twelve layers: what makes one scale unlike another is the film, the two dyes and the metal.
    private mutating func material(_ name: String, film: Double, upper: String, lower: String, metal: String) -> Int {
        let layers = [
            "\"type\":\"dielectric\",\"ior\":1.5,\"roughness\":0.2,\"film\":{\"ior\":1.85,\"thickness\":\(film)}",
            "\"type\":\"medium\",\"absorption\":[\(upper)]",
            "\"type\":\"flakes\",\"color\":[1,0.86,0.6],\"roughness\":0.42,\"coverage\":0.08",
            "\"type\":\"medium\",\"absorption\":[\(upper)],\"scattering\":0.05,\"anisotropy\":0.6",
            "\"type\":\"dielectric\",\"ior\":1.38,\"roughness\":0.3",
            "\"type\":\"medium\",\"absorption\":[\(lower)]",
            "\"type\":\"flakes\",\"color\":[0.7,0.95,0.9],\"roughness\":0.5,\"coverage\":0.12",
            "\"type\":\"medium\",\"absorption\":[\(lower)]",
            "\"type\":\"dielectric\",\"ior\":1.6,\"roughness\":0.25",
            "\"type\":\"medium\",\"absorption\":[\(lower)],\"scattering\":0.1,\"albedo\":[0.8,0.9,0.8]",
            "\"type\":\"flakes\",\"color\":[0.95,0.9,0.8],\"roughness\":0.55,\"coverage\":0.25",
            "\"type\":\"metal\",\"color\":[\(metal)],\"roughness\":0.38",
        ]
        let joined = layers.map { "{\($0)}" }.joined(separator: ",")
        return self.glb.addMaterial(
            "{\"name\":\"\(name)\",\"extensions\":{\"TESSERA_layers\":{\"layers\":[\(joined)]}}}"
        )
    }

    /// One of the tones from jade over teal to indigo.
    private mutating func material(tone: Int) -> Int {
        let t = Double(tone) / Double(Self.tones)
        func mixed(_ a: [Double], _ b: [Double]) -> String {
            zip(a, b).map { "\((($0 + ($1 - $0) * t) * 1_000).rounded() / 1_000)" }.joined(separator: ",")
        }
        return self.material(
            "tone \(tone)",
            film: (330 + 130 * t).rounded(),
            upper: mixed([0.2, 0.02, 0.12], [0.22, 0.16, 0.02]),
            lower: mixed([0.5, 0.05, 0.28], [0.4, 0.34, 0.05]),
            metal: mixed([0.85, 0.85, 0.7], [0.8, 0.8, 0.9])
        )
    }

    // MARK: Scales

    private mutating func addScales() {
        let materials =
            (0 ... Self.tones).map { self.material(tone: $0) } + [
                self.material("gold", film: 520, upper: "0.01,0.06,0.2", lower: "0.02,0.12,0.5", metal: "1,0.85,0.55")
            ]
        let form = Self.scale()
        let meshes = materials.map { self.glb.addMesh("scale", [(form, material: $0)]) }
        for row in 0 ..< Self.rows {
            for column in 0 ..< Self.columns {
                let stray = self.random.between(-0.11, 0.11)
                let lift = self.random.between(-0.05, 0.05)
                let turn = self.random.between(-0.06, 0.06)
                let size = 0.44 * self.random.between(0.94, 1.06)
                let along = -1.3 + 2.6 * Double(row) / Double(Self.rows)
                let around = 2 * Double.pi * (Double(column) + (row % 2 == 0 ? 0 : 0.5)) / Double(Self.columns)
                // The side that nobody sees stays bare.
                guard DeterministicMath.sineCosine(around).sine > -0.6 else { continue }
                // Gold runs along the back and thins out down the flank; waves of colour go through the rest.
                let below = (around - 0.5 * Double.pi).magnitude
                let isGold = below < 0.3 + 3 * stray
                let wave = DeterministicMath.sineCosine(3.4 * along - 1.7 * around + 0.6).sine
                let tone = min(max(0.5 + 0.45 * wave + stray, 0), 1) * Double(Self.tones)
                var node = GLBWriter.Node(mesh: meshes[isGold ? Self.tones + 1 : Int(tone.rounded())])
                let place = Self.place(along, around)
                let tail = normalized(place.z + place.y * (0.12 + lift) + place.x * turn, or: place.z)
                let x = normalized(cross(place.y, tail), or: place.x)
                node.translation = place.translation
                node.rotation = Leviathan.quaternion(Affine(x: x, y: cross(tail, x), z: tail, translation: .zero))
                node.scale = SIMD3(size, size, size)
                _ = self.glb.addNode(node)
            }
        }
    }

    /// The frame of a point of the flank: +Y outwards, +Z towards the tail.
    private static func place(_ along: Double, _ around: Double) -> Affine {
        let (s, c) = DeterministicMath.sineCosine(along)
        let (up, out) = DeterministicMath.sineCosine(around)
        let radial = SIMD3(s, 0, c)
        let tail = SIMD3(c, 0, -s)
        let normal = radial * out + SIMD3(0, up, 0)
        let center = radial * Self.bend - SIMD3(0, 0, Self.bend)
        return Affine(
            x: cross(normal, tail),
            y: normal,
            z: tail,
            translation: center + normal * Self.thickness
        )
    }

    /// One scale: rounded at its root, pointed at its tip towards +Z, domed towards +Y, with a ridge along its middle.
    private static func scale() -> Form {
        func point(_ s: Double, _ v: Double) -> SIMD3<Double> {
            let past = max(0, (v - 0.3) / 0.7)
            let width = v < 0.3 ? 0.42 + 0.13 * (v / 0.3) : 0.55 * max(0, 1 - past * past).squareRoot()
            let dome = (1 - s * s) * (0.35 + 0.65 * (1 - past * past))
            let ridge = (1 - s.magnitude) * (1 - s.magnitude)
            return SIMD3(width * s, 0.17 * dome + 0.05 * ridge * (1 - past) + 0.1 * v, 1.5 * v - 0.6)
        }
        let across = 12
        let along = 14
        var form = Form()
        for row in 0 ... along {
            for column in 0 ... across {
                let s = 2 * Double(column) / Double(across) - 1
                // The very tip would have no normal.
                let v = 0.995 * Double(row) / Double(along)
                let e = 0.001
                let dx = point(s + e, v) - point(s - e, v)
                let dz = point(s, v + e) - point(s, v - e)
                form.add(point(s, v), normal: normalized(cross(dz, dx), or: SIMD3(0, 1, 0)))
            }
        }
        for row in 0 ..< along {
            for column in 0 ..< across {
                let a = row * (across + 1) + column
                form.quad(a, a + across + 1, a + across + 2, a + 1)
            }
        }
        return form
    }

    // MARK: The rest

    /// The dark skin between the scales.
    private mutating func addBody() {
        var form = Form()
        let along = 48
        let around = 48
        for i in 0 ... along {
            for k in 0 ... around {
                let place = Self.place(
                    -1.4 + 2.8 * Double(i) / Double(along),
                    2 * Double.pi * Double(k) / Double(around)
                )
                form.add(place.translation - place.y * 0.03, normal: place.y)
            }
        }
        for i in 0 ..< along {
            for k in 0 ..< around {
                let a = i * (around + 1) + k
                form.quad(a, a + around + 1, a + around + 2, a + 1)
            }
        }
        let skin = self.glb.addMaterial(
            "{\"name\":\"skin\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.01,0.014,0.016,1],"
                + "\"metallicFactor\":0,\"roughnessFactor\":0.6}}"
        )
        _ = self.glb.addNode(GLBWriter.Node(name: "skin", mesh: self.glb.addMesh("skin", [(form, material: skin)])))
    }

    /// A square that shines towards the middle of the flank.
    private mutating func addLamp(
        _ name: String,
        _ place: SIMD3<Double>,
        size: Double,
        color: String,
        strength: Double
    ) {
        let material = self.glb.addMaterial(
            "{\"name\":\"\(name)\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[0,0,0,1],\"metallicFactor\":0},"
                + "\"emissiveFactor\":[\(color)],"
                + "\"extensions\":{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":\(strength)}}}"
        )
        var form = Form()
        for corner in [SIMD3(-size, -size, 0), SIMD3(size, -size, 0), SIMD3(size, size, 0), SIMD3(-size, size, 0)] {
            form.add(corner * 0.5, normal: SIMD3(0, 0, 1))
        }
        form.quad(0, 1, 2, 3)
        var node = GLBWriter.Node(name: name, mesh: self.glb.addMesh(name, [(form, material: material)]))
        node.translation = place
        let towards = normalized(SIMD3(0, 0, 1) - place, or: SIMD3(0, 0, 1))
        node.rotation = Leviathan.quaternion(Self.frame(back: towards))
        _ = self.glb.addNode(node)
    }
}
