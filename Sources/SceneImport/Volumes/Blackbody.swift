import RenderCore

/// What glows shine with, by temperature.
enum Blackbody {
    /// Linear sRGB colours of black bodies from one temperature to another, of luminance one at the hotter end.
    ///
    /// Planck's law weighed with the observer of C. Wyman, P.-P. Sloan and P. Shirley, "Simple Analytic Approximations to
    /// the CIE XYZ Color Matching Functions", JCGT 2(2), 2013; what no screen can show is moved to its edge.
    static func ramp(kelvin: ClosedRange<Double>, strength: Double, count: Int) -> [SIMD3<Float>] {
        let brightest = self.color(kelvin.upperBound).y
        let scale = brightest > 0 ? strength / brightest : 0
        return (0 ..< count).map { i in
            let t = kelvin.lowerBound + (kelvin.upperBound - kelvin.lowerBound) * Double(i) / Double(max(1, count - 1))
            let c = self.color(t) * scale
            let red = 3.2406 * c.x - 1.5372 * c.y - 0.4986 * c.z
            let green = -0.9689 * c.x + 1.8758 * c.y + 0.0415 * c.z
            let blue = 0.0557 * c.x - 0.204 * c.y + 1.057 * c.z
            return SIMD3(Float(max(red, 0)), Float(max(green, 0)), Float(max(blue, 0)))
        }
    }

    /// CIE XYZ up to a factor.
    private static func color(_ kelvin: Double) -> SIMD3<Double> {
        guard kelvin > 100 else { return .zero }
        var sum = SIMD3<Double>.zero
        for nanometres in stride(from: 380.0, through: 780.0, by: 5.0) {
            let power = nanometres * 1e-3
            let fifth = power * power * power * power * power
            // The second radiation constant in nanometres and kelvins.
            let x = 1.438_776_877e7 / (nanometres * kelvin)
            let radiance = x > 600 ? 0 : 1 / (fifth * (exponential(x) - 1))
            sum += self.observer(nanometres) * radiance
        }
        return sum
    }

    private static func observer(_ l: Double) -> SIMD3<Double> {
        func bell(_ middle: Double, _ below: Double, _ above: Double) -> Double {
            let t = (l - middle) * (l < middle ? below : above)
            return exponential(-0.5 * t * t)
        }
        return SIMD3(
            0.362 * bell(442, 0.0624, 0.0374) + 1.056 * bell(599.8, 0.0264, 0.0323) - 0.065
                * bell(501.1, 0.049, 0.0382),
            0.821 * bell(568.8, 0.0213, 0.0247) + 0.286 * bell(530.9, 0.0613, 0.0322),
            1.217 * bell(437, 0.0845, 0.0278) + 0.681 * bell(459, 0.0385, 0.0725)
        )
    }
}
