/// Light that arrives at points from directions that were drawn, see ``LightSample``.
struct LightSampleLanes {
    var wi: Vector3Lanes
    var distance: FloatLanes
    var radiance: Vector3Lanes
    var density: FloatLanes
    var isPunctual: MaskLanes
    var primitive: PrimitiveLanes
    /// Where there is a sample.
    var isFound: MaskLanes
}

/// Asks the lights of a scene lane by lane, since tables are walked, and brings the answers together.
struct LightSampleLookup {
    private enum Row {
        @inline(__always) static var wi: Int { 0 }
        @inline(__always) static var radiance: Int { 3 }
        @inline(__always) static var distance: Int { 6 }
        @inline(__always) static var density: Int { 7 }
        @inline(__always) static var instance: Int { 8 }
        @inline(__always) static var number: Int { 9 }
        @inline(__always) static var other: Int { 10 }
        @inline(__always) static var count: Int { 11 }
    }

    private let view: UnsafePointer<SceneView>
    private let scratch: LaneScratch

    init(view: UnsafePointer<SceneView>, memory: SceneMemory) {
        self.view = view
        self.scratch = LaneScratch(memory: memory, rows: Row.count)
    }

    /// Draws a light and a point of it for each lit surface.
    @inline(__always) func sample(
        _ surface: borrowing SurfaceLanes,
        _ lit: MaskLanes,
        _ pick: UIntLanes,
        _ position: (UIntLanes, UIntLanes)
    ) -> LightSampleLanes {
        var found: UInt32 = 0
        var punctual: UInt32 = 0
        let receivers = LightReceiverLanes(surface)
        for lane in LaneSequence(lit) {
            let sample = sampleLight(
                self.view,
                receivers[lane],
                pick[lane],
                (position.0[lane], position.1[lane])
            )
            guard let sample else { continue }
            let bit: UInt32 = 1 &<< UInt32(truncatingIfNeeded: lane)
            found |= bit
            if sample.isPunctual { punctual |= bit }
            self.scratch.set(Row.wi, lane, sample.wi)
            self.scratch.set(Row.radiance, lane, sample.radiance)
            self.scratch.set(Row.distance, lane, sample.distance)
            self.scratch.set(Row.density, lane, sample.density)
            var instance = UInt32.max
            var number = UInt32.max
            if sample.triangle != .max {
                instance = self.view.pointee.triangleInstances[Int(sample.triangle)]
                let first = self.view.pointee.instances[Int(instance)].firstTriangle
                number = sample.triangle &- UInt32(truncatingIfNeeded: first)
            }
            self.scratch.set(Row.instance, lane, instance)
            self.scratch.set(Row.number, lane, number)
        }
        return LightSampleLanes(
            wi: self.scratch.vectors(Row.wi),
            distance: self.scratch.floats(Row.distance),
            radiance: self.scratch.vectors(Row.radiance),
            density: self.scratch.floats(Row.density),
            isPunctual: MaskLanes(bits: punctual),
            primitive: PrimitiveLanes(
                instance: self.scratch.words(Row.instance),
                number: self.scratch.words(Row.number)
            ),
            isFound: MaskLanes(bits: found)
        )
    }

    /// What rays see that leave the scene, and its weight against light samples.
    @inline(__always) func environment(
        _ escaped: MaskLanes,
        _ group: borrowing PathGroup
    ) -> (radiance: Vector3Lanes, weight: FloatLanes) {
        if self.view.pointee.environment.texels == nil {
            // A constant sky is not drawn from.
            return (Vector3Lanes(self.view.pointee.environment.radiance), 1)
        }
        for lane in LaneSequence(escaped) {
            let direction = group.direction[lane]
            self.scratch.set(Row.radiance, lane, environmentRadiance(self.view, direction))
            let isWeighed = group.density[lane] > 0
            let other = isWeighed ? environmentDensity(self.view, group.receiver[lane], direction) : 0
            self.scratch.set(Row.other, lane, other)
        }
        let other = self.scratch.floats(Row.other)
        return (
            self.scratch.vectors(Row.radiance),
            select(group.density .> 0, powerHeuristic(group.density, other), 1)
        )
    }

    /// The weights of scattered rays that have found emitting triangles.
    @inline(__always) func emitterWeight(
        _ surface: borrowing SurfaceLanes,
        _ shining: MaskLanes,
        _ group: borrowing PathGroup
    ) -> FloatLanes {
        let rivals = shining .& (group.density .> 0) .& (surface.emitter .!= .none)
        guard rivals.any else { return 1 }
        let cosine = -dot(surface.geometricNormal, group.direction)
        let distanceSquared = (surface.point - group.receiver.point).lengthSquared
        for lane in LaneSequence(rivals) {
            let density = emitterDensity(
                self.view,
                group.receiver[lane],
                Int(surface.emitter[lane]),
                area: surface.area[lane],
                cosine: cosine[lane],
                distanceSquared: distanceSquared[lane]
            )
            self.scratch.set(Row.other, lane, density)
        }
        return select(rivals, powerHeuristic(group.density, self.scratch.floats(Row.other)), 1)
    }
}
