/// The sums of one pixel's samples, each added in the samples' order.
///
/// In binary64 the sum of 65,536 numbers of binary32 has more than eleven correct digits, so no cleverer order is needed.
struct PixelSums {
    private(set) var samples = 0
    private var light = (0.0, 0.0, 0.0)
    private var squares = 0.0
    private var albedo = (0.0, 0.0, 0.0)
    private var normal = (0.0, 0.0, 0.0)
    private var depth = 0.0
    private var hits = 0
    private var object: UInt32 = 0
    private var guideAlbedo = (0.0, 0.0, 0.0)
    private var guideNormal = (0.0, 0.0, 0.0)

    /// Adds what a path has found, unless it is not a number.
    ///
    /// - Returns: whether it was one.
    mutating func add(_ found: Vector3) -> Bool {
        self.samples += 1
        guard found.isFinite else { return false }
        let (r, g, b) = (Double(larger(0, found.x)), Double(larger(0, found.y)), Double(larger(0, found.z)))
        self.light = (self.light.0 + r, self.light.1 + g, self.light.2 + b)
        let sum = (r + g) + b
        self.squares += sum * sum
        return true
    }

    /// Adds what a path saw first.
    mutating func add(_ features: FirstHits, _ path: Int) {
        let object = features.object(path)
        if self.samples == 1 { self.object = object }
        guard object != 0 else { return }
        let (a, n) = (features.albedo(path), features.normal(path))
        self.hits += 1
        self.albedo = (self.albedo.0 + Double(a.x), self.albedo.1 + Double(a.y), self.albedo.2 + Double(a.z))
        self.normal = (self.normal.0 + Double(n.x), self.normal.1 + Double(n.y), self.normal.2 + Double(n.z))
        self.depth += Double(features.depth(path))
    }

    /// Adds what a path saw that guides a denoiser.
    mutating func add(_ guides: DenoisingGuides, _ path: Int) {
        let (a, n) = (guides.albedo(path), guides.normal(path))
        let (albedo, normal) = (self.guideAlbedo, self.guideNormal)
        self.guideAlbedo = (albedo.0 + Double(a.x), albedo.1 + Double(a.y), albedo.2 + Double(a.z))
        self.guideNormal = (normal.0 + Double(n.x), normal.1 + Double(n.y), normal.2 + Double(n.z))
    }

    // MARK: Means

    /// The light of red, green and blue together.
    var mean: Double { self.samples > 0 ? ((self.light.0 + self.light.1) + self.light.2) / Double(self.samples) : 0 }

    /// The standard error of ``mean``, as if samples were independent; those of a Sobol sequence do better.
    var standardError: Double {
        guard self.samples > 1 else { return .infinity }
        let n = Double(self.samples)
        let variance = self.squares / n - self.mean * self.mean
        return variance > 0 ? (variance / (n - 1)).squareRoot() : 0
    }

    /// Writes the means as pixel `i` of a rectangle.
    func write(to pixels: inout [Float], _ auxiliary: inout FilmBlock.Auxiliary, _ channels: FilmChannels, _ i: Int) {
        let scale = self.samples > 0 ? 1 / Double(self.samples) : 0
        Self.write(self.light, scale, 0, .greatestFiniteMagnitude, to: &pixels, 3 * i)
        if channels.contains(.albedo) { Self.write(self.albedo, scale, 0, 1, to: &auxiliary.albedo, 3 * i) }
        if channels.contains(.normal) { Self.write(self.normal, scale, -1, 1, to: &auxiliary.normal, 3 * i) }
        if channels.contains(.depth) {
            auxiliary.depth[i] = self.hits > 0 ? Float(self.depth / Double(self.hits)) : 0
        }
        if channels.contains(.object) { auxiliary.object[i] = self.object }
        if channels.contains(.sampleCount) {
            auxiliary.sampleCount[i] = UInt32(truncatingIfNeeded: self.samples)
        }
        if channels.contains(.guides) {
            Self.write(self.guideAlbedo, scale, 0, 1, to: &auxiliary.guideAlbedo, 3 * i)
            Self.write(self.guideNormal, scale, -1, 1, to: &auxiliary.guideNormal, 3 * i)
        }
    }

    private static func write(
        _ sum: (Double, Double, Double),
        _ scale: Double,
        _ low: Float,
        _ high: Float,
        to numbers: inout [Float],
        _ i: Int
    ) {
        // Adding zero turns a zero with a sign into one without.
        numbers[i] = clamped(Float(sum.0 * scale), low, high) + 0
        numbers[i + 1] = clamped(Float(sum.1 * scale), low, high) + 0
        numbers[i + 2] = clamped(Float(sum.2 * scale), low, high) + 0
    }
}
