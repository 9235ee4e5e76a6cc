extension Leviathan {
    private static let segmentCount = 122
    private static let spacing = 0.58

    /// The body: segments of plates, fins and sparks that glide along the spine.
    mutating func addBody() {
        let variants = (0 ..< 3).map { self.addSegmentMesh($0) }
        for i in 0 ..< Self.segmentCount {
            let behind = Double(i) * Self.spacing
            let radius = Self.radius(behind)
            let node = self.glb.addNode(self.segment(mesh: variants[i % variants.count], radius: radius))
            self.glide(node, behind: behind)
        }
        self.addMane()
    }

    /// Half the thickness of the body so many metres behind the head.
    static func radius(_ behind: Double) -> Double {
        let neck = 0.74 + 0.5 * self.smooth(behind / 13)
        let tail = 1 - 0.84 * self.smooth((behind - 40) / 31)
        return neck * tail
    }

    private func segment(mesh: Int, radius: Double) -> GLBWriter.Node {
        var node = GLBWriter.Node(mesh: mesh)
        node.scale = SIMD3(radius, radius, 0.45 + 0.55 * radius)
        return node
    }

    /// Moves a node along the spine, so many metres behind the head's beginning.
    mutating func glide(_ node: Int, behind: Double) {
        var places: [SIMD3<Double>] = []
        var rotations: [SIMD4<Double>] = []
        for t in self.keys {
            let length = Spine.headStart + Spine.glide * t - behind
            let frame = self.spine.frame(at: length, time: t)
            places.append(frame.translation)
            rotations.append(Self.quaternion(frame))
        }
        self.glb.animate(node, "translation", times: self.times, vectors: places)
        self.glb.animate(node, "rotation", times: self.times, values: rotations)
    }

    /// One segment of radius 1 around the Z axis.
    private mutating func addSegmentMesh(_ variant: Int) -> Int {
        var scales = Form()
        var darkScales = Form()
        var belly = Form()
        var fins = Form()
        var core = Form()
        var sparks = Form()
        var goldSparks = Form()
        let rows = 2
        let rowLength = Self.spacing / Double(rows)
        for row in 0 ..< rows {
            let z = (Double(row) - 0.5) * rowLength
            // The belly is one broad plate a row.
            self.addBellyPlate(&belly, z: z, length: rowLength * 1.5)
            let count = 17
            for k in 0 ..< count {
                let fraction = (Double(k) + (row % 2 == 0 ? 0.25 : 0.75)) / Double(count)
                let angle = (fraction * 1.52 - 0.26) * .pi
                // Darker towards the back.
                let isDark = self.random.unit() < 0.1 + 0.8 * Self.smooth((DeterministicMath.sine(angle) - 0.35) / 0.6)
                let lift = self.random.between(0.24, 0.38)
                let size = self.random.between(0.94, 1.08)
                if isDark {
                    Self.addScale(&darkScales, angle: angle, z: z, lift: lift, size: size)
                } else {
                    Self.addScale(&scales, angle: angle, z: z, lift: lift, size: size)
                }
            }
        }
        self.addFin(&fins, height: 0.75 + 0.2 * Double(variant % 2), z: -0.05)
        self.addCore(&core)
        for _ in 0 ..< 18 {
            self.addSpark(&sparks, near: 0.98, far: 1.16, low: 0.018, high: 0.034)
        }
        for _ in 0 ..< 8 {
            self.addSpark(&sparks, near: 1.15, far: 1.8, low: 0.012, high: 0.03)
        }
        for _ in 0 ..< 5 {
            self.addSpark(&goldSparks, near: 1.1, far: 1.6, low: 0.012, high: 0.028)
        }
        return self.glb.addMesh(
            "segment \(variant)",
            [
                (scales, self.materials.scale), (darkScales, self.materials.darkScale), (belly, self.materials.belly),
                (fins, self.materials.fin), (core, self.materials.core), (sparks, self.materials.spark),
                (goldSparks, self.materials.goldSpark),
            ]
        )
    }

    /// A shard with a ridge that points towards the tail and stands off the body.
    private static func addScale(_ form: inout Form, angle: Double, z: Double, lift: Double, size: Double) {
        let (s, c) = DeterministicMath.sineCosine(angle)
        let out = SIMD3(c, s, 0)
        let around = SIMD3(-s, c, 0)
        let length = 0.5 * size
        let width = 0.178 * size
        let root = out * 0.97 + SIMD3(0, 0, z + length * 0.35)
        let tip = out * (1 + lift * 0.42) + SIMD3(0, 0, z - length * 0.75)
        let middle = out * (1.05 + lift * 0.2) + SIMD3(0, 0, z - length * 0.1)
        let left = out * (0.985 + lift * 0.1) - around * width + SIMD3(0, 0, z - length * 0.15)
        let right = out * (0.985 + lift * 0.1) + around * width + SIMD3(0, 0, z - length * 0.15)
        let r = form.add(root)
        let t = form.add(tip)
        let m = form.add(middle)
        let a = form.add(left)
        let b = form.add(right)
        form.triangle(r, m, a)
        form.triangle(r, b, m)
        form.triangle(m, t, a)
        form.triangle(m, b, t)
        form.triangle(a, t, b)
    }

    private mutating func addBellyPlate(_ form: inout Form, z: Double, length: Double) {
        let steps = 6
        var near: [Int] = []
        var far: [Int] = []
        for k in 0 ... steps {
            let angle = (-0.5 + (Double(k) / Double(steps) - 0.5) * 0.52) * .pi
            let (s, c) = DeterministicMath.sineCosine(angle)
            near.append(form.add(SIMD3(c * 0.98, s * 0.98, z + length * 0.4)))
            far.append(form.add(SIMD3(c * 1.07, s * 1.07, z - length * 0.6)))
        }
        for k in 0 ..< steps { form.quad(near[k], far[k], far[k + 1], near[k + 1]) }
    }

    /// A blade on the back that leans towards the tail.
    private mutating func addFin(_ form: inout Form, height: Double, z: Double) {
        for (side, scale) in [(-1.0, 1.0), (1.0, 1.0)] {
            let base = SIMD3(side * 0.07, 0.95, z + 0.3)
            let back = SIMD3(side * 0.07, 0.95, z - 0.25)
            let tip = SIMD3(0, 1 + height * scale, z - 0.5)
            let front = SIMD3(0, 1 + height * 0.45, z + 0.12)
            let ids = [base, back, tip, front].map { form.add($0) }
            if side > 0 {
                form.quad(ids[0], ids[1], ids[2], ids[3])
            } else {
                form.quad(ids[3], ids[2], ids[1], ids[0])
            }
        }
    }

    private func addCore(_ form: inout Form) {
        let rings = [-0.36, 0.36].map { z in
            (0 ..< 14).map { k in
                let (s, c) = DeterministicMath.sineCosine(2 * .pi * Double(k) / 14)
                return SIMD3(c * 0.955, s * 0.955, z)
            }
        }
        form.loft(rings, start: SIMD3(0, 0, -0.36), end: SIMD3(0, 0, 0.36))
    }

    private mutating func addSpark(_ form: inout Form, near: Double, far: Double, low: Double, high: Double) {
        let (s, c) = DeterministicMath.sineCosine(self.random.between(-0.28, 1.28) * .pi)
        let r = near + (far - near) * self.random.unit() * self.random.unit()
        let center = SIMD3(c * r, s * r, self.random.between(-0.3, 0.3))
        let size = self.random.between(low, high)
        form.octahedron(center, self.random.frame(), radii: SIMD3(size, size, size * 1.8))
    }

    /// Shards of gold behind the head, and sparks that fly off them.
    private mutating func addMane() {
        for ring in 0 ..< 7 {
            var shards = Form()
            var glow = Form()
            let count = 16
            for k in 0 ..< count {
                let angle = (Double(k) / Double(count) * 1.5 - 0.25 + self.random.between(-0.04, 0.04)) * .pi
                let (s, c) = DeterministicMath.sineCosine(angle)
                let out = SIMD3(c, s, 0)
                let around = SIMD3(-s, c, 0)
                let length = self.random.between(0.9, 1.7) * (1 - 0.06 * Double(ring))
                let bend = self.random.between(-0.25, 0.25)
                let path = (0 ... 4).map { i -> SIMD3<Double> in
                    let t = Double(i) / 4
                    return out * (0.8 + 0.85 * t * length * (1 - 0.35 * t)) + around * (bend * t * t)
                        + SIMD3(0, 0, -length * t * (0.55 + 0.6 * t))
                }
                shards.horn(path, radius: 0.085, tip: 0.006, sides: 4, side: around)
                if k % 2 == ring % 2 {
                    glow.octahedron(
                        path[4] + SIMD3(0, 0, -0.08),
                        self.random.frame(),
                        radii: SIMD3(0.03, 0.03, 0.06)
                    )
                }
            }
            let mesh = self.glb.addMesh(
                "mane \(ring)",
                [(shards, self.materials.gold), (glow, self.materials.goldSpark)]
            )
            let behind = 0.2 + 0.42 * Double(ring)
            let node = self.glb.addNode(GLBWriter.Node(mesh: mesh))
            self.glide(node, behind: behind)
        }
    }
}
