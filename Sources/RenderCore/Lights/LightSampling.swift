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

/// Draws a light and a point of it for a receiver, from a 32-bit number and a pair of them.
@inline(never) func sampleLight(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ pick: UInt32,
    _ u: (UInt32, UInt32)
) -> LightSample? {
    let choice = chooseLight(view, receiver, pick)
    switch choice.kind {
    case .nothing: return nil
    case .environment: return sampleEnvironment(view, u, probability: choice.probability)
    case .directional: return sampleSun(view, Int(choice.number), choice.probability)
    case .punctual: return samplePunctual(view, receiver, Int(choice.number), choice.probability)
    case .triangle: return sampleTriangle(view, receiver, Int(choice.number), choice.probability, u)
    }
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
    guard cosine > 0, area > 0 else { return 0 }
    return emitterProbability(view, receiver, emitter) * distanceSquared / (area * cosine)
}

/// Draws a point of a triangle.
private func sampleTriangle(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ triangle: Int,
    _ probability: Float,
    _ u: (UInt32, UInt32)
) -> LightSample? {
    let (a, b, c) = view.pointee.corners(triangle)
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
    let instance = view.pointee.instances + Int(view.pointee.triangleInstances[triangle])
    let mesh = view.pointee.meshes + instance.pointee.mesh
    let material = view.pointee.materials + mesh.pointee.material
    let perpendicular = cross(b - a, c - a)
    let doubleArea = perpendicular.lengthSquared.squareRoot()
    guard doubleArea > 0 else { return nil }
    var cosine = -dot(perpendicular, wi) / doubleArea
    if instance.pointee.isMirrored { cosine = -cosine }
    if material.pointee.isDoubleSided { cosine = cosine.magnitude }
    guard cosine > 0 else { return nil }
    let density = probability * distanceSquared / (doubleArea * 0.5 * cosine)
    guard density > 0 else { return nil }
    var uv: (Float, Float) = (0, 0)
    if let coordinates = mesh.pointee.textureCoordinates {
        let corners = mesh.pointee.indices + 3 &* (triangle &- instance.pointee.firstTriangle)
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
        triangle: UInt32(truncatingIfNeeded: triangle)
    )
}

// MARK: Lights without extent

private func sampleSun(_ view: UnsafePointer<SceneView>, _ number: Int, _ probability: Float) -> LightSample? {
    let light = view.pointee.lights + number
    return LightSample(
        wi: -light.pointee.direction,
        distance: .greatestFiniteMagnitude,
        radiance: light.pointee.intensity,
        density: probability,
        isPunctual: true,
        triangle: .max
    )
}

private func samplePunctual(
    _ view: UnsafePointer<SceneView>,
    _ receiver: LightReceiver,
    _ number: Int,
    _ probability: Float
) -> LightSample? {
    let light = view.pointee.lights + number
    let toLight = light.pointee.position - receiver.point
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
        density: probability,
        isPunctual: true,
        triangle: .max
    )
}
