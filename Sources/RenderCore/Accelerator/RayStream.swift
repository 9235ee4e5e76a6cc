/// A ray of a stream; the direction need not have unit length.
package struct StreamRay: BitwiseCopyable, Sendable {
    package var originX: Float
    package var originY: Float
    package var originZ: Float
    /// Where the ray ends, in lengths of the direction.
    package var distance: Float
    package var directionX: Float
    package var directionY: Float
    package var directionZ: Float
    /// Decides about holes.
    package var key: UInt32 = 0
    /// When the ray is traced, 0...1 while the shutter is open.
    package var time: Float = 0

    package init(origin: SIMD3<Float>, direction: SIMD3<Float>, distance: Float) {
        self.originX = origin.x
        self.originY = origin.y
        self.originZ = origin.z
        self.distance = distance
        self.directionX = direction.x
        self.directionY = direction.y
        self.directionZ = direction.z
    }

    package var origin: SIMD3<Float> { SIMD3(self.originX, self.originY, self.originZ) }
    package var direction: SIMD3<Float> { SIMD3(self.directionX, self.directionY, self.directionZ) }

    @inline(__always) var ray: Ray {
        Ray(
            origin: Vector3(self.originX, self.originY, self.originZ),
            direction: Vector3(self.directionX, self.directionY, self.directionZ)
        )
    }
}

/// What a ray of a stream has met; the largest numbers for nothing.
package struct StreamHit: BitwiseCopyable, Equatable, Sendable {
    package var distance: Float = .infinity
    package var instance: UInt32 = .max
    /// The triangle of the instance's mesh, or its particle.
    package var primitive: UInt32 = .max

    package init() {}

    init(t: Float, _ primitive: PrimitiveID) {
        self.distance = primitive == .none ? .infinity : t
        self.instance = primitive.instance
        self.primitive = primitive.number
    }

    package var isMiss: Bool { self.instance == .max }
}

/// What walking through a hierarchy has cost.
package struct TraversalCounts: BitwiseCopyable, Equatable, Sendable {
    package var nodes = 0
    package var leaves = 0

    package init() {}
}

/// Traces many rays through a scene, for measurements and tests; one for each thread.
package final class RayStream {
    /// How rays are taken.
    package enum Order: Sendable {
        /// One after the other, and each looks at every primitive.
        case bruteForce
        /// One after the other.
        case single
        /// As many at a time as ``FloatLanes`` has.
        case packets
    }

    private let scene: Scene
    private let memory = SceneMemory()
    private let traversal: Traversal
    private let counting: Traversal
    private let counts: UnsafeMutablePointer<TraversalCounts>
    private var isCounting = false

    package init(scene: Scene) {
        self.scene = scene
        self.counts = self.memory.allocate(TraversalCounts.self, count: 1)
        self.counts.initialize(to: TraversalCounts())
        self.traversal = Traversal(memory: self.memory)
        self.counting = Traversal(memory: self.memory, counts: self.counts)
    }

    /// The nodes and leaf blocks that single rays visit while `body` runs.
    package func counting(_ body: () -> Void) -> TraversalCounts {
        self.counts.pointee = TraversalCounts()
        self.isCounting = true
        body()
        self.isCounting = false
        return self.counts.pointee
    }

    /// Three points of a primitive in the world at a time, for aiming: any number chooses one.
    package func landmarks(_ number: Int, at time: Float = 0) -> (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>) {
        self.scene.withView { view in
            guard view.pointee.instanceCount > 0 else { return (SIMD3(), SIMD3(1, 0, 0), SIMD3(0, 1, 0)) }
            let instance = view.pointee.instances + number % view.pointee.instanceCount
            let transform = instance.pointee.transform(at: time)
            let place = number / view.pointee.instanceCount
            var points = (Vector3(0, 0, 0), Vector3(1, 0, 0), Vector3(0, 1, 0))
            if instance.pointee.isParticles {
                let set = view.pointee.particles[instance.pointee.mesh]
                let sphere = set.sphere(place % max(1, set.count), at: time)
                points.0 = sphere.center + Vector3(sphere.radius, 0, 0)
                points.1 = sphere.center + Vector3(0, -sphere.radius, 0)
                points.2 = sphere.center
            } else {
                let mesh = view.pointee.meshes[instance.pointee.mesh]
                if mesh.triangleCount > 0 { points = mesh.corners(place % mesh.triangleCount, at: time) }
            }
            func world(_ p: Vector3) -> SIMD3<Float> {
                let q = transform.point(p)
                return SIMD3(q.x, q.y, q.z)
            }
            return (world(points.0), world(points.1), world(points.2))
        }
    }

    /// The nearest hit of each ray.
    package func nearest(
        _ rays: UnsafeBufferPointer<StreamRay>,
        into hits: UnsafeMutableBufferPointer<StreamHit>,
        _ order: Order = .single
    ) {
        let traversal = self.isCounting ? self.counting : self.traversal
        self.scene.withView { view in
            switch order {
            case .bruteForce:
                for i in 0 ..< min(rays.count, hits.count) {
                    let hit = nearestByBruteForce(
                        view,
                        rays[i].ray,
                        tMax: rays[i].distance,
                        key: rays[i].key,
                        time: rays[i].time
                    )
                    hits[i] = StreamHit(t: hit.t, hit.primitive(view))
                }
            case .single:
                for i in 0 ..< min(rays.count, hits.count) {
                    let hit = traversal.nearest(
                        view,
                        rays[i].ray,
                        tMax: rays[i].distance,
                        skipped: .none,
                        key: rays[i].key,
                        time: rays[i].time
                    )
                    hits[i] = StreamHit(t: hit.t, hit.primitive(view))
                }
            case .packets:
                for first in stride(from: 0, to: min(rays.count, hits.count), by: laneCount) {
                    let hit = traversal.nearest(view, Self.lanes(rays, first))
                    for i in first ..< min(first + laneCount, rays.count, hits.count) {
                        let lane = i - first
                        let primitive = PrimitiveID(
                            instance: hit.primitive.instance[lane],
                            number: hit.primitive.number[lane]
                        )
                        hits[i] = StreamHit(t: hit.distance[lane], primitive)
                    }
                }
            }
        }
    }

    /// Whether each ray meets anything before it ends.
    package func occluded(
        _ rays: UnsafeBufferPointer<StreamRay>,
        into isOccluded: UnsafeMutableBufferPointer<Bool>,
        _ order: Order = .single
    ) {
        let traversal = self.isCounting ? self.counting : self.traversal
        let count = min(rays.count, isOccluded.count)
        self.scene.withView { view in
            switch order {
            case .bruteForce:
                for i in 0 ..< count {
                    let ray = rays[i]
                    isOccluded[i] = isOccludedByBruteForce(
                        view,
                        ray.ray,
                        tMax: ray.distance,
                        key: ray.key,
                        time: ray.time
                    )
                }
            case .single:
                for i in 0 ..< count {
                    let ray = rays[i]
                    isOccluded[i] = traversal.isOccluded(
                        view,
                        ray.ray,
                        tMax: ray.distance,
                        skipped: .none,
                        target: .none,
                        key: ray.key,
                        time: ray.time
                    )
                }
            case .packets:
                for first in stride(from: 0, to: count, by: laneCount) {
                    let bits = traversal.occluded(view, Self.lanes(rays, first), target: .none).bits
                    for i in first ..< min(first + laneCount, count) { isOccluded[i] = bits >> (i - first) & 1 != 0 }
                }
            }
        }
    }

    /// A packet of neighbouring rays; fewer at the end.
    @inline(__always) private static func lanes(_ rays: UnsafeBufferPointer<StreamRay>, _ first: Int) -> RayLanes {
        var origin = Vector3Lanes.zero
        var direction = Vector3Lanes(FloatLanes(1))
        var farthest: FloatLanes = 0
        var key: UIntLanes = 0
        var time: FloatLanes = 0
        let count = min(laneCount, rays.count - first)
        for lane in 0 ..< count {
            let ray = rays[first + lane]
            origin[lane] = ray.ray.origin
            direction[lane] = ray.ray.direction
            farthest[lane] = ray.distance
            key[lane] = ray.key
            time[lane] = ray.time
        }
        return RayLanes(
            origin: origin,
            direction: direction,
            farthest: farthest,
            skipped: .none,
            key: key,
            time: time,
            active: MaskLanes(first: count)
        )
    }
}

/// What a hierarchy takes.
package struct AcceleratorStatistics: Sendable, Equatable {
    package var nodes: Int
    package var leaves: Int
    package var bytes: Int
}

extension Scene {
    /// The nearest hit of a ray that leaves the first primitive of the first instance.
    package func hitLeavingFirstPrimitive(origin: SIMD3<Float>, direction: SIMD3<Float>) -> StreamHit {
        let scratch = SceneMemory()
        let ray = Ray(origin: Vector3(origin), direction: Vector3(direction))
        return withExtendedLifetime(scratch) {
            self.withView { view in
                let traversal = Traversal(memory: scratch)
                // Number 0 of the world is number 0 of the first instance.
                let space = view.pointee.instances.pointee.isPlaced ? 0 : BVHData.world
                let left = PrimitivePlace(space: space, number: 0)
                let hit = traversal.nearest(view, ray, tMax: .infinity, skipped: left, key: 0, time: 0)
                return StreamHit(t: hit.t, hit.primitive(view))
            }
        }
    }

    /// The corners in the world of a triangle, counted through the instances that are not placed.
    package func corners(ofTriangle triangle: Int) -> (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>) {
        let (a, b, c) = self.withView { $0.pointee.corners(triangle) }
        return (SIMD3(a.x, a.y, a.z), SIMD3(b.x, b.y, b.z), SIMD3(c.x, c.y, c.z))
    }

    /// What the hierarchy takes.
    package var acceleratorStatistics: AcceleratorStatistics {
        self.withView { view in
            let bvh = view.pointee.bvh
            return AcceleratorStatistics(
                nodes: bvh.nodeCount,
                leaves: bvh.leafCount,
                bytes: bvh.nodeCount * BVHData.nodeSize + bvh.leafCount * BVHData.leafSize
            )
        }
    }

    /// Builds the hierarchy again and throws it away, so that the time can be taken.
    package func rebuildAccelerator(bvh: BVHSettings = .standard, concurrently: Concurrently) {
        let scratch = SceneMemory()
        withExtendedLifetime(scratch) {
            self.withView { view in
                _ = BVHBuilder.build(
                    view,
                    padding: view.pointee.bvh.padding,
                    settings: bvh,
                    memory: scratch,
                    concurrently: concurrently
                )
            }
        }
    }
}
