/// Light from a point or from infinity at a place.
struct Beam {
    /// The direction towards the light, of unit length.
    var wi: Vector3
    /// How far a shadow ray must be free.
    var distance: Float
    /// What the light adds to irradiance at right angles.
    var irradiance: Vector3
}

/// The light that a light without extent sends to a point; nothing where the point is too near or too far.
@inline(__always) func lightWithoutExtent(_ light: UnsafePointer<LightData>, at point: Vector3) -> Beam? {
    if light.pointee.kind == .directional {
        return Beam(
            wi: -light.pointee.direction,
            distance: .greatestFiniteMagnitude,
            irradiance: light.pointee.intensity
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
    return Beam(wi: wi, distance: distance * 0x1.ffffp-1, irradiance: light.pointee.intensity * factor)
}

/// What a material emits at a place, lessened by its holes; `vertexAlpha` is that of the mesh.
@inline(__always) func coveredRadiance(
    _ view: UnsafePointer<SceneView>,
    _ material: UnsafePointer<MaterialData>,
    _ place: TexturePlace,
    vertexAlpha: Float
) -> Vector3 {
    let radiance = emittedRadiance(view, material, place)
    guard material.pointee.alphaMode != .opaque else { return radiance }
    var alpha = material.pointee.alpha * vertexAlpha
    if material.pointee.baseColorTexture.isPresent {
        alpha *= place.texel(view, material.pointee.baseColorTexture).alpha
    }
    let isMask = material.pointee.alphaMode == .mask
    return radiance * (isMask ? (alpha >= material.pointee.alphaCutoff ? 1 : 0) : clamped(alpha, 0, 1))
}
