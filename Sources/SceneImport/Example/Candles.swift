/// The shot of ``ExampleLook/candles``.
///
/// Metres, +Y up. Three candles of a giant burn on a varnished table at night: the flames light the wax from within its
/// cups, and particles in it carry the light down (`TESSERA_subsurface`); moonlight comes from behind.
struct Candles {
    private let sides: Int
    var glb = GLBWriter()
    private var random = SeededRandom(seed: 0x0C_A4D1_E500)

    init(_ detail: LookDetail) {
        self.sides = detail.edge(96)
        self.glb.extensions = [
            "KHR_materials_clearcoat", "KHR_materials_emissive_strength", "KHR_materials_ior", "TESSERA_subsurface",
        ]
        let ivory = self.wax("ivory", color: "0.985,0.92,0.76", distance: "0.17,0.12,0.08")
        let red = self.wax("red", color: "0.95,0.34,0.2", distance: "0.2,0.09,0.06")
        let flame = self.glb.addMaterial(
            "{\"name\":\"flame\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[0,0,0,1],\"metallicFactor\":0},"
                + "\"emissiveFactor\":[1,0.5,0.16],"
                + "\"extensions\":{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":60}}}"
        )
        let wick = self.glb.addMaterial(
            "{\"name\":\"wick\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.01,0.008,0.006,1],\"metallicFactor\":0}}"
        )
        for (place, height, radius, material) in [
            (SIMD3(-0.1, 0.0, -0.25), 1.55, 0.36, ivory), (SIMD3(0.82, 0.0, 0.1), 0.95, 0.4, red),
            (SIMD3(-0.85, 0.0, 0.35), 0.62, 0.42, ivory),
        ] {
            self.addCandle(place, height: height, radius: radius, wax: material, flame: flame, wick: wick)
        }
        self.addSurroundings()
        var camera = GLBWriter.Node(name: "camera")
        camera.camera = self.glb.addCamera(verticalFieldOfView: 0.48)
        let eye = SIMD3(0.25, 1.75, 4.7)
        camera.translation = eye
        camera.rotation = Self.rotation(back: eye - SIMD3(0.02, 0.78, 0))
        _ = self.glb.addNode(camera)
    }

    private mutating func wax(_ name: String, color: String, distance: String) -> Int {
        self.glb.addMaterial(
            "{\"name\":\"\(name)\",\"pbrMetallicRoughness\":{\"metallicFactor\":0,\"roughnessFactor\":0.35},"
                + "\"extensions\":{\"KHR_materials_ior\":{\"ior\":1.44},"
                + "\"TESSERA_subsurface\":{\"color\":[\(color)],\"distance\":[\(distance)]}}}"
        )
    }

    private static func rotation(back: SIMD3<Double>) -> SIMD4<Double> {
        let z = normalized(back, or: SIMD3(0, 0, 1))
        let x = normalized(cross(SIMD3(0, 1, 0), z), or: SIMD3(1, 0, 0))
        return Leviathan.quaternion(Affine(x: x, y: cross(z, x), z: z, translation: .zero))
    }

    // MARK: Candles

    /// Wax that has run down the wall.
    private struct Drip {
        var turn: Double
        var width: Double
        var end: Double
        var depth: Double

        /// How far it stands out at an angle and a height.
        func relief(_ angle: Double, _ y: Double) -> Double {
            let (sine, cosine) = DeterministicMath.sineCosine(angle - self.turn)
            guard cosine > 0 else { return 0 }
            let across = sine / self.width
            // It ends in a drop, which is thicker.
            let rise = min(max((y - self.end) / 0.07, -1), 1)
            let drop = rise < 1 ? 1.5 * (1 - rise * rise) : 0
            let run = rise > 0 ? min(1, rise * 2) : 0
            let fall = 1 / (1 + across * across)
            return self.depth * fall * fall * (run + drop)
        }
    }

    private mutating func addCandle(
        _ place: SIMD3<Double>,
        height h: Double,
        radius: Double,
        wax: Int,
        flame: Int,
        wick: Int
    ) {
        let drips = (0 ..< 9).map { _ in
            Drip(
                turn: self.random.between(0, 2 * Double.pi),
                width: self.random.between(0.09, 0.16),
                end: h * self.random.between(0.25, 0.9),
                depth: self.random.between(0.018, 0.034)
            )
        }
        var profile: [SIMD2<Double>] = [SIMD2(0, 0), SIMD2(0.97, 0), SIMD2(1, 0.015)]
        for i in 1 ... 48 { profile.append(SIMD2(1, 0.015 + (h - 0.045) * Double(i) / 48)) }
        profile += [
            SIMD2(0.985, h - 0.012), SIMD2(0.95, h), SIMD2(0.9, h - 0.004), SIMD2(0.84, h - 0.03),
            SIMD2(0.76, h - 0.07),
            SIMD2(0.62, h - 0.105), SIMD2(0.4, h - 0.125), SIMD2(0.2, h - 0.13), SIMD2(0, h - 0.13),
        ]
        let lean = self.random.between(0, 2 * Double.pi)
        let body = self.turned(profile) { point, angle in
            let isWall = point.x > 0.94
            let relief = isWall ? drips.reduce(0) { max($0, $1.relief(angle, point.y)) } : 0
            // The rim sags to one side.
            let sag = 0.03 * DeterministicMath.sineCosine(angle - lean).cosine * max(0, (point.y - 0.8 * h) / (0.2 * h))
            return SIMD2(point.x * radius + relief, point.y + sag * point.x)
        }
        let top = place + SIMD3(0, h - 0.13, 0)
        let cord = self.turned([SIMD2(0, -0.02), SIMD2(0.014, -0.02), SIMD2(0.012, 0.1), SIMD2(0, 0.105)])
        var drop: [SIMD2<Double>] = []
        for i in 0 ... 24 {
            let t = Double(i) / 24
            // Round below, drawn out above.
            drop.append(SIMD2(0.075 * 2.1 * (t * (1 - t) * (1 - t)).squareRoot() * (1 - 0.25 * t), 0.07 + 0.34 * t))
        }
        for (name, form, material, at) in [
            ("candle", body, wax, place), ("wick", cord, wick, top), ("flame", self.turned(drop), flame, top),
        ] {
            var node = GLBWriter.Node(name: name, mesh: self.glb.addMesh(name, [(form, material: material)]))
            node.translation = at
            _ = self.glb.addNode(node)
        }
    }

    /// A profile of radii and heights turned about +Y, with smooth normals.
    private func turned(
        _ profile: [SIMD2<Double>],
        _ shape: (SIMD2<Double>, Double) -> SIMD2<Double> = { point, _ in point }
    ) -> Form {
        var points: [SIMD3<Double>] = []
        for point in profile {
            for side in 0 ..< self.sides {
                let angle = 2 * Double.pi * Double(side) / Double(self.sides)
                let (sine, cosine) = DeterministicMath.sineCosine(angle)
                let p = shape(point, angle)
                points.append(SIMD3(p.x * cosine, p.y, -p.x * sine))
            }
        }
        var faces: [(Int, Int, Int)] = []
        for row in 0 ..< profile.count - 1 {
            for side in 0 ..< self.sides {
                let next = (side + 1) % self.sides
                let (a, b) = (row * self.sides + side, row * self.sides + next)
                let (c, d) = (a + self.sides, b + self.sides)
                if row > 0 { faces.append((a, b, d)) }
                if row < profile.count - 2 || profile[row + 1].x > 0 { faces.append((a, d, c)) }
            }
        }
        var normals = [SIMD3<Double>](repeating: .zero, count: points.count)
        for face in faces {
            let n = cross(points[face.1] - points[face.0], points[face.2] - points[face.0])
            normals[face.0] += n
            normals[face.1] += n
            normals[face.2] += n
        }
        // All points of a pole are one.
        for row in [0, profile.count - 1] {
            let range = row * self.sides ..< (row + 1) * self.sides
            let sum = range.reduce(SIMD3<Double>.zero) { $0 + normals[$1] }
            for i in range { normals[i] = sum }
        }
        var form = Form()
        for (point, normal) in zip(points, normals) {
            form.add(point, normal: normalized(normal, or: SIMD3(0, 1, 0)))
        }
        for face in faces { form.triangle(face.0, face.1, face.2) }
        return form
    }

    // MARK: The rest

    private mutating func addSurroundings() {
        let table = self.glb.addMaterial(
            "{\"name\":\"table\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[0.22,0.1,0.05,1],"
                + "\"metallicFactor\":0,\"roughnessFactor\":0.6},\"extensions\":{\"KHR_materials_clearcoat\":"
                + "{\"clearcoatFactor\":1,\"clearcoatRoughnessFactor\":0.12}}}"
        )
        var node = GLBWriter.Node(name: "table", mesh: self.glb.addMesh("table", [(Self.square, material: table)]))
        node.scale = SIMD3(14, 14, 14)
        // The square faces +Z.
        node.rotation = Self.rotation(back: SIMD3(0, 1, 1e-6))
        node.translation = SIMD3(0, 0, -3)
        _ = self.glb.addNode(node)
        let moon = self.glb.addMaterial(
            "{\"name\":\"moon\",\"pbrMetallicRoughness\":{\"baseColorFactor\":[0,0,0,1],\"metallicFactor\":0},"
                + "\"emissiveFactor\":[0.35,0.55,1],"
                + "\"extensions\":{\"KHR_materials_emissive_strength\":{\"emissiveStrength\":4}}}"
        )
        var lamp = GLBWriter.Node(name: "moon", mesh: self.glb.addMesh("moon", [(Self.square, material: moon)]))
        let place = SIMD3(-5.5, 3.2, -1.5)
        lamp.translation = place
        lamp.scale = SIMD3(2.5, 2.5, 2.5)
        lamp.rotation = Self.rotation(back: SIMD3(0, 0.5, 0) - place)
        _ = self.glb.addNode(lamp)
    }

    private static var square: Form {
        var form = Form()
        for corner in [SIMD3(-0.5, -0.5, 0), SIMD3(0.5, -0.5, 0), SIMD3(0.5, 0.5, 0), SIMD3(-0.5, 0.5, 0)] {
            form.add(corner, normal: SIMD3(0, 0, 1))
        }
        form.quad(0, 1, 2, 3)
        return form
    }
}
