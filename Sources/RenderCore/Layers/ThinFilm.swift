/// The reflectance of a surface under a thin film, by cosine, for red, green and blue.
///
/// L. Belcour and P. Barla, "A Practical Extension to Microfacet Theory for the Modeling of Varying Iridescence", 2017:
/// the interference of all orders, integrated over the eye's sensitivities in the Fourier domain. Deviations: one
/// polarisation; metals by Schlick's Fresnel term; two orders. It is computed once, since a film does not vary over a stack.
struct ThinFilm: BitwiseCopyable {
    /// The entries, evenly spaced in the cosine.
    @inline(__always) static var entries: Int { 64 }

    private let values: UnsafePointer<Float>

    /// Tabulates a film in a medium of index `outside` on a ground that reflects `base` into that medium by itself, or
    /// of index `inside` when that is given.
    init(_ film: Layer.Film, outside: Float, inside: Float?, base: Vector3, memory: SceneMemory) {
        let values = memory.allocate(Float.self, count: 3 * Self.entries)
        for i in 0 ..< Self.entries {
            let cosine = Double(i) / Double(Self.entries - 1)
            let color = Self.reflectance(film, cosine, Double(outside), inside.map { Double($0) }, base)
            values[3 * i] = color.x
            values[3 * i + 1] = color.y
            values[3 * i + 2] = color.z
        }
        self.values = UnsafePointer(values)
    }

    /// The reflectance for a cosine in the outer medium.
    @inline(__always) func reflectance(_ cosine: Float) -> Vector3 {
        let x = clamped(cosine, 0, 1) * Float(Self.entries - 1)
        let i = index(x, last: Self.entries - 2)
        return mix(loadVector(self.values, i), loadVector(self.values, i + 1), x - Float(i))
    }

    private static func schlick(_ r0: Double, _ cosine: Double) -> Double {
        let m = 1 - cosine
        return r0 + (1 - r0) * (m * m * m * m * m)
    }

    private static func normalReflectance(_ a: Double, _ b: Double) -> Double {
        let r = (a - b) / (a + b)
        return r * r
    }

    /// Fresnel's reflectance for light that goes from one index of refraction to another.
    private static func fresnel(_ cosine: Double, _ from: Double, _ to: Double) -> Double {
        let ratio = from / to
        let sine2 = ratio * ratio * (1 - cosine * cosine)
        guard sine2 < 1 else { return 1 }
        let other = (1 - sine2).squareRoot()
        let s = (from * cosine - to * other) / max(from * cosine + to * other, 0x1p-60)
        let p = (from * other - to * cosine) / max(from * other + to * cosine, 0x1p-60)
        return (s * s + p * p) * 0.5
    }

    private static func reflectance(
        _ film: Layer.Film,
        _ cosine: Double,
        _ outside: Double,
        _ inside: Double?,
        _ base: Vector3
    ) -> Vector3 {
        // A film that vanishes must not matter.
        let fade = min(1, Double(film.thickness) / 30)
        let eta = outside + (Double(film.ior) - outside) * fade
        let ratio = outside / eta
        let sine2 = ratio * ratio * (1 - cosine * cosine)
        guard sine2 < 1 else { return Vector3(1) }
        let inner = (1 - sine2).squareRoot()
        let upper = self.fresnel(cosine, outside, eta)
        let through = 1 - upper
        let isDenser = eta >= outside
        let path = 2 * eta * Double(film.thickness) * inner
        func lower(_ r: Float) -> (reflectance: Double, index: Double) {
            if let inside { return (self.fresnel(inner, eta, inside), inside) }
            let root = Double(clamped(r, 0, 0x1.fff2ep-1)).squareRoot()
            let index = outside * (1 + root) / (1 - root)
            return (self.schlick(self.normalReflectance(index, eta), inner), index)
        }
        let grounds = (lower(base.x), lower(base.y), lower(base.z))
        // The half turns that reflections add: at the film's lower side seen from within, and at its ground.
        func half(_ index: Double) -> Bool { isDenser != (index < eta) }
        let color = (
            self.series(upper, through, grounds.0.reflectance, path, half(grounds.0.index)).x,
            self.series(upper, through, grounds.1.reflectance, path, half(grounds.1.index)).y,
            self.series(upper, through, grounds.2.reflectance, path, half(grounds.2.index)).z
        )
        return Vector3(
            clamped(Float(color.0), 0, 1),
            clamped(Float(color.1), 0, 1),
            clamped(Float(color.2), 0, 1)
        )
    }

    private static func series(
        _ upper: Double,
        _ through: Double,
        _ ground: Double,
        _ path: Double,
        _ isShifted: Bool
    ) -> (x: Double, y: Double, z: Double) {
        let both = min(upper * ground, 0x1.fff2e48e8a71ep-1)
        let root = both.squareRoot()
        let s = through * through * ground / (1 - both)
        let constant = upper + s
        var color = (x: constant, y: constant, z: constant)
        var factor = s - through
        for order in 1 ... 2 {
            factor *= root
            let sign: Double = isShifted && order == 1 ? -1 : 1
            let wave = self.sensitivity(Double(order) * path)
            color.x += 2 * factor * sign * wave.x
            color.y += 2 * factor * sign * wave.y
            color.z += 2 * factor * sign * wave.z
        }
        return color
    }

    /// The Fourier transform of the eye's sensitivities at an optical path in nanometres, as linear BT.709 with white as
    /// one: four Gaussians, whose figures are the paper's.
    static func sensitivity(_ path: Double) -> (x: Double, y: Double, z: Double) {
        let phase = 0x1.afc6f70213be5p-28 * path
        func gaussian(_ value: Double, _ position: Double, _ variance: Double) -> Double {
            let angle = sinCos(radians: Float(position * phase)).cos
            let spread = exponential(-variance * phase * phase)
            let area = value * (0x1.921fb54442d18p2 * variance).squareRoot()
            return area * Double(angle) * spread / 0x1.caead142f3dd9p-24
        }
        let long = gaussian(0x1.34cfd3dbaf9a2p-41, 0x1.9a668p20, 0x1.01f4fccp32)
        let x = long + gaussian(0x1.b6f742515d681p-44, 0x1.116cep21, 0x1.0de6d94p32)
        let y = gaussian(0x1.f1a8b5645f72fp-42, 0x1.b64e4p20, 0x1.154c76ep33)
        let z = gaussian(0x1.27711783bfe83p-41, 0x1.0d948p21, 0x1.8a1ca3ap32)
        return (
            0x1.9ec7340697c9bp1 * x - 0x1.8981e8a2ec28bp0 * y - 0x1.fe7f03ec1dcafp-2 * z,
            -0x1.f043a2163fdd6p-1 * x + 0x1.e0423e68f15b2p0 * y + 0x1.546d3f9e7b80bp-5 * z,
            0x1.c7d4aae79fb6fp-5 * x - 0x1.a1d854c04bb51p-3 * y + 0x1.0ea64f8a81ceap0 * z
        )
    }
}
