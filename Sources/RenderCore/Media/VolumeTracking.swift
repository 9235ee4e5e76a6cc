/// Follows single rays through the volumes of a scene.
///
/// Light is followed by null-collision tracking: a ray meets particles of which some do nothing, so many that their number
/// is the same everywhere on a piece of it (E. Woodcock et al. 1965). Volumes that overlap add up their particles. Colours
/// share one path; which particle is met is chosen by what the path still carries of each (J. Novák et al., "Monte Carlo
/// Methods for Volumetric Light Transport Simulation", 2018, sections 4 and 5; pbrt-v4, section 11.4).
struct VolumeTracking {
    /// Where a ray through volumes ends.
    struct Event {
        /// The distance of the particle that scatters it; negative where it passes.
        var distance: Float = -1
        /// The mean cosine of the angle that the particle turns it by.
        var anisotropy: Float = 0
        /// What is left of it; zero where it was absorbed.
        var weight = Vector3(1)
        /// What it has gathered on its way.
        var emission = Vector3.zero
    }

    /// A ray in one of the volumes.
    private struct Part: BitwiseCopyable {
        var instance: UnsafePointer<VolumeInstanceData>
        var volume: UnsafePointer<VolumeData>
        var ray: Ray
        var steps: MajorantSteps
        /// The piece that the ray is in or comes to next.
        var piece: MajorantSteps.Piece
        /// The coefficient that no colour exceeds on the piece.
        var majorant: Float
        /// The probability with which light samples draw the volume; negative as long as nobody asked.
        var probability: Float
    }

    /// The most particles that a ray meets and cells that it passes; what would be beyond is lost.
    @inline(__always) static var stepsMax: UInt32 { 8_192 }
    /// What a ray carries when its end becomes a matter of chance.
    private static var faint: Float { 0x1p-6 }

    private let view: UnsafePointer<SceneView>
    private let parts: UnsafeMutablePointer<Part>

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.parts = memory.allocate(Part.self, count: view.pointee.volumeCount)
    }

    /// Finds the volumes on a ray: those that solids enclose, or the others.
    ///
    /// - Returns: how many there are.
    @inline(__always) private func enter(_ ray: Ray, _ isEnclosed: Bool, _ tMax: Float) -> Int {
        var count = 0
        for i in 0 ..< self.view.pointee.volumeCount {
            let instance = self.view.pointee.volumes + i
            let volume = instance.pointee.volume
            guard volume.pointee.isEnclosed == isEnclosed, instance.pointee.cellVolume > 0 else { continue }
            let local = instance.pointee.local(ray)
            var steps = MajorantSteps(Self.grid(volume), local, tMax: tMax)
            guard let piece = steps.advance() else { continue }
            (self.parts + count).initialize(
                to: Part(
                    instance: instance,
                    volume: volume,
                    ray: local,
                    steps: steps,
                    piece: piece,
                    majorant: volume.pointee.extinction.largest * piece.most,
                    probability: -1
                )
            )
            count &+= 1
        }
        return count
    }

    /// The grid is the first member, so the pointer to the volume is one to it.
    @inline(__always) private static func grid(
        _ volume: UnsafePointer<VolumeData>
    ) -> UnsafePointer<DensityGrid> {
        UnsafeRawPointer(volume).assumingMemoryBound(to: DensityGrid.self)
    }

    /// Follows a ray with a direction of unit length until it is scattered or reaches `tMax`.
    ///
    /// What glows is gathered where particles are met, or once on a piece on which fewer than one is expected.
    ///
    /// - Parameters:
    ///   - isEnclosed: whether the ray goes through what a solid encloses.
    ///   - rival: against what the glow is weighed.
    ///   - beta: what the path carries, which decides how colours share it.
    ///   - steps: grows by the particles met and the cells passed.
    @inline(never) func flight(
        _ ray: Ray,
        isEnclosed: Bool,
        tMax: Float,
        beta: Vector3,
        rival: GlowRival,
        _ stream: inout WalkStream,
        _ steps: inout UInt64
    ) -> Event {
        var event = Event()
        var count = self.enter(ray, isEnclosed, tMax)
        guard count > 0 else { return event }
        var left = Self.stepsMax
        var t: Float = 0
        while count > 0 {
            // The piece of the ray on which no volume changes its majorant.
            var majorant: Float = 0
            var end = Float.greatestFiniteMagnitude
            var glows = false
            var i = 0
            while i < count {
                let part = self.parts + i
                // Written so that what is not a number ends.
                if !(part.pointee.piece.end > t) {
                    guard left > 0 else { return Self.lost(event) }
                    left &-= 1
                    steps &+= 1
                    guard let piece = part.pointee.steps.advance() else {
                        count &-= 1
                        self.parts[i] = self.parts[count]
                        continue
                    }
                    part.pointee.piece = piece
                    part.pointee.majorant = part.pointee.volume.pointee.extinction.largest * piece.most
                    continue
                }
                if part.pointee.piece.start > t {
                    end = smaller(end, part.pointee.piece.start)
                } else {
                    majorant += part.pointee.majorant
                    glows = glows || (part.pointee.volume.pointee.emissionCount > 0 && part.pointee.piece.most > 0)
                    end = smaller(end, part.pointee.piece.end)
                }
                i &+= 1
            }
            // Where the glow is gathered next, and how much of the piece that place stands for.
            let length = end - t
            let isThin = glows && majorant * length < 1
            var place = isThin ? t + length * stream.next() : Float.greatestFiniteMagnitude
            if majorant > 0 {
                let inverse = 1 / majorant
                while true {
                    t -= logarithm(single: 1 - stream.next()) * inverse
                    if t >= place {
                        event.emission += event.weight * self.glow(place, count, rival, &stream) * length
                        place = .greatestFiniteMagnitude
                    }
                    guard t < end else { break }
                    guard left > 0 else { return Self.lost(event) }
                    left &-= 1
                    steps &+= 1
                    if glows, !isThin { event.emission += event.weight * self.glow(t, count, rival, &stream) * inverse }
                    if self.meet(t, count, inverse, beta, &event, &stream) { return event }
                }
            } else if isThin {
                event.emission += event.weight * self.glow(place, count, rival, &stream) * length
            }
            t = end
        }
        return event
    }

    @inline(__always) private static func lost(_ event: Event) -> Event {
        var event = event
        event.weight = .zero
        return event
    }

    /// What all volumes emit at a place of the ray, per metre, as far as it is not left to light samples.
    ///
    /// Cells that glow less than the mean of their volume are looked at less often.
    @inline(never) private func glow(
        _ t: Float,
        _ count: Int,
        _ rival: borrowing GlowRival,
        _ stream: inout WalkStream
    ) -> Vector3 {
        var sum = Vector3.zero
        for i in 0 ..< count {
            let part = self.parts + i
            let volume = part.pointee.volume
            guard part.pointee.piece.start <= t, volume.pointee.emissionCount > 0 else { continue }
            let p = part.pointee.ray.origin + part.pointee.ray.direction * t
            let cell = volume.pointee.grid.coarseCell(p)
            let chance = volume.pointee.glowShare(cell)
            if chance < 1 { guard stream.next() < chance else { continue } }
            let density = volume.pointee.grid.density(p)
            let emission = volume.pointee.emission(p) * (density / chance)
            guard emission.largest > 0 else { continue }
            sum += rival.density > 0 ? emission * self.weight(part, cell, t, rival) : emission
        }
        return sum
    }

    /// The weight of a place of the ray against light samples.
    @inline(__always) private func weight(
        _ part: UnsafeMutablePointer<Part>,
        _ cell: Int,
        _ t: Float,
        _ rival: borrowing GlowRival
    ) -> Float {
        let instance = part.pointee.instance
        if part.pointee.probability < 0 {
            part.pointee.probability = volumeProbability(self.view, rival.receiver, instance)
        }
        guard part.pointee.probability > 0 else { return 1 }
        let drawn = part.pointee.probability * (instance.pointee.density(cell) * (t * t))
        guard drawn > 0 else { return 1 }
        let ratio = drawn / (rival.density * instance.pointee.rate(cell))
        return 1 / (1 + ratio * ratio)
    }

    /// Meets one particle; true when the ray ends there.
    @inline(__always) private func meet(
        _ t: Float,
        _ count: Int,
        _ inverse: Float,
        _ beta: Vector3,
        _ event: inout Event,
        _ stream: inout WalkStream
    ) -> Bool {
        var extinction = Vector3.zero
        var scattering = Vector3.zero
        // One of the volumes is chosen by what it scatters and stands for all.
        var chosen: Float = 0
        var shares: Float = 0
        var anisotropy: Float = 0
        for i in 0 ..< count {
            let part = self.parts + i
            guard part.pointee.piece.start <= t else { continue }
            let volume = part.pointee.volume
            let p = part.pointee.ray.origin + part.pointee.ray.direction * t
            let density = clamped(volume.pointee.grid.density(p), part.pointee.piece.least, part.pointee.piece.most)
            let here = density * inverse
            guard here > 0 else { continue }
            let scattered = volume.pointee.scattering * here
            extinction += volume.pointee.extinction * here
            let share = scattered.largest
            shares += share
            if count == 1 || stream.next() * shares < share {
                scattering = scattered
                chosen = share
                anisotropy = volume.pointee.anisotropy
            }
        }
        if count > 1, chosen > 0 { scattering *= shares / chosen }
        let passed = Vector3(1) - extinction
        let carried = event.weight * beta
        let a = dot(carried, scattering)
        let b = dot(carried, Vector3(larger(passed.x, 0), larger(passed.y, 0), larger(passed.z, 0)))
        guard a + b > 0 else {
            event.weight = .zero
            return true
        }
        let share = a / (a + b)
        if stream.next() < share {
            event.weight *= scattering * (1 / share)
            event.distance = t
            event.anisotropy = anisotropy
            return true
        }
        event.weight *= Vector3(larger(passed.x, 0), larger(passed.y, 0), larger(passed.z, 0)) * (1 / (1 - share))
        if event.weight.largest < Self.faint {
            guard stream.next() < 0.5 else {
                event.weight = .zero
                return true
            }
            event.weight *= 2
        }
        return false
    }

    /// An estimate of what passes straight from 0 to `tMax`.
    ///
    /// What is certain on a piece is taken exactly, the rest by chance (residual ratio tracking: J. Novák et al. 2014).
    @inline(never) func visibility(
        _ ray: Ray,
        isEnclosed: Bool,
        tMax: Float,
        _ stream: inout WalkStream,
        _ steps: inout UInt64
    ) -> Vector3 {
        var weight = Vector3(1)
        var left = Self.stepsMax
        for i in 0 ..< self.view.pointee.volumeCount {
            let instance = self.view.pointee.volumes + i
            let volume = instance.pointee.volume
            let extinction = volume.pointee.extinction
            let largest = extinction.largest
            guard largest > 0, volume.pointee.isEnclosed == isEnclosed, instance.pointee.cellVolume > 0 else {
                continue
            }
            let local = instance.pointee.local(ray)
            var walk = MajorantSteps(Self.grid(volume), local, tMax: tMax)
            while let piece = walk.advance() {
                guard left > 0 else { return .zero }
                left &-= 1
                steps &+= 1
                guard piece.most > 0 else { continue }
                if piece.least > 0 {
                    weight *= transmittance(extinction * (piece.least * (piece.end - piece.start)))
                }
                let majorant = largest * (piece.most - piece.least)
                guard majorant > 0 else { continue }
                let inverse = 1 / majorant
                var t = piece.start
                while true {
                    t -= logarithm(single: 1 - stream.next()) * inverse
                    guard t < piece.end else { break }
                    guard left > 0 else { return .zero }
                    left &-= 1
                    steps &+= 1
                    let p = local.origin + local.direction * t
                    let density = clamped(volume.pointee.grid.density(p), piece.least, piece.most)
                    weight *= Vector3(1) - extinction * ((density - piece.least) * inverse)
                    if weight.largest < Self.faint {
                        guard weight.largest > 0, stream.next() < 0.5 else { return .zero }
                        weight *= 2
                    }
                }
                if weight.largest < 0x1p-20 { return .zero }
            }
        }
        return weight
    }
}
