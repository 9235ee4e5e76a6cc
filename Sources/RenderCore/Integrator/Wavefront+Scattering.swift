/// Rays inside of media, where they arrive at surfaces again.
struct WanderedLanes: BitwiseCopyable {
    var rays: RayLanes
    var hits: HitLanes
    var beta: Vector3Lanes
}

/// Walks through the media behind surfaces.
///
/// A path that meets a back has come through what is behind that surface, so nothing needs to be known of where it is.
struct ScatteringWalk {
    /// The particles that a path meets at most between two surfaces.
    private static var stepsMax: UInt32 { 256 }
    /// The steps after which faint paths may end.
    private static var rouletteStep: UInt32 { 4 }

    let view: UnsafePointer<SceneView>
    let traversal: Traversal

    /// Follows `lanes` from where their rays began to the next surface.
    ///
    /// - Parameter key: a number that belongs to this ray of this path alone.
    @inline(never) func wander(
        _ lanes: MaskLanes,
        _ media: ScatteringLanes,
        _ rays: borrowing RayLanes,
        _ hits: borrowing HitLanes,
        beta: Vector3Lanes,
        key: UIntLanes,
        _ work: inout WorkCounter
    ) -> WanderedLanes {
        var now = WanderedLanes(rays: copy rays, hits: copy hits, beta: beta)
        var inside = lanes
        var step: UInt32 = 0
        while inside.any, step < Self.stepsMax {
            let seed = key &+ UIntLanes(step &* 0x9e37_79b9 &+ 0x7363_6174)
            let a = mixedBits(seed)
            let b = mixedBits(a ^ 0x68bc_21eb)
            let c = mixedBits(b ^ 0x02e5_be93)
            let d = mixedBits(c ^ 0x5bd1_e995)
            work.walkSteps &+= UInt64(truncatingIfNeeded: inside.bits.nonzeroBitCount)
            var beta = now.beta
            let flight = media.fly(now.hits.distance, &beta, pick: unitFloat(a), unitFloat(b))
            now.beta = select(inside, beta, now.beta)
            inside = inside .& flight.meets
            let turned = HenyeyGreenstein.direction(now.rays.direction, media.anisotropy, unitFloat(c), unitFloat(d))
            let point = now.rays.origin + now.rays.direction * flight.distance
            step &+= 1
            if step >= Self.rouletteStep {
                let survival = clamped(now.beta.largest, 0, 1)
                let isLost = inside .& .!(unitFloat(mixedBits(d)) .< survival)
                let scaled = now.beta * (1 / larger(survival, 0x1p-60))
                now.beta = select(inside, scaled, now.beta)
                now.beta = select(isLost, .zero, now.beta)
                now.hits.isHit = now.hits.isHit .& .!isLost
                inside = inside .& .!isLost
            }
            guard inside.any else { break }
            now.rays.origin = select(inside, point, now.rays.origin)
            now.rays.direction = select(inside, turned, now.rays.direction)
            now.rays.active = inside
            now.rays.skipped = PlaceLanes(
                space: select(inside, .none, now.rays.skipped.space),
                number: select(inside, .none, now.rays.skipped.number)
            )
            let found = self.traversal.nearest(self.view, now.rays)
            work.bounceRays &+= UInt64(truncatingIfNeeded: inside.bits.nonzeroBitCount)
            now.hits.distance = select(inside, found.distance, now.hits.distance)
            now.hits.weight1 = select(inside, found.weight1, now.hits.weight1)
            now.hits.weight2 = select(inside, found.weight2, now.hits.weight2)
            now.hits.primitive.instance = select(inside, found.primitive.instance, now.hits.primitive.instance)
            now.hits.primitive.number = select(inside, found.primitive.number, now.hits.primitive.number)
            now.hits.place.space = select(inside, found.place.space, now.hits.place.space)
            now.hits.place.number = select(inside, found.place.number, now.hits.place.number)
            // Who finds no surface has left a mesh that is not closed.
            now.hits.isHit = select(inside, found.isHit, now.hits.isHit)
            inside = inside .& found.isHit
        }
        // Who is not out by now never will be.
        now.hits.isHit = now.hits.isHit .& .!inside
        now.rays.active = rays.active
        return now
    }
}
