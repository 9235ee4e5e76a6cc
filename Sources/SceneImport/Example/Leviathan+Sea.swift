extension Leviathan {
    private static let patch = 44.0

    /// Two sheets of waves that slide through each other; the higher one is seen.
    mutating func addSea() {
        let first = self.addWaveMesh("waves", seed: 1)
        let second = self.addWaveMesh("cross waves", seed: 2)
        for (mesh, drift, angle, rise) in [
            (first, SIMD3(1.5, 0, 0.7), 0.0, 0.0), (second, SIMD3(-1.1, 0, 1.2), 0.0, -0.08),
        ] {
            var tiles: [Int] = []
            for row in -2 ... 0 {
                for column in -1 ... 1 {
                    var tile = GLBWriter.Node(mesh: mesh)
                    tile.translation = SIMD3(Double(column) * Self.patch, 0, Double(row) * Self.patch)
                    tiles.append(self.glb.addNode(tile))
                }
            }
            let (s, c) = DeterministicMath.sineCosine(angle / 2)
            var sheet = GLBWriter.Node()
            sheet.rotation = SIMD4(0, s, 0, c)
            sheet.children = tiles
            let node = self.glb.addNode(sheet)
            self.glb.animate(
                node,
                "translation",
                times: self.times,
                vectors: self.keys.map { t in
                    drift * t + SIMD3(0, rise + 0.06 * DeterministicMath.sine(t * 3 + rise * 20), 0)
                }
            )
        }
        var plain = Form()
        let ids = [SIMD3(-900, -0.5, 60), SIMD3(900, -0.5, 60), SIMD3(900, -0.5, -1_200), SIMD3(-900, -0.5, -1_200)]
            .map { plain.add($0) }
        plain.quad(ids[0], ids[1], ids[2], ids[3])
        let far = self.glb.addMesh("far sea", [(plain, self.materials.water)])
        _ = self.glb.addNode(GLBWriter.Node(mesh: far))
    }

    /// A patch of choppy waves that continues itself on all sides (sums of Gerstner's trochoids, 1802).
    private mutating func addWaveMesh(_ name: String, seed: UInt64) -> Int {
        var random = SeededRandom(seed: seed)
        // Whole numbers of waves fit into the patch.
        var waves: [(kx: Double, kz: Double, amplitude: Double, phase: Double)] = []
        for _ in 0 ..< 22 {
            let nx = Double(Int(random.between(-7, 8).rounded()))
            let nz = Double(Int(random.between(1, 12).rounded()))
            let k = (nx * nx + nz * nz).squareRoot()
            waves.append(
                (
                    nx * 2 * .pi / Self.patch, nz * 2 * .pi / Self.patch, 0.62 / (k + 1.2) * random.between(0.5, 1),
                    random.between(0, 2 * .pi)
                )
            )
        }
        let count = 72
        var points: [SIMD3<Double>] = []
        for j in 0 ... count {
            for i in 0 ... count {
                let x = (Double(i % count) / Double(count)) * Self.patch
                let z = (Double(j % count) / Double(count)) * Self.patch
                var p = SIMD3(Double(i) / Double(count) - 0.5, 0, Double(j) / Double(count) - 0.5) * Self.patch
                for wave in waves {
                    let k = (wave.kx * wave.kx + wave.kz * wave.kz).squareRoot()
                    let (s, c) = DeterministicMath.sineCosine(wave.kx * x + wave.kz * z + wave.phase)
                    p.y += wave.amplitude * s
                    p.x += wave.amplitude * c * wave.kx / k * 0.9
                    p.z += wave.amplitude * c * wave.kz / k * 0.9
                }
                points.append(p)
            }
        }
        var form = Form()
        let row = count + 1
        for j in 0 ... count {
            for i in 0 ... count {
                // Neighbours across the edge are those of the other side, moved by a patch.
                func at(_ di: Int, _ dj: Int) -> SIMD3<Double> {
                    var p = points[((j + dj + count) % count) * row + (i + di + count) % count]
                    if i + di >= count { p.x += Self.patch }
                    if i + di < 0 { p.x -= Self.patch }
                    if j + dj >= count { p.z += Self.patch }
                    if j + dj < 0 { p.z -= Self.patch }
                    return p
                }
                let normal = normalized(cross(at(0, 1) - at(0, -1), at(1, 0) - at(-1, 0)), or: SIMD3(0, 1, 0))
                form.add(points[j * row + i], normal: normal)
            }
        }
        for j in 0 ..< count {
            for i in 0 ..< count {
                let a = j * row + i
                form.quad(a, a + row, a + row + 1, a + 1)
            }
        }
        return self.glb.addMesh(name, [(form, self.materials.water)])
    }

    /// Drops that fly where the body breaks the water.
    mutating func addSpray() {
        let meshes = (0 ..< 3).map { self.addDropMesh($0) }
        let sites: [(p: SIMD3<Double>, size: Double)] = [
            (SIMD3(-10.2, 0, -9.3), 1.45), (SIMD3(16, 0, -18.4), 0.7), (SIMD3(8.4, 0, -15.5), 1.1),
        ]
        for (index, site) in sites.enumerated() {
            for k in 0 ..< 6 {
                let node = self.glb.addNode(GLBWriter.Node(mesh: meshes[(k + index) % meshes.count]))
                let phase = Double(k) / 6
                let turn = Double(k) * 1.05 + Double(index)
                let (s, c) = DeterministicMath.sineCosine(turn / 2)
                var places: [SIMD3<Double>] = []
                var scales: [SIMD3<Double>] = []
                for t in self.keys {
                    // Each crown rises and falls in 1.4 shots, always at another phase.
                    let age = (t / 1.4 + phase).truncatingRemainder(dividingBy: 1)
                    places.append(site.p + SIMD3(0, 4.6 * age * (1 - age) * site.size - 0.25, 0))
                    let wide = (0.55 + 0.75 * age) * site.size
                    let visible = min(1, min(age * 8, (1 - age) * 5))
                    scales.append(SIMD3(wide, wide * (0.65 + 0.6 * age), wide) * max(visible, 0.001))
                }
                self.glb.animate(node, "translation", times: self.times, vectors: places)
                self.glb.animate(node, "scale", times: self.times, vectors: scales)
                self.glb.animate(
                    node,
                    "rotation",
                    times: self.times,
                    values: self.keys.map { _ in SIMD4(0, s, 0, c) }
                )
            }
        }
    }

    private mutating func addDropMesh(_ variant: Int) -> Int {
        var drops = Form()
        var sparks = Form()
        for _ in 0 ..< 210 {
            let (s, c) = DeterministicMath.sineCosine(self.random.between(0, 2 * .pi))
            let up = self.random.unit()
            let r = 1.25 + 1.5 * up * self.random.between(0.5, 1.1)
            let center = SIMD3(c * r, -0.3 + 2.1 * up * self.random.unit(), s * r)
            let size = self.random.between(0.018, 0.075) * (1.2 - 0.6 * up)
            if self.random.unit() < 0.12 {
                sparks.octahedron(center, self.random.frame(), radii: SIMD3(repeating: size * 0.6))
            } else {
                drops.octahedron(center, self.random.frame(), radii: SIMD3(size, size * 1.5, size))
            }
        }
        return self.glb.addMesh("spray \(variant)", [(drops, self.materials.droplet), (sparks, self.materials.spark)])
    }
}
