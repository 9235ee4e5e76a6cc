extension Leviathan {
    /// Embers that rise over the lava and drift across the picture.
    mutating func addEmbers() {
        let meshes = (0 ..< 3).map { variant -> Int in
            var embers = Form()
            for _ in 0 ..< 44 {
                let u = self.random.unit()
                embers.tetrahedron(
                    SIMD3(self.random.between(-7, 7), self.random.between(-3.5, 3.5), self.random.between(-4, 4)),
                    self.random.frame(),
                    radius: 0.012 + 0.034 * u * u
                )
            }
            return self.glb.addMesh("embers \(variant)", [(embers, self.materials.ember)])
        }
        let homes = [
            SIMD3(-9.0, 2.5, 4), SIMD3(-2, 3.5, 6), SIMD3(5, 2.5, 7), SIMD3(11, 4, 3), SIMD3(3, 6.5, 2),
            SIMD3(-7, 8, 0), SIMD3(8, 9, -2), SIMD3(0, 12, -4), SIMD3(-13, 5, -4), SIMD3(14, 11, -8),
            SIMD3(4, 1.5, 10),
        ]
        for (index, home) in homes.enumerated() {
            let node = self.glb.addNode(GLBWriter.Node(mesh: meshes[index % 3]))
            let speed = self.random.between(1.4, 2.6)
            let drift = self.random.between(-0.9, 0.4)
            self.glb.animate(
                node,
                "translation",
                times: self.times,
                vectors: self.keys.map { t in
                    home + SIMD3(drift * t + 0.2 * DeterministicMath.sine(t * 5 + Double(index)), speed * (t - 0.5), 0)
                }
            )
            self.glb.animate(
                node,
                "rotation",
                times: self.times,
                values: self.keys.map { t in
                    let (s, c) = DeterministicMath.sineCosine(Double(index) + 0.12 * t)
                    return SIMD4(0, s, 0, c)
                }
            )
        }
    }

    /// The rim light of the moon, a faint sky, and the camera.
    mutating func addLightsAndCamera() {
        let rim = self.glb.addLight(
            "{\"name\":\"moonlight\",\"type\":\"directional\",\"color\":[1,0.84,0.62],\"intensity\":6}"
        )
        var moonlight = GLBWriter.Node(name: "moonlight")
        moonlight.light = rim
        moonlight.rotation = Self.quaternion(Self.lookAt(from: Self.moonPlace, to: SIMD3(0, 6, -6)))
        _ = self.glb.addNode(moonlight)
        let fill = self.glb.addLight(
            "{\"name\":\"fill\",\"type\":\"directional\",\"color\":[0.42,0.8,1],\"intensity\":1.5}"
        )
        var fillLight = GLBWriter.Node(name: "fill")
        fillLight.light = fill
        fillLight.rotation = Self.quaternion(Self.lookAt(from: SIMD3(-30, 30, 40), to: SIMD3(0, 5, -4)))
        _ = self.glb.addNode(fillLight)

        let lava = self.glb.addLight(
            "{\"name\":\"lava glow\",\"type\":\"point\",\"color\":[1,0.3,0.05],\"intensity\":55}"
        )
        for place in [SIMD3(1.6, 1.4, 7.5), SIMD3(0.4, 2, 4)] {
            var glow = GLBWriter.Node(name: "lava glow")
            glow.light = lava
            glow.translation = place
            _ = self.glb.addNode(glow)
        }

        var camera = GLBWriter.Node(name: "camera")
        camera.camera = self.glb.addCamera(verticalFieldOfView: 0.67)
        let node = self.glb.addNode(camera)
        var places: [SIMD3<Double>] = []
        var rotations: [SIMD4<Double>] = []
        for t in self.keys {
            let u = 0.5 * t + 0.5 * Self.smooth(t)
            let eye = SIMD3(-2.4 + 2.6 * u, 3.9 + 0.9 * u, 24.4 - 2.4 * u)
            let target = SIMD3(-1.3 + 0.3 * u, 5.2 + 0.1 * u, -4)
            var frame = Self.lookAt(from: eye, to: target)
            frame.translation = eye
            places.append(eye)
            rotations.append(Self.quaternion(frame))
        }
        self.glb.animate(node, "translation", times: self.times, vectors: places)
        self.glb.animate(node, "rotation", times: self.times, values: rotations)

        let view = self.glb.addView(Self.sky())
        self.glb.extras = "{\"tessera\":{\"environment\":{\"bufferView\":\(view)}}}"
    }

    /// A frame whose -Z looks at a point.
    static func lookAt(from eye: SIMD3<Double>, to target: SIMD3<Double>) -> Affine {
        let back = normalized(eye - target, or: SIMD3(0, 0, 1))
        let right = normalized(cross(SIMD3(0, 1, 0), back), or: SIMD3(1, 0, 0))
        return Affine(x: right, y: cross(back, right), z: back, translation: .zero)
    }
}
