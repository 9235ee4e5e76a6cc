/// The distribution of an environment map: a row, then a column of it, each texel in proportion to the light that its
/// bilinear patch sends.
///
/// After M. Pharr et al., PBRT 4th ed., 12.5.
struct EnvironmentTables {
    private let width: Int
    private let height: Int
    /// The starts of the rows, see ``DiscreteDistribution``; empty when the map is black.
    let rowStarts: [UInt32]
    /// The starts of the columns, row after row; empty when the map is black.
    let columnStarts: [UInt32]
    /// For each texel the density per solid angle with which its directions are drawn, times the sine of the angle from the
    /// poles; zeros when the map is black.
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
        var rows = [Float](repeating: 0, count: height)
        var columns: [UInt32] = []
        columns.reserveCapacity(width * height)
        var line = [Float](repeating: 0, count: width)
        var weights = line
        for y in 0 ..< height {
            // The integral of the bilinear interpolant over a texel weights the neighbours 1 6 1 along both axes.
            let above = max(y - 1, 0) * width
            let below = min(y + 1, height - 1) * width
            for x in 0 ..< width {
                line[x] = (brightness[above + x] + brightness[below + x]) + 6 * brightness[y * width + x]
            }
            let sine = sinCos(turns: (Float(y) + 0.5) / Float(2 * height)).sin
            var sum: Float = 0
            for x in 0 ..< width {
                let left = line[x == 0 ? width - 1 : x - 1]
                let right = line[x == width - 1 ? 0 : x + 1]
                let weight = ((left + right) + 6 * line[x]) * sine
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
            for y in 0 ..< height {
                guides += DiscreteDistribution.guide(columns[y * width ..< (y + 1) * width])
            }
        }
        self.guides = guides
        var densities = [Float](repeating: 0, count: width * height)
        if let starts {
            // 1 / (2 pi^2), and the number of texels.
            let scale = 0x1.9f02f6222c72p-5 * Double(width) * Double(height) * 0x1p-64
            for y in 0 ..< height {
                let row = Self.width(y, starts[...]) * scale
                let line = columns[y * width ..< (y + 1) * width]
                for x in 0 ..< width { densities[y * width + x] = Float(Self.width(y * width + x, line) * row) }
            }
        }
        self.densities = densities
    }

    /// Each texel's three numbers with its density.
    func interleaved(_ texels: [Float]) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(4 * self.densities.count)
        for (i, density) in self.densities.enumerated() {
            result.append(texels[3 * i])
            result.append(texels[3 * i + 1])
            result.append(texels[3 * i + 2])
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
