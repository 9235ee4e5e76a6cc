/// The lanes of a group whose surfaces are layered, and what their walks start from.
struct LayeredLanes {
    var lanes: MaskLanes
    /// Where light samples can find anything.
    var hasSpread: MaskLanes
    /// The direction of the eye in the shading frame.
    var wo: Vector3Lanes
    /// A number that belongs to this point of this path alone.
    var key: UIntLanes
}

/// Walks through the layer stacks of surfaces lane by lane, since no two walks are alike, and brings the answers together.
struct LayerLookup {
    private enum Row {
        @inline(__always) static var value: Int { 0 }
        @inline(__always) static var density: Int { 3 }
        @inline(__always) static var wi: Int { 4 }
        @inline(__always) static var count: Int { 7 }
    }

    private let view: UnsafePointer<SceneView>
    private let scratch: LaneScratch
    private let descents: UnsafeMutablePointer<LayerDescent>

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.scratch = LaneScratch(memory: memory, rows: Row.count)
        self.descents = LayerDescent.scratch(memory: memory)
    }

    /// Finds the layered surfaces.
    @inline(__always) func lanes(
        of surface: borrowing SurfaceLanes,
        among active: MaskLanes,
        wo: Vector3Lanes,
        key: UIntLanes
    ) -> LayeredLanes {
        var found = LayeredLanes(lanes: MaskLanes(false), hasSpread: MaskLanes(false), wo: wo, key: key)
        guard self.view.pointee.layerStackCount > 0 else { return found }
        found.lanes = active .& (surface.layers .!= UIntLanes(.max))
        var spread: UInt32 = 0
        for lane in LaneSequence(found.lanes) {
            let stack = self.view.pointee.layerStacks + Int(surface.layers[lane])
            if stack.pointee.hasSpread { spread |= 1 &<< UInt32(truncatingIfNeeded: lane) }
        }
        found.hasSpread = MaskLanes(bits: spread)
        return found
    }

    /// Puts the values of layered lanes, for light from `wi`, in the place of `value`.
    @inline(never) func evaluate(
        _ layered: borrowing LayeredLanes,
        _ surface: borrowing SurfaceLanes,
        _ wi: Vector3Lanes,
        _ wanted: MaskLanes,
        _ value: inout BSDF.Value,
        _ work: inout WorkCounter
    ) {
        let lanes = layered.lanes .& wanted
        var steps: UInt32 = 0
        for lane in LaneSequence(lanes) {
            let walk = self.walk(surface, lane)
            var stream = WalkStream(seed: layered.key[lane] ^ 0x2545_f491)
            let wo = layered.wo[lane]
            let light = walk.evaluate(wo, wi[lane], &stream, self.descents, &steps)
            self.scratch.set(Row.value, lane, light)
            self.scratch.set(Row.density, lane, walk.density(wo, wi[lane]))
        }
        work.walkSteps &+= UInt64(steps)
        value.value = select(lanes, self.scratch.vectors(Row.value), value.value)
        value.density = select(lanes, self.scratch.floats(Row.density), value.density)
    }

    /// Puts the directions that walks through layered lanes have taken in the place of `sample`.
    @inline(never) func sample(
        _ layered: borrowing LayeredLanes,
        _ surface: borrowing SurfaceLanes,
        _ wanted: MaskLanes,
        _ sample: inout BSDF.Sample,
        _ work: inout WorkCounter
    ) {
        let lanes = layered.lanes .& wanted
        var steps: UInt32 = 0
        var scattered: UInt32 = 0
        for lane in LaneSequence(lanes) {
            let walk = self.walk(surface, lane)
            var stream = WalkStream(seed: layered.key[lane] ^ 0x6c62_272e)
            guard let drawn = walk.sample(layered.wo[lane], &stream, &steps) else { continue }
            scattered |= 1 &<< UInt32(truncatingIfNeeded: lane)
            self.scratch.set(Row.wi, lane, drawn.wi)
            self.scratch.set(Row.value, lane, drawn.weight)
            self.scratch.set(Row.density, lane, drawn.density)
        }
        work.walkSteps &+= UInt64(steps)
        sample.wi = select(lanes, self.scratch.vectors(Row.wi), sample.wi)
        sample.weight = select(lanes, self.scratch.vectors(Row.value), sample.weight)
        sample.density = select(lanes, self.scratch.floats(Row.density), sample.density)
        sample.etaSquared = select(lanes, 1, sample.etaSquared)
        sample.isScattered = select(lanes, MaskLanes(bits: scattered), sample.isScattered)
    }

    @inline(__always) private func walk(_ surface: borrowing SurfaceLanes, _ lane: Int) -> LayerWalk {
        LayerWalk(
            stack: self.view.pointee.layerStacks + Int(surface.layers[lane]),
            tint: surface.baseColor[lane]
        )
    }
}
