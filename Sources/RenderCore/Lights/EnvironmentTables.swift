/// The distribution of an environment map: a row, then a column of it, each texel in proportion to the light that its
/// bilinear patch sends.
///
/// After M. Pharr et al., PBRT 4th ed., 12.5.
struct EnvironmentTables {
    /// The starts of the rows, see ``DiscreteDistribution``; empty when the map is black.
    let rowStarts: [UInt32]
    /// The starts of the columns, row after row; empty when the map is black.
    let columnStarts: [UInt32]

    /// Builds the tables; texels are finite and not negative, three a texel.
    init(width: Int, height: Int, texels: [Float]) {
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
    }
}
