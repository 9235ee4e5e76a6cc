/// Tables that lobes need and that depend on nothing: what sheen sends anywhere, and what thin films do to colours.
struct LobeTables: BitwiseCopyable {
    @inline(__always) private static var edge: Int { 16 }
    /// The entries of the film's table, ``pathStep`` nanometres apart; beyond them interference has faded to nothing.
    @inline(__always) private static var paths: Int { 2048 }
    @inline(__always) private static var pathStep: Float { 4 }

    /// The albedo of white sheen, roughness by roughness.
    private let sheen: UnsafePointer<Float>
    /// Three colours a path.
    private let film: UnsafePointer<Float>

    /// The tables of all scenes.
    ///
    /// Sound although the pointers go to memory that nobody frees: it is written before anyone sees it.
    nonisolated(unsafe) static let shared = LobeTables()

    private init() {
        let edge = Self.edge
        let sheen = UnsafeMutablePointer<Float>.allocate(capacity: edge * edge)
        for row in 0 ..< edge {
            let distribution = SheenDistribution(roughness: FloatLanes(Float(row) / Float(edge - 1)))
            for column in stride(from: 0, to: edge, by: laneCount) {
                let numbers = FloatLanes(IntLanes(bitPattern: .numbers)) + FloatLanes(Float(column))
                let cosine = (numbers + 0.5) / FloatLanes(Float(edge))
                let albedo = Self.albedo(distribution, cosine)
                for lane in 0 ..< laneCount { sheen[row * edge + column + lane] = albedo[lane] }
            }
        }
        let film = UnsafeMutablePointer<Float>.allocate(capacity: 3 * Self.paths)
        for i in 0 ..< Self.paths {
            let color = ThinFilm.sensitivity(Double(Float(i) * Self.pathStep))
            film[i] = Float(color.x)
            film[Self.paths + i] = Float(color.y)
            film[2 * Self.paths + i] = Float(color.z)
        }
        self.sheen = UnsafePointer(sheen)
        self.film = UnsafePointer(film)
    }

    /// The midpoint rule over the square of the cosine and the angle around the normal.
    private static func albedo(_ distribution: SheenDistribution, _ cosine: FloatLanes) -> FloatLanes {
        let wo = Vector3Lanes((1 - cosine * cosine).squareRoot(), 0, cosine)
        var sum: FloatLanes = 0
        for row in 0 ..< 32 {
            let z = ((Float(row) + 0.5) / 32).squareRoot()
            let r = (1 - z * z).squareRoot()
            for column in 0 ..< 32 {
                // The other half is its mirror image.
                let (s, c) = sinCos(turns: (Float(column) + 0.5) / 64)
                let wi = Vector3Lanes(Vector3(r * c, r * s, z))
                sum += distribution.value(wo, wi) * FloatLanes(Pi.one)
            }
        }
        return smaller(1, sum * 0x1p-10)
    }

    /// What white sheen sends anywhere.
    @inline(__always) func sheenAlbedo(cosine: FloatLanes, roughness: FloatLanes) -> FloatLanes {
        let last = FloatLanes(Float(Self.edge - 1))
        let x = clamped(cosine * FloatLanes(Float(Self.edge)) - 0.5, 0, last)
        let y = clamped(roughness * last, 0, last)
        let column = IntLanes(truncating: smaller(x, FloatLanes(Float(Self.edge - 2))))
        let row = IntLanes(truncating: smaller(y, FloatLanes(Float(Self.edge - 2))))
        let at = UIntLanes(bitPattern: row) &* UIntLanes(UInt32(Self.edge)) &+ UIntLanes(bitPattern: column)
        let fx = x - FloatLanes(column)
        let below = self.sheen + Self.edge
        return mix(
            mix(FloatLanes(at: self.sheen, gather: at), FloatLanes(at: self.sheen, gather: at &+ 1), fx),
            mix(FloatLanes(at: below, gather: at), FloatLanes(at: below, gather: at &+ 1), fx),
            y - FloatLanes(row)
        )
    }

    /// How much an optical path in nanometres adds to each colour.
    @inline(__always) private func sensitivity(_ path: FloatLanes) -> Vector3Lanes {
        let last = FloatLanes(Float(Self.paths - 2))
        let x = clamped(path / FloatLanes(Self.pathStep), 0, last)
        let cell = IntLanes(truncating: x)
        let at = UIntLanes(bitPattern: cell)
        let f = x - FloatLanes(cell)
        let green = self.film + Self.paths
        let blue = green + Self.paths
        return Vector3Lanes(
            mix(FloatLanes(at: self.film, gather: at), FloatLanes(at: self.film, gather: at &+ 1), f),
            mix(FloatLanes(at: green, gather: at), FloatLanes(at: green, gather: at &+ 1), f),
            mix(FloatLanes(at: blue, gather: at), FloatLanes(at: blue, gather: at &+ 1), f)
        )
    }

    /// The reflectance of a film in air on a ground that reflects `base` by itself at normal incidence.
    ///
    /// As `KHR_materials_iridescence` writes L. Belcour and P. Barla 2017 down: Schlick's Fresnel term for the ground, two
    /// orders, one polarisation; but Fresnel's own for the film, so that a film that vanishes reflects nothing.
    @inline(__always) func filmReflectance(
        cosine: FloatLanes,
        ior: FloatLanes,
        thickness: FloatLanes,
        base: Vector3Lanes
    ) -> Vector3Lanes {
        // A film that vanishes must not matter.
        let eta = 1 + (ior - 1) * smaller(1, thickness * 0x1.111112p-5)
        let inner = larger(0, 1 - (1 - cosine * cosine) / (eta * eta)).squareRoot()
        let upper = dielectricFresnel(cosine, eta)
        let weight = schlickWeight(inner)
        let path = 2 * eta * thickness * inner
        let first = self.sensitivity(path)
        let second = self.sensitivity(2 * path)
        return Vector3Lanes(
            Self.filmColor(eta, upper, weight, base.x, first.x, second.x),
            Self.filmColor(eta, upper, weight, base.y, first.y, second.y),
            Self.filmColor(eta, upper, weight, base.z, first.z, second.z)
        )
    }

    @inline(__always) private static func filmColor(
        _ eta: FloatLanes,
        _ upper: FloatLanes,
        _ weight: FloatLanes,
        _ base: FloatLanes,
        _ first: FloatLanes,
        _ second: FloatLanes
    ) -> FloatLanes {
        let root = smaller(base + 0x1.a36e2ep-14, 0x1.fff2e4p-1).squareRoot()
        let index = (1 + root) / (1 - root)
        let r = (index - eta) / (index + eta)
        let lower = r * r + (1 - r * r) * weight
        let both = clamped(upper * lower, 0x1.4f8b58p-17, 0x1.fff2e4p-1)
        let amplitude = both.squareRoot()
        let through = 1 - upper
        let s = through * through * lower / (1 - both)
        // The half turns that reflections add: at the film's lower side seen from within, and at its ground.
        let sign: FloatLanes = select(index .< eta, 1, -1)
        let once = (s - through) * amplitude
        let sum = (upper + s) + 2 * (once * sign * first + once * amplitude * second)
        return clamped(sum, 0, 1)
    }
}

/// Fibres about along the normal.
///
/// A. Conty Estevez and C. Kulla, "Production Friendly Microfacet Sheen BRDF", 2017, with the square of the roughness as
/// `KHR_materials_sheen` has it.
struct SheenDistribution: BitwiseCopyable {
    private let alpha: FloatLanes

    @inline(__always) init(roughness: FloatLanes) {
        // Below this the fibres are so straight that single precision fails.
        let r = larger(roughness, 0x1.2p-4)
        self.alpha = r * r
    }

    /// The value for directions above the surface.
    @inline(__always) func value(_ wo: Vector3Lanes, _ wi: Vector3Lanes) -> FloatLanes {
        let h = (wo + wi).normalized(or: Vector3Lanes(0, 0, 1))
        let inverse = 1 / self.alpha
        let sine2 = clamped(h.x * h.x + h.y * h.y, 0, 1)
        let d = (2 + inverse) * fractionPower(sine2, inverse * 0.5) * FloatLanes(0.5 * Pi.inverse)
        let o = larger(wo.z, 0x1p-10)
        let i = larger(wi.z, 0x1p-10)
        return d / ((1 + self.lambda(o) + self.lambda(i)) * (4 * o * i))
    }

    private func lambda(_ cosine: FloatLanes) -> FloatLanes {
        let steep = self.fit(smaller(cosine, 0.5))
        let flat = 2 * self.fit(0.5) - self.fit(smaller(1 - cosine, 0.5))
        return exponential(select(cosine .< 0.5, steep, flat))
    }

    /// The paper's fit for the logarithm of lambda.
    @inline(__always) private func fit(_ x: FloatLanes) -> FloatLanes {
        let m = (1 - self.alpha) * (1 - self.alpha)
        let a = mix(0x1.58c1bep4, 0x1.953126p4, m)
        let b = mix(0x1.ea392ep1, 0x1.a9844ep1, m)
        let c = mix(0x1.95f99cp-3, 0x1.5815ap-3, m)
        let d = mix(-0x1.fa43fep0, -0x1.462046p0, m)
        let e = mix(-0x1.1483bap2, -0x1.3704d6p2, m)
        return a / (1 + b * fractionPower(x, c)) + d * x + e
    }
}
