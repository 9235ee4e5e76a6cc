import RenderCore
import Testing

struct SamplerTests {
    /// Whether each cell of the grid of 2^columns by 2^rows holds as many points as every other.
    private func isEven(_ points: [(UInt32, UInt32)], columns: Int, rows: Int) -> Bool {
        var counts = [Int](repeating: 0, count: 1 << (columns + rows))
        for point in points {
            let column = columns == 0 ? 0 : Int(point.0 >> UInt32(32 - columns))
            let row = rows == 0 ? 0 : Int(point.1 >> UInt32(32 - rows))
            counts[column << rows | row] += 1
        }
        return counts.allSatisfy { $0 * counts.count == points.count }
    }

    private func points(_ x: Int, _ y: Int, of samples: Int, _ dimension: UInt32) -> [(UInt32, UInt32)] {
        let pixel = PixelSampler(x: x, y: y, samples: samples, seed: 5)
        return (0 ..< samples).map { pixel.path($0).bits(dimension) }
    }

    @Test
    func `the samples of a pixel fill every cell of their elementary grids once`() {
        for (x, y) in [(0, 0), (17, 3), (1919, 1079), (65_535, 65_535)] {
            for dimension in UInt32(0) ..< 12 {
                for k in [4, 6] {
                    let points = self.points(x, y, of: 1 << k, dimension)
                    for columns in 0 ... k { #expect(self.isEven(points, columns: columns, rows: k - columns)) }
                }
            }
        }
    }

    @Test(arguments: [6, 12, 24, 40, 48])
    func `other numbers of samples than powers of two fill the grids of the powers that they are made of`(samples: Int)
    {
        let points = self.points(21, 9, of: samples, 3)
        var first = 0
        for k in (0 ... 5).reversed() where samples >> k & 1 == 1 {
            let part = Array(points[first ..< first + 1 << k])
            for columns in 0 ... k { #expect(self.isEven(part, columns: columns, rows: k - columns)) }
            first += 1 << k
        }
        #expect(first == samples)
    }

    @Test(arguments: [1, 4, 16])
    func `squares of neighbouring pixels share one stratified set`(samples: Int) {
        for k in 1 ... 3 {
            let edge = 1 << k
            for dimension in [UInt32(0), 7] {
                var points: [(UInt32, UInt32)] = []
                for y in 0 ..< edge {
                    for x in 0 ..< edge { points += self.points(64 + x, 32 + y, of: samples, dimension) }
                }
                let bits = points.count.trailingZeroBitCount
                for columns in 0 ... bits { #expect(self.isEven(points, columns: columns, rows: bits - columns)) }
            }
        }
    }

    /// What an average over 6 x 6 pixels leaves of a picture's variance, times 36: one for independent pixels.
    private func lowPass(samples: Int, _ pair: (Int, Int, Int) -> (UInt32, UInt32)) -> Double {
        let edge = 96
        var errors = [Double](repeating: 0, count: edge * edge)
        for y in 0 ..< edge {
            for x in 0 ..< edge {
                for k in 0 ..< samples {
                    let (u, v) = pair(x, y, k)
                    if Double(u) < 0.37 * 0x1p32, Double(v) < 0.71 * 0x1p32 { errors[y * edge + x] += 1 }
                }
                errors[y * edge + x] -= 0.37 * 0.71 * Double(samples)
            }
        }
        let variance = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
        var sum = 0.0
        for y in stride(from: 1, to: edge - 6, by: 3) {
            for x in stride(from: 1, to: edge - 6, by: 3) {
                var mean = 0.0
                for j in 0 ..< 6 { for i in 0 ..< 6 { mean += errors[(y + j) * edge + x + i] / 36 } }
                sum += mean * mean / 900
            }
        }
        return sum * 36 / variance
    }

    @Test(arguments: [(1, 0.5), (4, 0.5), (16, 0.5), (3, 0.8), (12, 0.85), (24, 0.85)])
    func `the error of neighbouring pixels cancels`(samples: Int, bound: Double) {
        let shared = self.lowPass(samples: samples) { x, y, sample in
            PixelSampler(x: x, y: y, samples: samples, seed: 1).path(sample).bits(3)
        }
        // Pixels of other frames know nothing of each other.
        let apart = self.lowPass(samples: samples) { x, y, sample in
            PixelSampler(x: x, y: y, samples: samples, seed: UInt32(x * 977 + y * 61)).path(sample).bits(3)
        }
        #expect(shared < bound)
        #expect(apart > 0.85)
    }

    @Test
    func `every lane draws the numbers of its path`() {
        let samplers = (0 ..< laneCount).map { PixelSampler(x: 7 * $0, y: 900, samples: 64, seed: 3).path(5 * $0 % 64) }
        var index = UIntLanes(0)
        var seed = UIntLanes(0)
        for lane in 0 ..< laneCount {
            index[lane] = samplers[lane].reversedIndex
            seed[lane] = samplers[lane].seed
        }
        let lanes = PathSamplerLanes(reversedIndex: index, seed: seed)
        for dimension in UInt32(0) ..< 9 {
            let (first, second) = lanes.bits(dimension)
            for lane in 0 ..< laneCount {
                let pair = samplers[lane].bits(dimension)
                #expect(pair.0 == first[lane])
                #expect(pair.1 == second[lane])
            }
        }
    }

    @Test
    func `pixels, dimensions and seeds are independent`() {
        func numbers(_ x: Int, _ dimension: UInt32, _ seed: UInt32) -> [Double] {
            let pixel = PixelSampler(x: x, y: 1, samples: 256, seed: seed)
            return (0 ..< 256).map { Double(pixel.path($0).bits(dimension).0) * 0x1p-32 - 0.5 }
        }
        let base = numbers(4, 2, 0)
        for other in [numbers(5, 2, 0), numbers(4, 3, 0), numbers(4, 2, 1), numbers(4 + 4096, 2, 0)] {
            let correlation = zip(base, other).reduce(0) { $0 + $1.0 * $1.1 } * 12 / 256
            #expect(abs(correlation) < 0.25)
        }
    }

    @Test
    func `the disk is filled evenly`() {
        var inner = 0
        for i in 0 ..< 64 {
            for k in 0 ..< 64 {
                let (x, y) = diskPoint((Float(i) + 0.5) / 64, (Float(k) + 0.5) / 64)
                #expect(x * x + y * y <= 1.000_001)
                if x * x + y * y < 0.25 { inner += 1 }
            }
        }
        #expect(abs(inner - 1024) < 20)
    }

    @Test
    func `weights become probabilities and none is lost`() throws {
        #expect(DiscreteDistribution.starts(weights: []) == nil)
        #expect(DiscreteDistribution.starts(weights: [0, 0]) == nil)
        let starts = try #require(DiscreteDistribution.starts(weights: [1, 0, 2, 1e-30, 1]))
        let ends = starts.dropFirst().map { UInt64($0) } + [1 << 32]
        let widths = zip(starts, ends).map { Double($1 - UInt64($0)) * 0x1p-32 }
        #expect(abs(widths[0] - 0.25) < 1e-6)
        #expect(widths[1] == 0)
        #expect(abs(widths[2] - 0.5) < 1e-6)
        #expect(widths[3] > 0)
        #expect(abs(widths[4] - 0.25) < 1e-6)
    }
}
