import RenderCore

/// Gives vertices whose normal is the zero vector the average normal of their triangles.
enum NormalRepair {
    static func repair(_ mesh: inout Mesh) {
        let count = mesh.normals.count / 3
        let broken = self.broken(mesh.normals)
        guard !broken.isEmpty else { return }
        var sums = [SIMD3<Double>](repeating: .zero, count: count)
        for triangle in 0 ..< mesh.indices.count / 3 {
            let corners = mesh.corners(triangle)
            let a = mesh.vertex(corners.0, of: mesh.positions)
            let areaNormal = cross(
                mesh.vertex(corners.1, of: mesh.positions) - a,
                mesh.vertex(corners.2, of: mesh.positions) - a
            )
            for corner in [corners.0, corners.1, corners.2] where broken.contains(corner) {
                sums[corner] += areaNormal
            }
        }
        for i in broken.sorted() {
            let n = normalized(sums[i], or: SIMD3(0, 1, 0))
            mesh.normals[3 * i] = Float(n.x)
            mesh.normals[3 * i + 1] = Float(n.y)
            mesh.normals[3 * i + 2] = Float(n.z)
        }
    }
}

extension NormalRepair {
    /// The vertices whose normal has no direction.
    private static func broken(_ normals: [Float]) -> Set<Int> {
        normals.withUnsafeBufferPointer { normals in
            var broken: Set<Int> = []
            for i in 0 ..< normals.count / 3 {
                let (x, y, z) = (normals[3 &* i], normals[3 &* i &+ 1], normals[3 &* i &+ 2])
                if (x * x + y * y) + z * z < 1e-12 { broken.insert(i) }
            }
            return broken
        }
    }
}

extension Mesh {
    /// The vertex numbers of a triangle.
    func corners(_ triangle: Int) -> (Int, Int, Int) {
        (Int(self.indices[3 * triangle]), Int(self.indices[3 * triangle + 1]), Int(self.indices[3 * triangle + 2]))
    }

    /// Three numbers of a vertex in double precision.
    func vertex(_ i: Int, of values: [Float]) -> SIMD3<Double> {
        SIMD3(Double(values[3 * i]), Double(values[3 * i + 1]), Double(values[3 * i + 2]))
    }
}
