import RenderCore

/// Turns the primitives of glTF meshes into the renderer's meshes, one for each primitive of triangles.
struct MeshBuilder {
    private let document: GLTF.Document
    private let accessors: AccessorReader
    private let limits: ImportLimits
    private var vertexCount = 0
    private var triangleCount = 0

    /// The meshes so far.
    private(set) var meshes: [Mesh] = []
    /// Whether a primitive was built without a material of its own.
    private(set) var needsDefaultMaterial = false
    private(set) var skippedPrimitives = 0
    private(set) var hasMorphTargets = false
    private(set) var hasVertexColors = false
    private(set) var hasSeveralCoordinateSets = false

    init(document: GLTF.Document, accessors: AccessorReader, limits: ImportLimits) {
        self.document = document
        self.accessors = accessors
        self.limits = limits
    }

    /// Builds a glTF mesh and returns the numbers of the meshes that it became.
    mutating func build(_ index: Int) throws(ImportError) -> [Int] {
        guard let mesh = (self.document.meshes ?? [])[checked: index] else {
            throw ImportError(
                .malformed,
                "there is no mesh \(index), the file has \((self.document.meshes ?? []).count)"
            )
        }
        var built: [Int] = []
        for (number, primitive) in mesh.primitives.enumerated() {
            do throws(ImportError) {
                if let result = try self.build(primitive) {
                    built.append(self.meshes.count)
                    self.meshes.append(result)
                }
            } catch {
                let name = mesh.name.map { " \"\(ResourceLoader.shortened($0))\"" } ?? ""
                throw error.located(at: "mesh \(index)\(name), primitive \(number)")
            }
        }
        return built
    }

    private mutating func build(_ primitive: GLTF.Primitive) throws(ImportError) -> Mesh? {
        let mode = primitive.mode ?? 4
        guard let topology = Topology(mode: mode) else {
            guard (0 ... 3).contains(mode) else {
                throw ImportError(.malformed, "its mode is \(mode), which is none of glTF's")
            }
            self.skippedPrimitives += 1
            return nil
        }
        guard let positionAccessor = primitive.attributes["POSITION"] else {
            self.skippedPrimitives += 1
            return nil
        }
        let materials = self.document.materials ?? []
        let material = try self.materialIndex(primitive, of: materials)
        let vertices = try self.accessors.count(of: positionAccessor)
        try self.reserve(vertices: vertices)
        let indexCount = try primitive.indices.map { index throws(ImportError) in try self.accessors.count(of: index) }
        try self.reserve(triangles: topology.triangleCount(indexCount ?? vertices))

        let positions = try self.attribute("POSITION", primitive, .vector3, vertices) ?? []
        var indices: [UInt32]
        if let accessor = primitive.indices {
            indices = try self.accessors.integers(accessor)
            if let bad = indices.first(where: { $0 >= vertices }) {
                throw ImportError(.malformed, "an index is \(bad), and there are \(vertices) vertices")
            }
        } else {
            indices = (0 ..< vertices).map { UInt32(truncatingIfNeeded: $0) }
        }
        indices = topology.triangles(indices)
        guard !indices.isEmpty else {
            self.skippedPrimitives += 1
            return nil
        }
        self.hasMorphTargets = self.hasMorphTargets || !(primitive.targets ?? []).isEmpty
        self.hasVertexColors = self.hasVertexColors || primitive.attributes["COLOR_0"] != nil

        var result = Mesh(positions: positions, indices: indices, material: material)
        result.normals = try self.attribute("NORMAL", primitive, .vector3, vertices) ?? []
        let surface = materials[checked: material]
        if let set = self.coordinateSet(surface) {
            result.textureCoordinates = try self.attribute("TEXCOORD_\(set)", primitive, .vector2, vertices) ?? []
        }
        NormalRepair.repair(&result)
        if surface?.normalTexture != nil, !result.textureCoordinates.isEmpty, !result.normals.isEmpty {
            result.tangents = try self.attribute("TANGENT", primitive, .vector4, vertices) ?? []
            if result.tangents.isEmpty {
                TangentSpace.addTangents(to: &result)
            }
        }
        return result
    }

    private mutating func materialIndex(
        _ primitive: GLTF.Primitive,
        of materials: [GLTF.Material]
    ) throws(ImportError) -> Int {
        guard let index = primitive.material else {
            self.needsDefaultMaterial = true
            return materials.count
        }
        guard materials.indices.contains(index) else {
            throw ImportError(.malformed, "it names material \(index), and the file has \(materials.count)")
        }
        return index
    }

    /// An attribute with one element for each vertex, or nothing where the primitive has none.
    private func attribute(
        _ name: String,
        _ primitive: GLTF.Primitive,
        _ shape: AccessorReader.Shape,
        _ vertices: Int
    ) throws(ImportError) -> [Float]? {
        guard let accessor = primitive.attributes[name] else { return nil }
        do throws(ImportError) {
            let count = try self.accessors.count(of: accessor)
            guard count == vertices else {
                throw ImportError(.malformed, "has \(count) elements, and there are \(vertices) positions")
            }
            return try self.accessors.floats(accessor, shape: shape)
        } catch {
            throw error.located(at: "attribute \(name)")
        }
    }

    /// The texture coordinates that a material uses; the renderer has one set for each mesh.
    private mutating func coordinateSet(_ material: GLTF.Material?) -> Int? {
        guard let material else { return nil }
        let pbr = material.pbrMetallicRoughness
        let sets = [
            pbr?.baseColorTexture, material.normalTexture, pbr?.metallicRoughnessTexture, material.emissiveTexture,
        ].compactMap { $0?.coordinateSet }
        if let first = sets.first, sets.contains(where: { $0 != first }) {
            self.hasSeveralCoordinateSets = true
        }
        return sets.first
    }

    private mutating func reserve(vertices: Int) throws(ImportError) {
        let (sum, overflow) = self.vertexCount.addingReportingOverflow(vertices)
        guard !overflow, sum <= self.limits.maxVertices else {
            throw ImportError(.tooLarge, "it brings the scene to more than \(self.limits.maxVertices) vertices")
        }
        self.vertexCount = sum
    }

    private mutating func reserve(triangles: Int) throws(ImportError) {
        let (sum, overflow) = self.triangleCount.addingReportingOverflow(triangles)
        guard !overflow, sum <= self.limits.maxTriangles else {
            throw ImportError(.tooLarge, "it brings the scene to more than \(self.limits.maxTriangles) triangles")
        }
        self.triangleCount = sum
    }
}
