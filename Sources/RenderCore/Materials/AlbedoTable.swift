/// The directional albedo of the GGX reflection by cosine and roughness, split into what Schlick's Fresnel term scales
/// and what it adds: albedo = f0 scale + bias.
///
/// After B. Karis 2013; each has 16 x 16 entries.
///
/// It keeps the books of energy: a coat takes from the diffuse base what it reflects (C. Kulla and A. Conty 2017), and
/// rough metals get back what single scattering loses (E. Turquin 2019).
struct AlbedoTable: BitwiseCopyable {
    private static let edge = 16
    /// Pairs of scale and bias, roughness by roughness; then pairs of their cosine-weighted means.
    private let values: UnsafePointer<Float>

    /// Integrates the table with 64 points an entry.
    init(memory: SceneMemory) {
        let edge = Self.edge
        let values = memory.allocate(Float.self, count: 2 * edge * edge + 2 * edge)
        for row in 0 ..< edge {
            let roughness = Float(row) / Float(edge - 1)
            let distribution = MicrofacetDistribution(alpha: larger(0x1p-10, roughness * roughness))
            var meanScale: Float = 0
            var meanBias: Float = 0
            for column in 0 ..< edge {
                let cosine = (Float(column) + 0.5) / Float(edge)
                let wo = Vector3((1 - cosine * cosine).squareRoot(), 0, cosine)
                var scale: Float = 0
                var bias: Float = 0
                for k in 0 ..< 64 {
                    let u = (Float(k) + 0.5) * 0x1p-6
                    let v =
                        Float(Int32(truncatingIfNeeded: reversedBits(UInt32(truncatingIfNeeded: k)) &>> 26)) * 0x1p-6
                    let h = distribution.visibleNormal(wo, u, v + 0x1p-7)
                    let cosineH = dot(wo, h)
                    let wi = h * (2 * cosineH) - wo
                    guard wi.z > 0 else { continue }
                    let weight = distribution.g2(wo, wi) / distribution.g1(wo)
                    let fresnel = schlickWeight(cosineH)
                    scale += weight * (1 - fresnel)
                    bias += weight * fresnel
                }
                let at = 2 * (row * edge + column)
                values[at] = scale * 0x1p-6
                values[at + 1] = bias * 0x1p-6
                meanScale += values[at] * cosine
                meanBias += values[at + 1] * cosine
            }
            let at = 2 * (edge * edge + row)
            values[at] = meanScale * (2 / Float(edge))
            values[at + 1] = meanBias * (2 / Float(edge))
        }
        self.values = UnsafePointer(values)
    }

    /// Scale and bias for a direction.
    @inline(__always) func directional(cosine: Float, roughness: Float) -> (scale: Float, bias: Float) {
        let edge = Self.edge
        let x = clamped(cosine * Float(edge) - 0.5, 0, Float(edge - 1))
        let y = clamped(roughness * Float(edge - 1), 0, Float(edge - 1))
        let column = index(x, last: edge - 2)
        let row = index(y, last: edge - 2)
        let fx = x - Float(column)
        let fy = y - Float(row)
        let p = self.values + 2 &* (row &* edge &+ column)
        let q = p + 2 &* edge
        return (
            mix(mix(p[0], p[2], fx), mix(q[0], q[2], fx), fy),
            mix(mix(p[1], p[3], fx), mix(q[1], q[3], fx), fy)
        )
    }

    /// The means over all directions.
    @inline(__always) func mean(roughness: Float) -> (scale: Float, bias: Float) {
        let edge = Self.edge
        let y = clamped(roughness * Float(edge - 1), 0, Float(edge - 1))
        let row = index(y, last: edge - 2)
        let fy = y - Float(row)
        let p = self.values + 2 &* (edge &* edge &+ row)
        return (mix(p[0], p[2], fy), mix(p[1], p[3], fy))
    }
}
