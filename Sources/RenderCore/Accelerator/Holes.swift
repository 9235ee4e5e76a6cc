/// Whether a triangle has no hole where a ray has met it.
@inline(never) func isSolid(
    _ view: UnsafePointer<SceneView>,
    _ query: RayQuery,
    _ id: UInt32,
    _ hit: TriangleHit
) -> Bool {
    var place = NearestHit(tMax: 0)
    place.space = query.space
    place.number = id
    return isSolid(view, place.primitive(view), (hit.v / hit.det, hit.w / hit.det), query.key)
}

/// The lanes of `mask` where a triangle has no hole.
@inline(never) func solidLanes(
    _ view: UnsafePointer<SceneView>,
    _ query: borrowing PacketQuery,
    _ id: UInt32,
    _ hit: PacketTriangleHit,
    _ mask: MaskLanes
) -> MaskLanes {
    var bits: UInt32 = 0
    var place = NearestHit(tMax: 0)
    place.space = query.space
    place.number = id
    let primitive = place.primitive(view)
    for lane in LaneSequence(mask) {
        let det = hit.det[lane]
        if isSolid(view, primitive, (hit.v[lane] / det, hit.w[lane] / det), query.key[lane]) {
            bits |= 1 &<< UInt32(truncatingIfNeeded: lane)
        }
    }
    return MaskLanes(bits: bits)
}
