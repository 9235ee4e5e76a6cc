import RenderCore

/// What moves the vertices of a mesh: morph targets, then a skin (glTF 2.0, sections 3.7.2.2 and 3.7.3.3).
struct MeshDeformer: Sendable {
    /// What is added to the vertices at weight 1; arrays are empty where a target leaves something as it is.
    struct Target: Sendable {
        var positions: [Float] = []
        var normals: [Float] = []
        var tangents: [Float] = []
    }

    /// Which joints hold each vertex, by how much.
    struct Influences: Sendable {
        /// Joint numbers, ``perVertex`` for each vertex.
        var joints: [UInt16]
        /// As many weights, which add up to 1 for each vertex.
        var weights: [Float]
        /// Four or a multiple of it.
        var perVertex: Int
    }

    /// Where a joint carries the vertices that it holds: three columns and a translation.
    struct JointMatrix: Sendable {
        var x: SIMD4<Float>
        var y: SIMD4<Float>
        var z: SIMD4<Float>
        var translation: SIMD4<Float>

        init(_ map: Affine) {
            func column(_ v: SIMD3<Double>) -> SIMD4<Float> { SIMD4(Float(v.x), Float(v.y), Float(v.z), 0) }
            self.x = column(map.x)
            self.y = column(map.y)
            self.z = column(map.z)
            self.translation = column(map.translation)
        }

        init() {
            self.x = .zero
            self.y = .zero
            self.z = .zero
            self.translation = .zero
        }

        mutating func add(_ other: JointMatrix, weight: Float) {
            self.x += other.x * weight
            self.y += other.y * weight
            self.z += other.z * weight
            self.translation += other.translation * weight
        }
    }

    var targets: [Target] = []
    var influences: Influences?

    /// Whether nothing ever moves.
    var isEmpty: Bool { self.targets.isEmpty && self.influences == nil }

    /// Gives vertices that were copied what their originals have.
    mutating func append(copiesOf vertices: [Int]) {
        for t in self.targets.indices {
            self.targets[t].positions.appendCopies(of: vertices, width: 3)
            self.targets[t].normals.appendCopies(of: vertices, width: 3)
            self.targets[t].tangents.appendCopies(of: vertices, width: 3)
        }
        if let width = self.influences?.perVertex {
            self.influences?.joints.appendCopies(of: vertices, width: width)
            self.influences?.weights.appendCopies(of: vertices, width: width)
        }
    }

    /// The mesh with its targets added; weights beyond the targets are ignored.
    func morphed(_ mesh: Mesh, weights: [Float]) -> Mesh {
        var result = mesh
        for (target, weight) in zip(self.targets, weights) where weight != 0 {
            Self.add(target.positions, times: weight, to: &result.positions)
            Self.add(target.normals, times: weight, to: &result.normals)
            Self.addDirections(target.tangents, times: weight, to: &result.tangents)
        }
        return result
    }

    /// The vertices in the world; joints beyond the matrices hold nothing.
    func skinned(_ mesh: inout Mesh, _ matrices: [JointMatrix]) {
        guard let influences, !matrices.isEmpty else { return }
        let hasNormals = !mesh.normals.isEmpty
        let hasTangents = !mesh.tangents.isEmpty
        let width = influences.perVertex
        mesh.withVertices { positions, normals, tangents, count in
            for i in 0 ..< count {
                var blend = JointMatrix()
                for k in 0 ..< width {
                    let weight = influences.weights[i &* width &+ k]
                    guard weight != 0 else { continue }
                    blend.add(
                        matrices[min(Int(influences.joints[i &* width &+ k]), matrices.count - 1)],
                        weight: weight
                    )
                }
                let p = positions + 3 &* i
                Self.store((blend.x * p[0] + blend.y * p[1]) + (blend.z * p[2] + blend.translation), to: p)
                if hasNormals {
                    // Cofactors carry normals as the edges carry the plane.
                    let n = normals + 3 &* i
                    let a = Self.cross(blend.y, blend.z) * n[0]
                    let b = Self.cross(blend.z, blend.x) * n[1]
                    Self.storeUnit((a + b) + Self.cross(blend.x, blend.y) * n[2], to: n)
                }
                if hasTangents {
                    let t = tangents + 4 &* i
                    Self.storeUnit((blend.x * t[0] + blend.y * t[1]) + blend.z * t[2], to: t)
                }
            }
        }
    }

    private static func add(_ values: [Float], times weight: Float, to sums: inout [Float]) {
        guard values.count == sums.count else { return }
        values.withUnsafeBufferPointer { values in
            sums.withUnsafeMutableBufferPointer { sums in
                for i in 0 ..< sums.count { sums[i] += values[i] * weight }
            }
        }
    }

    /// Adds three numbers for each four.
    private static func addDirections(_ values: [Float], times weight: Float, to sums: inout [Float]) {
        guard values.count / 3 == sums.count / 4 else { return }
        for i in 0 ..< values.count / 3 {
            for k in 0 ..< 3 { sums[4 * i + k] += values[3 * i + k] * weight }
        }
    }

    @inline(__always)
    private static func store(_ v: SIMD4<Float>, to target: UnsafeMutablePointer<Float>) {
        target[0] = v.x
        target[1] = v.y
        target[2] = v.z
    }

    /// Stores the direction of a vector; one without a direction leaves the old one.
    @inline(__always)
    private static func storeUnit(_ v: SIMD4<Float>, to target: UnsafeMutablePointer<Float>) {
        let length = ((v.x * v.x + v.y * v.y) + v.z * v.z).squareRoot()
        guard length > 1e-30, length < .infinity else { return }
        self.store(v / length, to: target)
    }

    @inline(__always)
    private static func cross(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
        SIMD4(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x, 0)
    }
}

extension Mesh {
    /// Lends positions, normals and tangents, each also where there are none.
    fileprivate mutating func withVertices(
        _ body: (
            UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, _ count: Int
        ) -> Void
    ) {
        let count = self.positions.count / 3
        var normals = self.normals
        var tangents = self.tangents
        self.positions.withUnsafeMutableBufferPointer { p in
            normals.withUnsafeMutableBufferPointer { n in
                tangents.withUnsafeMutableBufferPointer { t in
                    guard let p = p.baseAddress else { return }
                    body(p, n.baseAddress ?? p, t.baseAddress ?? p, count)
                }
            }
        }
        self.normals = normals
        self.tangents = tangents
    }
}

extension Array {
    /// Appends the groups of `width` elements that have the given numbers; an empty array stays empty.
    fileprivate mutating func appendCopies(of groups: [Int], width: Int) {
        guard !self.isEmpty else { return }
        self.reserveCapacity(self.count + groups.count * width)
        for group in groups {
            for k in 0 ..< width { self.append(self[group * width + k]) }
        }
    }
}
