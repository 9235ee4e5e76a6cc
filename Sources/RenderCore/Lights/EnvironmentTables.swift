/// The distribution of an environment map: a row, then a column of patches between four texels, each in proportion to the
/// light that it sends; within a patch points are drawn in proportion to the bilinear interpolant itself.
///
/// A sun of one texel lights three by three of them unevenly: with one density a texel it would give twice the noise.
/// There is one more row of patches than of texels: the first reaches from the pole to the centres of the first texels, the
/// last from the centres of the last ones to the other pole.
///
/// After M. Pharr et al., PBRT 4th ed., 12.5 and A.5.
struct EnvironmentTables {
    private let width: Int
    private let height: Int
    /// The starts of the rows, see ``DiscreteDistribution``; empty when the map is black.
    let rowStarts: [UInt32]
    /// The starts of the columns, row after row; empty when the map is black.
    let columnStarts: [UInt32]
    /// For each patch the mean density per solid angle with which its directions are drawn, times the sine of the angle from
    /// the poles; zeros when the map is black.
    let densities: [Float]
    /// The guide of the rows, then those of each row's columns.
    let guides: [UInt16]

    /// Builds the tables; texels are finite and not negative, three a texel.
    init(width: Int, height: Int, texels: [Float]) {
        self.width = width
        self.height = height
        var brightness = [Float](repeating: 0, count: width * height)
        for i in brightness.indices {
            brightness[i] = (texels[3 * i] + texels[3 * i + 1]) + texels[3 * i + 2]
        }
        var rows = [Float](repeating: 0, count: height + 1)
        var columns: [UInt32] = []
        columns.reserveCapacity(width * (height + 1))
        var weights = [Float](repeating: 0, count: width)
        for y in 0 ... height {
            let upper = max(y - 1, 0) * width
            let lower = min(y, height - 1) * width
            let isHalf = y == 0 || y == height
            // The middle of the patch, in quarters of a texel.
            let middle = y == 0 ? 1 : isHalf ? 4 * height - 1 : 4 * y
            let sine = sinCos(turns: Float(middle) / Float(8 * height)).sin
            let scale = isHalf ? 0.5 * sine : sine
            var sum: Float = 0
            for x in 0 ..< width {
                let right = x == width - 1 ? 0 : x + 1
                let left = brightness[upper + x] + brightness[lower + x]
                let weight = (left + (brightness[upper + right] + brightness[lower + right])) * scale
                weights[x] = weight
                sum += weight
            }
            rows[y] = sum
            // A black row is never chosen; any table will do.
            columns += DiscreteDistribution.starts(weights: weights) ?? [UInt32](repeating: 0, count: width)
        }
        let starts = DiscreteDistribution.starts(weights: rows)
        self.rowStarts = starts ?? []
        self.columnStarts = starts == nil ? [] : columns
        var guides: [UInt16] = []
        if let starts {
            guides = DiscreteDistribution.guide(starts)
            for y in 0 ... height {
                guides += DiscreteDistribution.guide(columns[y * width ..< (y + 1) * width])
            }
        }
        self.guides = guides
        var densities = [Float](repeating: 0, count: width * (height + 1))
        if let starts {
            // 1 / (2 pi^2), and the number of texels.
            let scale = 0x1.9f02f6222c72p-5 * Double(width) * Double(height) * 0x1p-64
            for y in 0 ... height {
                let extent = y == 0 || y == height ? 0.5 : 1
                let row = Self.width(y, starts[...]) * scale / extent
                let line = columns[y * width ..< (y + 1) * width]
                for x in 0 ..< width { densities[y * width + x] = Float(Self.width(y * width + x, line) * row) }
            }
        }
        self.densities = densities
    }

    /// Each texel's three numbers with the density of the patch whose lower left corner it is; the last row twice, for the
    /// patches below it.
    func interleaved(_ texels: [Float]) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(4 * self.densities.count)
        for (i, density) in self.densities.enumerated() {
            let texel = i < self.width * self.height ? i : i - self.width
            result.append(texels[3 * texel])
            result.append(texels[3 * texel + 1])
            result.append(texels[3 * texel + 2])
            result.append(density)
        }
        return result
    }

    /// How many 32-bit numbers choose the entry at an index.
    private static func width(_ i: Int, _ starts: ArraySlice<UInt32>) -> Double {
        let end = i + 1 < starts.endIndex ? Double(starts[i + 1]) : 0x1p32
        return end - Double(starts[i])
    }

    /// The faces of an ``AmbientCube``: what the map sends to surfaces along the axes of the world, all colours added.
    func irradiance(texels: [Float], rotation: Float, intensity: Float) -> [Float] {
        var faces = [Double](repeating: 0, count: 6)
        let (turnSine, turnCosine) = sinCos(radians: rotation)
        // Columns first: their directions are the same in all rows.
        var directions: [(x: Double, z: Double)] = []
        for x in 0 ..< self.width {
            let (s, c) = sinCos(turns: (Float(x) + 0.5) / Float(self.width) - 0.5)
            directions.append((Double(s * turnCosine - c * turnSine), Double(-c * turnCosine - s * turnSine)))
        }
        for y in 0 ..< self.height {
            let (sine, cosine) = sinCos(turns: (Float(y) + 0.5) / Float(2 * self.height))
            var sum = 0.0
            var right = 0.0
            var left = 0.0
            var back = 0.0
            var front = 0.0
            for x in 0 ..< self.width {
                let at = 3 * (y * self.width + x)
                let light = Double((texels[at] + texels[at + 1]) + texels[at + 2])
                let d = directions[x]
                sum += light
                if d.x > 0 { right += light * d.x } else { left -= light * d.x }
                if d.z > 0 { back += light * d.z } else { front -= light * d.z }
            }
            let ring = Double(sine)
            faces[0] += right * ring * ring
            faces[1] += left * ring * ring
            if cosine > 0 { faces[2] += sum * ring * Double(cosine) } else { faces[3] -= sum * ring * Double(cosine) }
            faces[4] += back * ring * ring
            faces[5] += front * ring * ring
        }
        // The solid angle of a texel is 2 pi^2 sine / (width height).
        let texel = 0x1.3bd3cc9be45dep4 / (Double(self.width) * Double(self.height))
        return faces.map { Float($0 * texel * Double(intensity)) }
    }
}
