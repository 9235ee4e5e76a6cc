/// How much of the light that comes from a direction the GGX lobes send anywhere, by cosine and roughness.
///
/// It keeps the books of energy: a coat takes from the diffuse base what it reflects (C. Kulla and A. Conty 2017); rough
/// metals and rough glass get back what single scattering loses (E. Turquin 2019). For reflections it is split into what
/// Schlick's Fresnel term scales and what it adds, albedo = f0 scale + bias, after B. Karis 2013.
struct AlbedoTable: BitwiseCopyable {
    @inline(__always) private static var edge: Int { 16 }
    /// Indices of refraction of the glass table: (eta - 1) / (eta + 1) goes from -1/2 to 1/2.
    @inline(__always) private static var etas: Int { 33 }

    /// For each cell its four corners, those of less roughness first: the scales of all cells, roughness by roughness,
    /// then the biases.
    private let directional: UnsafePointer<Float>
    /// The cosine-weighted means: for each roughness its scale, the next one's, its bias, the next one's.
    private let means: UnsafePointer<Float>
    /// The albedo of rough glass, index by index, then roughness by roughness; only where someone asked for it.
    private let glass: UnsafePointer<Float>?

    /// The tables of all scenes without rough glass: they depend on nothing.
    ///
    /// Sound although the pointers go to memory that nobody frees: it is written before anyone sees it.
    nonisolated(unsafe) static let shared = AlbedoTable()
    /// The tables of all scenes with rough glass, which take some milliseconds more.
    nonisolated(unsafe) static let sharedWithGlass = AlbedoTable(glassFor: .shared)

    private init() {
        let edge = Self.edge
        var values = [Float](repeating: 0, count: 2 * edge * edge)
        var averages = [Float](repeating: 0, count: 2 * edge)
        for row in 0 ..< edge {
            for column in stride(from: 0, to: edge, by: laneCount) {
                let (scale, bias) = Self.reflection(Self.cosines(from: column), Self.roughness(row))
                for lane in 0 ..< laneCount {
                    values[row * edge + column + lane] = scale[lane]
                    values[edge * edge + row * edge + column + lane] = bias[lane]
                }
            }
            var scale: Float = 0
            var bias: Float = 0
            for column in 0 ..< edge {
                let cosine = (Float(column) + 0.5) / Float(edge)
                scale += values[row * edge + column] * cosine
                bias += values[edge * edge + row * edge + column] * cosine
            }
            averages[row] = scale * (2 / Float(edge))
            averages[edge + row] = bias * (2 / Float(edge))
        }
        // Cells of the last row and column are never looked up.
        let directional = UnsafeMutablePointer<Float>.allocate(capacity: 4 * values.count)
        for at in 0 ..< values.count {
            for (corner, offset) in [0, 1, edge, edge + 1].enumerated() {
                directional[4 * at + corner] = values[min(at + offset, values.count - 1)]
            }
        }
        let means = UnsafeMutablePointer<Float>.allocate(capacity: 4 * edge)
        for row in 0 ..< edge {
            let next = min(row + 1, edge - 1)
            for (place, at) in [row, next, edge + row, edge + next].enumerated() {
                means[4 * row + place] = averages[at]
            }
        }
        self.directional = UnsafePointer(directional)
        self.means = UnsafePointer(means)
        self.glass = nil
    }

    private init(glassFor base: AlbedoTable) {
        let edge = Self.edge
        let glass = UnsafeMutablePointer<Float>.allocate(capacity: Self.etas * edge * edge)
        for number in 0 ..< Self.etas {
            let r = Float(number - Self.etas / 2) / Float(Self.etas - 1)
            for row in 0 ..< edge {
                for column in stride(from: 0, to: edge, by: laneCount) {
                    let albedo = Self.refraction(Self.cosines(from: column), Self.roughness(row), (1 + r) / (1 - r))
                    for lane in 0 ..< laneCount {
                        glass[(number * edge + row) * edge + column + lane] = albedo[lane]
                    }
                }
            }
        }
        self.directional = base.directional
        self.means = base.means
        self.glass = UnsafePointer(glass)
    }

    // MARK: Integration

    /// The cosines of the entries from `column` on.
    private static func cosines(from column: Int) -> FloatLanes {
        (FloatLanes(IntLanes(bitPattern: .numbers)) + FloatLanes(Float(column) + 0.5)) / FloatLanes(Float(self.edge))
    }

    private static func roughness(_ row: Int) -> Float { Float(row) / Float(self.edge - 1) }

    /// Point `k` of a Hammersley set of `count`, a power of two.
    private static func point(_ k: Int, of count: Int) -> (FloatLanes, FloatLanes) {
        let radical = unitFloat(reversedBits(UInt32(truncatingIfNeeded: k)))
        return (FloatLanes((Float(k) + 0.5) / Float(count)), FloatLanes(radical + 0.5 / Float(count)))
    }

    private static func reflection(
        _ cosine: FloatLanes,
        _ roughness: Float
    ) -> (scale: FloatLanes, bias: FloatLanes) {
        let distribution = MicrofacetDistribution(alpha: FloatLanes(larger(0x1p-10, roughness * roughness)))
        let wo = Vector3Lanes((1 - cosine * cosine).squareRoot(), 0, cosine)
        var scale: FloatLanes = 0
        var bias: FloatLanes = 0
        for k in 0 ..< 64 {
            let (u, v) = self.point(k, of: 64)
            let h = distribution.visibleNormal(wo, u, v)
            let cosineH = dot(wo, h)
            let wi = h * (2 * cosineH) - wo
            let weight = select(wi.z .> 0, distribution.g2(wo, wi) / distribution.g1(wo), 0)
            let fresnel = schlickWeight(cosineH)
            scale += weight * (1 - fresnel)
            bias += weight * fresnel
        }
        return (scale * 0x1p-6, bias * 0x1p-6)
    }

    private static func refraction(_ cosine: FloatLanes, _ roughness: Float, _ eta: Float) -> FloatLanes {
        let distribution = MicrofacetDistribution(alpha: FloatLanes(larger(0x1p-10, roughness * roughness)))
        let wo = Vector3Lanes((1 - cosine * cosine).squareRoot(), 0, cosine)
        let eta = FloatLanes(eta)
        var sum: FloatLanes = 0
        for k in 0 ..< 256 {
            let (u, v) = self.point(k, of: 256)
            let h = distribution.visibleNormal(wo, u, v)
            let cosineH = dot(wo, h)
            let reflectance = dielectricFresnel(cosineH, eta)
            let wi = h * (2 * cosineH) - wo
            let wt = refracted(wo, h, eta)
            let g1 = distribution.g1(wo)
            sum += select(wi.z .> 0, reflectance * (distribution.g2(wo, wi) / g1), 0)
            let isThrough = wt.isRefracted .& (wt.direction.z .< 0)
            sum += select(isThrough, (1 - reflectance) * (distribution.throughG2(wo, wt.direction) / g1), 0)
        }
        return sum * 0x1p-8
    }

    // MARK: Look-up

    /// Scale and bias for a direction.
    @inline(__always) func directional(
        cosine: FloatLanes,
        roughness: FloatLanes
    ) -> (scale: FloatLanes, bias: FloatLanes) {
        let p = Self.place(cosine, roughness)
        let scales = FloatLanes.quads(at: self.directional, gather: p.at)
        let biases = FloatLanes.quads(at: self.directional + 4 * Self.edge * Self.edge, gather: p.at)
        return (
            mix(mix(scales.0, scales.1, p.fx), mix(scales.2, scales.3, p.fx), p.fy),
            mix(mix(biases.0, biases.1, p.fx), mix(biases.2, biases.3, p.fx), p.fy)
        )
    }

    /// The means over all directions.
    @inline(__always) func mean(roughness: FloatLanes) -> (scale: FloatLanes, bias: FloatLanes) {
        let y = clamped(roughness * FloatLanes(Float(Self.edge - 1)), 0, FloatLanes(Float(Self.edge - 1)))
        let row = Self.cell(y, last: Self.edge - 2)
        let fy = y - FloatLanes(row)
        let means = FloatLanes.quads(at: self.means, gather: UIntLanes(bitPattern: row))
        return (mix(means.0, means.1, fy), mix(means.2, means.3, fy))
    }

    /// What rough glass sends anywhere.
    @inline(__always) func glass(cosine: FloatLanes, roughness: FloatLanes, eta: FloatLanes) -> FloatLanes {
        guard let glass = self.glass else { return 1 }
        let p = Self.place(cosine, roughness)
        let z = clamped(
            ((eta - 1) / (eta + 1) + 0.5) * FloatLanes(Float(Self.etas - 1)),
            0,
            FloatLanes(Float(Self.etas - 1))
        )
        let layer = Self.cell(z, last: Self.etas - 2)
        let size = UIntLanes(UInt32(Self.edge * Self.edge))
        let at = p.at &+ UIntLanes(bitPattern: layer) &* size
        return mix(
            Self.interpolated(glass, at, p.fx, p.fy),
            Self.interpolated(glass, at &+ size, p.fx, p.fy),
            z - FloatLanes(layer)
        )
    }

    /// The cell of a direction and roughness, and where in it they are.
    @inline(__always) private static func place(
        _ cosine: FloatLanes,
        _ roughness: FloatLanes
    ) -> (at: UIntLanes, fx: FloatLanes, fy: FloatLanes) {
        let last = FloatLanes(Float(self.edge - 1))
        let x = clamped(cosine * FloatLanes(Float(self.edge)) - 0.5, 0, last)
        let y = clamped(roughness * last, 0, last)
        let column = self.cell(x, last: self.edge - 2)
        let row = self.cell(y, last: self.edge - 2)
        let at = (UIntLanes(bitPattern: row) &* UIntLanes(UInt32(self.edge))) &+ UIntLanes(bitPattern: column)
        return (at, x - FloatLanes(column), y - FloatLanes(row))
    }

    /// A number that is not negative, and not large, without its fraction; `last` at most.
    @inline(__always) private static func cell(_ x: FloatLanes, last: Int) -> IntLanes {
        IntLanes(truncating: smaller(x, FloatLanes(Float(last))))
    }

    @inline(__always) private static func interpolated(
        _ values: UnsafePointer<Float>,
        _ at: UIntLanes,
        _ fx: FloatLanes,
        _ fy: FloatLanes
    ) -> FloatLanes {
        let below = values + self.edge
        return mix(
            mix(FloatLanes(at: values, gather: at), FloatLanes(at: values, gather: at &+ 1), fx),
            mix(FloatLanes(at: below, gather: at), FloatLanes(at: below, gather: at &+ 1), fx),
            fy
        )
    }
}
