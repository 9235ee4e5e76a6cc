// What tests ask of a scene; renderers go through ``Traversal`` themselves.
extension Scene {
    /// The nearest hit of a ray with the number of nodes visited; nothing when there is none.
    package func nearestHit(
        origin: SIMD3<Float>,
        direction: SIMD3<Float>
    ) -> (distance: Float, triangle: Int, nodes: Int)? {
        let scratch = SceneMemory()
        return withExtendedLifetime(scratch) {
            let counter = scratch.allocate(Int.self, count: 1)
            counter.initialize(to: 0)
            let hit = self.withView { view in
                Traversal(memory: scratch, counter: counter).nearest(
                    view,
                    Ray(origin: Vector3(origin), direction: Vector3(direction)),
                    tMax: .greatestFiniteMagnitude,
                    skipped: .max,
                    key: 0
                )
            }
            return hit.isMiss ? nil : (hit.t, Int(hit.triangle), counter.pointee)
        }
    }

    /// The nearest hit of a ray by looking at every triangle.
    package func nearestHitByBruteForce(
        origin: SIMD3<Float>,
        direction: SIMD3<Float>
    ) -> (distance: Float, triangle: Int)? {
        let setup = RaySetup(Ray(origin: Vector3(origin), direction: Vector3(direction)))
        return self.withView { view in
            var best = RayHit(t: .greatestFiniteMagnitude, triangle: .max)
            for triangle in 0 ..< view.pointee.triangleCount {
                let (a, b, c) = view.pointee.corners(triangle)
                let hit = intersect(
                    setup,
                    renamed: setup.renamed(a),
                    setup.renamed(b),
                    setup.renamed(c),
                    padding: view.pointee.bvh.padding,
                    tMax: best.t
                )
                guard let hit, hit.t < best.t || UInt32(triangle) < best.triangle else { continue }
                best = RayHit(t: hit.t, triangle: UInt32(triangle))
            }
            return best.isMiss ? nil : (best.t, Int(best.triangle))
        }
    }

    /// Whether anything is nearer than `distance`.
    package func isOccluded(origin: SIMD3<Float>, direction: SIMD3<Float>, distance: Float) -> Bool {
        let scratch = SceneMemory()
        return withExtendedLifetime(scratch) {
            self.withView { view in
                Traversal(memory: scratch).isOccluded(
                    view,
                    Ray(origin: Vector3(origin), direction: Vector3(direction)),
                    tMax: distance,
                    skipped: .max,
                    target: .max,
                    key: 0
                )
            }
        }
    }

    /// The corners of a triangle in the world.
    package func corners(ofTriangle triangle: Int) -> (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>) {
        let (a, b, c) = self.withView { $0.pointee.corners(triangle) }
        return (SIMD3(a.x, a.y, a.z), SIMD3(b.x, b.y, b.z), SIMD3(c.x, c.y, c.z))
    }
}
