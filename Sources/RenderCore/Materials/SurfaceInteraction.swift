/// A point of a surface that a ray has found, with its material evaluated there.
struct SurfaceInteraction {
    var point: Vector3
    /// The geometric normal on the side that the ray came from.
    var geometricNormal: Vector3
    /// The shading frame, its normal on the same side.
    var frame: ShadingFrame
    /// Whether the front was hit.
    var isFront: Bool
    var baseColor: Vector3
    var metallic: Float
    var roughness: Float
    var ior: Float
    var transmission: Float
    /// The radiance sent towards the ray's origin.
    var emission: Vector3
    /// The triangle's number when light samples can find it; negative otherwise.
    var emitter: Int
    /// The area of the triangle.
    var area: Float
}

/// Looks up everything about the surface that `ray`, whose direction has unit length, has hit.
@inline(never) func surface(
    _ view: UnsafePointer<SceneView>,
    _ ray: Ray,
    _ hit: RayHit
) -> SurfaceInteraction {
    let number = Int(hit.triangle)
    let instance = view.pointee.instances + Int(view.pointee.triangleInstances[number])
    let mesh = view.pointee.meshes + instance.pointee.mesh
    let material = view.pointee.materials + mesh.pointee.material
    let local = number &- instance.pointee.firstTriangle
    let corners = mesh.pointee.indices + 3 &* local
    let (a, b, c) = view.pointee.corners(number)
    let b0 = hit.weights.x
    let b1 = hit.weights.y
    let b2 = hit.weights.z
    let point = (a * b0 + b * b1) + c * b2

    let perpendicular = cross(b - a, c - a)
    let area = perpendicular.lengthSquared.squareRoot() * 0.5
    var geometric = perpendicular.normalized(or: -ray.direction)
    if instance.pointee.isMirrored { geometric = -geometric }

    var uv: (Float, Float) = (0, 0)
    if let coordinates = mesh.pointee.textureCoordinates { uv = interpolated(coordinates, corners, b0, b1, b2) }
    var normal = geometric
    if let normals = mesh.pointee.normals {
        let n =
            (loadVector(normals, Int(corners[0])) * b0 + loadVector(normals, Int(corners[1])) * b1)
            + loadVector(normals, Int(corners[2])) * b2
        normal = Vector3(
            dot(instance.pointee.normalX, n),
            dot(instance.pointee.normalY, n),
            dot(instance.pointee.normalZ, n)
        ).normalized(or: geometric)
        if dot(normal, geometric) < 0 { normal = -normal }
    }
    if material.pointee.normalTexture.isPresent {
        let tangent = tangent(instance, mesh, corners, (a, b, c), (b0, b1, b2))
        normal = mapped(normal, tangent, lookUp(view, material.pointee.normalTexture, uv).color, material)
    }

    let isFront = dot(geometric, ray.direction) < 0
    if !isFront {
        geometric = -geometric
        normal = -normal
    }
    // Interpolated normals may turn away from the eye: bend them back until they just see it.
    let wo = -ray.direction
    let cosine = dot(normal, wo)
    if cosine < 0x1p-10 { normal = (normal + wo * (0x1p-9 - cosine)).normalized(or: geometric) }

    var baseColor = material.pointee.baseColor
    if material.pointee.baseColorTexture.isPresent {
        baseColor *= lookUp(view, material.pointee.baseColorTexture, uv).color
    }
    var metallic = material.pointee.metallic
    var roughness = material.pointee.roughness
    if material.pointee.metallicRoughnessTexture.isPresent {
        let color = lookUp(view, material.pointee.metallicRoughnessTexture, uv).color
        roughness *= color.y
        metallic *= color.z
    }
    var emission = Vector3.zero
    if material.pointee.isEmissive, isFront || material.pointee.isDoubleSided {
        emission = emittedRadiance(view, material, uv)
    }
    return SurfaceInteraction(
        point: point,
        geometricNormal: geometric,
        frame: ShadingFrame(normal: normal),
        isFront: isFront,
        baseColor: clampedColor(baseColor),
        metallic: clamped(metallic, 0, 1),
        roughness: clamped(roughness, 0, 1),
        ior: material.pointee.ior,
        transmission: material.pointee.transmission,
        emission: emission,
        emitter: instance.pointee.light < 0 ? -1 : number,
        area: area
    )
}

/// What a material emits at a texture coordinate.
@inline(__always) func emittedRadiance(
    _ view: UnsafePointer<SceneView>,
    _ material: UnsafePointer<MaterialData>,
    _ uv: (Float, Float)
) -> Vector3 {
    var emission = material.pointee.emission
    if material.pointee.emissionTexture.isPresent {
        let color = lookUp(view, material.pointee.emissionTexture, uv).color
        emission *= Vector3(larger(0, color.x), larger(0, color.y), larger(0, color.z))
    }
    return emission
}

@inline(__always) private func clampedColor(_ c: Vector3) -> Vector3 {
    Vector3(clamped(c.x, 0, 1), clamped(c.y, 0, 1), clamped(c.z, 0, 1))
}

/// The direction of growing u and the sign of the bitangent; from the mesh, or from the texture coordinates.
private func tangent(
    _ instance: UnsafePointer<InstanceData>,
    _ mesh: UnsafePointer<MeshData>,
    _ corners: UnsafePointer<UInt32>,
    _ p: (Vector3, Vector3, Vector3),
    _ weights: (Float, Float, Float)
) -> (direction: Vector3, sign: Float) {
    let i0 = Int(corners[0])
    let i1 = Int(corners[1])
    let i2 = Int(corners[2])
    let mirror: Float = instance.pointee.isMirrored ? -1 : 1
    if let tangents = mesh.pointee.tangents {
        func direction(_ i: Int) -> Vector3 { Vector3(tangents[4 &* i], tangents[4 &* i &+ 1], tangents[4 &* i &+ 2]) }
        let t = (direction(i0) * weights.0 + direction(i1) * weights.1) + direction(i2) * weights.2
        return (instance.pointee.transform.vector(t), (tangents[4 &* i0 &+ 3] < 0 ? -1 : 1) * mirror)
    }
    guard let uv = mesh.pointee.textureCoordinates else { return (.zero, 1) }
    let du1 = uv[2 &* i1] - uv[2 &* i0]
    let dv1 = uv[2 &* i1 &+ 1] - uv[2 &* i0 &+ 1]
    let du2 = uv[2 &* i2] - uv[2 &* i0]
    let dv2 = uv[2 &* i2 &+ 1] - uv[2 &* i0 &+ 1]
    let determinant = du1 * dv2 - dv1 * du2
    guard determinant != 0 else { return (.zero, 1) }
    let t = ((p.1 - p.0) * dv2 - (p.2 - p.0) * dv1) * (determinant < 0 ? -1 : 1)
    // glTF's v points down, its normal maps' green up.
    return (t, (determinant < 0 ? 1 : -1) * mirror)
}

/// The normal that a normal map's texel describes; the plain one where there is no tangent.
@inline(__always) private func mapped(
    _ normal: Vector3,
    _ tangent: (direction: Vector3, sign: Float),
    _ color: Vector3,
    _ material: UnsafePointer<MaterialData>
) -> Vector3 {
    let t = (tangent.direction - normal * dot(normal, tangent.direction)).normalized(or: .zero)
    guard t.lengthSquared > 0 else { return normal }
    let b = cross(normal, t) * tangent.sign
    let x = (2 * color.x - 1) * material.pointee.normalScale
    let y = (2 * color.y - 1) * material.pointee.normalScale
    let z = 2 * color.z - 1
    return ((t * x + b * y) + normal * z).normalized(or: normal)
}
