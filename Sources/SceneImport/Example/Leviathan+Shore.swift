extension Leviathan {
    private struct Column {
        var center: SIMD3<Double>
        var isNearRiver: Bool
    }

    private static let columnRadius = 0.74

    /// The middle of the lava at a depth, and half its width.
    private static func river(_ z: Double) -> (x: Double, half: Double) {
        let x = 1.4 + 2.1 * DeterministicMath.sine(z * 0.42 + 0.4)
        return (x, 1.3 + 1.9 * self.smooth((9.5 - z) / 5))
    }

    /// The depth at which land begins.
    private static func shoreline(_ x: Double) -> Double {
        5.4 + 0.9 * DeterministicMath.sine(x * 0.6) - 0.034 * x * x
    }

    /// Columns of basalt with glowing cracks, and a stream of lava that runs into the sea.
    mutating func addShore() {
        let variants = (0 ..< 3).map { _ in self.addColumnMesh() }
        let step = Self.columnRadius * 1.732_050_8
        var columns: [Int: Column] = [:]
        let across = 46
        for row in 0 ..< 20 {
            for i in 0 ..< across {
                let x = (Double(i) - Double(across) / 2 + (row % 2 == 0 ? 0 : 0.5)) * step
                let z = 17 - Double(row) * Self.columnRadius * 1.5
                let river = Self.river(z)
                let gap = (x - river.x).magnitude - river.half
                let height = self.random.unit()
                guard z > Self.shoreline(x), gap > 0.35 else { continue }
                let inland = Self.smooth((z - Self.shoreline(x)) / 3)
                let bank = Self.smooth(gap / 3.5)
                let y = 0.2 + (0.15 + 0.6 * height) * inland * (0.3 + 0.7 * bank) + 0.011 * x * x * inland * bank
                columns[row * across + i] = Column(center: SIMD3(x, y, z), isNearRiver: gap < 4.5)
            }
        }
        var cracks = Form()
        for key in columns.keys.sorted() {
            guard let column = columns[key] else { continue }
            var node = GLBWriter.Node(mesh: variants[Int(self.random.next() % 3)])
            node.translation = column.center
            let width = self.random.between(0.88, 0.97)
            node.scale = SIMD3(width, 1, width)
            let turn = Double(Int(self.random.next() % 6)) * .pi / 3
            let (s, c) = DeterministicMath.sineCosine(turn / 2)
            node.rotation = SIMD4(0, s, 0, c)
            _ = self.glb.addNode(node)
            let isOdd = (key / across) % 2 == 1
            for neighbour in [key + 1, key + across + (isOdd ? 0 : -1), key + across + (isOdd ? 1 : 0)] {
                let isHot = self.random.unit() < 0.62
                guard let other = columns[neighbour], isHot, column.isNearRiver, other.isNearRiver else { continue }
                Self.addCrack(&cracks, from: column.center, to: other.center)
            }
        }
        let mesh = self.glb.addMesh("cracks", [(cracks, self.materials.lava)])
        _ = self.glb.addNode(GLBWriter.Node(mesh: mesh))
        self.addRiver()
    }

    /// A glowing strip in the gap between two columns.
    private static func addCrack(_ form: inout Form, from a: SIMD3<Double>, to b: SIMD3<Double>) {
        var middle = (a + b) * 0.5
        middle.y = min(a.y, b.y) - 0.1
        let toward = normalized(SIMD3(b.x - a.x, 0, b.z - a.z), or: SIMD3(1, 0, 0))
        let along = SIMD3(-toward.z, 0, toward.x) * (self.columnRadius * 0.52)
        let wide = toward * 0.1
        let ids = [
            middle - along - wide, middle - along + wide, middle + along + wide, middle + along - wide,
        ].map { form.add($0) }
        form.quad(ids[3], ids[2], ids[1], ids[0])
    }

    /// A column with a broken top; the top is at height 0.
    private mutating func addColumnMesh() -> Int {
        var form = Form()
        let top = (0 ..< 6).map { k -> SIMD3<Double> in
            let (s, c) = DeterministicMath.sineCosine((Double(k) + 0.5) * .pi / 3)
            let r = Self.columnRadius * self.random.between(0.9, 1)
            return SIMD3(c * r, self.random.between(-0.14, 0.04), -s * r)
        }
        let bottom = top.map { SIMD3($0.x * 1.02, -2.2, $0.z * 1.02) }
        form.loft([bottom, top], start: SIMD3(0, -2.2, 0), end: SIMD3(0, self.random.between(-0.05, 0.1), 0))
        return self.glb.addMesh("column", [(form, self.materials.rock)])
    }

    /// The stream: hot in the middle, with darker plates of crust, and a fan where it meets the sea.
    private mutating func addRiver() {
        let rows = 46
        let cells = 9
        var points: [[SIMD3<Double>]] = []
        for j in 0 ... rows {
            let z = 17.5 - 13.6 * Double(j) / Double(rows)
            let river = Self.river(z)
            points.append(
                (0 ... cells).map { i in
                    let side = Double(i) / Double(cells) * 2 - 1
                    let jitter = i == 0 || i == cells ? 0 : self.random.between(-0.12, 0.12)
                    return SIMD3(
                        river.x + (river.half + 0.55) * (side + jitter),
                        0.16 - 0.22 * Self.smooth((6 - z) / 2) + 0.05 * self.random.unit(),
                        z + self.random.between(-0.14, 0.14)
                    )
                }
            )
        }
        var hot = Form()
        var warm = Form()
        var dim = Form()
        var crust = Form()
        for j in 0 ..< rows {
            for i in 0 ..< cells {
                let edge = ((Double(i) + 0.5) / Double(cells) * 2 - 1).magnitude
                let heat = 1 - edge * 0.8 + self.random.between(-0.42, 0.42)
                let corners = [points[j][i], points[j][i + 1], points[j + 1][i + 1], points[j + 1][i]]
                func add(_ form: inout Form) {
                    let ids = corners.map { form.add($0) }
                    form.quad(ids[0], ids[1], ids[2], ids[3])
                }
                if heat > 0.9 { add(&hot) } else if heat > 0.45 { add(&warm) } else { add(&dim) }
                if heat < 0.3 || (heat > 0.5 && heat < 0.58) {
                    let middle = (corners[0] + corners[1] + corners[2] + corners[3]) * 0.25
                    let ids = corners.map { crust.add(middle + ($0 - middle) * 0.8 + SIMD3(0, 0.06, 0)) }
                    let peak = crust.add(middle + SIMD3(0, 0.13, 0))
                    for k in 0 ..< 4 { crust.triangle(ids[k], ids[(k + 1) % 4], peak) }
                }
            }
        }
        let mesh = self.glb.addMesh(
            "lava",
            [
                (hot, self.materials.lavaHot), (warm, self.materials.lava), (dim, self.materials.lavaDark),
                (crust, self.materials.rock),
            ]
        )
        _ = self.glb.addNode(GLBWriter.Node(name: "lava", mesh: mesh))
    }

    /// Volcanoes at the horizon and the moon.
    mutating func addBackground() {
        var hills = Form()
        var streams = Form()
        for (center, radius, height, seed) in [
            (SIMD3(29.0, -0.5, -52.0), 19.0, 14.0, 5), (SIMD3(-42, -0.5, -62), 24, 14.5, 9),
            (SIMD3(8, -0.5, -92), 30, 8.5, 4), (SIMD3(-20, -0.5, -96), 24, 6, 2),
        ] {
            var random = SeededRandom(seed: UInt64(seed))
            var rings: [[SIMD3<Double>]] = []
            for level in 0 ... 7 {
                let t = Double(level) / 7
                rings.append(
                    (0 ..< 26).map { k in
                        let (s, c) = DeterministicMath.sineCosine(2 * .pi * Double(k) / 26)
                        let r = radius * ((1 - t) * (1 - t) * 0.88 + 0.12) * random.between(0.86, 1.14)
                        return center + SIMD3(c * r, height * t + random.between(-1, 1) * 0.2, -s * r)
                    }
                )
            }
            hills.loft(rings, start: center, end: center + SIMD3(0, height * 0.93, 0))
            guard height > 10 else { continue }
            // Lava from the crater, on the side of the viewer.
            for (index, corner) in [19, 20, 18, 22].enumerated() {
                var previous: (Int, Int)?
                for level in (index + 1 ... 7).reversed() {
                    let p = rings[level][corner] + SIMD3(0, 0.1, 0.3)
                    let wide = 0.12 + 0.3 * Double(7 - level) / 7
                    let pair = (streams.add(p - SIMD3(wide, 0, 0)), streams.add(p + SIMD3(wide, 0, 0)))
                    if let above = previous { streams.quad(above.1, above.0, pair.0, pair.1) }
                    previous = pair
                }
            }
        }
        let land = self.glb.addMesh("volcanoes", [(hills, self.materials.hill), (streams, self.materials.lava)])
        _ = self.glb.addNode(GLBWriter.Node(mesh: land))

        var disc = Form()
        let middle = disc.add(.zero)
        for k in 0 ..< 64 {
            let (s, c) = DeterministicMath.sineCosine(2 * .pi * Double(k) / 64)
            disc.add(SIMD3(c, s, 0))
        }
        for k in 0 ..< 64 { disc.triangle(middle, 1 + k, 1 + (k + 1) % 64) }
        var maria = Form()
        for (x, y, size) in [
            (-0.42, 0.38, 0.3), (-0.1, 0.5, 0.2), (0.3, 0.42, 0.24), (0.48, 0.12, 0.19), (-0.55, -0.02, 0.24),
            (-0.3, -0.3, 0.17), (0.22, -0.55, 0.12), (0.05, 0.12, 0.13),
        ] {
            let middle = maria.add(SIMD3(x, y, 0.004))
            for k in 0 ..< 18 {
                let (s, c) = DeterministicMath.sineCosine(2 * .pi * Double(k) / 18)
                let r = size * self.random.between(0.72, 1.1)
                maria.add(SIMD3(x + c * r, y + s * r, 0.004))
            }
            for k in 0 ..< 18 { maria.triangle(middle, middle + 1 + k, middle + 1 + (k + 1) % 18) }
        }
        let face = self.glb.addMesh("moon", [(disc, self.materials.moon), (maria, self.materials.maria)])
        var moon = GLBWriter.Node(name: "moon", mesh: face)
        moon.translation = Self.moonPlace
        moon.scale = SIMD3(11.5, 11.5, 11.5)
        _ = self.glb.addNode(moon)
    }

    /// The middle of the moon.
    static let moonPlace = SIMD3<Double>(-6.5, 17.5, -105)
}
