import Glibc

/// A statue among rocks on rough ground in a closed room: the same triangles for the same number on every run.
struct Landscape {
    private(set) var positions: [Float] = []
    private(set) var indices: [UInt32] = []

    /// Makes about `triangles` triangles, the twelve of the room among them.
    init(triangles: Int) {
        self.positions.reserveCapacity(triangles * 2)
        self.indices.reserveCapacity(triangles * 3)
        self.addRoom()
        self.addGround(edge: Int((Double(triangles) * 0.25 / 2).squareRoot()))
        self.addRock(
            center: (0, 2.4, 0),
            radius: 1.7,
            stretch: 1.35,
            edge: Int((Double(triangles) * 0.45 / 12).squareRoot())
        )
        for i in 0 ..< 6 {
            let angle = Float(i) * 1.047 + 0.3
            self.addRock(
                center: (5.5 * cosf(angle), 0.9, 5.5 * sinf(angle)),
                radius: 0.9 + 0.1 * Float(i % 3),
                stretch: 0.8,
                edge: Int((Double(triangles) * 0.05 / 12).squareRoot())
            )
        }
    }

    var triangleCount: Int { self.indices.count / 3 }
    private(set) var vertexCount = 0

    /// Lends the arrays; the first has been padded.
    func withPointers<Result>(_ body: (UnsafePointer<Float>, UnsafePointer<UInt32>) -> Result) -> Result {
        self.positions.withUnsafeBufferPointer { positions in
            self.indices.withUnsafeBufferPointer { indices in
                guard let p = positions.baseAddress, let i = indices.baseAddress else { preconditionFailure("no mesh") }
                return body(p, i)
            }
        }
    }

    /// Embree reads four bytes beyond the last vertex.
    mutating func padForEmbree() {
        self.vertexCount = self.positions.count / 3
        self.positions.append(0)
    }

    private mutating func addRoom() {
        for i in 0 ..< 8 {
            self.positions += [i & 1 == 0 ? -10 : 10, i & 2 == 0 ? -0.5 : 8, i & 4 == 0 ? -10 : 10]
        }
        for q: [UInt32] in [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]] {
            self.indices += [q[0], q[1], q[2], q[0], q[2], q[3]]
        }
    }

    private mutating func addGround(edge n: Int) {
        self.addGrid(n) { u, v in
            let x = 19.98 * (u - 0.5)
            let z = 19.98 * (v - 0.5)
            return (x, 0.9 * Self.turbulence(x * 0.35, 7, z * 0.35) - 0.2, z)
        }
    }

    private mutating func addRock(center: (Float, Float, Float), radius: Float, stretch: Float, edge n: Int) {
        for face in 0 ..< 6 {
            self.addGrid(n) { u, v in
                let a = 2 * u - 1
                let b = 2 * v - 1
                let s: Float = face % 2 == 0 ? 1 : -1
                let (x, y, z): (Float, Float, Float) =
                    switch face / 2 {
                    case 0: (s, s * b, a)
                    case 1: (a, s, s * b)
                    default: (s * b, a, s)
                    }
                let length = (x * x + y * y + z * z).squareRoot()
                let d = (x / length, y / length, z / length)
                let k = 1.5 / radius
                let r =
                    radius * (0.75 + 0.6 * Self.turbulence(d.0 * k * 2 + center.0, d.1 * k * 2, d.2 * k * 2 + center.2))
                return (center.0 + r * d.0, center.1 + stretch * r * d.1, center.2 + r * d.2)
            }
        }
    }

    private mutating func addGrid(_ n: Int, _ point: (Float, Float) -> (Float, Float, Float)) {
        let first = UInt32(self.positions.count / 3)
        let n = max(1, n)
        for j in 0 ... n {
            for i in 0 ... n {
                let p = point(Float(i) / Float(n), Float(j) / Float(n))
                self.positions.append(p.0)
                self.positions.append(p.1)
                self.positions.append(p.2)
            }
        }
        let row = UInt32(n + 1)
        for j in 0 ..< UInt32(n) {
            for i in 0 ..< UInt32(n) {
                let a = first + j * row + i
                for index in [a, a + row, a + 1, a + 1, a + row, a + row + 1] { self.indices.append(index) }
            }
        }
    }

    /// Value noise in seven octaves, from about 0 to about 1.
    private static func turbulence(_ x: Float, _ y: Float, _ z: Float) -> Float {
        var sum: Float = 0
        var scale: Float = 1
        var amplitude: Float = 0.5
        for _ in 0 ..< 7 {
            sum += amplitude * self.noise(x * scale, y * scale, z * scale)
            scale *= 2.03
            amplitude *= 0.5
        }
        return sum
    }

    private static func noise(_ x: Float, _ y: Float, _ z: Float) -> Float {
        let fx = x.rounded(.down)
        let fy = y.rounded(.down)
        let fz = z.rounded(.down)
        let (i, j, k) = (Int32(fx), Int32(fy), Int32(fz))
        let (u, v, w) = (self.smooth(x - fx), self.smooth(y - fy), self.smooth(z - fz))
        func value(_ di: Int32, _ dj: Int32, _ dk: Int32) -> Float {
            var h = UInt32(bitPattern: (i &+ di) &* 0x2c1b_3c6d ^ (j &+ dj) &* 0x297a_2d39 ^ (k &+ dk) &* 0x1b56_c4e9)
            h = (h ^ (h >> 15)) &* 0x85eb_ca6b
            h = (h ^ (h >> 13)) &* 0xc2b2_ae35
            return Float(h >> 8) * 0x1p-24
        }
        func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }
        return mix(
            mix(mix(value(0, 0, 0), value(1, 0, 0), u), mix(value(0, 1, 0), value(1, 1, 0), u), v),
            mix(mix(value(0, 0, 1), value(1, 0, 1), u), mix(value(0, 1, 1), value(1, 1, 1), u), v),
            w
        )
    }

    private static func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}
