/// A validated scene of one frame with its acceleration structure; immutable, shared by all render threads.
///
/// Takes about 150 bytes a triangle beside the blobs' own size while loading and half of that afterwards.
///
/// `@unchecked Sendable` is sound: everything behind the pointers is written before the initialiser returns, only read
/// afterwards, and freed when the last reference goes.
public final class Scene: @unchecked Sendable {
    let view: UnsafePointer<SceneView>
    private let memory: SceneMemory

    /// Loads a scene from the bytes of ``SceneAssets/encoded()`` and ``SceneFrame/encoded(for:)``.
    ///
    /// Every index, bound, size and number is checked before it is used, and nothing larger than the bytes and `limits`
    /// justify is allocated, so hostile bytes cost an error and no more.
    ///
    /// - Complexity: linear in the bytes; n log n in the number of triangles.
    /// - Throws: ``SceneBlobError``.
    public init(
        assets: [UInt8],
        frame: [UInt8],
        limits: SceneLimits = .standard,
        bvh: BVHSettings = .standard
    ) throws(SceneBlobError) {
        let memory = SceneMemory()
        var loader = SceneLoader(memory: memory, limits: limits)
        try loader.loadAssets(assets)
        try loader.loadFrame(frame)
        let view = memory.allocate(SceneView.self, count: 1)
        let padding = loader.padding
        view.initialize(to: loader.finished())
        view.pointee.bvh = BVHBuilder.build(view, padding: padding, settings: bvh, memory: memory)
        self.view = UnsafePointer(view)
        self.memory = memory
    }

    /// The number of triangles of all instances.
    public var triangleCount: Int { self.view.pointee.triangleCount }

    /// The nearest hit of a ray as tests ask for it, with the number of nodes visited; nothing when there is none.
    package func nearestHit(
        origin: SIMD3<Float>,
        direction: SIMD3<Float>
    ) -> (distance: Float, triangle: Int, nodes: Int)? {
        let scratch = SceneMemory()
        let counter = scratch.allocate(Int.self, count: 1)
        counter.initialize(to: 0)
        let ray = Ray(origin: Vector3(origin), direction: Vector3(direction))
        let hit = Traversal(memory: scratch, counter: counter).nearest(
            self.view,
            ray,
            tMax: .greatestFiniteMagnitude,
            skipped: .max,
            key: 0
        )
        return hit.isMiss ? nil : (hit.t, Int(hit.triangle), counter.pointee)
    }

    /// The same by looking at every triangle.
    package func nearestHitByBruteForce(
        origin: SIMD3<Float>,
        direction: SIMD3<Float>
    ) -> (distance: Float, triangle: Int)? {
        let setup = RaySetup(Ray(origin: Vector3(origin), direction: Vector3(direction)))
        var best = RayHit(t: .greatestFiniteMagnitude, triangle: .max)
        for triangle in 0 ..< self.triangleCount {
            let (a, b, c) = self.view.pointee.corners(triangle)
            let hit = intersect(
                setup,
                renamed: setup.renamed(a),
                setup.renamed(b),
                setup.renamed(c),
                padding: self.view.pointee.bvh.padding,
                tMax: best.t
            )
            guard let hit,
                hit.t < best.t || triangle < Int(best.triangle)
            else { continue }
            best = RayHit(t: hit.t, triangle: UInt32(triangle))
        }
        return best.isMiss ? nil : (best.t, Int(best.triangle))
    }

    /// Whether anything is nearer than `distance`.
    package func isOccluded(origin: SIMD3<Float>, direction: SIMD3<Float>, distance: Float) -> Bool {
        Traversal(memory: SceneMemory()).isOccluded(
            self.view,
            Ray(origin: Vector3(origin), direction: Vector3(direction)),
            tMax: distance,
            skipped: .max,
            target: .max,
            key: 0
        )
    }

    /// The corners of a triangle in the world.
    package func corners(ofTriangle triangle: Int) -> (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>) {
        let (a, b, c) = self.view.pointee.corners(triangle)
        return (SIMD3(a.x, a.y, a.z), SIMD3(b.x, b.y, b.z), SIMD3(c.x, c.y, c.z))
    }
}
