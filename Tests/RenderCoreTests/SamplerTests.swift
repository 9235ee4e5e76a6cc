import RenderCore
import Testing

struct SamplerTests {
    @Test
    func `the first samples of a pixel fill every cell of their elementary grids once`() {
        for (x, y) in [(0, 0), (17, 3), (1919, 1079)] {
            for dimension in UInt32(0) ..< 12 {
                for k in [4, 6] {
                    let n = 1 << k
                    let points = (0 ..< n).map { PathSampler(x: x, y: y, sample: $0, seed: 5).bits(dimension) }
                    for columns in 0 ... k {
                        let cells = points.map { point in
                            let column = columns == 0 ? 0 : point.0 >> UInt32(32 - columns)
                            let row = columns == k ? 0 : point.1 >> UInt32(32 - (k - columns))
                            return column << UInt32(k - columns) | row
                        }
                        #expect(Set(cells).count == n)
                    }
                }
            }
        }
    }

    @Test
    func `four pairs at once are the pairs one by one`() {
        for sample in 0 ..< 50 {
            let sampler = PathSampler(x: 3, y: 9, sample: sample, seed: 77)
            let (first, second) = sampler.fourBits(6)
            for k in 0 ..< 4 {
                let pair = sampler.bits(6 + UInt32(k))
                #expect(pair.0 == first[k])
                #expect(pair.1 == second[k])
            }
        }
    }

    @Test
    func `pixels, dimensions and seeds are independent`() {
        func numbers(_ x: Int, _ dimension: UInt32, _ seed: UInt32) -> [Double] {
            (0 ..< 256).map {
                Double(PathSampler(x: x, y: 1, sample: $0, seed: seed).bits(dimension).0) * 0x1p-32 - 0.5
            }
        }
        let base = numbers(4, 2, 0)
        for other in [numbers(5, 2, 0), numbers(4, 3, 0), numbers(4, 2, 1)] {
            let correlation = zip(base, other).reduce(0) { $0 + $1.0 * $1.1 } * 12 / 256
            #expect(abs(correlation) < 0.25)
        }
    }

    @Test
    func `the pixel filter is a tent`() {
        var sum = 0.0
        var squares = 0.0
        let n = 10_000
        for i in 0 ..< n {
            let x = Double(tentPoint((Float(i) + 0.5) / Float(n)))
            sum += x
            squares += x * x
        }
        #expect(abs(sum / Double(n)) < 1e-4)
        #expect(abs(squares / Double(n) - 1.0 / 6) < 1e-4)
        #expect(tentPoint(0) == -1)
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
