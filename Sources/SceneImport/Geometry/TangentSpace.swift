package import RenderCore

/// Tangents for normal maps where the file has none.
///
/// In the spirit of MikkTSpace (Mikkelsen 2008), which glTF recommends: each corner takes its triangle's direction of
/// growing u, projected on the vertex normal and weighted by the corner's angle; corners of one vertex are averaged when
/// their triangles have the same handedness, and the vertex is split otherwise. Unlike MikkTSpace, vertices that the
/// file keeps apart are not welded first.
package enum TangentSpace {
    /// Adds tangents along one of the sets of texture coordinates; returns the original of each vertex that was appended.
    @discardableResult
    package static func addTangents(to mesh: inout Mesh, ofSecondCoordinates isSecond: Bool = false) -> [Int] {
        let coordinates =
            isSecond && !mesh.secondCoordinates.isEmpty ? mesh.secondCoordinates : mesh.textureCoordinates
        let vertexCount = mesh.positions.count / 3
        // For each vertex: the sums for right- and left-handed triangles.
        var sums = [SIMD3<Double>](repeating: .zero, count: 2 * vertexCount)
        var used = [Bool](repeating: false, count: 2 * vertexCount)
        var isLeftHanded = [Bool](repeating: false, count: mesh.indices.count / 3)
        for triangle in 0 ..< mesh.indices.count / 3 {
            let corners = mesh.corners(triangle)
            let (tangent, isLeft) = self.tangent(of: corners, in: mesh, coordinates)
            isLeftHanded[triangle] = isLeft
            let order = [corners.0, corners.1, corners.2]
            for k in 0 ..< 3 {
                let vertex = order[k]
                let normal = normalized(mesh.vertex(vertex, of: mesh.normals), or: SIMD3(0, 1, 0))
                let projected = normalized(tangent - normal * dot(normal, tangent), or: .zero)
                let weight = self.angle(
                    at: mesh.vertex(vertex, of: mesh.positions),
                    mesh.vertex(order[(k + 1) % 3], of: mesh.positions),
                    mesh.vertex(order[(k + 2) % 3], of: mesh.positions)
                )
                let slot = 2 * vertex + (isLeft ? 1 : 0)
                sums[slot] += projected * weight
                used[slot] = true
            }
        }
        return self.write(sums: sums, used: used, isLeftHanded: isLeftHanded, to: &mesh)
    }

    /// Stores the sums as tangents; vertices of both hands get a copy for the left one.
    private static func write(sums: [SIMD3<Double>], used: [Bool], isLeftHanded: [Bool], to mesh: inout Mesh) -> [Int] {
        let vertexCount = mesh.positions.count / 3
        var copies: [Int: UInt32] = [:]
        var originals: [Int] = []
        var tangents: [Float] = []
        tangents.reserveCapacity(4 * vertexCount)
        for vertex in 0 ..< vertexCount {
            let isLeft = !used[2 * vertex] && used[2 * vertex + 1]
            self.append(sums[2 * vertex + (isLeft ? 1 : 0)], isLeft: isLeft, vertex: vertex, mesh, to: &tangents)
        }
        for vertex in 0 ..< vertexCount where used[2 * vertex] && used[2 * vertex + 1] {
            copies[vertex] = UInt32(truncatingIfNeeded: mesh.positions.count / 3)
            originals.append(vertex)
            self.append(sums[2 * vertex + 1], isLeft: true, vertex: vertex, mesh, to: &tangents)
            for k in 0 ..< 3 {
                mesh.positions.append(mesh.positions[3 * vertex + k])
                mesh.normals.append(mesh.normals[3 * vertex + k])
            }
            if !mesh.alphas.isEmpty { mesh.alphas.append(mesh.alphas[vertex]) }
            if !mesh.colors.isEmpty {
                for k in 0 ..< 3 { mesh.colors.append(mesh.colors[3 * vertex + k]) }
            }
            for k in 0 ..< 2 {
                mesh.textureCoordinates.append(mesh.textureCoordinates[2 * vertex + k])
            }
            if !mesh.secondCoordinates.isEmpty {
                for k in 0 ..< 2 { mesh.secondCoordinates.append(mesh.secondCoordinates[2 * vertex + k]) }
            }
        }
        if !copies.isEmpty {
            for corner in mesh.indices.indices where isLeftHanded[corner / 3] {
                if let copy = copies[Int(mesh.indices[corner])] { mesh.indices[corner] = copy }
            }
        }
        mesh.tangents = tangents
        return originals
    }

    private static func append(
        _ sum: SIMD3<Double>,
        isLeft: Bool,
        vertex: Int,
        _ mesh: Mesh,
        to tangents: inout [Float]
    ) {
        let normal = normalized(mesh.vertex(vertex, of: mesh.normals), or: SIMD3(0, 1, 0))
        let axis: SIMD3<Double> = normal.x.magnitude < 0.7 ? SIMD3(1, 0, 0) : SIMD3(0, 0, 1)
        let fallback = normalized(axis - normal * dot(normal, axis), or: axis)
        let tangent = normalized(sum - normal * dot(normal, sum), or: fallback)
        tangents.append(Float(tangent.x))
        tangents.append(Float(tangent.y))
        tangents.append(Float(tangent.z))
        tangents.append(isLeft ? -1 : 1)
    }

    /// The direction in which u grows, and whether the texture is mirrored.
    private static func tangent(
        of corners: (Int, Int, Int),
        in mesh: Mesh,
        _ coordinates: [Float]
    ) -> (SIMD3<Double>, isLeft: Bool) {
        func uv(_ i: Int) -> SIMD2<Double> { SIMD2(Double(coordinates[2 * i]), Double(coordinates[2 * i + 1])) }
        let a = mesh.vertex(corners.0, of: mesh.positions)
        let edge1 = mesh.vertex(corners.1, of: mesh.positions) - a
        let edge2 = mesh.vertex(corners.2, of: mesh.positions) - a
        let uv1 = uv(corners.1) - uv(corners.0)
        let uv2 = uv(corners.2) - uv(corners.0)
        let determinant = uv1.x * uv2.y - uv2.x * uv1.y
        guard determinant != 0, determinant.isFinite else { return (.zero, false) }
        let direction = (edge1 * uv2.y - edge2 * uv1.y) * (determinant < 0 ? -1 : 1)
        // glTF's v points down, its bitangent up: with the picture's v, a positive determinant is left-handed.
        return (normalized(direction, or: .zero), determinant > 0)
    }

    private static func angle(at corner: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> Double {
        let e1 = b - corner
        let e2 = c - corner
        let n = cross(e1, e2)
        return DeterministicMath.arcTangent(dot(n, n).squareRoot(), dot(e1, e2))
    }
}
