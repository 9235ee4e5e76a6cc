/// Reads morph targets and the influences of joints.
struct DeformerBuilder {
    /// The most sets of four joints for each vertex.
    static let setsMax = 8

    let data: VertexData
    let primitive: GLTF.Primitive

    /// Whether a target moves something that is not read: texture coordinates or colours.
    private(set) var hasUnreadTargets = false

    init(_ data: VertexData, _ primitive: GLTF.Primitive) {
        self.data = data
        self.primitive = primitive
    }

    /// Everything that moves the primitive's vertices.
    mutating func build() throws(ImportError) -> MeshDeformer {
        var deformer = MeshDeformer()
        for (number, attributes) in (self.primitive.targets ?? []).enumerated() {
            do throws(ImportError) {
                deformer.targets.append(try self.target(attributes))
            } catch {
                throw error.located(at: "morph target \(number)")
            }
        }
        deformer.influences = try self.influences()
        return deformer
    }

    private mutating func target(_ attributes: [String: Int]) throws(ImportError) -> MeshDeformer.Target {
        func deltas(_ name: String) throws(ImportError) -> [Float] {
            guard let accessor = attributes[name] else { return [] }
            do throws(ImportError) {
                let values = try self.data.floats(accessor: accessor, .vector3)
                return values.allSatisfy { $0 == 0 } ? [] : values
            } catch {
                throw error.located(at: name)
            }
        }
        let read: Set = ["POSITION", "NORMAL", "TANGENT"]
        self.hasUnreadTargets = self.hasUnreadTargets || attributes.keys.contains { !read.contains($0) }
        return MeshDeformer.Target(
            positions: try deltas("POSITION"),
            normals: try deltas("NORMAL"),
            tangents: try deltas("TANGENT")
        )
    }

    private func influences() throws(ImportError) -> MeshDeformer.Influences? {
        var sets: [(joints: [UInt16], weights: [Float])] = []
        for set in 0 ..< Self.setsMax {
            guard let joints = try self.data.joints("JOINTS_\(set)") else { break }
            guard let weights = try self.data.floats("WEIGHTS_\(set)", .vector4) else {
                throw ImportError(.malformed, "it has joints without weights: export the file again")
            }
            sets.append((joints, weights))
        }
        guard let first = sets.first else { return nil }
        let width = 4 * sets.count
        var result = MeshDeformer.Influences(joints: first.joints, weights: first.weights, perVertex: width)
        if sets.count > 1 {
            result.joints = []
            result.weights = []
            for vertex in 0 ..< self.data.vertexCount {
                for set in sets {
                    result.joints += set.joints[4 * vertex ..< 4 * vertex + 4]
                    result.weights += set.weights[4 * vertex ..< 4 * vertex + 4]
                }
            }
        }
        Self.normalize(&result.weights, width: width)
        return result
    }

    /// Makes the weights of each vertex add up to 1; a vertex without any goes with its first joint.
    private static func normalize(_ weights: inout [Float], width: Int) {
        weights.withUnsafeMutableBufferPointer { weights in
            for start in stride(from: 0, to: weights.count, by: width) {
                var sum: Float = 0
                for k in 0 ..< width {
                    weights[start &+ k] = weights[start &+ k] > 0 ? weights[start &+ k] : 0
                    sum += weights[start &+ k]
                }
                guard sum > 0, sum < .infinity else {
                    weights[start] = 1
                    for k in 1 ..< width { weights[start &+ k] = 0 }
                    continue
                }
                for k in 0 ..< width { weights[start &+ k] /= sum }
            }
        }
    }
}
