/// What tells a denoiser structure from noise, by the numbers of paths: colour and normal of what each path sees.
///
/// Behind a mirror or clear glass that is what they show, tinted by their colours, as the documentation of Intel Open Image
/// Denoise advises; how often a path is mirrored rather than let through blends the two as Fresnel's equations do.
struct DenoisingGuides {
    private enum Row {
        @inline(__always) static var albedo: Int { 0 }
        @inline(__always) static var normal: Int { 3 }
        /// What the colours of mirrors and glass on the way leave; zero once something else was seen.
        @inline(__always) static var tint: Int { 6 }
        @inline(__always) static var count: Int { 9 }
    }

    /// The roughness up to which reflections are sharp enough to be looked at instead of their surface.
    private static var sharpRoughness: Float { 0.25 }
    /// The share of a surface that may scatter light evenly without its colour being what is seen.
    private static var dullShare: Float { 0.25 }

    private let words: UnsafeMutablePointer<UInt32>

    init(memory: SceneMemory) {
        self.words = memory.allocate(UInt32.self, count: Row.count * Wavefront.pathsMax)
    }

    /// Begins with nothing.
    func clear(_ lanes: MaskLanes, _ numbers: UIntLanes) {
        for lane in LaneSequence(lanes) {
            let number = numbers[lane]
            self.set(Row.albedo, number, .zero)
            self.set(Row.normal, number, .zero)
            self.set(Row.tint, number, Vector3(1, 1, 1))
        }
    }

    /// Notes surfaces.
    ///
    /// - Parameter transmission: How much goes straight through each.
    func note(
        _ surface: borrowing SurfaceLanes,
        transmission: FloatLanes,
        _ isHit: MaskLanes,
        _ numbers: UIntLanes
    ) {
        let dull = (1 - surface.metallic) * (1 - transmission)
        let shows =
            (surface.roughness .<= FloatLanes(Self.sharpRoughness)) .& (dull .<= FloatLanes(Self.dullShare))
            .& (surface.layers .== .none) .& .!MaskLanes(bits: surface.scatters)
        let showing = shows.bits
        for lane in LaneSequence(isHit) {
            let number = numbers[lane]
            let tint = self.vector(Row.tint, Int(number))
            guard tint.largest > 0 else { continue }
            // A mirror's own normal and a white stand until it is known what it shows.
            self.set(Row.normal, number, surface.frame.normal[lane])
            if showing &>> UInt32(truncatingIfNeeded: lane) & 1 != 0 {
                let left = tint * surface.baseColor[lane]
                self.set(Row.albedo, number, left)
                self.set(Row.tint, number, left)
            } else {
                self.set(Row.albedo, number, bounded(surface.baseColor[lane] + surface.emission[lane]) * tint)
                self.set(Row.tint, number, .zero)
            }
        }
    }

    /// Notes what lies behind everything.
    func note(sky radiance: Vector3Lanes, _ escaped: MaskLanes, _ numbers: UIntLanes) {
        for lane in LaneSequence(escaped) {
            let number = numbers[lane]
            let tint = self.vector(Row.tint, Int(number))
            guard tint.largest > 0 else { continue }
            self.set(Row.albedo, number, bounded(radiance[lane]) * tint)
            self.set(Row.tint, number, .zero)
        }
    }

    /// Notes particles of volumes: white, since what colour they have is in their light.
    func note(particles lanes: MaskLanes, _ numbers: UIntLanes) {
        for lane in LaneSequence(lanes) {
            let number = numbers[lane]
            let tint = self.vector(Row.tint, Int(number))
            guard tint.largest > 0 else { continue }
            self.set(Row.albedo, number, tint)
            self.set(Row.normal, number, .zero)
            self.set(Row.tint, number, .zero)
        }
    }

    func albedo(_ path: Int) -> Vector3 { self.vector(Row.albedo, path) }
    func normal(_ path: Int) -> Vector3 { self.vector(Row.normal, path) }

    @inline(__always) private func set(_ row: Int, _ number: UInt32, _ value: Vector3) {
        let place = self.words + (row &* Wavefront.pathsMax &+ Int(number))
        place[0] = value.x.bitPattern
        place[Wavefront.pathsMax] = value.y.bitPattern
        place[2 &* Wavefront.pathsMax] = value.z.bitPattern
    }

    @inline(__always) private func vector(_ row: Int, _ path: Int) -> Vector3 {
        let place = self.words + (row &* Wavefront.pathsMax &+ path)
        return Vector3(
            Float(bitPattern: place[0]),
            Float(bitPattern: place[Wavefront.pathsMax]),
            Float(bitPattern: place[2 &* Wavefront.pathsMax])
        )
    }
}

@inline(__always) private func bounded(_ color: Vector3) -> Vector3 {
    Vector3(clamped(color.x, 0, 1), clamped(color.y, 0, 1), clamped(color.z, 0, 1))
}
