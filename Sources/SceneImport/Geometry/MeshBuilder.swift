import RenderCore

/// Turns the primitives of glTF meshes into the renderer's meshes, one for each primitive of triangles.
struct MeshBuilder {
    private let document: GLTF.Document
    private let accessors: AccessorReader
    private let limits: ImportLimits
    /// The number of the material variant to show.
    private let variant: Int?
    /// Seconds for which the shutter is open.
    private let shutterTime: Double
    /// Meshes of so many bytes are always kept.
    private let smallMeshBytes: Int
    private var vertexCount = 0
    private var triangleCount = 0

    /// The meshes so far.
    private(set) var meshes: [Mesh] = []
    /// The box around each of them.
    private(set) var boxes: [Box] = []
    /// What those are read from again that are outlines, by their numbers.
    private(set) var sources: [Int: GLTF.Primitive] = [:]
    private var residentBytes = 0
    /// The bytes that were read since the last pages of files were given back.
    private var bytesSeen = 0
    /// The sets of particles so far.
    private(set) var particles: [ParticleSet] = []
    /// What moves each mesh's vertices.
    private(set) var deformers: [MeshDeformer] = []
    /// Whether a primitive was built without a material of its own.
    private(set) var needsDefaultMaterial = false
    private(set) var skippedPrimitives = 0
    private(set) var hasUnreadTargets = false
    /// Which materials use several sets of texture coordinates, by number.
    private var coordinateConflicts: [Int: CoordinateConflict] = [:]

    init(
        document: GLTF.Document,
        accessors: AccessorReader,
        variant: Int?,
        shutterTime: Double,
        smallMeshBytes: Int = 0,
        limits: ImportLimits
    ) {
        self.smallMeshBytes = smallMeshBytes
        self.document = document
        self.accessors = accessors
        self.variant = variant
        self.shutterTime = shutterTime
        self.limits = limits
    }

    /// What a glTF mesh became.
    struct Built {
        /// Numbers of meshes.
        var meshes: [Int] = []
        /// Numbers of sets of particles.
        var particles: [Int] = []
    }

    /// Builds a glTF mesh.
    mutating func build(_ index: Int) throws(ImportError) -> Built {
        guard let mesh = (self.document.meshes ?? [])[checked: index] else {
            throw ImportError(
                .malformed,
                "there is no mesh \(index), the file has \((self.document.meshes ?? []).count)"
            )
        }
        var built = Built()
        for (number, primitive) in mesh.primitives.enumerated() {
            do throws(ImportError) {
                if let set = try self.particles(primitive) {
                    built.particles.append(self.add(set))
                } else if let (mesh, deformer) = try self.build(primitive) {
                    built.meshes.append(self.meshes.count)
                    self.add(mesh, deformer, of: primitive)
                }
            } catch {
                let name = mesh.name.map { " \"\(ResourceLoader.shortened($0))\"" } ?? ""
                throw error.located(at: "mesh \(index)\(name), primitive \(number)")
            }
        }
        return built
    }

    /// Adds a copy of a mesh with its morph targets at weights that never change.
    mutating func bake(_ mesh: Int, weights: [Float]) throws(ImportError) -> Int {
        try self.reserve(vertices: self.meshes[mesh].positions.count / 3)
        let morphed = self.deformers[mesh].morphed(self.meshes[mesh], weights: weights)
        self.meshes.append(morphed)
        self.boxes.append(Box(morphed.positions))
        self.deformers.append(MeshDeformer())
        return self.meshes.count - 1
    }

    /// Adds a mesh, or its outline where it is one too many to be kept.
    private mutating func add(_ mesh: Mesh, _ deformer: MeshDeformer, of primitive: GLTF.Primitive) {
        let size = 4 * mesh.arrayCounts.reduce(0, +)
        self.boxes.append(Box(mesh.positions))
        self.deformers.append(deformer)
        let isNeeded = !deformer.isEmpty || size <= self.smallMeshBytes || self.shines(mesh.material)
        if isNeeded || self.residentBytes + size <= self.limits.residentMeshBytes {
            self.residentBytes += size
            self.meshes.append(mesh)
        } else {
            self.sources[self.meshes.count] = primitive
            self.meshes.append(Mesh(outlineOf: mesh))
        }
        self.note(bytes: size)
    }

    /// Gives the pages of files back that were read, from time to time.
    private mutating func note(bytes: Int) {
        self.bytesSeen += bytes
        guard self.bytesSeen > Self.pageBytesMax else { return }
        self.accessors.views.releasePages()
        self.bytesSeen = 0
    }

    /// How many bytes are read before pages of files are given back.
    private static let pageBytesMax = 64 << 20

    /// Whether a mesh of this material may be a light.
    private func shines(_ material: Int) -> Bool {
        guard let material = (self.document.materials ?? [])[checked: material] else { return false }
        return material.extensions?.unlit != nil || (material.emissiveFactor ?? []).contains { $0 != 0 }
    }

    /// Reads a mesh again that is an outline.
    mutating func whole(_ number: Int) throws(ImportError) -> Mesh {
        guard let primitive = self.sources[number] else { return self.meshes[number] }
        var again = MeshBuilder(
            document: self.document,
            accessors: self.accessors,
            variant: self.variant,
            shutterTime: self.shutterTime,
            smallMeshBytes: self.smallMeshBytes,
            limits: self.limits
        )
        self.accessors.views.forgetZeros()
        guard let (mesh, _) = try again.build(primitive) else { return self.meshes[number] }
        self.note(bytes: 4 * mesh.arrayCounts.reduce(0, +))
        return mesh
    }

    /// Adds a set of particles and returns its number.
    mutating func add(_ set: ParticleSet) -> Int {
        self.particles.append(set)
        return self.particles.count - 1
    }

    private mutating func particles(_ primitive: GLTF.Primitive) throws(ImportError) -> ParticleSet? {
        guard primitive.mode == 0, let description = primitive.extensions?.particles,
            let position = primitive.attributes["POSITION"]
        else { return nil }
        let count = try self.accessors.count(of: position)
        guard count > 0 else { return nil }
        let material = try self.materialIndex(primitive, of: self.document.materials ?? [])
        try self.reserve(vertices: count)
        let data = try VertexData(primitive, position: position, accessors: self.accessors)
        return try ParticleBuilder.particles(
            primitive,
            description,
            material: material,
            data: data,
            shutterTime: self.shutterTime
        )
    }

    private mutating func build(_ primitive: GLTF.Primitive) throws(ImportError) -> (Mesh, MeshDeformer)? {
        let mode = primitive.mode ?? 4
        guard let topology = Topology(mode: mode) else {
            guard (0 ... 3).contains(mode) else {
                throw ImportError(.malformed, "its mode is \(mode), which is none of glTF's")
            }
            self.skippedPrimitives += 1
            return nil
        }
        guard let position = primitive.attributes["POSITION"] else {
            self.skippedPrimitives += 1
            return nil
        }
        let materials = self.document.materials ?? []
        let material = try self.materialIndex(primitive, of: materials)
        let vertices = try self.accessors.count(of: position)
        let (total, overflow) = vertices.multipliedReportingOverflow(by: 1 + (primitive.targets ?? []).count)
        try self.reserve(vertices: overflow ? .max : total)
        let data = try VertexData(primitive, position: position, accessors: self.accessors)
        try self.reserve(triangles: topology.triangleCount(try data.indexCount()))

        var indices = try data.indices()
        // Draco stores the triangles of strips as a list.
        indices = primitive.extensions?.draco == nil ? topology.triangles(indices) : Topology.list.triangles(indices)
        guard !indices.isEmpty else {
            self.skippedPrimitives += 1
            return nil
        }
        let positions = try data.floats("POSITION", .vector3) ?? []

        var result = Mesh(positions: positions, indices: indices, material: material)
        result.normals = try data.floats("NORMAL", .vector3) ?? []
        let surface = materials[checked: material]
        try self.addCoordinates(to: &result, surface, from: data)
        if let colors = try data.colors() {
            result.colors = colors.values
            // Opaque surfaces ignore alpha.
            if (surface?.alphaMode ?? "OPAQUE") != "OPAQUE" { result.alphas = colors.alphas }
        }
        var deformers = DeformerBuilder(data, primitive)
        var deformer = try deformers.build()
        self.hasUnreadTargets = self.hasUnreadTargets || deformers.hasUnreadTargets
        NormalRepair.repair(&result)
        if surface?.hasTangents == true, !result.normals.isEmpty {
            result.tangents = try data.floats("TANGENT", .vector4) ?? []
            if result.tangents.isEmpty, !result.textureCoordinates.isEmpty {
                let sets = surface?.coordinateSets ?? []
                let isSecond = sets.count > 1 && surface?.normalTexture?.coordinateSet == sets[1]
                deformer.append(copiesOf: TangentSpace.addTangents(to: &result, ofSecondCoordinates: isSecond))
            }
        }
        return (result, deformer)
    }

    /// The material of a primitive, which a variant may replace (`KHR_materials_variants`).
    private mutating func materialIndex(
        _ primitive: GLTF.Primitive,
        of materials: [GLTF.Material]
    ) throws(ImportError) -> Int {
        var chosen = primitive.material
        if let variant {
            let mapping = primitive.extensions?.variants?.mappings.first { $0.variants.contains(variant) }
            chosen = mapping?.material ?? chosen
        }
        guard let index = chosen else {
            self.needsDefaultMaterial = true
            return materials.count
        }
        guard materials.indices.contains(index) else {
            throw ImportError(.malformed, "it names material \(index), and the file has \(materials.count)")
        }
        return index
    }

    /// Brings the texture coordinates that a material uses: the renderer has two sets for each mesh.
    private mutating func addCoordinates(
        to mesh: inout Mesh,
        _ material: GLTF.Material?,
        from data: VertexData
    ) throws(ImportError) {
        guard let material else { return }
        let sets = material.coordinateSets
        // Where nothing else tells the tangents, texture coordinates do.
        guard let first = sets.first ?? (material.hasTangents ? 0 : nil) else { return }
        mesh.textureCoordinates = try data.floats("TEXCOORD_\(first)", .vector2) ?? []
        guard sets.count > 1 else { return }
        let second = try data.floats("TEXCOORD_\(sets[1])", .vector2) ?? []
        // Programs write one map under two numbers, too.
        if second != mesh.textureCoordinates { mesh.secondCoordinates = second }
        for set in sets.dropFirst(2) {
            guard try data.floats("TEXCOORD_\(set)", .vector2) != mesh.textureCoordinates else { continue }
            let others = material.textures.filter { sets.dropFirst(2).contains($0.texture.coordinateSet) }
            self.coordinateConflicts[mesh.material] = CoordinateConflict(
                material: material.name.map { "\"\(ResourceLoader.shortened($0))\"" } ?? "\(mesh.material)",
                shown: first,
                others: others.map { (use: $0.use, set: $0.texture.coordinateSet) }
            )
            return
        }
    }

    /// A material whose textures use more than two sets of texture coordinates.
    private struct CoordinateConflict {
        let material: String
        let shown: Int
        let others: [(use: String, set: Int)]
    }

    /// What a person should know of texture coordinates: which textures are not where they belong.
    var coordinateNotes: [String] {
        let conflicts = self.coordinateConflicts.sorted { $0.key < $1.key }.map(\.value)
        var notes = conflicts.prefix(Self.conflictsTold).map { conflict in
            let others = conflict.others.map { "\($0.use) (set \($0.set))" }.joined(separator: ", ")
            return
                "Material \(conflict.material) uses more than two sets of texture coordinates, and a mesh has two: set "
                + "\(conflict.shown) also places the textures of \(others). Bake them to one set."
        }
        if conflicts.count > Self.conflictsTold {
            notes.append(
                "\(conflicts.count - Self.conflictsTold) more materials use more than two sets of texture coordinates."
            )
        }
        return notes
    }

    /// The most materials that are named in notes.
    private static let conflictsTold = 8

    private mutating func reserve(vertices: Int) throws(ImportError) {
        let (sum, overflow) = self.vertexCount.addingReportingOverflow(vertices)
        guard !overflow, sum <= self.limits.maxVertices else {
            throw ImportError(
                .tooLarge,
                "it brings the scene to more than \(self.limits.maxVertices) vertices",
                limit: .vertices
            )
        }
        self.vertexCount = sum
    }

    private mutating func reserve(triangles: Int) throws(ImportError) {
        let (sum, overflow) = self.triangleCount.addingReportingOverflow(triangles)
        guard !overflow, sum <= self.limits.maxTriangles else {
            throw ImportError(
                .tooLarge,
                "it brings the scene to more than \(self.limits.maxTriangles) triangles",
                limit: .triangles
            )
        }
        self.triangleCount = sum
    }
}
