import RenderCore
import Testing

/// Every operation on lanes gives the bits of the scalar one, for each width that the core is compiled for.
struct LaneTests {
    /// Ordinary, extreme and odd numbers, then random bits.
    private static let numbers: [Float] = {
        var state: UInt32 = 12345
        let odd: [Float] = [
            0, -0.0, 1, -1, 0.5, 1.5, -1.5, 2.5, 0x1p-149, -0x1p-149, 0x1p-126, 0x1.fffffep127, -0x1.fffffep127, 0x1p30,
            -0x1p30, 0x1.2p31, 8_388_609, -8_388_609.5, .infinity, -.infinity, .nan, 1e-20, 1e20,
        ]
        let random = (0 ..< 489).map { _ -> Float in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(bitPattern: state ^ state >> 16)
        }
        return odd + random
    }()

    private static let words: [UInt32] = Self.numbers.map(\.bitPattern)

    /// Numbers beginning anywhere in the list.
    private func lanes(_ first: Int) -> FloatLanes {
        var result = FloatLanes(0)
        for lane in 0 ..< laneCount { result[lane] = Self.numbers[(first + lane) % Self.numbers.count] }
        return result
    }

    private func words(_ first: Int) -> UIntLanes { self.lanes(first).bitPattern }

    /// Pairs of places in the list: each number meets every eighth.
    private var pairs: [(Int, Int)] {
        (0 ..< Self.numbers.count).flatMap { i in stride(from: i & 7, to: Self.numbers.count, by: 8).map { (i, $0) } }
    }

    private func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }

    private func check(_ operation: (FloatLanes, FloatLanes) -> FloatLanes, _ scalar: (Float, Float) -> Float) {
        var wrong = 0
        for (i, j) in self.pairs {
            let (a, b) = (self.lanes(i), self.lanes(j))
            let result = operation(a, b)
            for lane in 0 ..< laneCount where !self.same(result[lane], scalar(a[lane], b[lane])) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    private func check(_ operation: (FloatLanes, FloatLanes) -> MaskLanes, _ scalar: (Float, Float) -> Bool) {
        var wrong = 0
        for (i, j) in self.pairs {
            let (a, b) = (self.lanes(i), self.lanes(j))
            let bits = operation(a, b).bits
            for lane in 0 ..< laneCount where (bits >> lane & 1 == 1) != scalar(a[lane], b[lane]) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    private func check(_ operation: (UIntLanes, UIntLanes) -> UIntLanes, _ scalar: (UInt32, UInt32) -> UInt32) {
        var wrong = 0
        for (i, j) in self.pairs {
            let (a, b) = (self.words(i), self.words(j))
            let result = operation(a, b)
            for lane in 0 ..< laneCount where result[lane] != scalar(a[lane], b[lane]) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test
    func `arithmetic is that of IEEE 754`() {
        self.check({ $0 + $1 }, { $0 + $1 })
        self.check({ $0 - $1 }, { $0 - $1 })
        self.check({ $0 * $1 }, { $0 * $1 })
        self.check({ $0 / $1 }, { $0 / $1 })
        self.check({ a, _ in -a }, { a, _ in -a })
        self.check({ a, _ in a.magnitude }, { a, _ in a.magnitude })
        self.check({ a, _ in a.squareRoot() }, { a, _ in a.squareRoot() })
    }

    @Test
    func `a product and a sum are rounded separately`() {
        self.check(
            { $0 * $1 + $0 },
            { a, b in
                let product = a * b
                return product + a
            }
        )
    }

    @Test
    func `the smaller and the larger are chosen by comparison`() {
        self.check({ smaller($0, $1) }, { $1 < $0 ? $1 : $0 })
        self.check({ larger($0, $1) }, { $1 > $0 ? $1 : $0 })
        self.check({ clamped($0, 0, $1) }, { $0 >= 0 ? ($0 <= $1 ? $0 : $1) : 0 })
        self.check({ mix($0, $1, 0.25) }, { $0 + ($1 - $0) * 0.25 })
        self.check({ select($0 .< $1, $0, $1) }, { $0 < $1 ? $0 : $1 })
    }

    @Test
    func `comparisons are those of numbers`() {
        self.check({ $0 .< $1 }, { $0 < $1 })
        self.check({ $0 .<= $1 }, { $0 <= $1 })
        self.check({ $0 .> $1 }, { $0 > $1 })
        self.check({ $0 .>= $1 }, { $0 >= $1 })
        self.check({ $0 .== $1 }, { $0 == $1 })
        self.check({ $0 .!= $1 }, { $0 != $1 })
        self.check({ a, _ in a.isFinite }, { a, _ in a.isFinite })
    }

    @Test
    func `masks combine`() {
        self.check({ ($0 .< $1) .& ($0 .< 0) }, { $0 < $1 && $0 < 0 })
        self.check({ ($0 .< $1) .| ($0 .< 0) }, { $0 < $1 || $0 < 0 })
        self.check({ ($0 .< $1) .^ ($0 .< 0) }, { ($0 < $1) != ($0 < 0) })
        self.check({ .!($0 .< $1) }, { !($0 < $1) })
        self.check({ select($0 .< 0, $0 .< $1, $1 .< 0) }, { $0 < 0 ? $0 < $1 : $1 < 0 })
    }

    @Test
    func `masks become bits and bits masks`() {
        let full = UInt32(truncatingIfNeeded: (1 << laneCount) - 1)
        for word in Self.words { #expect(MaskLanes(bits: word).bits == word & full) }
        for count in 0 ... laneCount { #expect(MaskLanes(first: count).bits == UInt32(1 << count) - 1) }
        #expect(MaskLanes(true).all)
        #expect(!MaskLanes(false).any)
        #expect(MaskLanes(bits: full - 1).any == (laneCount > 1))
        #expect(!MaskLanes(bits: full >> 1).all)
        for lane in 0 ..< laneCount { #expect(UIntLanes.numbers[lane] == UInt32(lane)) }
    }

    @Test
    func `integers wrap around and shift`() {
        self.check({ $0 &+ $1 }, { $0 &+ $1 })
        self.check({ $0 &- $1 }, { $0 &- $1 })
        self.check({ $0 &* $1 }, { $0 &* $1 })
        self.check({ $0 & $1 }, { $0 & $1 })
        self.check({ $0 | $1 }, { $0 | $1 })
        self.check({ $0 ^ $1 }, { $0 ^ $1 })
        self.check({ a, _ in ~a }, { a, _ in ~a })
        self.check({ a, _ in a &<< 7 }, { a, _ in a << 7 })
        self.check({ a, _ in a &>> 7 }, { a, _ in a >> 7 })
        self.check({ select($0 .< $1, $0, 5) }, { $0 < $1 ? $0 : 5 })
        self.check({ select($0 .== $1, 3, $1) }, { $0 == $1 ? 3 : $1 })
        self.check({ select($0 .!= $1, 3, $1) }, { $0 != $1 ? 3 : $1 })
    }

    @Test
    func `signed integers compare with their sign`() {
        for (i, j) in self.pairs {
            let (a, b) = (IntLanes(bitPattern: self.words(i)), IntLanes(bitPattern: self.words(j)))
            let (sum, difference, negative) = (a + b, a - b, -a)
            let (less, equal) = ((a .< b).bits, (a .== b).bits)
            let chosen = select(a .< b, a, b)
            for lane in 0 ..< laneCount {
                let (x, y) = (a[lane], b[lane])
                #expect(sum[lane] == x &+ y && difference[lane] == x &- y && negative[lane] == 0 &- x)
                #expect((less >> lane & 1 == 1) == (x < y) && (equal >> lane & 1 == 1) == (x == y))
                #expect(chosen[lane] == min(x, y))
            }
        }
    }

    @Test
    func `numbers are rounded to integers`() {
        for i in Self.numbers.indices {
            let a = self.lanes(i)
            let floors = floorToInt(a)
            let back = FloatLanes(floors)
            for lane in 0 ..< laneCount {
                #expect(Int(floors[lane]) == floorToInt(a[lane]))
                #expect(back[lane] == Float(floors[lane]))
            }
        }
        let fraction = IntLanes(truncating: FloatLanes(-2.75))
        for lane in 0 ..< laneCount { #expect(fraction[lane] == -2) }
    }

    @Test
    func `lanes go to memory and come from anywhere`() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * laneCount, alignment: 64)
        defer { memory.deallocate() }
        Self.numbers.withUnsafeBufferPointer { numbers in
            Self.words.withUnsafeBufferPointer { words in
                guard let base = numbers.baseAddress, let wordBase = words.baseAddress else { return }
                for i in Self.numbers.indices {
                    self.lanes(i).store(to: memory)
                    #expect((FloatLanes(at: memory).bitPattern .== self.words(i)).all)
                    self.words(i).store(to: memory)
                    #expect((UIntLanes(at: memory) .== self.words(i)).all)
                    var index = UIntLanes.numbers &* 97 &+ UIntLanes(UInt32(i))
                    for lane in 0 ..< laneCount { index[lane] %= UInt32(numbers.count) }
                    let gathered = FloatLanes(at: base, gather: index).bitPattern
                    let gatheredWords = UIntLanes(at: wordBase, gather: index)
                    for lane in 0 ..< laneCount {
                        #expect(gathered[lane] == words[Int(index[lane])])
                        #expect(gatheredWords[lane] == words[Int(index[lane])])
                    }
                }
            }
        }
    }

    @Test
    func `bits keep their meaning`() {
        for i in Self.numbers.indices {
            #expect((FloatLanes(bitPattern: self.words(i)).bitPattern .== self.words(i)).all)
            #expect((UIntLanes(bitPattern: IntLanes(bitPattern: self.words(i))) .== self.words(i)).all)
        }
    }
}
