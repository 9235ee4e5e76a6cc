/// The density of a stack's samples, approximately: three lobes that are known exactly, mixed as walks have shown.
///
/// Weighing samples against each other needs no exact density, only the same one on both sides, positive wherever light
/// goes. Each lobe is a cosine lobe transformed linearly (E. Heitz et al. 2016), so each integrates to one over the
/// hemisphere, however wide and however near the horizon.
struct LayerDensity: BitwiseCopyable {
    /// The mixture for one range of cosines.
    struct Bin: BitwiseCopyable {
        /// The share of what the first interface reflects.
        var outer: Float
        /// The share of what comes from below it without having been diffused, and its width.
        var inner: Float
        var innerAlpha: Float
    }

    @inline(__always) static var bins: Int { 16 }
    /// The walks that a bin is estimated from.
    static var walks: Int { 128 }
    /// The share of the diffuse lobe is never smaller, so that every direction is possible.
    static var diffuseMin: Float { 0x1p-4 }
    /// The widths of lobes.
    static var alpha: ClosedRange<Float> { 0x1p-8 ... 1 }

    private let values: UnsafePointer<Bin>
    private let outerAlpha: Float

    /// Takes mixtures, as many as ``bins``, from ``estimated(_:)`` or from a blob.
    init(_ mixtures: [Bin], outerAlpha: Float, memory: SceneMemory) {
        let values = memory.allocate(Bin.self, count: Self.bins)
        for (i, bin) in mixtures.enumerated() where i < Self.bins { (values + i).initialize(to: bin) }
        self.values = UnsafePointer(values)
        self.outerAlpha = clamped(outerAlpha, Self.alpha.lowerBound, Self.alpha.upperBound)
    }

    /// The mixtures again.
    var mixtures: [Bin] { (0 ..< Self.bins).map { self.values[$0] } }

    /// Estimates the mixtures with walks of fixed seeds.
    ///
    /// Done once, when a scene is encoded: a stack takes some milliseconds.
    static func estimated(_ walk: LayerWalk) -> [Bin] {
        var bins: [Bin] = []
        var slopes: [Float] = []
        for bin in 0 ..< Self.bins {
            let cosine = (Float(bin) + 0.5) / Float(Self.bins)
            let wo = Vector3((1 - cosine * cosine).squareRoot(), 0, cosine)
            slopes.removeAll(keepingCapacity: true)
            var outer: Float = 0
            var inner: Float = 0
            var diffuse: Float = 0
            for k in 0 ..< Self.walks {
                var stream = WalkStream(seed: UInt32(truncatingIfNeeded: bin * Self.walks + k))
                var steps: UInt32 = 0
                guard let end = walk.walk(wo, &stream, &steps), !end.isMirror else { continue }
                let energy = end.weight.largest
                if end.isDiffuse {
                    diffuse += energy
                } else if end.isOuter {
                    outer += energy
                } else {
                    inner += energy
                    let h = (wo + end.wi).normalized(or: Vector3(0, 0, 1))
                    slopes.append((h.x * h.x + h.y * h.y).squareRoot() / larger(h.z, 0x1p-10))
                }
            }
            let total = larger((outer + inner) + diffuse, 0x1p-20)
            slopes.sort()
            // The median of the slopes of GGX is its width.
            let alpha = slopes.isEmpty ? 0.5 : slopes[slopes.count / 2]
            let scale = (1 - Self.diffuseMin) / total
            bins.append(
                Bin(
                    outer: outer * scale,
                    inner: inner * scale,
                    innerAlpha: clamped(alpha, Self.alpha.lowerBound, Self.alpha.upperBound)
                )
            )
        }
        return bins
    }

    /// The density of drawing `wi` for `wo`, per solid angle; both have z > 0.
    @inline(__always) func value(_ wo: Vector3, _ wi: Vector3) -> Float {
        guard wo.z > 0, wi.z > 0 else { return 0 }
        let bin = self.values[index(wo.z * Float(Self.bins), last: Self.bins - 1)]
        var density = (1 - bin.outer - bin.inner) * wi.z * Pi.inverse
        let sine = larger(0, 1 - wo.z * wo.z).squareRoot()
        // The mirrored direction has x = sine in the frame that it lies in.
        let x: Float
        let y: Float
        if sine > 0x1p-10 {
            x = -(wi.x * wo.x + wi.y * wo.y) / sine
            y = (wi.x * wo.y - wi.y * wo.x) / sine
        } else {
            x = wi.x
            y = wi.y
        }
        let local = Vector3(x, y, wi.z)
        if bin.outer > 0 { density += bin.outer * Self.lobe(local, sine, wo.z, self.outerAlpha) }
        if bin.inner > 0 { density += bin.inner * Self.lobe(local, sine, wo.z, bin.innerAlpha) }
        return density
    }

    /// A lobe about (sine, 0, cosine), as wide as a GGX reflection is in the plane of incidence and across it.
    @inline(__always) private static func lobe(_ w: Vector3, _ sine: Float, _ cosine: Float, _ alpha: Float) -> Float {
        let z = larger(cosine, 0x1p-5)
        let a = 2 * alpha / larger(z, 0.125)
        let b = 2 * alpha * larger(z, 0.25)
        let cz = w.z / z
        let cx = (w.x - sine * cz) / a
        let cy = w.y / b
        let squared = (cx * cx + cy * cy) + cz * cz
        return cz * Pi.inverse / ((squared * squared) * (a * b * z))
    }
}

extension LayerWalk {
    /// The density of ``sample(_:_:_:)``, approximately but normalised; zero on the other side of the surface.
    @inline(__always) func density(_ wo: Vector3, _ wi: Vector3) -> Float {
        self.stack.pointee.density.value(wo, wi)
    }
}
