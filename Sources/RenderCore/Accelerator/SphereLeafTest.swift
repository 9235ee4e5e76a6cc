import CVector

/// A ray's constants for sphere tests, eight spheres at a time.
struct SphereLeafTest {
    private let origin: Vector3
    private let direction: Vector3
    private let inverseA: Float

    @inline(__always) init(_ ray: borrowing SphereRay) {
        self.origin = ray.origin
        self.direction = ray.direction
        self.inverseA = ray.inverseA
    }

    /// The spheres that the ray's line meets and the one that it leaves, as bits: the same operations as in the
    /// definition, eight at a time.
    @inline(__always) func candidates(in block: UnsafeRawPointer, leaving skipped: UInt32) -> UInt32 {
        typealias Eight = SIMD8<Float>
        let fx = Eight(repeating: self.origin.x) - block.load(as: Eight.self)
        let fy = Eight(repeating: self.origin.y) - block.load(fromByteOffset: 32, as: Eight.self)
        let fz = Eight(repeating: self.origin.z) - block.load(fromByteOffset: 64, as: Eight.self)
        let radius = block.load(fromByteOffset: 96, as: Eight.self)
        let dx = Eight(repeating: self.direction.x)
        let dy = Eight(repeating: self.direction.y)
        let dz = Eight(repeating: self.direction.z)
        let s = (Eight(repeating: 0) - ((fx * dx + fy * dy) + fz * dz)) * Eight(repeating: self.inverseA)
        let x = fx + dx * s
        let y = fy + dy * s
        let z = fz + dz * s
        let isLeft = block.load(fromByteOffset: 128, as: SIMD8<UInt32>.self) .== SIMD8(repeating: skipped)
        let distance = ((x * x + y * y) + z * z).replacing(with: 0, where: isLeft)
        return cvector_mask_le8(Eight(repeating: 0), radius * radius - distance)
    }
}

extension SphereRay {
    /// The exact test of the sphere whose lane begins at `lane` of a leaf block.
    @inline(__always) func test(
        _ lane: UnsafeRawPointer,
        _ setup: borrowing RaySetup,
        _ id: UInt32,
        _ query: RayQuery,
        tMax: Float
    ) -> Float? {
        intersect(
            self,
            setup.reciprocal,
            center: Vector3(
                lane.load(as: Float.self),
                lane.load(fromByteOffset: 32, as: Float.self),
                lane.load(fromByteOffset: 64, as: Float.self)
            ),
            radius: lane.load(fromByteOffset: 96, as: Float.self),
            isLeft: id == query.skipped,
            padding: query.padding,
            tMax: tMax
        )
    }
}
