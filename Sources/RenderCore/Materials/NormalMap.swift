/// The direction of growing u in the world and the sign of the bitangent; from the mesh, or from the texture
/// coordinates.
///
/// Where the mesh itself moves it is that of the shutter's opening: what it is told with is made perpendicular to the
/// normal anyway.
func tangent(
    _ instance: UnsafePointer<InstanceData>,
    _ mesh: UnsafePointer<MeshData>,
    _ coordinates: UnsafePointer<Float>?,
    _ corners: UnsafePointer<UInt32>,
    _ weights: (Float, Float, Float),
    at time: Float
) -> (direction: Vector3, sign: Float) {
    let i0 = Int(corners[0])
    let i1 = Int(corners[1])
    let i2 = Int(corners[2])
    let transform = instance.pointee.transform(at: time)
    let mirror: Float = transform.isMirrored ? -1 : 1
    if let tangents = mesh.pointee.tangents {
        func direction(_ i: Int) -> Vector3 { Vector3(tangents[4 &* i], tangents[4 &* i &+ 1], tangents[4 &* i &+ 2]) }
        let t = (direction(i0) * weights.0 + direction(i1) * weights.1) + direction(i2) * weights.2
        return (transform.vector(t), (tangents[4 &* i0 &+ 3] < 0 ? -1 : 1) * mirror)
    }
    guard let uv = coordinates else { return (.zero, 1) }
    let du1 = uv[2 &* i1] - uv[2 &* i0]
    let dv1 = uv[2 &* i1 &+ 1] - uv[2 &* i0 &+ 1]
    let du2 = uv[2 &* i2] - uv[2 &* i0]
    let dv2 = uv[2 &* i2 &+ 1] - uv[2 &* i0 &+ 1]
    let determinant = du1 * dv2 - dv1 * du2
    guard determinant != 0 else { return (.zero, 1) }
    let p0 = loadVector(mesh.pointee.positions, i0)
    let edge1 = loadVector(mesh.pointee.positions, i1) - p0
    let edge2 = loadVector(mesh.pointee.positions, i2) - p0
    let t = (edge1 * dv2 - edge2 * dv1) * (determinant < 0 ? -1 : 1)
    // glTF's v points down, its normal maps' green up.
    return (transform.vector(t), (determinant < 0 ? 1 : -1) * mirror)
}

/// The normal that a normal map's texel describes; the plain one where there is no tangent.
@inline(__always) func mapped(
    _ normal: Vector3,
    _ tangent: (direction: Vector3, sign: Float),
    _ color: Vector3,
    scale: Float
) -> Vector3 {
    let t = (tangent.direction - normal * dot(normal, tangent.direction)).normalized(or: .zero)
    guard t.lengthSquared > 0 else { return normal }
    let b = cross(normal, t) * tangent.sign
    let x = (2 * color.x - 1) * scale
    let y = (2 * color.y - 1) * scale
    let z = 2 * color.z - 1
    return ((t * x + b * y) + normal * z).normalized(or: normal)
}

/// What a material emits at a place.
@inline(__always) func emittedRadiance(
    _ view: UnsafePointer<SceneView>,
    _ material: UnsafePointer<MaterialData>,
    _ place: TexturePlace
) -> Vector3 {
    var emission = material.pointee.emission
    if material.pointee.emissionTexture.isPresent {
        let color = place.texel(view, material.pointee.emissionTexture).color
        emission *= Vector3(larger(0, color.x), larger(0, color.y), larger(0, color.z))
    }
    return emission
}
