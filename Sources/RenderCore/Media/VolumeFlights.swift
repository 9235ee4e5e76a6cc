/// Where the rays of a group end that particles of volumes may scatter.
struct VolumeFlightLanes {
    /// Where a particle scatters the ray.
    var meets: MaskLanes
    /// Where nothing is left of it.
    var isLost: MaskLanes
    /// How far the particle is.
    var distance: FloatLanes
    /// The mean cosine of the angle that it turns light by.
    var anisotropy: FloatLanes
}

/// ``VolumeTracking`` for groups of rays, one lane after the other.
struct VolumeFlights {
    private enum Row {
        @inline(__always) static var distance: Int { 0 }
        @inline(__always) static var anisotropy: Int { 1 }
        @inline(__always) static var weight: Int { 2 }
        @inline(__always) static var emission: Int { 5 }
        @inline(__always) static var count: Int { 8 }
    }

    private let tracking: VolumeTracking
    private let scratch: LaneScratch

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.tracking = VolumeTracking(view: view, memory: memory)
        self.scratch = LaneScratch(memory: memory, rows: Row.count)
    }

    /// Follows the rays of a group to the surfaces at `distance`; the group gains what glows on the way and loses what is
    /// absorbed.
    @inline(never) func follow(
        _ lanes: MaskLanes,
        isEnclosed: MaskLanes,
        to distance: FloatLanes,
        key: UIntLanes,
        _ group: inout PathGroup,
        _ work: inout WorkCounter
    ) -> VolumeFlightLanes {
        var meets: UInt32 = 0
        var lost: UInt32 = 0
        for lane in LaneSequence(lanes) {
            var stream = WalkStream(seed: key[lane] ^ 0x766f_6c75)
            let event = self.tracking.flight(
                Ray(origin: group.origin[lane], direction: group.direction[lane]),
                isEnclosed: isEnclosed.contains(lane),
                tMax: distance[lane],
                beta: group.beta[lane],
                rival: GlowRival(receiver: group.receiver[lane], density: group.density[lane]),
                &stream,
                &work.walkSteps
            )
            let bit: UInt32 = 1 &<< UInt32(truncatingIfNeeded: lane)
            if event.distance >= 0 { meets |= bit }
            if !(event.weight.largest > 0) { lost |= bit }
            self.scratch.set(Row.distance, lane, event.distance)
            self.scratch.set(Row.anisotropy, lane, event.anisotropy)
            self.scratch.set(Row.weight, lane, event.weight)
            self.scratch.set(Row.emission, lane, event.emission)
        }
        let light = group.light + group.beta * self.scratch.vectors(Row.emission)
        group.light = select(lanes, light, group.light)
        group.beta = select(lanes, group.beta * self.scratch.vectors(Row.weight), group.beta)
        return VolumeFlightLanes(
            meets: MaskLanes(bits: meets & ~lost),
            isLost: MaskLanes(bits: lost),
            distance: self.scratch.floats(Row.distance),
            anisotropy: self.scratch.floats(Row.anisotropy)
        )
    }

    /// What passes from `origin` over `distance`; one in other lanes.
    @inline(never) func transmittance(
        _ lanes: MaskLanes,
        isEnclosed: MaskLanes,
        _ origin: Vector3Lanes,
        _ direction: Vector3Lanes,
        _ distance: FloatLanes,
        key: UIntLanes,
        _ work: inout WorkCounter
    ) -> Vector3Lanes {
        for lane in LaneSequence(lanes) {
            var stream = WalkStream(seed: key[lane] ^ 0x7472_616e)
            let left = self.tracking.visibility(
                Ray(origin: origin[lane], direction: direction[lane]),
                isEnclosed: isEnclosed.contains(lane),
                tMax: distance[lane],
                &stream,
                &work.walkSteps
            )
            self.scratch.set(Row.weight, lane, left)
        }
        return select(lanes, self.scratch.vectors(Row.weight), Vector3Lanes(1))
    }
}
