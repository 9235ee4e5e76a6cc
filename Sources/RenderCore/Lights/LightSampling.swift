/// Light that arrives at a point from a direction that was drawn.
struct LightSample {
    /// The direction towards the light, of unit length.
    var wi: Vector3
    /// How far a shadow ray must be free.
    var distance: Float
    /// Radiance; for lights without extent what they add to irradiance at right angles.
    var radiance: Vector3
    /// The density per solid angle; for lights without extent the probability.
    var density: Float
    /// Whether scattered rays cannot find the light.
    var isPunctual: Bool
    /// The triangle that emits, or `UInt32.max`.
    var triangle: UInt32
}

/// Draws a light and a point of it from a 32-bit number and a pair of them.
@inline(never) func sampleLight(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ pick: UInt32,
    _ u: (UInt32, UInt32)
) -> LightSample? {
    let point = receiver.point
    let categories = view.pointee.categories
    let number = UInt64(pick)
    if number < categories.environment {
        let density = Float(categories.environment) * 0x1p-32
        return sampleEnvironment(view, u, categoryDensity: density)
    }
    if number < categories.environment &+ categories.emitters {
        let rest = remapped(number &- categories.environment, of: categories.emitters)
        return sampleEmitter(view, receiver, rest, u)
    }
    guard number < categories.total else { return nil }
    let rest = remapped(number &- categories.environment &- categories.emitters, of: categories.punctual)
    return samplePunctual(view, from: point, rest)
}

/// A number below `width` stretched to 32 bits.
@inline(__always) private func remapped(_ x: UInt64, of width: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: (x &<< 32) / width)
}

// MARK: Emitting triangles

/// The density per solid angle with which a receiver's light sample is a point of an emitting triangle.
///
/// `emitter` is ``SurfaceInteraction/emitter``; the cosine is that at the triangle.
@inline(__always) func emitterDensity(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ emitter: Int,
    area: Float,
    cosine: Float,
    distanceSquared: Float
) -> Float {
    let count = view.pointee.emitterCount
    guard emitter < count, cosine > 0, area > 0 else { return 0 }
    let width = DiscreteDistribution.width(emitter, view.pointee.emitterStarts, count: count)
    let probability = (Float(width) * 0x1p-32) * (Float(view.pointee.categories.emitters) * 0x1p-32)
    return probability * distanceSquared / (area * cosine)
}

private func sampleEmitter(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ pick: UInt32,
    _ u: (UInt32, UInt32)
) -> LightSample? {
    let emitter = DiscreteDistribution.pick(pick, view.pointee.emitterStarts, count: view.pointee.emitterCount)
    let triangle = view.pointee.emitterTriangles[emitter]
    let (a, b, c) = view.pointee.corners(Int(triangle))
    // Uniform in the triangle with little distortion (E. Heitz 2019).
    var b0 = unitFloat(u.0) * 0.5
    var b1 = unitFloat(u.1) * 0.5
    let offset = b1 - b0
    if offset > 0 { b1 += offset } else { b0 -= offset }
    let b2 = (1 - b0) - b1
    let target = (a * b0 + b * b1) + c * b2
    let toLight = target - receiver.point
    let distanceSquared = toLight.lengthSquared
    guard distanceSquared > 0x1p-60, distanceSquared < 0x1p100 else { return nil }
    let distance = distanceSquared.squareRoot()
    let wi = toLight * (1 / distance)
    let instance = view.pointee.instances + Int(view.pointee.triangleInstances[Int(triangle)])
    let mesh = view.pointee.meshes + instance.pointee.mesh
    let material = view.pointee.materials + mesh.pointee.material
    let perpendicular = cross(b - a, c - a)
    let doubleArea = perpendicular.lengthSquared.squareRoot()
    guard doubleArea > 0 else { return nil }
    var cosine = -dot(perpendicular, wi) / doubleArea
    if instance.pointee.isMirrored { cosine = -cosine }
    if material.pointee.isDoubleSided { cosine = cosine.magnitude }
    let density = emitterDensity(
        view,
        receiver,
        emitter,
        area: doubleArea * 0.5,
        cosine: cosine,
        distanceSquared: distanceSquared
    )
    guard density > 0 else { return nil }
    var uv: (Float, Float) = (0, 0)
    if let coordinates = mesh.pointee.textureCoordinates {
        let corners = mesh.pointee.indices + 3 &* (Int(triangle) &- instance.pointee.firstTriangle)
        uv = interpolated(coordinates, corners, b0, b1, b2)
    }
    var radiance = emittedRadiance(view, material, uv)
    if material.pointee.alphaMode != .opaque {
        var alpha = material.pointee.alpha
        if material.pointee.baseColorTexture.isPresent {
            alpha *= lookUp(view, material.pointee.baseColorTexture, uv).alpha
        }
        let isMask = material.pointee.alphaMode == .mask
        radiance *= isMask ? (alpha >= material.pointee.alphaCutoff ? 1 : 0) : clamped(alpha, 0, 1)
    }
    return LightSample(
        wi: wi,
        distance: distance * 0x1.ffep-1,
        radiance: radiance,
        density: density,
        isPunctual: false,
        triangle: triangle
    )
}

// MARK: Lights without extent

private func samplePunctual(_ view: UnsafePointer<SceneView>, from point: Vector3, _ pick: UInt32) -> LightSample? {
    let count = view.pointee.lightCount
    let number = DiscreteDistribution.pick(pick, view.pointee.lightStarts, count: count)
    let light = view.pointee.lights + number
    let width = DiscreteDistribution.width(number, view.pointee.lightStarts, count: count)
    let density = (Float(width) * 0x1p-32) * (Float(view.pointee.categories.punctual) * 0x1p-32)
    guard density > 0 else { return nil }
    if light.pointee.kind == .directional {
        return LightSample(
            wi: -light.pointee.direction,
            distance: .greatestFiniteMagnitude,
            radiance: light.pointee.intensity,
            density: density,
            isPunctual: true,
            triangle: .max
        )
    }
    let toLight = light.pointee.position - point
    let distanceSquared = toLight.lengthSquared
    guard distanceSquared > 0x1p-60, distanceSquared < 0x1p100 else { return nil }
    let distance = distanceSquared.squareRoot()
    let wi = toLight * (1 / distance)
    var factor = 1 / distanceSquared
    if light.pointee.range > 0 {
        // KHR_lights_punctual: max(min(1 - (distance / range)^4, 1), 0) / distance^2
        let q = distance / light.pointee.range
        factor *= clamped(1 - (q * q) * (q * q), 0, 1)
    }
    if light.pointee.kind == .spot {
        let inner = light.pointee.cosInner
        let outer = light.pointee.cosOuter
        let edge = clamped((-dot(wi, light.pointee.direction) - outer) / larger(0x1p-10, inner - outer), 0, 1)
        factor *= edge * edge
    }
    return LightSample(
        wi: wi,
        distance: distance * 0x1.ffffp-1,
        radiance: light.pointee.intensity * factor,
        density: density,
        isPunctual: true,
        triangle: .max
    )
}
