import RenderCore

/// A box along the axes.
struct Box: Sendable {
    var low: SIMD3<Double>
    var high: SIMD3<Double>

    init(low: SIMD3<Double>, high: SIMD3<Double>) {
        self.low = low
        self.high = high
    }

    /// The box around points of three numbers each, of which there must be one at least.
    init(_ positions: [Float]) {
        var low = SIMD4<Float>(repeating: .infinity)
        var high = SIMD4<Float>(repeating: -.infinity)
        positions.withUnsafeBufferPointer { p in
            for i in 0 ..< p.count / 3 {
                let point = SIMD4(p[3 &* i], p[3 &* i &+ 1], p[3 &* i &+ 2], 0)
                low = low.replacing(with: point, where: point .< low)
                high = high.replacing(with: point, where: point .> high)
            }
        }
        self.low = SIMD3(Double(low.x), Double(low.y), Double(low.z))
        self.high = SIMD3(Double(high.x), Double(high.y), Double(high.z))
    }

    /// The box around the spheres of a set, of which there must be one at least.
    init(_ set: ParticleSet) {
        self.init(set.centers)
        let radius = Double(set.radii.max() ?? 0)
        self.low -= SIMD3(repeating: radius)
        self.high += SIMD3(repeating: radius)
    }

    /// The smallest box around both.
    func union(_ other: Box) -> Box {
        Box(low: pointwiseMin(self.low, other.low), high: pointwiseMax(self.high, other.high))
    }

    /// The box around this box's image (Arvo, "Transforming Axis-Aligned Bounding Boxes", Graphics Gems, 1990).
    func image(under map: Affine) -> Box {
        func magnitude(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(v.x.magnitude, v.y.magnitude, v.z.magnitude) }
        let center = map.point((self.low + self.high) * 0.5)
        let half = (self.high - self.low) * 0.5
        let extent = (magnitude(map.x) * half.x + magnitude(map.y) * half.y) + magnitude(map.z) * half.z
        return Box(low: center - extent, high: center + extent)
    }
}
