/// A primitive of an instance for each lane; the largest numbers for none.
struct PrimitiveLanes: BitwiseCopyable {
    /// The instance's number in the scene.
    var instance: UIntLanes
    /// The primitive's number in the instance's mesh.
    var number: UIntLanes

    @inline(__always) static var none: PrimitiveLanes { PrimitiveLanes(instance: .none, number: .none) }
}

/// A ``PrimitivePlace`` for each lane; the largest numbers for none.
struct PlaceLanes: BitwiseCopyable {
    var space: UIntLanes
    var number: UIntLanes

    @inline(__always) static var none: PlaceLanes { PlaceLanes(space: .none, number: .none) }

    @inline(__always) subscript(lane: Int) -> PrimitivePlace {
        PrimitivePlace(space: self.space[lane], number: self.number[lane])
    }

    /// The numbers in a space; the largest where the primitive is of another.
    @inline(__always) func numbers(in space: UInt32) -> UIntLanes {
        select(self.space .== UIntLanes(space), self.number, .none)
    }

    /// The primitives of some lanes as the rest of the core names them.
    @inline(__always) func primitives(_ view: UnsafePointer<SceneView>, among lanes: MaskLanes) -> PrimitiveLanes {
        var result = PrimitiveLanes(instance: self.space, number: self.number)
        var left = lanes .& (self.space .== UIntLanes(BVHData.world))
        guard left.any else { return result }
        let found = UIntLanes(at: view.pointee.triangleInstances, gather: select(left, self.number, 0))
        result.instance = select(left, found, self.space)
        while left.any {
            let instance = result.instance[left.bits.trailingZeroBitCount]
            let first = view.pointee.instances[Int(instance)].firstTriangle
            let same = left .& (result.instance .== UIntLanes(instance))
            let number = self.number &- UIntLanes(UInt32(truncatingIfNeeded: first))
            result.number = select(same, number, result.number)
            left = left .& .!same
        }
        return result
    }
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
    var skipped: PlaceLanes
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
    /// The same primitives as the hierarchies name them.
    var place: PlaceLanes
    /// The weights of a triangle's second and third corner.
    var weight1: FloatLanes
    var weight2: FloatLanes
    /// The lanes that are active and meet something.
    var isHit: MaskLanes
}
