/// A primitive of an instance for each lane; the largest numbers for none.
struct PrimitiveLanes: BitwiseCopyable {
    /// The instance's number in the scene.
    var instance: UIntLanes
    /// The primitive's number in the instance's mesh.
    var number: UIntLanes

    @inline(__always) static var none: PrimitiveLanes { PrimitiveLanes(instance: .none, number: .none) }
}

extension UIntLanes {
    /// No primitive.
    @inline(__always) static var none: UIntLanes { 0xffff_ffff }
}

/// Rays that are traced together.
struct RayLanes: BitwiseCopyable {
    var origin: Vector3Lanes
    /// Not zero; need not have unit length.
    var direction: Vector3Lanes
    /// How far to look, in lengths of `direction`.
    var farthest: FloatLanes
    /// The flat primitive that the ray leaves, which it cannot meet again.
    var skipped: PrimitiveLanes
    /// Decides which of the fractional holes of ``Material/AlphaMode/blend`` the ray sees.
    var key: UIntLanes
    /// When the ray is traced, 0...1 within the shutter's opening.
    var time: FloatLanes
    /// The lanes that have a ray; others may hold anything that is a number.
    var active: MaskLanes
}

/// Where rays meet the scene first.
struct HitLanes: BitwiseCopyable {
    /// In lengths of the direction; what `farthest` was where nothing is met.
    var distance: FloatLanes
    var primitive: PrimitiveLanes
    /// The weights of a triangle's second and third corner.
    var weight1: FloatLanes
    var weight2: FloatLanes
    /// The lanes that are active and meet something.
    var isHit: MaskLanes
}

extension Traversal {
    /// The nearest hits, ties going to the lowest instance and then the lowest primitive.
    func nearest(_ view: UnsafePointer<SceneView>, _ rays: borrowing RayLanes) -> HitLanes {
        var distance = rays.farthest
        var primitive = PrimitiveLanes.none
        var weight1: FloatLanes = 0
        var weight2: FloatLanes = 0
        for lane in LaneSequence(rays.active) {
            let hit = self.nearest(
                view,
                Ray(origin: rays.origin[lane], direction: rays.direction[lane]),
                tMax: rays.farthest[lane],
                skipped: self.triangle(view, rays.skipped, lane),
                key: rays.key[lane]
            )
            guard !hit.isMiss else { continue }
            let instance = view.pointee.triangleInstances[Int(hit.triangle)]
            let first = view.pointee.instances[Int(instance)].firstTriangle
            distance[lane] = hit.t
            primitive.instance[lane] = instance
            primitive.number[lane] = UInt32(truncatingIfNeeded: Int(hit.triangle) &- first)
            weight1[lane] = hit.weights.y
            weight2[lane] = hit.weights.z
        }
        return HitLanes(
            distance: distance,
            primitive: primitive,
            weight1: weight1,
            weight2: weight2,
            isHit: rays.active .& (primitive.instance .!= .none)
        )
    }

    /// The lanes where anything but the skipped primitive and `target` is nearer than `farthest`.
    func occluded(
        _ view: UnsafePointer<SceneView>,
        _ rays: borrowing RayLanes,
        target: PrimitiveLanes
    ) -> MaskLanes {
        var bits: UInt32 = 0
        for lane in LaneSequence(rays.active) {
            let isOccluded = self.isOccluded(
                view,
                Ray(origin: rays.origin[lane], direction: rays.direction[lane]),
                tMax: rays.farthest[lane],
                skipped: self.triangle(view, rays.skipped, lane),
                target: self.triangle(view, target, lane),
                key: rays.key[lane]
            )
            if isOccluded { bits |= 1 &<< UInt32(truncatingIfNeeded: lane) }
        }
        return MaskLanes(bits: bits)
    }

    /// The number of a lane's primitive among the triangles of all instances.
    @inline(__always) private func triangle(
        _ view: UnsafePointer<SceneView>,
        _ primitive: PrimitiveLanes,
        _ lane: Int
    ) -> UInt32 {
        let instance = primitive.instance[lane]
        guard instance != .max else { return .max }
        let first = view.pointee.instances[Int(instance)].firstTriangle
        return UInt32(truncatingIfNeeded: first) &+ primitive.number[lane]
    }
}
