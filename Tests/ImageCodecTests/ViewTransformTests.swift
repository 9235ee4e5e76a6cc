import ImageCodec
import Testing

struct ViewTransformTests {
    @Test
    func `the standard curve is that of sRGB`() {
        let view = ViewTransform.standard
        #expect(view(SIMD3(0, 1, 0.5)) == SIMD3(0, 255, 188))
        #expect(view(SIMD3(0.18, 0.002, 7)) == SIMD3(118, 7, 255))
    }

    @Test
    func `a stop of exposure doubles the light`() {
        for curve in ViewTransform.Curve.allCases {
            let brighter = ViewTransform(curve, exposure: 1)
            #expect(brighter(SIMD3(0.1, 0.2, 0.05)) == ViewTransform(curve)(SIMD3(0.2, 0.4, 0.1)))
        }
    }

    @Test(arguments: ViewTransform.Curve.allCases)
    func `brighter light is never darker on the screen`(curve: ViewTransform.Curve) {
        let view = ViewTransform(curve)
        var last = SIMD3<UInt8>.zero
        for step in 0 ... 400 {
            let value = Float(step) * Float(step) * 0.0005
            let now = view(SIMD3(repeating: value))
            #expect((0 ..< 3).allSatisfy { now[$0] >= last[$0] })
            last = now
        }
        #expect(view(.zero) == .zero)
        #expect(last.min() >= 250)
    }

    @Test
    func `the filmic curve keeps grey grey, and fades bright red towards white`() {
        let gray = ViewTransform.filmic(SIMD3(repeating: 0.18))
        #expect(gray.max() - gray.min() <= 1)
        #expect((90 ... 150).contains(gray.x))
        #expect(ViewTransform.filmic(SIMD3(100, 5, 5)).y > 180)
        #expect(ViewTransform.filmic(SIMD3(0.5, 0.02, 0.02)).y < 100)
    }

    @Test(arguments: ViewTransform.Curve.allCases)
    func `what is no number, negative or infinite has a value`(curve: ViewTransform.Curve) {
        let view = ViewTransform(curve, exposure: 40)
        #expect(view(SIMD3(.nan, -.infinity, -1)) == .zero)
        #expect(view(SIMD3(repeating: .infinity)).min() >= 250)
        #expect(ViewTransform(curve, exposure: .nan)(.one) == .zero)
    }
}
