/// Where a ray meets a triangle: the distance and the weights of the second and third corner, times `det`.
struct TriangleHit {
    var t: Float
    var v: Float
    var w: Float
    var det: Float
}

/// The definition of a hit, which every acceleration structure must reproduce.
///
/// A function of the ray and the corners alone: Woop's watertight test in binary32 in exactly this order, with edge
/// functions of zero decided in binary64, then the test against the triangle's own padded box, whose entry is the least
/// distance that is reported. Box tests are products of a difference and a reciprocal, both rounded, so they are monotone
/// in the planes: the box of a node never reports more than that of a triangle in it, and culling by
/// "entry > distance" loses nothing.
///
/// - Parameters:
///   - a, b, c: The corners with the axes renamed as ``RaySetup/renamed(_:)`` does.
/// - Returns: nothing when the ray misses or the distance is outside 0...`tMax`.
@inline(__always) func intersect(
    _ ray: RaySetup,
    renamed a: Vector3,
    _ b: Vector3,
    _ c: Vector3,
    padding: Float,
    tMax: Float
) -> TriangleHit? {
    let o = ray.renamedOrigin
    let az = a.z - o.z
    let bz = b.z - o.z
    let cz = c.z - o.z
    let ax = (a.x - o.x) - ray.sx * az
    let ay = (a.y - o.y) - ray.sy * az
    let bx = (b.x - o.x) - ray.sx * bz
    let by = (b.y - o.y) - ray.sy * bz
    let cx = (c.x - o.x) - ray.sx * cz
    let cy = (c.y - o.y) - ray.sy * cz
    var u = cx * by - cy * bx
    var v = ax * cy - ay * cx
    var w = bx * ay - by * ax
    if u == 0 || v == 0 || w == 0 {
        // Products of two binary32 numbers are exact in binary64, so the signs are right.
        u = Float(Double(cx) * Double(by) - Double(cy) * Double(bx))
        v = Float(Double(ax) * Double(cy) - Double(ay) * Double(cx))
        w = Float(Double(bx) * Double(ay) - Double(by) * Double(ax))
    }
    guard (u >= 0 && v >= 0 && w >= 0) || (u <= 0 && v <= 0 && w <= 0) else { return nil }
    let det = (u + v) + w
    guard det != 0 else { return nil }
    let t = ((u * (ray.sz * az) + v * (ray.sz * bz)) + w * (ray.sz * cz)) / det
    guard t >= 0, t <= tMax else { return nil }
    let r = ray.renamedReciprocal
    var near: Float = 0
    var far = Float.infinity
    clip(a.x, b.x, c.x, o.x, r.x, padding, &near, &far)
    clip(a.y, b.y, c.y, o.y, r.y, padding, &near, &far)
    clip(a.z, b.z, c.z, o.z, r.z, padding, &near, &far)
    guard near <= far * 0x1.0000a8p0 else { return nil }
    let clamped = larger(t, near)
    guard clamped <= tMax else { return nil }
    return TriangleHit(t: clamped, v: v, w: w, det: det)
}

/// Narrows near...far to the slab of one axis.
@inline(__always) private func clip(
    _ a: Float,
    _ b: Float,
    _ c: Float,
    _ origin: Float,
    _ reciprocal: Float,
    _ padding: Float,
    _ near: inout Float,
    _ far: inout Float
) {
    let t0 = ((smaller(smaller(a, b), c) - padding) - origin) * reciprocal
    let t1 = ((larger(larger(a, b), c) + padding) - origin) * reciprocal
    near = larger(near, smaller(t0, t1))
    far = smaller(far, larger(t0, t1))
}
