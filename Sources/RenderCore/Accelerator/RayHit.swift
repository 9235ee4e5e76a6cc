/// A primitive of an instance: a triangle of its mesh or a sphere of its set.
///
/// Of hits at the same distance the lowest instance counts, then the lowest number.
struct PrimitiveID: BitwiseCopyable, Equatable {
    var instance: UInt32
    var number: UInt32

    /// No primitive; comes after all others.
    @inline(__always) static var none: PrimitiveID { PrimitiveID(instance: .max, number: .max) }
}

/// A primitive as the hierarchies name it: ``BVHData/world`` or the instance whose own space it is in, and its number there,
/// which in the world counts through the triangles of all instances.
struct PrimitivePlace: BitwiseCopyable, Equatable {
    var space: UInt32
    var number: UInt32

    /// No primitive.
    @inline(__always) static var none: PrimitivePlace { PrimitivePlace(space: .max, number: .max) }

    /// The number in a space; the largest number when the primitive is of another.
    @inline(__always) func number(in space: UInt32) -> UInt32 { self.space == space ? self.number : .max }
}

/// The nearest hit that a walk through the hierarchies has found so far.
///
/// The primitive is named as in ``PrimitivePlace``.
struct NearestHit: BitwiseCopyable {
    var t: Float
    var space: UInt32 = .max
    var number: UInt32 = .max
    /// The weights of a triangle's second and third corner, times `det`.
    var v: Float = 0
    var w: Float = 0
    var det: Float = 1

    @inline(__always) init(tMax: Float) { self.t = tMax }

    /// Whether a primitive at the same distance counts instead of this one.
    @inline(__always) func yields(_ view: UnsafePointer<SceneView>, to space: UInt32, _ number: UInt32) -> Bool {
        if space == self.space { return number < self.number }
        return Self.instance(view, space, number) < Self.instance(view, self.space, self.number)
    }

    /// The primitive as the rest of the core names it.
    @inline(__always) func primitive(_ view: UnsafePointer<SceneView>) -> PrimitiveID {
        guard self.space == BVHData.world else { return PrimitiveID(instance: self.space, number: self.number) }
        let instance = view.pointee.triangleInstances[Int(self.number)]
        let first = view.pointee.instances[Int(instance)].firstTriangle
        return PrimitiveID(instance: instance, number: self.number &- UInt32(truncatingIfNeeded: first))
    }

    @inline(__always) private static func instance(
        _ view: UnsafePointer<SceneView>,
        _ space: UInt32,
        _ number: UInt32
    ) -> UInt32 {
        space == BVHData.world ? view.pointee.triangleInstances[Int(number)] : space
    }
}

/// What a ray asks for in one space: the world or an instance.
struct RayQuery: BitwiseCopyable {
    /// ``BVHData/world`` or the instance.
    var space: UInt32
    /// The primitives that the ray leaves and goes to, as numbers of this space or `UInt32.max`.
    var skipped: UInt32
    var target: UInt32
    /// Decides about holes.
    var key: UInt32
    /// The least distance that is reported: where the ray enters the instance's box.
    var floor: Float
    /// By how much boxes are larger than primitives.
    var padding: Float
    /// When the ray is traced, 0...1 while the shutter is open.
    var time: Float

    /// The same ray's question to an instance whose box it enters at `entry`.
    @inline(__always) func inside(
        _ instance: UInt32,
        _ data: UnsafePointer<InstanceData>,
        at entry: Float,
        _ skipped: PrimitivePlace,
        _ target: PrimitivePlace
    ) -> RayQuery {
        RayQuery(
            space: instance,
            skipped: skipped.number(in: instance),
            target: target.number(in: instance),
            key: self.key,
            floor: entry,
            padding: data.pointee.padding,
            time: self.time
        )
    }
}
