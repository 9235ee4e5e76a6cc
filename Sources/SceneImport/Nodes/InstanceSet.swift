/// The places of the copies of a node's mesh (`EXT_mesh_gpu_instancing`).
struct InstanceSet: Sendable {
    /// The number of copies.
    let count: Int
    /// Three, four and three numbers a copy, or nothing where all copies have the default.
    private let translations: [Float]
    private let rotations: [Float]
    private let scales: [Float]

    /// Reads the places of a node.
    init(
        _ instancing: GLTF.Instancing,
        accessors: AccessorReader,
        instancesLeft: inout Int
    ) throws(ImportError) {
        var count: Int?
        for name in ["TRANSLATION", "ROTATION", "SCALE"] {
            guard let accessor = instancing.attributes[name] else { continue }
            let own = try accessors.count(of: accessor)
            guard count == nil || count == own else {
                throw ImportError(.malformed, "the attributes of its instances have \(count ?? 0) and \(own) elements")
            }
            count = own
        }
        guard let count else {
            throw ImportError(.malformed, "its instances have no translation, rotation or scale")
        }
        guard count <= instancesLeft else {
            throw ImportError(.tooLarge, "it brings the scene to too many instances", limit: .instances)
        }
        instancesLeft -= count
        func values(_ name: String, _ shape: AccessorReader.Shape) throws(ImportError) -> [Float] {
            guard let accessor = instancing.attributes[name] else { return [] }
            do throws(ImportError) {
                return try accessors.floats(accessor, shape: shape)
            } catch {
                throw error.located(at: "instance attribute \(name)")
            }
        }
        self.count = count
        self.translations = try values("TRANSLATION", .vector3)
        self.rotations = try values("ROTATION", .vector4)
        self.scales = try values("SCALE", .vector3)
    }

    /// Where a copy lies in its node.
    func local(_ i: Int) -> Affine {
        func three(_ values: [Float], _ fallback: Double) -> SIMD3<Double> {
            guard !values.isEmpty else { return SIMD3(repeating: fallback) }
            return SIMD3(Double(values[3 * i]), Double(values[3 * i + 1]), Double(values[3 * i + 2]))
        }
        var rotation = SIMD4<Double>(0, 0, 0, 1)
        if !self.rotations.isEmpty {
            let r = self.rotations
            rotation = Quaternion.normalized(
                SIMD4(Double(r[4 * i]), Double(r[4 * i + 1]), Double(r[4 * i + 2]), Double(r[4 * i + 3]))
            )
        }
        return Affine(translation: three(self.translations, 0), rotation: rotation, scale: three(self.scales, 1))
    }
}
