/// The joints that hold a mesh (glTF 2.0, section 3.7.3).
struct Skin: Sendable {
    /// The entry of the tree of each joint; nothing where the shown scene does not have it.
    let joints: [Int?]
    /// From the mesh into each joint.
    let inverses: [Affine]

    /// Reads skin number `index`; `entryOfNode` gives the place of each node in the tree.
    init(
        _ index: Int,
        of document: GLTF.Document,
        accessors: AccessorReader,
        entryOfNode: [Int?]
    ) throws(ImportError) {
        let skins = document.skins ?? []
        guard let skin = skins[checked: index] else {
            throw ImportError(.malformed, "it names skin \(index), and the file has \(skins.count)")
        }
        guard !skin.joints.isEmpty, skin.joints.count <= Int(UInt16.max) else {
            throw ImportError(.malformed, "skin \(index) has \(skin.joints.count) joints")
        }
        var joints: [Int?] = []
        for joint in skin.joints {
            guard entryOfNode.indices.contains(joint) else {
                throw ImportError(.malformed, "skin \(index) has the joint \(joint), which is no node")
            }
            joints.append(entryOfNode[joint])
        }
        self.joints = joints
        guard let accessor = skin.inverseBindMatrices else {
            self.inverses = [Affine](repeating: .identity, count: joints.count)
            return
        }
        let numbers: [Float]
        do throws(ImportError) {
            numbers = try accessors.floats(accessor, shape: .matrix4)
        } catch {
            throw error.located(at: "skin \(index)")
        }
        guard numbers.count >= 16 * joints.count else {
            throw ImportError(
                .malformed,
                "skin \(index) has \(joints.count) joints and \(numbers.count / 16) inverse bind matrices"
            )
        }
        self.inverses = joints.indices.map { joint in
            func column(_ k: Int) -> SIMD3<Double> {
                let at = 16 * joint + 4 * k
                return SIMD3(Double(numbers[at]), Double(numbers[at + 1]), Double(numbers[at + 2]))
            }
            return Affine(x: column(0), y: column(1), z: column(2), translation: column(3))
        }
    }

    /// Where the joints carry the mesh, given the places of all entries; joints that the scene lacks go with `node`.
    func matrices(_ transforms: [Affine], node: Int) -> [MeshDeformer.JointMatrix] {
        zip(self.joints, self.inverses).map { joint, inverse in
            MeshDeformer.JointMatrix(transforms[joint ?? node] * inverse)
        }
    }
}
