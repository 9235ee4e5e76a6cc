import RenderCore
import Testing

#if canImport(Glibc)
import Glibc
#endif

struct MathsTests {
    @Test
    func `sines and cosines are those of the textbook`() {
        var worst = 0.0
        for i in -40_000 ... 40_000 {
            let turns = Float(i) / 9973
            let (s, c) = sinCos(turns: turns)
            let angle = Double(turns) * 2 * Double.pi
            worst = max(worst, abs(Double(s) - sin(angle)), abs(Double(c) - cos(angle)))
        }
        #expect(worst < 3e-7)
        #expect(sinCos(turns: 0.25).sin == 1)
        #expect(sinCos(turns: 0.5).cos == -1)
        for i in -2000 ... 2000 {
            let angle = Float(i) * 0.37
            let (s, c) = sinCos(radians: angle)
            #expect(abs(Double(s) - sin(Double(angle))) < 2e-6 && abs(Double(c) - cos(Double(angle))) < 2e-6)
        }
    }

    @Test
    func `arc functions are those of the textbook`() {
        var worst = 0.0
        for i in 0 ..< 20_000 {
            let angle = Double(i) / 10_000 * Double.pi - Double.pi
            let radius = Double(1 + i % 7)
            let x = Float(radius * cos(angle))
            let y = Float(radius * sin(angle))
            worst = max(worst, abs(Double(arcTangent(y: y, x: x)) - atan2(Double(y), Double(x))))
            worst = max(worst, abs(Double(arcCosine(Float(cos(angle)))) - acos(Double(Float(cos(angle))))))
        }
        #expect(worst < 2e-6)
        #expect(arcTangent(y: 0, x: 0) == 0)
        #expect(arcCosine(2) == 0)
        #expect(arcCosine(.nan) == arcCosine(-1))
    }

    @Test
    func `exponentials, logarithms and powers are those of the textbook`() {
        for i in -6000 ... 6000 {
            let x = Double(i) / 10.3
            #expect(abs(exponential(x) - exp(x)) <= 1e-13 * exp(x))
        }
        for i in 1 ... 5000 {
            let x = Double(i) * Double(i) * 1e-4
            #expect(abs(logarithm(x) - log(x)) <= 1e-14 * max(1, abs(log(x))))
            #expect(abs(power(x, 2.4) - pow(x, 2.4)) <= 1e-13 * pow(x, 2.4))
        }
        #expect(power(0, 2) == 0)
        #expect(power(-1, 2) == 0)
        #expect(exponential(-1e9) == 0)
        #expect(exponential(1e9).isFinite)
        #expect(logarithm(.nan) == -1000)
    }

    @Test
    func `floors are floors, and what has none is zero`() {
        for i in -1000 ... 1000 {
            let x = Float(i) * 0.173
            #expect(floorToInt(x) == Int(floor(x)))
        }
        #expect(floorToInt(.nan) == 0)
        #expect(floorToInt(.infinity) == 0)
        #expect(floorToInt(-3e38) == 0)
    }

    @Test
    func `the sRGB table goes from zero to one and up`() {
        let table = sRGBTable()
        #expect(table.count == 256)
        #expect(table.first == 0)
        #expect(table.last == 1)
        for i in 1 ..< 256 {
            #expect(table[i] > table[i - 1])
            let c = Double(i) / 255
            let expected = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)
            #expect(abs(Double(table[i]) - expected) < 1e-7)
        }
    }

    @Test
    func `texture coordinates wrap as glTF says`() {
        let all = Array(-9 ... 9)
        #expect(
            all.map { TextureReference.Wrap.repeat.wrapped($0, count: 4) }
                == [3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
        )
        #expect(
            all.map { TextureReference.Wrap.clampToEdge.wrapped($0, count: 4) }
                == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3]
        )
        #expect(
            all.map { TextureReference.Wrap.mirroredRepeat.wrapped($0, count: 4) }
                == [0, 0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0, 1]
        )
    }

    @Test
    func `the logarithm in single precision is that in double`() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0 ..< 10_000 {
            let x = Float(bitPattern: UInt32.random(in: 0x0080_0000 ..< 0x7f80_0000, using: &generator))
            let expected = logarithm(Double(x))
            #expect(abs(Double(logarithm(single: x)) - expected) <= 0x1p-21 * max(1, abs(expected)), "\(x)")
        }
        for k in 1 ..< 4_096 {
            let x = Float(k) / 4_096
            #expect(abs(Double(logarithm(single: x)) - logarithm(Double(x))) <= 0x1p-21, "\(x)")
        }
        #expect(logarithm(single: 1) == 0)
        for x: Float in [0, -1, .infinity, .nan] { #expect(logarithm(single: x) == -100) }
    }
}
