import CEmbree
import Dispatch
import RenderCore

/// The same mesh and rays in Tessera and in Embree.
struct Comparison {
    /// A set of rays with the speeds of each round in rays a second.
    struct Speed {
        var name: String
        var rays: Int
        var single: [Double] = []
        var packet: [Double] = []
        var embree: [Double] = []
        /// Nodes and leaf blocks that a ray visits on average.
        var nodes = 0.0
        var leaves = 0.0
        /// Rays whose distance differs by more than a millionth or whose answer differs.
        var differences = 0
    }

    struct Build {
        var threads: Int
        var ours: [Double] = []
        var embree: [Double] = []
    }

    /// Whole paths of our own renderer, of at most eight scattering events, with their light samples and film.
    struct Paths {
        /// Camera paths a second in each round.
        var rates: [Double] = []
        /// Rays of all kinds of a path.
        var rays = 0.0
    }

    private(set) var speeds: [Speed] = []
    private(set) var paths = Paths()
    private(set) var builds: [Build] = []
    private(set) var triangles = 0
    private(set) var bytesPerTriangle = 0.0
    private(set) var embreeBytesPerTriangle = 0.0

    init(triangles: Int, options: Options) throws {
        var mesh = Landscape(triangles: triangles)
        self.triangles = mesh.triangleCount
        let assets = SceneAssets(
            meshes: [Mesh(positions: mesh.positions, indices: mesh.indices)],
            materials: [Material()]
        )
        let frame = SceneFrame(
            instances: [Instance(mesh: 0)],
            lights: [.point(position: SIMD3(0, 7, 0), intensity: SIMD3(9, 9, 9), range: 0)],
            camera: Camera(
                transform: Transform(eye: SIMD3(7.5, 4.2, 8), target: SIMD3(0, 1.9, 0)),
                projection: .perspective(verticalFieldOfView: 1.08)
            )
        )
        let scene = try Scene(assets: try assets.encoded(), frame: try frame.encoded(for: assets))
        self.bytesPerTriangle = Double(scene.acceleratorStatistics.bytes) / Double(self.triangles)
        mesh.padForEmbree()
        embree_pin(options.processor)
        let embree = Self.embree(mesh, threads: 1)
        defer { embree_free(embree) }
        let before = embree_bytes(embree)
        embree_build(embree)
        self.embreeBytesPerTriangle = Double(embree_bytes(embree) - before) / Double(self.triangles)
        if options.builds {
            for threads in 1 ... 2 { self.measureBuilds(scene, mesh, threads: threads, options) }
        }
        embree_pin(options.processor)
        self.measureRays(scene, mesh, embree, options)
        self.measurePaths(scene, options)
    }

    private static func embree(_ mesh: Landscape, threads: Int) -> OpaquePointer {
        mesh.withPointers { positions, indices in
            embree_make(positions, mesh.vertexCount, indices, mesh.triangleCount, Int32(threads))
        }
    }

    // MARK: Builds

    private mutating func measureBuilds(_ scene: Scene, _ mesh: Landscape, threads: Int, _ options: Options) {
        var build = Build(threads: threads)
        if threads > 1 { embree_unpin() }
        for _ in 0 ..< options.rounds {
            let start = wallSeconds()
            scene.rebuildAccelerator { count, body in
                if threads == 1 {
                    for i in 0 ..< count { body(i) }
                } else {
                    DispatchQueue.concurrentPerform(iterations: count, execute: body)
                }
            }
            build.ours.append(wallSeconds() - start)
            let embree = Self.embree(mesh, threads: threads)
            let second = wallSeconds()
            embree_build(embree)
            build.embree.append(wallSeconds() - second)
            embree_free(embree)
        }
        self.builds.append(build)
    }

    // MARK: Paths

    private mutating func measurePaths(_ scene: Scene, _ options: Options) {
        let edge = options.edge / 8
        let settings = RenderSettings(width: edge, height: edge, samples: 16)
        let renderer = BlockRenderer(scene: scene, settings: settings)
        for _ in 0 ..< options.rounds {
            let start = threadSeconds()
            let work = renderer.render(x: 0, y: 0, width: edge, height: edge).work
            self.paths.rates.append(Double(work.cameraRays) / (threadSeconds() - start))
            self.paths.rays = Double(work.rays) / Double(work.cameraRays)
        }
    }

    // MARK: Rays

    private mutating func measureRays(_ scene: Scene, _ mesh: Landscape, _ embree: OpaquePointer, _ options: Options) {
        let tracer = RayStream(scene: scene)
        let sets = RaySets(tracer: tracer, mesh: mesh, edge: options.edge)
        let named = [
            ("coherent", sets.coherent), ("bounce", sets.incoherent), ("wavefront", sets.wavefront),
            ("shadow", sets.shadow),
        ]
        for (name, rays) in named {
            var speed = Speed(name: name, rays: rays.count)
            if name == "shadow" {
                Self.compareShadows(tracer, embree, rays, &speed)
            } else {
                Self.compareHits(tracer, embree, rays, &speed)
            }
            self.speeds.append(speed)
        }
        for _ in 0 ..< options.rounds {
            for (i, (name, rays)) in named.enumerated() {
                let isShadow = name == "shadow"
                self.speeds[i].single.append(Self.rate(rays) { tracer.trace($0, isShadow, $1, .single) })
                self.speeds[i].packet.append(Self.rate(rays) { tracer.trace($0, isShadow, $1, .packets) })
                self.speeds[i].embree.append(
                    Self.rate(rays) { rays, hits in
                        let state = embree_flush_denormals()
                        Self.trace(embree, rays, isShadow, hits)
                        embree_restore(state)
                    }
                )
            }
        }
    }

    private static func rate(
        _ rays: [StreamRay],
        _ trace: (UnsafeBufferPointer<StreamRay>, UnsafeMutableBufferPointer<StreamHit>) -> Void
    ) -> Double {
        withUnsafeTemporaryAllocation(of: StreamHit.self, capacity: rays.count) { hits in
            hits.initialize(repeating: StreamHit())
            return rays.withUnsafeBufferPointer { rays in
                let start = threadSeconds()
                trace(rays, hits)
                return Double(rays.count) / (threadSeconds() - start)
            }
        }
    }

    private static func trace(
        _ embree: OpaquePointer,
        _ rays: UnsafeBufferPointer<StreamRay>,
        _ isShadow: Bool,
        _ hits: UnsafeMutableBufferPointer<StreamHit>
    ) {
        precondition(MemoryLayout<StreamRay>.stride == MemoryLayout<embree_ray>.stride, "rays have another layout now")
        precondition(MemoryLayout<StreamHit>.stride == MemoryLayout<embree_hit>.stride, "hits have another layout now")
        guard
            let ray = UnsafeRawPointer(rays.baseAddress)?.assumingMemoryBound(to: embree_ray.self),
            let hit = UnsafeMutableRawPointer(hits.baseAddress)?.assumingMemoryBound(to: embree_hit.self)
        else { return }
        if isShadow {
            embree_occluded(embree, ray, rays.count)
        } else {
            embree_nearest(embree, ray, rays.count, hit)
        }
    }

    private static func compareHits(
        _ tracer: RayStream,
        _ embree: OpaquePointer,
        _ rays: [StreamRay],
        _ speed: inout Speed
    ) {
        var ours = [StreamHit](repeating: StreamHit(), count: rays.count)
        var packets = ours
        var theirs = ours
        rays.withUnsafeBufferPointer { rays in
            let counts = tracer.counting {
                ours.withUnsafeMutableBufferPointer { tracer.trace(rays, false, $0, .single) }
            }
            speed.nodes = Double(counts.nodes) / Double(rays.count)
            speed.leaves = Double(counts.leaves) / Double(rays.count)
            packets.withUnsafeMutableBufferPointer { tracer.trace(rays, false, $0, .packets) }
            theirs.withUnsafeMutableBufferPointer { Self.trace(embree, rays, false, $0) }
        }
        precondition(ours == packets, "packets and single rays differ in \(speed.name)")
        for (a, b) in zip(ours, theirs) {
            let isMiss = a.isMiss
            if isMiss != (b.isMiss) || !isMiss && (a.distance - b.distance).magnitude > 1e-4 * b.distance {
                speed.differences += 1
            }
        }
    }

    private static func compareShadows(
        _ tracer: RayStream,
        _ embree: OpaquePointer,
        _ rays: [StreamRay],
        _ speed: inout Speed
    ) {
        rays.withUnsafeBufferPointer { rays in
            var ours = 0
            let counts = tracer.counting { ours = tracer.occludedCount(rays, .single) }
            speed.nodes = Double(counts.nodes) / Double(rays.count)
            speed.leaves = Double(counts.leaves) / Double(rays.count)
            precondition(ours == tracer.occludedCount(rays, .packets), "packets and single rays differ in shadows")
            guard let ray = UnsafeRawPointer(rays.baseAddress)?.assumingMemoryBound(to: embree_ray.self) else { return }
            speed.differences = abs(embree_occluded(embree, ray, rays.count) - ours)
        }
    }
}

extension RayStream {
    /// One question or the other for all rays.
    fileprivate func trace(
        _ rays: UnsafeBufferPointer<StreamRay>,
        _ isShadow: Bool,
        _ hits: UnsafeMutableBufferPointer<StreamHit>,
        _ order: Order
    ) {
        if isShadow { _ = self.occludedCount(rays, order) } else { self.nearest(rays, into: hits, order) }
    }

    /// How many rays are blocked.
    fileprivate func occludedCount(_ rays: UnsafeBufferPointer<StreamRay>, _ order: Order) -> Int {
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: rays.count) { isOccluded in
            isOccluded.initialize(repeating: false)
            self.occluded(rays, into: isOccluded, order)
            var count = 0
            for isOccluded in isOccluded where isOccluded { count += 1 }
            return count
        }
    }
}
