/// Where a ray has met a particle, as the rest of the core sees it.
struct ParticleSurface {
    /// The point, in the particle's own space, moved onto the sphere again.
    let point: Vector3
    /// The outer normal of unit length there.
    let normal: Vector3
    /// Two directions that make a right-handed frame with the normal.
    let tangent: Vector3
    let bitangent: Vector3
    /// Linear, what the material's colours are multiplied by.
    let color: Vector3

    init(
        _ view: UnsafePointer<SceneView>,
        _ instance: UnsafePointer<InstanceData>,
        _ number: Int,
        _ ray: Ray,
        distance: Float,
        time: Float
    ) {
        let set = view.pointee.particles + instance.pointee.mesh
        let (center, radius) = set.pointee.sphere(number, at: time)
        // What was hit has an inverse.
        let local = instance.pointee.local(ray, at: time) ?? ray
        let normal = ((local.origin - center) + local.direction * distance).normalized(or: -local.direction)
        self.normal = normal
        self.point = center + normal * radius
        // After T. Duff et al., "Building an Orthonormal Basis, Revisited", JCGT 6(1), 2017.
        let sign: Float = normal.z < 0 ? -1 : 1
        let a = -1 / (sign + normal.z)
        let b = normal.x * normal.y * a
        self.tangent = Vector3(1 + sign * normal.x * normal.x * a, sign * b, -sign * normal.x)
        self.bitangent = Vector3(b, sign + normal.y * normal.y * a, -normal.y)
        self.color = set.pointee.color(number, view.pointee.sRGB)
    }
}
