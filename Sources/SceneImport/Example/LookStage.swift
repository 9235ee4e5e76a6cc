/// What looks are put together with: a file, an eye, a sky, fields of heights, volumes and particles.
struct LookStage {
    var glb = GLBWriter()
    let detail: LookDetail

    init(_ detail: LookDetail, extensions: [String]) {
        self.detail = detail
        self.glb.extensions = extensions
    }

    /// Looks from one place to another; the angle is in radians.
    mutating func look(from eye: SIMD3<Double>, to target: SIMD3<Double>, angle: Double) {
        var node = GLBWriter.Node(name: "camera")
        node.camera = self.glb.addCamera(verticalFieldOfView: angle)
        node.translation = eye
        node.rotation = Leviathan.quaternion(Leviathan.lookAt(from: eye, to: target))
        _ = self.glb.addNode(node)
    }

    /// A sun whose light comes from a direction.
    mutating func sun(from direction: SIMD3<Double>, color: String, intensity: Double) {
        let light = self.glb.addLight(
            "{\"type\":\"directional\",\"color\":[\(color)],\"intensity\":\(GLBWriter.number(intensity))}"
        )
        var node = GLBWriter.Node(name: "sun")
        node.light = light
        node.rotation = Leviathan.quaternion(Leviathan.lookAt(from: direction, to: .zero))
        _ = self.glb.addNode(node)
    }

    /// The radiance from each direction, as a picture of 512 x 256 texels in full.
    mutating func sky(_ radiance: (SIMD3<Double>) -> SIMD3<Double>) {
        let (width, height) = (self.detail.edge(512), self.detail.edge(256))
        var bytes = Array("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y \(height) +X \(width)\n".utf8)
        for row in 0 ..< height {
            let (s, c) = DeterministicMath.sineCosine((Double(row) + 0.5) / Double(height) * Double.pi)
            var pixels: [[UInt8]] = []
            for column in 0 ..< width {
                // The middle column is seen along -Z.
                let turn = DeterministicMath.sineCosine(((Double(column) + 0.5) / Double(width) - 0.5) * 2 * Double.pi)
                pixels.append(Leviathan.rgbe(radiance(SIMD3(s * turn.sine, c, -s * turn.cosine))))
            }
            bytes.append(contentsOf: [2, 2, UInt8(width >> 8), UInt8(width & 255)])
            for channel in 0 ..< 4 { Leviathan.appendRuns(pixels.map { $0[channel] }, to: &bytes) }
        }
        let view = self.glb.addView(bytes)
        self.glb.extras = "{\"tessera\":{\"environment\":{\"bufferView\":\(view)}}}"
    }

    /// A material by members beside its name.
    mutating func material(_ name: String, _ members: String) -> Int {
        self.glb.addMaterial("{\"name\":\"\(name)\",\(members)}")
    }

    /// A mesh where it was modelled.
    mutating func show(_ name: String, _ forms: [(Form, material: Int)]) {
        _ = self.glb.addNode(GLBWriter.Node(name: name, mesh: self.glb.addMesh(name, forms)))
    }

    /// A field of heights, each cell of which belongs to one of several forms.
    ///
    /// - Parameters:
    ///   - place: The place of a point from two numbers of 0...1.
    ///   - kind: The form of a cell from the two numbers of its middle, below `kinds`.
    func field(
        columns: Int,
        rows: Int,
        kinds: Int,
        place: (Double, Double) -> SIMD3<Double>,
        kind: (Double, Double) -> Int
    ) -> [Form] {
        let (columns, rows) = (self.detail.edge(columns), self.detail.edge(rows))
        var points: [SIMD3<Double>] = []
        for j in 0 ... rows {
            for i in 0 ... columns { points.append(place(Double(i) / Double(columns), Double(j) / Double(rows))) }
        }
        let row = columns + 1
        func normal(_ i: Int, _ j: Int) -> SIMD3<Double> {
            let east = points[j * row + min(i + 1, columns)] - points[j * row + max(i - 1, 0)]
            let north = points[min(j + 1, rows) * row + i] - points[max(j - 1, 0) * row + i]
            let n = normalized(cross(east, north), or: SIMD3(0, 1, 0))
            return n.y < 0 ? -n : n
        }
        var forms = [Form](repeating: Form(), count: kinds)
        var numbers = [[Int: Int]](repeating: [:], count: kinds)
        for j in 0 ..< rows {
            for i in 0 ..< columns {
                let k = min(
                    max(kind((Double(i) + 0.5) / Double(columns), (Double(j) + 0.5) / Double(rows)), 0),
                    kinds - 1
                )
                var corners: [Int] = []
                for (di, dj) in [(0, 0), (1, 0), (1, 1), (0, 1)] {
                    let at = (j + dj) * row + i + di
                    if let known = numbers[k][at] {
                        corners.append(known)
                        continue
                    }
                    numbers[k][at] = forms[k].count
                    corners.append(forms[k].count)
                    forms[k].add(points[at], normal: normal(i + di, j + dj))
                }
                let across = cross(
                    points[j * row + i + 1] - points[j * row + i],
                    points[(j + 1) * row + i] - points[j * row + i]
                )
                if across.y >= 0 {
                    forms[k].quad(corners[0], corners[1], corners[2], corners[3])
                } else {
                    forms[k].quad(corners[3], corners[2], corners[1], corners[0])
                }
            }
        }
        return forms
    }

    /// A grid of densities, and of temperatures where `glow` says something, in 16 bits; `more` is further JSON.
    mutating func volume(
        _ name: String,
        low: SIMD3<Double>,
        high: SIMD3<Double>,
        size: SIMD3<Int>,
        most: Double,
        more: String,
        density: (SIMD3<Double>) -> Double,
        temperature: ((SIMD3<Double>) -> Double)? = nil
    ) {
        let size = SIMD3(self.detail.edge(size.x), self.detail.edge(size.y), self.detail.edge(size.z))
        func view(_ f: (SIMD3<Double>) -> Double, _ scale: Double) -> Int {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(2 * size.x * size.y * size.z)
            let cells = SIMD3<Double>(Double(size.x - 1), Double(size.y - 1), Double(size.z - 1))
            for z in 0 ..< size.z {
                for y in 0 ..< size.y {
                    for x in 0 ..< size.x {
                        let p = low + (high - low) * SIMD3(Double(x), Double(y), Double(z)) / cells
                        let code = UInt16(min(max(f(p) / scale, 0), 1) * 65_535)
                        bytes.append(UInt8(truncatingIfNeeded: code))
                        bytes.append(UInt8(truncatingIfNeeded: code >> 8))
                    }
                }
            }
            return self.glb.addView(bytes)
        }
        func list(_ v: SIMD3<Double>) -> String {
            "[\(GLBWriter.number(v.x)),\(GLBWriter.number(v.y)),\(GLBWriter.number(v.z))]"
        }
        let densities = view(density, most)
        let temperatures = temperature.map { ",\"temperatures\":\(view($0, 1))" } ?? ""
        let volume = self.glb.addVolume(
            "{\"name\":\"\(name)\",\"box\":{\"low\":\(list(low)),\"high\":\(list(high)),"
                + "\"size\":[\(size.x),\(size.y),\(size.z)],\"densities\":\(densities)\(temperatures),"
                + "\"componentType\":5123},\"density\":\(GLBWriter.number(most)),\(more)}"
        )
        var node = GLBWriter.Node(name: name)
        node.volume = volume
        _ = self.glb.addNode(node)
    }

    /// Particles with radii, and with colours of 8 bits where there are any.
    mutating func particles(_ name: String, _ cloud: LookParticles, material: Int) {
        if !self.glb.extensions.contains("TESSERA_particles") { self.glb.extensions.append("TESSERA_particles") }
        let centers = self.glb.addFloats(cloud.centers, width: 3, hasBounds: true)
        let radii = self.glb.addFloats(cloud.radii.map { Float(self.detail.radius(Double($0))) }, width: 1)
        let colors = cloud.colors.isEmpty ? "" : ",\"COLOR_0\":\(self.glb.addFloats(cloud.colors, width: 3))"
        let mesh = self.glb.addMesh(
            name,
            primitives: [
                "{\"mode\":0,\"attributes\":{\"POSITION\":\(centers),\"_RADIUS\":\(radii)\(colors)},\"material\":\(material),"
                    + "\"extensions\":{\"TESSERA_particles\":{}}}"
            ]
        )
        _ = self.glb.addNode(GLBWriter.Node(name: name, mesh: mesh))
    }
}

/// Particles under construction.
struct LookParticles {
    var centers: [Float] = []
    var radii: [Float] = []
    /// Linear red, green and blue of each, or nothing.
    var colors: [Float] = []

    mutating func add(_ p: SIMD3<Double>, radius: Double) {
        self.centers.append(Float(p.x))
        self.centers.append(Float(p.y))
        self.centers.append(Float(p.z))
        self.radii.append(Float(radius))
    }

    mutating func add(_ p: SIMD3<Double>, radius: Double, color: SIMD3<Double>) {
        self.add(p, radius: radius)
        self.colors.append(Float(color.x))
        self.colors.append(Float(color.y))
        self.colors.append(Float(color.z))
    }
}

/// Smooth noise that is equal on every machine.
enum LookNoise {
    /// Between zero and one.
    static func value(_ p: SIMD3<Double>) -> Double {
        let floor = SIMD3(p.x.rounded(.down), p.y.rounded(.down), p.z.rounded(.down))
        let f = p - floor
        let u = f * f * (SIMD3(repeating: 3.0) - 2 * f)
        let (x, y, z) = (Int(floor.x), Int(floor.y), Int(floor.z))
        func corner(_ i: Int, _ j: Int, _ k: Int) -> Double {
            var h = UInt64(bitPattern: Int64(x + i)) &* 0x9E37_79B9_7F4A_7C15
            h ^= UInt64(bitPattern: Int64(y + j)) &* 0xC2B2_AE3D_27D4_EB4F
            h ^= UInt64(bitPattern: Int64(z + k)) &* 0x1656_67B1_9E37_79F9
            h = (h ^ (h >> 31)) &* 0xBF58_476D_1CE4_E5B9
            h = (h ^ (h >> 29)) &* 0x94D0_49BB_1331_11EB
            return Double((h ^ (h >> 32)) >> 11) * 0x1p-53
        }
        func mix(_ a: Double, _ b: Double, _ t: Double) -> Double { a + (b - a) * t }
        let low = mix(
            mix(corner(0, 0, 0), corner(1, 0, 0), u.x),
            mix(corner(0, 1, 0), corner(1, 1, 0), u.x),
            u.y
        )
        let high = mix(
            mix(corner(0, 0, 1), corner(1, 0, 1), u.x),
            mix(corner(0, 1, 1), corner(1, 1, 1), u.x),
            u.y
        )
        return mix(low, high, u.z)
    }

    /// Octaves of it, about zero to one.
    static func clouds(_ p: SIMD3<Double>, octaves: Int) -> Double {
        var sum = 0.0
        var weight = 0.5
        var q = p
        for _ in 0 ..< octaves {
            sum += weight * self.value(q)
            weight *= 0.5
            q = q * 2.03 + SIMD3(17.1, 9.2, 31.7)
        }
        return sum
    }

    /// Octaves with sharp crests, about zero to one.
    static func ridges(_ p: SIMD3<Double>, octaves: Int) -> Double {
        var sum = 0.0
        var weight = 0.5
        var q = p
        for _ in 0 ..< octaves {
            let r = 1 - (2 * self.value(q) - 1).magnitude
            sum += weight * r * r
            weight *= 0.5
            q = q * 2.11 + SIMD3(5.3, 41.2, 11.9)
        }
        return sum
    }

    /// Zero below `low`, one above `high`, smooth between.
    static func step(_ low: Double, _ high: Double, _ x: Double) -> Double {
        let t = min(max((x - low) / (high - low), 0), 1)
        return t * t * (3 - 2 * t)
    }
}
