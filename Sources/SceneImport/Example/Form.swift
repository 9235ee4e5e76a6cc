/// Triangles under construction.
package struct Form {
    package var positions: [Float] = []
    package var normals: [Float] = []
    package var textureCoordinates: [Float] = []
    package var indices: [UInt32] = []

    package init() {}

    /// The number of vertices.
    package var count: Int { self.positions.count / 3 }

    /// Adds a vertex and returns its number.
    @discardableResult
    package mutating func add(_ p: SIMD3<Double>) -> Int {
        self.positions.append(Float(p.x))
        self.positions.append(Float(p.y))
        self.positions.append(Float(p.z))
        return self.count - 1
    }

    /// Adds a vertex with a normal.
    package mutating func add(_ p: SIMD3<Double>, normal n: SIMD3<Double>) {
        self.add(p)
        self.normals.append(Float(n.x))
        self.normals.append(Float(n.y))
        self.normals.append(Float(n.z))
    }

    /// Adds a triangle, counter-clockwise from its front.
    package mutating func triangle(_ a: Int, _ b: Int, _ c: Int) {
        self.indices.append(UInt32(truncatingIfNeeded: a))
        self.indices.append(UInt32(truncatingIfNeeded: b))
        self.indices.append(UInt32(truncatingIfNeeded: c))
    }

    /// Adds a quadrilateral, counter-clockwise from its front.
    package mutating func quad(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
        self.triangle(a, b, c)
        self.triangle(a, c, d)
    }

    /// Adds an octahedron with its axes along three directions of given lengths.
    mutating func octahedron(_ center: SIMD3<Double>, _ frame: Affine, radii: SIMD3<Double>) {
        let a = frame.x * radii.x
        let b = frame.y * radii.y
        let c = frame.z * radii.z
        let first = self.add(center + a)
        self.add(center - a)
        self.add(center + b)
        self.add(center - b)
        self.add(center + c)
        self.add(center - c)
        for (p, q, r) in [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)] {
            self.triangle(first + p, first + q, first + r)
        }
    }

    /// Adds a tetrahedron around a point.
    mutating func tetrahedron(_ center: SIMD3<Double>, _ frame: Affine, radius: Double) {
        let corners: [SIMD3<Double>] = [SIMD3(1, 1, 1), SIMD3(1, -1, -1), SIMD3(-1, 1, -1), SIMD3(-1, -1, 1)]
        let first = self.count
        for corner in corners { self.add(center + frame.direction(corner * (0.577 * radius))) }
        self.triangle(first, first + 1, first + 2)
        self.triangle(first, first + 3, first + 1)
        self.triangle(first, first + 2, first + 3)
        self.triangle(first + 1, first + 3, first + 2)
    }

    /// Adds a ball of 80 or (with one level less) 20 triangles.
    package mutating func ball(_ center: SIMD3<Double>, radius: Double, isFine: Bool) {
        let g = 1.618_033_988_749_895
        let raw: [SIMD3<Double>] = [
            SIMD3(-1, g, 0), SIMD3(1, g, 0), SIMD3(-1, -g, 0), SIMD3(1, -g, 0), SIMD3(0, -1, g), SIMD3(0, 1, g),
            SIMD3(0, -1, -g), SIMD3(0, 1, -g), SIMD3(g, 0, -1), SIMD3(g, 0, 1), SIMD3(-g, 0, -1), SIMD3(-g, 0, 1),
        ]
        let faces = [
            (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6),
            (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10),
            (8, 6, 7), (9, 8, 1),
        ]
        let points = raw.map { normalized($0, or: SIMD3(0, 1, 0)) }
        let first = self.count
        for p in points { self.add(center + p * radius) }
        var middles: [Int: Int] = [:]
        for (a, b, c) in faces {
            guard isFine else {
                self.triangle(first + a, first + b, first + c)
                continue
            }
            var m: [Int] = []
            for (p, q) in [(a, b), (b, c), (c, a)] {
                let key = min(p, q) * 12 + max(p, q)
                if let known = middles[key] {
                    m.append(known)
                } else {
                    let added = self.add(center + normalized(points[p] + points[q], or: points[p]) * radius)
                    middles[key] = added
                    m.append(added)
                }
            }
            self.triangle(first + a, m[0], m[2])
            self.triangle(first + b, m[1], m[0])
            self.triangle(first + c, m[2], m[1])
            self.triangle(m[0], m[1], m[2])
        }
    }

    /// Adds a skin over rings of points, from the first ring to the last, closed by fans at both ends.
    ///
    /// Rings run counter-clockwise when seen from the last ring towards the first.
    mutating func loft(_ rings: [[SIMD3<Double>]], start: SIMD3<Double>, end: SIMD3<Double>) {
        guard let sides = rings.first?.count else { return }
        let first = self.count
        for ring in rings {
            for p in ring { self.add(p) }
        }
        for r in 0 ..< rings.count - 1 {
            for k in 0 ..< sides {
                let next = (k + 1) % sides
                let near = first + r * sides
                let far = near + sides
                self.quad(near + k, near + next, far + next, far + k)
            }
        }
        let bottom = self.add(start)
        let top = self.add(end)
        let last = first + (rings.count - 1) * sides
        for k in 0 ..< sides {
            let next = (k + 1) % sides
            self.triangle(bottom, first + next, first + k)
            self.triangle(top, last + k, last + next)
        }
    }

    /// Adds a curved, tapering horn along a path of points; `flat` squeezes it across `side`.
    mutating func horn(_ path: [SIMD3<Double>], radius: Double, tip: Double, sides: Int, side: SIMD3<Double>) {
        guard path.count >= 2 else { return }
        var rings: [[SIMD3<Double>]] = []
        for i in path.indices {
            let before = path[max(i - 1, 0)]
            let after = path[min(i + 1, path.count - 1)]
            let tangent = normalized(after - before, or: SIMD3(0, 0, 1))
            let u = normalized(side - tangent * dot(side, tangent), or: SIMD3(1, 0, 0))
            let v = cross(tangent, u)
            let t = Double(i) / Double(path.count - 1)
            let r = radius * (1 - t) + tip * t
            rings.append(
                (0 ..< sides).map { k in
                    let (s, c) = DeterministicMath.sineCosine(2 * .pi * Double(k) / Double(sides))
                    return path[i] + (u * c + v * s) * r
                }
            )
        }
        self.loft(rings, start: path[0], end: path[path.count - 1])
    }
}
