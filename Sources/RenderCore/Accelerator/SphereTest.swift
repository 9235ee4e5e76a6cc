/// A ray's constants for sphere tests.
struct SphereRay {
    let origin: Vector3
    let direction: Vector3
    /// The squared length of the direction, and its reciprocal.
    let a: Float
    let inverseA: Float

    @inline(__always) init(_ ray: Ray) {
        self.origin = ray.origin
        self.direction = ray.direction
        self.a = ray.direction.lengthSquared
        self.inverseA = 1 / self.a
    }
}

/// The definition of a hit of a sphere, as ``intersect(_:renamed:_:_:padding:tMax:)`` is that of a triangle.
///
/// The discriminant is taken from the point of the ray that is nearest to the centre, so it does not cancel for small
/// spheres far away (E. Haines et al., "Precision Improvements for Ray/Sphere Intersection", Ray Tracing Gems, 2019,
/// chapter 7). A ray that leaves a sphere meets it again only on its other side: there the distance to the surface is zero
/// by definition instead of a difference of rounding errors.
///
/// - Parameters:
///   - isLeft: Whether the ray starts on this sphere.
/// - Returns: the distance, or nothing when the ray misses or the distance is outside 0...`tMax`.
@inline(__always) func intersect(
    _ ray: borrowing SphereRay,
    _ reciprocal: Vector3,
    center: Vector3,
    radius: Float,
    isLeft: Bool,
    padding: Float,
    tMax: Float
) -> Float? {
    let f = ray.origin - center
    let b = -dot(f, ray.direction)
    let s = b * ray.inverseA
    let nearest = f + ray.direction * s
    let squared = radius * radius
    let delta = squared - nearest.lengthSquared
    let t: Float
    // Not-a-number, as of a missing sphere, fails every comparison.
    if isLeft {
        // Not by the discriminant: for rays that graze the surface it is smaller than its rounding error.
        guard b > 0, squared >= 0 else { return nil }
        t = 2 * s
    } else {
        guard delta >= 0 else { return nil }
        let root = (ray.a * delta).squareRoot()
        let q = b < 0 ? b - root : b + root
        guard q != 0 else { return nil }
        let c = (f.lengthSquared - squared) / q
        let d = q * ray.inverseA
        let entry = b < 0 ? d : c
        let exit = b < 0 ? c : d
        t = entry >= 0 ? entry : exit
    }
    guard t >= 0, t <= tMax else { return nil }
    var near: Float = 0
    var far = Float.infinity
    clip(center.x, radius, padding, ray.origin.x, reciprocal.x, &near, &far)
    clip(center.y, radius, padding, ray.origin.y, reciprocal.y, &near, &far)
    clip(center.z, radius, padding, ray.origin.z, reciprocal.z, &near, &far)
    guard near <= far * 0x1.0000a8p0 else { return nil }
    let clamped = larger(t, near)
    return clamped <= tMax ? clamped : nil
}

/// Narrows near...far to the slab of one axis.
@inline(__always) private func clip(
    _ center: Float,
    _ radius: Float,
    _ padding: Float,
    _ origin: Float,
    _ reciprocal: Float,
    _ near: inout Float,
    _ far: inout Float
) {
    let t0 = (((center - radius) - padding) - origin) * reciprocal
    let t1 = (((center + radius) + padding) - origin) * reciprocal
    near = larger(near, smaller(t0, t1))
    far = smaller(far, larger(t0, t1))
}
