import RenderCore

/// Stacks that tests look at.
enum LayerStacks {
    /// A dragon's scale: 12 layers.
    static let scale = LayerStack([
        .dielectric(ior: 1.5, roughness: 0.15, film: .init(ior: 1.75, thickness: 380)),
        .medium(absorption: SIMD3(0.05, 0.02, 0.1)),
        .flakes(color: SIMD3(0.95, 0.8, 0.5), roughness: 0.45, coverage: 0.2),
        .medium(absorption: SIMD3(0.3, 0.05, 0.25), scattering: 0.1, albedo: SIMD3(0.9, 1, 0.9), anisotropy: 0.5),
        .dielectric(ior: 1.35, roughness: 0.3),
        .medium(absorption: SIMD3(0.1, 0.02, 0.2)),
        .flakes(color: SIMD3(0.4, 0.9, 0.7), roughness: 0.5, coverage: 0.3),
        .medium(absorption: SIMD3(0.2, 0.1, 0.05)),
        .dielectric(ior: 1.6, roughness: 0.25),
        .medium(absorption: SIMD3(0.4, 0.05, 0.3)),
        .flakes(color: SIMD3(0.9, 0.9, 0.9), roughness: 0.6, coverage: 0.4),
        .metal(color: SIMD3(0.8, 0.65, 0.35), roughness: 0.4),
    ])

    /// The scale without its film, which the simulation of photons does not know.
    static let plainScale: LayerStack = {
        var stack = Self.scale
        stack.layers[0] = .dielectric(ior: 1.5, roughness: 0.15)
        return stack
    }()

    static let roughCoat = LayerStack([
        .dielectric(ior: 1.5, roughness: 0.5),
        .medium(absorption: SIMD3(0.1, 0.2, 0.4)),
        .metal(color: SIMD3(0.9, 0.6, 0.3), roughness: 0.3),
    ])

    static let smoothCoat = LayerStack([
        .dielectric(ior: 1.5, roughness: 0),
        .medium(absorption: SIMD3(0.1, 0.2, 0.4)),
        .diffuse(color: SIMD3(0.8, 0.5, 0.2)),
    ])

    /// A mirror that is seen through facets alone.
    static let frostedMirror = LayerStack([
        .dielectric(ior: 1.5, roughness: 0.6),
        .metal(color: SIMD3(1, 0.8, 0.6), roughness: 0),
    ])

    static let cloud = LayerStack([
        .medium(absorption: SIMD3(0, 0.1, 0.2), scattering: 2, albedo: SIMD3(1, 0.9, 0.8), anisotropy: 0.6),
        .diffuse(color: SIMD3(0.5, 0.5, 0.5)),
    ])

    static let milk = LayerStack([
        .dielectric(ior: 1.33, roughness: 0.4),
        .medium(absorption: SIMD3(0.01, 0.02, 0.05), scattering: 3, anisotropy: -0.4),
        .dielectric(ior: 1.6, roughness: 0.2),
        .medium(absorption: SIMD3(0.2, 0.1, 0), scattering: 0.5),
        .medium(absorption: SIMD3(0, 0.1, 0.4)),
        .metal(color: SIMD3(0.9, 0.9, 0.9), roughness: 0.5),
    ])

    /// All whose light can be joined everywhere, so that evaluation knows everything.
    static let spread: [LayerStack] = [Self.plainScale, Self.roughCoat, Self.frostedMirror, Self.cloud, Self.milk]
    static let all: [LayerStack] = Self.spread + [Self.scale, Self.smoothCoat]
}

/// Sums by direction, with their errors.
struct Bins {
    private var sums = [Double](repeating: 0, count: 16)
    private var squares = [Double](repeating: 0, count: 16)
    private var count = 0

    /// Four ranges of the cosine times four quarters, the first about the mirrored direction of a `wo` with y = 0.
    mutating func add(_ wi: (x: Double, y: Double, z: Double), _ value: Double) {
        let row = max(0, min(3, Int(wi.z * 4)))
        let a = -wi.x
        let column = a > abs(wi.y) ? 0 : wi.y > abs(a) ? 1 : a < -abs(wi.y) ? 2 : 3
        self.sums[row * 4 + column] += value
        self.squares[row * 4 + column] += value * value
    }

    /// Must follow each sample, also those that added nothing.
    mutating func endSample() { self.count += 1 }

    func mean(_ i: Int) -> Double { self.sums[i] / Double(self.count) }

    var total: Double { self.sums.reduce(0, +) / Double(self.count) }

    /// The square of the standard error.
    func variance(_ i: Int) -> Double {
        let mean = self.mean(i)
        return max(0, self.squares[i] / Double(self.count) - mean * mean) / Double(self.count)
    }

    /// The largest difference in standard errors of both together.
    static func deviation(_ a: Bins, _ b: Bins) -> Double {
        (0 ..< 16).map { i in
            abs(a.mean(i) - b.mean(i)) / (a.variance(i) + b.variance(i) + 1e-14).squareRoot()
        }.max() ?? 0
    }
}
