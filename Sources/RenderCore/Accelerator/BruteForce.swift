/// The definition of a scene's hits without any hierarchy, for tests.
@inline(never) func nearestByBruteForce(
    _ view: UnsafePointer<SceneView>,
    _ ray: Ray,
    tMax: Float,
    key: UInt32,
    time: Float
) -> NearestHit {
    var best = NearestHit(tMax: smaller(tMax, .greatestFiniteMagnitude))
    let world = RaySetup(ray)
    for instance in 0 ..< view.pointee.instanceCount {
        guard let space = BruteForceSpace(view, instance, ray, world, key: key, time: time) else { continue }
        for number in 0 ..< space.count {
            guard let t = space.hit(view, number, tMax: best.t) else { continue }
            let id = space.first &+ UInt32(truncatingIfNeeded: number)
            guard t < best.t || t == best.t && best.yields(view, to: space.query.space, id) else { continue }
            best.t = t
            best.space = space.query.space
            best.number = id
        }
    }
    return best
}

/// Whether anything is nearer than `tMax`, by looking at everything.
@inline(never) func isOccludedByBruteForce(
    _ view: UnsafePointer<SceneView>,
    _ ray: Ray,
    tMax: Float,
    key: UInt32,
    time: Float
) -> Bool {
    let limit = smaller(tMax, .greatestFiniteMagnitude)
    let world = RaySetup(ray)
    for instance in 0 ..< view.pointee.instanceCount {
        guard let space = BruteForceSpace(view, instance, ray, world, key: key, time: time) else { continue }
        for number in 0 ..< space.count {
            if let t = space.hit(view, number, tMax: limit), t < limit { return true }
        }
    }
    return false
}

/// One instance as a ray meets it.
private struct BruteForceSpace {
    let query: RayQuery
    let count: Int
    /// The number of the first primitive in the query's space.
    let first: UInt32
    private let ray: Ray
    private let setup: RaySetup
    private let instance: UnsafePointer<InstanceData>

    /// Nothing when the ray misses a placed instance.
    init?(
        _ view: UnsafePointer<SceneView>,
        _ number: Int,
        _ ray: Ray,
        _ world: RaySetup,
        key: UInt32,
        time: Float
    ) {
        let instance = view.pointee.instances + number
        let isPlaced = instance.pointee.isPlaced
        self.instance = instance
        self.count =
            instance.pointee.isParticles
            ? view.pointee.particles[instance.pointee.mesh].count
            : view.pointee.meshes[instance.pointee.mesh].triangleCount
        self.first = isPlaced ? 0 : UInt32(truncatingIfNeeded: instance.pointee.firstTriangle)
        var floor: Float = 0
        if isPlaced {
            guard instance.pointee.isVisible, let entry = world.entry(instance.pointee.low, instance.pointee.high)
            else {
                return nil
            }
            floor = entry
        }
        guard let inside = isPlaced ? instance.pointee.local(ray, at: time) : ray else { return nil }
        self.ray = inside
        self.setup = isPlaced ? RaySetup(self.ray) : world
        self.query = RayQuery(
            space: isPlaced ? UInt32(truncatingIfNeeded: number) : BVHData.world,
            skipped: .max,
            target: .max,
            key: key,
            floor: floor,
            padding: isPlaced ? instance.pointee.padding : view.pointee.bvh.padding,
            time: time
        )
    }

    /// The distance of a primitive that the ray meets.
    func hit(_ view: UnsafePointer<SceneView>, _ number: Int, tMax: Float) -> Float? {
        let index = self.instance.pointee.mesh
        if self.instance.pointee.isParticles {
            let sphere = view.pointee.particles[index].sphere(number, at: self.query.time)
            let t = intersect(
                SphereRay(self.ray),
                self.setup.reciprocal,
                center: sphere.center,
                radius: sphere.radius,
                isLeft: false,
                padding: self.query.padding,
                tMax: tMax
            )
            return t.flatMap { larger($0, self.query.floor) <= tMax ? larger($0, self.query.floor) : nil }
        }
        let isPlaced = self.instance.pointee.isPlaced
        let (a, b, c) =
            isPlaced
            ? view.pointee.meshes[index].corners(number, at: self.query.time)
            : view.pointee.corners(Int(self.first) + number)
        let hit = intersect(
            self.setup,
            renamed: self.setup.renamed(a),
            self.setup.renamed(b),
            self.setup.renamed(c),
            padding: self.query.padding,
            tMax: tMax
        )
        guard let hit else { return nil }
        let t = larger(hit.t, self.query.floor)
        let hasHoles = view.pointee.materials[view.pointee.meshes[index].material].alphaMode != .opaque
        let id = self.first &+ UInt32(truncatingIfNeeded: number)
        guard t <= tMax, !hasHoles || isSolid(view, self.query, id, hit) else { return nil }
        return t
    }
}

extension RaySetup {
    /// Where the ray enters a box, if it does.
    fileprivate func entry(_ low: Vector3, _ high: Vector3) -> Float? {
        var near: Float = 0
        var far = Float.infinity
        for axis in 0 ..< 3 {
            let origin = Self.component(self.origin, axis)
            let reciprocal = Self.component(self.reciprocal, axis)
            let t0 = (Self.component(low, axis) - origin) * reciprocal
            let t1 = (Self.component(high, axis) - origin) * reciprocal
            near = larger(near, smaller(t0, t1))
            far = smaller(far, larger(t0, t1))
        }
        return near <= far * 0x1.0000a8p0 ? near : nil
    }
}
