extension Leviathan {
    /// The head with horns, beard, whiskers and a jaw of its own, and the pearl that it follows.
    mutating func addHead() {
        let skull = self.addSkullMesh()
        let jaw = self.addJawMesh()
        var jawNode = GLBWriter.Node(name: "jaw", mesh: jaw)
        jawNode.translation = SIMD3(0, -0.28, 0.25)
        let jawNumber = self.glb.addNode(jawNode)
        let whiskers = self.glb.addNode(GLBWriter.Node(name: "whiskers", mesh: self.addWhiskerMesh()))
        var head = GLBWriter.Node(name: "head", mesh: skull)
        head.children = [jawNumber, whiskers]
        head.scale = SIMD3(1.12, 1.12, 1.12)
        let node = self.glb.addNode(head)
        self.glide(node, behind: -0.1)
        self.glb.animate(
            jawNumber,
            "rotation",
            times: self.times,
            values: self.keys.map { t in
                let open = 0.42 + 0.12 * DeterministicMath.sine(t * 5 + 0.6)
                let (s, c) = DeterministicMath.sineCosine(open / 2)
                return SIMD4(s, 0, 0, c)
            }
        )
        self.glb.animate(
            whiskers,
            "rotation",
            times: self.times,
            values: self.keys.map { t in
                let (s, c) = DeterministicMath.sineCosine(0.07 * DeterministicMath.sine(t * 7))
                return SIMD4(0.4 * s, 0.9 * s, 0, c)
            }
        )
        self.addPearl()
    }

    /// Rings around the Z axis: (z, half width, top, bottom), flattened at the top by `brow`.
    private static func rings(
        _ sections: [(z: Double, half: Double, top: Double, bottom: Double)],
        sides: Int
    ) -> [[SIMD3<Double>]] {
        sections.map { section in
            (0 ..< sides).map { k in
                let (s, c) = DeterministicMath.sineCosine(2 * .pi * (Double(k) + 0.5) / Double(sides))
                let middle = (section.top + section.bottom) / 2
                let high = (section.top - section.bottom) / 2
                return SIMD3(c * section.half, middle + s * high, section.z)
            }
        }
    }

    private mutating func addSkullMesh() -> Int {
        var bone = Form()
        var dark = Form()
        var gold = Form()
        var eyes = Form()
        var ivory = Form()
        var mouth = Form()
        let upper: [(z: Double, half: Double, top: Double, bottom: Double)] = [
            (-0.5, 0.72, 0.7, -0.7), (0, 0.82, 0.78, -0.55), (0.5, 0.84, 0.82, -0.3), (0.95, 0.7, 0.74, -0.2),
            (1.25, 0.55, 0.5, -0.16), (1.75, 0.46, 0.38, -0.14), (2.25, 0.44, 0.36, -0.16), (2.6, 0.42, 0.46, -0.16),
            (2.86, 0.3, 0.42, -0.1),
        ]
        bone.loft(
            Self.rings(upper, sides: 10),
            start: SIMD3(0, 0, -0.5),
            end: SIMD3(0, 0.18, 2.98)
        )
        for side in [-1.0, 1.0] {
            // Brow, eye, nostril.
            dark.horn(
                [SIMD3(side * 0.3, 0.62, 1.5), SIMD3(side * 0.62, 0.8, 0.95), SIMD3(side * 0.86, 0.98, 0.2)],
                radius: 0.12,
                tip: 0.05,
                sides: 5,
                side: SIMD3(0, 1, 0)
            )
            eyes.octahedron(
                SIMD3(side * 0.62, 0.52, 1.04),
                Affine.identity,
                radii: SIMD3(0.1, 0.11, 0.19)
            )
            dark.ball(SIMD3(side * 0.24, 0.46, 2.66), radius: 0.17, isFine: false)
            // Antlers with a branch.
            let antler = (0 ... 6).map { i -> SIMD3<Double> in
                let t = Double(i) / 6
                return SIMD3(
                    side * (0.4 + 0.75 * t - 0.2 * t * t),
                    0.7 + 1.5 * t + 0.15 * t * t,
                    0.1 - 1.9 * t + 0.4 * t * t
                )
            }
            gold.horn(antler, radius: 0.17, tip: 0.02, sides: 6, side: SIMD3(side, 0, 0))
            gold.horn(
                [antler[2], antler[2] + SIMD3(side * 0.25, 0.5, 0.15), antler[2] + SIMD3(side * 0.3, 0.95, 0.05)],
                radius: 0.1,
                tip: 0.015,
                sides: 5,
                side: SIMD3(side, 0, 0)
            )
            gold.horn(
                [antler[4], antler[4] + SIMD3(side * 0.28, 0.3, -0.1), antler[4] + SIMD3(side * 0.4, 0.62, -0.3)],
                radius: 0.07,
                tip: 0.012,
                sides: 5,
                side: SIMD3(side, 0, 0)
            )
            // Cheek spines.
            for k in 0 ..< 5 {
                let t = Double(k) / 4
                let start = SIMD3(side * 0.72, 0.25 - 0.62 * t, 0.35 - 0.15 * t)
                let end = start + SIMD3(side * (0.72 - 0.15 * t), 0.28 - 0.4 * t, -0.95 + 0.1 * t)
                let bend = (start + end) * 0.5 + SIMD3(side * 0.14, 0.05, 0.05)
                gold.horn([start, bend, end], radius: 0.09, tip: 0.008, sides: 4, side: SIMD3(0, 1, 0))
            }
            // Upper teeth; the two at the front are fangs.
            for k in 0 ..< 8 {
                let z = 1.0 + 0.23 * Double(k)
                let x = side * (0.5 - 0.12 * Self.smooth((z - 1) / 1.6))
                let length = k == 7 ? 0.5 : k == 6 ? 0.3 : 0.2
                ivory.horn(
                    [SIMD3(x, -0.08, z), SIMD3(x * 0.97, -0.12 - length, z + 0.02)],
                    radius: 0.055,
                    tip: 0.006,
                    sides: 4,
                    side: SIMD3(1, 0, 0)
                )
            }
        }
        // The glow of the throat.
        mouth.octahedron(SIMD3(0, -0.34, 0.75), Affine.identity, radii: SIMD3(0.26, 0.08, 0.45))
        // A crest from nose to neck.
        for k in 0 ..< 7 {
            let z = 2.2 - 0.42 * Double(k)
            let top = k < 2 ? 0.36 : k == 2 ? 0.5 : 0.76
            let height = 0.18 + 0.06 * Double(k)
            gold.horn(
                [SIMD3(0, top - 0.05, z), SIMD3(0, top + height, z - 0.25 - 0.06 * Double(k))],
                radius: 0.1,
                tip: 0.008,
                sides: 4,
                side: SIMD3(1, 0, 0)
            )
        }
        self.addHeadScales(&dark)
        return self.glb.addMesh(
            "skull",
            [
                (bone, self.materials.scale), (dark, self.materials.darkScale), (gold, self.materials.gold),
                (eyes, self.materials.eye), (ivory, self.materials.ivory), (mouth, self.materials.mouth),
            ]
        )
    }

    /// Small shards over cheeks and forehead.
    private mutating func addHeadScales(_ form: inout Form) {
        for _ in 0 ..< 90 {
            let angle = self.random.between(-0.15, 1.15) * .pi
            let z = self.random.between(-0.4, 0.9)
            let (s, c) = DeterministicMath.sineCosine(angle)
            let center = SIMD3(c * 0.8, 0.16 + s * 0.58, z)
            let frame = self.random.frame()
            form.octahedron(center, frame, radii: SIMD3(0.06, 0.03, 0.11))
        }
    }

    private mutating func addJawMesh() -> Int {
        var bone = Form()
        var ivory = Form()
        var gold = Form()
        let lower: [(z: Double, half: Double, top: Double, bottom: Double)] = [
            (-0.3, 0.6, 0.1, -0.36), (0.4, 0.58, -0.02, -0.36), (1.1, 0.44, -0.02, -0.3), (1.8, 0.36, 0, -0.26),
            (2.3, 0.3, 0.04, -0.22), (2.52, 0.18, 0.06, -0.14),
        ]
        bone.loft(Self.rings(lower, sides: 8), start: SIMD3(0, -0.1, -0.3), end: SIMD3(0, -0.02, 2.58))
        for side in [-1.0, 1.0] {
            for k in 0 ..< 7 {
                let z = 0.95 + 0.23 * Double(k)
                let x = side * (0.4 - 0.14 * Self.smooth((z - 1) / 1.5))
                let length = k == 6 ? 0.42 : 0.18
                ivory.horn(
                    [SIMD3(x, -0.04, z), SIMD3(x * 0.98, 0.02 + length, z)],
                    radius: 0.05,
                    tip: 0.006,
                    sides: 4,
                    side: SIMD3(1, 0, 0)
                )
            }
            for k in 0 ..< 4 {
                let start = SIMD3(side * (0.34 - 0.05 * Double(k)), -0.26, 0.5 + 0.5 * Double(k))
                gold.horn(
                    [
                        start, start + SIMD3(side * 0.12, -0.34, -0.2),
                        start + SIMD3(side * 0.1, -0.7 + 0.06 * Double(k), -0.62),
                    ],
                    radius: 0.08,
                    tip: 0.006,
                    sides: 4,
                    side: SIMD3(1, 0, 0)
                )
            }
        }
        return self.glb.addMesh(
            "jaw",
            [(bone, self.materials.darkScale), (ivory, self.materials.ivory), (gold, self.materials.gold)]
        )
    }

    /// Two long curved barbels with sparks along them.
    private mutating func addWhiskerMesh() -> Int {
        var gold = Form()
        var glow = Form()
        for side in [-1.0, 1.0] {
            let path = (0 ... 22).map { i -> SIMD3<Double> in
                let t = Double(i) / 22
                let (s, c) = DeterministicMath.sineCosine(t * 5.2)
                return SIMD3(
                    side * (0.36 + 1.5 * t + 0.3 * s),
                    0.2 + 0.75 * t * s + 0.5 * t,
                    2.6 - 3.6 * t * t + 0.9 * t - 0.35 * t * c
                )
            }
            gold.horn(path, radius: 0.07, tip: 0.012, sides: 5, side: SIMD3(0, 1, 0))
            for i in stride(from: 5, through: 22, by: 1) {
                glow.octahedron(
                    path[i] + self.random.direction() * 0.1,
                    self.random.frame(),
                    radii: SIMD3(0.025, 0.025, 0.045)
                )
            }
        }
        return self.glb.addMesh("whiskers", [(gold, self.materials.gold), (glow, self.materials.goldSpark)])
    }

    /// A burning pearl with shards that circle it.
    private mutating func addPearl() {
        var ball = Form()
        ball.ball(.zero, radius: 0.42, isFine: true)
        var shards = Form()
        for _ in 0 ..< 46 {
            let d = self.random.direction()
            let r = self.random.between(0.62, 1.15)
            shards.octahedron(
                SIMD3(d.x * r, d.y * r * 0.5, d.z * r),
                self.random.frame(),
                radii: SIMD3(0.02, 0.02, 0.06)
            )
        }
        let swarm = self.glb.addNode(
            GLBWriter.Node(mesh: self.glb.addMesh("shards", [(shards, self.materials.goldSpark)]))
        )
        var pearl = GLBWriter.Node(name: "pearl", mesh: self.glb.addMesh("pearl", [(ball, self.materials.pearl)]))
        let light = self.glb.addLight(
            "{\"name\":\"pearl\",\"type\":\"point\",\"color\":[1,0.6,0.22],\"intensity\":22}"
        )
        var glow = GLBWriter.Node(name: "pearl light")
        glow.light = light
        glow.translation = SIMD3(0.75, -0.1, -0.1)
        pearl.children = [swarm, self.glb.addNode(glow)]
        let node = self.glb.addNode(pearl)
        self.glb.animate(
            node,
            "translation",
            times: self.times,
            vectors: self.keys.map { t in
                SIMD3(-1.1 - 3.2 * t, 4.9 + 0.4 * t + 0.25 * DeterministicMath.sine(t * 4), 3.9 + 0.5 * t)
            }
        )
        self.glb.animate(
            swarm,
            "rotation",
            times: self.times,
            values: self.keys.map { t in
                let (s, c) = DeterministicMath.sineCosine(t * 1.4)
                return SIMD4(0.2 * s, 0.979_796 * s, 0, c)
            }
        )
    }
}
