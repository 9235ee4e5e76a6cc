/// A primitive of an instance: a triangle of its mesh or a sphere of its set.
///
/// Of hits at the same distance the lowest instance counts, then the lowest number.
struct PrimitiveID: BitwiseCopyable, Equatable {
    var instance: UInt32
    var number: UInt32

    /// No primitive; comes after all others.
    @inline(__always) static var none: PrimitiveID { PrimitiveID(instance: .max, number: .max) }
}

/// The nearest hit that a walk through the hierarchies has found so far.
///
/// The primitive's place is written as the hierarchy has it: ``BVHData/world`` instead of an instance with a number that
/// counts through all of the world's triangles.
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
        _ skipped: PrimitiveID,
        _ target: PrimitiveID
    ) -> RayQuery {
        RayQuery(
            space: instance,
            skipped: skipped.instance == instance ? skipped.number : .max,
            target: target.instance == instance ? target.number : .max,
            key: self.key,
            floor: entry,
            padding: data.pointee.padding,
            time: self.time
        )
    }

    /// The number of a primitive in the space, or `UInt32.max` when it is of another.
    @inline(__always) static func number(
        of primitive: PrimitiveID,
        in space: UInt32,
        _ view: UnsafePointer<SceneView>
    ) -> UInt32 {
        guard primitive.instance != .max else { return .max }
        if primitive.instance == space { return primitive.number }
        guard space == BVHData.world else { return .max }
        let instance = view.pointee.instances + Int(primitive.instance)
        guard !instance.pointee.isPlaced else { return .max }
        return primitive.number &+ UInt32(truncatingIfNeeded: instance.pointee.firstTriangle)
    }
}
